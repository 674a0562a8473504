//! Shared state in Redis and Valkey.
//!
//! [`Redis`] is the connection that everything here is made from: one for a process, cloned.
//! [`RedisStore`] keeps the records of [`idempotent`](macro@steadfast::idempotent) calls, and what was
//! [seen first](steadfast::first_seen). [`Redis`] itself keeps what rate limiters and circuit breakers share,
//! and [`RedisTier`] is the second tier of a cache.
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
//! # Limits
//!
//! A [`Redis`] is a backend of [rate limits](steadfast::rate_limit::RateLimiter::shared) that processes
//! share. What happens while the server does not answer [has to be chosen](steadfast::shared).
//!
//! ```no_run
//! use std::time::Duration;
//! use steadfast::rate_limit::{RateLimiter, Shared};
//! use steadfast::shared::WhenDown;
//! use steadfast::{Rejection, rate_limit};
//! use steadfast_redis::Redis;
//!
//! struct App {
//!     gateway_calls: RateLimiter<Shared<Redis>>,
//! }
//!
//! #[rate_limit(app.gateway_calls)]
//! async fn charge(app: &App, cents: u64) -> Result<u64, Rejection> {
//!     Ok(cents)
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let redis = Redis::connect("redis://127.0.0.1/").await?;
//! let gateway_calls = RateLimiter::window("gateway_calls", 100, Duration::from_secs(60));
//! let app = App { gateway_calls: gateway_calls.shared(redis, WhenDown::Refuse) };
//! charge(&app, 500).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Both ways to count give the answers that they give in one process, on the server's clock, whose unit
//! is a microsecond; the interval of a rate is counted in nanoseconds. A question is one script, and a
//! limit one key, in which a window remembers each of its calls (some 60 bytes) and a rate four numbers.
//! It is gone a second after it has become as if nobody had ever called. A server that was restarted
//! empty, and a failover to a replica that had not heard of the last calls yet, let that much more through.
//!
//! # Circuits
//!
//! A [`Redis`] is a backend of [circuit breakers](steadfast::circuit_breaker::CircuitBreaker::shared) that
//! processes share.
//!
//! ```no_run
//! use std::time::Duration;
//! use steadfast::circuit_breaker::{CircuitBreaker, Shared};
//! use steadfast::shared::WhenDown;
//! use steadfast::{Rejection, circuit_breaker};
//! use steadfast_redis::Redis;
//!
//! struct App {
//!     gateway: CircuitBreaker<Shared<Redis>>,
//! }
//!
//! #[circuit_breaker(app.gateway)]
//! async fn authorize(app: &App, cents: u64) -> Result<u64, Rejection> {
//!     Ok(cents)
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let redis = Redis::connect("redis://127.0.0.1/").await?;
//! let gateway = CircuitBreaker::new("gateway").failure_threshold(5).recovery_timeout(Duration::from_secs(10));
//! let app = App { gateway: gateway.shared(redis, WhenDown::Admit) };
//! authorize(&app, 500).await?;
//! # Ok(())
//! # }
//! ```
//!
//! A circuit is one hash, and none while it is closed and nothing has failed. It is forgotten a day and
//! twice its longest wait after it last learnt something, but never while an operator's word holds. A
//! window of time moves on in tenths, of the server's clock. A server that was restarted empty has closed
//! circuits.
//!
//! An operator reaches a breaker of all processes by name, through
//! [`control`](steadfast::control()) and the registry, where the breaker is a static that is made at its
//! first use:
//!
//! ```no_run
//! use std::sync::{LazyLock, OnceLock};
//! use steadfast::circuit_breaker::{CircuitBreaker, Shared};
//! use steadfast::shared::WhenDown;
//! use steadfast::{Rejection, circuit_breaker};
//! use steadfast_redis::Redis;
//!
//! static REDIS: OnceLock<Redis> = OnceLock::new();
//! static GATEWAY: LazyLock<CircuitBreaker<Shared<Redis>>> = LazyLock::new(|| {
//!     let redis = REDIS.get().expect("main connects first").clone();
//!     CircuitBreaker::new("gateway").shared(redis, WhenDown::Admit)
//! });
//!
//! #[circuit_breaker(GATEWAY)]
//! async fn capture(cents: u64) -> Result<u64, Rejection> {
//!     Ok(cents)
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let redis = Redis::connect("redis://127.0.0.1/").await?;
//! REDIS.get_or_init(|| redis);
//! steadfast::control("gateway")?.force_open(); // in all processes
//! # Ok(())
//! # }
//! ```
//!
//! # Caches
//!
//! [`RedisTier`] is the second tier of caches: a value that one process has loaded is found by the
//! others, and what one of them invalidates is gone in all. What becomes of calls while Redis is down
//! must be chosen.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use steadfast::cached::Cache;
//! use steadfast::cached::when_down::Refuse;
//! use steadfast::{Rejection, cached};
//! use steadfast_redis::{Redis, RedisTier};
//!
//! /// While Redis is down it answers from memory or not at all: the bank allows few calls.
//! static RATES: Cache<String, u64, Refuse> = Cache::new("fx.rates", Duration::from_secs(300)).refusing();
//!
//! #[cached(RATES, key = currency)]
//! async fn rate(currency: &str) -> Result<u64, Rejection> {
//!     Ok(108)
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let redis = Redis::connect("redis://127.0.0.1/").await?;
//! RATES.use_tier(RedisTier::new(&redis, Refuse))?;
//! rate("EUR").await?;
//! RATES.invalidate("EUR").await?; // an error says that the other processes were not told
//! # Ok(())
//! # }
//! ```
//!
//! Entries of caches live beside the records, on a server that evicts nothing: they expire, but give it
//! memory for them. A server of its own for caches may evict; see [`RedisOptions::connect_tier`].
//!
//! # Fraud rules
//!
//! With the feature `payments`, a [`Redis`] counts payments for the fraud rules of `steadfast-payments`: all
//! processes count together which use the same server and the same prefix.
//!
//! ```no_run
//! # #[cfg(feature = "payments")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//! use steadfast_payments::fraud::{Facts, FraudEngine, Velocity, WhenDown};
//! use steadfast_redis::Redis;
//!
//! let redis = Redis::connect("redis://127.0.0.1/").await?;
//! let engine = FraudEngine::builder("checkout", redis)
//!     .rule("user_hourly", Velocity::per_user(5, Duration::from_secs(3600), WhenDown::Review)?)
//!     .rule("card_daily", Velocity::per_card(10, Duration::from_secs(24 * 3600), WhenDown::Refuse)?)
//!     .build()?;
//! let assessment = engine.assess(&Facts::new("order-17").user("u_42").card("tok_9f3a")).await?;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "payments"))]
//! # fn main() {}
//! ```
//!
//! The answers are those of a count in one process, on the server's clock, whose unit is a microsecond. A
//! key is a sorted set, of hashes only, in which a payment takes some 100 bytes, and no more than
//! 10,000 of them; it is gone a second after its last payment has left the window. A payment is counted
//! under all of its keys in one round trip, under each in one script. A server that was restarted empty
//! counts from nothing.
//!
//! # Sagas
//!
//! With the feature `payments`, a [`RedisStore`] is a log of sagas, with the same mark against a server that
//! came back empty. A saga is a hash, and each step of its log a script on it; a full server begins no saga, and
//! takes what brings one to its end. Open and stuck sagas have no TTL; one that has ended is forgotten after 90 days,
//! or by `SagaLog::purge`. A crash or a failover can lose the last entries, or a saga that had just begun, as
//! it loses [records](RedisStore#what-it-can-lose): then steps run again, under the downstream keys that they
//! had before.
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
#[cfg(feature = "payments")]
mod saga;
mod script;
mod server;
mod tier;
mod time;
#[cfg(feature = "payments")]
mod velocity;

#[cfg(test)]
mod apart;
#[cfg(test)]
mod tests;

pub use connection::Redis;
pub use error::RedisError;
pub use idempotent::RedisStore;
pub use options::RedisOptions;
pub use tier::RedisTier;
