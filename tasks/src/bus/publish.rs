//! Publishing: from an event to what its handlers said.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Poller, Poll, ready};

use smallvec::SmallVec;
use tracing::Span;

use super::hub::Inner;
use super::report::{Answer, Report, Said};
use super::sub::{Awaited, Carried, Context, Offer, Outside};
use super::{CorrelationId, Key, correlation_id};

/// Why an event reached nobody.
///
/// ```
/// use std::time::Duration;
/// use steadfast_tasks::bus::{Bus, NotPublished};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let bus = Bus::new("shop");
/// assert!(bus.stop(Duration::from_secs(5)).await.is_clean());
/// assert_eq!(bus.publish(17_u32).await.unwrap_err(), NotPublished::Stopped);
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotPublished {
    /// The bus was stopped.
    Stopped,
    /// It was published outside a tokio runtime, where no handler can run.
    NoRuntime,
}

impl fmt::Display for NotPublished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stopped => "the bus was stopped: no handler hears of this event; publish before `stop` is called",
            Self::NoRuntime => "no handler can run here: publish inside a tokio runtime",
        })
    }
}

impl std::error::Error for NotPublished {}

/// An event that is being published. Awaited, it gives the [`Report`] of what every handler said.
///
/// It is published when it is first polled, to all handlers at once. If it is dropped after that, whatever is
/// in a queue is still handled; what still waits for room in a full one is taken back, and that handler never
/// hears of it. So after [`accepted`](Self::accepted) nothing can be lost by dropping.
///
/// See [`Bus::publish`](super::Bus::publish) for an example.
#[must_use = "nothing is published until this is awaited"]
pub struct Publish<E> {
    accept: Accept<E>,
}

/// An event that is being published: awaited, it is [`Accepted`] by every handler's queue.
///
/// See [`Publish::accepted`] for an example.
#[must_use = "nothing is published until this is awaited"]
pub struct Accept<E> {
    bus: Arc<Inner>,
    /// None: it was offered.
    event: Option<Arc<E>>,
    carried: Carried,
    outside: Vec<Outside>,
    answers: Answers,
}

/// An event that is in the queue of every handler that takes it. Dropping this takes nothing back.
///
/// See [`Publish::accepted`] for an example.
#[derive(Debug)]
pub struct Accepted {
    answers: Answers,
}

/// What one handler has said, or will say.
type Pending = (&'static str, Awaited);

#[derive(Default)]
struct Answers {
    pending: SmallVec<[Pending; 1]>,
    /// How many of them are there.
    there: usize,
}

impl<E: Send + Sync + 'static> Publish<E> {
    pub(super) fn new(bus: Arc<Inner>, event: E) -> Self {
        let accept = Accept {
            bus,
            event: Some(Arc::new(event)),
            carried: None,
            outside: Vec::new(),
            answers: Answers::default(),
        };
        Self { accept }.inheriting()
    }

    /// With the correlation id and the span of where it is published.
    fn inheriting(mut self) -> Self {
        if let Some(id) = correlation_id() {
            self = self.correlation_id(id);
        }
        if tracing::dispatcher::has_been_set() {
            let span = Span::current();
            if !span.is_disabled() {
                self.carried().span = span;
            }
        }
        self
    }

    /// What it carries, which is nobody else's yet.
    fn carried(&mut self) -> &mut Context {
        Arc::make_mut(self.accept.carried.get_or_insert_default())
    }

    /// What the event is about: each handler gets the events of one key one after another, in the order in
    /// which they were published. Without a key there is no order.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use steadfast_tasks::bus::Bus;
    /// # let bus = Bus::new("shop");
    /// # struct OrderPaid { order: u64 }
    /// let event = OrderPaid { order: 17 };
    /// let key = event.order;
    /// let report = bus.publish(event).key(key).await?;
    /// # assert!(report.all_ok());
    /// # Ok(())
    /// # }
    /// ```
    pub fn key(mut self, key: impl Into<Key>) -> Self {
        self.carried().key = Some(key.into());
        self
    }

    /// What ties the event to the request that caused it, in the place of the one that is handled here.
    ///
    /// See [`correlation_id`](super::correlation_id) for an example.
    pub fn correlation_id(mut self, id: impl Into<CorrelationId>) -> Self {
        self.carried().correlation_id = Some(id.into());
        self
    }

    /// Waits for room, and not for the handlers: what they say can be asked for later, or never.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use steadfast_tasks::bus::{Bus, Queue};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let bus = Bus::new("shop");
    /// bus.subscribe("mail", Queue::waiting(10), async |_: Arc<u32>| {}).detach();
    ///
    /// let first = bus.publish(1_u32).key("order-17").accepted().await?;
    /// let second = bus.publish(2_u32).key("order-17").accepted().await?; // after the first one
    /// assert!(second.report().await.all_ok());
    /// assert!(first.report().await.all_ok());
    /// # Ok(())
    /// # }
    /// ```
    pub fn accepted(self) -> Accept<E> {
        self.accept
    }
}

impl<E: Send + Sync + 'static> Accept<E> {
    fn poll_accepted(&mut self, poller: &mut Poller<'_>) -> Poll<Result<(), NotPublished>> {
        if let Some(event) = self.event.take() {
            self.offer(&event)?;
        }
        // All of them wake this task, so one can be asked after the other.
        while let Some(last) = self.outside.last_mut() {
            let _ = ready!(Pin::new(&mut last.admitted).poll(poller));
            self.outside.pop();
        }
        Poll::Ready(Ok(()))
    }

    /// To all of its handlers at once, so that for all of them this is the moment in which it was published.
    fn offer(&mut self, event: &Arc<E>) -> Result<(), NotPublished> {
        let Self { bus, carried, outside, answers, .. } = self;
        for sub in bus.hearers::<E>()? {
            let handler = sub.about().handler;
            let Offer { said, outside: waits } = sub.offer(event.clone(), carried.clone());
            answers.pending.push((handler, said));
            outside.extend(waits);
        }
        Ok(())
    }
}

impl Answers {
    fn poll_report(&mut self, poller: &mut Poller<'_>) -> Poll<Report> {
        while let Some((_, awaited)) = self.pending.get_mut(self.there) {
            if let Awaited::Waiting(answer) = awaited {
                // Who would have answered is gone.
                let said = ready!(Pin::new(answer).poll(poller)).unwrap_or(Said::Gone);
                *awaited = Awaited::Said(said);
            }
            self.there += 1;
        }
        let answers = self.pending.drain(..).map(|(handler, awaited)| match awaited {
            Awaited::Said(said) => Answer { handler, said },
            Awaited::Waiting(_) => Answer { handler, said: Said::Gone },
        });
        Poll::Ready(Report { answers: answers.collect() })
    }
}

impl Accepted {
    /// What every handler said, when all have ended.
    ///
    /// See [`Publish::accepted`] for an example.
    pub async fn report(mut self) -> Report {
        poll_fn(|poller| self.answers.poll_report(poller)).await
    }
}

impl<E: Send + Sync + 'static> Future for Accept<E> {
    type Output = Result<Accepted, NotPublished>;

    fn poll(mut self: Pin<&mut Self>, poller: &mut Poller<'_>) -> Poll<Self::Output> {
        ready!(self.poll_accepted(poller))?;
        Poll::Ready(Ok(Accepted { answers: std::mem::take(&mut self.answers) }))
    }
}

impl<E: Send + Sync + 'static> Future for Publish<E> {
    type Output = Result<Report, NotPublished>;

    fn poll(mut self: Pin<&mut Self>, poller: &mut Poller<'_>) -> Poll<Self::Output> {
        ready!(self.accept.poll_accepted(poller))?;
        self.accept.answers.poll_report(poller).map(Ok)
    }
}

// The event is behind an `Arc`, and nothing else is pinned.
impl<E> Unpin for Accept<E> {}
impl<E> Unpin for Publish<E> {}

impl<E> Accept<E> {
    fn correlation_id(&self) -> Option<&CorrelationId> {
        self.carried.as_ref()?.correlation_id.as_ref()
    }
}

impl<E> fmt::Debug for Accept<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accept").field("correlation_id", &self.correlation_id()).finish_non_exhaustive()
    }
}

impl<E> fmt::Debug for Publish<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publish").field("correlation_id", &self.accept.correlation_id()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let handlers = self.pending.iter().map(|(handler, _)| handler);
        f.debug_list().entries(handlers).finish()
    }
}
