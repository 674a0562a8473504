//! What went wrong with a batch.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use steadfast::{Failure, Kind};

/// How the handler of a batch failed an item.
///
/// As a [`Failure`](trait@steadfast::Failure) it has the kind of the handler's error; with the wrong number
/// of results nobody knows which item has which, so the outcome is unknown.
///
/// ```
/// use std::time::Duration;
/// use steadfast_tasks::TaskError;
/// use steadfast_tasks::batch::{BatchError, Batcher};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// async fn insert(rows: Vec<i32>) -> Result<Vec<Result<i32, &'static str>>, &'static str> {
///     match rows.len() {
///         3 => Ok(vec![]),
///         2 => Err("connection lost"),
///         _ => Ok(rows.into_iter().map(|row| if row < 0 { Err("negative") } else { Ok(row) }).collect()),
///     }
/// }
///
/// let rows = Batcher::builder("rows", 10, Duration::from_millis(5), insert).build()?;
/// let one = rows.submit(-1).await?.await;
/// assert!(matches!(one, Err(TaskError::Failed(BatchError::Item("negative")))));
///
/// let (a, b) = (rows.submit(1).await?, rows.submit(2).await?);
/// assert!(matches!(a.await, Err(TaskError::Failed(BatchError::Batch(error))) if *error == "connection lost"));
/// drop(b);
///
/// let three = [rows.submit(1).await?, rows.submit(2).await?, rows.submit(3).await?];
/// for item in three {
///     let wrong = BatchError::WrongNumber { items: 3, results: 0 };
///     assert_eq!(item.await, Err(TaskError::Failed(wrong)));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BatchError<E> {
    /// The item's own error: others of its batch may have succeeded.
    Item(E),
    /// The batch as a whole failed, and each of its items has the same error.
    Batch(Arc<E>),
    /// The handler returned another number of results than it was given items: a mistake in it.
    WrongNumber {
        /// The items it was given.
        items: usize,
        /// The results it returned.
        results: usize,
    },
}

impl<E> fmt::Display for BatchError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Item(_) => f.write_str("this item of the batch failed"),
            Self::Batch(_) => f.write_str("the whole batch failed"),
            Self::WrongNumber { items, results } => write!(
                f,
                "the handler returned {results} results for {items} items, so nobody knows which is whose: \
                 it must return one for each, in their order"
            ),
        }
    }
}

impl<E: Error + 'static> Error for BatchError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Item(error) => Some(error),
            Self::Batch(error) => Some(&**error),
            Self::WrongNumber { .. } => None,
        }
    }
}

impl<E: Failure> Failure for BatchError<E> {
    fn kind(&self) -> Kind {
        match self {
            Self::Item(error) => error.kind(),
            Self::Batch(error) => error.kind(),
            Self::WrongNumber { .. } => Kind::Unknown,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Item(error) => error.retry_after(),
            Self::Batch(error) => error.retry_after(),
            Self::WrongNumber { .. } => None,
        }
    }
}
