//! Records in SQLite.

use std::time::SystemTime;

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Row};
use steadfast::idempotent::{Claimed, Held, NewClaim, Record, RecordId, Resolution, Seen, Token};

use super::{Sqlite, batch, schema, statements};
use crate::database::{Commits, Database};
use crate::loan::Loan;
use crate::questions::Questions;
use crate::row::{self, StateColumns};
use crate::setup::SetupError;
use crate::step::{Change, Done, Step};
use crate::time::to_column;

pub(super) type Ask = Questions<sqlx::Sqlite>;

impl Commits for Sqlite {
    async fn commit(&self, steps: &[Step]) -> sqlx::Result<Vec<Done>> {
        let mut loan = Loan::from(&self.writer).await?;
        let done = commit(loan.connection(), steps).await;
        loan.back(done)
    }
}

impl Database for Sqlite {
    async fn migrate(&self) -> Result<(), SetupError> {
        schema::migrate(&self.pool).await
    }

    async fn check(&self) -> Result<(), SetupError> {
        schema::check(&self.pool).await
    }

    /// Nothing locks a single row in SQLite.
    async fn alone(&self, step: &Step) -> sqlx::Result<Done> {
        let mut connection = self.writer.acquire().await?;
        take(&mut connection, step).await
    }

    async fn get(&self, id: &RecordId) -> sqlx::Result<Option<Record>> {
        let mut connection = self.pool.acquire().await?;
        present(&mut connection, id).await
    }

    async fn unknowns(
        &self,
        now: SystemTime,
        after: Option<&RecordId>,
        limit: usize,
    ) -> sqlx::Result<Vec<(RecordId, Record)>> {
        let asked = Ask::unknowns(statements::UNKNOWNS, now, after, limit);
        let found = asked.fetch_all(&self.pool).await?;
        found.iter().map(|found| Ok((row::id(found)?, row::record(found)?))).collect()
    }

    async fn resolve(&self, id: &RecordId, seen: Seen, resolution: Resolution, reason: &str) -> sqlx::Result<Held> {
        let ended = row::resolved(resolution);
        let asked = match ended.as_ref().map(StateColumns::from) {
            None => Ask::never_happened(statements::NEVER_HAPPENED, id, seen),
            Some(columns) => Ask::resolve(statements::RESOLVE, id, seen, &columns, reason),
        };
        Ok(row::held(asked.execute(&self.writer).await?.rows_affected() > 0))
    }

    async fn first_seen(&self, space: &str, id: &str, now: SystemTime, until: SystemTime) -> sqlx::Result<bool> {
        let asked = Ask::first_seen(statements::FIRST_SEEN, space, id, now, until);
        let seen = asked.execute(&self.writer).await?;
        Ok(seen.rows_affected() > 0)
    }

    async fn purge(&self, now: SystemTime, limit: i64) -> sqlx::Result<u64> {
        let mut connection = self.writer.acquire().await?;
        let gone = sqlx::query(statements::PURGE).bind(to_column(now)).bind(limit);
        let gone = gone.execute(&mut *connection).await?.rows_affected();
        let rest = limit.saturating_sub_unsigned(gone);
        let forgotten = sqlx::query(statements::PURGE_SEEN).bind(to_column(now)).bind(rest);
        Ok(gone.saturating_add(forgotten.execute(&mut *connection).await?.rows_affected()))
    }
}

/// A statement by itself is a transaction; more than one need one around them.
async fn commit(connection: &mut SqliteConnection, steps: &[Step]) -> sqlx::Result<Vec<Done>> {
    if let [step] = steps {
        return Ok(vec![take(connection, step).await?]);
    }
    // At once the writer: a reader that becomes one may find that it read too early.
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let done = batch::take_all(&mut transaction, steps).await?;
    transaction.commit().await?;
    Ok(done)
}

pub(super) async fn take(connection: &mut SqliteConnection, step: &Step) -> sqlx::Result<Done> {
    match step {
        Step::Claim(new) => claim(connection, new).await,
        Step::Change(to_be) => change(connection, to_be).await.map(Done::Held),
    }
}

async fn claim(connection: &mut SqliteConnection, claim: &NewClaim) -> sqlx::Result<Done> {
    let asked = match claim.take_over {
        Some(seen) => Ask::take_over(statements::TAKE_OVER, claim, seen),
        None => Ask::claim(statements::CLAIM, claim),
    };
    if asked.execute(&mut *connection).await?.rows_affected() > 0 {
        return Ok(Done::Claimed(Claimed::Won));
    }
    let present = present(connection, &claim.id).await?;
    Ok(present.map_or(Done::Again, |record| Done::Claimed(Claimed::Found(record))))
}

pub(super) async fn present(connection: &mut SqliteConnection, id: &RecordId) -> sqlx::Result<Option<Record>> {
    Ask::about(statements::GET, id).fetch_optional(connection).await?.as_ref().map(row::record).transpose()
}

async fn change(connection: &mut SqliteConnection, change: &Change) -> sqlx::Result<Held> {
    let asked = match change.to.as_ref().map(StateColumns::from) {
        None => Ask::of_owner(statements::RELEASE, &change.id, change.token),
        Some(columns) => Ask::write(statements::WRITE, &change.id, change.token, &columns),
    };
    if asked.execute(&mut *connection).await?.rows_affected() > 0 {
        return Ok(Held::Yes);
    }
    // It would have been changed if it were in flight.
    let ended = is_ours(connection, &change.id, change.token).await?;
    Ok(if ended { change.after_the_end() } else { Held::Lost })
}

/// Whether there is a record, and it is the token's.
pub(super) async fn is_ours(connection: &mut SqliteConnection, id: &RecordId, token: Token) -> sqlx::Result<bool> {
    let row = Ask::of_owner(statements::IS_OURS, id, token).fetch_optional(connection).await?;
    row.map_or(Ok(false), |row| row.try_get(0))
}
