//! The decision: state, outcome and now in, verdict out. No clock, no lock.

use std::time::Duration;

use tokio::time::Instant;

use super::BreakerState;
use super::policy::{Policy, Rate};
use super::tally::{Counts, Tally};

/// What a breaker knows.
#[derive(Debug)]
pub(super) struct Core {
    /// How often the state has changed. An outcome counts only in the generation its call was
    /// admitted in.
    generation: u32,
    control: Control,
    phase: Phase,
    /// The calls of the window, where it opens by rate; none yet in this generation without.
    tally: Option<Box<Tally>>,
    alert: u64,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Closed { failures: u32 },
    Open { since: Instant, wait: Duration },
    HalfOpen { probes: u32, successes: u32, waited: Duration },
}

const CLOSED: Phase = Phase::Closed { failures: 0 };

/// Who decides of a circuit.
///
/// See [`Backend`](super::Backend) for its use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a backend has to obey each of them")]
pub enum Control {
    /// The breaker itself.
    Automatic,
    /// Somebody: every call is refused.
    ForcedOpen,
    /// Somebody: every call goes through, and nothing is learnt.
    Disabled,
    /// Somebody: every call goes through, and the breaker goes on deciding for the record.
    MetricsOnly,
}

impl Control {
    pub(super) fn of(number: u8) -> Self {
        const ALL: [Control; 4] = [Control::Automatic, Control::ForcedOpen, Control::Disabled, Control::MetricsOnly];
        let found = ALL.into_iter().find(|control| *control as u8 == number);
        found.unwrap_or(Self::Automatic)
    }
}

/// The answer to a call that asks to be let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Admitted {
        generation: u32,
        change: Option<Change>,
    },
    /// `retry_after` is `None` while probes are under way.
    Refused {
        retry_after: Option<Duration>,
    },
    ForcedOpen,
}

/// What an admitted call teaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Success,
    Failure,
    /// It was dropped, or gave an answer that says nothing of the dependency's health; it may have
    /// been slow.
    Neutral,
    /// A layer below refused it: nothing ran, however long that took.
    Refused,
}

/// How an admitted call ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    pub(super) outcome: Outcome,
    pub(super) slow: bool,
    /// A success that is among those [counted elsewhere](Elsewhere) already.
    pub(super) counted: bool,
}

/// The time, as a moment and as the number of a part of the window.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    pub(super) now: Instant,
    pub(super) tick: u64,
}

/// The successes that are counted outside of the core.
pub(super) trait Elsewhere {
    fn successes(&self, generation: u32, tick: u64) -> Counts;
}

/// A change of state, to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) from: BreakerState,
    pub(super) to: BreakerState,
    /// It would be one, if the breaker decided.
    pub(super) only_metrics: bool,
}

impl Core {
    pub(super) const fn under(control: Control) -> Self {
        Self { generation: 0, control, phase: CLOSED, tally: None, alert: u64::MAX }
    }

    /// Asks for a call. Every `Admitted` must be answered by one `record`, with its generation.
    pub(super) fn admit(&mut self, policy: &Policy, now: Instant) -> Verdict {
        match self.control {
            Control::ForcedOpen => return Verdict::ForcedOpen,
            Control::Disabled => return Verdict::Admitted { generation: self.generation, change: None },
            Control::Automatic | Control::MetricsOnly => {}
        }
        let mut change = None;
        if let Phase::Open { since, wait } = self.phase {
            let left = left(since, wait, now);
            if !left.is_zero() {
                return self.refuse(Some(left));
            }
            change = Some(self.turn(Phase::HalfOpen { probes: 0, successes: 0, waited: wait }));
        }
        if let Phase::HalfOpen { probes, .. } = &mut self.phase {
            if *probes >= policy.half_open_max_calls {
                return self.refuse(None);
            }
            *probes += 1;
        }
        Verdict::Admitted { generation: self.generation, change }
    }

    fn refuse(&self, retry_after: Option<Duration>) -> Verdict {
        match self.control {
            // It goes through as a call of an older generation, whose end changes nothing.
            Control::MetricsOnly => Verdict::Admitted { generation: self.generation.wrapping_sub(1), change: None },
            _ => Verdict::Refused { retry_after },
        }
    }

    /// Takes the outcome of a call that was admitted in `generation`.
    pub(super) fn record(
        &mut self,
        policy: &Policy,
        generation: u32,
        ended: Ended,
        at: At,
        elsewhere: &impl Elsewhere,
    ) -> Option<Change> {
        if generation != self.generation || self.control == Control::Disabled {
            return None;
        }
        match (&self.phase, &policy.rate) {
            (Phase::Closed { .. }, None) => self.in_a_row(policy, ended.outcome, at.now),
            (Phase::Closed { .. }, Some(rate)) => self.by_rate(policy, rate, ended, at, elsewhere),
            (Phase::HalfOpen { .. }, _) => self.probed(policy, ended, at.now),
            (Phase::Open { .. }, _) => None,
        }
    }

    fn in_a_row(&mut self, policy: &Policy, outcome: Outcome, now: Instant) -> Option<Change> {
        let Phase::Closed { failures } = &mut self.phase else { return None };
        match outcome {
            Outcome::Success => *failures = 0,
            Outcome::Failure => *failures = failures.saturating_add(1),
            Outcome::Neutral | Outcome::Refused => {}
        }
        (*failures >= policy.row()).then(|| self.open(now, policy.recovery_timeout))
    }

    fn by_rate(
        &mut self,
        policy: &Policy,
        rate: &Rate,
        ended: Ended,
        at: At,
        elsewhere: &impl Elsewhere,
    ) -> Option<Change> {
        let counts = match ended.outcome {
            Outcome::Success | Outcome::Failure => true,
            Outcome::Neutral | Outcome::Refused => ended.slow,
        };
        if !counts {
            return None;
        }
        let tally = self.tally.get_or_insert_with(|| Box::new(Tally::new(rate)));
        if !ended.counted {
            tally.add(rate, at.tick, ended.outcome == Outcome::Failure, ended.slow);
        }
        let mut window = tally.sum(at.tick);
        window.add(elsewhere.successes(self.generation, at.tick));
        if window.reaches(rate) {
            return Some(self.open(at.now, policy.recovery_timeout));
        }
        self.alert = alert(&window, rate, at.tick);
        None
    }

    fn probed(&mut self, policy: &Policy, ended: Ended, now: Instant) -> Option<Change> {
        let Phase::HalfOpen { probes, successes, waited } = &mut self.phase else { return None };
        *probes = probes.saturating_sub(1);
        let waited = *waited;
        // Slow is as bad as failed: it is what the breaker may have opened for.
        if ended.slow || ended.outcome == Outcome::Failure {
            return Some(self.open(now, policy.next_recovery(waited)));
        }
        if ended.outcome == Outcome::Success {
            *successes = successes.saturating_add(1);
            if *successes >= policy.success_threshold {
                return Some(self.turn(CLOSED));
            }
        }
        None
    }

    fn open(&mut self, since: Instant, wait: Duration) -> Change {
        self.turn(Phase::Open { since, wait })
    }

    fn turn(&mut self, phase: Phase) -> Change {
        let from = self.phase.state();
        self.begin(phase);
        Change { from, to: self.phase.state(), only_metrics: self.control == Control::MetricsOnly }
    }

    /// A state of its own, in which nothing has happened yet.
    fn begin(&mut self, phase: Phase) {
        self.phase = phase;
        self.generation = self.generation.wrapping_add(1);
        self.tally = None;
        self.alert = u64::MAX;
    }

    /// Puts somebody else in charge. It begins closed, and as if nothing had happened.
    pub(super) fn put(&mut self, control: Control) -> Option<Change> {
        let from = self.state();
        self.control = control;
        self.begin(CLOSED);
        let to = self.state();
        (from != to).then_some(Change { from, to, only_metrics: false })
    }

    /// As if nothing had happened, with the same in charge.
    pub(super) fn begin_anew(&mut self) -> Option<Change> {
        self.put(self.control)
    }

    pub(super) fn generation(&self) -> u32 {
        self.generation
    }

    pub(super) fn state(&self) -> BreakerState {
        match self.control {
            Control::Automatic => self.phase.state(),
            Control::ForcedOpen => BreakerState::ForcedOpen,
            Control::Disabled => BreakerState::Disabled,
            Control::MetricsOnly => BreakerState::MetricsOnly,
        }
    }

    /// The state it would have, where it only measures.
    pub(super) fn would_be(&self) -> Option<BreakerState> {
        (self.control == Control::MetricsOnly).then(|| self.phase.state())
    }

    /// What a call may know without asking: whether it goes through, and what its end can change.
    pub(super) fn passing(&self, policy: &Policy) -> Passing {
        match (self.control, self.phase, policy.rate) {
            (Control::Disabled, ..) => Passing::Clean,
            (Control::ForcedOpen, ..) => Passing::Asks,
            (_, Phase::Closed { failures: 0 }, None) => Passing::Clean,
            (_, Phase::Closed { .. }, Some(_)) => Passing::Counts,
            _ => Passing::Asks,
        }
    }

    pub(super) fn control(&self) -> Control {
        self.control
    }

    /// Whether it is closed, and neither failed nor slow calls are remembered.
    pub(super) fn is_clean(&self, tick: u64) -> bool {
        let window = self.tally.as_ref().map(|tally| tally.sum(tick)).unwrap_or_default();
        matches!(self.phase, Phase::Closed { failures: 0 }) && (window.failures, window.slow) == (0, 0)
    }

    /// From which part of the window on a success may open it.
    pub(super) fn alert(&self) -> u64 {
        self.alert
    }

    /// Failures in a row, while closed.
    pub(super) fn failures(&self) -> u32 {
        match self.phase {
            Phase::Closed { failures } => failures,
            Phase::Open { .. } | Phase::HalfOpen { .. } => 0,
        }
    }

    /// What the window holds, but for what is counted elsewhere.
    pub(super) fn window(&self, tick: u64) -> Counts {
        self.tally.as_ref().map(|tally| tally.sum(tick)).unwrap_or_default()
    }

    /// How long until a probe is let through, while open.
    pub(super) fn open_for(&self, now: Instant) -> Option<Duration> {
        match (self.control, self.phase) {
            (Control::Automatic, Phase::Open { since, wait }) => Some(left(since, wait, now)),
            _ => None,
        }
    }
}

/// What a call may know of a breaker without asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passing {
    /// It goes through, and only a failure of it changes anything.
    Clean,
    /// It goes through, and its end is counted.
    Counts,
    /// It has to ask.
    Asks,
}

impl Phase {
    fn state(self) -> BreakerState {
        match self {
            Self::Closed { .. } => BreakerState::Closed,
            Self::Open { .. } => BreakerState::Open,
            Self::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }
}

/// `since` may be later than a `now` that was read before the lock was taken.
fn left(since: Instant, wait: Duration, now: Instant) -> Duration {
    wait.saturating_sub(now.saturating_duration_since(since))
}

/// From which part of the window on a success may open it, when it is closed with this window.
///
/// A success lowers the rate. It opens the breaker only when it makes the rate known, or when older
/// successes have left the window since it was last looked at.
fn alert(window: &Counts, rate: &Rate, tick: u64) -> u64 {
    if !window.may_reach(rate) {
        u64::MAX
    } else if window.rates(rate).is_some() {
        tick.saturating_add(1)
    } else {
        0
    }
}
