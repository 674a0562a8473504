//! The store over real servers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "in tests a panic is the report")]

mod attribute;
mod cluster;
mod conformance;
mod full;
mod init;
mod model;
mod raw;
mod records;
mod sagas;
mod seen;
mod trouble;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use steadfast::idempotent::{NewClaim, RecordId};
use steadfast::{Failure, Rejection};
use steadfast_redis::{RedisOptions, RedisStore};
use steadfast_servers::{Proxy, Redis, RedisServer};

/// What a function of a test returns when it does not return a value.
#[derive(Debug, Failure, thiserror::Error)]
enum PayError {
    #[error("declined: {code}")]
    #[failure(terminal)]
    Declined { code: String },
    #[error(transparent)]
    #[failure(transparent)]
    Refused(#[from] Rejection),
}

impl PayError {
    /// Why a layer refused.
    fn code(&self) -> &'static str {
        match self {
            Self::Declined { .. } => "declined",
            Self::Refused(refused) => refused.code(),
        }
    }
}

/// Counts how often a body ran.
#[derive(Clone, Default)]
struct Runs(Arc<AtomicU32>);

impl Runs {
    fn one_more(&self) -> u32 {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn so_far(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }
}

/// An initialised store in a part of the shared server, which lives as long as the first value.
async fn shared(what: &str) -> Option<(Redis, RedisStore)> {
    let part = steadfast_servers::redis(what)?;
    let redis = RedisOptions::new().prefix(part.prefix()).connect(part.url()).await.unwrap();
    let store = RedisStore::new(redis);
    store.init().await.unwrap();
    Some((part, store))
}

/// An initialised store on a server of the test's own.
async fn own(what: &str, options: &[(&str, &str)]) -> Option<(RedisServer, RedisStore)> {
    let server = steadfast_servers::redis_server(what, options)?;
    let store = store(&server.url()).await;
    store.init().await.unwrap();
    Some((server, store))
}

/// The same behind a proxy.
async fn behind(what: &str) -> Option<(RedisServer, Proxy, RedisStore)> {
    let (server, _) = own(what, &[]).await?;
    let proxy = Proxy::start(server.address());
    let store = store(&proxy.url(&server.url())).await;
    Some((server, proxy, store))
}

async fn store(url: &str) -> RedisStore {
    RedisStore::new(steadfast_redis::Redis::connect(url).await.unwrap())
}

fn id(key: &str) -> RecordId {
    RecordId::new("tests", None, key).unwrap()
}

fn claim(key: &str) -> NewClaim {
    NewClaim::new(id(key), SystemTime::now(), Duration::from_secs(60))
}
