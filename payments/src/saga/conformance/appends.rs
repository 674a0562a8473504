//! What an owner writes.

use steadfast::conformance::{Finding, at_once, ensure, failed, poll_and_drop};
use steadfast::idempotent::{Held, Seen};

use super::subject::{MINUTE, Subject, entry};
use crate::saga::{Claimed, NewEntry, SagaLog, Status, Then};

pub(super) async fn in_order<L: SagaLog>(s: &Subject<L>) -> Finding {
    let owner = s.begun(&s.id("order", "one")?).await?;
    for seq in 1..=20 {
        ensure!(s.append(&owner, entry(seq + 1)).await? == Held::Lost, "an entry left a gap before it");
        ensure!(s.append(&owner, entry(seq)).await? == Held::Yes, "entry {seq} was not written");
    }
    let record = s.record(&owner.id).await?;
    let expected: Vec<Vec<u8>> = (0..=20).map(|seq| entry(seq).entry).collect();
    ensure!(record.entries == expected, "the entries are not in the order in which they were written");
    ensure!(record.seen() == Seen { token: owner.token, version: 20 }, "after 20 entries it is {record:?}");
    ensure!(record.status == owner.record().status, "an entry changed the lease");
    Ok(())
}

/// An entry whose answer was lost, also when it was the last one.
pub(super) async fn again<L: SagaLog>(s: &Subject<L>) -> Finding {
    let owner = s.begun(&s.id("again", "entry")?).await?;
    let last = NewEntry { then: Then::Ended { at: s.start }, ..entry(2) };
    for entry in [entry(1), last] {
        ensure!(s.append(&owner, entry.clone()).await? == Held::Yes, "an entry was not written");
        let before = s.record(&owner.id).await?;
        ensure!(
            s.append(&owner, entry.clone()).await? == Held::Yes,
            "written again, it was not the owner's: {entry:?}"
        );
        ensure!(
            s.append(&owner, super::subject::entry(1)).await? == Held::Yes,
            "an earlier one was not there any more"
        );
        ensure!(s.record(&owner.id).await? == before, "written again, it changed the saga: {entry:?}");
    }
    Ok(())
}

/// The same step at once over several connections, as one does that did not wait for the answer.
pub(super) async fn one_of_many<L: SagaLog>(s: &Subject<L>) -> Finding {
    let owner = s.begun(&s.id("many", "one")?).await?;
    let asked = (0..20).map(|number| {
        let (log, owner) = (s.log(number).clone(), owner.clone());
        async move { log.append(&owner.id, owner.token, entry(1)).await }
    });
    for answer in at_once(asked).await? {
        let held = answer.map_err(failed("append"))?;
        ensure!(held == Held::Yes, "the owner was told that it is not");
    }
    let record = s.record(&owner.id).await?;
    ensure!(record.entries.len() == 2 && record.version == 1, "20 times the same entry left {record:?}");
    Ok(())
}

pub(super) async fn late_owner<L: SagaLog>(s: &Subject<L>) -> Finding {
    let late = s.begun(&s.id("late", "one")?).await?;
    let over = s.over(&late.id, late.record().seen());
    ensure!(matches!(s.claim(&over).await?, Claimed::Won), "what was seen could not be taken over");
    for seq in [1, 2] {
        ensure!(s.append(&late, entry(seq)).await? == Held::Lost, "a late owner wrote, or was told so");
    }
    ensure!(s.record(&late.id).await?.entries == [late.entry, over.entry], "a late owner changed the entries");
    Ok(())
}

/// An entry that is dropped at any point is there, whole, or is not; and can be written again.
pub(super) async fn dropped<L: SagaLog>(s: &Subject<L>) -> Finding {
    for polls in 0..8 {
        let owner = s.begun(&s.id("dropped-entry", &polls.to_string())?).await?;
        poll_and_drop(s.log(polls).append(&owner.id, owner.token, entry(1)), polls).await;
        ensure!(s.append(&owner, entry(1)).await? == Held::Yes, "a dropped entry could not be written again");
        let record = s.record(&owner.id).await?;
        ensure!(record.entries.len() == 2 && record.version == 1, "a dropped entry left {record:?}");
    }
    Ok(())
}

pub(super) async fn closed<L: SagaLog>(s: &Subject<L>) -> Finding {
    let ended = (Then::Ended { at: s.start }, Status::Ended { at: s.start });
    for (number, (then, status)) in [(Then::Stuck, Status::Stuck), ended].into_iter().enumerate() {
        let owner = s.begun(&s.id("closed", &number.to_string())?).await?;
        ensure!(s.append(&owner, NewEntry { then, ..entry(1) }).await? == Held::Yes, "{then:?} was not written");
        let before = s.record(&owner.id).await?;
        ensure!(before.status == status, "after {then:?} it is {:?}", before.status);
        ensure!(s.append(&owner, entry(2)).await? == Held::Lost, "an entry was written after {then:?}");
        ensure!(s.renew(&owner, s.start + 9 * MINUTE).await? == Held::Yes, "its owner was told that it lost: {then:?}");
        ensure!(s.record(&owner.id).await? == before, "after {then:?} it was changed");
    }
    Ok(())
}

pub(super) async fn large<L: SagaLog>(s: &Subject<L>) -> Finding {
    let owner = s.begun(&s.id("large", "one")?).await?;
    let large = format!("{{\"state\":\"{}\"}}", "\u{1f600}'\\\\".repeat(1 << 17)).into_bytes();
    let written = NewEntry { entry: large.clone(), ..entry(1) };
    ensure!(s.append(&owner, written).await? == Held::Yes, "an entry of a mebibyte was not written");
    ensure!(s.record(&owner.id).await?.entries.get(1) == Some(&large), "an entry of a mebibyte came back otherwise");
    Ok(())
}

pub(super) async fn renewed<L: SagaLog>(s: &Subject<L>) -> Finding {
    let owner = s.begun(&s.id("renewed", "one")?).await?;
    for (version, until) in [(1, s.start + 2 * MINUTE), (2, s.start - MINUTE), (3, s.start + MINUTE)] {
        ensure!(s.renew(&owner, until).await? == Held::Yes, "the owner could not renew");
        let record = s.record(&owner.id).await?;
        ensure!(record.version == version, "after a renewal its version is {}", record.version);
        ensure!(record.status == Status::Open { lease_until: until }, "after a renewal it is {:?}", record.status);
    }
    ensure!(s.append(&owner, entry(1)).await? == Held::Yes, "after a renewal the owner could not write");
    Ok(())
}
