//! What a suite of checks is made of, for a trait that others implement too. (Feature `conformance`.)
//!
//! Who writes a store of records runs [`idempotent::conformance`](crate::idempotent::conformance), and who
//! writes a log of sagas the suite of `steadfast-payments`. Both are made of what is here: a check is a
//! future that says what it [found](Finding), [`run`] asks all of them, and a test shows all that
//! [failed](Failed) at once. The same for a trait of one's own:
//!
//! ```
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicU32, Ordering};
//! use steadfast::conformance::{self, Failed, Finding, at_once, ensure, failed, poll_and_drop};
//!
//! trait Sequence: Clone + Send + Sync + 'static {
//!     fn next(&self) -> impl Future<Output = Result<u32, std::io::Error>> + Send;
//! }
//!
//! async fn never_twice<S: Sequence>(sequence: &S) -> Finding {
//!     let asked = (0..100).map(|_| {
//!         let sequence = sequence.clone();
//!         async move { sequence.next().await }
//!     });
//!     let mut numbers = Vec::new();
//!     for answer in at_once(asked).await? {
//!         numbers.push(answer.map_err(failed("next"))?);
//!     }
//!     numbers.sort_unstable();
//!     ensure!(numbers.windows(2).all(|two| two[0] != two[1]), "a number was given out twice: {numbers:?}");
//!     Ok(())
//! }
//!
//! async fn goes_on<S: Sequence>(sequence: &S) -> Finding {
//!     poll_and_drop(sequence.next(), 1).await;
//!     sequence.next().await.map(drop).map_err(failed("next"))
//! }
//!
//! async fn suite<S: Sequence>(sequence: S) -> Result<(), Failed> {
//!     conformance::run("the sequence", vec![
//!         ("no number twice", Box::pin(never_twice(&sequence))),
//!         ("a question that is dropped", Box::pin(goes_on(&sequence))),
//!     ])
//!     .await
//! }
//!
//! #[derive(Clone)]
//! struct Counted(Arc<AtomicU32>, u32);
//!
//! impl Sequence for Counted {
//!     async fn next(&self) -> Result<u32, std::io::Error> {
//!         Ok(self.0.fetch_add(self.1, Ordering::Relaxed))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! assert!(suite(Counted(Arc::default(), 1)).await.is_ok());
//!
//! let stands_still = suite(Counted(Arc::default(), 0)).await.unwrap_err();
//! assert_eq!(stands_still.checks().collect::<Vec<_>>(), ["no number twice"]);
//! assert!(stands_still.to_string().starts_with("the sequence does not do what it must: 1 of 2 checks failed\n  no number twice: "));
//! # }
//! ```

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Waker};

/// What a check found: nothing, or why it does not hold.
///
/// See the [module](self) for an example.
pub type Finding = Result<(), String>;

/// A check by its name.
///
/// See the [module](self) for an example.
pub type Check<'a> = (&'static str, Pin<Box<dyn Future<Output = Finding> + Send + 'a>>);

/// Ends a check that does not hold: what must hold, and then, as `format!` takes it, why it does not.
///
/// See the [module](crate::conformance) for an example.
#[doc(hidden)]
#[macro_export]
macro_rules! __ensure {
    ($holds:expr, $($why:tt)+) => {
        if !$holds {
            return ::core::result::Result::Err(::std::format!($($why)+));
        }
    };
}
#[doc(inline)]
pub use crate::__ensure as ensure;

/// Asks every check, one after the other, and says which of them fail. `what` is checked, as an error
/// is to call it: `"the store"`.
///
/// See the [module](self) for an example.
///
/// # Errors
/// [`Failed`], with every check that does not hold and why.
pub async fn run(what: &'static str, checks: Vec<Check<'_>>) -> Result<(), Failed> {
    let asked = checks.len();
    let mut failed = Vec::new();
    for (name, check) in checks {
        if let Err(why) = check.await {
            failed.push((name, why));
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(Failed { what, asked, failed }) }
}

/// Asks all at once, each on a task of its own, and gives their answers in their order: what looks first
/// and writes then lets several through.
///
/// See the [module](self) for an example.
///
/// # Errors
/// What is to be found of a task that panicked.
///
/// # Panics
/// Outside of a tokio runtime.
pub async fn at_once<F>(asked: impl IntoIterator<Item = F>) -> Result<Vec<F::Output>, String>
where
    F: Future<Output: Send> + Send + 'static,
{
    let tasks: Vec<_> = asked.into_iter().map(tokio::spawn).collect();
    let mut answers = Vec::with_capacity(tasks.len());
    for task in tasks {
        answers.push(task.await.map_err(failed("a task"))?);
    }
    Ok(answers)
}

/// Polls a step so often at most, and drops it: its caller went away in the middle of it.
///
/// See the [module](self) for an example.
pub async fn poll_and_drop(step: impl Future, polls: usize) {
    let mut step = pin!(step);
    for _ in 0..polls {
        if step.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// What is found where a step ends with an error, for `map_err`.
///
/// See the [module](self) for an example.
pub fn failed<E: fmt::Display>(step: &'static str) -> impl Fn(E) -> String {
    move |error| format!("{step} failed: {error}")
}

/// The checks that fail, each with what was seen.
///
/// See the [module](self) for an example.
pub struct Failed {
    what: &'static str,
    asked: usize,
    failed: Vec<(&'static str, String)>,
}

impl Failed {
    /// The names of the checks.
    ///
    /// See the [module](self) for an example.
    pub fn checks(&self) -> impl Iterator<Item = &'static str> {
        self.failed.iter().map(|(name, _)| *name)
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, asked, failed } = self;
        write!(f, "{what} does not do what it must: {} of {asked} checks failed", failed.len())?;
        failed.iter().try_for_each(|(name, why)| write!(f, "\n  {name}: {why}"))
    }
}

/// As people read it: it is what a test that unwraps shows.
impl fmt::Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for Failed {}
