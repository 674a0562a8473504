//! Whether a failed attempt is followed by another, and after which pause. Pure: the time and the
//! random number come in.

use std::time::Duration;

use super::jitter::{between, scaled};
use super::{Jitter, RetryPolicy};
use crate::kinds::{Again, Ended};

/// An attempt that failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failed {
    /// Which one; 1 is the first call.
    pub(super) attempt: u32,
    /// The time since the first attempt began.
    pub(super) elapsed: Duration,
    pub(super) ended: Ended,
    /// The pause before this attempt, where there was one.
    pub(super) previous: Option<Duration>,
    /// From 0 to 1.
    pub(super) random: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Again(Duration),
    Stop(Why),
}

/// Why there is no other attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// A failure of this kind is not tried again.
    Kind,
    /// That was the last attempt.
    Attempts,
    /// The pause would not end in time.
    Time,
}

pub(super) fn decide(policy: &RetryPolicy, failed: &Failed) -> Verdict {
    if !may_follow(policy, failed.ended) {
        return Verdict::Stop(Why::Kind);
    }
    if failed.attempt >= policy.attempts() {
        return Verdict::Stop(Why::Attempts);
    }
    let pause = failed.ended.retry_after.unwrap_or_else(|| computed(policy, failed));
    if is_refusal(failed.ended) && pause > policy.longest_pause() {
        return Verdict::Stop(Why::Time);
    }
    if fits(policy, failed.elapsed, pause) { Verdict::Again(pause) } else { Verdict::Stop(Why::Time) }
}

fn may_follow(policy: &RetryPolicy, ended: Ended) -> bool {
    match ended.ending.row().again {
        Again::Yes => true,
        Again::No => false,
        Again::IfRepeatable => policy.may_repeat(),
        Again::IfTheWaitIsKnown => ended.retry_after.is_some(),
    }
}

/// A layer's own refusal says when it will let a call through. A failure's word is followed however
/// long it is; an open circuit is there to be told of, and is waited for no longer than for a pause.
fn is_refusal(ended: Ended) -> bool {
    ended.ending.row().again == Again::IfTheWaitIsKnown
}

/// A pause that ends with the deadline leaves no time for the attempt it is for.
fn fits(policy: &RetryPolicy, elapsed: Duration, pause: Duration) -> bool {
    policy.time_limit().is_none_or(|limit| pause < limit.saturating_sub(elapsed))
}

fn computed(policy: &RetryPolicy, failed: &Failed) -> Duration {
    let (base, longest) = match policy.listed() {
        Some(delays) => listed(delays, failed.attempt),
        None => grown(policy, failed.attempt),
    };
    let pause = match policy.spread() {
        Jitter::None => base,
        Jitter::Full => between(Duration::ZERO, base, failed.random),
        Jitter::Equal => between(base / 2, base, failed.random),
        Jitter::Decorrelated => decorrelated(policy, failed),
    };
    pause.min(longest)
}

fn decorrelated(policy: &RetryPolicy, failed: &Failed) -> Duration {
    let first = policy.first_delay();
    let previous = failed.previous.unwrap_or(first);
    between(first, previous.saturating_mul(3), failed.random)
}

/// The delay of the list that follows an attempt; the last one repeats.
fn listed(delays: &[Duration], attempt: u32) -> (Duration, Duration) {
    let place = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
    let delay = delays.get(place).or(delays.last());
    let delay = delay.copied().unwrap_or_default();
    (delay, delay)
}

/// The delay that grew with the attempts, and its cap.
fn grown(policy: &RetryPolicy, attempt: u32) -> (Duration, Duration) {
    let longest = policy.longest_delay();
    let steps = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
    let delay =
        if steps == 0 { policy.first_delay() } else { scaled(policy.first_delay(), policy.factor().powi(steps)) };
    (delay.min(longest), longest)
}
