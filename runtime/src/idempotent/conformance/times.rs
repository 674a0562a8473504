//! Times: they come back, and none of them breaks a store.

use std::time::{Duration, SystemTime};

use super::subject::{HOUR, MINUTE, Subject, value};
use crate::conformance::{Finding, ensure};
use crate::idempotent::{Claimed, Held, NewClaim, Outcome, RecordState, Store, Token};

/// How coarse a store may be.
const COARSE: Duration = Duration::from_millis(1);

/// What a record says of time is what it was told.
pub(super) async fn round_trip<S: Store>(s: &Subject<S>) -> Finding {
    let id = s.id("times")?;
    let odd = Duration::from_nanos(123_456_789);
    let claim = NewClaim { claimed_at: s.start - HOUR - odd, lease_until: s.start + HOUR + odd, ..s.new_claim(&id) };
    ensure!(matches!(s.claim(&claim).await?, Claimed::Won), "a fresh key was not free");
    let record = s.record(&id).await?;
    ensure!(near(record.claimed_at, claim.claimed_at), "claimed at {:?}, it says {:?}", claim, record);
    let RecordState::InFlight { lease_until } = record.state else { return Err("it is not in flight".into()) };
    ensure!(near(lease_until, claim.lease_until), "the lease ends at {lease_until:?} instead of {claim:?}");

    let expires = s.start + 2 * HOUR + odd;
    s.complete(&claim, value(b"1", expires)).await?;
    let record = s.record(&id).await?;
    let RecordState::Ended(Outcome::Known { expires_at, .. }) = record.state else {
        return Err(format!("it is {record:?}"));
    };
    ensure!(near(expires_at, expires), "it expires at {expires_at:?} instead of {expires:?}");
    ensure!(near(record.claimed_at, claim.claimed_at), "the end changed when it was claimed");
    Ok(())
}

fn near(one: SystemTime, other: SystemTime) -> bool {
    let apart = one.duration_since(other).or_else(|_| other.duration_since(one));
    apart.is_ok_and(|apart| apart < COARSE)
}

/// A clock that jumps neither loses a record nor breaks the store.
pub(super) async fn jumps<S: Store>(s: &Subject<S>) -> Finding {
    let times = [
        SystemTime::UNIX_EPOCH,
        SystemTime::UNIX_EPOCH - HOUR * 24 * 365,
        s.start - HOUR * 24 * 365,
        s.start + HOUR * 24 * 365 * 200,
    ];
    for (number, now) in times.into_iter().enumerate() {
        let id = s.id(&format!("jumps-{number}"))?;
        let running = s.claimed(&id).await?;
        // Another process, whose clock is elsewhere, sees the record as it is.
        let elsewhere =
            NewClaim { token: Token::random(), now, claimed_at: now, lease_until: now + MINUTE, ..running.clone() };
        match s.claim(&elsewhere).await? {
            Claimed::Won => return Err(format!("a clock at {now:?} took a key that is claimed")),
            Claimed::Found(record) => ensure!(record.token == running.token, "it found another record"),
        }
        // Its own record is kept by its own clock.
        let own = s.id(&format!("jumps-own-{number}"))?;
        let own = NewClaim { id: own, ..elsewhere };
        ensure!(matches!(s.claim(&own).await?, Claimed::Won), "a clock at {now:?} could not claim");
        let record = s.record(&own.id).await?;
        ensure!(near(record.claimed_at, now), "claimed at {now:?}, it says {:?}", record.claimed_at);
        ensure!(s.extend(&own, now + HOUR).await? == Held::Yes, "a clock at {now:?} could not extend");
        ensure!(s.complete(&own, Outcome::Unknown).await? == Held::Yes, "a clock at {now:?} could not complete");
        ensure!(s.record(&own.id).await?.is_unknown(now), "an unknown outcome is not one at {now:?}");
    }
    Ok(())
}
