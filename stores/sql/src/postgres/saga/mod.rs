//! Sagas in PostgreSQL.

mod statements;

use std::time::SystemTime;

use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::query::Query;
use sqlx::{Connection, Row};
use steadfast::idempotent::{Held, Token};
use steadfast_payments::saga::{NewClaim, NewEntry, SagaId, SagaRecord, Which};

use super::Postgres;
use crate::loan::Loan;
use crate::row::held;
use crate::saga::row::{self, ThenColumns};
use crate::saga::{Sagas, place, seen};
use crate::time::to_column;

type Asked<'q> = Query<'q, sqlx::Postgres, PgArguments>;

/// About one saga: its identity is `$1` and `$2`.
fn about<'q>(sql: &'q str, id: &'q SagaId) -> Asked<'q> {
    sqlx::query(sql).bind(id.saga()).bind(id.id())
}

impl Postgres {
    async fn changes(&self, asked: Asked<'_>) -> sqlx::Result<bool> {
        let mut loan = Loan::from(&self.pool).await?;
        let changed = asked.execute(loan.connection()).await;
        Ok(loan.back(changed)?.rows_affected() > 0)
    }

    /// What a question answers about a saga; no where there is none.
    async fn says(&self, asked: Asked<'_>) -> sqlx::Result<bool> {
        let mut loan = Loan::from(&self.pool).await?;
        let row = asked.fetch_optional(loan.connection()).await;
        loan.back(row)?.map_or(Ok(false), |row| row.try_get(0))
    }
}

impl Sagas for Postgres {
    async fn claim_saga(&self, claim: &NewClaim) -> sqlx::Result<bool> {
        let token = claim.token.to_bytes();
        let sql = if claim.take_over.is_some() { statements::TAKE_OVER } else { statements::BEGIN };
        let mut asked =
            about(sql, &claim.id).bind(&token[..]).bind(to_column(claim.lease_until)).bind(&claim.entry[..]);
        if let Some((token, version)) = claim.take_over.map(seen) {
            asked = asked.bind(token.to_vec()).bind(version);
        }
        self.changes(asked).await
    }

    async fn append(&self, id: &SagaId, token: Token, entry: &NewEntry) -> sqlx::Result<Held> {
        let (token, seq, then) = (token.to_bytes(), place(entry.seq), ThenColumns::from(entry.then));
        let asked = about(statements::APPEND, id)
            .bind(&token[..])
            .bind(seq)
            .bind(&entry.entry[..])
            .bind(then.status)
            .bind(then.ended_at);
        if self.changes(asked).await? {
            return Ok(Held::Yes);
        }
        self.says(about(statements::IS_BEHIND, id).bind(&token[..]).bind(seq)).await.map(held)
    }

    async fn renew(&self, id: &SagaId, token: Token, lease_until: SystemTime) -> sqlx::Result<Held> {
        let token = token.to_bytes();
        let asked = about(statements::RENEW, id).bind(&token[..]).bind(to_column(lease_until));
        if self.changes(asked).await? {
            return Ok(Held::Yes);
        }
        self.says(about(statements::IS_OURS, id).bind(&token[..])).await.map(held)
    }

    async fn load(&self, id: &SagaId) -> sqlx::Result<Option<SagaRecord>> {
        let mut loan = Loan::from(&self.pool).await?;
        let rows = about(statements::LOAD, id).fetch_all(loan.connection()).await;
        row::record(&loan.back(rows)?)
    }

    async fn list(&self, saga: &str, which: Which, after: &str, limit: i64) -> sqlx::Result<Vec<String>> {
        let asked = |sql| sqlx::query(sql).bind(saga).bind(after).bind(limit);
        let asked = match which {
            Which::Abandoned { now } => asked(statements::ABANDONED).bind(to_column(now)),
            Which::Stuck => asked(statements::STUCK),
        };
        let mut loan = Loan::from(&self.pool).await?;
        let found = asked.fetch_all(loan.connection()).await;
        loan.back(found)?.iter().map(|row| row.try_get(0)).collect()
    }

    async fn purge_sagas(&self, ended_before: SystemTime, limit: i64) -> sqlx::Result<u64> {
        let mut loan = Loan::from(&self.pool).await?;
        let gone = purge(loan.connection(), ended_before, limit).await;
        loan.back(gone)
    }
}

async fn purge(connection: &mut PgConnection, ended_before: SystemTime, limit: i64) -> sqlx::Result<u64> {
    let mut transaction = connection.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
    let asked = sqlx::query(statements::PURGE).bind(to_column(ended_before)).bind(limit);
    let gone = asked.fetch_all(&mut *transaction).await?;
    let column = |at: usize| gone.iter().map(|row| row.try_get(at)).collect::<sqlx::Result<Vec<String>>>();
    let entries = sqlx::query(statements::PURGE_ENTRIES).bind(column(0)?).bind(column(1)?).persistent(false);
    entries.execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(gone.len() as u64)
}
