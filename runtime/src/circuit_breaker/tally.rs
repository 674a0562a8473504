//! What the calls of a window came to. No clock, no lock.

use std::collections::VecDeque;

use super::policy::{BUCKETS, Rate, Window};

/// What some calls came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) calls: u64,
    pub(super) failures: u64,
    pub(super) slow: u64,
}

impl Counts {
    /// Of so many calls that went well.
    pub(super) fn successes(calls: u32) -> Self {
        Self { calls: u64::from(calls), ..Self::default() }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.calls = self.calls.saturating_add(other.calls);
        self.failures = self.failures.saturating_add(other.failures);
        self.slow = self.slow.saturating_add(other.slow);
    }

    fn subtract(&mut self, other: Self) {
        self.calls = self.calls.saturating_sub(other.calls);
        self.failures = self.failures.saturating_sub(other.failures);
        self.slow = self.slow.saturating_sub(other.slow);
    }

    /// The rates of failures and of slow calls, where they are known.
    pub(super) fn rates(&self, rate: &Rate) -> Option<(f64, f64)> {
        let known = self.calls >= u64::from(rate.minimum_calls());
        known.then(|| (share(self.failures, self.calls), share(self.slow, self.calls)))
    }

    /// Whether one of the rates is reached.
    pub(super) fn reaches(&self, rate: &Rate) -> bool {
        self.rates(rate).is_some_and(|(failures, slow)| failures >= rate.failure_rate || slow >= rate.slow_rate())
    }

    /// Whether successes alone could make the rate reach its mark: with as few calls as count.
    pub(super) fn may_reach(&self, rate: &Rate) -> bool {
        let fewest = u64::from(rate.minimum_calls());
        share(self.failures, fewest) >= rate.failure_rate || share(self.slow, fewest) >= rate.slow_rate()
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts beyond 2^53 calls do not come up in one window")]
fn share(part: u64, of: u64) -> f64 {
    part as f64 / of as f64
}

/// The calls of a window: of time in parts, or each by itself.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "it stands in a box")]
pub(super) enum Tally {
    Time([Bucket; BUCKETS]),
    Calls { last: VecDeque<Call>, sum: Counts },
}

/// One part of a window of time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bucket {
    tick: u64,
    counts: Counts,
}

impl Bucket {
    /// Counts what happened in the part of that number. What is older than the window is not
    /// counted: a newer part has taken its place.
    pub(super) fn add(buckets: &mut [Self; BUCKETS], tick: u64, counts: Counts) {
        let Some(bucket) = buckets.get_mut((tick % BUCKETS as u64) as usize) else { return };
        if bucket.tick < tick {
            *bucket = Self { tick, counts: Counts::default() };
        }
        if bucket.tick == tick {
            bucket.counts.add(counts);
        }
    }

    /// What the window holds in the part of that number.
    pub(super) fn sum(buckets: &[Self; BUCKETS], tick: u64) -> Counts {
        let mut sum = Counts::default();
        for bucket in buckets {
            // A newer one is from a clock that was read a little later.
            if tick < bucket.tick.saturating_add(BUCKETS as u64) {
                sum.add(bucket.counts);
            }
        }
        sum
    }
}

/// One call of a window of calls, in a byte.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    failed: bool,
    slow: bool,
}

impl Call {
    fn counts(self) -> Counts {
        Counts { calls: 1, failures: u64::from(self.failed), slow: u64::from(self.slow) }
    }
}

impl Tally {
    pub(super) fn new(rate: &Rate) -> Self {
        match rate.window {
            Window::Time(_) => Self::Time([Bucket::default(); BUCKETS]),
            Window::Calls(_) => Self::Calls { last: VecDeque::new(), sum: Counts::default() },
        }
    }

    /// Counts one call.
    pub(super) fn add(&mut self, rate: &Rate, tick: u64, failed: bool, slow: bool) {
        let call = Call { failed, slow };
        match (self, rate.window) {
            (Self::Time(buckets), _) => Bucket::add(buckets, tick, call.counts()),
            (Self::Calls { last, sum }, Window::Calls(most)) => {
                while last.len() >= most as usize
                    && let Some(oldest) = last.pop_front()
                {
                    sum.subtract(oldest.counts());
                }
                last.push_back(call);
                sum.add(call.counts());
            }
            (Self::Calls { .. }, Window::Time(_)) => {}
        }
    }

    pub(super) fn sum(&self, tick: u64) -> Counts {
        match self {
            Self::Time(buckets) => Bucket::sum(buckets, tick),
            Self::Calls { sum, .. } => *sum,
        }
    }
}
