//! Idempotency records in SQLite and PostgreSQL.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(not(any(feature = "sqlite", feature = "postgres")))]
compile_error!("steadfast-sql needs a database: enable its feature `sqlite` or `postgres`");

mod complete_in;
mod database;
mod error;
mod lane;
mod row;
mod schema;
mod setup;
mod step;
mod store;
mod time;

#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use steadfast::idempotent::StoreError;

pub use complete_in::{CompleteError, CompleteIn, Transactional};
pub use error::DatabaseError;
pub use setup::SetupError;

use database::{Database, limited, rows};
use lane::Lane;
use store::on;

/// Keeps records in a database.
#[derive(Clone)]
pub struct SqlStore(Backend);

#[derive(Clone)]
enum Backend {
    #[cfg(feature = "sqlite")]
    Sqlite(Arc<Lane<sqlite::Sqlite>>),
    #[cfg(feature = "postgres")]
    Postgres(Arc<Lane<postgres::Postgres>>),
}

impl SqlStore {
    /// Opens
    ///
    /// # Errors
    /// See [`SetupError`].
    pub async fn connect(url: &str) -> Result<Self, SetupError> {
        let scheme = url.split(':').next().unwrap_or_default();
        match scheme {
            #[cfg(feature = "sqlite")]
            "sqlite" => Ok(Self::sqlite(sqlite::open::open(url).await?)),
            #[cfg(not(feature = "sqlite"))]
            "sqlite" => Err(SetupError::Url("this is SQLite, and the feature `sqlite` of steadfast-sql is off")),
            #[cfg(feature = "postgres")]
            "postgres" | "postgresql" => Ok(Self::postgres(postgres::open::open(url).await?)),
            #[cfg(not(feature = "postgres"))]
            "postgres" | "postgresql" => {
                Err(SetupError::Url("this is PostgreSQL, and the feature `postgres` of steadfast-sql is off"))
            }
            _ => Err(SetupError::Url("this is no URL of a database: it begins with `sqlite:` or `postgres:`")),
        }
    }

    /// Over a pool
    #[cfg(feature = "sqlite")]
    pub fn sqlite(pool: sqlx::SqlitePool) -> Self {
        Self(Backend::Sqlite(Lane::new(sqlite::Sqlite { pool })))
    }

    /// Over a pool
    #[cfg(feature = "postgres")]
    pub fn postgres(pool: sqlx::PgPool) -> Self {
        Self(Backend::Postgres(Lane::new(postgres::Postgres { pool })))
    }

    /// The pool, where the database is SQLite.
    #[cfg(feature = "sqlite")]
    pub fn sqlite_pool(&self) -> Option<&sqlx::SqlitePool> {
        match &self.0 {
            Backend::Sqlite(lane) => Some(&lane.database.pool),
            #[cfg(feature = "postgres")]
            Backend::Postgres(_) => None,
        }
    }

    /// The pool, where the database is PostgreSQL.
    #[cfg(feature = "postgres")]
    pub fn postgres_pool(&self) -> Option<&sqlx::PgPool> {
        match &self.0 {
            Backend::Postgres(lane) => Some(&lane.database.pool),
            #[cfg(feature = "sqlite")]
            Backend::Sqlite(_) => None,
        }
    }

    /// Makes the tables
    ///
    /// # Errors
    /// When the database cannot be asked, or says no.
    pub async fn migrate(&self) -> Result<(), SetupError> {
        on!(self, lane => lane.database.migrate().await)
    }

    /// Checks
    ///
    /// # Errors
    /// See [`SetupError`].
    pub async fn check(&self) -> Result<(), SetupError> {
        on!(self, lane => lane.database.check().await)
    }

    /// Purges
    ///
    /// # Errors
    /// When
    pub async fn purge(&self, now: SystemTime, limit: usize) -> Result<u64, StoreError> {
        Ok(on!(self, lane => limited(lane.database.purge(now, rows(limit))).await)?)
    }
}

impl fmt::Debug for SqlStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let database = match &self.0 {
            #[cfg(feature = "sqlite")]
            Backend::Sqlite(_) => "SQLite",
            #[cfg(feature = "postgres")]
            Backend::Postgres(_) => "PostgreSQL",
        };
        f.debug_tuple("SqlStore").field(&format_args!("{database}")).finish()
    }
}
