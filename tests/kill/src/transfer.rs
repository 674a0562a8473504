//! The same proof for work inside the store's own database: effect and record commit together, so nothing is ever in doubt,
//! and not even a worker that sleeps beyond its lease can do it twice.

use std::time::Duration;

use sqlx::{PgPool, Row, SqlitePool};
use steadfast::idempotent::{Answer, AnyStore};
use steadfast::{Failure, Rejection, idempotent, retry};
use steadfast_sql::{CompleteError, CompleteIn, SqlStore};
use tokio::time::sleep;

use crate::gateway::{Charge, new_id};
use crate::order::Order;

/// The table of effects. It takes the same order twice without a word.
const TABLE: &str = "CREATE TABLE effects (order_number BIGINT NOT NULL, id TEXT NOT NULL)";
const INSERT: &str = "INSERT INTO effects (order_number, id) VALUES ($1, $2)";
const ALL: &str = "SELECT order_number, id FROM effects";

/// What the function works with.
#[derive(Clone, Debug)]
pub(crate) struct Bank {
    pub(crate) records: AnyStore,
    rows: Pool,
}

/// The pool of the records, for rows of our own.
#[derive(Clone, Debug)]
enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

#[derive(Debug, thiserror::Error, Failure)]
pub(crate) enum TransferError {
    #[error("{id}: refused")]
    #[failure(terminal)]
    Declined { id: String },
    /// Also of a commit that was not answered: the layer looks for its record.
    #[error(transparent)]
    #[failure(transient)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    #[failure(transient)]
    Completion(#[from] CompleteError),
    #[error(transparent)]
    #[failure(transparent)]
    Refused(#[from] Rejection),
}

/// Writes an order's row once, whoever is killed or frozen. Where a lease ran out it simply runs again: what was not
/// committed has not happened.
#[idempotent(
    name = "kill.transfer",
    key = key,
    payload = order,
    store = bank.records,
    claim = claim,
    lease = "2s",
    on_unknown = rerun
)]
#[retry(max_attempts = 3, delay = "5ms")]
pub(crate) async fn transfer(bank: Bank, order: Order, key: String) -> Result<Answer<Charge>, TransferError> {
    let done = Answer::new(Charge { id: new_id() });
    if order.is_declined() {
        return Err(TransferError::Declined { id: done.into_inner().id });
    }
    macro_rules! inside {
        ($transaction:expr) => {{
            let mut tx = $transaction;
            sqlx::query(INSERT).bind(i64::from(order.0)).bind(&done.id).execute(&mut *tx).await?;
            pause().await;
            claim.complete_in(&mut tx, &done).await?;
            pause().await;
            tx.commit().await?;
        }};
    }
    match &bank.rows {
        Pool::Sqlite(pool) => inside!(pool.begin_with("BEGIN IMMEDIATE").await?),
        Pool::Postgres(pool) => inside!(pool.begin().await?),
    }
    pause().await;
    Ok(done)
}

/// Long enough to be killed in.
async fn pause() {
    sleep(Duration::from_millis(fastrand::u64(..4))).await;
}

impl Bank {
    pub(crate) fn of(store: SqlStore) -> Self {
        let rows = store.sqlite_pool().cloned().map(Pool::Sqlite);
        let rows = rows.or_else(|| store.postgres_pool().cloned().map(Pool::Postgres));
        Self { records: AnyStore::new(store), rows: rows.expect("one of the two") }
    }

    pub(crate) async fn prepare(&self) -> Result<(), sqlx::Error> {
        match &self.rows {
            Pool::Sqlite(pool) => sqlx::query(TABLE).execute(pool).await.map(drop),
            Pool::Postgres(pool) => sqlx::query(TABLE).execute(pool).await.map(drop),
        }
    }

    /// All rows: which order, and the id.
    pub(crate) async fn effects(&self) -> Result<Vec<(Order, String)>, sqlx::Error> {
        macro_rules! all {
            ($pool:expr) => {{
                let rows = sqlx::query(ALL).fetch_all($pool).await?;
                let effect = |row| -> (i64, String) { (Row::get(&row, 0), Row::get(&row, 1)) };
                rows.into_iter().map(effect).collect::<Vec<_>>()
            }};
        }
        let rows = match &self.rows {
            Pool::Sqlite(pool) => all!(pool),
            Pool::Postgres(pool) => all!(pool),
        };
        let order = |number| Order(u32::try_from(number).expect("an order's number"));
        Ok(rows.into_iter().map(|(number, id)| (order(number), id)).collect())
    }
}
