//! One connection that all share, made anew when it breaks.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, IntoConnectionInfo, Pipeline, ServerErrorKind, ToRedisArgs, Value,
};
use tokio::runtime::Handle;
use tokio::sync::OnceCell;

use crate::error::RedisError;
use crate::keys::{Bucket, Prefix};
use crate::options::RedisOptions;
use crate::script::Script;
use crate::server::{self, Trust};

/// A connection to Redis or Valkey. Cheap to clone; the clones share one connection, on which their
/// commands do not wait for each other.
///
/// Every command has a timeout, one second unless [`RedisOptions::timeout`] says otherwise. After one
/// that failed because the connection broke, or did not answer in time, the next makes a new
/// connection. A step of a store that may be done twice is tried once more when the connection broke
/// under it. Nothing runs in the background but the connection itself.
///
/// ```no_run
/// use steadfast_redis::Redis;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let redis = Redis::connect("redis://127.0.0.1/").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Redis(Arc<Shared>);

struct Shared {
    client: Client,
    prefix: Prefix,
    timeout: Duration,
    server: Trust,
    /// The present connection. A broken one is replaced by an empty cell, which the next command
    /// fills, and all others that came meanwhile wait for.
    present: Mutex<Arc<Cell>>,
}

type Cell = OnceCell<MultiplexedConnection>;

impl Redis {
    /// Connects, with the prefix `steadfast` and a timeout of one second for each command, and looks
    /// whether the server can be trusted with payments. [`RedisOptions`] has other settings.
    ///
    /// The URL is `redis://user:password@host:port/database`, `rediss://..` with TLS, or
    /// `redis+unix:///path`. It is in no error and no log.
    ///
    /// # Errors
    /// When the server cannot be reached, is older than Redis 6.2 (and no Valkey), may evict keys, or
    /// is a replica.
    ///
    /// See [`Redis`] for an example.
    pub async fn connect(url: &str) -> Result<Self, RedisError> {
        RedisOptions::new().connect(url).await
    }

    pub(crate) async fn open(url: &str, prefix: Prefix, timeout: Duration, server: Trust) -> Result<Self, RedisError> {
        let tcp = TcpSettings::default().set_nodelay(true);
        let info = url.into_connection_info().map_err(|_| RedisError::Url)?.set_tcp_settings(tcp);
        let client = Client::open(info).map_err(|_| RedisError::Url)?;
        let redis = Self(Arc::new(Shared { client, prefix, timeout, server, present: Mutex::default() }));
        redis.in_time(redis.connection(&redis.cell())).await?;
        Ok(redis)
    }

    /// Runs a script on keys of one bucket, and answers what it returned.
    ///
    /// An error that is [`RedisError::Late`] or [`RedisError::Disconnected`] leaves open whether it
    /// ran.
    pub(crate) async fn run(
        &self,
        script: &Script,
        keys: &[&[u8]],
        args: impl ToRedisArgs,
    ) -> Result<Value, RedisError> {
        self.on_connection(async |mut connection| {
            match script.by_hash(keys, &args).query_async(&mut connection).await {
                Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                    script.by_code(keys, &args).query_async(&mut connection).await
                }
                answer => answer,
            }
        })
        .await
    }

    /// As [`run`](Self::run), and once more on a new connection where the first one broke. For what
    /// may be done twice.
    pub(crate) async fn run_again(
        &self,
        script: &Script,
        keys: &[&[u8]],
        args: impl ToRedisArgs,
    ) -> Result<Value, RedisError> {
        match self.run(script, keys, &args).await {
            Err(RedisError::Disconnected(_)) => self.run(script, keys, &args).await,
            answer => answer,
        }
    }

    /// Runs one script several times, each on keys of its own bucket, and answers what each returned, or
    /// the first error. As [`run_again`](Self::run_again), for what may be done twice.
    #[cfg(feature = "payments")]
    pub(crate) async fn run_each_again(
        &self,
        script: &Script,
        steps: &[(&[u8], &[String])],
    ) -> Result<Vec<Value>, RedisError> {
        match self.run_each(script, steps).await {
            Err(RedisError::Disconnected(_)) => self.run_each(script, steps).await,
            answer => answer,
        }
    }

    #[cfg(feature = "payments")]
    async fn run_each(&self, script: &Script, steps: &[(&[u8], &[String])]) -> Result<Vec<Value>, RedisError> {
        let by_hash = || steps.iter().map(|(key, args)| script.by_hash(&[key], args));
        let by_code = || steps.iter().map(|(key, args)| script.by_code(&[key], args));
        self.on_connection(async |mut connection| match pipeline(by_hash()).query_async(&mut connection).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                pipeline(by_code()).query_async(&mut connection).await
            }
            answer => answer,
        })
        .await
    }

    /// Sends one command that is no script.
    pub(crate) async fn query(&self, command: &Cmd) -> Result<Value, RedisError> {
        self.on_connection(async |mut connection| command.query_async(&mut connection).await).await
    }

    /// Sends commands one after the other, and answers all of their answers. Like
    /// [`run_again`](Self::run_again), for what may be done twice.
    pub(crate) async fn query_all_again(&self, commands: &Pipeline) -> Result<Vec<Value>, RedisError> {
        match self.query_all(commands).await {
            Err(RedisError::Disconnected(_)) => self.query_all(commands).await,
            answer => answer,
        }
    }

    async fn query_all(&self, commands: &Pipeline) -> Result<Vec<Value>, RedisError> {
        self.on_connection(async |mut connection| commands.query_async(&mut connection).await).await
    }

    /// `prefix:{bucket}:kind:id`, in the bucket of the id.
    pub(crate) fn key(&self, kind: &str, id: &[u8]) -> Vec<u8> {
        self.0.prefix.key(Bucket::of(id), kind, id)
    }

    /// What all keys begin with.
    pub(crate) fn prefix(&self) -> &Prefix {
        &self.0.prefix
    }

    /// How long a command may take.
    pub(crate) fn timeout(&self) -> Duration {
        self.0.timeout
    }

    /// For a connection of another kind, such as one that listens to a channel.
    pub(crate) fn client(&self) -> &Client {
        &self.0.client
    }

    async fn on_connection<T>(
        &self,
        ask: impl AsyncFnOnce(MultiplexedConnection) -> redis::RedisResult<T>,
    ) -> Result<T, RedisError> {
        let cell = self.cell();
        let answer = self.in_time(async { Ok(ask(self.connection(&cell).await?).await?) }).await;
        if answer.as_ref().is_err_and(RedisError::ends_connection) {
            self.leave(&cell);
        }
        answer
    }

    async fn in_time<T>(&self, work: impl Future<Output = Result<T, RedisError>>) -> Result<T, RedisError> {
        // A timer would panic, and a last word may be said by a destructor.
        Handle::try_current().map_err(|_| RedisError::NoRuntime)?;
        let after = self.0.timeout;
        tokio::time::timeout(after, work).await.unwrap_or(Err(RedisError::Late { after }))
    }

    /// The cell's connection, which is made by the first who asks while the others wait for it.
    async fn connection(&self, cell: &Cell) -> Result<MultiplexedConnection, RedisError> {
        cell.get_or_try_init(|| connect(&self.0.client, self.0.server)).await.cloned()
    }

    fn cell(&self) -> Arc<Cell> {
        self.0.present.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Leaves a connection to those who still wait for its answers, unless somebody else did.
    fn leave(&self, broken: &Arc<Cell>) {
        let mut present = self.0.present.lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&present, broken) {
            *present = Arc::default();
        }
    }
}

#[cfg(feature = "payments")]
fn pipeline(commands: impl Iterator<Item = Cmd>) -> Pipeline {
    let mut pipeline = Pipeline::new();
    for command in commands {
        pipeline.add_command(command);
    }
    pipeline
}

/// A connection to a server that may be trusted. Its timeout is that of the command that needs it.
async fn connect(client: &Client, trust: Trust) -> Result<MultiplexedConnection, RedisError> {
    let patient = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
    let mut connection = client.get_multiplexed_async_connection_with_config(&patient).await?;
    let mut about = Pipeline::with_capacity(3);
    for section in ["server", "memory", "replication"] {
        about.cmd("INFO").arg(section);
    }
    let info: Vec<String> = about.query_async(&mut connection).await?;
    server::check(&info.concat(), trust)?;
    Ok(connection)
}

/// Where it is connected to is left out: the URL carries a password.
impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").field("prefix", &self.prefix().to_string()).field("timeout", &self.timeout()).finish()
    }
}
