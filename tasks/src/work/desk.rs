//! Where submitters and workers meet: the pure parts behind one lock, and what wakes who waits.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use steadfast::clock;
use tokio::sync::{Notify, oneshot};
use tokio::task::consume_budget;

use super::error::TaskError;
use super::handle::{Cancel, Handle};
use super::intake::Entered;
use super::line::Entry;
use super::observe::Meters;
use super::place::Place;
use super::refused::{NotTaken, Why};
use super::report::Stopped;
use super::settings::Settings;
use super::state::{Job, Outcome, State, Tell, wake};
use super::stats::Stats;
use super::when_full::WhenFull;

pub(crate) struct Desk<I, T, E> {
    pub(crate) settings: Settings,
    pub(crate) meters: Meters,
    state: Mutex<State<I, T, E>>,
    /// Workers without work.
    pub(crate) idle: Notify,
}

impl<I, T, E> Desk<I, T, E> {
    pub(crate) fn new(settings: Settings) -> Self {
        let state = Mutex::new(State::new(&settings));
        Self { meters: Meters::new(&settings), settings, state, idle: Notify::new() }
    }

    /// Nothing of the user's runs or is dropped under the lock, so nobody panics under it.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State<I, T, E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn stats(&self) -> Stats {
        let state = self.lock();
        state.counts.stats(&state.intake, &state.seats)
    }

    /// Tells whoever listens how much is queued.
    pub(crate) fn tell_queued(&self) {
        self.meters.queued(|| self.lock().intake.queued());
    }

    /// Tells whoever listens how much is worked on.
    pub(crate) fn tell_running(&self) {
        self.meters.running(|| self.lock().seats.running());
    }

    /// One more is in.
    pub(crate) fn arrived(&self, wake: bool) {
        if wake {
            self.idle.notify_one();
        }
        self.tell_queued();
    }

    fn refuse(&self, why: Why, job: Job<I, T, E>) -> NotTaken<I> {
        self.meters.refused(why);
        NotTaken::new(self.settings.name, why, job.item)
    }

    /// Lets nobody in any more. What is in is worked on.
    pub(crate) fn close(&self) {
        let waiting = self.lock().intake.close();
        drop(waiting);
        self.idle.notify_waiters();
    }

    /// Those who are in wait for no others to join their batch.
    pub(crate) fn flush(&self) {
        let mut state = self.lock();
        state.flushed = state.intake.next_id();
        drop(state);
        self.idle.notify_one();
    }

    /// Takes out what is queued, and interrupts what is worked on.
    pub(crate) fn expire(&self) -> Stopped<I> {
        let (jobs, interrupted) = {
            let mut state = self.lock();
            let jobs: Vec<_> = std::iter::from_fn(|| state.intake.take()).map(|(entry, _)| entry.value).collect();
            let told = jobs.iter().filter(|job| job.tell.is_some()).count();
            state.counts.add_stopped(told);
            (jobs, state.seats.stop())
        };
        self.tell_queued();
        let unstarted = jobs.into_iter().map(|job| self.tell_stopped(job)).collect();
        Stopped { unstarted, interrupted }
    }

    fn tell_stopped(&self, job: Job<I, T, E>) -> I {
        if let Some(tell) = job.tell {
            self.tell_unworked(tell, TaskError::Stopped { began: false });
        }
        job.item
    }

    /// The runtime of the workers has ended, and they with it: who waits is told. The items stay for
    /// who asks what was left.
    pub(crate) fn abandon(&self) {
        self.close();
        let tells: Vec<_> = {
            let mut state = self.lock();
            let tells: Vec<_> = state.intake.jobs_mut().filter_map(|job| job.tell.take()).collect();
            state.counts.add_stopped(tells.len());
            tells
        };
        for tell in tells {
            self.tell_unworked(tell, TaskError::Stopped { began: false });
        }
    }

    /// An item ends without its work.
    fn tell_unworked(&self, tell: Tell<T, E>, why: TaskError<E>) {
        let outcome = Err(why);
        self.meters.ended(std::slice::from_ref(&outcome));
        self.tell(tell, outcome);
    }

    /// Tells a submitter what became of the item, which is counted already.
    pub(crate) fn tell(&self, tell: Tell<T, E>, outcome: Outcome<T, E>) {
        let unheard = match &outcome {
            Err(error) if tell.is_closed() => Some(error.as_str()),
            _ => None,
        };
        if let Some(how) = unheard {
            self.meters.unheard(how);
        }
        // Who does not listen any more has the outcome dropped here.
        drop(tell.send(outcome));
    }
}

impl<I, T, E> Desk<I, T, E>
where
    I: Send + 'static,
    T: Send + 'static,
    E: Send + 'static,
{
    /// Takes an item in, or gives it back. Dropped at any await, it has taken nothing in: there is none
    /// between the moment the item is in and the return.
    pub(crate) async fn submit(self: &Arc<Self>, priority: i8, item: I) -> Result<Handle<T, E>, NotTaken<I>> {
        // Or a producer that never has to wait would leave no time for others on its thread.
        consume_budget().await;
        let (tell, told) = oneshot::channel();
        let job = Job { item, tell: Some(tell) };
        let id = match self.enter(priority, job) {
            Entered::In { id, displaced } => {
                self.displaced(displaced);
                id
            }
            Entered::Full(job) if self.settings.when_full == WhenFull::Wait => self.wait(priority, job).await?,
            Entered::Full(job) => return Err(self.refuse(Why::Full { capacity: self.settings.capacity }, job)),
            Entered::Closed(job) => return Err(self.refuse(Why::Stopped, job)),
        };
        Ok(Handle::new(id, told, Arc::<Self>::clone(self)))
    }

    fn enter(&self, priority: i8, job: Job<I, T, E>) -> Entered<Job<I, T, E>> {
        let (now, displace) = (clock::mono(), self.settings.when_full == WhenFull::DropOldest);
        let (entered, wake) = {
            let mut state = self.lock();
            let entered = state.intake.enter(now, priority, displace, job);
            if let Entered::In { displaced: Some(_), .. } = entered {
                state.counts.add_dropped();
            }
            (entered, state.arrived(self.settings.batch))
        };
        if let Entered::In { .. } = entered {
            self.arrived(wake);
        }
        entered
    }

    fn displaced(&self, displaced: Option<Entry<Job<I, T, E>>>) {
        if let Some(Job { tell: Some(tell), .. }) = displaced.map(|entry| entry.value) {
            self.tell_unworked(tell, TaskError::Dropped);
        }
    }

    async fn wait(&self, priority: i8, job: Job<I, T, E>) -> Result<u64, NotTaken<I>> {
        let Some(place) = Place::wait(self, priority).await else {
            return Err(self.refuse(Why::Stopped, job));
        };
        match place.fill(priority, job) {
            Ok((id, wake)) => {
                self.arrived(wake);
                Ok(id)
            }
            Err(job) => Err(self.refuse(Why::Stopped, job)),
        }
    }
}

impl<I: Send, T: Send, E: Send> Cancel for Desk<I, T, E> {
    fn cancel(&self, id: u64) {
        let removed = {
            let mut state = self.lock();
            let removed = state.intake.remove(id);
            match removed {
                Some(_) => state.counts.add_cancelled(),
                None => state.seats.cancel(id),
            }
            removed
        };
        let Some((entry, waker)) = removed else { return };
        wake(waker);
        self.tell_queued();
        if let Some(tell) = entry.value.tell {
            self.tell_unworked(tell, TaskError::Cancelled { began: false });
        }
    }
}
