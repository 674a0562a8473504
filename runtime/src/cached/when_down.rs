//! What a cache does while its second tier does not answer: chosen with the tier, as a type, so that
//! the compiler knows which functions may be refused. Limiters and breakers are told by a value,
//! [`shared::WhenDown`](crate::shared::WhenDown).

use std::convert::Infallible;
use std::fmt;

use crate::__rt::{CarriesRefusal, Refusal};
use crate::Rejection;

/// What becomes of a miss while the [`SecondTier`](super::SecondTier) does not answer: [`Run`] or
/// [`Refuse`].
///
/// ```
/// use steadfast::cached::{MemoryTier, SecondTier};
/// use steadfast::cached::when_down::{Run, WhenDown};
///
/// fn never_refuses<T: SecondTier<WhenDown = Run>>(_: &T) {}
///
/// never_refuses(&MemoryTier::default()); // there is nothing between it and its callers
/// ```
pub trait WhenDown: sealed::Sealed + fmt::Debug + Copy + Send + Sync + 'static {
    /// What a call is refused with, where it is.
    #[doc(hidden)]
    type Refusal: Refusal + Clone + Send + Sync + 'static;
    #[doc(hidden)]
    const REFUSES: bool;
}

/// The function runs, as if the tier had nothing. For what the origin can bear: while the tier is
/// down each process asks it once for each key and `ttl`.
///
/// ```
/// use std::time::Duration;
/// use steadfast::cached::Cache;
/// use steadfast::cached::when_down::Run;
///
/// // What a cache is, unless it says otherwise.
/// static NAMES: Cache<u64, String, Run> = Cache::new("names", Duration::from_secs(60));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "it is a word")]
pub struct Run;

/// The call is refused with [`Reason::SharedStateUnavailable`](crate::Reason::SharedStateUnavailable),
/// and the function does not run: it protects an origin that could not bear the calls which the tier
/// answers. What this process has is handed out all the same, old values too, where the cache keeps
/// them (`refresh_after`, `stale_if_error`).
///
/// A function whose calls may be refused returns a `Result` with an error that has
/// `From<Rejection>`, or it does not compile.
///
/// ```
/// use std::time::Duration;
/// use steadfast::cached::Cache;
/// use steadfast::cached::when_down::Refuse;
///
/// static NAMES: Cache<u64, String, Refuse> = Cache::new("names", Duration::from_secs(60)).refusing();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "it is a word")]
pub struct Refuse;

impl WhenDown for Run {
    type Refusal = Infallible;
    const REFUSES: bool = false;
}

impl WhenDown for Refuse {
    type Refusal = Rejection;
    const REFUSES: bool = true;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Run {}
    impl Sealed for super::Refuse {}
}

/// A result that can tell its caller of such a refusal. Every result can where there is none.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `Result`, so a cache whose tier refuses while it is down could not tell its caller",
    label = "a call may be refused, and has to say so in the function's own error type",
    note = "return `Result<T, E>` with an error that has `From<steadfast::Rejection>`",
    note = "or make the tier with `when_down::Run`, so that the function runs while it is down"
)]
pub trait Carries<J> {
    fn carry(refusal: J) -> Self;
}

impl<R> Carries<Infallible> for R {
    fn carry(refusal: Infallible) -> Self {
        match refusal {}
    }
}

impl<R: CarriesRefusal> Carries<Rejection> for R {
    fn carry(refusal: Rejection) -> Self {
        R::refused(refusal)
    }
}
