//! A store in each database, for a test of its own.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use steadfast::idempotent::{NewClaim, Outcome, RecordId, Stored};
use steadfast_servers::{Database, TempDir, temp_dir};
use steadfast_sql::SqlStore;
use tokio::sync::Semaphore;
use tracing::Level;
use tracing::subscriber::DefaultGuard;

/// A migrated store, and what must outlive it.
pub(crate) struct Home {
    pub(crate) store: SqlStore,
    pub(crate) url: String,
    _keep: Keep,
}

#[allow(dead_code, reason = "kept for what its drop does")]
enum Keep {
    File(TempDir),
    Database(Database),
}

impl Home {
    /// SQLite, in a file of its own.
    pub(crate) async fn sqlite() -> Self {
        Self::bare_sqlite().await.migrated().await
    }

    /// PostgreSQL, in a database of its own.
    pub(crate) async fn postgres(what: &str) -> Option<Self> {
        Some(Self::bare_postgres(what).await?.migrated().await)
    }

    /// One in each database that there is.
    pub(crate) async fn all(what: &str) -> Vec<Self> {
        let mut homes = vec![Self::sqlite().await];
        homes.extend(Self::postgres(what).await);
        homes
    }

    /// [`all`](Self::all), without tables.
    pub(crate) async fn bare(what: &str) -> Vec<Self> {
        let mut homes = vec![Self::bare_sqlite().await];
        homes.extend(Self::bare_postgres(what).await);
        homes
    }

    pub(crate) async fn bare_sqlite() -> Self {
        let folder = temp_dir();
        let url = format!("sqlite:{}", folder.join("records.db").display());
        let store = SqlStore::connect(&url).await.unwrap();
        Self { store, url, _keep: Keep::File(folder) }
    }

    async fn bare_postgres(what: &str) -> Option<Self> {
        let database = steadfast_servers::postgres(what)?;
        let url = database.url().to_owned();
        let store = SqlStore::connect(&url).await.unwrap();
        Some(Self { store, url, _keep: Keep::Database(database) })
    }

    async fn migrated(self) -> Self {
        self.store.migrate().await.unwrap();
        self
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.url.starts_with("sqlite:")
    }

    /// Another store over the same records, with connections of its own.
    pub(crate) async fn another(&self) -> SqlStore {
        SqlStore::connect(&self.url).await.unwrap()
    }

    /// One with a single connection.
    pub(crate) async fn narrow(&self) -> SqlStore {
        let patience = Duration::from_secs(5);
        if self.is_sqlite() {
            let options = self.url.parse::<SqliteConnectOptions>().unwrap();
            let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
            let pool = SqlitePoolOptions::new().max_connections(1).acquire_timeout(patience);
            SqlStore::sqlite(pool.connect_with(options).await.unwrap())
        } else {
            let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(patience);
            SqlStore::postgres(pool.connect(&self.url).await.unwrap())
        }
    }

    /// Runs statements that are none of the store's.
    pub(crate) async fn run(&self, sql: &str) -> sqlx::Result<()> {
        match (self.store.sqlite_pool(), self.store.postgres_pool()) {
            (Some(pool), _) => sqlx::raw_sql(sql).execute(pool).await.map(|_| ()),
            (_, Some(pool)) => sqlx::raw_sql(sql).execute(pool).await.map(|_| ()),
            (None, None) => Ok(()),
        }
    }

    /// The number that a query answers.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        match (self.store.sqlite_pool(), self.store.postgres_pool()) {
            (Some(pool), _) => sqlx::query_scalar(sql).fetch_one(pool).await.unwrap(),
            (_, Some(pool)) => sqlx::query_scalar(sql).fetch_one(pool).await.unwrap(),
            (None, None) => unreachable!(),
        }
    }
}

pub(crate) fn id(key: &str) -> RecordId {
    RecordId::new("tests.sql", None, key).unwrap()
}

/// A claim with a lease of a minute.
pub(crate) fn claim(id: RecordId) -> NewClaim {
    NewClaim::new(id, SystemTime::now(), Duration::from_secs(60))
}

/// A result that is kept for an hour.
pub(crate) fn known(bytes: &[u8]) -> Outcome {
    let expires_at = SystemTime::now() + Duration::from_secs(3600);
    Outcome::Known { stored: Stored::Value(bytes.into()), expires_at }
}

/// A place in a body where a test stops it.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    reached: Arc<Semaphore>,
    open: Arc<Semaphore>,
}

impl Default for Gate {
    fn default() -> Self {
        let [reached, open] = [(); 2].map(|()| Arc::new(Semaphore::new(0)));
        Self { reached, open }
    }
}

impl Gate {
    /// In the body: tells that it is here, and waits.
    pub(crate) async fn pass(&self) {
        self.reached.add_permits(1);
        self.open.acquire().await.unwrap().forget();
    }

    /// Waits until a body is there.
    pub(crate) async fn reached(&self) {
        self.reached.acquire().await.unwrap().forget();
    }

    /// Lets one body on.
    pub(crate) fn open(&self) {
        self.open.add_permits(1);
    }
}

/// What this thread logs.
#[derive(Clone, Default)]
pub(crate) struct Listener(Arc<Mutex<Vec<u8>>>);

impl Listener {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl std::io::Write for Listener {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

pub(crate) fn listen(level: Level) -> (Listener, DefaultGuard) {
    let listener = Listener::default();
    let writer = listener.clone();
    let subscriber =
        tracing_subscriber::fmt().with_ansi(false).with_max_level(level).with_writer(move || writer.clone()).finish();
    (listener, tracing::subscriber::set_default(subscriber))
}
