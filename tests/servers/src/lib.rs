//! The servers that tests talk to: found, started, stopped, killed, cut off.
//!
//! Two kinds. A **shared** server ([`redis`], [`postgres`]) is the one of `REDIS_URL` or `DATABASE_URL`, or else one that is
//! started once for the test process; each test has its own prefix or its own database on it. An **own** server
//! ([`redis_server`], [`postgres_server`]) is the test's alone: it may be killed, frozen, restarted, restarted empty.
//!
//! ```ignore
//! let Some(redis) = steadfast_servers::redis("a claim is atomic") else { return };
//! let Some(server) = steadfast_servers::redis_server("survives a crash", DURABLE) else { return };
//! ```
//!
//! Without the server's program both answer `None` and say on the terminal which test was skipped and why; with
//! `STEADFAST_REQUIRE_SERVERS=1` that is a failure instead. [`Proxy`] stands in front of any server and delays, holds or cuts
//! what goes through it.
//!
//! `REDIS_SERVER` names another program than `redis-server`, to run the tests against an older version or another server.
//!
//! Everything here is plain threads and processes: no runtime, no clock that a test could pause. Calls block for the
//! milliseconds that a server needs. What a test process leaves behind when it dies is cleared away by a watcher.

mod database;
mod own;
mod port;
mod postgres;
mod process;
mod programs;
mod proxy;
mod redis;
mod resp;
mod shared;
mod skip;
mod temp;
mod watcher;

pub use database::Database;
pub use own::OwnServer;
pub use postgres::{PostgresServer, postgres_server};
pub use proxy::Proxy;
pub use redis::{DURABLE, RedisServer, redis_server};
pub use shared::{Redis, postgres, redis};
pub use temp::{TempDir, temp_dir};
