//! One subscription: its line of events, and who works on it.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use smallvec::SmallVec;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;
use tracing::Span;

use super::handle::Handles;
use super::hub::Common;
use super::line::{Asks, Begin, Count, Keyed, Line, Offered, Ticket};
use super::observe::Tally;
use super::{CorrelationId, Key, Queue, Said};
use crate::work::quietly;

/// Who hears what.
#[derive(Clone, Copy, Debug)]
pub(super) struct About {
    pub(super) bus: &'static str,
    pub(super) event: &'static str,
    pub(super) handler: &'static str,
}

/// What an event carries beside itself, for all its handlers. Most carry nothing, and need nothing.
pub(super) type Carried = Option<Arc<Context>>;

#[derive(Clone)]
pub(super) struct Context {
    pub(super) key: Option<Key>,
    pub(super) correlation_id: Option<CorrelationId>,
    /// Where it was published.
    pub(super) span: Span,
}

impl Default for Context {
    fn default() -> Self {
        Self { key: None, correlation_id: None, span: Span::none() }
    }
}

/// An event on its way to one handler.
pub(super) struct Entry<E> {
    pub(super) event: Arc<E>,
    pub(super) carried: Carried,
    answer: oneshot::Sender<Said>,
    /// For a publisher that waits for room.
    admitted: Option<oneshot::Sender<()>>,
}

impl<E> Keyed for Entry<E> {
    fn key(&self) -> Option<&Key> {
        self.carried.as_ref()?.key.as_ref()
    }
}

/// What a publisher holds of an event that it has offered.
pub(super) struct Offer {
    pub(super) said: Awaited,
    /// Where it has to wait for room first.
    pub(super) outside: Option<Outside>,
}

/// An event that waits for room. Dropped, it does not wait any more.
pub(super) struct Outside {
    sub: Arc<dyn Control>,
    ticket: Ticket,
    pub(super) admitted: oneshot::Receiver<()>,
}

impl Drop for Outside {
    fn drop(&mut self) {
        self.sub.withdraw(self.ticket);
    }
}

/// An answer that may not be there yet.
pub(super) enum Awaited {
    Waiting(oneshot::Receiver<Said>),
    Said(Said),
}

/// A subscription as the bus and its guard see it, whatever its event and its handler.
pub(super) trait Control: Send + Sync + 'static {
    fn about(&self) -> About;
    /// Nothing comes in any more; what is inside is still handled.
    fn close(&self);
    /// Nothing comes in any more, and what nobody has begun with is dropped. How much there was.
    fn abandon(&self) -> Count;
    /// Takes an event back that still waits for room.
    fn withdraw(&self, ticket: Ticket);
    /// Those of its workers that were started.
    fn started(&self) -> &TaskTracker;
    /// Whether it has a worker, or one that is about to be started.
    fn has_workers(&self) -> bool;
}

/// Waits until a subscription that was closed has handled all that it has heard of.
pub(super) async fn ended(sub: &dyn Control) {
    sub.started().wait().await;
    while sub.has_workers() {
        // Its publisher is about to start it.
        tokio::task::yield_now().await;
        sub.started().wait().await;
    }
}

/// A subscription as a publisher of `E` sees it.
pub(super) trait Hears<E>: Control {
    /// Offers an event. There must be a runtime.
    fn offer(self: Arc<Self>, event: Arc<E>, carried: Carried) -> Offer;
}

pub(super) struct Sub<E, H> {
    pub(super) about: About,
    pub(super) handler: H,
    pub(super) common: Arc<Common>,
    line: Mutex<Line<Entry<E>>>,
    tally: Tally,
    workers: TaskTracker,
}

impl<E, H> Sub<E, H> {
    pub(super) fn new(handler: &'static str, queue: Queue, handles: H, common: Arc<Common>) -> Self {
        let about = About { bus: common.name, event: std::any::type_name::<E>(), handler };
        let (line, tally) = (Mutex::new(Line::new(queue)), Tally::of(&about));
        Self { about, handler: handles, common, line, tally, workers: TaskTracker::new() }
    }

    /// No code of a user's runs under this lock, and nothing of theirs is dropped under it.
    fn line(&self) -> MutexGuard<'_, Line<Entry<E>>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: Send + Sync + 'static, H: Handles<E>> Hears<E> for Sub<E, H> {
    fn offer(self: Arc<Self>, event: Arc<E>, carried: Carried) -> Offer {
        let (answer, said) = oneshot::channel();
        let said = Awaited::Waiting(said);
        let entry = Entry { event, carried, answer, admitted: None };
        let mut outside = None;
        let offered = self.line().offer(entry, |entry| {
            let (admitted, waits) = oneshot::channel();
            entry.admitted = Some(admitted);
            outside = Some(waits);
        });
        let (outside, worker) = match offered {
            Offered::Inside { worker } => (None, worker),
            Offered::Outside(ticket) => {
                let sub: Arc<dyn Control> = self.clone();
                (outside.map(|admitted| Outside { sub, ticket, admitted }), false)
            }
            Offered::Full(_) => return self.unheard(Said::Dropped),
            Offered::Closed(_) => return self.unheard(Said::Gone),
        };
        // First, because who is told may panic, and nobody else starts it.
        if worker {
            self.clone().start();
        }
        self.tally.queued();
        Offer { said, outside }
    }
}

impl<E: Send + Sync + 'static, H: Handles<E>> Sub<E, H> {
    /// The handler was not asked.
    fn unheard(&self, said: Said) -> Offer {
        self.tally.said(&self.about, &said);
        Offer { said: Awaited::Said(said), outside: None }
    }

    /// Starts a worker that the line has counted already.
    fn start(self: Arc<Self>) {
        let (workers, token) = (self.workers.clone(), self.common.token.clone());
        let worker = Worker { sub: self, asks: Some(Asks::First), handling: false };
        workers.spawn(async move {
            // It leaves by being dropped, wherever it is.
            token.run_until_cancelled(worker.work()).await;
        });
    }
}

impl<E: Send + Sync + 'static, H: Handles<E>> Control for Sub<E, H> {
    fn about(&self) -> About {
        self.about
    }

    fn close(&self) {
        self.line().close();
        self.workers.close();
    }

    fn abandon(&self) -> Count {
        let (count, left) = {
            let mut line = self.line();
            line.close();
            (line.count(), line.empty())
        };
        if !left.is_empty() {
            self.tally.unqueued(left.len());
            self.tally.gone(left.len());
        }
        count
    }

    fn withdraw(&self, ticket: Ticket) {
        let withdrawn = self.line().withdraw(ticket);
        if withdrawn.is_some() {
            self.tally.unqueued(1);
        }
    }

    fn started(&self) -> &TaskTracker {
        &self.workers
    }

    fn has_workers(&self) -> bool {
        self.line().has_workers()
    }
}

/// Takes events out of the line and hands them to the handler, one after another, until there is none.
struct Worker<E: Send + Sync + 'static, H: Handles<E>> {
    sub: Arc<Sub<E, H>>,
    /// What it tells the line when it comes back. None: it has left.
    asks: Option<Asks>,
    handling: bool,
}

impl<E: Send + Sync + 'static, H: Handles<E>> Worker<E, H> {
    async fn work(mut self) {
        loop {
            match self.next() {
                Begin::With(entry) => self.handle(entry).await,
                Begin::Linger => let_others_run().await,
                Begin::Leave => return,
            }
        }
    }

    async fn handle(&mut self, entry: Entry<E>) {
        let Entry { event, carried, answer, .. } = entry;
        self.handling = true;
        let said = self.sub.handle(event, carried).await;
        self.handling = false;
        // What it says is the user's, and may panic as it is written to a log or dropped.
        quietly(|| self.sub.tally.said(&self.sub.about, &said));
        // A publisher that has gone does not want to know.
        quietly(|| drop(answer.send(said)));
        // A handler that never waits would keep its thread from all others.
        tokio::task::coop::consume_budget().await;
    }

    fn next(&mut self) -> Begin<Entry<E>> {
        let Some(asks) = self.asks.take() else { return Begin::Leave };
        let mut admitted: SmallVec<[_; 1]> = SmallVec::new();
        let next = self.sub.line().next(asks, |entry| admitted.extend(entry.admitted.take()));
        // Not under the lock: who is woken may come back at once.
        for admitted in admitted {
            let _ = admitted.send(());
        }
        self.asks = match &next.begin {
            Begin::With(entry) => Some(Asks::After(entry.key().cloned())),
            Begin::Linger => Some(Asks::First),
            Begin::Leave => None,
        };
        if next.worker {
            self.sub.clone().start();
        }
        if let Begin::With(_) = &next.begin {
            self.sub.tally.unqueued(1);
        }
        next.begin
    }
}

/// Waits for its turn once. `yield_now` also waits until timers and sockets have been looked at, which takes longer
/// than a small handler.
async fn let_others_run() {
    let mut had_theirs = false;
    poll_fn(|context| {
        if std::mem::replace(&mut had_theirs, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Also where the runtime ends, the bus is stopped, or what a handler left behind panics as it is dropped.
impl<E: Send + Sync + 'static, H: Handles<E>> Drop for Worker<E, H> {
    fn drop(&mut self) {
        let Some(asks) = self.asks.take() else { return };
        if self.handling {
            self.sub.tally.gone(1);
        }
        // Only one that panicked at work starts another: a runtime that ends would drop that one here, too.
        let panicked = matches!(asks, Asks::After(_)) && std::thread::panicking() && Handle::try_current().is_ok();
        let worker = {
            let mut line = self.sub.line();
            line.leave(asks);
            panicked && line.wants_worker()
        };
        if worker {
            self.sub.clone().start();
        }
    }
}
