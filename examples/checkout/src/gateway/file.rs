//! What the gateway was asked, in an SQLite file. It has nothing to do with where our records are: it is
//! the other side's, and survives us.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteExecutor, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use steadfast::idempotent::Token;

use super::books::{LedgerError, Request};

/// Of what is in the file. Nobody migrates the ledger of an example.
const VERSION: i64 = 2;

/// A request and its place are one row, so one that was cut in the middle is not there at all.
const TABLES: &str = "
CREATE TABLE IF NOT EXISTS checkout_accounts (id TEXT NOT NULL, one INTEGER NOT NULL UNIQUE DEFAULT 1);
CREATE TABLE IF NOT EXISTS checkout_runs (run INTEGER PRIMARY KEY AUTOINCREMENT);
CREATE TABLE IF NOT EXISTS checkout_requests (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    request TEXT NOT NULL,
    run INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS checkout_stuck (key TEXT PRIMARY KEY);
";

#[derive(Debug)]
pub(super) struct File {
    pool: SqlitePool,
    account: String,
    run: u32,
}

/// A request, as it was kept.
pub(super) struct Kept {
    pub(super) place: i64,
    pub(super) key: String,
    pub(super) request: Request,
    pub(super) run: u32,
}

impl File {
    /// Opens the file, which is made when it is missing, and begins a run on it.
    pub(super) async fn open(file: &Path) -> Result<Self, LedgerError> {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        // One writes at a time anyway.
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options(file)).await?;
        prepare(&pool).await?;
        let account = account(&pool).await?;
        let run = sqlx::query_scalar("INSERT INTO checkout_runs DEFAULT VALUES RETURNING run").fetch_one(&pool).await?;
        Ok(Self { pool, account, run })
    }

    pub(super) fn account(&self) -> &str {
        &self.account
    }

    pub(super) fn run(&self) -> u32 {
        self.run
    }

    /// Keeps a request, unless there is one with this key. Returns all that are after this place.
    pub(super) async fn keep(&self, key: &str, request: &Request, place: i64) -> Result<Vec<Kept>, LedgerError> {
        let written = serde_json::to_string(request).map_err(|_| LedgerError::Unreadable("a request is no JSON"))?;
        let statement = "INSERT INTO checkout_requests (key, request, run) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
        // In one step, so that nobody else's request comes between what is kept and what is told of it.
        let mut both = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(statement).bind(key).bind(written).bind(self.run).execute(&mut *both).await?;
        let rows = after(place, &mut *both).await?;
        both.commit().await?;
        Ok(rows)
    }

    /// The requests after this place, in their order.
    pub(super) async fn after(&self, place: i64) -> Result<Vec<Kept>, LedgerError> {
        after(place, &self.pool).await
    }

    pub(super) async fn keep_stuck(&self, key: &str) -> Result<(), LedgerError> {
        let statement = "INSERT INTO checkout_stuck (key) VALUES (?) ON CONFLICT DO NOTHING";
        sqlx::query(statement).bind(key).execute(&self.pool).await?;
        Ok(())
    }

    pub(super) async fn is_stuck(&self, key: &str) -> Result<bool, LedgerError> {
        let statement = "SELECT EXISTS (SELECT 1 FROM checkout_stuck WHERE key = ?)";
        Ok(sqlx::query_scalar(statement).bind(key).fetch_one(&self.pool).await?)
    }

    #[cfg(test)]
    pub(super) async fn set_version(file: &Path, version: i64) {
        let pool = SqlitePool::connect_with(options(file)).await.unwrap();
        sqlx::raw_sql(&format!("PRAGMA user_version = {version}")).execute(&pool).await.unwrap();
        pool.close().await;
    }
}

fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        // Not in WAL mode: the switch to it does not wait for another process that begins on the same file.
        .create_if_missing(true)
        // What it has said is on the disk.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(10))
}

/// Makes the tables of a new file, and refuses one that another version made.
async fn prepare(pool: &SqlitePool) -> Result<(), LedgerError> {
    let statement = "SELECT user_version, (SELECT count(*) FROM sqlite_schema) FROM pragma_user_version";
    let (version, tables): (i64, i64) = sqlx::query_as(statement).fetch_one(pool).await?;
    if version != VERSION && tables > 0 {
        return Err(LedgerError::Unreadable("another version of this example wrote it; `--fresh` begins anew"));
    }
    // In one transaction: another process finds all of it or nothing.
    let script = format!("BEGIN IMMEDIATE; PRAGMA user_version = {VERSION}; {TABLES} COMMIT;");
    sqlx::raw_sql(&script).execute(pool).await?;
    Ok(())
}

/// The account of this file: made with it, and kept.
async fn account(pool: &SqlitePool) -> Result<String, LedgerError> {
    let new = u128::from_be_bytes(Token::random().to_bytes());
    let statement = "INSERT INTO checkout_accounts (id) VALUES (?) ON CONFLICT DO NOTHING";
    sqlx::query(statement).bind(format!("acct_{new:032x}")).execute(pool).await?;
    Ok(sqlx::query_scalar("SELECT id FROM checkout_accounts").fetch_one(pool).await?)
}

async fn after(place: i64, file: impl SqliteExecutor<'_>) -> Result<Vec<Kept>, LedgerError> {
    let statement = "SELECT place, key, request, run FROM checkout_requests WHERE place > ? ORDER BY place";
    let rows: Vec<(i64, String, String, u32)> = sqlx::query_as(statement).bind(place).fetch_all(file).await?;
    rows.into_iter().map(kept).collect()
}

fn kept((place, key, request, run): (i64, String, String, u32)) -> Result<Kept, LedgerError> {
    let request =
        serde_json::from_str(&request).map_err(|_| LedgerError::Unreadable("a request that this does not know"))?;
    Ok(Kept { place, key, request, run })
}
