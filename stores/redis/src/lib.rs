//! Shared state in Redis and Valkey.
//!
//! [`Redis`] is the connection that everything here is made from: one for a process, cloned.
//! [`RedisStore`] keeps the records of [`idempotent`](macro@steadfast::idempotent) calls, and what was
//! [seen first](steadfast::first_seen).
//!
//! ```no_run
//! use steadfast_redis::{Redis, RedisStore};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let redis = Redis::connect("redis://127.0.0.1/").await?;
//! let records = RedisStore::new(redis);
//! records.check().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Servers
//!
//! Redis 6.2 and later, and Valkey (tried with Redis 6.2, Redis 7.0 and Valkey 9.1), with the eviction
//! policy `noeviction`, the default of both: a server that may throw a key away to make room would
//! forget that a payment was made. A replica is refused too. Each new connection asks, and the error
//! says what to change.
//!
//! Tests that pause tokio's clock: it runs ahead while an answer is on its way, and a command is then
//! late that was not. Do not pause it around a real server.
//!
//! # Keys
//!
//! All keys begin with the prefix ([`RedisOptions::prefix`]) and a bucket, `steadfast:{07}:..`; no
//! step touches keys of two buckets. So each step is one atomic script, and the keys are those of
//! a cluster, in which the braces say what belongs on one node. The connection is to one address,
//! and follows no redirections: give it a server, or a proxy in front of a cluster.
//!
//! # TLS
//!
//! `rediss://` needs a feature of the crate `redis` that your own `Cargo.toml` turns on, such as
//! `redis = { version = "1.8", features = ["tokio-native-tls-comp"] }`.

mod circuit;
mod connection;
mod error;
mod first_seen;
mod hex;
mod idempotent;
mod keys;
mod limit;
mod options;
mod reply;
mod script;
mod server;
mod tier;
mod time;

#[cfg(test)]
mod apart;
#[cfg(test)]
mod tests;

pub use connection::Redis;
pub use error::RedisError;
pub use idempotent::RedisStore;
pub use options::RedisOptions;
pub use tier::RedisTier;
