//! Sagas in SQLite.

mod statements;

use std::time::SystemTime;

use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{Connection, Row};
use steadfast::idempotent::{Held, Token};
use steadfast_payments::saga::{NewClaim, NewEntry, SagaId, SagaRecord, Which};

use super::Sqlite;
use crate::loan::Loan;
use crate::row::held;
use crate::saga::row::{self, ThenColumns};
use crate::saga::{Sagas, place, seen};
use crate::time::to_column;

/// At once the writer: a reader that becomes one may find that it read too early.
const WRITER: &str = "BEGIN IMMEDIATE";

type Asked<'q> = Query<'q, sqlx::Sqlite, SqliteArguments<'q>>;

/// About one saga: its identity is `?1` and `?2`.
fn about<'q>(sql: &'q str, id: &'q SagaId) -> Asked<'q> {
    sqlx::query(sql).bind(id.saga()).bind(id.id())
}

impl Sqlite {
    /// Writes the entry, in one commit with what it does to its saga. Whether it did: that changed nothing
    /// where it is not to be written.
    async fn write(&self, asked: Asked<'_>, id: &SagaId, entry: &[u8]) -> sqlx::Result<bool> {
        let mut loan = Loan::from(&self.writer).await?;
        let written = write(loan.connection(), asked, id, entry).await;
        loan.back(written)
    }

    /// What a question answers about a saga; no where there is none. The writer is asked, which has seen all
    /// that was written before.
    async fn says(&self, asked: Asked<'_>) -> sqlx::Result<bool> {
        asked.fetch_optional(&self.writer).await?.map_or(Ok(false), |row| row.try_get(0))
    }
}

impl Sagas for Sqlite {
    async fn claim_saga(&self, claim: &NewClaim) -> sqlx::Result<bool> {
        let token = claim.token.to_bytes();
        let sql = if claim.take_over.is_some() { statements::TAKE_OVER } else { statements::BEGIN };
        let mut asked = about(sql, &claim.id).bind(&token[..]).bind(to_column(claim.lease_until));
        if let Some((token, version)) = claim.take_over.map(seen) {
            asked = asked.bind(token.to_vec()).bind(version);
        }
        self.write(asked, &claim.id, &claim.entry).await
    }

    async fn append(&self, id: &SagaId, token: Token, entry: &NewEntry) -> sqlx::Result<Held> {
        let (token, seq, then) = (token.to_bytes(), place(entry.seq), ThenColumns::from(entry.then));
        let asked = about(statements::APPEND, id).bind(&token[..]).bind(seq).bind(then.status).bind(then.ended_at);
        if self.write(asked, id, &entry.entry).await? {
            return Ok(Held::Yes);
        }
        self.says(about(statements::IS_BEHIND, id).bind(&token[..]).bind(seq)).await.map(held)
    }

    async fn renew(&self, id: &SagaId, token: Token, lease_until: SystemTime) -> sqlx::Result<Held> {
        let token = token.to_bytes();
        let asked = about(statements::RENEW, id).bind(&token[..]).bind(to_column(lease_until));
        if asked.execute(&self.writer).await?.rows_affected() > 0 {
            return Ok(Held::Yes);
        }
        self.says(about(statements::IS_OURS, id).bind(&token[..])).await.map(held)
    }

    async fn load(&self, id: &SagaId) -> sqlx::Result<Option<SagaRecord>> {
        row::record(&about(statements::LOAD, id).fetch_all(&self.pool).await?)
    }

    async fn list(&self, saga: &str, which: Which, after: &str, limit: i64) -> sqlx::Result<Vec<String>> {
        let asked = |sql| sqlx::query(sql).bind(saga).bind(after).bind(limit);
        let asked = match which {
            Which::Abandoned { now } => asked(statements::ABANDONED).bind(to_column(now)),
            Which::Stuck => asked(statements::STUCK),
        };
        asked.fetch_all(&self.pool).await?.iter().map(|row| row.try_get(0)).collect()
    }

    async fn purge_sagas(&self, ended_before: SystemTime, limit: i64) -> sqlx::Result<u64> {
        let mut loan = Loan::from(&self.writer).await?;
        let gone = purge(loan.connection(), to_column(ended_before), limit).await;
        loan.back(gone)
    }
}

async fn write(connection: &mut SqliteConnection, asked: Asked<'_>, id: &SagaId, entry: &[u8]) -> sqlx::Result<bool> {
    let mut transaction = connection.begin_with(WRITER).await?;
    if asked.execute(&mut *transaction).await?.rows_affected() == 0 {
        transaction.rollback().await?;
        return Ok(false);
    }
    about(statements::ENTRY, id).bind(entry).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(true)
}

async fn purge(connection: &mut SqliteConnection, before: i64, limit: i64) -> sqlx::Result<u64> {
    let mut transaction = connection.begin_with(WRITER).await?;
    sqlx::query(statements::PURGE_ENTRIES).bind(before).bind(limit).execute(&mut *transaction).await?;
    let gone = sqlx::query(statements::PURGE).bind(before).bind(limit).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(gone.rows_affected())
}
