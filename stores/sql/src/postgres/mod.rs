//! PostgreSQL: many writers, rows locked one by one.

pub(crate) mod complete_in;
pub(crate) mod open;
mod records;
#[cfg(feature = "payments")]
mod saga;
mod schema;
mod statements;

use sqlx::postgres::PgPool;

/// The pool.
pub(crate) struct Postgres {
    pub(crate) pool: PgPool,
}
