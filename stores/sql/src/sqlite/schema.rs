//! The tables in SQLite, and the settings that keep what is written.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Row};

use super::Sqlite;
use crate::schema;
use crate::setup::SetupError;

const SCRIPTS: [&str; schema::KNOWN as usize] = [
    include_str!("../../migrations/sqlite/0001_records.sql"),
    include_str!("../../migrations/sqlite/0002_unfinished_and_expiry.sql"),
];

impl Sqlite {
    /// Who comes second waits for the lock, and then finds nothing to do.
    pub(crate) async fn migrate(&self) -> Result<(), SetupError> {
        let mut connection = self.pool.acquire().await?;
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        let found = version(&mut transaction).await?;
        for script in schema::missing(&SCRIPTS, found) {
            sqlx::raw_sql(script).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    pub(crate) async fn check(&self) -> Result<(), SetupError> {
        let mut connection = self.pool.acquire().await?;
        check_journal(&mut connection).await?;
        check_synchronous(&mut connection).await?;
        check_writable(&mut connection).await?;
        schema::check(version(&mut connection).await?)
    }
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

/// By taking the writer's place, and giving it back.
async fn check_writable(connection: &mut SqliteConnection) -> Result<(), SetupError> {
    let query_only: bool = sqlx::query("PRAGMA query_only").fetch_one(&mut *connection).await?.try_get(0)?;
    let read_only = |error: &sqlx::Error| {
        let code = error.as_database_error().and_then(|error| error.code());
        code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 8)
    };
    match connection.begin_with("BEGIN IMMEDIATE").await {
        Ok(_) if query_only => Err(SetupError::ReadOnly),
        Ok(transaction) => Ok(transaction.rollback().await?),
        Err(error) if read_only(&error) => Err(SetupError::ReadOnly),
        Err(error) => Err(error.into()),
    }
}
