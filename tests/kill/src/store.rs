//! The stores, and the servers behind them.

use std::path::Path;

use steadfast::idempotent::AnyStore;
use steadfast_redis::{Redis, RedisStore};
use steadfast_servers::{DURABLE, Database, PostgresServer, RedisServer, postgres_server, redis_server};
use steadfast_sql::SqlStore;

use crate::transfer::Bank;

/// Where records are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A file that all workers open.
    Sqlite,
    /// A server of the run's own.
    Postgres,
    /// A server of the run's own, that syncs before it answers.
    Redis,
}

/// What stands behind a store, as far as it can be killed.
pub(crate) enum Server {
    File(String),
    Postgres(PostgresServer, Database),
    Redis(RedisServer),
}

impl Server {
    /// Starts it; `None`, said on the terminal, when its programs are missing.
    pub(crate) fn start(kind: Kind, folder: &Path) -> Option<Self> {
        let what = "what was kept survives kills";
        Some(match kind {
            Kind::Sqlite => Self::File(format!("sqlite://{}", folder.join("records.db").display())),
            Kind::Postgres => {
                let server = postgres_server(what)?;
                let database = server.database();
                Self::Postgres(server, database)
            }
            Kind::Redis => Self::Redis(redis_server(what, DURABLE)?),
        })
    }

    pub(crate) fn url(&self) -> String {
        match self {
            Self::File(url) => url.clone(),
            Self::Postgres(_, database) => database.url().to_owned(),
            Self::Redis(server) => server.url(),
        }
    }

    pub(crate) fn can_be_killed(&self) -> bool {
        !matches!(self, Self::File(_))
    }

    pub(crate) fn kill(&self) {
        match self {
            Self::File(_) => {}
            Self::Postgres(server, _) => server.kill(),
            Self::Redis(server) => server.kill(),
        }
    }

    pub(crate) fn restart(&self) {
        match self {
            Self::File(_) => {}
            Self::Postgres(server, _) => server.restart(),
            Self::Redis(server) => server.restart(),
        }
    }
}

/// Why a store could not be opened.
pub(crate) type Failed = Box<dyn std::error::Error>;

/// Makes a new store ready: its tables, its sentinel.
pub(crate) async fn prepare(url: &str) -> Result<(), Failed> {
    if is_redis(url) {
        return Ok(RedisStore::new(connect_redis(url).await?).init().await?);
    }
    let store = open_sql(url).await?;
    store.migrate().await?;
    Ok(Bank::of(store).prepare().await?)
}

/// Opens one that is ready.
pub(crate) async fn open(url: &str) -> Result<AnyStore, Failed> {
    Ok(match is_redis(url) {
        true => AnyStore::new(RedisStore::new(connect_redis(url).await?)),
        false => AnyStore::new(open_sql(url).await?),
    })
}

/// Opens one that is ready and a database.
pub(crate) async fn open_sql(url: &str) -> Result<SqlStore, Failed> {
    Ok(SqlStore::connect(url).await?)
}

async fn connect_redis(url: &str) -> Result<Redis, Failed> {
    Ok(Redis::connect(url).await?)
}

fn is_redis(url: &str) -> bool {
    url.starts_with("redis:")
}
