//! A payment, its error, and a store that fails when it is told to.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::idempotent::rt::{Call, Payload, Query, answer, finish, key, run};
use crate::idempotent::*;
use crate::{Failure, Kind, Record as Failed, RecordError, Rejection, ReplayFailure};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Charge {
    pub(super) id: u64,
}

#[derive(Debug)]
pub(super) enum PayError {
    Declined { code: u32 },
    Connect,
    TimedOutAfterSend,
    Refused(Rejection),
}

impl Failure for PayError {
    fn kind(&self) -> Kind {
        match self {
            Self::Declined { .. } => Kind::Terminal,
            Self::Connect => Kind::Transient,
            Self::TimedOutAfterSend => Kind::Unknown,
            Self::Refused(rejection) => rejection.kind(),
        }
    }
}

impl ReplayFailure for PayError {
    fn to_record(&self) -> Option<Result<Vec<u8>, RecordError>> {
        match self {
            Self::Declined { code } => Some(Failed::new("Declined").with("code", code).and_then(Failed::into_bytes)),
            _ => None,
        }
    }

    fn from_record(record: &[u8]) -> Result<Self, RecordError> {
        let mut record = Failed::parse(record)?;
        match record.variant() {
            "Declined" => Ok(Self::Declined { code: record.take("code")? }),
            _ => Err(record.unheard_of()),
        }
    }
}

pub(super) type Paid = Result<Charge, PayError>;

pub(super) static POLICY: Idempotency = Idempotency::new("charges.create");

pub(super) fn call(policy: &'static Idempotency, the_key: &str, amount: u64) -> Call {
    Call::new(policy, key(&the_key), Payload::of(&amount))
}

/// A call as the expansion makes it, with `on_cancel = finish`.
pub(super) async fn pay<S: Store>(
    call: Call,
    store: &S,
    body: impl Future<Output = Paid> + Send + 'static,
) -> Result<Paid, Rejection> {
    finish(call, store.clone(), |q: Query<'_, Paid>| answer(&q), async move { Ok(body.await) }).await
}

/// The same with `on_cancel = unknown`.
pub(super) async fn pay_and_stay<S: Store>(
    call: Call,
    store: &S,
    body: impl Future<Output = Paid>,
) -> Result<Paid, Rejection> {
    run(call, store.clone(), |q: Query<'_, Paid>| answer(&q), async move { Ok(body.await) }).await
}

/// A body that counts how often it ran.
#[derive(Clone, Default)]
pub(super) struct Runs(Arc<AtomicUsize>);

impl Runs {
    pub(super) fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    pub(super) fn body(&self, after: Duration, end: Paid) -> impl Future<Output = Paid> + Send + 'static + use<> {
        let runs = self.clone();
        async move {
            runs.0.fetch_add(1, Ordering::SeqCst);
            if !after.is_zero() {
                tokio::time::sleep(after).await;
            }
            end
        }
    }

    pub(super) fn ok(&self) -> impl Future<Output = Paid> + Send + 'static + use<> {
        self.body(Duration::ZERO, Ok(Charge { id: 7 }))
    }
}

pub(super) fn id(the_key: &str) -> RecordId {
    RecordId::new(POLICY.name(), None, the_key).unwrap()
}

pub(super) async fn state<S: Store>(store: &S, the_key: &str) -> Option<RecordState> {
    store.get(&id(the_key)).await.unwrap().map(|record| record.state)
}

pub(super) const UNKNOWN: RecordState = RecordState::Ended(Outcome::Unknown);

pub(super) fn is_value(state: &Option<RecordState>) -> bool {
    matches!(state, Some(RecordState::Ended(Outcome::Known { stored: Stored::Value(_), .. })))
}

pub(super) fn code<T: std::fmt::Debug>(refused: Result<T, Rejection>) -> &'static str {
    refused.unwrap_err().code()
}

/// The answer of a future that has it at once.
pub(super) fn at_once<T>(future: impl Future<Output = T>) -> T {
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("pending"),
    }
}

pub(super) fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Pending once, then ready.
pub(super) async fn breath() {
    let mut waited = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Op {
    Claim,
    Complete,
    Release,
    Extend,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// Nothing is done, an error comes back.
    Before,
    /// It is done, an error comes back.
    After,
    /// Nothing is done, nothing comes back.
    Hang,
    /// It is done, nothing comes back.
    HangAfter,
    None,
}

/// A memory store that fails as scripted, with a pause before and after each step if told so.
#[derive(Clone, Default)]
pub(super) struct Faulty {
    pub(super) inner: MemoryStore,
    script: Arc<Mutex<HashMap<Op, VecDeque<Fault>>>>,
    log: Arc<Mutex<Vec<Op>>>,
    slow: bool,
}

impl Faulty {
    pub(super) fn slow() -> Self {
        Self { slow: true, ..Self::default() }
    }

    pub(super) fn fault(&self, op: Op, faults: impl IntoIterator<Item = Fault>) {
        self.script.lock().unwrap().entry(op).or_default().extend(faults);
    }

    pub(super) fn times(&self, op: Op) -> usize {
        self.log.lock().unwrap().iter().filter(|&&done| done == op).count()
    }

    async fn act<T>(&self, op: Op, step: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        self.log.lock().unwrap().push(op);
        let fault = self.script.lock().unwrap().get_mut(&op).and_then(VecDeque::pop_front).unwrap_or(Fault::None);
        if self.slow {
            breath().await;
        }
        match fault {
            Fault::Before => return Err(StoreError::new("down")),
            Fault::Hang => pending().await,
            _ => {}
        }
        let done = step.await;
        if self.slow {
            breath().await;
        }
        match fault {
            Fault::After => Err(StoreError::new("connection lost")),
            Fault::HangAfter => pending().await,
            _ => done,
        }
    }
}

impl Store for Faulty {
    async fn claim(&self, claim: NewClaim) -> Result<Claimed, StoreError> {
        self.act(Op::Claim, self.inner.claim(claim)).await
    }
    async fn complete(&self, id: &RecordId, token: Token, outcome: Outcome) -> Result<Held, StoreError> {
        self.act(Op::Complete, self.inner.complete(id, token, outcome)).await
    }
    async fn release(&self, id: &RecordId, token: Token) -> Result<Held, StoreError> {
        self.act(Op::Release, self.inner.release(id, token)).await
    }
    async fn extend(&self, id: &RecordId, token: Token, lease_until: SystemTime) -> Result<Held, StoreError> {
        self.act(Op::Extend, self.inner.extend(id, token, lease_until)).await
    }
    async fn get(&self, id: &RecordId) -> Result<Option<Record>, StoreError> {
        self.inner.get(id).await
    }
    async fn unknowns(
        &self,
        now: SystemTime,
        after: Option<&RecordId>,
        limit: usize,
    ) -> Result<Vec<(RecordId, Record)>, StoreError> {
        self.inner.unknowns(now, after, limit).await
    }
    async fn resolve(
        &self,
        id: &RecordId,
        seen: Seen,
        resolution: Resolution,
        reason: &str,
    ) -> Result<Held, StoreError> {
        self.inner.resolve(id, seen, resolution, reason).await
    }
}

pub(super) fn no_key() -> Option<Cow<'static, str>> {
    None
}
