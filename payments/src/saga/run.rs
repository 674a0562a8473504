//! A saga from its id to its outcome.

use std::future::Future;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use steadfast::ReplayFailure;
use steadfast::idempotent::{Fingerprint, Recovered, StoreError, Token};

use super::definition::{Parts, Saga};
use super::entry::Event;
use super::error::{Impossible, SagaError};
use super::executor::{Executor, Stop};
use super::id::SagaId;
use super::lease::Lease;
use super::log::{Claimed, NewClaim, SagaLog, SagaRecord, Status};
use super::record::{SagaState, read, read_error, record};
use super::story::{At, Story};
use super::time::{by, wall};

/// How often the log is asked again where it changed between two questions, or did not answer.
const ROUNDS: usize = 4;

/// One saga, before anybody knows whose it is.
pub(super) struct Run<L, App, S, E> {
    pub(super) log: L,
    pub(super) app: App,
    pub(super) parts: Parts<App, S, E>,
    pub(super) id: SagaId,
}

/// What begins a saga.
pub(super) struct Begin {
    fingerprint: Fingerprint,
    input: Box<RawValue>,
}

impl<App, S, E, P> Saga<App, S, E, P> {
    /// Runs the saga of this id to its end, and gives the state that its last step left.
    ///
    /// The same id gives the same outcome: a saga that has ended is answered from the log, one whose executor
    /// died is gone on with, and one that runs elsewhere refuses, saying until when.
    ///
    /// A caller who goes away does not stop it: dropped after its first poll, the saga runs on, on the tokio
    /// runtime, and [`steadfast::drain`] waits for it. A process that dies, and a step that panics, leave
    /// it to [`resume_all`](Self::resume_all), or to the next `run`, once the lease has ended.
    ///
    /// # Errors
    /// See [`SagaError`].
    ///
    /// See the [module](super) for an example.
    pub fn run<L: SagaLog>(
        &self,
        app: &App,
        log: &L,
        id: &str,
        input: S,
    ) -> impl Future<Output = Result<S, SagaError<E>>> + Send + use<App, S, E, P, L>
    where
        App: Clone + Send + Sync + 'static,
        S: SagaState,
        E: ReplayFailure + Send + 'static,
    {
        let begun = self.of(app, log, id).and_then(|run| {
            let fingerprint = Fingerprint::of(&input).map_err(SagaError::Unrecordable)?;
            let input = record(&input).map_err(SagaError::Unrecordable)?;
            Ok(steadfast::finish(run.engage(Some(Begin { fingerprint, input }))))
        });
        async move {
            match begun?.await? {
                Some(done) => Ok(done),
                // Only a saga that is not begun can be missing.
                None => Err(SagaError::Lost),
            }
        }
    }

    /// What became of the saga of this id, for the `recover` function of an outer
    /// [`#[idempotent]`](macro@steadfast::idempotent) whose own record is of unknown outcome after a
    /// crash. A saga whose executor died is gone on with first.
    ///
    /// | the saga is | answer | what the outer call does |
    /// |---|---|---|
    /// | done | `Done` with its state | keeps and replays that |
    /// | not there | `NeverHappened` | runs its body |
    /// | undone | `NeverHappened` | runs its body, whose `run` gives `Undone` again; that is kept and replayed, as a terminal error |
    /// | stuck, or running elsewhere | `StillUnknown` | refuses, and asks again the next time |
    ///
    /// ```
    /// use steadfast::idempotent::{Claim, MemoryStore, Recovered};
    /// use steadfast::{Failure, Rejection, idempotent};
    /// use steadfast_payments::saga::{MemorySagaLog, Saga, SagaError, Step};
    ///
    /// #[derive(Clone)]
    /// struct App {
    ///     records: MemoryStore,
    ///     sagas: MemorySagaLog,
    /// }
    ///
    /// #[derive(Debug, Failure)]
    /// #[failure(terminal)]
    /// struct Declined;
    ///
    /// #[derive(Debug, Failure)]
    /// enum CheckoutError {
    ///     #[failure(transparent)]
    ///     Refused(Rejection),
    ///     #[failure(terminal)]
    ///     Undone { step: String },
    ///     #[failure(unknown)]
    ///     Unfinished(SagaError<Declined>),
    /// }
    /// # impl From<Rejection> for CheckoutError { fn from(refused: Rejection) -> Self { Self::Refused(refused) } }
    ///
    /// impl From<SagaError<Declined>> for CheckoutError {
    ///     fn from(error: SagaError<Declined>) -> Self {
    ///         match error {
    ///             SagaError::Undone { step, .. } => Self::Undone { step },
    ///             other => Self::Unfinished(other),
    ///         }
    ///     }
    /// }
    ///
    /// async fn charge(_: App, order: u64, _: Step) -> Result<u64, Declined> {
    ///     Ok(order)
    /// }
    ///
    /// #[idempotent(name = "docs.saga.checkout", key = key, payload = order, store = app.records, on_unknown = recover = ask)]
    /// async fn checkout(app: App, order: u64, key: String) -> Result<u64, CheckoutError> {
    ///     let saga = Saga::new("docs.saga.checkout", 1).pivot("charge", charge);
    ///     Ok(saga.run(&app, &app.sagas, &key, order).await?)
    /// }
    ///
    /// async fn ask(_: &Claim, app: &App, _: &u64, key: &String) -> Result<Recovered<u64>, CheckoutError> {
    ///     let saga = Saga::new("docs.saga.checkout", 1).pivot("charge", charge);
    ///     Ok(saga.recovered(app, &app.sagas, key).await?)
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let app = App { records: MemoryStore::default(), sagas: MemorySagaLog::default() };
    /// assert_eq!(checkout(app, 500, "order-17".into()).await.unwrap(), 500);
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`SagaError`].
    pub fn recovered<L: SagaLog>(
        &self,
        app: &App,
        log: &L,
        id: &str,
    ) -> impl Future<Output = Result<Recovered<S>, SagaError<E>>> + Send + use<App, S, E, P, L>
    where
        App: Clone + Send + Sync + 'static,
        S: SagaState,
        E: ReplayFailure + Send + 'static,
    {
        let resumed = self.of(app, log, id).map(|run| steadfast::finish(run.engage(None)));
        async move {
            match resumed?.await {
                Ok(Some(done)) => Ok(Recovered::Done(done)),
                Ok(None) | Err(SagaError::Undone { .. }) => Ok(Recovered::NeverHappened),
                Err(SagaError::Stuck { .. } | SagaError::Running { .. } | SagaError::Lost) => {
                    Ok(Recovered::StillUnknown)
                }
                Err(error) => Err(error),
            }
        }
    }

    fn of<L: SagaLog>(&self, app: &App, log: &L, id: &str) -> Result<Run<L, App, S, E>, SagaError<E>>
    where
        App: Clone,
    {
        self.check()?;
        let id = SagaId::new(self.parts.name, id).map_err(SagaError::Id)?;
        Ok(Run { log: log.clone(), app: app.clone(), parts: self.parts.clone(), id })
    }
}

/// What a round of questions came to.
enum Turn<S> {
    /// The saga rests, or is not there.
    Rests(Option<S>),
    /// It is ours from that entry on.
    Ours { story: Box<Story>, seq: u64, lease: Lease },
    /// It changed meanwhile.
    Again,
}

impl<L, App, S, E> Run<L, App, S, E>
where
    L: SagaLog,
    App: Clone + Send + Sync + 'static,
    S: SagaState,
    E: ReplayFailure + Send + 'static,
{
    /// The saga's outcome, run to it where nobody else does; `None` where there is none and none begins.
    pub(super) async fn engage(self, begin: Option<Begin>) -> Result<Option<S>, SagaError<E>> {
        let token = Token::random();
        let mut failed = None;
        for _ in 0..ROUNDS {
            match self.turn(token, begin.as_ref()).await {
                Ok(Turn::Rests(outcome)) => return Ok(outcome),
                Ok(Turn::Ours { story, seq, lease }) => return self.own(token, *story, seq, lease).await.map(Some),
                Ok(Turn::Again) => {}
                // It may have landed; under the same token, nothing is begun twice.
                Err(SagaError::Log(error)) => match failed.take() {
                    None if !error.is_full() => failed = Some(error),
                    first => return Err(SagaError::Log(first.unwrap_or(error))),
                },
                Err(error) => return Err(error),
            }
        }
        Err(failed.map_or(SagaError::Lost, SagaError::Log))
    }

    async fn turn(&self, token: Token, begin: Option<&Begin>) -> Result<Turn<S>, SagaError<E>> {
        let lease = Lease::begin(self.parts.lease);
        let found = match begin {
            Some(begin) => {
                let first = self.first(begin);
                let claim = self.claim(token, lease, first.write(wall()));
                match by(lease.answer_by(), self.log.claim(claim)).await.map_err(SagaError::Log)? {
                    Claimed::Won => return ours(Story::begin(first), 1, lease),
                    Claimed::Found(record) => record,
                    Claimed::Gone => return Ok(Turn::Again),
                }
            }
            None => match by(lease.answer_by(), self.log.load(&self.id)).await.map_err(SagaError::Log)? {
                Some(record) => record,
                None => return Ok(Turn::Rests(None)),
            },
        };
        self.found(token, begin, lease, &found).await
    }

    async fn found(
        &self,
        token: Token,
        begin: Option<&Begin>,
        lease: Lease,
        found: &SagaRecord,
    ) -> Result<Turn<S>, SagaError<E>> {
        let mut story = story(found)?;
        if begin.is_some_and(|begin| begin.fingerprint != story.fingerprint) {
            return Err(SagaError::Conflict);
        }
        let seq = u64::try_from(found.entries.len()).unwrap_or(u64::MAX);
        match found.status {
            Status::Ended { .. } | Status::Stuck => {
                return outcome(&self.id, &story, None).map(|done| Turn::Rests(Some(done)));
            }
            // What this executor asked for before, without an answer.
            Status::Open { lease_until } if found.token == token => {
                return Ok(Turn::Ours { story: Box::new(story), seq, lease: lease.granted(lease_until) });
            }
            Status::Open { lease_until } if lease_until > wall() => {
                return Err(SagaError::Running { until: lease_until });
            }
            Status::Open { .. } => {}
        }
        if let Some(difference) = story.plan.difference(&self.parts.plan) {
            return Err(SagaError::Changed { difference });
        }
        let mut claim = self.claim(token, lease, Event::Resumed.write(wall()));
        claim.take_over = Some(found.seen());
        match by(lease.answer_by(), self.log.claim(claim)).await.map_err(begun)? {
            Claimed::Won => ours(story.tell(Event::Resumed).map(|()| story), seq.saturating_add(1), lease),
            Claimed::Found(_) | Claimed::Gone => Ok(Turn::Again),
        }
    }

    fn first(&self, begin: &Begin) -> Event {
        Event::Begun { plan: self.parts.plan.clone(), fingerprint: begin.fingerprint, input: begin.input.clone() }
    }

    fn claim(&self, token: Token, lease: Lease, entry: Vec<u8>) -> NewClaim {
        NewClaim { id: self.id.clone(), token, lease_until: lease.until, entry, take_over: None }
    }

    async fn own(self, token: Token, story: Story, seq: u64, lease: Lease) -> Result<S, SagaError<E>> {
        let Self { log, app, parts, id } = self;
        let executor = Executor { log, app, parts, id: id.clone(), token, story, seq };
        match executor.run(lease).await {
            Ok((story, error)) => outcome(&id, &story, error),
            Err(Stop::Lost) => Err(SagaError::Lost),
            Err(Stop::Log(error)) => Err(begun(error)),
            Err(Stop::Unreadable(what)) => Err(SagaError::Unreadable { what }),
            Err(Stop::Impossible(impossible)) => Err(SagaError::Impossible(impossible)),
        }
    }
}

/// The log failed a saga that has begun. A log that is full then is no refusal: something ran.
fn begun<E>(error: StoreError) -> SagaError<E> {
    SagaError::Log(match error.is_full() {
        true => StoreError::new("it is full: there is no room for one entry more of a saga that has begun"),
        false => error,
    })
}

fn ours<S, E>(story: Result<Story, &'static str>, seq: u64, lease: Lease) -> Result<Turn<S>, SagaError<E>> {
    let entry = usize::try_from(seq).unwrap_or(usize::MAX).saturating_sub(1);
    match story {
        Ok(story) => Ok(Turn::Ours { story: Box::new(story), seq, lease }),
        Err(why) => Err(Impossible::new(entry, why).into()),
    }
}

/// The story of a record, if it is one.
pub(super) fn story(record: &SagaRecord) -> Result<Story, Impossible> {
    let entries = record.entries.iter().map(Vec::as_slice);
    let story = Story::read(entries).map_err(|(entry, why)| Impossible::new(entry, why))?;
    let agree = match record.status {
        Status::Ended { .. } => matches!(story.at, At::Done | At::Undone),
        Status::Stuck => matches!(story.at, At::Stuck { .. }),
        Status::Open { .. } => matches!(story.at, At::Forward { .. } | At::Back { .. } | At::Told { .. }),
    };
    let last = record.entries.len().saturating_sub(1);
    agree.then_some(story).ok_or(Impossible::new(last, "with it the saga is not in the state that the log has"))
}

/// How a saga that rests has ended, with the error where it is at hand.
fn outcome<S: DeserializeOwned, E: ReplayFailure>(
    id: &SagaId,
    story: &Story,
    own: Option<E>,
) -> Result<S, SagaError<E>> {
    let unreadable = |what| SagaError::Unreadable { what };
    let error = |recorded: Option<&String>| match (own, recorded) {
        (Some(own), _) => Ok(Some(own)),
        (None, recorded) => recorded.map(|error| read_error(error)).transpose().map_err(unreadable),
    };
    match (&story.at, &story.failed) {
        (At::Stuck { step, undo, why, error: recorded }, _) => {
            let (id, step, undoing, why) = (id.clone(), story.name(*step), *undo, *why);
            Err(SagaError::Stuck { id, step, undoing, why, error: error(recorded.as_ref())? })
        }
        (At::Undone, Some(failed)) => {
            let (step, why) = (story.name(failed.step), failed.why);
            Err(SagaError::Undone { step, why, error: error(failed.error.as_ref())? })
        }
        _ => read(story.after(story.plan.steps.len().saturating_sub(1)), "state").map_err(unreadable),
    }
}

impl<E> From<StoreError> for SagaError<E> {
    fn from(error: StoreError) -> Self {
        Self::Log(error)
    }
}
