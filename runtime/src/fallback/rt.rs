//! What the expansion calls.

use std::future::Future;

pub use super::aside::Aside;
pub use super::policy::Fallback;

use crate::__rt::{Refusal, ending};
use crate::kinds::{Ended, Keep, Stand};
use crate::{Kind, Signal, observe};

/// How the call below failed.
#[derive(Clone, Copy, Debug)]
pub struct FirstFailure(Ended);

impl FirstFailure {
    /// What becomes of the call's record.
    pub(super) const fn keeps(self) -> Keep {
        self.0.ending.row().keep
    }

    fn kind(self) -> Kind {
        self.0.ending.kind()
    }
}

/// How a call failed; `None` where it did not. Only looks, so that an answer need not be moved about.
#[inline]
pub fn first_failure<R, J: Refusal>(result: &Result<R, J>, of: impl Fn(&R) -> Option<Signal>) -> Option<FirstFailure> {
    ending(result, of).map(FirstFailure)
}

/// The result of the function, or a refusal beside it.
type Inside<T, E, J> = Result<Result<T, E>, J>;

/// The error to stand in for, where the table of kinds says so; else the result as it is. `own` makes
/// a refusal the function's own.
///
/// # Errors
/// The result, where nothing stands in for it.
#[cold]
pub fn stand_in<T, E, J>(
    fallback: &Fallback,
    result: Inside<T, E, J>,
    failure: FirstFailure,
    own: impl Fn(J) -> Result<T, E>,
) -> Result<E, Inside<T, E, J>> {
    match failure.0.ending.row().stand {
        Stand::In => caught(fallback, result, failure, own),
        Stand::Aside => Err(result),
    }
}

/// [`stand_in`] where the attribute says for which errors. It says so of the function's own error, so a
/// refusal is looked at as the one it would become; where nothing stands in, it stays a refusal.
///
/// # Errors
/// The result, where nothing stands in for it.
#[cold]
pub fn stand_in_matched<T, E, J: Clone>(
    fallback: &Fallback,
    result: Inside<T, E, J>,
    failure: FirstFailure,
    of: impl Fn(&Result<T, E>) -> Option<Signal>,
    own: impl Fn(J) -> Result<T, E>,
) -> Result<E, Inside<T, E, J>> {
    let kind = match &result {
        Ok(_) => Some(failure.kind()),
        Err(refusal) => of(&own(refusal.clone())).map(|signal| signal.kind),
    };
    match kind {
        None | Some(Kind::Terminal) => Err(result),
        Some(_) => caught(fallback, result, failure, own),
    }
}

fn caught<T, E, J>(
    fallback: &Fallback,
    result: Inside<T, E, J>,
    failure: FirstFailure,
    own: impl Fn(J) -> Result<T, E>,
) -> Result<E, Inside<T, E, J>> {
    match result.unwrap_or_else(own) {
        Err(error) => {
            observe::stood_in(fallback.name(), failure.kind().as_str());
            Ok(error)
        }
        value => Err(Ok(value)),
    }
}

/// What a fallback function under an async one returns.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not awaited: under an async function the fallback is async too",
    label = "this function is not async",
    note = "make it an `async fn`, or call it in an expression: `#[fallback(stale(&error), error = error)]`"
)]
pub trait InTime {
    type Answer: Future;
    fn answer(self) -> Self::Answer;
}

#[diagnostic::do_not_recommend]
impl<F: Future> InTime for F {
    type Answer = F;

    #[inline(always)] // It is nothing.
    fn answer(self) -> F {
        self
    }
}

/// The future of a fallback function.
#[inline]
pub fn in_time<A: InTime>(answer: A) -> A::Answer {
    answer.answer()
}

/// What a fallback function answers: the result of the function that it stands in for.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand in for `{R}`",
    label = "a fallback returns what its function returns",
    note = "return `{R}`, and be async only where the function is",
    note = "a value that is no function's result is written `#[fallback(value = ..)]`, and what needs a few words more as an expression: `#[fallback(Ok(stale(&error)), error = error)]`"
)]
pub trait StandsIn<R> {
    fn result(self) -> R;
}

#[diagnostic::do_not_recommend]
impl<R> StandsIn<R> for R {
    #[inline(always)] // It is nothing.
    fn result(self) -> R {
        self
    }
}

/// The result of a fallback function.
#[inline]
pub fn stands_in<R, A: StandsIn<R>>(answer: A) -> R {
    answer.result()
}
