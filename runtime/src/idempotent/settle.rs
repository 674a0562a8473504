//! After the work: the record, and what the caller hears of it.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::call::refusal;
use super::owner::{Fate, Owner, tell};
use super::record::{Outcome, RecordState, Stored};
use super::replay::{Query, Reply};
use super::store::{Held, Store, StoreError};
use super::time::Moment;
use super::unrecorded::{Unrecorded, UnrecordedWhy};
use super::within::within;
use crate::kinds::{Ended, Keep};
use crate::{Reason, Rejection, observe};

/// What the caller gets.
pub(super) enum Settled<R> {
    /// This.
    Own(Result<R, Rejection>),
    /// What the body has committed by itself.
    Committed(Stored),
}

/// [`settle`], unless the body has committed its record by itself: then that is the call's end.
pub(super) async fn settle_body<S: Store, R: Send + 'static>(
    mut owner: Owner<S>,
    result: Result<R, Rejection>,
    written: Option<Written>,
) -> Settled<R> {
    if let Some(written) = written
        && let Some(stored) = committed(&mut owner).await
    {
        owner.fate = Fate::Nothing;
        return match written.as_own.as_ref() == Some(&stored) {
            true => Settled::Own(result),
            false => Settled::Committed(stored),
        };
    }
    Settled::Own(settle(&mut owner, result).await)
}

/// What the body was given to write by itself.
pub(super) struct Written {
    /// As what it is stored, where it is what the body returned as well.
    as_own: Option<Stored>,
}

impl Written {
    pub(super) fn by<S: Store, R>(
        owner: &Owner<S>,
        result: &Result<R, Rejection>,
        codec: impl Fn(Query<'_, R>) -> Reply<R>,
    ) -> Option<Self> {
        let given = owner.claim.as_ref()?.given()?;
        let own_plain = result.as_ref().map(|own| codec(Query::Plain(own)));
        let is_own = matches!(own_plain, Ok(Reply::Store(plain)) if plain == given.plain);
        Some(Self { as_own: is_own.then_some(given.stored) })
    }
}

/// The result that is in the owner's record. `None` where there is none, and where nobody can tell:
/// then the owner's own word does no harm, because an ended record stays as it is.
async fn committed<S: Store>(owner: &mut Owner<S>) -> Option<Stored> {
    let record = in_time(owner.lease.ends, owner.lease.third(), true, || owner.store.get(&owner.id)).await.ok()??;
    match record.state {
        RecordState::Ended(Outcome::Known { stored, .. }) if record.token == owner.token => Some(stored),
        _ => None,
    }
}

/// Writes the record until the store has it or the lease ends, then gives the result out.
pub(super) async fn settle<S: Store, R: Send + 'static>(
    owner: &mut Owner<S>,
    result: Result<R, Rejection>,
) -> Result<R, Rejection> {
    let fate = owner.last_word();
    // An unknown outcome is what the end of the lease says as well.
    let again = fate != Fate::Ended(Outcome::Unknown);
    let told = in_time(owner.lease.ends, owner.lease.third(), again, || {
        tell(&owner.store, &owner.id, owner.token, fate.clone())
    })
    .await;
    let keeps_result = matches!(owner.fate, Fate::Ended(Outcome::Known { .. }));
    owner.fate = Fate::Nothing;
    let why = match told {
        Ok(Held::Yes) => return result,
        Ok(Held::Lost) => UnrecordedWhy::Lost,
        Err(error) => UnrecordedWhy::Store(error),
    };
    let name = owner.policy.name();
    match result {
        Ok(own) if keeps_result => {
            let unrecorded = Unrecorded::new(why, own);
            observe::record_trouble(name, "unrecorded", &unrecorded);
            Err(refusal(owner.policy, Reason::Unrecorded(unrecorded)))
        }
        other => {
            if let UnrecordedWhy::Store(error) = why {
                observe::record_trouble(name, "not_told", &error);
            }
            other
        }
    }
}

/// One step of the store, tried again until it answers or the lease ends.
async fn in_time<T, F>(lease_ends: Instant, third: Duration, again: bool, step: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut now = Moment::now();
    // Even where the lease has ended already: the token decides, not the clock.
    let limit = lease_ends.max(now.mono_after(third));
    let mut pause = Duration::from_millis(10);
    loop {
        let answer_by = now.mono_after(third).min(limit);
        let answer = within(answer_by, step()).await;
        now = Moment::now();
        let next = now.mono_after(pause);
        if answer.is_ok() || next >= limit || !again {
            return answer;
        }
        sleep_until(next).await;
        now = Moment::now();
        pause = (pause * 2).min(Duration::from_secs(1));
    }
}

/// What becomes of the record of a result.
pub(super) fn fate<S: Store, R>(
    owner: &Owner<S>,
    result: &Result<R, Rejection>,
    codec: impl Fn(Query<'_, R>) -> Reply<R>,
) -> Fate {
    match result {
        Ok(own) => fate_of_own(owner, own, codec),
        Err(rejection) => fate_of(rejection),
    }
}

/// What becomes of the record of the function's own result.
pub(super) fn fate_of_own<S: Store, R>(owner: &Owner<S>, own: &R, codec: impl Fn(Query<'_, R>) -> Reply<R>) -> Fate {
    match codec(Query::Encode(own)) {
        Reply::Store(stored) => {
            let expires_at = Moment::now().wall_after(owner.policy.terms().ttl);
            Fate::Ended(Outcome::Known { stored, expires_at })
        }
        Reply::Release => Fate::Released,
        Reply::Unknown | Reply::Decoded(_) => Fate::Ended(Outcome::Unknown),
        Reply::Unencodable(error) => {
            observe::record_trouble(owner.policy.name(), "unencodable", &error);
            Fate::Ended(Outcome::Unknown)
        }
    }
}

/// A refusal from below is never a result.
fn fate_of(rejection: &Rejection) -> Fate {
    match Ended::from(rejection).ending.row().keep {
        Keep::Released => Fate::Released,
        Keep::Unknown | Keep::Stored => Fate::Ended(Outcome::Unknown),
    }
}
