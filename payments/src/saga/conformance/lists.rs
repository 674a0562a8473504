//! What is found, and what is forgotten.

use std::time::{Duration, SystemTime};

use steadfast::conformance::{Finding, ensure, failed};
use steadfast::idempotent::Held;

use super::subject::{MINUTE, Subject, entry};
use crate::saga::{Claimed, NewClaim, NewEntry, SagaId, SagaLog, Status, Then, Which};

const SAGAS: usize = 25;

/// Both lists, by pages of every size; open ones as their leases end, and no other definition's.
pub(super) async fn pages<L: SagaLog>(s: &Subject<L>) -> Finding {
    let saga = s.saga("pages");
    let (mut abandoned, mut stuck) = (Vec::new(), Vec::new());
    for number in 0..SAGAS {
        let owner = s.begun(&s.id("pages", &format!("{number}"))?).await?;
        s.begun(&s.id("pages-of-another", &format!("{number}"))?).await?;
        match number % 4 {
            0 => drop(s.append(&owner, NewEntry { then: Then::Ended { at: s.start }, ..entry(1) }).await?),
            1 => {
                s.append(&owner, NewEntry { then: Then::Stuck, ..entry(1) }).await?;
                stuck.push(owner.id);
            }
            2 => drop(s.renew(&owner, s.start + 3 * MINUTE).await?),
            _ => abandoned.push(owner.id),
        }
    }
    let then = s.start + 2 * MINUTE;
    for page in [1, 2, 3, SAGAS, 1000] {
        same(&abandoned, s.listed(&saga, Which::Abandoned { now: then }, page).await?, "abandoned")?;
        same(&stuck, s.listed(&saga, Which::Stuck, page).await?, "stuck")?;
    }
    let at_the_end = s.listed(&saga, Which::Abandoned { now: s.start + MINUTE }, 100).await?;
    same(&abandoned, at_the_end, "abandoned as their leases end")?;
    let before = s.listed(&saga, Which::Abandoned { now: s.start }, 100).await?;
    ensure!(before.is_empty(), "sagas with a lease are listed as abandoned");
    Ok(())
}

fn same(expected: &[SagaId], mut listed: Vec<SagaId>, what: &str) -> Finding {
    let mut expected = expected.to_vec();
    expected.sort();
    listed.sort();
    ensure!(listed == expected, "{what} are {} sagas, and {} others are listed", expected.len(), listed.len());
    Ok(())
}

/// What is stuck is an operator's to take over; then it is open, and nobody else's.
pub(super) async fn stuck<L: SagaLog>(s: &Subject<L>) -> Finding {
    let owner = s.begun(&s.id("stuck", "one")?).await?;
    ensure!(s.append(&owner, NewEntry { then: Then::Stuck, ..entry(1) }).await? == Held::Yes, "it was not written");
    let seen = s.record(&owner.id).await?.seen();
    let over = s.over(&owner.id, seen);
    ensure!(matches!(s.claim(&over).await?, Claimed::Won), "what is stuck could not be taken over");
    let record = s.record(&owner.id).await?;
    ensure!(record.status == Status::Open { lease_until: over.lease_until }, "taken over, it is {:?}", record.status);
    ensure!(s.listed(&s.saga("stuck"), Which::Stuck, 10).await?.is_empty(), "it is still listed as stuck");
    ensure!(s.append(&owner, entry(3)).await? == Held::Lost, "who had it before wrote on");
    ensure!(s.append(&over, entry(3)).await? == Held::Yes, "who took it over could not write");
    Ok(())
}

/// Long ago, so that nothing but the suite's own is as old.
fn old(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(979_000_000 + seconds)
}

pub(super) async fn purged<L: SagaLog>(s: &Subject<L>) -> Finding {
    let mut ended: Vec<NewClaim> = Vec::new();
    for number in 0..5 {
        let owner = s.begun(&s.id("purged", &format!("ended-{number}"))?).await?;
        let then = Then::Ended { at: old(number) };
        ensure!(s.append(&owner, NewEntry { then, ..entry(1) }).await? == Held::Yes, "it was not written");
        ended.push(owner);
    }
    let stuck = s.begun(&s.id("purged", "stuck")?).await?;
    s.append(&stuck, NewEntry { then: Then::Stuck, ..entry(1) }).await?;
    let open = s.begun(&s.id("purged", "open")?).await?;
    s.renew(&open, old(0)).await?;

    // Four ended before the fifth did; in batches of two.
    let mut forgotten = 0;
    for _ in 0..1000 {
        let batch = s.log(0).purge(old(4), 2).await.map_err(failed("purge"))?;
        ensure!(batch <= 2, "a batch of two forgot {batch}");
        forgotten += batch;
        if batch == 0 {
            break;
        }
    }
    ensure!(forgotten >= 4, "of four that ended before, {forgotten} were forgotten");
    for claim in &ended[..4] {
        ensure!(s.load(&claim.id).await?.is_none(), "what was forgotten is still there");
    }
    ensure!(s.record(&ended[4].id).await?.entries.len() == 2, "what ended later lost its entries");
    ensure!(s.record(&stuck.id).await?.status == Status::Stuck, "what is stuck was purged");
    ensure!(s.record(&open.id).await?.entries.len() == 1, "what is open was purged");

    // Its id is free again, without anything of before.
    let anew = s.begun(&ended[0].id).await?;
    ensure!(s.record(&anew.id).await? == anew.record(), "what was begun anew has something of before");
    ensure!(s.append(&ended[0], entry(1)).await? == Held::Lost, "the owner of before wrote");
    let _ = s.log(0).purge(old(5), 10).await.map_err(failed("purge"))?;
    Ok(())
}
