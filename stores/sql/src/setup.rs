//! Before the first call: the URL, the schema, the settings.

use std::error::Error;
use std::fmt;

use crate::error::DatabaseError;

/// Why a store cannot be used, as [`SqlStore::connect`](crate::SqlStore::connect),
/// [`migrate`](crate::SqlStore::migrate) and [`check`](crate::SqlStore::check) find out at start.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use steadfast_sql::{SetupError, SqlStore};
///
/// # let folder = steadfast_servers::temp_dir();
/// # let url = format!("sqlite:{}", folder.join("records.db").display());
/// let store = SqlStore::connect(&url).await?;
/// assert!(matches!(store.check().await, Err(SetupError::Behind { found: 0, .. })));
///
/// store.migrate().await?;
/// store.check().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SetupError {
    /// The URL is none that can be opened. What it says is not printed: it may hold a password.
    Url(&'static str),
    /// The database could not be asked.
    Database(DatabaseError),
    /// The tables are missing, or older than this version of the crate needs.
    Behind {
        /// The schema's version; 0 where there are no tables.
        found: i64,
        /// The version that is needed.
        needed: i64,
    },
    /// The tables are more than one version newer than this version of the crate knows.
    Ahead {
        /// The schema's version.
        found: i64,
        /// The newest version that this code can work with.
        known: i64,
    },
    /// A setting of the database with which records could get lost.
    Unsafe {
        /// Its name.
        setting: &'static str,
        /// What it is set to.
        found: String,
        /// What would do.
        needed: &'static str,
    },
    /// The database takes no writes: a replica, a file without the right to write, or a role whose
    /// transactions are read-only.
    ReadOnly,
}

impl From<sqlx::Error> for SetupError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}

impl From<DatabaseError> for SetupError {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(what) => write!(f, "{what}"),
            Self::Database(error) => error.fmt(f),
            Self::Behind { found: 0, needed } => write!(
                f,
                "the database has no steadfast tables: run `SqlStore::migrate`, or the files in `migrations/` up to \
                 version {needed}"
            ),
            Self::Behind { found, needed } => write!(
                f,
                "the steadfast tables have version {found}, and this program needs {needed}: run `SqlStore::migrate`, \
                 or the files in `migrations/` after {found}"
            ),
            Self::Ahead { found, known } => write!(
                f,
                "the steadfast tables have version {found}, and this program knows them up to {known}: deploy a newer \
                 version of it"
            ),
            Self::Unsafe { setting, found, needed } => write!(
                f,
                "`{setting}` is {found}, so a crash can lose records that were written, and a call with a lost record \
                 runs twice: set it to {needed}"
            ),
            Self::ReadOnly => f.write_str(
                "the database takes no writes, so no call could claim its key: connect to the primary, with a role \
                 that may write",
            ),
        }
    }
}

impl Error for SetupError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Database(error) => Some(error),
            _ => None,
        }
    }
}
