//! The tables in PostgreSQL, and the settings that keep what is written.

use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{Connection, Executor, Row};

use crate::schema;
use crate::setup::SetupError;

const SCRIPTS: [&str; schema::KNOWN as usize] = [
    include_str!("../../migrations/postgres/0001_records.sql"),
    include_str!("../../migrations/postgres/0002_unfinished_and_expiry.sql"),
    include_str!("../../migrations/postgres/0003_sagas.sql"),
];

/// "steadfas", as a number: the lock that migrations of this crate take, and nobody else.
const LOCK: i64 = i64::from_be_bytes(*b"steadfas");

/// Who comes second waits for the lock, and then finds nothing to do.
pub(super) async fn migrate(pool: &PgPool) -> Result<(), SetupError> {
    let mut connection = pool.acquire().await?;
    let mut transaction = connection.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *transaction).await?;
    let found = version(&mut transaction).await?;
    for script in schema::missing(&SCRIPTS, found) {
        transaction.execute(sqlx::raw_sql(script)).await?;
    }
    transaction.commit().await?;
    Ok(())
}

pub(super) async fn check(pool: &PgPool) -> Result<(), SetupError> {
    let mut connection = pool.acquire().await?;
    if setting(&mut connection, "transaction_read_only").await? == "on" {
        return Err(SetupError::ReadOnly);
    }
    let commit = setting(&mut connection, "synchronous_commit").await?;
    if commit == "off" {
        return Err(SetupError::Unsafe { setting: "synchronous_commit", found: commit, needed: "on" });
    }
    if setting(&mut connection, "fsync").await? == "off" {
        tracing::warn!(
            "PostgreSQL runs with fsync = off: when its machine fails, records are lost, and their calls run again"
        );
    }
    schema::check(version(&mut connection).await?)
}

async fn setting(connection: &mut PgConnection, name: &str) -> sqlx::Result<String> {
    sqlx::query("SELECT current_setting($1)").bind(name).fetch_one(connection).await?.try_get(0)
}

async fn version(connection: &mut PgConnection) -> sqlx::Result<i64> {
    let table = "SELECT to_regclass('steadfast_schema') IS NOT NULL";
    if !sqlx::query(table).fetch_one(&mut *connection).await?.try_get(0)? {
        return Ok(0);
    }
    let version = "SELECT coalesce(max(version), 0) FROM steadfast_schema";
    sqlx::query(version).fetch_one(connection).await?.try_get(0)
}
