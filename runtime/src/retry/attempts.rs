//! The loop's state: it stands around the body in the expansion, and asks here after each attempt.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::beside::Beside;
use super::decision::{self, Scheduled, Verdict, decide};
use super::future::Pause;
use super::policy::Settings;
use super::{Deadline, Pauses, RetryPolicy, Retrying};
use crate::__rt::{Refusal, ending};
use crate::kinds::{Ended, Keep};
use crate::moment::Moment;
use crate::{Signal, clock, observe};

/// The attempts of one call.
///
/// What the policy says is read when an attempt has failed: a call that succeeds asks it nothing.
pub struct Attempts<'a, T, B = ()> {
    pub(super) policy: &'a RetryPolicy,
    beside: B,
    pub(super) number: u32,
    /// The pause before this attempt in seconds, 0 before the first. It only guides chance, for
    /// which it is exact enough, and half as large as a duration.
    previous: f32,
    /// When the first attempt began.
    pub(super) started: Instant,
    later: Later<T>,
}

/// What few calls keep. Boxed, because all make room; and dropped out of the way of those that do
/// not.
struct Later<T>(Option<Box<Kept<T>>>);

impl<T> Drop for Later<T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(kept) = self.0.take() {
            drop_kept(kept);
        }
    }
}

#[cold]
#[inline(never)]
fn drop_kept<T>(kept: Box<Kept<T>>) {
    drop(kept);
}

/// What is kept from one attempt to the next.
struct Kept<T> {
    /// How an attempt ended that may have happened.
    doubt: Option<T>,
    /// The rest of the user's schedule. Never locked: a stack's future is `Sync` where its parts are,
    /// and an iterator of the user's need not be.
    pauses: Option<Mutex<Pauses>>,
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
        Self::start_with_at(moment, policy, ())
    }
}

impl<'a, T, B: Beside> Attempts<'a, T, B> {
    /// The first attempt begins, of a call that brings something beside the policy.
    #[inline]
    pub fn start_with(policy: &'a RetryPolicy, beside: B) -> Self {
        Self::start_with_at(Moment::UNREAD, policy, beside)
    }

    /// The first attempt of such a call that came at that moment begins.
    #[inline]
    pub fn start_with_at(moment: Moment, policy: &'a RetryPolicy, beside: B) -> Self {
        let started = moment.or_now();
        beside.begin(started);
        Self { policy, beside, number: 1, started, previous: 0.0, later: Later(None) }
    }

    /// When this attempt began, for the layers below, where that has been read.
    #[inline]
    pub fn moment(&self) -> Moment {
        Moment::of((self.number == 1).then_some(self.started))
    }

    /// Which attempt runs; 1 is the first call.
    #[inline]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// When the call's time is over.
    pub fn deadline(&self) -> Deadline {
        Deadline::after(self.started, self.policy.in_force().time_limit())
    }

    fn pause_after(&mut self, ended: Ended) -> Option<Pause> {
        let now = clock::mono();
        let settings = self.policy.in_force();
        let failed = decision::Failed {
            attempt: self.number,
            elapsed: now.saturating_duration_since(self.started),
            ended,
            previous: (self.number > 1).then(|| Duration::try_from_secs_f32(self.previous).unwrap_or(Duration::MAX)),
            scheduled: self.scheduled(settings),
            random: fastrand::f64(),
        };
        let repeatable = self.policy.may_repeat() || self.beside.repeatable();
        let Verdict::Again(pause) = decide(settings, repeatable, &failed) else {
            return None;
        };
        if self.beside.budget().is_some_and(|budget| !budget.withdraw(now, self.policy.name())) {
            return None;
        }
        self.tell(ended, pause);
        self.previous = pause.as_secs_f32();
        self.number = self.number.saturating_add(1);
        Some(Pause::new(now, pause))
    }

    /// The next pause of the user's schedule, where the policy has one.
    fn scheduled(&mut self, settings: &Settings) -> Option<Scheduled> {
        let schedule = settings.schedule()?;
        let pauses = self.kept().pauses.get_or_insert_with(|| Mutex::new(schedule.pauses()));
        let pauses = pauses.get_mut().unwrap_or_else(PoisonError::into_inner);
        Some(pauses.next().map_or(Scheduled::Over, Scheduled::Pause))
    }

    fn kept(&mut self) -> &mut Kept<T> {
        self.later.0.get_or_insert_with(|| Box::new(Kept { doubt: None, pauses: None }))
    }

    fn tell(&self, ended: Ended, pause: Duration) {
        observe::retrying(self.policy.name(), self.number, pause);
        for hook in [self.policy.hook(), self.beside.hook()].into_iter().flatten() {
            hook(&Retrying { policy: self.policy, attempt: self.number, pause, ending: ended.ending });
        }
    }
}

impl<R, J: Refusal, B: Beside> Attempts<'_, Result<R, J>, B> {
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
                    self.kept().doubt = Some(result);
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
        match self.later.0.take().and_then(|kept| kept.doubt) {
            Some(doubt) if keeps(ended) == Keep::Released => doubt,
            _ => last,
        }
    }
}

fn keeps(ended: Ended) -> Keep {
    ended.ending.row().keep
}
