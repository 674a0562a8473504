//! SQLite as this crate opens it.

use std::str::FromStr;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use tokio::time::{Instant, sleep};

use super::Sqlite;
use crate::error::DatabaseError;
use crate::setup::SetupError;

/// Those that read, beside the one that writes; each is a thread.
const READERS: u32 = 3;

/// As long as a writer waits for another, in this process or in one beside it.
const BUSY: Duration = Duration::from_secs(10);

/// Between two tries to open a file that somebody else makes.
const PAUSE: Duration = Duration::from_millis(20);

pub(crate) async fn open(url: &str) -> Result<Sqlite, SetupError> {
    let options = SqliteConnectOptions::from_str(url)
        .map_err(|_| SetupError::Url("this is no URL of an SQLite file: write `sqlite:PATH`"))?;
    if is_in_memory(url) {
        return Err(SetupError::Url(
            "an SQLite database in memory forgets its records with the process, and each key would run again: name a \
             file, or take `steadfast::idempotent::MemoryStore`, which says what it is",
        ));
    }
    let options = options
        .create_if_missing(!parts(url).1.any(|parameter| parameter.starts_with("mode=")))
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY);
    Ok(Sqlite {
        pool: readers(&options).await?,
        writer: SqlitePoolOptions::new().max_connections(1).connect_lazy_with(options),
    })
}

/// The first to open a file puts it into WAL mode: a reader that becomes a writer, and SQLite
/// refuses such a one at once where another writes, whatever its busy timeout.
async fn readers(options: &SqliteConnectOptions) -> Result<SqlitePool, DatabaseError> {
    let until = Instant::now() + BUSY;
    loop {
        let opened = SqlitePoolOptions::new().max_connections(READERS).connect_with(options.clone()).await;
        match opened.map_err(DatabaseError::from) {
            Err(error) if error.is_locked() && Instant::now() < until => sleep(PAUSE).await,
            opened => return opened,
        }
    }
}

/// A database without a name is SQLite's own temporary one, which goes with its connection.
fn is_in_memory(url: &str) -> bool {
    let (path, mut parameters) = parts(url);
    path.is_empty() || path.starts_with(":memory:") || parameters.any(|parameter| parameter == "mode=memory")
}

/// The path, and what stands behind its `?`.
fn parts(url: &str) -> (&str, impl Iterator<Item = &str>) {
    let path = url.trim_start_matches("sqlite:").trim_start_matches("//");
    let (path, parameters) = path.split_once('?').unwrap_or((path, ""));
    (path, parameters.split('&'))
}
