//! Who gets a saga.

use steadfast::conformance::{Finding, at_once, ensure, failed, poll_and_drop};
use steadfast::idempotent::{Held, Seen, Token};

use super::subject::{MINUTE, Subject, entry};
use crate::saga::{Claimed, NewClaim, SagaLog, SagaRecord, Status};

const MANY: usize = 100;

/// Asks all at once, and says who won and what the others were shown.
async fn rivals<'a, L: SagaLog>(
    s: &Subject<L>,
    claims: &'a [NewClaim],
) -> Result<(Vec<&'a NewClaim>, Vec<SagaRecord>), String> {
    let asked = claims.iter().enumerate().map(|(number, claim)| {
        let (log, claim) = (s.log(number).clone(), claim.clone());
        async move { log.claim(claim).await }
    });
    let (mut winners, mut found) = (Vec::new(), Vec::new());
    for (claim, answer) in claims.iter().zip(at_once(asked).await?) {
        match answer.map_err(failed("claim"))? {
            Claimed::Won => winners.push(claim),
            Claimed::Found(record) => found.push(record),
            Claimed::Gone => return Err("a saga that is there was said to be gone".into()),
        }
    }
    Ok((winners, found))
}

pub(super) async fn one_begins<L: SagaLog>(s: &Subject<L>) -> Finding {
    let id = s.id("begin", "one")?;
    let claims: Vec<NewClaim> = (0..MANY).map(|_| s.begin(&id)).collect();
    let (winners, found) = rivals(s, &claims).await?;
    let [winner] = *winners else { return Err(format!("{} of {MANY} began one saga", winners.len())) };
    let record = s.record(&id).await?;
    ensure!(record == winner.record(), "what was begun is kept as {record:?}, not as {:?}", winner.record());
    ensure!(found.iter().all(|found| *found == record), "who lost was not shown the winner's saga");
    Ok(())
}

/// A claim whose answer was lost is asked again with its token.
pub(super) async fn tried_again<L: SagaLog>(s: &Subject<L>) -> Finding {
    let claim = s.begun(&s.id("again", "begin")?).await?;
    match s.claim(&claim).await? {
        Claimed::Found(record) => ensure!(record == claim.record(), "begun again, it found {record:?}"),
        other => return Err(format!("begun again, it was answered {other:?}")),
    }
    let over = s.over(&claim.id, claim.record().seen());
    ensure!(matches!(s.claim(&over).await?, Claimed::Won), "what was seen could not be taken over");
    let record = s.record(&claim.id).await?;
    match s.claim(&over).await? {
        Claimed::Found(found) => ensure!(found == record, "taken over again, it found {found:?}"),
        other => return Err(format!("taken over again, it was answered {other:?}")),
    }
    ensure!(record.token == over.token && record.version == 1, "taken over, it is {record:?}");
    ensure!(record.entries == [claim.entry, over.entry], "the take-over's entry is not the second one");
    Ok(())
}

/// A claim that is dropped at any point has landed, whole, or has not.
pub(super) async fn dropped<L: SagaLog>(s: &Subject<L>) -> Finding {
    for polls in 0..8 {
        let claim = s.begin(&s.id("dropped", &polls.to_string())?);
        poll_and_drop(s.log(polls).claim(claim.clone()), polls).await;
        match s.claim(&claim).await? {
            Claimed::Won => {}
            Claimed::Found(record) => ensure!(record == claim.record(), "a dropped claim left {record:?}"),
            Claimed::Gone => return Err("a begin found something gone".into()),
        }
        ensure!(s.append(&claim, entry(1)).await? == Held::Yes, "after a dropped claim the owner could not write");
    }
    Ok(())
}

pub(super) async fn one_takes_over<L: SagaLog>(s: &Subject<L>) -> Finding {
    let late = s.begun(&s.id("over", "one")?).await?;
    let claims: Vec<NewClaim> = (0..MANY).map(|_| s.over(&late.id, late.record().seen())).collect();
    let (winners, _) = rivals(s, &claims).await?;
    let [owner] = *winners else { return Err(format!("{} of {MANY} took one saga over", winners.len())) };
    ensure!(s.renew(&late, s.start + 2 * MINUTE).await? == Held::Lost, "a late owner renewed its lease");
    let record = s.record(&late.id).await?;
    ensure!(record.seen() == Seen { token: owner.token, version: 1 }, "after the take-over it is {record:?}");
    ensure!(record.entries.len() == 2, "one take-over left {} entries", record.entries.len());
    ensure!(s.append(owner, entry(2)).await? == Held::Yes, "the new owner could not write");
    Ok(())
}

/// Renewed, or written to, since it was seen.
pub(super) async fn overtaken<L: SagaLog>(s: &Subject<L>) -> Finding {
    let owner = s.begun(&s.id("overtaken", "one")?).await?;
    let seen = owner.record().seen();
    ensure!(s.renew(&owner, s.start + 2 * MINUTE).await? == Held::Yes, "the owner could not renew");
    let found = found(s.claim(&s.over(&owner.id, seen)).await?, "after a renewal")?;
    ensure!(found.status == Status::Open { lease_until: s.start + 2 * MINUTE }, "the lease is {:?}", found.status);
    ensure!(s.append(&owner, entry(1)).await? == Held::Yes, "the owner could not write");
    let record = self::found(s.claim(&s.over(&owner.id, found.seen())).await?, "after an entry")?;
    ensure!(record.seen() == Seen { token: owner.token, version: 2 }, "after both it is {record:?}");
    let stranger = Seen { token: Token::random(), version: 2 };
    self::found(s.claim(&s.over(&owner.id, stranger)).await?, "under another token")?;
    self::found(s.claim(&s.begin(&owner.id)).await?, "by a begin")?;
    ensure!(s.record(&owner.id).await? == record, "a claim that lost changed the saga");
    Ok(())
}

fn found(claimed: Claimed, when: &str) -> Result<SagaRecord, String> {
    match claimed {
        Claimed::Found(record) => Ok(record),
        Claimed::Won => Err(format!("it was taken over {when}, by a version that is not the present one")),
        Claimed::Gone => Err(format!("it was said to be gone {when}")),
    }
}

pub(super) async fn gone<L: SagaLog>(s: &Subject<L>) -> Finding {
    let id = s.id("gone", "one")?;
    let claim = s.over(&id, Seen { token: Token::random(), version: 0 });
    ensure!(matches!(s.claim(&claim).await?, Claimed::Gone), "a take-over of nothing was not told that it is gone");
    ensure!(s.load(&id).await?.is_none(), "a take-over of nothing left something");
    ensure!(s.append(&claim, entry(0)).await? == Held::Lost, "an entry was written to nothing");
    ensure!(s.renew(&claim, s.start).await? == Held::Lost, "nothing was renewed");
    Ok(())
}

/// Ids that differ little, or that a log may take for something else, are different sagas.
pub(super) async fn odd_ids<L: SagaLog>(s: &Subject<L>) -> Finding {
    let long = "ü".repeat(255);
    let odd =
        ["a", "A", "a ", " a", "a:b", "a/b", "a%", "a_", "'; --", "\"", "\\", "{a}", "*", "é", "e\u{301}", "😀", &long];
    let mut claims = Vec::new();
    for id in odd {
        claims.push(s.begun(&s.id("odd", id)?).await.map_err(|why| format!("{id:?}: {why}"))?);
        claims.push(s.begun(&s.id("odd:a", id)?).await.map_err(|why| format!("{id:?} of another saga: {why}"))?);
    }
    for claim in &claims {
        ensure!(s.record(&claim.id).await? == claim.record(), "{:?} is not as it was begun", claim.id);
    }
    let other = s.id("odd", "b")?;
    ensure!(s.load(&other).await?.is_none(), "an id that was never begun is there");
    Ok(())
}
