//! Runs under way: concurrent misses of one key share a flight. One has the turn and runs the
//! function, the others wait for the turn or for the landing, whichever comes first.

use std::any::Any;
use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::{Arc, OnceLock, PoisonError};

use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Mutex, MutexGuard};

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, TryAcquireError};

use super::entry::Entry;
use super::shelf::Shelf;

/// The flights of one cache, by key. A flight leaves with its landing, with the last of those who
/// share it, or when its key is invalidated: who comes after that begins another.
pub(super) struct Flights<O, V>(Mutex<ByKey<O, V>>);

type ByKey<O, V> = HashMap<Arc<O>, Aloft<V>>;

struct Aloft<V> {
    flight: Arc<Flight<V>>,
    aboard: usize,
}

pub(super) struct Flight<V> {
    /// The one permit goes with the turn. It is closed by the landing.
    turn: Arc<Semaphore>,
    landing: OnceLock<Landing<V>>,
    /// Its key was invalidated: what it loads is not kept.
    void: AtomicBool,
    /// What it is about to keep.
    keeping: OnceLock<Arc<Entry<V>>>,
}

/// What the others aboard get.
pub(super) enum Landing<V> {
    /// A result that can be kept.
    Kept(Arc<Entry<V>>),
    /// One that cannot: a `Result<R, J>` of the function that ran.
    Shared(Box<dyn Any + Send + Sync>),
}

/// Whoever has it runs the function.
pub(super) type Turn = OwnedSemaphorePermit;

/// Waits for the turn; an error says that the flight landed.
pub(super) type Wait = Pin<Box<dyn Future<Output = Result<Turn, AcquireError>> + Send + Sync + 'static>>;

pub(super) enum Boarding {
    Turn(Turn),
    Wait(Wait),
}

impl<O: Hash + Eq, V> Flights<O, V> {
    pub(super) fn new() -> Self {
        Self(Mutex::new(HashMap::new()))
    }

    /// Ends the sharing of a key's flight: what it loads is not kept, and who comes from now on
    /// begins another.
    pub(super) fn void(&self, key: &O) {
        let mut flights = self.lock();
        let aloft = flights.remove(key);
        // Before anybody can begin another, or that one could find what this one is about to keep.
        aloft.iter().for_each(|aloft| aloft.flight.void());
        drop(flights);
    }

    /// The same for all keys.
    pub(super) fn void_all(&self) {
        let flights = std::mem::take(&mut *self.lock());
        flights.values().for_each(|aloft| aloft.flight.void());
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, ByKey<O, V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> Flight<V> {
    fn void(&self) {
        self.void.store(true, Ordering::SeqCst);
        if let Some(entry) = self.keeping.get() {
            entry.kill();
        }
    }

    pub(super) fn is_void(&self) -> bool {
        self.void.load(Ordering::SeqCst)
    }

    /// Whether what this flight loaded may be kept. An invalidation that comes after the answer
    /// finds the entry here, and kills it.
    pub(super) fn may_keep(&self, entry: &Arc<Entry<V>>) -> bool {
        // Only who has the turn keeps, and only once.
        let _ = self.keeping.set(entry.clone());
        let keep = !self.is_void();
        if !keep {
            entry.kill();
        }
        keep
    }
}

impl<V> Aloft<V> {
    fn new() -> Self {
        let flight = Flight {
            turn: Arc::new(Semaphore::new(1)),
            landing: OnceLock::new(),
            void: AtomicBool::new(false),
            keeping: OnceLock::new(),
        };
        Self { flight: Arc::new(flight), aboard: 0 }
    }
}

/// A place in a flight, given back when it is dropped.
pub(super) struct Seat<O: Hash + Eq, V> {
    shelf: Arc<Shelf<O, V>>,
    key: Arc<O>,
    pub(super) flight: Arc<Flight<V>>,
}

impl<O: Hash + Eq, V> Seat<O, V> {
    /// A seat in the key's flight; it is a new flight where there is none.
    pub(super) fn new(shelf: &Arc<Shelf<O, V>>, key: O) -> Self {
        let key = Arc::new(key);
        let mut flights = shelf.flights.lock();
        let aloft = flights.entry(key.clone()).or_insert_with(Aloft::new);
        aloft.aboard = aloft.aboard.saturating_add(1);
        let flight = aloft.flight.clone();
        drop(flights);
        Self { shelf: shelf.clone(), key, flight }
    }

    /// The turn where it is free, else the wait for it.
    pub(super) fn boarding(&self) -> Boarding {
        let turn = self.flight.turn.clone();
        match turn.clone().try_acquire_owned() {
            Ok(turn) => Boarding::Turn(turn),
            Err(TryAcquireError::NoPermits | TryAcquireError::Closed) => Boarding::Wait(Box::pin(turn.acquire_owned())),
        }
    }

    /// The turn, where it is free.
    pub(super) fn free_turn(&self) -> Option<Turn> {
        self.flight.turn.clone().try_acquire_owned().ok()
    }

    /// What the flight landed with; `None` where that cannot be shared.
    pub(super) fn landing(&self) -> Option<&Landing<V>> {
        self.flight.landing.get()
    }

    /// Ends the flight: who comes from now on begins another. `landing` is asked whether anybody
    /// else may be aboard, and says what they get.
    pub(super) fn land(&self, landing: impl FnOnce(bool) -> Option<Landing<V>>) {
        let others = self.take_down();
        if let Some(landing) = landing(others) {
            // Only who has the turn lands, and only once.
            let _ = self.flight.landing.set(landing);
        }
        self.flight.turn.close();
    }

    /// Removes the flight, and says whether anybody else may be aboard.
    fn take_down(&self) -> bool {
        let mut flights = self.shelf.flights.lock();
        let Some(aboard) = self.aloft(&mut flights).map(|aloft| aloft.aboard) else {
            // Voided: nobody counted who is aboard, and each has a share of the flight.
            return Arc::strong_count(&self.flight) > 1;
        };
        flights.remove(&self.key);
        aboard > 1
    }

    /// This seat's flight, unless it landed or was voided: then the key may have another.
    fn aloft<'f>(&self, flights: &'f mut ByKey<O, V>) -> Option<&'f mut Aloft<V>> {
        flights.get_mut(&self.key).filter(|aloft| Arc::ptr_eq(&aloft.flight, &self.flight))
    }
}

impl<O: Hash + Eq, V> Drop for Seat<O, V> {
    fn drop(&mut self) {
        let mut flights = self.shelf.flights.lock();
        let Some(aloft) = self.aloft(&mut flights) else {
            return;
        };
        aloft.aboard = aloft.aboard.saturating_sub(1);
        if aloft.aboard == 0 {
            let gone = flights.remove(&self.key);
            drop(flights);
            drop(gone);
        }
    }
}
