//! Runs under way: concurrent misses of one key share a flight. One has the turn and runs the
//! function, the others wait for the turn or for the landing, whichever comes first.

use crate::sync::{Mutex, MutexGuard};
use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::{Arc, OnceLock, PoisonError};

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, TryAcquireError};

use super::entry::Entry;

/// The flights of one cache, by key. A flight leaves with its landing, or with the last of those
/// who share it.
pub(super) struct Flights<O, R, J>(Mutex<ByKey<O, R, J>>);

type ByKey<O, R, J> = HashMap<Arc<O>, Aloft<R, J>>;

struct Aloft<R, J> {
    flight: Arc<Flight<R, J>>,
    aboard: usize,
}

struct Flight<R, J> {
    /// The one permit goes with the turn. It is closed by the landing.
    turn: Arc<Semaphore>,
    landing: OnceLock<Landing<R, J>>,
}

/// What the others aboard get.
pub(super) enum Landing<R, J> {
    /// A result that is kept.
    Kept(Arc<Entry<R>>),
    /// A result that is not.
    Shared(R),
    /// A refusal.
    Refused(J),
}

/// Whoever has it runs the function.
pub(super) type Turn = OwnedSemaphorePermit;

/// Waits for the turn; an error says that the flight landed.
pub(super) type Wait = Pin<Box<dyn Future<Output = Result<Turn, AcquireError>> + Send + Sync + 'static>>;

pub(super) enum Boarding {
    Turn(Turn),
    Wait(Wait),
}

impl<O: Hash + Eq, R, J> Flights<O, R, J> {
    pub(super) fn new() -> Self {
        Self(Mutex::new(HashMap::new()))
    }

    /// A seat in the key's flight; it is a new flight where there is none.
    pub(super) fn board(&'static self, key: O) -> Seat<O, R, J> {
        let key = Arc::new(key);
        let mut flights = self.lock();
        let aloft = flights.entry(key.clone()).or_insert_with(Aloft::new);
        aloft.aboard = aloft.aboard.saturating_add(1);
        Seat { flights: self, key, flight: aloft.flight.clone() }
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, ByKey<O, R, J>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R, J> Aloft<R, J> {
    fn new() -> Self {
        let flight = Flight { turn: Arc::new(Semaphore::new(1)), landing: OnceLock::new() };
        Self { flight: Arc::new(flight), aboard: 0 }
    }
}

/// A place in a flight, given back when it is dropped.
pub(super) struct Seat<O: Hash + Eq + 'static, R: 'static, J: 'static> {
    flights: &'static Flights<O, R, J>,
    key: Arc<O>,
    flight: Arc<Flight<R, J>>,
}

impl<O: Hash + Eq, R, J> Seat<O, R, J> {
    /// The turn where it is free, else the wait for it.
    pub(super) fn boarding(&self) -> Boarding {
        let turn = self.flight.turn.clone();
        match turn.clone().try_acquire_owned() {
            Ok(turn) => Boarding::Turn(turn),
            Err(TryAcquireError::NoPermits | TryAcquireError::Closed) => Boarding::Wait(Box::pin(turn.acquire_owned())),
        }
    }

    /// What the flight landed with; `None` where that cannot be shared.
    pub(super) fn landing(&self) -> Option<&Landing<R, J>> {
        self.flight.landing.get()
    }

    /// Ends the flight: who comes from now on begins another. `landing` is asked whether anybody
    /// else is aboard, and says what they get.
    pub(super) fn land(&self, landing: impl FnOnce(bool) -> Option<Landing<R, J>>) {
        let others = self.take_down();
        if let Some(landing) = landing(others) {
            // Only who has the turn lands, and only once.
            let _ = self.flight.landing.set(landing);
        }
        self.flight.turn.close();
    }

    /// Removes the flight, and says whether anybody else is aboard.
    fn take_down(&self) -> bool {
        let mut flights = self.flights.lock();
        let Some(aboard) = self.aloft(&mut flights).map(|aloft| aloft.aboard) else {
            return false;
        };
        flights.remove(&self.key);
        aboard > 1
    }

    /// This seat's flight, unless it landed: then the key may have another.
    fn aloft<'f>(&self, flights: &'f mut ByKey<O, R, J>) -> Option<&'f mut Aloft<R, J>> {
        flights.get_mut(&self.key).filter(|aloft| Arc::ptr_eq(&aloft.flight, &self.flight))
    }
}

impl<O: Hash + Eq, R, J> Drop for Seat<O, R, J> {
    fn drop(&mut self) {
        let mut flights = self.flights.lock();
        let Some(aloft) = self.aloft(&mut flights) else {
            return;
        };
        aloft.aboard = aloft.aboard.saturating_sub(1);
        if aloft.aboard == 0 {
            flights.remove(&self.key);
        }
    }
}
