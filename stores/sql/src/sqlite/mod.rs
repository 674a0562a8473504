//! SQLite: one file, one writer at a time.

pub(crate) mod complete_in;
pub(crate) mod open;
mod records;
mod schema;
mod statements;

use sqlx::sqlite::SqlitePool;

/// The pool.
pub(crate) struct Sqlite {
    pub(crate) pool: SqlitePool,
}
