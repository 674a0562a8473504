//! The tables in SQLite, and the settings that keep what is written.

use sqlx::sqlite::{SqliteConnection, SqlitePool};
use sqlx::{Connection, Executor, Row};

use crate::schema;
use crate::setup::SetupError;

const SCRIPTS: [&str; schema::KNOWN as usize] = [
    include_str!("../../migrations/sqlite/0001_records.sql"),
    include_str!("../../migrations/sqlite/0002_unfinished_and_expiry.sql"),
    include_str!("../../migrations/sqlite/0003_sagas.sql"),
];

/// Who comes second waits for the lock, and then finds nothing to do.
pub(super) async fn migrate(pool: &SqlitePool) -> Result<(), SetupError> {
    let mut connection = pool.acquire().await?;
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let found = version(&mut transaction).await?;
    for script in schema::missing(&SCRIPTS, found) {
        transaction.execute(sqlx::raw_sql(script)).await?;
    }
    transaction.commit().await?;
    Ok(())
}

pub(super) async fn check(pool: &SqlitePool) -> Result<(), SetupError> {
    let mut connection = pool.acquire().await?;
    check_journal(&mut connection).await?;
    check_synchronous(&mut connection).await?;
    schema::check(version(&mut connection).await?)?;
    check_writable(&mut connection).await
}

async fn version(connection: &mut SqliteConnection) -> sqlx::Result<i64> {
    let table = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'steadfast_schema'";
    if sqlx::query(table).fetch_optional(&mut *connection).await?.is_none() {
        return Ok(0);
    }
    let version = "SELECT coalesce(max(version), 0) FROM steadfast_schema";
    sqlx::query(version).fetch_one(connection).await?.try_get(0)
}

async fn check_journal(connection: &mut SqliteConnection) -> Result<(), SetupError> {
    let mode: String = sqlx::query("PRAGMA journal_mode").fetch_one(connection).await?.try_get(0)?;
    match &*mode {
        "wal" | "delete" | "truncate" | "persist" => Ok(()),
        _ => Err(SetupError::Unsafe { setting: "journal_mode", found: mode, needed: "WAL, in a file" }),
    }
}

async fn check_synchronous(connection: &mut SqliteConnection) -> Result<(), SetupError> {
    let level: i64 = sqlx::query("PRAGMA synchronous").fetch_one(connection).await?.try_get(0)?;
    let found = match level {
        2.. => return Ok(()),
        1 => "NORMAL",
        _ => "OFF",
    };
    Err(SetupError::Unsafe { setting: "synchronous", found: found.to_owned(), needed: "FULL" })
}

/// A write that finds nothing to write asks for the same right.
async fn check_writable(connection: &mut SqliteConnection) -> Result<(), SetupError> {
    let nothing = "DELETE FROM steadfast_records WHERE 1 = 0";
    match sqlx::query(nothing).execute(connection).await {
        Err(error) if is_read_only(&error) => Err(SetupError::ReadOnly),
        written => Ok(written.map(|_| ())?),
    }
}

fn is_read_only(error: &sqlx::Error) -> bool {
    const READONLY: u32 = 8;
    let code = error.as_database_error().and_then(|error| error.code());
    code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == READONLY)
}
