//! The loop's state: it stands around the body in the expansion, and asks here after each attempt.

use std::time::Duration;

use tokio::time::Instant;

use super::decision::{self, Verdict, decide};
use super::future::Pause;
use super::{RetryPolicy, Retrying};
use crate::__rt::{Refusal, ending};
use crate::kinds::{Ended, Keep};
use crate::moment::Moment;
use crate::{Signal, clock, observe};

/// The attempts of one call.
#[derive(Debug)]
pub struct Attempts<'a, T> {
    policy: &'a RetryPolicy,
    number: u32,
    /// When the first attempt began; `None` where no decision asks for it.
    started: Option<Instant>,
    /// The pause before this attempt in seconds, 0 before the first. It only guides chance, for
    /// which it is exact enough, and half as large as a duration.
    previous: f32,
    /// How an attempt ended that may have happened. Boxed: few calls have one, and all make room.
    doubt: Option<Box<T>>,
}

/// How an attempt failed.
#[derive(Debug)]
pub struct Failed(Ended);

/// What follows an attempt that failed.
#[derive(Debug)]
#[must_use]
pub enum Step<T> {
    /// Another attempt, after the pause.
    Again(Pause),
    /// Nothing: this is the answer.
    Done(T),
}

impl<'a, T> Attempts<'a, T> {
    /// The first attempt begins.
    #[inline]
    pub fn start(policy: &'a RetryPolicy) -> Self {
        Self::start_at(Moment::UNREAD, policy)
    }

    /// The first attempt of a call that came at that moment begins.
    #[inline]
    pub fn start_at(moment: Moment, policy: &'a RetryPolicy) -> Self {
        let timed = policy.time_limit().is_some() && policy.attempts() > 1;
        Self { policy, number: 1, started: timed.then(|| moment.or_now()), previous: 0.0, doubt: None }
    }

    /// When this attempt began, for the layers below, where that has been read.
    #[inline]
    pub fn moment(&self) -> Moment {
        Moment::of(if self.number == 1 { self.started } else { None })
    }

    /// Which attempt runs; 1 is the first call.
    #[inline]
    pub fn number(&self) -> u32 {
        self.number
    }

    fn pause_after(&mut self, ended: Ended) -> Option<Pause> {
        let now = clock::mono();
        let failed = decision::Failed {
            attempt: self.number,
            elapsed: self.started.map_or(Duration::ZERO, |at| now.saturating_duration_since(at)),
            ended,
            previous: (self.number > 1).then(|| Duration::try_from_secs_f32(self.previous).unwrap_or(Duration::MAX)),
            random: fastrand::f64(),
        };
        let Verdict::Again(pause) = decide(self.policy, &failed) else {
            return None;
        };
        self.tell(ended, pause);
        self.previous = pause.as_secs_f32();
        self.number = self.number.saturating_add(1);
        Some(Pause::new(now, pause))
    }

    fn tell(&self, ended: Ended, pause: Duration) {
        observe::retrying(self.policy.name(), self.number, pause);
        if let Some(hook) = self.policy.hook() {
            hook(&Retrying { policy: self.policy, attempt: self.number, pause, ending: ended.ending });
        }
    }
}

impl<R, J: Refusal> Attempts<'_, Result<R, J>> {
    /// How an attempt failed; `None` where it did not. Only looks, so that an answer need not be
    /// moved about.
    #[inline]
    pub fn failed(&self, result: &Result<R, J>, of: impl Fn(&R) -> Option<Signal>) -> Option<Failed> {
        ending(result, of).map(Failed)
    }

    /// What follows an attempt that failed with `result`. It takes the result by value, so that a
    /// failure is not kept across the pause, unless it leaves a doubt.
    #[cold]
    pub fn next(&mut self, result: Result<R, J>, Failed(ended): Failed) -> Step<Result<R, J>> {
        match self.pause_after(ended) {
            Some(pause) => {
                if keeps(ended) == Keep::Unknown {
                    self.doubt = Some(Box::new(result));
                }
                Step::Again(pause)
            }
            None => Step::Done(self.answer(result, ended)),
        }
    }

    /// What the call ended with. Where the last attempt surely did nothing, but one before it may
    /// have, the truth about the call is the doubt: a record that went by the last attempt would
    /// free a key whose payment may have happened.
    fn answer(&mut self, last: Result<R, J>, ended: Ended) -> Result<R, J> {
        match self.doubt.take() {
            Some(doubt) if keeps(ended) == Keep::Released => *doubt,
            _ => last,
        }
    }
}

fn keeps(ended: Ended) -> Keep {
    ended.ending.row().keep
}
