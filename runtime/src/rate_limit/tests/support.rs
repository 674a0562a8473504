//! The books as tests keep them, and plain models of both ways to count.

use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use crate::rate_limit::Quota;
use crate::rate_limit::books::{Account, Books, Taken, Who, pass, refund, wait};

pub(super) const NANO: Duration = Duration::from_nanos(1);

/// One limiter's books with a quota, told the time.
pub(super) struct Core<B = Account> {
    pub(super) books: B,
    pub(super) quota: Quota,
}

impl Core {
    pub(super) fn new(quota: Quota) -> Self {
        Self::with(quota, Account::new())
    }
}

impl<B: Books> Core<B> {
    pub(super) fn with(quota: Quota, books: B) -> Self {
        Self { books, quota }
    }

    pub(super) fn pass(&mut self, cost: u32, at: Instant) -> Option<Taken> {
        pass(&mut self.books, &self.quota, cost, at)
    }

    pub(super) fn admit(&mut self, cost: u32, at: Instant) -> Result<(), Duration> {
        self.pass(cost, at).map(|_| ()).ok_or_else(|| self.wait(cost, at))
    }

    /// Behind everybody who waits.
    pub(super) fn wait(&mut self, cost: u32, at: Instant) -> Duration {
        wait(&mut self.books, &self.quota, Who::All, cost, at)
    }

    pub(super) fn wait_before(&mut self, ticket: u64, cost: u32, at: Instant) -> Duration {
        wait(&mut self.books, &self.quota, Who::Before(ticket), cost, at)
    }

    pub(super) fn refund(&mut self, cost: u32, taken: Taken, at: Instant) {
        refund(&mut self.books, &self.quota, cost, taken, at);
    }

    pub(super) fn join(&mut self, costs: &[u32]) -> Vec<u64> {
        costs.iter().map(|cost| self.books.page_mut().line.join(*cost)).collect()
    }
}

/// What a limiter does, in the plainest words there are.
pub(super) trait Model: Clone {
    /// Whether a call may go that comes now.
    fn may(&self, cost: u32, now: Instant) -> bool;
    /// A call goes.
    fn take(&mut self, cost: u32, now: Instant);
    /// The moments after now at which something may change.
    fn moments(&self, cost: u32, now: Instant) -> Vec<Instant>;

    fn wait(&self, cost: u32, now: Instant) -> Duration {
        let mut moments = self.moments(cost, now);
        moments.push(now);
        moments.sort();
        moments.into_iter().find(|at| *at >= now && self.may(cost, *at)).unwrap() - now
    }

    /// When the last of them goes, each as soon as it can.
    fn wait_in_turn(&self, costs: &[u32], now: Instant) -> Duration {
        let (mut model, mut at) = (self.clone(), now);
        for cost in costs {
            at += model.wait(*cost, at);
            model.take(*cost, at);
        }
        at - now
    }
}

/// A window as its words say it: the list of everything that was ever let through.
#[derive(Clone)]
pub(super) struct List {
    pub(super) max_calls: u32,
    pub(super) period: Duration,
    pub(super) taken: Vec<(Instant, u32)>,
}

impl List {
    pub(super) fn new(max_calls: u32, period: Duration) -> Self {
        Self { max_calls, period, taken: Vec::new() }
    }

    pub(super) fn within(&self, now: Instant) -> u64 {
        let within = self.taken.iter().filter(|(at, _)| now < *at + self.period);
        within.map(|(_, cost)| u64::from(*cost)).sum()
    }
}

impl Model for List {
    fn may(&self, cost: u32, now: Instant) -> bool {
        self.within(now) + u64::from(cost) <= u64::from(self.max_calls)
    }

    fn take(&mut self, cost: u32, now: Instant) {
        self.taken.push((now, cost));
    }

    fn moments(&self, _: u32, now: Instant) -> Vec<Instant> {
        self.taken.iter().map(|(at, _)| *at + self.period).filter(|end| *end > now).collect()
    }
}

/// A bucket that fills with time: a call takes an interval's worth for each that it costs.
#[derive(Clone)]
pub(super) struct Bucket {
    pub(super) interval: u64,
    pub(super) burst: u32,
    pub(super) content: u64,
    pub(super) at: Instant,
}

impl Bucket {
    pub(super) fn full(interval: u64, burst: u32, at: Instant) -> Self {
        Self { interval, burst, content: interval * u64::from(burst), at }
    }

    pub(super) fn content(&self, now: Instant) -> u64 {
        let passed = u64::try_from((now - self.at).as_nanos()).unwrap();
        (self.content + passed).min(self.interval * u64::from(self.burst))
    }
}

impl Model for Bucket {
    fn may(&self, cost: u32, now: Instant) -> bool {
        self.content(now) >= self.interval * u64::from(cost)
    }

    fn take(&mut self, cost: u32, now: Instant) {
        self.content = self.content(now) - self.interval * u64::from(cost);
        self.at = now;
    }

    fn moments(&self, cost: u32, now: Instant) -> Vec<Instant> {
        let missing = (self.interval * u64::from(cost)).saturating_sub(self.content(now));
        vec![now + Duration::from_nanos(missing)]
    }
}

/// Pauses in nanoseconds: mostly short ones.
pub(super) fn pause() -> impl Strategy<Value = Duration> {
    prop_oneof![4 => Just(0), 6 => 0..400_u64, 1 => 0..3_000_u64].prop_map(Duration::from_nanos)
}

/// Costs, most of them one, as in life; within what there can be.
pub(super) fn cost() -> impl Strategy<Value = u32> {
    prop_oneof![3 => Just(1_u32), 2 => 1..8_u32]
}
