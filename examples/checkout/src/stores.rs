//! Opens the store that `--store` names.

use std::io;
use std::path::Path;
use std::time::Duration;

use steadfast::idempotent::AnyStore;
use steadfast_redis::{RedisError, RedisOptions, RedisStore};
use steadfast_sql::{SetupError, SqlStore};
use tokio::time::timeout;

use crate::place::{Place, Url};

/// So long may a server take until the run can begin.
const START: Duration = Duration::from_secs(5);

/// Said of a Redis on the first run.
const INITIALISED: &str =
    "The ledger is new, so nothing can be missing in Redis: it was given its marks, by `RedisStore::init`.";

/// Why a store cannot be used. None of it holds a password.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// Its folder cannot be made.
    #[error("cannot make its folder: {0}")]
    Folder(#[from] io::Error),
    /// The database says no, or cannot be asked.
    #[error(transparent)]
    Sql(#[from] SetupError),
    /// Redis says no, or cannot be asked.
    #[error(transparent)]
    Redis(#[from] RedisError),
    /// Redis has nothing of what earlier runs wrote.
    #[error("{0}. The ledger has earlier runs, so this is a loss; `--fresh` begins anew")]
    Lost(RedisError),
    /// No answer.
    #[error("no answer within {START:?}: is there a server, and does it let us in?")]
    Late,
}

/// The store, and what was done to it that one does not do at every start.
pub(crate) async fn open(place: &Place, first_run: bool) -> Result<(AnyStore, Option<&'static str>), Unusable> {
    let opened = async {
        match place {
            Place::Sqlite(path) => Ok((AnyStore::new(sqlite(path).await?), None)),
            Place::Postgres(url) => Ok((AnyStore::new(sql(url.reveal()).await?), None)),
            Place::Redis(url) => redis(url, first_run).await,
        }
    };
    timeout(START, opened).await.unwrap_or(Err(Unusable::Late))
}

/// In this file, which is made when it is missing.
pub(crate) async fn sqlite(path: &Path) -> Result<SqlStore, Unusable> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // What a URL would take for something else.
    let path = path.to_string_lossy().replace('%', "%25").replace('?', "%3F").replace('#', "%23");
    sql(&format!("sqlite:{path}")).await
}

/// A program with several instances leaves `migrate` to its deployment.
async fn sql(url: &str) -> Result<SqlStore, Unusable> {
    let store = SqlStore::connect(url).await?;
    store.migrate().await?;
    store.check().await?;
    Ok(store)
}

/// A Redis that came back empty looks like a new one. Only who knows that there was nothing before
/// may say `init`; here the ledger knows.
async fn redis(url: &Url, first_run: bool) -> Result<(AnyStore, Option<&'static str>), Unusable> {
    let redis = RedisOptions::new().prefix("checkout").connect(url.reveal()).await?;
    let store = RedisStore::new(redis);
    if first_run {
        store.init().await?;
        return Ok((AnyStore::new(store), Some(INITIALISED)));
    }
    match store.check().await {
        Err(lost @ RedisError::NoData) => Err(Unusable::Lost(lost)),
        Err(other) => Err(other.into()),
        Ok(()) => Ok((AnyStore::new(store), None)),
    }
}
