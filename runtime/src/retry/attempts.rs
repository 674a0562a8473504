//! The loop's state: it stands around the body in the expansion, and asks here after each attempt.

use std::time::Duration;

use tokio::time::Instant;

use super::decision::{Failed, Verdict, decide};
use super::future::Pause;
use super::{RetryPolicy, Retrying};
use crate::__rt::{Refusal, ending};
use crate::kinds::{Ended, Keep};
use crate::{Signal, clock, observe};

/// The attempts of one call.
#[derive(Debug)]
pub struct Attempts<'a, T> {
    policy: &'a RetryPolicy,
    number: u32,
    /// When the first attempt began; `None` where no decision asks for it.
    started: Option<Instant>,
    previous: Option<Duration>,
    /// How an attempt ended that may have happened. Boxed: few calls have one, and all make room.
    doubt: Option<Box<T>>,
}

/// What follows an attempt.
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
    pub fn start(policy: &'a RetryPolicy) -> Self {
        let timed = policy.time_limit().is_some() && policy.attempts() > 1;
        Self { policy, number: 1, started: timed.then(clock::mono), previous: None, doubt: None }
    }

    /// Which attempt runs; 1 is the first call.
    pub fn number(&self) -> u32 {
        self.number
    }

    fn failed(&mut self, ended: Ended) -> Option<Pause> {
        let now = clock::mono();
        let failed = Failed {
            attempt: self.number,
            elapsed: self.started.map_or(Duration::ZERO, |at| now.saturating_duration_since(at)),
            ended,
            previous: self.previous,
            random: fastrand::f64(),
        };
        let Verdict::Again(pause) = decide(self.policy, &failed) else {
            return None;
        };
        self.tell(ended, pause);
        self.previous = Some(pause);
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
    /// What follows an attempt that ended with `result`. It takes the result by value, so that a
    /// failure is not kept across the pause, unless it leaves a doubt.
    pub fn next(&mut self, result: Result<R, J>, of: impl Fn(&R) -> Option<Signal>) -> Step<Result<R, J>> {
        let Some(ended) = ending(&result, of) else {
            return Step::Done(result);
        };
        match self.failed(ended) {
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
