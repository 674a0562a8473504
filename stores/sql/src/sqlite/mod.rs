//! SQLite: one file, one writer at a time.

mod batch;
pub(crate) mod complete_in;
pub(crate) mod open;
mod records;
#[cfg(feature = "payments")]
mod saga;
mod schema;
mod statements;

use sqlx::sqlite::SqlitePool;

/// Who reads, and who writes.
pub(crate) struct Sqlite {
    pub(crate) pool: SqlitePool,
    /// One connection for all that is written, where the pool is ours: what another connection has
    /// written empties a connection's cache of the file. A user's pool is asked for any of its own.
    pub(crate) writer: SqlitePool,
}

impl From<SqlitePool> for Sqlite {
    fn from(pool: SqlitePool) -> Self {
        Self { writer: pool.clone(), pool }
    }
}
