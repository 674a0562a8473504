//! What sagas write ahead. (Feature `payments`.)

mod id;
mod record;
mod scripts;

use std::time::{Duration, SystemTime};

use redis::{Pipeline, Value};
use steadfast::idempotent::{Held, StoreError, Token};
use steadfast_payments::saga::{Claimed, NewClaim, NewEntry, SagaId, SagaLog, SagaRecord, Then, Which};

use crate::error::RedisError;
use crate::idempotent::{PAGE, held, written};
use crate::keys::Bucket;
use crate::script::Script;
use crate::{RedisStore, hex, time};

/// How long a saga is kept that has ended: the same id gives the same outcome for so long.
const KEPT: Duration = Duration::from_secs(90 * 24 * 3600);

const OPEN: &str = "sagas-open";
const STUCK: &str = "sagas-stuck";
const ENDED: &str = "sagas-ended";
const KEPT_UNTIL: &str = "sagas-kept";

/// What a step on one saga touches: the sentinel, the saga, and the lists of its bucket.
struct Keys {
    id: Vec<u8>,
    keys: [Vec<u8>; 6],
}

impl RedisStore {
    fn saga_keys(&self, id: &SagaId) -> Keys {
        let id = id::write(id);
        let (bucket, prefix) = (Bucket::of(&id), self.redis().prefix());
        let [sentinel, open, stuck, ended, kept] =
            [Self::SENTINEL, OPEN, STUCK, ENDED, KEPT_UNTIL].map(|kind| prefix.of(bucket, kind));
        Keys { keys: [sentinel, prefix.key(bucket, "saga", &id), open, stuck, ended, kept], id }
    }

    /// A step on one saga that may be done twice: where the connection breaks it is.
    async fn saga_step(&self, script: &Script, keys: &Keys, args: &[&[u8]]) -> Result<Value, RedisError> {
        self.redis().run_again(script, &keys.keys.each_ref().map(Vec::as_slice), args).await
    }

    /// Ids of one bucket's sagas of a definition, from one of its lists.
    async fn saga_ids(
        &self,
        list: &str,
        bucket: Bucket,
        [first, last]: [&[u8]; 2],
    ) -> Result<Vec<Vec<u8>>, RedisError> {
        let keys = [Self::SENTINEL, list].map(|kind| self.redis().prefix().of(bucket, kind));
        let limit = PAGE.to_string();
        let args: [&[u8]; 3] = [first, last, limit.as_bytes()];
        let ids = self.redis().run_again(&scripts::LIST, &[&keys[0], &keys[1]], &args[..]).await?;
        redis::from_redis_value(ids).map_err(|_| RedisError::Unreadable)
    }

    /// Those of these sagas that are in the state now.
    async fn included(&self, which: Which, bucket: Bucket, ids: &[Vec<u8>]) -> Result<Vec<SagaId>, RedisError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut commands = Pipeline::with_capacity(ids.len());
        for id in ids {
            commands.cmd("HMGET").arg(self.redis().prefix().key(bucket, "saga", id)).arg("status").arg("until");
        }
        let mut included = Vec::new();
        for (id, fields) in ids.iter().zip(self.redis().query_all_again(&commands).await?) {
            let (status, until): (Option<String>, Option<String>) =
                redis::from_redis_value(fields).map_err(|_| RedisError::Unreadable)?;
            // None where it went meanwhile.
            let Some(status) = status else { continue };
            let status = record::status(&status, until.as_deref()).ok_or(RedisError::Unreadable)?;
            if which.includes(status) {
                included.push(id::read(id)?);
            }
        }
        Ok(included)
    }

    /// Forgets sagas of one bucket, and says how many; fewer than it looked at where some were gone.
    async fn purge_bucket(&self, bucket: Bucket, before: &str, limit: usize) -> Result<Purged, RedisError> {
        let prefix = self.redis().prefix();
        let [sentinel, ended, kept] = [Self::SENTINEL, ENDED, KEPT_UNTIL].map(|kind| prefix.of(bucket, kind));
        let count = limit.to_string();
        let args = [before.as_bytes(), count.as_bytes()];
        let ids = self.redis().run_again(&scripts::ENDED, &[&sentinel, &ended], &args[..]).await?;
        let ids: Vec<Vec<u8>> = redis::from_redis_value(ids).map_err(|_| RedisError::Unreadable)?;
        if ids.is_empty() {
            return Ok(Purged { seen: 0, gone: 0 });
        }
        let sagas: Vec<_> = ids.iter().map(|id| prefix.key(bucket, "saga", id)).collect();
        let keys: Vec<&[u8]> = [&sentinel, &ended, &kept].into_iter().chain(&sagas).map(Vec::as_slice).collect();
        let args: Vec<&[u8]> = std::iter::once(before.as_bytes()).chain(ids.iter().map(Vec::as_slice)).collect();
        // Not done twice where the connection breaks: the second would not count what the first forgot.
        match self.redis().run(&scripts::FORGET, &keys, args).await? {
            Value::Int(gone) => Ok(Purged { seen: ids.len(), gone: usize::try_from(gone).unwrap_or_default() }),
            _ => Err(RedisError::Unreadable),
        }
    }
}

struct Purged {
    seen: usize,
    gone: usize,
}

/// Where a page begins and ends among a bucket's ids: those of one definition, after one of any.
fn range(saga: &str, after: Option<&[u8]>) -> [Vec<u8>; 2] {
    let definition = id::definition(saga);
    let first = match after {
        Some(after) if after > definition.as_slice() => [b"(", after].concat(),
        _ => [b"[", definition.as_slice()].concat(),
    };
    // No text has this byte.
    [first, [b"(", definition.as_slice(), b"\xff"].concat()]
}

/// A hash `prefix:{bucket}:saga:id` for each saga, with its entries, and four lists in each bucket: the ids of
/// those that are open, stuck, ended, and when the ended ones are forgotten. Open and stuck ones stay until
/// they have ended; the server forgets ended ones after 90 days, or [`purge`](SagaLog::purge) before.
///
/// A server that lost its data answers an error: what was begun before would look new. One that is full
/// answers [`StoreError::full`] to what begins, and takes what brings a saga to its end.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use steadfast::Rejection;
/// use steadfast_payments::saga::{Saga, Step};
/// use steadfast_redis::{Redis, RedisStore};
///
/// async fn charge(_: (), order: u64, _: Step) -> Result<u64, Rejection> {
///     Ok(order)
/// }
///
/// let log = RedisStore::new(Redis::connect("redis://127.0.0.1/").await?);
/// log.check().await?;
/// let checkout = Saga::new("checkout", 1).pivot("charge", charge);
/// checkout.run(&(), &log, "order-17", 500).await?;
/// # Ok(())
/// # }
/// ```
impl SagaLog for RedisStore {
    async fn claim(&self, claim: NewClaim) -> Result<Claimed, StoreError> {
        let keys = self.saga_keys(&claim.id);
        let owner = [hex::write(&claim.token.to_bytes()), time::write(claim.lease_until)];
        let seen = claim.take_over.map(written).unwrap_or_default();
        let ([token, until], [seen, version]) =
            (owner.each_ref().map(String::as_bytes), seen.each_ref().map(String::as_bytes));
        match self.saga_step(&scripts::CLAIM, &keys, &[&keys.id, token, until, &claim.entry, seen, version]).await {
            Ok(Value::Int(1)) => Ok(Claimed::Won),
            Ok(Value::Int(0)) => Ok(Claimed::Gone),
            Ok(hash) => Ok(Claimed::Found(record::read(hash)?.ok_or(RedisError::Unreadable)?)),
            Err(RedisError::OutOfMemory) => Err(StoreError::full()),
            Err(other) => Err(other.into()),
        }
    }

    async fn append(&self, id: &SagaId, token: Token, entry: NewEntry) -> Result<Held, StoreError> {
        let keys = self.saga_keys(id);
        let texts = [hex::write(&token.to_bytes()), entry.seq.to_string()];
        let [token, place] = texts.each_ref().map(String::as_bytes);
        let status = record::called(entry.then).as_bytes();
        let mut args = vec![keys.id.as_slice(), token, place, &entry.entry, status];
        let ended = if let Then::Ended { at } = entry.then {
            vec![time::write(at), time::millis(at).to_string(), KEPT.as_millis().to_string()]
        } else {
            Vec::new()
        };
        args.extend(ended.iter().map(String::as_bytes));
        held(self.saga_step(&scripts::APPEND, &keys, &args).await)
    }

    async fn renew(&self, id: &SagaId, token: Token, lease_until: SystemTime) -> Result<Held, StoreError> {
        let args = [hex::write(&token.to_bytes()), time::write(lease_until)];
        let args = args.each_ref().map(String::as_bytes);
        held(self.saga_step(&scripts::RENEW, &self.saga_keys(id), &args).await)
    }

    async fn load(&self, id: &SagaId) -> Result<Option<SagaRecord>, StoreError> {
        Ok(record::read(self.saga_step(&scripts::LOAD, &self.saga_keys(id), &[]).await?)?)
    }

    /// In the order of the buckets, and in one bucket in that of the bytes of their ids.
    async fn list(
        &self,
        saga: &str,
        which: Which,
        after: Option<&SagaId>,
        limit: usize,
    ) -> Result<Vec<SagaId>, StoreError> {
        let list = match which {
            Which::Abandoned { .. } => OPEN,
            Which::Stuck => STUCK,
        };
        let mut after = after.map(id::write);
        let first = after.as_deref().map_or(Bucket::FIRST, Bucket::of);
        let mut found = Vec::new();
        for bucket in first.and_after() {
            loop {
                if found.len() >= limit {
                    found.truncate(limit);
                    return Ok(found);
                }
                let range = range(saga, after.as_deref());
                let mut ids = self.saga_ids(list, bucket, range.each_ref().map(Vec::as_slice)).await?;
                let last = ids.len() < PAGE;
                found.extend(self.included(which, bucket, &ids).await?);
                after = ids.pop().filter(|_| !last);
                if last {
                    break;
                }
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    async fn purge(&self, ended_before: SystemTime, limit: usize) -> Result<usize, StoreError> {
        let before = time::millis(ended_before).to_string();
        let mut gone = 0_usize;
        for bucket in Bucket::FIRST.and_after() {
            loop {
                let page = limit.saturating_sub(gone).min(PAGE);
                if page == 0 {
                    return Ok(gone);
                }
                let purged = self.purge_bucket(bucket, &before, page).await?;
                gone = gone.saturating_add(purged.gone);
                if purged.seen < page {
                    break;
                }
            }
        }
        Ok(gone)
    }
}
