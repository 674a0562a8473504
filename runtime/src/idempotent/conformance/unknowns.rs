//! What may have happened: it stays, is listed, and is resolved.

use std::sync::Arc;

use super::subject::{HOUR, MINUTE, Subject, stored, value};
use crate::conformance::{Finding, ensure};
use crate::idempotent::{Claimed, Held, NewClaim, Outcome, RecordId, RecordState, Resolution, Store, Stored, Token};

const YEARS: u32 = 24 * 365 * 50;

/// An unknown outcome never expires, and no claim that expects a free key replaces it.
pub(super) async fn stay<S: Store>(s: &Subject<S>) -> Finding {
    let owner = s.claimed(&s.id("stays")?).await?;
    ensure!(s.complete(&owner, Outcome::Unknown).await? == Held::Yes, "it could not be told");
    let late = s.start + HOUR * YEARS;
    let next = NewClaim { token: Token::random(), now: late, lease_until: late + MINUTE, ..s.new_claim(&owner.id) };
    match s.claim(&next).await? {
        Claimed::Won => Err("an unknown outcome was forgotten".into()),
        Claimed::Found(record) if record.is_unknown(late) && !record.is_expired(late) => Ok(()),
        Claimed::Found(record) => Err(format!("fifty years later it is {record:?}")),
    }
}

/// Every unknown record is listed once, whatever the size of the pages; one whose lease has run out
/// too, and nothing else.
pub(super) async fn listed<S: Store>(s: &Subject<S>) -> Finding {
    let mut unknown = Vec::new();
    for number in 0..25 {
        let owner = s.claimed(&s.id(&format!("listed-{number}"))?).await?;
        // Every third is in flight, and its owner dies.
        if number % 3 != 0 {
            s.complete(&owner, Outcome::Unknown).await?;
        }
        unknown.push(owner.id);
    }
    let known = s.claimed(&s.id("listed-known")?).await?;
    s.complete(&known, value(b"1", s.start + HOUR)).await?;
    let alive = s.claimed(&s.id("listed-alive")?).await?;
    s.extend(&alive, s.start + HOUR).await?;

    let ours: Vec<RecordId> = unknown.iter().chain([&known.id, &alive.id]).cloned().collect();
    let now = s.start + MINUTE;
    let in_large_pages = s.listed(&ours, now, 1000).await?;
    for page in [1, 7] {
        let listed = s.listed(&ours, now, page).await?;
        ensure!(listed == in_large_pages, "pages of {page} and of 1000 do not list the same in the same order");
    }
    ensure!(in_large_pages.len() == unknown.len(), "{} of {} are listed", in_large_pages.len(), unknown.len());
    let missed = unknown.iter().find(|id| !in_large_pages.contains(id));
    ensure!(missed.is_none(), "{missed:?} is not listed");
    let earlier = s.listed(&ours, s.start, 1000).await?;
    ensure!(earlier.len() == 16, "while the leases run, {} are listed instead of 16", earlier.len());
    Ok(())
}

/// Who resolves must have seen the record as it is, and a late owner loses.
pub(super) async fn resolved<S: Store>(s: &Subject<S>) -> Finding {
    let expires_at = s.start + HOUR;
    let happened = || Resolution::Happened { stored: Stored::Terminal(Arc::from(*b"51")), expires_at };
    let owner = s.claimed(&s.id("resolved")?).await?;
    let running = s.record(&owner.id).await?.seen();
    s.complete(&owner, Outcome::Unknown).await?;
    let unknown = s.record(&owner.id).await?.seen();
    ensure!(s.resolve(&owner.id, running, happened(), "too old").await? == Held::Lost, "an old version was resolved");
    ensure!(s.resolve(&owner.id, unknown, happened(), "asked the bank").await? == Held::Yes, "it was not resolved");
    ensure!(s.resolve(&owner.id, unknown, happened(), "again").await? == Held::Lost, "it was resolved twice");

    let record = s.record(&owner.id).await?;
    ensure!(stored(&record)? == Stored::Terminal(Arc::from(*b"51")), "it answers with something else");
    ensure!(record.resolved.as_deref() == Some("asked the bank"), "the reason is {:?}", record.resolved);
    ensure!(record.token != owner.token, "the owner of before is still the owner");
    ensure!(record.version > unknown.version, "the version did not grow");
    ensure!(s.complete(&owner, value(b"1", expires_at)).await? == Held::Lost, "a late owner overwrote the resolution");
    ensure!(s.listed(std::slice::from_ref(&owner.id), s.start + MINUTE, 1000).await?.is_empty(), "it is still listed");

    let free = s.claimed(&s.id("resolved-free")?).await?;
    s.complete(&free, Outcome::Unknown).await?;
    let seen = s.record(&free.id).await?.seen();
    let freed = s.resolve(&free.id, seen, Resolution::NeverHappened, "asked the bank").await?;
    ensure!(freed == Held::Yes, "it was not freed");
    ensure!(s.get(&free.id).await?.is_none(), "a freed record is still there");
    let next = s.claimed(&free.id).await?;
    ensure!(matches!(s.record(&next.id).await?.state, RecordState::InFlight { .. }), "the freed key is not claimed");
    Ok(())
}
