//! Shared state in Redis and Valkey.
//!
//! [`Redis`] is the connection that everything here is made from: one for a process, cloned.
//!
//! ```no_run
//! use steadfast_redis::Redis;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let redis = Redis::connect("redis://127.0.0.1/").await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Servers
//!
//! Redis 6.2 and later, and Valkey, with the eviction policy `noeviction` (the default of both):
//! a server that may throw a key away to make room would forget that a payment was made. A replica
//! is refused too. Each new connection asks, and the error says what to change.
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

#![allow(dead_code)] // until the stores use all of the connection

mod connection;
mod error;
mod idempotent;
mod keys;
mod options;
mod script;
mod server;
mod time;

#[cfg(test)]
mod tests;

pub use connection::Redis;
pub use error::RedisError;
pub use idempotent::RedisStore;
pub use options::RedisOptions;
