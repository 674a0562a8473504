//! The two futures of an idempotent call: one that ends with its caller, one that does not.

use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::call::{Call, refusal};
use super::detach::Detach;
use super::engage::{Engage, Engaged, Engaging, Go};
use super::owner::Owner;
use super::policy::Idempotency;
use super::record::Stored;
use super::recover::{Asked, Heard};
use super::replay::{Query, Reply};
use super::settle::{Settled, Written, fate, fate_of_own, settle, settle_body};
use super::store::Store;
use crate::{Reason, RecordError, Rejection, observe};

pin_project! {
    #[project = PhaseProjected]
    enum Phase<A, B> {
        Claiming { #[pin] engaged: A },
        Working,
        Settling { #[pin] settled: B },
        Done,
    }
}

pin_project! {
    /// An idempotent call that ends when its caller drops it; a body that had begun is then kept
    /// as of unknown outcome.
    struct Run<A, F, C, S: Store, R, B> {
        #[pin]
        phase: Phase<A, B>,
        #[pin]
        inner: Option<F>,
        policy: &'static Idempotency,
        codec: C,
        settle: fn(Owner<S>, Result<R, Rejection>, Option<Written>) -> B,
        // The last field, so that what the body holds is gone before the record is told.
        owner: Option<Owner<S>>,
    }
}

/// A call that ends with its caller (`on_cancel = unknown`).
pub fn run<R, S, C, F>(call: Call, store: S, codec: C, inner: F) -> impl Future<Output = Result<R, Rejection>>
where
    R: Send + 'static,
    S: Store,
    C: Fn(Query<'_, R>) -> Reply<R>,
    F: Future<Output = Result<R, Rejection>>,
{
    let (policy, on_unknown) = (call.policy(), call.policy().terms().on_unknown.alone());
    Run {
        policy,
        phase: Phase::Claiming { engaged: Engaging::new(call, store, on_unknown) },
        inner: Some(inner),
        codec,
        settle: settle_body::<S, R>,
        owner: None,
    }
}

/// [`run`] for a call that has asked already what became of an earlier one.
pub fn run_asked<R, S, C, F>(asked: Asked<S, R>, codec: C, inner: F) -> impl Future<Output = Result<R, Rejection>>
where
    R: Send + 'static,
    S: Store,
    C: Fn(Query<'_, R>) -> Reply<R>,
    F: Future<Output = Result<R, Rejection>>,
{
    let Asked { policy, answer } = asked;
    let phase = match answer {
        Heard::Go(engaged) => Phase::Claiming { engaged: ready(engaged) },
        Heard::Done(owner, own) => Phase::Settling { settled: ended(Some(known(owner, &own, &codec)), Ok(own), None) },
        Heard::Answer(answer) => Phase::Settling { settled: ended(None, answer, None) },
    };
    let settle = |owner, result, written| ended(Some(owner), result, written);
    Run { phase, inner: Some(inner), policy, codec, settle, owner: None }
}

/// The owner of a result that somebody else knew.
fn known<S: Store, R>(mut owner: Owner<S>, own: &R, codec: impl Fn(Query<'_, R>) -> Reply<R>) -> Owner<S> {
    owner.fate = fate_of_own(&owner, own, codec);
    owner
}

async fn ended<S: Store, R: Send + 'static>(
    owner: Option<Owner<S>>,
    result: Result<R, Rejection>,
    written: Option<Written>,
) -> Settled<R> {
    match owner {
        Some(owner) => settle_body(owner, result, written).await,
        None => Settled::Own(result),
    }
}

impl<A, F, C, S, R, B> Future for Run<A, F, C, S, R, B>
where
    A: Engage<S>,
    F: Future<Output = Result<R, Rejection>>,
    C: Fn(Query<'_, R>) -> Reply<R>,
    S: Store,
    B: Future<Output = Settled<R>>,
{
    type Output = Result<R, Rejection>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.phase.as_mut().project() {
                PhaseProjected::Claiming { engaged } => {
                    let go = match engaged.at_hand() {
                        Some(stored) => Ok(Go::Replay(stored)),
                        None => ready!(engaged.poll(cx)),
                    };
                    this.phase.set(Phase::Done);
                    match go {
                        Ok(Go::Claimed(owner)) => *this.owner = Some(owner),
                        Ok(Go::Keyless) => {}
                        Ok(Go::Replay(stored)) => {
                            return Poll::Ready(replay(this.policy, &stored, &*this.codec));
                        }
                        Err(rejection) => return Poll::Ready(Err(rejection)),
                    }
                    this.phase.set(Phase::Working);
                }
                PhaseProjected::Working => {
                    let Some(inner) = this.inner.as_mut().as_pin_mut() else {
                        return Poll::Pending;
                    };
                    if let Some(owner) = this.owner {
                        owner.begin();
                    }
                    let Poll::Ready(result) = inner.poll(cx) else {
                        if let Some(owner) = this.owner {
                            owner.renew(cx);
                        }
                        return Poll::Pending;
                    };
                    this.inner.set(None);
                    this.phase.set(Phase::Done);
                    let Some(mut owner) = this.owner.take() else {
                        return Poll::Ready(result);
                    };
                    owner.fate = fate(&owner, &result, &*this.codec);
                    let written = Written::by(&owner, &result, &*this.codec);
                    this.phase.set(Phase::Settling { settled: (this.settle)(owner, result, written) });
                }
                PhaseProjected::Settling { settled } => {
                    let settled = ready!(settled.poll(cx));
                    this.phase.set(Phase::Done);
                    return Poll::Ready(match settled {
                        Settled::Own(result) => result,
                        Settled::Committed(stored) => decoded(this.policy, &stored, &*this.codec),
                    });
                }
                PhaseProjected::Done => return Poll::Pending,
            }
        }
    }
}

fn replay<R>(policy: &Idempotency, stored: &Stored, codec: impl Fn(Query<'_, R>) -> Reply<R>) -> Result<R, Rejection> {
    let result = decoded(policy, stored, codec)?;
    observe::replayed(policy.name(), policy.replays());
    Ok(result)
}

fn decoded<R>(policy: &Idempotency, stored: &Stored, codec: impl Fn(Query<'_, R>) -> Reply<R>) -> Result<R, Rejection> {
    let undecodable = |error| Err(refusal(policy, Reason::Undecodable(error)));
    match codec(Query::Decode(stored)) {
        Reply::Decoded(Ok(result)) => Ok(result),
        Reply::Decoded(Err(error)) => undecodable(error),
        _ => undecodable(RecordError::new("the codec did not decode")),
    }
}

type Work<R> = Pin<Box<dyn Future<Output = Result<R, Rejection>> + Send>>;

pin_project! {
    /// An idempotent call whose body, once begun, ends whether its caller stays or not.
    struct Finish<A, F, C, S: Store, R: 'static> {
        #[pin]
        engaged: Option<A>,
        parts: Option<(F, C)>,
        policy: &'static Idempotency,
        start: fn(Option<Owner<S>>, &'static Idempotency, F, C) -> Work<R>,
        work: Detach<Result<R, Rejection>>,
    }
}

/// A call that runs to its end once its body has begun (`on_cancel = finish`).
pub fn finish<R, S, C, F>(call: Call, store: S, codec: C, inner: F) -> impl Future<Output = Result<R, Rejection>>
where
    R: Send + 'static,
    S: Store,
    C: Fn(Query<'_, R>) -> Reply<R> + Send + 'static,
    F: Future<Output = Result<R, Rejection>> + Send + 'static,
{
    let (policy, on_unknown) = (call.policy(), call.policy().terms().on_unknown.alone());
    Finish {
        policy,
        engaged: Some(Engaging::new(call, store, on_unknown)),
        parts: Some((inner, codec)),
        start: start::<R, S, C, F>,
        work: Detach::default(),
    }
}

/// [`finish`] for a call that has asked already what became of an earlier one.
pub fn finish_asked<R, S, C, F>(asked: Asked<S, R>, codec: C, inner: F) -> impl Future<Output = Result<R, Rejection>>
where
    R: Send + 'static,
    S: Store,
    C: Fn(Query<'_, R>) -> Reply<R> + Send + 'static,
    F: Future<Output = Result<R, Rejection>> + Send + 'static,
{
    let Asked { policy, answer } = asked;
    let mut work = Detach::default();
    let engaged = match answer {
        Heard::Go(engaged) => Some(ready(engaged)),
        Heard::Done(owner, own) => {
            let mut owner = known(owner, &own, &codec);
            work.begin(Box::pin(async move { settle(&mut owner, Ok(own)).await }));
            None
        }
        Heard::Answer(answer) => {
            work.begin(Box::pin(ready(answer)));
            None
        }
    };
    Finish { policy, engaged, parts: Some((inner, codec)), start: start::<R, S, C, F>, work }
}

/// The run from the body on, on the heap: it may have to outlive its caller.
fn start<R, S, C, F>(owner: Option<Owner<S>>, policy: &'static Idempotency, inner: F, codec: C) -> Work<R>
where
    R: Send + 'static,
    S: Store,
    C: Fn(Query<'_, R>) -> Reply<R> + Send + 'static,
    F: Future<Output = Result<R, Rejection>> + Send + 'static,
{
    let phase: Phase<Ready<Engaged<S>>, _> = Phase::Working;
    Box::pin(Run { phase, inner: Some(inner), policy, codec, settle: settle_body::<S, R>, owner })
}

impl<A, F, C, S, R> Future for Finish<A, F, C, S, R>
where
    A: Engage<S>,
    C: Fn(Query<'_, R>) -> Reply<R>,
    S: Store,
    R: 'static,
{
    type Output = Result<R, Rejection>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let Some(engaged) = this.engaged.as_mut().as_pin_mut() else {
            return this.work.poll(cx);
        };
        let go = match engaged.at_hand() {
            Some(stored) => Ok(Go::Replay(stored)),
            None => ready!(engaged.poll(cx)),
        };
        this.engaged.set(None);
        let owner = match go {
            Ok(Go::Claimed(owner)) => Some(owner),
            Ok(Go::Keyless) => None,
            // The body is dropped where it is: a replay does not move it.
            Ok(Go::Replay(stored)) => {
                let answer = this.parts.as_ref().map(|(_, codec)| replay(this.policy, &stored, codec));
                *this.parts = None;
                return answer.map_or(Poll::Pending, Poll::Ready);
            }
            Err(rejection) => return Poll::Ready(Err(rejection)),
        };
        let Some((inner, codec)) = this.parts.take() else {
            return Poll::Pending;
        };
        this.work.begin((this.start)(owner, this.policy, inner, codec));
        this.work.poll(cx)
    }
}
