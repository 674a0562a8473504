//! Why an item has no result.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use steadfast::{Failure, Kind};

/// Why an item that was taken has no result.
///
/// As a [`Failure`](trait@steadfast::Failure) it has the kind of the handler's own error; work that was
/// interrupted or panicked is of unknown outcome; what never began is transient: nothing happened,
/// and it may be submitted again.
///
/// ```
/// use steadfast_tasks::TaskError;
/// use steadfast_tasks::pool::Pool;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// async fn divide((a, b): (u32, u32)) -> Result<u32, &'static str> {
///     if b == 1 {
///         panic!("not worth the work");
///     }
///     a.checked_div(b).ok_or("by zero")
/// }
///
/// let pool = Pool::builder("divisions", 2, divide).build()?;
/// let by_zero = pool.submit((6, 0)).await?.await;
/// assert!(matches!(by_zero, Err(TaskError::Failed("by zero"))));
///
/// let Err(TaskError::Panicked(panic)) = pool.submit((6, 1)).await?.await else { unreachable!() };
/// assert_eq!(panic.message(), Some("not worth the work"));
/// assert_eq!(pool.submit((6, 2)).await?.await.unwrap(), 3); // the worker lives on
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskError<E> {
    /// The handler ended with its own error.
    Failed(E),
    /// The handler panicked. What it did before is unknown.
    Panicked(Panicked),
    /// It was cancelled through its [`Handle`](crate::Handle).
    Cancelled {
        /// Whether work on it had begun: then what it did is unknown.
        began: bool,
    },
    /// It had to make room for a newer one ([`WhenFull::DropOldest`](crate::WhenFull::DropOldest)), and
    /// never began.
    Dropped,
    /// The pool or batcher stopped, or the runtime that it lived on ended.
    Stopped {
        /// Whether work on it had begun: then what it did is unknown.
        began: bool,
    },
}

impl<E> TaskError<E> {
    /// What metrics call it.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Failed(_) => "failed",
            Self::Panicked(_) => "panicked",
            Self::Cancelled { .. } => "cancelled",
            Self::Dropped => "dropped",
            Self::Stopped { .. } => "stopped",
        }
    }
}

impl<E> fmt::Display for TaskError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failed(_) => "the handler failed",
            Self::Panicked(_) => "the handler panicked: what it did before is unknown",
            Self::Cancelled { began: false } => "cancelled before it began",
            Self::Cancelled { began: true } => "cancelled while it ran: what it did is unknown",
            Self::Dropped => "dropped from a full queue before it began, for a newer item",
            Self::Stopped { began: false } => "stopped before it began",
            Self::Stopped { began: true } => "stopped while it ran: what it did is unknown",
        })
    }
}

impl<E: Error + 'static> Error for TaskError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Failed(error) => Some(error),
            _ => None,
        }
    }
}

impl<E: Failure> Failure for TaskError<E> {
    fn kind(&self) -> Kind {
        match self {
            Self::Failed(error) => error.kind(),
            Self::Panicked(_) | Self::Cancelled { began: true } | Self::Stopped { began: true } => Kind::Unknown,
            Self::Cancelled { began: false } | Self::Stopped { began: false } | Self::Dropped => Kind::Transient,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Failed(error) => error.retry_after(),
            _ => None,
        }
    }
}

/// A handler's panic.
///
/// Its message may have parts of the item in it, so it is shown to who asks for it, and neither
/// printed nor logged by this crate. (The panic hook of the program has seen it.) See [`TaskError`] for an
/// example.
#[derive(Clone, PartialEq, Eq)]
pub struct Panicked {
    message: Option<Arc<str>>,
}

impl Panicked {
    /// Of what a panic carries. A message is text or nothing.
    pub(crate) fn of(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&'static str>().copied();
        let message = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).map(Arc::from);
        Self { message }
    }

    /// What it panicked with, where that is text.
    ///
    /// See [`TaskError`] for an example.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }
}

impl fmt::Debug for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Panicked").finish_non_exhaustive()
    }
}
