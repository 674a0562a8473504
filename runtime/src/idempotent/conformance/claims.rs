//! Who gets a key.

use super::subject::{HOUR, MINUTE, Subject, value};
use crate::conformance::{Finding, at_once, ensure, failed, poll_and_drop};
use crate::idempotent::{Claimed, Held, NewClaim, Record, RecordState, Seen, Store, Token};

const MANY: usize = 100;

/// Asks all at once, and says who won and what the others were shown.
async fn rivals<'a, S: Store>(
    s: &Subject<S>,
    claims: &'a [NewClaim],
) -> Result<(Vec<&'a NewClaim>, Vec<Record>), String> {
    let asked = claims.iter().enumerate().map(|(number, claim)| {
        let (store, claim) = (s.store(number).clone(), claim.clone());
        async move { store.claim(claim).await }
    });
    let (mut winners, mut found) = (Vec::new(), Vec::new());
    for (claim, answer) in claims.iter().zip(at_once(asked).await?) {
        match answer.map_err(failed("claim"))? {
            Claimed::Won => winners.push(claim),
            Claimed::Found(record) => found.push(record),
        }
    }
    Ok((winners, found))
}

/// Exactly one of many claims wins, and the others are shown its record.
pub(super) async fn one_winner<S: Store>(s: &Subject<S>) -> Finding {
    let id = s.id("one-winner")?;
    let claims: Vec<NewClaim> = (0..MANY).map(|_| s.new_claim(&id)).collect();
    let (winners, found) = rivals(s, &claims).await?;
    let [winner] = *winners else { return Err(format!("{} of {MANY} claims of one key won", winners.len())) };
    ensure!(
        found.iter().all(|record| record.token == winner.token && record.version == 0),
        "who lost was not shown the winner's record"
    );
    let record = s.record(&id).await?;
    ensure!(record.token == winner.token, "the record is not the winner's");
    Ok(())
}

/// A claim whose answer was lost is asked again with its token.
pub(super) async fn tried_again<S: Store>(s: &Subject<S>) -> Finding {
    let claim = s.claimed(&s.id("tried-again")?).await?;
    match s.claim(&claim).await? {
        Claimed::Found(record) => ensure!(record.token == claim.token, "it found somebody else's record"),
        Claimed::Won => return Err("a key that is claimed was claimed once more".into()),
    }
    ensure!(s.release(&claim).await? == Held::Yes, "the owner could not release");
    ensure!(s.get(&claim.id).await?.is_none(), "a released record is still there");
    ensure!(s.release(&claim).await? == Held::Lost, "what is not there was released");
    Ok(())
}

/// A claim that is dropped at any point has landed or has not, and leaves the store as it was.
pub(super) async fn dropped<S: Store>(s: &Subject<S>) -> Finding {
    for polls in 0..8 {
        let id = s.id(&format!("dropped-{polls}"))?;
        let claim = s.new_claim(&id);
        poll_and_drop(s.store(polls).claim(claim.clone()), polls).await;
        match s.claim(&claim).await? {
            Claimed::Won => {}
            Claimed::Found(record) => ensure!(record.token == claim.token, "the key is somebody else's"),
        }
        ensure!(s.complete(&claim, value(b"1", s.start + HOUR)).await? == Held::Yes, "the owner could not complete");
    }
    Ok(())
}

/// The record of a dead owner has one new owner, and the late one learns that it lost.
pub(super) async fn taken_over<S: Store>(s: &Subject<S>) -> Finding {
    let late = s.claimed(&s.id("taken-over")?).await?;
    let (ends, seen) = (late.lease_until, s.record(&late.id).await?.seen());
    ensure!(seen == Seen { token: late.token, version: 0 }, "a fresh claim is {seen:?}");

    let claims: Vec<NewClaim> = (0..10).map(|_| take_over(&late, seen)).collect();
    let (winners, _) = rivals(s, &claims).await?;
    let [owner] = *winners else { return Err(format!("{} of 10 take-overs won", winners.len())) };

    ensure!(s.complete(&late, value(b"1", ends + HOUR)).await? == Held::Lost, "a late owner completed");
    ensure!(s.extend(&late, ends + HOUR).await? == Held::Lost, "a late owner extended its lease");
    ensure!(s.release(&late).await? == Held::Lost, "a late owner released");
    let record = s.record(&late.id).await?;
    ensure!(record.seen() == Seen { token: owner.token, version: 0 }, "the new owner's record is {record:?}");
    ensure!(s.complete(owner, value(b"2", ends + HOUR)).await? == Held::Yes, "the new owner could not complete");
    Ok(())
}

/// A claim in the place of a record as it was seen.
fn take_over(late: &NewClaim, seen: Seen) -> NewClaim {
    let now = late.lease_until;
    NewClaim { token: Token::random(), now, lease_until: now + MINUTE, take_over: Some(seen), ..late.clone() }
}

/// A record that changed after it was seen is not taken over.
pub(super) async fn overtaken<S: Store>(s: &Subject<S>) -> Finding {
    let owner = s.claimed(&s.id("overtaken")?).await?;
    let seen = s.record(&owner.id).await?.seen();
    ensure!(s.extend(&owner, owner.lease_until + HOUR).await? == Held::Yes, "the owner could not extend");
    match s.claim(&take_over(&owner, seen)).await? {
        Claimed::Won => return Err("a renewed record was taken over by its version of before".into()),
        Claimed::Found(record) => {
            ensure!(record.token == owner.token && record.version == 1, "it found {record:?}");
            let RecordState::InFlight { lease_until } = record.state else { return Err("it is not in flight".into()) };
            ensure!(lease_until > owner.lease_until, "the lease was not extended");
        }
    }
    Ok(())
}
