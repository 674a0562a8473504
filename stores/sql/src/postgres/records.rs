//! Records in PostgreSQL.

use std::time::SystemTime;

use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Connection, Row};
use steadfast::idempotent::{Claimed, Held, NewClaim, Record, RecordId, Resolution, Seen, Token};

use super::{Postgres, schema, statements};
use crate::database::{Commits, Database};
use crate::loan::Loan;
use crate::questions::{Asked, Questions};
use crate::row::{self, StateColumns};
use crate::setup::SetupError;
use crate::step::{Change, Done, Step};
use crate::time::to_column;

pub(super) type Ask = Questions<sqlx::Postgres>;

/// What to do about a row that somebody's transaction has locked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Locked {
    Skip,
    Wait,
}

impl Commits for Postgres {
    async fn commit(&self, steps: &[Step]) -> sqlx::Result<Vec<Done>> {
        let mut loan = Loan::from(&self.pool).await?;
        let done = commit(loan.connection(), steps).await;
        loan.back(done)
    }
}

impl Database for Postgres {
    async fn migrate(&self) -> Result<(), SetupError> {
        schema::migrate(&self.pool).await
    }

    async fn check(&self) -> Result<(), SetupError> {
        schema::check(&self.pool).await
    }

    async fn alone(&self, step: &Step) -> sqlx::Result<Done> {
        let mut loan = Loan::from(&self.pool).await?;
        let done = take(loan.connection(), std::slice::from_ref(step), Locked::Wait).await;
        Ok(loan.back(done)?.pop().unwrap_or(Done::Again))
    }

    async fn get(&self, id: &RecordId) -> sqlx::Result<Option<Record>> {
        let mut loan = Loan::from(&self.pool).await?;
        let row = Ask::about(statements::GET, id).fetch_optional(loan.connection()).await;
        loan.back(row)?.as_ref().map(row::record).transpose()
    }

    async fn unknowns(
        &self,
        now: SystemTime,
        after: Option<&RecordId>,
        limit: usize,
    ) -> sqlx::Result<Vec<(RecordId, Record)>> {
        let asked = Ask::unknowns(statements::UNKNOWNS, now, after, limit);
        let mut loan = Loan::from(&self.pool).await?;
        let found = asked.fetch_all(loan.connection()).await;
        loan.back(found)?.iter().map(|found| Ok((row::id(found)?, row::record(found)?))).collect()
    }

    async fn resolve(&self, id: &RecordId, seen: Seen, resolution: Resolution, reason: &str) -> sqlx::Result<Held> {
        let ended = row::resolved(resolution);
        let asked = match ended.as_ref().map(StateColumns::from) {
            None => Ask::never_happened(statements::NEVER_HAPPENED, id, seen),
            Some(columns) => Ask::resolve(statements::RESOLVE, id, seen, &columns, reason),
        };
        let mut loan = Loan::from(&self.pool).await?;
        let changed = asked.execute(loan.connection()).await;
        Ok(row::held(loan.back(changed)?.rows_affected() > 0))
    }

    async fn first_seen(&self, space: &str, id: &str, now: SystemTime, until: SystemTime) -> sqlx::Result<bool> {
        let asked = Ask::first_seen(statements::FIRST_SEEN, space, id, now, until);
        let mut loan = Loan::from(&self.pool).await?;
        let seen = asked.execute(loan.connection()).await;
        let seen = loan.back(seen)?;
        Ok(seen.rows_affected() > 0)
    }

    async fn purge(&self, now: SystemTime, limit: i64) -> sqlx::Result<u64> {
        let mut loan = Loan::from(&self.pool).await?;
        let gone = purge(loan.connection(), now, limit).await;
        loan.back(gone)
    }
}

async fn purge(connection: &mut PgConnection, now: SystemTime, limit: i64) -> sqlx::Result<u64> {
    let gone = sqlx::query(statements::PURGE).bind(to_column(now)).bind(limit);
    let gone = gone.execute(&mut *connection).await?.rows_affected();
    let rest = limit.saturating_sub_unsigned(gone);
    let forgotten = sqlx::query(statements::PURGE_SEEN).bind(to_column(now)).bind(rest);
    Ok(gone.saturating_add(forgotten.execute(connection).await?.rows_affected()))
}

/// A statement by itself is a transaction; more than one need one around them.
async fn commit(connection: &mut PgConnection, steps: &[Step]) -> sqlx::Result<Vec<Done>> {
    if let [step] = steps
        && let Some(done) = lone(connection, step).await?
    {
        return Ok(vec![done]);
    }
    if statements_for(steps) < 2 {
        return take(connection, steps, Locked::Skip).await;
    }
    // Told, because the role's default may be one in which two writers fail each other.
    let mut transaction = connection.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
    let done = take(&mut transaction, steps, Locked::Skip).await?;
    transaction.commit().await?;
    Ok(done)
}

/// The plain way, which most steps go: the claim of a free key, and the owner's word on a record in
/// flight. `None` where it is none of these, and nothing was done.
async fn lone(connection: &mut PgConnection, step: &Step) -> sqlx::Result<Option<Done>> {
    let (asked, done) = match step {
        Step::Claim(claim) if claim.take_over.is_some() => return Ok(None),
        Step::Claim(claim) => (Ask::claim(statements::LONE_CLAIM, claim), Done::Claimed(Claimed::Won)),
        Step::Change(change) => {
            let asked = match change.to.as_ref().map(StateColumns::from) {
                Some(columns) => Ask::write(statements::LONE_WRITE, &change.id, change.token, &columns),
                None => Ask::of_owner(statements::LONE_RELEASE, &change.id, change.token),
            };
            (asked, Done::Held(Held::Yes))
        }
    };
    Ok((asked.execute(connection).await?.rows_affected() > 0).then_some(done))
}

fn statements_for(steps: &[Step]) -> usize {
    let claims = steps.iter().any(|step| matches!(step, Step::Claim(_)));
    let changes = steps.iter().any(|step| matches!(step, Step::Change(_)));
    let take_overs = steps.iter().filter(|step| matches!(step, Step::Claim(claim) if claim.take_over.is_some()));
    take_overs.count() + usize::from(claims) + usize::from(changes)
}

async fn take(connection: &mut PgConnection, steps: &[Step], locked: Locked) -> sqlx::Result<Vec<Done>> {
    let mut done: Vec<Option<Done>> = steps.iter().map(|_| None).collect();
    let (mut claims, mut changes) = (Vec::new(), Vec::new());
    for (step, done) in steps.iter().zip(&mut done) {
        match step {
            Step::Change(change) => changes.push((change, done)),
            Step::Claim(claim) => {
                if let Some(seen) = claim.take_over
                    && take_over(connection, claim, seen, locked).await?
                {
                    *done = Some(Done::Claimed(Claimed::Won));
                } else {
                    claims.push((claim, done));
                }
            }
        }
    }
    if !claims.is_empty() {
        let asked: Vec<_> = claims.iter().map(|(claim, _)| *claim).collect();
        let rows = claim(connection, &asked).await?;
        for ((claim, done), row) in claims.into_iter().zip(&rows) {
            *done = Some(claimed(claim, row, locked)?);
        }
    }
    if !changes.is_empty() {
        let asked: Vec<_> = changes.iter().map(|(change, _)| *change).collect();
        let rows = change(connection, &asked, locked).await?;
        for ((change, done), row) in changes.into_iter().zip(&rows) {
            *done = Some(changed(change, row, locked)?);
        }
    }
    Ok(done.into_iter().map(|done| done.unwrap_or(Done::Again)).collect())
}

async fn take_over(connection: &mut PgConnection, claim: &NewClaim, seen: Seen, locked: Locked) -> sqlx::Result<bool> {
    let sql = match locked {
        Locked::Skip => statements::TAKE_OVER,
        Locked::Wait => statements::TAKE_OVER_WAITING,
    };
    Ok(Ask::take_over(sql, claim, seen).execute(connection).await?.rows_affected() > 0)
}

async fn claim(connection: &mut PgConnection, claims: &[&NewClaim]) -> sqlx::Result<Vec<PgRow>> {
    let fingerprints = claims.iter().map(|claim| claim.fingerprint.map(|fingerprint| fingerprint.to_bytes().to_vec()));
    let tokens = claims.iter().map(|claim| claim.token.to_bytes().to_vec());
    identities(statements::CLAIM, claims.iter().map(|claim| &claim.id))
        .bind(fingerprints.collect::<Vec<_>>())
        .bind(tokens.collect::<Vec<_>>())
        .bind(claims.iter().map(|claim| to_column(claim.claimed_at)).collect::<Vec<_>>())
        .bind(claims.iter().map(|claim| to_column(claim.lease_until)).collect::<Vec<_>>())
        .fetch_all(connection)
        .await
}

fn claimed(claim: &NewClaim, row: &PgRow, locked: Locked) -> sqlx::Result<Done> {
    if row.try_get("won")? {
        return Ok(Done::Claimed(Claimed::Won));
    }
    if !row.try_get::<bool, _>("found")? {
        return Ok(Done::Again);
    }
    let record = row::record(row)?;
    // It may be taken over, and was not: it is locked.
    let skipped = locked == Locked::Skip && claim.take_over == Some(record.seen());
    Ok(if skipped { Done::Locked } else { Done::Claimed(Claimed::Found(record)) })
}

async fn change(connection: &mut PgConnection, changes: &[&Change], locked: Locked) -> sqlx::Result<Vec<PgRow>> {
    let sql = match locked {
        Locked::Skip => statements::CHANGE,
        Locked::Wait => statements::CHANGE_WAITING,
    };
    let tokens = changes.iter().map(|change| change.token.to_bytes().to_vec());
    let states: Vec<_> = changes.iter().map(|change| change.to.as_ref().map(StateColumns::from)).collect();
    let states = || states.iter().map(Option::as_ref);
    identities(sql, changes.iter().map(|change| &change.id))
        .bind(tokens.collect::<Vec<_>>())
        .bind(states().map(|columns| columns.map(|columns| columns.state)).collect::<Vec<_>>())
        .bind(states().map(|columns| columns?.lease_until).collect::<Vec<_>>())
        .bind(states().map(|columns| columns?.stored).collect::<Vec<_>>())
        .bind(states().map(|columns| columns?.expires_at).collect::<Vec<_>>())
        .fetch_all(connection)
        .await
}

fn changed(change: &Change, row: &PgRow, locked: Locked) -> sqlx::Result<Done> {
    if locked == Locked::Skip && row.try_get("locked")? {
        return Ok(Done::Locked);
    }
    Ok(Done::Held(match (row.try_get("mine")?, row.try_get("in_flight")?) {
        (true, true) => Held::Yes,
        (true, false) => change.after_the_end(),
        (false, _) => Held::Lost,
    }))
}

/// Whether there is a record, and it is the token's.
pub(super) async fn is_ours(connection: &mut PgConnection, id: &RecordId, token: Token) -> sqlx::Result<bool> {
    let row = Ask::of_owner(statements::IS_OURS, id, token).fetch_optional(connection).await?;
    row.map_or(Ok(false), |row| row.try_get(0))
}

/// About several records: their identities are the arrays `$1` to `$3`.
fn identities<'q>(sql: &'q str, ids: impl Iterator<Item = &'q RecordId> + Clone) -> Asked<'q, sqlx::Postgres> {
    sqlx::query(sql)
        .bind(ids.clone().map(RecordId::name).collect::<Vec<_>>())
        .bind(ids.clone().map(row::scope).collect::<Vec<_>>())
        .bind(ids.map(RecordId::key).collect::<Vec<_>>())
}
