//! What people do about sagas: look at them, and resolve those that are stuck.

use std::fmt;

use steadfast::RecordError;
use steadfast::idempotent::{KeyError, StoreError, Token};

use super::definition::Saga;
use super::entry::{By, Event};
use super::error::Impossible;
use super::execution::Execution;
use super::id::SagaId;
use super::log::{Claimed, NewClaim, SagaLog, Status, Which};
use super::record::{SagaState, record};
use super::run::story;
use super::story::At;
use super::time::wall;

/// What an operator found out about the step at which a saga is stuck.
///
/// See [`Saga::resolve`] for an example.
#[derive(Clone, PartialEq, Eq)]
pub enum Resolution<S> {
    /// What was in its way is gone: it is to be tried again, with the same downstream key.
    Again,
    /// The step is done, and this is the state that it left: the saga goes on after it. Not for an
    /// undo.
    Done(S),
    /// The step is undone, or never happened: the saga goes on undoing what was before it. Not for a step
    /// after the pivot.
    Undone,
}

/// Without the state, which is the user's.
impl<S> fmt::Debug for Resolution<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Again => "Again",
            Self::Done(_) => "Done(..)",
            Self::Undone => "Undone",
        })
    }
}

/// Why a saga was not resolved, or could not be looked at.
///
/// See [`Saga::resolve`] for an example.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OperateError {
    /// No reason was given. Whoever looks at the saga next year will ask for it.
    #[error("a resolution needs a reason, which the log keeps: say what was found out, and how")]
    NoReason,
    /// There is no saga under the id.
    #[error("this definition has no saga of that id: it was never begun, or is purged")]
    NoSaga,
    /// The saga is not stuck: it runs, or has ended.
    #[error("the saga is not stuck, so there is nothing to resolve: it runs, or has ended")]
    NotStuck,
    /// The step cannot be resolved so.
    #[error("{0}")]
    NotSo(&'static str),
    /// Somebody else was quicker.
    #[error("the saga has changed meanwhile, so nothing was resolved: look at it again")]
    Changed,
    /// The state cannot be written to the log.
    #[error("the state cannot be recorded: {0}")]
    Unrecordable(#[source] RecordError),
    /// Its entries cannot be.
    #[error(transparent)]
    Impossible(#[from] Impossible),
    /// The id is none.
    #[error("the saga's id is none: {0}")]
    Id(#[from] KeyError),
    /// The log failed; where it was asked to resolve, it may have done so.
    #[error("the log of sagas failed: {0}")]
    Log(#[from] StoreError),
}

/// # For operators
impl<App, S, E, P> Saga<App, S, E, P> {
    /// What happened to the saga of this id; `None` where there is none.
    ///
    /// ```
    /// use steadfast::Rejection;
    /// use steadfast_payments::saga::{MemorySagaLog, Progress, Saga, Step};
    ///
    /// # async fn charge(_: (), order: u64, _: Step) -> Result<u64, Rejection> { Ok(order) }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (checkout, log) = (Saga::new("checkout", 1).pivot("charge", charge), MemorySagaLog::default());
    /// checkout.run(&(), &log, "order-17", 500).await.unwrap();
    ///
    /// let execution = checkout.execution(&log, "order-17").await?.unwrap();
    /// assert_eq!(execution.steps().collect::<Vec<_>>(), [("charge", Progress::Done)]);
    /// assert_eq!(execution.to_string(), "checkout order-17, version 1: done\n  1  charge  done");
    /// assert!(checkout.execution(&log, "order-18").await?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`OperateError`].
    pub async fn execution<L: SagaLog>(&self, log: &L, id: &str) -> Result<Option<Execution>, OperateError> {
        let id = SagaId::new(self.parts.name, id)?;
        let Some(record) = log.load(&id).await? else { return Ok(None) };
        let story = story(&record)?;
        Ok(Some(Execution::of(id, &record, &story)))
    }

    /// Ids of the sagas of this definition that are stuck, at most `limit`, those after `after`: the last of
    /// one page begins the next.
    ///
    /// # Errors
    /// When the log cannot be read.
    ///
    /// See [`resolve`](Self::resolve) for an example.
    pub async fn stuck<L: SagaLog>(
        &self,
        log: &L,
        after: Option<&SagaId>,
        limit: usize,
    ) -> Result<Vec<SagaId>, OperateError> {
        Ok(log.list(self.parts.name, Which::Stuck, after, limit).await?)
    }

    /// Says what became of the step at which a saga is stuck. Nothing runs here: the saga is open again, and
    /// the next [`resume_all`](Self::resume_all), or `run` with its id, goes on with it. The reason is kept in
    /// the log.
    ///
    /// ```
    /// use steadfast::Failure;
    /// use steadfast_payments::saga::{MemorySagaLog, Resolution, Saga, SagaError, Step};
    ///
    /// #[derive(Debug, Failure)]
    /// #[failure(terminal)]
    /// struct NoSuchAddress;
    ///
    /// async fn charge(_: (), order: u64, _: Step) -> Result<u64, NoSuchAddress> {
    ///     Ok(order)
    /// }
    /// async fn ship(_: (), order: u64, _: Step) -> Result<u64, NoSuchAddress> {
    ///     Err(NoSuchAddress)
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let checkout = Saga::new("checkout", 1).pivot("charge", charge).forward("ship", ship);
    /// let log = MemorySagaLog::default();
    /// let stuck = checkout.run(&(), &log, "order-17", 500).await.unwrap_err();
    /// assert_eq!(
    ///     stuck.to_string(),
    ///     "the saga is stuck at its step `ship`: it failed with a definite answer; an operator has to resolve it"
    /// );
    ///
    /// for id in checkout.stuck(&log, None, 100).await? {
    ///     checkout.resolve(&log, id.id(), Resolution::Done(500), "handed over in the shop").await?;
    /// }
    /// assert_eq!(checkout.resume_all(&(), &log).await?.done, 1);
    /// assert_eq!(checkout.run(&(), &log, "order-17", 500).await.unwrap(), 500);
    ///
    /// let execution = checkout.execution(&log, "order-17").await?.unwrap();
    /// assert_eq!(execution.reasons().collect::<Vec<_>>(), ["handed over in the shop"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`OperateError`]; then nothing is changed, but for an answer of the log that was lost.
    pub async fn resolve<L: SagaLog>(
        &self,
        log: &L,
        id: &str,
        resolution: Resolution<S>,
        reason: &str,
    ) -> Result<(), OperateError>
    where
        S: SagaState,
    {
        let id = SagaId::new(self.parts.name, id)?;
        let reason = match reason.trim() {
            "" => return Err(OperateError::NoReason),
            reason => reason.to_owned(),
        };
        let by = match resolution {
            Resolution::Again => By::Again,
            Resolution::Done(state) => By::Done { state: record(&state).map_err(OperateError::Unrecordable)? },
            Resolution::Undone => By::Undone,
        };
        let record = log.load(&id).await?.ok_or(OperateError::NoSaga)?;
        let story = story(&record)?;
        if !matches!((record.status, &story.at), (Status::Stuck, At::Stuck { .. })) {
            return Err(OperateError::NotStuck);
        }
        story.may_be_resolved(&by).map_err(OperateError::NotSo)?;
        let now = wall();
        let entry = Event::Resolved { by, reason }.write(now);
        // A lease that has ended: whoever looks next goes on with it.
        let claim = NewClaim { id, token: Token::random(), lease_until: now, entry, take_over: Some(record.seen()) };
        match log.claim(claim).await? {
            Claimed::Won => Ok(()),
            Claimed::Found(_) | Claimed::Gone => Err(OperateError::Changed),
        }
    }
}
