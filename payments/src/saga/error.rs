//! How a saga ends that is not done.

use std::time::{Duration, SystemTime};

use steadfast::idempotent::{KeyError, StoreError};
use steadfast::{Failure, Kind, RecordError, clock};

use super::entry::Why;
use super::id::SagaId;
use super::plan::{DefinitionError, Difference};

/// Why a saga has no result for its caller.
///
/// `E` is the error of its steps. To the layers of a stack ([`Failure`]):
///
/// | | kind | what it says |
/// |---|---|---|
/// | `Undone` | terminal | the saga has its end, and the same id gives it again |
/// | `Stuck`, `Lost`, `Changed`, `Impossible`, `Unreadable` | unknown | some steps are done; somebody, or a later run, ends it |
/// | `Log` | unknown | what was asked of the log may have happened; refused where the log was too full to begin |
/// | `Running` | refused | another executor has it, and until when |
/// | `Conflict`, `Id`, `Definition`, `Unrecordable` | refused | nothing ran |
///
/// ```
/// use steadfast::{Failure, Kind, Rejection};
/// use steadfast_payments::saga::{MemorySagaLog, Saga, SagaError, Step};
///
/// async fn charge((): (), amount: u32, _: Step) -> Result<u32, Rejection> {
///     Ok(amount)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let (checkout, log) = (Saga::new("checkout", 1).pivot("charge", charge), MemorySagaLog::default());
/// assert_eq!(checkout.run(&(), &log, "order-17", 500).await.unwrap(), 500);
///
/// let other = checkout.run(&(), &log, "order-17", 900).await.unwrap_err();
/// assert!(matches!(other, SagaError::Conflict));
/// assert_eq!(other.kind(), Kind::Refused);
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SagaError<E> {
    /// A step failed for good, and those before it are undone.
    #[error("the saga is undone, because its step `{step}` failed: {why}")]
    Undone {
        /// The step that turned it back.
        step: String,
        /// How it failed.
        why: Why,
        /// What it failed with. A run that is answered from the log has terminal errors only, which are
        /// what a log keeps.
        error: Option<E>,
    },
    /// The saga can go neither on nor back by itself, and an operator has to look:
    /// [`Saga::stuck`](super::Saga::stuck), [`Saga::resolve`](super::Saga::resolve).
    #[error("the saga is stuck {} its step `{step}`: {why}; an operator has to resolve it", if *.undoing { "undoing" } else { "at" })]
    Stuck {
        /// Which saga.
        id: SagaId,
        /// At which of its steps.
        step: String,
        /// Whether it was being undone.
        undoing: bool,
        /// How it failed.
        why: Why,
        /// What it failed with, as in `Undone`.
        error: Option<E>,
    },
    /// Another executor runs it.
    #[error("the saga runs elsewhere, with a lease that ends in {} ms unless it is renewed", left(.until).as_millis())]
    Running {
        /// Until when its executor is believed to live, by the wall clock.
        until: SystemTime,
    },
    /// The id was used with another input.
    #[error("the id was used before, with another input: a saga's id belongs to one input")]
    Conflict,
    /// The saga began under another definition than this one. It goes on where that one runs, or it is
    /// ended there first; a changed definition gets another name.
    #[error(
        "the saga began under another definition, and going on under this one could leave a step undone: {difference}"
    )]
    Changed {
        /// What differs.
        difference: Difference,
    },
    /// Its entries cannot be: the log was changed by something else than this library, or has lost some.
    #[error(transparent)]
    Impossible(#[from] Impossible),
    /// What was recorded cannot be read as the type that it is to be.
    #[error(
        "the {what} in the saga's log does not read as this definition's type: it was written by another version, or is not of this saga"
    )]
    Unreadable {
        /// What it is: a state or an error.
        what: &'static str,
    },
    /// This executor lost the saga to another one, and has stopped: it was too slow to renew its lease.
    #[error(
        "the saga was taken over by another executor, after the lease ran out: what becomes of it is found under its id"
    )]
    Lost,
    /// The log failed.
    #[error("the log of sagas failed: {0}")]
    Log(#[source] StoreError),
    /// The id is none.
    #[error("the saga's id is none: {0}")]
    Id(#[source] KeyError),
    /// The definition is none.
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    /// The input cannot be written to the log, or not be read back. Nothing ran.
    #[error("the input cannot be recorded, so nothing has run: {0}")]
    Unrecordable(#[source] RecordError),
}

/// A log that tells an impossible story: which entry cannot be, and why. It holds nothing of what the
/// entry says.
///
/// ```
/// # use steadfast_payments::saga::Impossible;
/// # fn refused(impossible: &Impossible) {
/// // the saga's log cannot be: entry 3: a step ended that had not started
/// eprintln!("{impossible}");
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the saga's log cannot be: entry {entry}: {why}; nothing more is run for it")]
pub struct Impossible {
    entry: usize,
    why: &'static str,
}

impl Impossible {
    pub(super) const fn new(entry: usize, why: &'static str) -> Self {
        Self { entry, why }
    }

    /// The entry, from 0.
    ///
    /// See [`Impossible`] for an example.
    pub const fn entry(&self) -> usize {
        self.entry
    }
}

/// How long an executor with a lease until then is believed to live.
pub(super) fn left(until: &SystemTime) -> Duration {
    until.duration_since(clock::wall()).unwrap_or_default()
}

impl<E> Failure for SagaError<E> {
    fn kind(&self) -> Kind {
        match self {
            Self::Undone { .. } => Kind::Terminal,
            Self::Log(error) if error.is_full() => Kind::Refused,
            Self::Stuck { .. }
            | Self::Lost
            | Self::Changed { .. }
            | Self::Impossible(_)
            | Self::Unreadable { .. }
            | Self::Log(_) => Kind::Unknown,
            Self::Running { .. } | Self::Conflict | Self::Id(_) | Self::Definition(_) | Self::Unrecordable(_) => {
                Kind::Refused
            }
        }
    }

    /// How long another executor is believed to live.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Running { until } => Some(left(until)),
            _ => None,
        }
    }
}
