//! SQLite: one file, one writer at a time.

pub(crate) mod complete_in;
pub(crate) mod open;
pub(crate) mod records;
pub(crate) mod schema;
mod statements;

use sqlx::sqlite::SqlitePool;

/// The pool.
pub(crate) struct Sqlite {
    pub(crate) pool: SqlitePool,
}
