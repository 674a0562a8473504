//! What becomes of a record that somebody owns.

use std::sync::Arc;

use super::subject::{HOUR, Subject, stored, value};
use crate::conformance::{Finding, ensure, failed};
use crate::idempotent::{Claimed, Fingerprint, Held, NewClaim, Outcome, RecordState, Seen, Store, Stored, Token};

/// Nobody else ends, extends or releases a record.
pub(super) async fn only_the_owner<S: Store>(s: &Subject<S>) -> Finding {
    let owner = s.claimed(&s.id("only-the-owner")?).await?;
    let other = NewClaim { token: Token::random(), ..owner.clone() };
    ensure!(s.complete(&other, value(b"1", s.start + HOUR)).await? == Held::Lost, "a stranger completed");
    ensure!(s.complete(&other, Outcome::Unknown).await? == Held::Lost, "a stranger made it unknown");
    ensure!(s.extend(&other, s.start + HOUR).await? == Held::Lost, "a stranger extended");
    ensure!(s.release(&other).await? == Held::Lost, "a stranger released");
    let record = s.record(&owner.id).await?;
    ensure!(record.seen() == Seen { token: owner.token, version: 0 }, "it changed to {record:?}");
    Ok(())
}

/// A record that has ended is its owner's, and stays as it is.
pub(super) async fn ended_stays<S: Store>(s: &Subject<S>) -> Finding {
    let owner = s.claimed(&s.id("ended-stays")?).await?;
    ensure!(s.extend(&owner, s.start + HOUR).await? == Held::Yes, "the owner could not extend");
    ensure!(s.complete(&owner, value(b"first", s.start + HOUR)).await? == Held::Yes, "the owner could not complete");
    let ended = s.record(&owner.id).await?;
    ensure!(ended.version == 2, "an extension and a completion made version {}", ended.version);
    ensure!(ended.resolved.is_none(), "nobody resolved it");

    let again = s.complete(&owner, value(b"first", s.start + HOUR)).await?;
    ensure!(again == Held::Yes, "a completion whose answer was lost is {again:?} when it is tried again");
    let unknown = s.complete(&owner, Outcome::Unknown).await?;
    ensure!(unknown == Held::Yes, "the owner of an ended record is told {unknown:?}");
    let extended = s.extend(&owner, s.start + HOUR).await?;
    ensure!(extended == Held::Yes, "a renewal after the end is told {extended:?}");
    ensure!(s.release(&owner).await? == Held::Lost, "an ended record was released");
    ensure!(s.record(&owner.id).await? == ended, "an ended record changed");
    Ok(())
}

/// A result that has expired makes room for a new claim, which the core asks for by its version.
pub(super) async fn expires<S: Store>(s: &Subject<S>) -> Finding {
    let owner = s.claimed(&s.id("expires")?).await?;
    let expires_at = s.start + HOUR;
    ensure!(s.complete(&owner, value(b"1", expires_at)).await? == Held::Yes, "the owner could not complete");
    let seen = s.record(&owner.id).await?.seen();

    let mut next = NewClaim { token: Token::random(), now: expires_at, claimed_at: expires_at, ..owner.clone() };
    next.lease_until = expires_at + HOUR;
    if let Claimed::Found(record) = s.claim(&next).await? {
        ensure!(record.is_expired(expires_at), "it does not say that it has expired: {record:?}");
        next.take_over = Some(seen);
        ensure!(matches!(s.claim(&next).await?, Claimed::Won), "an expired record could not be replaced");
    }
    let record = s.record(&owner.id).await?;
    ensure!(record.seen() == Seen { token: next.token, version: 0 }, "the new record is {record:?}");
    ensure!(matches!(record.state, RecordState::InFlight { .. }), "the new record is not in flight");
    ensure!(s.complete(&next, value(b"2", expires_at + HOUR)).await? == Held::Yes, "the new owner could not complete");
    ensure!(stored(&s.record(&owner.id).await?)? == Stored::Value(Arc::from(*b"2")), "it answers with the old result");
    Ok(())
}

/// Results come back byte for byte, and as what they were.
pub(super) async fn any_bytes<S: Store>(s: &Subject<S>) -> Finding {
    let every: Vec<u8> = (0..=255).collect();
    let large: Vec<u8> = (0..1 << 20).map(|at: u32| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let results = [
        Stored::Value(Arc::from(*b"")),
        Stored::Terminal(Arc::from(*b"")),
        Stored::Value(Arc::from(&*every)),
        Stored::Terminal(Arc::from(&*every)),
        Stored::Value(Arc::from(&*large)),
    ];
    for (number, result) in results.into_iter().enumerate() {
        let owner = s.claimed(&s.id(&format!("bytes-{number}"))?).await?;
        let outcome = Outcome::Known { stored: result.clone(), expires_at: s.start + HOUR };
        ensure!(s.complete(&owner, outcome).await? == Held::Yes, "{result:?} could not be stored");
        let back = stored(&s.record(&owner.id).await?)?;
        ensure!(back == result, "{result:?} came back as {back:?}, or with other bytes");
    }
    Ok(())
}

/// A fingerprint comes back, and none is none.
pub(super) async fn fingerprints<S: Store>(s: &Subject<S>) -> Finding {
    for fingerprint in [None, Some(Fingerprint::of(&17).map_err(failed("a fingerprint"))?)] {
        let id = s.id(&format!("fingerprint-{}", fingerprint.is_some()))?;
        let claim = NewClaim { fingerprint, ..s.new_claim(&id) };
        ensure!(matches!(s.claim(&claim).await?, Claimed::Won), "a fresh key was not free");
        ensure!(s.record(&id).await?.fingerprint == fingerprint, "the fingerprint of a claim is not in its record");
        s.complete(&claim, value(b"1", s.start + HOUR)).await?;
        ensure!(s.record(&id).await?.fingerprint == fingerprint, "the fingerprint is lost when the call has ended");
    }
    Ok(())
}
