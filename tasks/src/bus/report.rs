//! What the handlers said.

use std::error::Error;

use smallvec::SmallVec;

use crate::Panicked;

/// Any error, as a handler or a middleware gave it.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// What every handler of an event's type said to it: one [`Answer`] for each subscription there was when it
/// was published, in the order in which they subscribed.
///
/// See [`Bus`](super::Bus) for an example.
#[derive(Debug)]
#[must_use = "what the handlers said is told to nobody else"]
pub struct Report {
    pub(super) answers: SmallVec<[Answer; 1]>,
}

/// What one handler said.
///
/// See [`Bus`](super::Bus) for an example.
#[derive(Debug)]
#[non_exhaustive]
pub struct Answer {
    /// The handler's name, as it was subscribed.
    pub handler: &'static str,
    /// What it said.
    pub said: Said,
}

/// What became of an event at one handler.
///
/// ```
/// use steadfast_tasks::bus::Said;
///
/// let refused = Said::refused("not on Sundays");
/// assert!(!refused.is_ok());
/// assert_eq!(refused.as_str(), "refused");
/// assert_eq!(refused.error().unwrap().to_string(), "not on Sundays");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Said {
    /// The handler is done with it.
    Ok,
    /// The handler failed with this error.
    Error(BoxError),
    /// The handler panicked, or a middleware.
    Panicked(Panicked),
    /// A middleware refused it, with this reason, and the handler was not asked.
    Refused(BoxError),
    /// The handler's queue was full, and [drops](super::Queue::dropping): it was not asked.
    Dropped,
    /// The handler is gone: it was unsubscribed, the bus was stopped or the runtime ended before the handler
    /// had ended. Where it had begun, it was dropped at an await.
    Gone,
}

impl Report {
    /// What each handler said. Empty where nobody subscribed to the event's type.
    ///
    /// See [`Bus`](super::Bus) for an example.
    pub fn answers(&self) -> &[Answer] {
        &self.answers
    }

    /// The same, to keep: errors can be taken out.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use steadfast_tasks::bus::{Bus, Queue, Said};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let bus = Bus::new("shop");
    /// bus.subscribe("mail", Queue::waiting(10), async |_: Arc<u32>| Err("no such mailbox")).detach();
    /// let mut answers = bus.publish(17_u32).await?.into_answers();
    /// let Some(Said::Error(error)) = answers.pop().map(|answer| answer.said) else { panic!() };
    /// assert_eq!(error.to_string(), "no such mailbox");
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_answers(self) -> Vec<Answer> {
        self.answers.into_vec()
    }

    /// Whether every handler is done with it: also true where there was none.
    ///
    /// See [`Bus`](super::Bus) for an example.
    pub fn all_ok(&self) -> bool {
        self.answers.iter().all(|answer| answer.said.is_ok())
    }
}

impl Said {
    /// A refusal, for a middleware.
    ///
    /// See [`Said`] for an example.
    pub fn refused(reason: impl Into<BoxError>) -> Self {
        Self::Refused(reason.into())
    }

    /// Whether the handler is done with it.
    ///
    /// See [`Said`] for an example.
    pub fn is_ok(&self) -> bool {
        matches!(self, Self::Ok)
    }

    /// The handler's error, or the reason of a refusal.
    ///
    /// See [`Said`] for an example.
    pub fn error(&self) -> Option<&BoxError> {
        match self {
            Self::Error(error) | Self::Refused(error) => Some(error),
            _ => None,
        }
    }

    /// One word, as metrics have it: `ok`, `error`, `panicked`, `refused`, `dropped`, `gone`.
    ///
    /// See [`Said`] for an example.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error(_) => "error",
            Self::Panicked(_) => "panicked",
            Self::Refused(_) => "refused",
            Self::Dropped => "dropped",
            Self::Gone => "gone",
        }
    }
}

/// What a handler may return: nothing, or a `Result` whose error is any error.
///
/// ```
/// use std::io;
/// use std::sync::Arc;
/// use steadfast_tasks::bus::{Bus, Queue};
///
/// struct OrderPlaced;
///
/// async fn count(_: Arc<OrderPlaced>) {}
/// async fn store(_: Arc<OrderPlaced>) -> io::Result<()> {
///     Ok(())
/// }
///
/// let bus = Bus::new("shop");
/// let (_counting, _storing) = (
///     bus.subscribe("count", Queue::dropping(100), count),
///     bus.subscribe("store", Queue::waiting(100), store),
/// );
/// ```
#[diagnostic::on_unimplemented(
    message = "a handler cannot say `{Self}`",
    label = "an event's handler returns `()` or `Result<(), E>`",
    note = "`E` is any error that is `Into<Box<dyn std::error::Error + Send + Sync>>`"
)]
pub trait IntoSaid {
    /// What it says to the publisher.
    fn into_said(self) -> Said;
}

impl IntoSaid for () {
    fn into_said(self) -> Said {
        Said::Ok
    }
}

impl<E: Into<BoxError>> IntoSaid for Result<(), E> {
    fn into_said(self) -> Said {
        match self {
            Ok(()) => Said::Ok,
            Err(error) => Said::Error(error.into()),
        }
    }
}
