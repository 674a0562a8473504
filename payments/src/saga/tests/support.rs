//! A downstream that counts effects, an app whose steps call it, and what dies at a chosen moment.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use steadfast::idempotent::{Held, StoreError, Token};
use steadfast::retry::RetryPolicy;
use steadfast::{Failure, Kind, Record, RecordError, ReplayFailure};
use tokio::sync::Notify;

use crate::saga::{
    Claimed, Decided, MemorySagaLog, NewClaim, NewEntry, Saga, SagaId, SagaLog, SagaRecord, Step, Which,
};

/// An error of a kind that a test chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault(pub(super) Kind);

impl Failure for Fault {
    fn kind(&self) -> Kind {
        self.0
    }

    fn retry_after(&self) -> Option<Duration> {
        (self.0 == Kind::Refused).then_some(Duration::from_millis(1))
    }
}

impl ReplayFailure for Fault {
    fn to_record(&self) -> Option<Result<Vec<u8>, RecordError>> {
        (self.0 == Kind::Terminal).then(|| Record::new("Fault").into_bytes())
    }

    fn from_record(record: &[u8]) -> Result<Self, RecordError> {
        Record::parse(record).map(|_| Self(Kind::Terminal))
    }
}

/// What the downstream does with a call, beside counting it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    /// Nothing is done, and it says so by an error of this kind.
    Not(Kind),
    /// It is done, and the answer is lost.
    LostAfter,
    /// It is done, and says so.
    Replayed,
}

/// The other side. It does a call once for each key, and counts what it did.
#[derive(Default)]
pub(super) struct Downstream {
    effects: Mutex<BTreeMap<String, u32>>,
    seen: Mutex<HashMap<String, ()>>,
    /// Answers for the next calls, by the step's name; what is last stays.
    pub(super) script: Mutex<HashMap<String, VecDeque<Answer>>>,
    /// How often each was called.
    pub(super) calls: Mutex<BTreeMap<String, u32>>,
}

impl Downstream {
    pub(super) fn effects(&self) -> BTreeMap<String, u32> {
        self.effects.lock().unwrap().clone()
    }

    pub(super) fn calls(&self, name: &str) -> u32 {
        self.calls.lock().unwrap().get(name).copied().unwrap_or_default()
    }

    /// From now on.
    pub(super) fn answers(&self, name: &str, answers: &[Answer]) {
        self.script.lock().unwrap().insert(name.into(), answers.iter().copied().collect());
    }

    pub(super) fn mend(&self, name: &str) {
        self.script.lock().unwrap().remove(name);
    }

    fn call(&self, name: &str, key: &str) -> Result<(), Fault> {
        *self.calls.lock().unwrap().entry(name.into()).or_default() += 1;
        let mut script = self.script.lock().unwrap();
        let answer = script.get_mut(name).and_then(|answers| match answers.len() {
            0 | 1 => answers.front().copied(),
            _ => answers.pop_front(),
        });
        if let Some(Answer::Not(kind)) = answer {
            return Err(Fault(kind));
        }
        if self.seen.lock().unwrap().insert(key.into(), ()).is_none() {
            *self.effects.lock().unwrap().entry(name.into()).or_default() += 1;
        }
        match answer {
            Some(Answer::LostAfter) => Err(Fault(Kind::Unknown)),
            _ => Ok(()),
        }
    }
}

/// Kills a process at one of its moments: what it asks for then is done or not, and it learns nothing more.
#[derive(Default)]
pub(super) struct Killer {
    moments: Mutex<u32>,
    /// At which moment, and whether what is asked for is still done.
    at: Option<(u32, bool)>,
    pub(super) dead: Notify,
}

impl Killer {
    pub(super) fn at(moment: u32, done: bool) -> Self {
        Self { at: Some((moment, done)), ..Self::default() }
    }

    pub(super) fn moments(&self) -> u32 {
        *self.moments.lock().unwrap()
    }

    pub(super) async fn pass<T>(&self, what: impl Future<Output = T>) -> T {
        let moment = {
            let mut moments = self.moments.lock().unwrap();
            *moments += 1;
            *moments
        };
        match self.at {
            Some((at, done)) if moment >= at => {
                if done && moment == at {
                    what.await;
                }
                self.dead.notify_one();
                pending().await
            }
            _ => what.await,
        }
    }
}

/// A process: what its steps work with, and its hand on the log.
#[derive(Clone)]
pub(super) struct App {
    pub(super) downstream: Arc<Downstream>,
    pub(super) killer: Arc<Killer>,
    /// Whether its steps hand their key on, or make one up for each call.
    pub(super) keyed: bool,
}

impl App {
    pub(super) fn new(downstream: &Arc<Downstream>) -> Self {
        Self { downstream: downstream.clone(), killer: Arc::default(), keyed: true }
    }

    async fn call(&self, name: &str, step: &Step) -> Result<(), Fault> {
        let made_up = format!("{:?}", Token::random());
        let key = if self.keyed { step.downstream_key() } else { &made_up };
        self.killer.pass(async { self.downstream.call(name, key) }).await
    }
}

/// The names of the steps that are done.
pub(super) type Done = Vec<String>;

async fn act(app: App, mut state: Done, step: Step) -> Result<Done, Fault> {
    app.call(step.name(), &step).await?;
    state.push(step.name().into());
    Ok(state)
}

async fn undo(app: App, state: Done, step: Step) -> Result<(), Fault> {
    assert!(step.is_undo());
    assert_eq!(state.last().map(String::as_str), Some(step.name()), "an undo gets what its action returned");
    app.call(&format!("undo {}", step.name()), &step).await
}

static TWICE: RetryPolicy = RetryPolicy::new("test").max_attempts(2).delay(Duration::from_millis(1));
static THRICE: RetryPolicy = RetryPolicy::new("test").max_attempts(3).delay(Duration::from_millis(1));

pub(super) const LEASE: Duration = Duration::from_secs(60);

/// Two steps that can be undone, the pivot, and one after it.
pub(super) fn checkout() -> Saga<App, Done, Fault, Decided> {
    Saga::new("checkout", 1)
        .step("reserve", act, undo)
        .step("discount", act, undo)
        .pivot("charge", act)
        .forward("ship", act)
        .retry(&TWICE)
        .insist(&THRICE)
        .lease(LEASE)
}

/// The log as one process has it, which dies with it.
#[derive(Clone)]
pub(super) struct Mortal {
    pub(super) log: MemorySagaLog,
    pub(super) killer: Arc<Killer>,
}

impl SagaLog for Mortal {
    async fn claim(&self, claim: NewClaim) -> Result<Claimed, StoreError> {
        self.killer.pass(self.log.claim(claim)).await
    }
    async fn append(&self, id: &SagaId, token: Token, entry: NewEntry) -> Result<Held, StoreError> {
        self.killer.pass(self.log.append(id, token, entry)).await
    }
    async fn renew(&self, id: &SagaId, token: Token, lease_until: SystemTime) -> Result<Held, StoreError> {
        self.log.renew(id, token, lease_until).await
    }
    async fn load(&self, id: &SagaId) -> Result<Option<SagaRecord>, StoreError> {
        self.log.load(id).await
    }
    async fn list(
        &self,
        saga: &str,
        which: Which,
        after: Option<&SagaId>,
        limit: usize,
    ) -> Result<Vec<SagaId>, StoreError> {
        self.log.list(saga, which, after, limit).await
    }
    async fn purge(&self, ended_before: SystemTime, limit: usize) -> Result<usize, StoreError> {
        self.log.purge(ended_before, limit).await
    }
}
