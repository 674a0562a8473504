//! How far the run is.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use steadfast::circuit_breaker::BreakerState;

use crate::charge::GATEWAY;
use crate::clients::Ending;

/// The calls of all clients, counted while they run.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    sent: AtomicUsize,
    calls: AtomicUsize,
    came_back: [AtomicUsize; ComesBack::ALL.len()],
}

/// Why a client calls again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ComesBack {
    HungUp,
    InFlight,
    Limited,
    CircuitOpen,
    Unreachable,
    NoAnswer,
    StoreDown,
}

impl ComesBack {
    pub(crate) const ALL: [Self; 7] = [
        Self::HungUp,
        Self::InFlight,
        Self::Limited,
        Self::CircuitOpen,
        Self::Unreachable,
        Self::NoAnswer,
        Self::StoreDown,
    ];
}

impl Tally {
    /// A client sends its request.
    pub(crate) fn sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    /// How many requests were sent, each counted once.
    pub(crate) fn requests_sent(&self) -> usize {
        self.sent.load(Ordering::Relaxed)
    }

    pub(crate) fn called(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn comes_back(&self, why: ComesBack) {
        self.came_back[why as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    /// How often clients came back, by the reason, in the order of [`ComesBack::ALL`].
    pub(crate) fn came_back(&self) -> [usize; ComesBack::ALL.len()] {
        self.came_back.each_ref().map(|times| times.load(Ordering::Relaxed))
    }
}

/// A moment of the run.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Since the run began.
    pub elapsed: Duration,
    last: bool,
    requests: usize,
    ended: usize,
    charged: usize,
    breaker: BreakerState,
}

impl Progress {
    pub(crate) fn new(requests: usize) -> Self {
        Self { elapsed: Duration::ZERO, last: false, requests, ended: 0, charged: 0, breaker: GATEWAY.state() }
    }

    pub(crate) fn ended(&mut self, ending: &Ending) {
        self.ended += 1;
        self.charged += usize::from(matches!(ending, Ending::Charged(_)));
    }

    /// Whether the run is over.
    pub fn is_last(&self) -> bool {
        self.last
    }

    pub(crate) fn at(&mut self, elapsed: Duration) -> Self {
        self.elapsed = elapsed;
        self.breaker = GATEWAY.state();
        *self
    }

    /// The last moment: all have ended, or were stopped.
    pub(crate) fn last(mut self, elapsed: Duration) -> Self {
        self.last = true;
        self.at(elapsed)
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { elapsed, last: _, requests, ended, charged, breaker } = self;
        write!(f, "{:4.1} s  {ended:3} of {requests} requests answered", elapsed.as_secs_f64())?;
        write!(f, ", {charged:3} with a charge, circuit {}", breaker.as_str().replace('_', " "))
    }
}
