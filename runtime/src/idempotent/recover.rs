//! A call that finds an unknown outcome asks the function's `recover` what became of it.

use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::pin;
use std::time::SystemTime;

use super::call::{Call, refusal, unavailable};
use super::choices::OnUnknown;
use super::engage::{Engaging, Go};
use super::owner::{Fate, Owner};
use super::policy::Idempotency;
use super::settle::settle;
use super::store::{Claimed, NewClaim, Store, StoreError};
use super::time::Moment;
use super::within::within;
use crate::{Reason, Rejection};

/// What became of a call of unknown outcome, as the function says that
/// `#[idempotent(on_unknown = recover = path)]` names.
///
/// A call whose key has an unknown outcome (an earlier one timed out, panicked, died, or let its
/// lease run out) asks that function before it does anything else. It is given the
/// [`Claim`](super::Claim) and every parameter of the call by reference, in their order; for a
/// method, `self` comes first. It returns `Result<Recovered<T>, E>` for a function that returns
/// `Result<T, E>`.
///
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use steadfast::idempotent::{Claim, MemoryStore, Recovered};
/// use steadfast::{Failure, Rejection, idempotent};
///
/// #[derive(Debug, Failure)]
/// enum PayoutError {
///     #[failure(unknown)]
///     NoAnswer,
///     #[failure(transparent)]
///     Refused(Rejection),
/// }
/// # impl From<Rejection> for PayoutError {
/// #     fn from(rejection: Rejection) -> Self {
/// #         Self::Refused(rejection)
/// #     }
/// # }
///
/// #[idempotent(
///     name = "docs.recovered.payout",
///     key = key,
///     payload = amount,
///     store = records,
///     claim = claim,
///     on_unknown = recover = look_up
/// )]
/// async fn payout(records: MemoryStore, amount: u64, key: String) -> Result<String, PayoutError> {
///     Err(PayoutError::NoAnswer) // sent under `claim.downstream_key()`, and the connection broke
/// }
///
/// /// Asks the bank for the payout of this key.
/// async fn look_up(
///     claim: &Claim,
///     _records: &MemoryStore,
///     amount: &u64,
///     _key: &String,
/// ) -> Result<Recovered<String>, PayoutError> {
///     # static ASKED: AtomicU32 = AtomicU32::new(0);
///     # if ASKED.fetch_add(1, Ordering::Relaxed) == 0 {
///     #     return Ok(Recovered::StillUnknown);
///     # }
///     // GET /payouts?key=..
///     Ok(Recovered::Done(format!("po_{}_{amount}", &claim.downstream_key()[..4])))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let records = MemoryStore::default();
/// assert!(matches!(payout(records.clone(), 500, "order-17".into()).await, Err(PayoutError::NoAnswer)));
///
/// // The bank does not know yet.
/// let Err(PayoutError::Refused(refused)) = payout(records.clone(), 500, "order-17".into()).await else { panic!() };
/// assert_eq!(refused.code(), "outcome_unknown");
///
/// // Now it does. The payout is not sent again, and every later call gets the same value.
/// let payout_id = payout(records.clone(), 500, "order-17".into()).await.unwrap();
/// assert_eq!(payout(records, 500, "order-17".into()).await.unwrap(), payout_id);
/// # }
/// ```
///
/// While it is asked, the call holds the key: others are told that it is in flight. Where it fails,
/// panics, or its caller goes away, the outcome stays unknown; its error is the call's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovered<T> {
    /// It happened, with this value: it is recorded, and replayed from now on.
    Done(T),
    /// It never happened: the function runs now, under the same claim.
    NeverHappened,
    /// Nobody can say yet: the call is refused with
    /// [`Reason::OutcomeUnknown`](crate::Reason::OutcomeUnknown).
    StillUnknown,
}

/// A call that has its key, or its answer, after the question.
pub struct Asked<S: Store, R> {
    pub(super) policy: &'static Idempotency,
    pub(super) answer: Heard<S, R>,
}

#[allow(clippy::large_enum_variant, reason = "moved once, as `Go` is")]
pub(super) enum Heard<S: Store, R> {
    /// There was nothing to ask, or it never happened.
    Go(Result<Go<S>, Rejection>),
    /// It happened, with this result; the record is the owner's to write.
    Done(Owner<S>, R),
    /// The call ends with this, and the record is as it was.
    Answer(Result<R, Rejection>),
}

/// Claims the key, and asks where its outcome is unknown. The one place that asks anything of the
/// function that `recover` names.
pub async fn recover<T, E, S, Q, F>(
    call: Call,
    store: S,
    _: PhantomData<Result<T, E>>,
    ask: Q,
) -> Asked<S, Result<T, E>>
where
    T: Send + 'static,
    E: Send + 'static,
    S: Store,
    Q: FnOnce() -> F,
    F: Future<Output = Result<Recovered<T>, E>>,
{
    let policy = call.policy();
    let asks = policy.terms().on_unknown == OnUnknown::Recover;
    let answer = match Engaging::new(call, store, policy.terms().on_unknown).engaged().await {
        Ok(Go::Claimed(mut owner)) if asks && owner.doubt.is_some() => {
            // From here on, whoever drops this leaves the outcome as it was.
            owner.begin();
            let answer = answer(&mut owner, ask).await;
            heard(owner, answer).await
        }
        engaged => Heard::Go(engaged),
    };
    Asked { policy, answer }
}

/// The answer, with the lease renewed beside it.
async fn answer<S: Store, Q: FnOnce() -> F, F: Future>(owner: &mut Owner<S>, ask: Q) -> F::Output {
    let mut asked = pin!(ask());
    poll_fn(|cx| {
        let answer = asked.as_mut().poll(cx);
        if answer.is_pending() {
            owner.renew(cx);
        }
        answer
    })
    .await
}

async fn heard<T, E, S>(mut owner: Owner<S>, answer: Result<Recovered<T>, E>) -> Heard<S, Result<T, E>>
where
    T: Send + 'static,
    E: Send + 'static,
    S: Store,
{
    let since = owner.doubt.unwrap_or(SystemTime::UNIX_EPOCH);
    let unknown = refusal(owner.policy, Reason::OutcomeUnknown { since });
    match answer {
        Ok(Recovered::Done(value)) => Heard::Done(owner, Ok(value)),
        Ok(Recovered::NeverHappened) => Heard::Go(anew(owner).await.map(Go::Claimed)),
        Ok(Recovered::StillUnknown) => Heard::Answer(settle(&mut owner, Err(unknown)).await),
        Err(error) => Heard::Answer(settle(&mut owner, Ok(Err(error))).await),
    }
}

/// The claim of a call that is to run after all, with a whole lease. The question may have taken
/// long, and nothing has begun yet: so the store is asked whether the key is still the owner's.
async fn anew<S: Store>(mut owner: Owner<S>) -> Result<Owner<S>, Rejection> {
    let at = Moment::now();
    let answer_by = at.mono_after(owner.lease.third());
    match within(answer_by, claim_anew(&mut owner, at)).await {
        Ok(true) => {
            owner.lease.begins(at);
            owner.doubt = None;
            owner.fate = Fate::Released;
            Ok(owner)
        }
        Ok(false) => {
            owner.fate = Fate::Nothing;
            Err(refusal(owner.policy, Reason::InFlight { retry_after: owner.lease.length() }))
        }
        Err(error) => Err(unavailable(owner.policy, error)),
    }
}

/// A renewal under way may change the record between two steps, once.
const TRIES: usize = 3;

/// Claims the owner's own record as of now. It was as old as the doubt, which is over: should the run
/// that begins now end unknown, a statement about that time must not be taken for one about this run.
//
// Exclusive, because a lease holds a renewal that is not `Sync`.
async fn claim_anew<S: Store>(owner: &mut Owner<S>, at: Moment) -> Result<bool, StoreError> {
    for _ in 0..TRIES {
        let present = owner.store.get(&owner.id).await?;
        let Some(record) = present.filter(|record| record.token == owner.token) else { return Ok(false) };
        let claim = NewClaim {
            id: owner.id.clone(),
            fingerprint: record.fingerprint,
            token: owner.token,
            now: at.wall,
            claimed_at: at.wall,
            lease_until: at.wall_after(owner.lease.length()),
            take_over: Some(record.seen()),
        };
        if let Claimed::Won = owner.store.claim(claim).await? {
            return Ok(true);
        }
    }
    Ok(false)
}
