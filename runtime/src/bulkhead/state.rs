//! The places: a fair semaphore, those that are owed to it, and how many wait.

use tokio::sync::Semaphore;

use super::Bulkhead;
use crate::registry::{Describe, Settings, State};
use crate::scope::{Fresh, here};
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::{ConfigureError, config};

/// The state of a bulkhead.
#[derive(Debug)]
pub(super) struct Places {
    /// Fair: while somebody waits there is no permit to be had past the line.
    pub(super) free: Semaphore,
    /// Places that are to go, but are still held by calls: each goes when its call ends.
    owed: AtomicUsize,
    waiting: AtomicUsize,
}

impl Places {
    pub(super) const fn new(places: u32) -> Self {
        let free = Semaphore::const_new(places as usize);
        Self { free, owed: AtomicUsize::new(0), waiting: AtomicUsize::new(0) }
    }

    /// A free place, where there is one and nobody waits for it.
    #[inline]
    pub(super) fn take(&self) -> bool {
        self.free.try_acquire().map(|permit| permit.forget()).is_ok()
    }

    #[inline]
    fn give_back(&self) {
        if self.owes() && self.pay() {
            return;
        }
        self.free.add_permits(1);
        // Whoever makes it smaller counts what is owed and then looks for free places; here it is the
        // other way round, so that one of both sees the other.
        if self.owes() {
            self.settle();
        }
    }

    #[inline]
    fn owes(&self) -> bool {
        self.owed.load(Ordering::SeqCst) != 0
    }

    #[cold]
    fn pay(&self) -> bool {
        self.owed.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |owed| owed.checked_sub(1)).is_ok()
    }

    /// Takes away free places while some are owed. A waiter that goes may leave one that it was just
    /// given, past [`give_back`](Self::give_back).
    #[cold]
    fn settle(&self) {
        while self.free.available_permits() != 0 && self.pay() {
            if self.free.forget_permits(1) == 0 {
                self.owed.fetch_add(1, Ordering::SeqCst);
            }
        }
    }

    /// More places, or fewer. Those that are held go when their calls end.
    pub(super) fn resize(&self, before: u32, after: u32) {
        let (before, after) = (before as usize, after as usize);
        self.free.add_permits(after.saturating_sub(before));
        self.owed.fetch_add(before.saturating_sub(after), Ordering::SeqCst);
        self.settle();
    }

    /// Held places: those of calls that run, and of waiters that were just given theirs.
    fn running(&self, places: u32) -> usize {
        let exist = (places as usize).saturating_add(self.owed.load(Ordering::Relaxed));
        exist.saturating_sub(self.free.available_permits())
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

/// Somebody in the line, for those who count.
#[derive(Debug)]
pub(super) struct Waiter<'a>(&'a Places);

impl<'a> Waiter<'a> {
    pub(super) fn join(places: &'a Places) -> Self {
        places.waiting.fetch_add(1, Ordering::Relaxed);
        Self(places)
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
        if self.0.owes() {
            self.0.settle();
        }
    }
}

/// A place in a [`Bulkhead`]. Dropping it gives the place back.
///
/// ```
/// use steadfast::bulkhead::Bulkhead;
///
/// static REPORTS: Bulkhead = Bulkhead::new("reports", 1);
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let permit = REPORTS.acquire().await.unwrap();
/// assert_eq!(REPORTS.acquire().await.unwrap_err().code(), "bulkhead_full");
/// drop(permit);
/// assert!(REPORTS.acquire().await.is_ok());
/// # }
/// ```
#[derive(Debug)]
#[must_use = "the place is given back when the permit is dropped"]
pub struct Permit<'a> {
    places: &'a Places,
}

impl<'a> Permit<'a> {
    /// For a place that was taken.
    #[inline]
    pub(super) fn of(places: &'a Places) -> Self {
        Self { places }
    }
}

impl Drop for Permit<'_> {
    #[inline]
    fn drop(&mut self) {
        self.places.give_back();
    }
}

impl Fresh for Bulkhead {
    fn fresh(&self) -> Self {
        Self::of(self.name, *self.settings.get())
    }
}

impl Describe for Bulkhead {
    fn name(&self) -> &'static str {
        self.name
    }

    fn settings(&self) -> Settings {
        let policy = here(self).settings.get();
        Settings::from([
            ("max_concurrent", policy.max_concurrent.to_string()),
            ("max_wait", format!("{:?}", policy.max_wait)),
        ])
    }

    fn configure(&self, settings: &serde_json::Value) -> Result<(), ConfigureError> {
        self.configure(&config::read(settings)?)
    }

    fn trial(&self) -> Option<Box<dyn Describe>> {
        Some(Box::new(self.fresh()))
    }

    fn state(&self) -> Option<State> {
        let this = here(self);
        let max_concurrent = this.settings.get().max_concurrent;
        Some(State::Bulkhead {
            running: this.places.running(max_concurrent) as u64,
            waiting: this.places.waiting() as u64,
            max_concurrent,
        })
    }
}
