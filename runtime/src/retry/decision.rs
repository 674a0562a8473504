//! Whether a failed attempt is followed by another, and after which pause. Pure: the time and the
//! random number come in.

use std::time::Duration;

use super::Jitter;
use super::jitter::{between, scaled};
use super::policy::Settings;
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
    /// What the user's schedule says, where the policy has one.
    pub(super) scheduled: Option<Scheduled>,
    /// From 0 to 1.
    pub(super) random: f64,
}

/// The word of a schedule of the user's.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scheduled {
    Pause(Duration),
    Over,
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
    /// The schedule has no pause more.
    Schedule,
    /// The pause would not end in time.
    Time,
}

pub(super) fn decide(settings: &Settings, repeatable: bool, failed: &Failed) -> Verdict {
    if !may_follow(repeatable, failed.ended) {
        return Verdict::Stop(Why::Kind);
    }
    if failed.attempt >= settings.attempts() {
        return Verdict::Stop(Why::Attempts);
    }
    let computed = match failed.scheduled {
        Some(Scheduled::Over) => return Verdict::Stop(Why::Schedule),
        Some(Scheduled::Pause(pause)) => capped(settings, pause),
        None => computed(settings, failed),
    };
    let pause = failed.ended.retry_after.unwrap_or(computed);
    if is_refusal(failed.ended) && pause > settings.longest_pause() {
        return Verdict::Stop(Why::Time);
    }
    if fits(settings, failed.elapsed, pause) { Verdict::Again(pause) } else { Verdict::Stop(Why::Time) }
}

fn may_follow(repeatable: bool, ended: Ended) -> bool {
    match ended.ending.row().again {
        Again::Yes | Again::AfterAPause => true,
        Again::No => false,
        Again::IfRepeatable => repeatable,
        Again::IfTheWaitIsKnown => ended.retry_after.is_some(),
    }
}

/// A schedule's pause: cut where that was asked for, else as it is.
fn capped(settings: &Settings, pause: Duration) -> Duration {
    settings.plan.max_delay.map_or(pause, |longest| pause.min(longest))
}

/// A layer's own refusal says when it will let a call through. A failure's word is followed however
/// long it is; an open circuit is there to be told of, and is waited for no longer than for a pause.
fn is_refusal(ended: Ended) -> bool {
    ended.ending.row().again == Again::IfTheWaitIsKnown
}

/// A pause that ends with the deadline leaves no time for the attempt it is for.
fn fits(settings: &Settings, elapsed: Duration, pause: Duration) -> bool {
    settings.time_limit().is_none_or(|limit| pause < limit.saturating_sub(elapsed))
}

fn computed(settings: &Settings, failed: &Failed) -> Duration {
    let (base, longest) = match settings.listed() {
        Some(delays) => listed(delays, failed.attempt),
        None => grown(settings, failed.attempt),
    };
    let pause = match settings.spread() {
        Jitter::None => base,
        Jitter::Full => between(Duration::ZERO, base, failed.random),
        Jitter::Equal => between(base / 2, base, failed.random),
        Jitter::Decorrelated => decorrelated(settings, failed),
    };
    pause.min(longest)
}

fn decorrelated(settings: &Settings, failed: &Failed) -> Duration {
    let first = settings.first_delay();
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
fn grown(settings: &Settings, attempt: u32) -> (Duration, Duration) {
    let longest = settings.longest_delay();
    let steps = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
    let delay =
        if steps == 0 { settings.first_delay() } else { scaled(settings.first_delay(), settings.factor().powi(steps)) };
    (delay.min(longest), longest)
}
