//! The second tier of caches.

mod message;
mod subscription;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use redis::Value;
use steadfast::cached::when_down::WhenDown;
use steadfast::cached::{Asked, Found, Invalidations, Origin, SecondTier, Ticket};
use steadfast::idempotent::Token;

use crate::connection::Redis;
use crate::error::RedisError;
use crate::keys::Bucket;
use crate::options::RedisOptions;
use crate::script::Script;
use message::Message;
use subscription::Subscription;

static GET: Script = Script::new(include_str!("scripts/get.lua"));
static PUT: Script = Script::new(include_str!("scripts/put.lua"));
static REPLACE: Script = Script::new(include_str!("scripts/replace.lua"));
static REMOVE: Script = Script::new(include_str!("scripts/remove.lua"));

/// A miss is noted for so long. What is loaded for longer goes to its callers, and not to Redis.
const LEASE: Duration = Duration::from_secs(60);

/// Of no entry: a server that is told a later moment than its clock can say refuses it.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// The second tier of caches, in Redis: processes share what one of them has loaded, and what one of
/// them invalidates is gone in all.
///
/// Make one for a process, and give clones of it to its caches. What becomes of a miss while Redis
/// does not answer must be chosen: [`Run`](steadfast::cached::when_down::Run) or
/// [`Refuse`](steadfast::cached::when_down::Refuse).
///
/// ```no_run
/// use std::sync::LazyLock;
/// use std::time::Duration;
///
/// use steadfast::cached::when_down::{Refuse, Run};
/// use steadfast::cached::{Cache, TierError};
/// use steadfast::{Rejection, cached};
/// use steadfast_redis::{Redis, RedisTier};
///
/// static NAMES: Cache<u64, String> = Cache::new("names", Duration::from_secs(600));
///
/// struct App {
///     rates: RedisTier<Refuse>,
/// }
///
/// // While Redis is down it answers from memory or not at all: the bank allows few calls.
/// #[cached(ttl = "5m", tier = app.rates, name = "fx.rates", key = currency)]
/// async fn rate(app: &App, currency: &str) -> Result<u64, Rejection> {
///     Ok(108)
/// }
///
/// async fn renamed(id: u64) -> Result<(), TierError> {
///     // In this process at once, in the others as soon as they hear of it.
///     NAMES.invalidate(&id).await
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let redis = Redis::connect("redis://127.0.0.1/").await?;
/// NAMES.use_tier(RedisTier::new(&redis, Run))?;
/// let app = App { rates: RedisTier::new(&redis, Refuse) };
/// rate(&app, "EUR").await?;
/// renamed(7).await?;
/// # Ok(())
/// # }
/// ```
///
/// # What is invalidated
///
/// Removing a value and telling the others is one atomic step. What is loaded elsewhere at that moment
/// is kept neither there nor in Redis: a load is noted in Redis when it begins (for a minute), and what
/// it brings is left out where the note is gone. `clear` costs the same whatever the cache holds; what
/// it leaves behind expires.
///
/// The others hear of it on a connection of their own, one for each tier that was made, which is looked
/// after in a task: where it breaks, and nobody can know what was missed, the process forgets all that
/// its caches have as soon as it listens again. A break that nobody notices (a host that is gone) is
/// found within two seconds and a timeout. So a process that is cut off from Redis may hand out
/// what was invalidated for as long as it is cut off, at most for `ttl`.
///
/// # What becomes of it when Redis..
///
/// | | a miss | `invalidate`, `clear`, `prime` |
/// |---|---|---|
/// | does not answer, is slow, or is gone | the function runs, or the call is refused, as chosen | an error |
/// | has become a replica, and takes no writes | the same | an error |
/// | has no memory left | a value that is there is handed out; without one the same | work, but for `prime`, an error |
/// | came back empty | loads | work, and all processes forget what they have |
/// | came back with older data | what was invalidated since may be back, until it expires: `clear` such caches | work |
///
/// What the function returned goes to its caller whatever Redis says. A value of another version of the
/// program that does not read is a miss.
///
/// # What is in Redis
///
/// Keys and values as JSON, in plain text: an entry is `prefix:{bucket}:cached:..` with the name of the
/// cache and the key, so leave card numbers out of both. The channel is `prefix:invalidations`. Entries
/// expire by themselves; of each name of a cache 64 small keys remain.
#[derive(Clone)]
pub struct RedisTier<D> {
    shared: Arc<Shared>,
    when_down: PhantomData<fn() -> D>,
}

struct Shared {
    redis: Redis,
    channel: Vec<u8>,
    subscription: Subscription,
}

impl<D: WhenDown> RedisTier<D> {
    /// A tier on this connection. Each step waits as long as a command of the connection may take
    /// ([`RedisOptions::timeout`]).
    ///
    /// See [`RedisTier`] for an example.
    pub fn new(redis: &Redis, when_down: D) -> Self {
        let _ = when_down;
        let channel = format!("{}:invalidations", redis.prefix()).into_bytes();
        let subscription = Subscription::new(redis.client().clone(), channel.clone(), redis.timeout());
        let shared = Arc::new(Shared { redis: redis.clone(), channel, subscription });
        Self { shared, when_down: PhantomData }
    }
}

impl RedisOptions {
    /// Connects to a server for caches only, which may throw entries away: its `maxmemory-policy` may
    /// be any, `allkeys-lru` for example. Nothing but a tier is made of this connection; a server
    /// with idempotency records must keep what it is given.
    ///
    /// ```no_run
    /// use steadfast::cached::when_down::Run;
    /// use steadfast_redis::RedisOptions;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let tier = RedisOptions::new().connect_tier("redis://cache.internal/", Run).await?;
    /// # drop(tier);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Redis::connect`], but for the eviction policy; and when the prefix or the timeout cannot
    /// be right.
    pub async fn connect_tier<D: WhenDown>(self, url: &str, when_down: D) -> Result<RedisTier<D>, RedisError> {
        Ok(RedisTier::new(&self.connect_evicting(url).await?, when_down))
    }
}

/// Where an entry lies, and the generation of its cache in that bucket.
struct Place {
    entry: Vec<u8>,
    generation: Vec<u8>,
}

impl<D> RedisTier<D> {
    fn place(&self, cache: &str, key: &[u8]) -> Place {
        // With its length, so that no name and key read as another name and key.
        let mut id = format!("{}:{cache}:", cache.len()).into_bytes();
        id.extend_from_slice(key);
        let bucket = Bucket::of(&id);
        Place { entry: self.redis().prefix().key(bucket, "cached", &id), generation: self.generation(bucket, cache) }
    }

    fn generation(&self, bucket: Bucket, cache: &str) -> Vec<u8> {
        self.redis().prefix().key(bucket, "cached-generation", cache.as_bytes())
    }

    fn redis(&self) -> &Redis {
        &self.shared.redis
    }

    /// Runs a script, all of which may be done twice: on a new connection where the first one broke.
    async fn run(&self, script: &Script, place: &Place, args: &[&[u8]]) -> Result<Value, RedisError> {
        self.redis().run_again(script, &[&place.entry, &place.generation], args).await
    }
}

fn new() -> [u8; 16] {
    Token::random().to_bytes()
}

/// A time as the server takes it: whole milliseconds, at least one.
fn millis(time: Duration) -> Vec<u8> {
    time.min(LONGEST).as_millis().max(1).to_string().into_bytes()
}

/// What `get.lua` answers.
fn asked(answer: Value) -> Option<Asked> {
    let Value::Array(parts) = answer else { return None };
    let [Value::BulkString(stamp), Value::BulkString(rest), Value::Int(left)] = &parts[..] else { return None };
    let left = Duration::from_millis(u64::try_from(*left).unwrap_or(0));
    let value = rest.strip_prefix(b"=").filter(|_| !left.is_zero());
    let found = value.map(|value| Found { value: value.to_vec(), left });
    Some(Asked { found, ticket: Ticket::from(stamp.clone()) })
}

impl<D: WhenDown> SecondTier for RedisTier<D> {
    type Error = RedisError;
    type WhenDown = D;

    async fn get(&self, cache: &str, key: &[u8]) -> Result<Asked, RedisError> {
        self.shared.subscription.tried().await;
        let answer = self.run(&GET, &self.place(cache, key), &[&new(), &new(), &millis(LEASE)]).await?;
        asked(answer).ok_or(RedisError::Unreadable)
    }

    async fn put(
        &self,
        cache: &str,
        key: &[u8],
        value: &[u8],
        ttl: Duration,
        ticket: &Ticket,
    ) -> Result<(), RedisError> {
        let args = [ticket.as_bytes(), value, &millis(ttl)];
        self.run(&PUT, &self.place(cache, key), &args).await.map(drop)
    }

    async fn replace(
        &self,
        cache: &str,
        key: &[u8],
        value: &[u8],
        ttl: Duration,
        by: Origin,
    ) -> Result<(), RedisError> {
        self.shared.subscription.tried().await;
        let message = Message { by, cache, key: Some(key) }.write();
        let args: [&[u8]; 6] = [&new(), &new(), value, &millis(ttl), &self.shared.channel, &message];
        self.run(&REPLACE, &self.place(cache, key), &args).await.map(drop)
    }

    async fn remove(&self, cache: &str, key: &[u8], by: Origin) -> Result<(), RedisError> {
        let message = Message { by, cache, key: Some(key) }.write();
        self.run(&REMOVE, &self.place(cache, key), &[&self.shared.channel, &message]).await.map(drop)
    }

    /// Takes the generation of the cache away in each bucket: what is of an older one is no answer.
    async fn clear(&self, cache: &str, by: Origin) -> Result<(), RedisError> {
        let message = Message { by, cache, key: None }.write();
        let mut commands = redis::pipe();
        for bucket in Bucket::FIRST.and_after() {
            commands.del(self.generation(bucket, cache));
        }
        // The last: who hears of it must not find what was there.
        commands.publish(&self.shared.channel, message);
        self.redis().query_all_again(&commands).await.map(drop)
    }

    /// The connection's own limit counts, with a second try where it broke.
    fn limit(&self) -> Duration {
        self.redis().timeout().saturating_mul(2)
    }

    fn listen(&self, cache: &'static str, to: Invalidations) {
        self.shared.subscription.listeners.add(cache, to);
        self.shared.subscription.keep_up();
    }
}

/// Where it is connected to is left out: the URL carries a password.
impl<D> fmt::Debug for RedisTier<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisTier")
            .field("redis", self.redis())
            .field("caches", &self.shared.subscription.listeners.count())
            .finish_non_exhaustive()
    }
}
