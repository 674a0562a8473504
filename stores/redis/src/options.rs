//! How to connect.

use std::time::Duration;

use crate::connection::Redis;
use crate::error::RedisError;
use crate::keys::Prefix;
use crate::server::Trust;

/// How to connect, where [`Redis::connect`] does not fit.
///
/// ```no_run
/// use std::time::Duration;
/// use steadfast_redis::RedisOptions;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let options = RedisOptions::new().prefix("payments").timeout(Duration::from_millis(300));
/// let redis = options.connect("redis://127.0.0.1/").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RedisOptions {
    prefix: String,
    timeout: Duration,
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl RedisOptions {
    /// The prefix `steadfast`, and a timeout of one second.
    ///
    /// See [`RedisOptions`] for an example.
    pub fn new() -> Self {
        Self { prefix: "steadfast".to_owned(), timeout: Duration::from_secs(1) }
    }

    /// What all keys begin with: 1 to 64 letters, digits, `-`, `_`, `.` and `:`. Default
    /// `steadfast`. Processes that share state share a prefix; two systems on one server have two.
    ///
    /// ```
    /// use steadfast_redis::{RedisError, RedisOptions};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let braces = RedisOptions::new().prefix("{payments}");
    /// let error = braces.connect("redis://127.0.0.1/").await.unwrap_err();
    /// assert!(matches!(error, RedisError::Setting(_)));
    /// # }
    /// ```
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How long a command may take, with the making of a connection where there is none. Default
    /// one second; not zero. A command that takes longer fails, and may have been done; the next one
    /// makes a new connection.
    ///
    /// See [`RedisOptions`] for an example.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Connects, and looks whether the server can be trusted with payments.
    ///
    /// # Errors
    /// As [`Redis::connect`]; and when the prefix or the timeout cannot be right.
    ///
    /// See [`RedisOptions`] for an example.
    pub async fn connect(self, url: &str) -> Result<Redis, RedisError> {
        self.open(url, Trust::Keeps).await
    }

    /// For what may be thrown away.
    pub(crate) async fn connect_evicting(self, url: &str) -> Result<Redis, RedisError> {
        self.open(url, Trust::MayEvict).await
    }

    async fn open(self, url: &str, server: Trust) -> Result<Redis, RedisError> {
        let prefix = Prefix::new(self.prefix)?;
        if self.timeout.is_zero() {
            return Err(RedisError::Setting("no command can be done in no time: a timeout is longer than zero"));
        }
        Redis::open(url, prefix, self.timeout, server).await
    }
}
