//! An item that was not taken.

use std::error::Error;
use std::fmt;

use steadfast::{Failure, Kind};

/// An item that was not taken, why, and the item.
///
/// Nothing ran. As a [`Failure`](trait@steadfast::Failure) it is refused. Who refuses has no idea when
/// there will be room, so it says no time.
///
/// ```
/// use std::time::Duration;
/// use steadfast_tasks::pool::Pool;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = Pool::builder("mails", 2, |to: String| async move { Ok::<_, std::io::Error>(to.len()) }).build()?;
/// pool.stop(Duration::from_secs(5)).await;
///
/// let refused = pool.submit("ann@example.com".to_owned()).await.unwrap_err();
/// assert!(refused.is_stopped());
/// assert_eq!(refused.to_string(), "`mails` has stopped and takes nothing more; the item is in this error");
/// assert_eq!(refused.into_item(), "ann@example.com");
/// # Ok(())
/// # }
/// ```
pub struct NotTaken<I> {
    name: &'static str,
    why: Why,
    item: I,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    Full { capacity: usize },
    Stopped,
}

impl Why {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Full { .. } => "full",
            Self::Stopped => "stopped",
        }
    }
}

impl<I> NotTaken<I> {
    pub(crate) const fn new(name: &'static str, why: Why, item: I) -> Self {
        Self { name, why, item }
    }

    /// Who refused: the name it was built with.
    ///
    /// See [`WhenFull`](crate::WhenFull) for an example of a refusal.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Whether there was no room. Later there may be some.
    ///
    /// See [`WhenFull`](crate::WhenFull) for an example.
    pub const fn is_full(&self) -> bool {
        matches!(self.why, Why::Full { .. })
    }

    /// Whether it has stopped, and will never take anything again.
    ///
    /// See [`NotTaken`] for an example.
    pub const fn is_stopped(&self) -> bool {
        matches!(self.why, Why::Stopped)
    }

    /// The item, as it was submitted.
    ///
    /// See [`NotTaken`] for an example.
    pub fn into_item(self) -> I {
        self.item
    }
}

impl<I> fmt::Display for NotTaken<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name;
        match self.why {
            Why::Full { capacity } => write!(f, "`{name}` is full ({capacity} items); the item is in this error"),
            Why::Stopped => write!(f, "`{name}` has stopped and takes nothing more; the item is in this error"),
        }
    }
}

/// Without the item, which is the user's.
impl<I> fmt::Debug for NotTaken<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotTaken").field("name", &self.name).field("why", &self.why).finish_non_exhaustive()
    }
}

impl<I> Error for NotTaken<I> {}

impl<I> Failure for NotTaken<I> {
    fn kind(&self) -> Kind {
        Kind::Refused
    }
}
