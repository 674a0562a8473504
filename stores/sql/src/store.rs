//! The store's handle: how it is opened and looked after.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use steadfast::idempotent::StoreError;

use crate::database::{Database, limited, rows};
use crate::lane::Lane;
#[cfg(feature = "postgres")]
use crate::postgres;
use crate::setup::SetupError;
#[cfg(feature = "sqlite")]
use crate::sqlite;

/// Keeps records in SQLite or PostgreSQL, and remembers what was seen first. A handle: its clones
/// share their connections.
///
/// It is a [`Store`](steadfast::idempotent::Store) for `#[idempotent(store = ..)]`, and a
/// [`FirstSeen`](steadfast::first_seen::FirstSeen) for webhooks:
///
/// ```
/// use std::time::Duration;
/// use steadfast::clock;
/// use steadfast::first_seen::FirstSeen;
/// use steadfast_sql::SqlStore;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = steadfast_servers::temp_dir();
/// # let url = format!("sqlite:{}", folder.join("records.db").display());
/// let store = SqlStore::connect(&url).await?;
/// store.migrate().await?;
///
/// let (now, forgotten) = (clock::wall(), clock::wall() + Duration::from_secs(600));
/// assert!(store.first_seen("webhooks.stripe", "evt_17", now, forgotten).await?);
/// assert!(!store.first_seen("webhooks.stripe", "evt_17", now, forgotten).await?); // delivered again
/// # Ok(())
/// # }
/// ```
///
/// See the [crate](crate) page for what is chosen and why.
#[derive(Clone)]
pub struct SqlStore(pub(crate) Backend);

#[derive(Clone)]
pub(crate) enum Backend {
    #[cfg(feature = "sqlite")]
    Sqlite(Arc<Lane<sqlite::Sqlite>>),
    #[cfg(feature = "postgres")]
    Postgres(Arc<Lane<postgres::Postgres>>),
}

/// `on!(store, lane => expression)`: the expression, for whichever database it is.
macro_rules! on {
    ($store:expr, $lane:ident => $answer:expr) => {
        match &$store.0 {
            #[cfg(feature = "sqlite")]
            $crate::store::Backend::Sqlite($lane) => $answer,
            #[cfg(feature = "postgres")]
            $crate::store::Backend::Postgres($lane) => $answer,
        }
    };
}
pub(crate) use on;

impl SqlStore {
    /// Opens the database of a URL, with [connections](crate#pools) of the store's own: `sqlite:PATH`, a file that is made
    /// where there is none (but with `?mode=rw` or `?mode=ro`), or `postgres://USER:PASSWORD@HOST/DATABASE`,
    /// with the parameters that sqlx knows. It makes no tables: see [`migrate`](Self::migrate).
    ///
    /// # Errors
    /// [`SetupError::Url`] where the URL names none, or an SQLite database in memory, which would
    /// forget its records with the process; [`SetupError::Database`] where it cannot be opened.
    ///
    /// ```
    /// use steadfast_sql::{SetupError, SqlStore};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let refused = SqlStore::connect("sqlite::memory:").await;
    /// assert!(matches!(refused, Err(SetupError::Url(_))));
    /// # }
    /// ```
    pub async fn connect(url: &str) -> Result<Self, SetupError> {
        let scheme = url.split(':').next().unwrap_or_default();
        match scheme {
            #[cfg(feature = "sqlite")]
            "sqlite" => Ok(Self(Backend::Sqlite(Lane::new(sqlite::open::open(url).await?)))),
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

    /// Over a pool of your own: any of its connections reads and writes, and no other one does. Let them
    /// have `synchronous = FULL`, which [`check`](Self::check) insists on, and the file WAL mode, without
    /// which the writer waits for those who read. The switch to it waits for nobody, so a pool that opens a
    /// new file while another program does may be told that it is locked, and tries again;
    /// [`connect`](Self::connect) does.
    ///
    /// ```
    /// use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
    /// use steadfast_sql::SqlStore;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = steadfast_servers::temp_dir();
    /// let options = SqliteConnectOptions::new()
    ///     .filename(folder.join("shop.db"))
    ///     .create_if_missing(true)
    ///     .journal_mode(SqliteJournalMode::Wal)
    ///     .synchronous(SqliteSynchronous::Full);
    /// let pool = SqlitePoolOptions::new().max_connections(8).connect_with(options).await?;
    ///
    /// let store = SqlStore::sqlite(pool);
    /// store.migrate().await?;
    /// store.check().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "sqlite")]
    pub fn sqlite(pool: sqlx::SqlitePool) -> Self {
        Self(Backend::Sqlite(Lane::new(pool.into())))
    }

    /// Over a pool of your own.
    ///
    /// ```no_run
    /// use sqlx::postgres::PgPoolOptions;
    /// use steadfast_sql::SqlStore;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = PgPoolOptions::new().max_connections(20).connect("postgres://shop@db.internal/shop").await?;
    /// let store = SqlStore::postgres(pool);
    /// store.check().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "postgres")]
    pub fn postgres(pool: sqlx::PgPool) -> Self {
        Self(Backend::Postgres(Lane::new(postgres::Postgres { pool })))
    }

    /// The pool, where the database is SQLite: for transactions in which a record is completed. It is
    /// your own, or, of a store that [`connect`](Self::connect) opened, the one that reads: what such a
    /// store writes goes over one more connection, which nobody else is given.
    ///
    /// See [`CompleteIn`](crate::CompleteIn) for an example.
    #[cfg(feature = "sqlite")]
    pub fn sqlite_pool(&self) -> Option<&sqlx::SqlitePool> {
        match &self.0 {
            Backend::Sqlite(lane) => Some(&lane.database.pool),
            #[cfg(feature = "postgres")]
            Backend::Postgres(_) => None,
        }
    }

    /// The pool, where the database is PostgreSQL: for transactions in which a record is completed.
    ///
    /// ```no_run
    /// use steadfast_sql::SqlStore;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let store = SqlStore::connect("postgres://shop@db.internal/shop").await?;
    /// let pool = store.postgres_pool().ok_or("not PostgreSQL")?;
    /// let transaction = pool.begin().await?;
    /// # drop(transaction);
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "postgres")]
    pub fn postgres_pool(&self) -> Option<&sqlx::PgPool> {
        match &self.0 {
            Backend::Postgres(lane) => Some(&lane.database.pool),
            #[cfg(feature = "sqlite")]
            Backend::Sqlite(_) => None,
        }
    }

    /// Makes the tables, or brings them to this version, in one transaction. Any number of processes
    /// may do it at once: one does, the others wait for it. Tables that are newer are left as
    /// they are.
    ///
    /// The role needs the right to create tables; `check` and calls do without.
    ///
    /// # Errors
    /// [`SetupError::Database`], and nothing is changed.
    ///
    /// See [`SetupError`] for an example.
    pub async fn migrate(&self) -> Result<(), SetupError> {
        on!(self, lane => lane.database.migrate().await)
    }

    /// Whether this program can keep records there: the tables have its version or are one ahead, the
    /// database takes writes, and its settings lose no commit. For the start of a program, which should
    /// not start where it is an error.
    ///
    /// Settings belong to connections; one of the pool is asked for all. Those that the store opened are
    /// alike.
    ///
    /// # Errors
    /// See [`SetupError`], and there for an example.
    pub async fn check(&self) -> Result<(), SetupError> {
        on!(self, lane => lane.database.check().await)
    }

    /// Forgets what has expired by `now`: results, then ids that were seen, at most `limit` rows, and
    /// says how many. Records in flight and of unknown outcome stay, whatever their age.
    ///
    /// # Errors
    /// When the database cannot tell whether it did. It may be asked again.
    ///
    /// A job that a service runs beside its work:
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::clock;
    /// use steadfast_sql::SqlStore;
    ///
    /// /// Small, so that each batch locks its rows, or SQLite's one writer, for a moment only.
    /// const BATCH: usize = 500;
    ///
    /// async fn forget(store: SqlStore) {
    ///     loop {
    ///         match store.purge(clock::wall(), BATCH).await {
    ///             Ok(forgotten) if forgotten == BATCH as u64 => {} // there is more
    ///             Ok(_) => tokio::time::sleep(Duration::from_secs(60)).await,
    ///             Err(error) => {
    ///                 eprintln!("records were not purged: {error}");
    ///                 tokio::time::sleep(Duration::from_secs(60)).await;
    ///             }
    ///         }
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = steadfast_servers::temp_dir();
    /// # let url = format!("sqlite:{}", folder.join("records.db").display());
    /// let store = SqlStore::connect(&url).await?;
    /// store.migrate().await?;
    /// let job = tokio::spawn(forget(store.clone()));
    /// # job.abort();
    /// # Ok(())
    /// # }
    /// ```
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
