//! One executor, running what the story says comes next, and writing ahead.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use serde_json::value::RawValue;
use steadfast::idempotent::{Held, StoreError, Token};
use steadfast::retry::RetryPolicy;
use steadfast::{Failure, Kind, ReplayFailure, clock};
use tokio::time::sleep_until;

use super::definition::{Functions, Parts};
use super::entry::{Event, Why};
use super::error::Impossible;
use super::id::SagaId;
use super::lease::{Lease, beside};
use super::log::{NewEntry, SagaLog, Then};
use super::record::{SagaState, read, record, record_error};
use super::step::Step;
use super::story::{At, Next, Story};
use super::time::{by, mono_after, wall};
use super::verdict::{Place, Verdict, together, verdict};

/// Why an executor stops before the saga rests.
#[derive(Debug)]
pub(super) enum Stop {
    Lost,
    Log(StoreError),
    Unreadable(&'static str),
    Impossible(Impossible),
}

/// Who owns a saga.
pub(super) struct Executor<L, App, S, E> {
    pub(super) log: L,
    pub(super) app: App,
    pub(super) parts: Parts<App, S, E>,
    pub(super) id: SagaId,
    pub(super) token: Token,
    pub(super) story: Story,
    /// How many entries there are.
    pub(super) seq: u64,
}

/// How the attempts of one function ended.
enum Ended<T, E> {
    Done(T),
    Failed(Kind, E),
}

/// How an attempt failed.
enum Tried<E> {
    Failed(E),
    Unreadable(&'static str),
}

impl<E: Failure> Failure for Tried<E> {
    /// What may have happened is tried again as what did not: every attempt has the same key.
    fn kind(&self) -> Kind {
        match self {
            Self::Failed(error) => match error.kind() {
                Kind::Unknown => Kind::Transient,
                kind => kind,
            },
            Self::Unreadable(_) => Kind::Terminal,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Failed(error) => error.retry_after(),
            Self::Unreadable(_) => None,
        }
    }
}

/// One function of a step, and what is known of its attempts.
struct Doing<'a> {
    step: usize,
    undo: bool,
    state: &'a RawValue,
    in_doubt: AtomicBool,
    attempts: AtomicU32,
}

impl<L, App, S, E> Executor<L, App, S, E>
where
    L: SagaLog,
    App: Clone + Send + Sync + 'static,
    S: SagaState,
    E: ReplayFailure + Send + 'static,
{
    /// Runs until the saga rests, or is no longer this executor's. Gives the story, and what the step failed
    /// with at which the saga turned back or is stuck, where that was here.
    pub(super) async fn run(mut self, lease: Lease) -> Result<(Story, Option<E>), Stop> {
        let (log, id, token) = (self.log.clone(), self.id.clone(), self.token);
        let error = beside(lease, &log, &id, token, self.drive()).await?;
        Ok((self.story, error))
    }

    async fn drive(&mut self) -> Result<Option<E>, Stop> {
        let mut last = None;
        loop {
            let (event, error) = match self.story.next() {
                Next::Rest => return Ok(last),
                Next::Write(event) => (event, None),
                Next::Act { step, in_doubt } => {
                    self.write(Event::Started { step: self.story.name(step) }).await?;
                    self.act(step, in_doubt).await?
                }
                Next::Undo { step } => {
                    self.write(Event::UndoStarted { step: self.story.name(step) }).await?;
                    self.undo(step).await?
                }
            };
            // An undo that succeeds says nothing of why the saga turned back.
            last = error.or(last);
            self.write(event).await?;
        }
    }

    /// Tells the story, and then the log, until it is durable.
    async fn write(&mut self, event: Event) -> Result<(), Stop> {
        let at = wall();
        let entry = event.write(at);
        self.story.tell(event).map_err(|why| self.impossible(why))?;
        let then = match self.story.at {
            At::Done | At::Undone => Then::Ended { at },
            At::Stuck { .. } => Then::Stuck,
            At::Forward { .. } | At::Back { .. } | At::Told { .. } => Then::GoesOn,
        };
        self.append(NewEntry { seq: self.seq, entry, then }).await?;
        self.seq = self.seq.saturating_add(1);
        if let At::Stuck { step, undo, why, .. } = &self.story.at {
            let (saga, step, why) = (self.id.saga(), self.story.name(*step), why.as_str());
            tracing::error!(saga, step, undo, why, "a saga is stuck: an operator has to resolve it");
        }
        Ok(())
    }

    /// An answer that is lost is asked for again; the lease ends it, and its own length where the log takes
    /// renewals and not this.
    async fn append(&self, entry: NewEntry) -> Result<(), Stop> {
        let length = self.parts.lease;
        let give_up = mono_after(clock::mono(), length);
        loop {
            let limit = mono_after(clock::mono(), length / 3).min(give_up);
            match by(limit, self.log.append(&self.id, self.token, entry.clone())).await {
                Ok(Held::Yes) => return Ok(()),
                Ok(Held::Lost) => return Err(Stop::Lost),
                Err(error) if clock::mono() >= give_up => return Err(Stop::Log(error)),
                Err(_) => sleep_until(mono_after(clock::mono(), length / 24).min(give_up)).await,
            }
        }
    }

    async fn act(&self, step: usize, in_doubt: bool) -> Result<(Event, Option<E>), Stop> {
        let functions = self.functions(step)?;
        let name = self.story.name(step);
        let call = |state, step| (functions.act)(self.app.clone(), state, step);
        let ended = self.end(self.doing(step, false, in_doubt), in_doubt, call).await?;
        Ok(match ended {
            (Ended::Done(state), _) => match record(&state) {
                Ok(state) => (Event::Done { step: name, state }, None),
                Err(_) => (Event::Stuck { step: name, why: Why::Unrecordable, error: None }, None),
            },
            (Ended::Failed(kind, error), Verdict::GoBack) => {
                (Event::Failed { step: name, why: Why::of(kind), error: record_error(&error) }, Some(error))
            }
            (Ended::Failed(kind, error), _) => stuck(name, kind, error),
        })
    }

    async fn undo(&self, step: usize) -> Result<(Event, Option<E>), Stop> {
        let functions = self.functions(step)?;
        let Some(undo) = &functions.undo else {
            return Err(self.impossible("a step that has no undo is to be undone"));
        };
        let name = self.story.name(step);
        let call = |state, step| undo(self.app.clone(), state, step);
        let (ended, _) = self.end(self.doing(step, true, true), true, call).await?;
        Ok(match ended {
            Ended::Done(()) => (Event::Undone { step: name }, None),
            Ended::Failed(kind, error) => stuck(name, kind, error),
        })
    }

    fn functions(&self, step: usize) -> Result<Arc<Functions<App, S, E>>, Stop> {
        let found = self.parts.functions.get(step).cloned();
        found.ok_or_else(|| self.impossible("the definition has no such step"))
    }

    fn impossible(&self, why: &'static str) -> Stop {
        Stop::Impossible(Impossible::new(usize::try_from(self.seq).unwrap_or(usize::MAX), why))
    }

    fn doing(&self, step: usize, undo: bool, in_doubt: bool) -> Doing<'_> {
        let state = if undo { self.story.after(step) } else { self.story.before(step) };
        Doing { step, undo, state, in_doubt: AtomicBool::new(in_doubt), attempts: AtomicU32::new(0) }
    }

    /// All attempts, and what follows from them: first those of a caller who waits, then, where it must
    /// be known, the patient ones.
    async fn end<T>(
        &self,
        doing: Doing<'_>,
        in_doubt: bool,
        call: impl Fn(S, Step) -> Pin<Box<dyn Future<Output = Result<T, E>> + Send>> + Sync,
    ) -> Result<(Ended<T, E>, Verdict), Stop> {
        let place = Place::of(self.story.role(doing.step), doing.undo);
        let mut insisted = in_doubt || place != Place::Undecided;
        loop {
            let policy = if insisted { self.parts.insist } else { self.parts.retry };
            let ended = self.attempts(policy, &doing, &call).await?;
            let verdict = match &ended {
                Ended::Done(_) => return Ok((ended, Verdict::GoBack)),
                Ended::Failed(kind, _) => verdict(place, *kind, insisted),
            };
            if verdict != Verdict::Insist {
                return Ok((ended, verdict));
            }
            insisted = true;
        }
    }

    async fn attempts<T>(
        &self,
        policy: &RetryPolicy,
        doing: &Doing<'_>,
        call: &(impl Fn(S, Step) -> Pin<Box<dyn Future<Output = Result<T, E>> + Send>> + Sync),
    ) -> Result<Ended<T, E>, Stop> {
        let answer = policy.call_with(|_| async move {
            let attempt = doing.attempts.fetch_add(1, Ordering::Relaxed).saturating_add(1);
            let step = Step::new(self.id.clone(), self.story.name(doing.step), doing.undo, attempt);
            let state = read(doing.state, "state").map_err(Tried::Unreadable)?;
            let answer = call(state, step).await;
            if answer.as_ref().is_err_and(|error| error.kind() == Kind::Unknown) {
                doing.in_doubt.store(true, Ordering::Relaxed);
            }
            answer.map_err(Tried::Failed)
        });
        match answer.await {
            Ok(done) => Ok(Ended::Done(done)),
            Err(Tried::Unreadable(what)) => Err(Stop::Unreadable(what)),
            Err(Tried::Failed(error)) => {
                let kind = together(error.kind(), doing.in_doubt.load(Ordering::Relaxed));
                Ok(Ended::Failed(kind, error))
            }
        }
    }
}

fn stuck<E: ReplayFailure>(step: String, kind: Kind, error: E) -> (Event, Option<E>) {
    (Event::Stuck { step, why: Why::of(kind), error: record_error(&error) }, Some(error))
}
