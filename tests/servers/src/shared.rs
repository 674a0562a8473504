//! The servers that all tests of a process use.

use std::env;
use std::sync::OnceLock;

use crate::database::{Admin, Database};
use crate::postgres::PostgresServer;
use crate::redis::RedisServer;
use crate::{port, programs, resp, skip};

/// A part of the shared Redis that is the test's alone: all keys that begin with its prefix. They are deleted with this.
#[derive(Debug)]
pub struct Redis {
    url: String,
    prefix: String,
}

/// The shared Redis: the one of `REDIS_URL`, or one that is started for this process. `what` is what the test shows with it.
///
/// `None`, said on the terminal, when there is neither.
///
/// # Panics
///
/// When there is neither and `STEADFAST_REQUIRE_SERVERS=1` is set, or when it does not start.
pub fn redis(what: &str) -> Option<Redis> {
    static OURS: OnceLock<Result<RedisServer, String>> = OnceLock::new();
    let start = || Ok(RedisServer::with(programs::redis()?, &[]));
    let ours = || OURS.get_or_init(start).as_ref().map(RedisServer::url).map_err(Clone::clone);
    let url = given("REDIS_URL").map_or_else(ours, Ok);
    let url = skip::unless(what, url, "install it, or set REDIS_URL")?;
    Some(Redis { url, prefix: format!("steadfast-test-{:x}", port::random()) })
}

/// A database of the test's own in the shared PostgreSQL: the one of `DATABASE_URL`, whose user must be allowed to create
/// databases, or one that is started for this process. `what` is what the test shows with it.
///
/// `None`, said on the terminal, when there is neither.
///
/// # Panics
///
/// When there is neither and `STEADFAST_REQUIRE_SERVERS=1` is set, or when it does not start or gives no database.
pub fn postgres(what: &str) -> Option<Database> {
    static OURS: OnceLock<Result<PostgresServer, String>> = OnceLock::new();
    let start = || Ok(PostgresServer::with(PostgresServer::possible()?));
    let ours = || OURS.get_or_init(start).as_ref().map(PostgresServer::url).map_err(Clone::clone);
    // Without `psql` nobody could make a database there.
    let url = given("DATABASE_URL").map_or_else(ours, |url| programs::psql().map(|_| url));
    let url = skip::unless(what, url, "install PostgreSQL, or set DATABASE_URL")?;
    Some(Database::new(Admin(url)))
}

impl Redis {
    /// The server's URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What all keys of this test must begin with.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Best effort: the prefix is nobody else's, and a server that has gone keeps nothing.
    fn clear(&self) -> Option<()> {
        let address = self.url.strip_prefix("redis://")?.split(['/', '?']).next()?;
        // Who needs a password or another database keeps the keys until they expire.
        let mut connection = resp::Connection::open(address).ok()?;
        let pattern = format!("*{}*", self.prefix);
        let mut cursor = "0".to_owned();
        loop {
            let answer = connection.ask(&["SCAN", &cursor, "MATCH", &pattern, "COUNT", "1000"]).ok()?;
            let (next, keys) = answer.split_first()?;
            for key in keys {
                connection.ask(&["UNLINK", key]).ok()?;
            }
            if next == "0" {
                return Some(());
            }
            next.clone_into(&mut cursor);
        }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.clear();
    }
}

/// The variable's value, when it has one.
fn given(name: &str) -> Option<String> {
    env::var(name).ok().filter(|it| !it.is_empty())
}
