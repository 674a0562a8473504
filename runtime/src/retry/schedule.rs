//! Pauses that the user computes.

use std::any::type_name;
use std::sync::LazyLock;
use std::time::Duration;

/// The pauses of one call, one after each attempt that failed.
///
/// They may be cut (`max_delay`), and give way to what a failure asks for. Where they end, the
/// attempts do.
///
/// See [`Schedule`] for an example.
pub type Pauses = Box<dyn Iterator<Item = Duration> + Send>;

/// Makes the pauses of each call: what a policy's [`schedule`](super::RetryPolicy::schedule) and the
/// attribute's `schedule = ..` take.
///
/// A closure that makes an iterator of durations is one:
///
/// ```
/// use std::time::Duration;
/// use steadfast::{Failure, retry};
///
/// #[derive(Debug, Failure)]
/// #[failure(transient)]
/// struct Down;
///
/// #[retry(schedule = || (1..).map(Duration::from_millis), max_attempts = 4)]
/// async fn ask() -> Result<u32, Down> {
///     Err(Down)
/// }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// assert!(ask().await.is_err());
/// # }
/// ```
///
/// So is what implements it, also inside a [`LazyLock`]. With the feature `backon` the three builders
/// of [`backon`](https://docs.rs/backon) do; with the feature `backoff`, `backoff::ExponentialBackoff`
/// does, and [`pauses_of`](super::pauses_of) makes an iterator of every other `Backoff`.
///
/// It is asked when the first attempt of a call has failed; a call that succeeds at once makes no
/// pauses. The attempts, the total time, the budget and the waits that failures ask for stay the
/// policy's. Chance is the schedule's own: no jitter is added.
#[diagnostic::on_unimplemented(
    message = "`{Self}` makes no pauses",
    label = "a retry's `schedule` is asked for the pauses of each call",
    note = "write a closure that makes an iterator of durations: `schedule = || std::iter::repeat(Duration::from_millis(50))`",
    note = "or implement `steadfast::retry::Schedule`; builders of `backon` do so with the feature `backon`, `backoff::ExponentialBackoff` with the feature `backoff`"
)]
pub trait Schedule: Send + Sync {
    /// The pauses of one call.
    ///
    /// See [`Schedule`] for an example.
    fn pauses(&self) -> Pauses;

    /// What the registry calls it: the type's name, unless it says otherwise.
    ///
    /// See [`Schedule`] for an example.
    fn name(&self) -> &'static str {
        type_name::<Self>()
    }
}

#[diagnostic::do_not_recommend]
impl<F, I> Schedule for F
where
    F: Fn() -> I + Send + Sync,
    I: IntoIterator<Item = Duration>,
    I::IntoIter: Send + 'static,
{
    fn pauses(&self) -> Pauses {
        Box::new(self().into_iter())
    }
}

#[diagnostic::do_not_recommend]
impl<S: Schedule> Schedule for LazyLock<S> {
    fn pauses(&self) -> Pauses {
        (**self).pauses()
    }

    fn name(&self) -> &'static str {
        (**self).name()
    }
}

#[cfg(feature = "backon")]
macro_rules! backon {
    ($($builder:ident),*) => {$(
        #[cfg_attr(docsrs, doc(cfg(feature = "backon")))]
        impl Schedule for backon::$builder {
            fn pauses(&self) -> Pauses {
                Box::new(backon::BackoffBuilder::build(*self))
            }
        }
    )*};
}
#[cfg(feature = "backon")]
backon!(ConstantBuilder, ExponentialBuilder, FibonacciBuilder);

#[cfg(feature = "backoff")]
#[cfg_attr(docsrs, doc(cfg(feature = "backoff")))]
impl<C> Schedule for backoff::exponential::ExponentialBackoff<C>
where
    C: backoff::Clock + Clone + Send + Sync + 'static,
{
    fn pauses(&self) -> Pauses {
        Box::new(pauses_of(self.clone()))
    }
}

/// The pauses of any `backoff::backoff::Backoff`, which is reset first. For a
/// [`schedule`](super::RetryPolicy::schedule) of one that is not `backoff::ExponentialBackoff`.
///
/// `backoff` and its dependency `instant` are unmaintained (RUSTSEC-2025-0012, RUSTSEC-2024-0384): the
/// feature is for programs that have them already.
///
/// ```
/// use std::time::Duration;
/// use backoff::backoff::Constant;
/// use steadfast::retry::{RetryPolicy, pauses_of};
///
/// static GATEWAY: RetryPolicy = RetryPolicy::new("gateway")
///     .schedule(&|| pauses_of(Constant::new(Duration::from_millis(50))));
/// # let _ = GATEWAY.name();
/// ```
#[cfg(feature = "backoff")]
#[cfg_attr(docsrs, doc(cfg(feature = "backoff")))]
pub fn pauses_of<B: backoff::backoff::Backoff>(mut backoff: B) -> impl Iterator<Item = Duration> + use<B> {
    backoff.reset();
    std::iter::from_fn(move || backoff.next_backoff())
}
