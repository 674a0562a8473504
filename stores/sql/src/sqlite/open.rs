//! SQLite as this crate opens it.

use std::str::FromStr;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::Sqlite;
use crate::setup::SetupError;

/// Those that read, beside the one that writes; each is a thread.
const READERS: u32 = 3;

/// As long as a writer waits for another, in this process or in one beside it.
const BUSY: Duration = Duration::from_secs(10);

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
        pool: SqlitePoolOptions::new().max_connections(READERS).connect_with(options.clone()).await?,
        writer: SqlitePoolOptions::new().max_connections(1).connect_lazy_with(options),
    })
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
