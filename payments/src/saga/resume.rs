//! Going on with what died executors left.

use std::collections::HashMap;
use std::fmt;

use steadfast::ReplayFailure;
use steadfast::idempotent::StoreError;
use tokio::task::{Id, JoinSet};

use super::definition::Saga;
use super::error::SagaError;
use super::id::SagaId;
use super::lease::Lease;
use super::log::{SagaLog, Which};
use super::plan::DefinitionError;
use super::record::SagaState;
use super::run::Run;
use super::time::{by, wall};

/// How many ids the log is asked for at once.
const PAGE: usize = 100;

/// What became of the sagas that [`Saga::resume_all`] found.
#[derive(Debug)]
#[non_exhaustive]
#[must_use = "it says which sagas somebody has to look at"]
pub struct Resumed<E> {
    /// How many are done now.
    pub done: usize,
    /// How many are undone now.
    pub undone: usize,
    /// How many another executor took meanwhile.
    pub elsewhere: usize,
    /// Those that somebody has to look at, stuck ones among them.
    pub failed: Vec<(SagaId, SagaError<E>)>,
    /// Those of which a step panicked. They are open, and found again when their lease has ended.
    pub panicked: Vec<SagaId>,
    /// Why not all could be found, where the log did not answer.
    pub unlisted: Option<StoreError>,
}

impl<E> Resumed<E> {
    const fn none() -> Self {
        Self { done: 0, undone: 0, elsewhere: 0, failed: Vec::new(), panicked: Vec::new(), unlisted: None }
    }

    /// Whether nobody has to look at anything.
    ///
    /// See [`Saga::resume_all`] for an example.
    pub const fn is_clean(&self) -> bool {
        self.failed.is_empty() && self.panicked.is_empty() && self.unlisted.is_none()
    }

    fn add<S>(&mut self, id: SagaId, outcome: Result<Option<S>, SagaError<E>>) {
        match outcome {
            Ok(Some(_)) => self.done += 1,
            Err(SagaError::Undone { .. }) => self.undone += 1,
            Ok(None) | Err(SagaError::Running { .. } | SagaError::Lost) => self.elsewhere += 1,
            Err(error) => self.failed.push((id, error)),
        }
    }
}

/// In numbers.
impl<E> fmt::Display for Resumed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { done, undone, elsewhere, failed, panicked, unlisted } = self;
        let (failed, panicked) = (failed.len(), panicked.len());
        write!(f, "{done} done, {undone} undone, {elsewhere} elsewhere, {failed} failed, {panicked} panicked")?;
        match unlisted {
            Some(error) => write!(f, "; the log did not list all: {error}"),
            None => Ok(()),
        }
    }
}

impl<App, S, E, P> Saga<App, S, E, P> {
    /// Goes on with every saga of this definition whose executor died, and says what became of them. So
    /// many at a time as [`resume_at_once`](Self::resume_at_once) says; one that fails stops no other. Dropped,
    /// it looks for no more, and those that it goes on with run on.
    ///
    /// A service calls it when it starts and then every now and then, in all its processes: a saga that
    /// several find is run by one.
    ///
    /// ```
    /// # use steadfast::Rejection;
    /// # use steadfast_payments::saga::{MemorySagaLog, Saga, Step};
    /// # async fn charge(_: (), order: u64, _: Step) -> Result<u64, Rejection> { Ok(order) }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let log = MemorySagaLog::default();
    /// let checkout = Saga::new("checkout", 1).pivot("charge", charge);
    /// let resumed = checkout.resume_all(&(), &log).await?;
    /// if !resumed.is_clean() {
    ///     eprintln!("checkout: {resumed}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Where the definition cannot run. What fails with a saga, or with the log, is in the report.
    pub async fn resume_all<L: SagaLog>(&self, app: &App, log: &L) -> Result<Resumed<E>, DefinitionError>
    where
        App: Clone + Send + Sync + 'static,
        S: SagaState,
        E: ReplayFailure + Send + 'static,
    {
        self.check()?;
        let mut crew = Crew { tasks: JoinSet::new(), ids: HashMap::new(), resumed: Resumed::none() };
        let mut after = None;
        loop {
            let which = Which::Abandoned { now: wall() };
            let limit = Lease::begin(self.parts.lease).answer_by();
            let page = match by(limit, log.list(self.parts.name, which, after.as_ref(), PAGE)).await {
                Ok(page) => page,
                Err(error) => {
                    crew.resumed.unlisted = Some(error);
                    break;
                }
            };
            let last = page.len() < PAGE;
            after = page.last().cloned();
            for id in page {
                crew.room(self.parts.at_once).await;
                let run = Run { log: log.clone(), app: app.clone(), parts: self.parts.clone(), id: id.clone() };
                // Aborted with its set, it is dropped, and so runs on.
                let task = crew.tasks.spawn(steadfast::finish(run.engage(None)));
                crew.ids.insert(task.id(), id);
            }
            if last {
                break;
            }
        }
        crew.room(1).await;
        Ok(crew.resumed)
    }
}

/// The sagas that are gone on with.
struct Crew<S: 'static, E: 'static> {
    tasks: JoinSet<Result<Option<S>, SagaError<E>>>,
    ids: HashMap<Id, SagaId>,
    resumed: Resumed<E>,
}

impl<S: 'static, E: 'static> Crew<S, E> {
    /// Waits until there are fewer than this.
    async fn room(&mut self, at_once: usize) {
        while self.tasks.len() >= at_once {
            match self.tasks.join_next_with_id().await {
                Some(Ok((task, outcome))) => {
                    if let Some(id) = self.ids.remove(&task) {
                        self.resumed.add(id, outcome);
                    }
                }
                Some(Err(error)) => self.resumed.panicked.extend(self.ids.remove(&error.id())),
                None => return,
            }
        }
    }
}
