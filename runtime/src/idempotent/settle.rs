//! After the work: the record, and what the caller hears of it.

use std::time::Duration;

use tokio::time::sleep_until;

use super::call::refusal;
use super::owner::{Fate, Owner, tell};
use super::record::Outcome;
use super::replay::{Query, Reply};
use super::store::{Held, Store, StoreError};
use super::time::Moment;
use super::unrecorded::{Unrecorded, UnrecordedWhy};
use super::within::within;
use crate::kinds::{Ended, Keep};
use crate::{Reason, Rejection, observe};

/// Writes the record until the store has it or the lease ends, then gives the result out.
pub(super) async fn settle<S: Store, R: Send + 'static>(
    mut owner: Owner<S>,
    result: Result<R, Rejection>,
) -> Result<R, Rejection> {
    let told = tell_in_time(&mut owner).await;
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

async fn tell_in_time<S: Store>(owner: &mut Owner<S>) -> Result<Held, StoreError> {
    let fate = owner.last_word();
    let mut now = Moment::now();
    // Even where the lease has ended already: the token decides, not the clock.
    let limit = owner.lease.ends.max(now.mono_after(owner.lease.third()));
    let mut pause = Duration::from_millis(10);
    loop {
        let answer_by = now.mono_after(owner.lease.third()).min(limit);
        let told = within(answer_by, tell(&owner.store, &owner.id, owner.token, fate.clone())).await;
        now = Moment::now();
        let again = now.mono_after(pause);
        // An unknown outcome is what the end of the lease says as well.
        if told.is_ok() || again >= limit || fate == Fate::Ended(Outcome::Unknown) {
            return told;
        }
        sleep_until(again).await;
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
