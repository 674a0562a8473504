//! The loop's state: it stands around the body in the expansion, and asks here after each attempt.

use std::time::Duration;

use tokio::time::Instant;

use super::decision::{Failed, Verdict, decide};
use super::future::Pause;
use super::{RetryPolicy, Retrying};
use crate::__rt::{Refusal, ending};
use crate::kinds::Ended;
use crate::{Signal, clock, observe};

/// The attempts of one call.
#[derive(Debug)]
pub struct Attempts<'a> {
    policy: &'a RetryPolicy,
    number: u32,
    /// When the first attempt began; `None` where no decision asks for it.
    started: Option<Instant>,
    previous: Option<Duration>,
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

impl<'a> Attempts<'a> {
    /// The first attempt begins.
    pub fn start(policy: &'a RetryPolicy) -> Self {
        let timed = policy.time_limit().is_some() && policy.attempts() > 1;
        Self { policy, number: 1, started: timed.then(clock::mono), previous: None }
    }

    /// Which attempt runs; 1 is the first call.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// What follows an attempt that ended with `result`. It takes the result by value, so that a
    /// failure is not kept across the pause.
    pub fn next<R, J: Refusal>(
        &mut self,
        result: Result<R, J>,
        of: impl Fn(&R) -> Option<Signal>,
    ) -> Step<Result<R, J>> {
        match ending(&result, of).and_then(|ended| self.failed(ended)) {
            Some(pause) => Step::Again(pause),
            None => Step::Done(result),
        }
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
