//! Records of `#[idempotent]`.

mod id;
mod init;
mod record;
mod scripts;
#[cfg(test)]
mod tests;

use std::time::SystemTime;

use redis::Value;
use steadfast::idempotent::{
    Claimed, Held, NewClaim, Outcome, Record, RecordId, Resolution, Seen, Store, StoreError, Token,
};

use crate::error::RedisError;
use crate::keys::Bucket;
use crate::script::Script;
use crate::{Redis, hex, time};

/// Records of [`idempotent`](macro@steadfast::idempotent) calls, and what was
/// [seen first](steadfast::first_seen), shared by all processes that use the server and the prefix.
/// Cheap to clone.
///
/// ```no_run
/// use steadfast::{Rejection, idempotent};
/// use steadfast_redis::{Redis, RedisStore};
///
/// #[idempotent(name = "docs.redis.charge", key = key, payload = amount, store = records)]
/// async fn charge(records: RedisStore, amount: u64, key: String) -> Result<u64, Rejection> {
///     Ok(amount + 1)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let records = RedisStore::new(Redis::connect("redis://127.0.0.1/").await?);
/// records.check().await?; // the program does not start over a server that lost its records
/// charge(records, 500, "order-17".into()).await?;
/// # Ok(())
/// # }
/// ```
///
/// # A server that came back empty
///
/// For Redis, a key that it lost is a key that never was; a payment would run again. So a store is
/// initialised once ([`init`](Self::init)), which leaves a mark in every part of the key space, and
/// every step looks for the mark in the same script that does the step. Where it is gone, nothing
/// runs: the caller gets `StoreUnavailable` with [`RedisError::NoData`].
///
/// # What it does when the server
///
/// | | before the work | after it |
/// |---|---|---|
/// | is slow, or gone | `StoreUnavailable`, after the timeout at the latest; nothing runs | tries until the lease ends, then `Unrecorded` with the result inside; the record stays in flight, and then counts as unknown |
/// | came back empty | `StoreUnavailable`; nothing runs | the same |
/// | takes no writes | `StoreUnavailable`; nothing runs | the same |
/// | is full (`maxmemory`) | `StoreFull`; nothing runs | the result is recorded all the same |
///
/// # What it can lose
///
/// A record is as durable as the server makes it.
///
/// - **A crash** loses what is not on the disk. With `appendonly yes` and `appendfsync always`,
///   nothing that was answered; with `everysec`, up to a second, sometimes two; with snapshots only,
///   all since the last one. The mark does not tell, because it is on the disk.
/// - **A failover** loses what the replica did not have yet: replication is asynchronous, also in
///   Sentinel and Cluster. `min-replicas-to-write 1` makes the loss smaller, not impossible. A managed service
///   says in its own words what it acknowledges before it is safe.
/// - A lost record of a finished call is a key that runs again. What helps then is on the other
///   side: give the gateway `claim.downstream_key()`, which is the same for the same key.
///
/// Where this is not good enough, keep the records in PostgreSQL.
///
/// # Keys
///
/// A record is the hash `prefix:{bucket}:record:id`, its fields are text. Only known results have a
/// TTL: their `ttl`, and an hour for clocks that differ. `prefix:{bucket}:open` names those that are
/// in flight or of unknown outcome; they stay until somebody ends them.
#[derive(Clone, Debug)]
pub struct RedisStore {
    redis: Redis,
}

impl RedisStore {
    /// The store of a connection. It asks the server nothing; [`check`](Self::check) does.
    ///
    /// See [`RedisStore`] for an example.
    pub fn new(redis: Redis) -> Self {
        Self { redis }
    }

    /// What the mark of a bucket is called.
    pub(crate) const SENTINEL: &str = "sentinel";

    pub(crate) fn redis(&self) -> &Redis {
        &self.redis
    }

    /// A step on a record that may be done twice: where the connection breaks it is.
    async fn step(&self, script: &Script, id: &Key, args: &[&[u8]]) -> Result<Value, RedisError> {
        self.redis.run_again(script, &[&id.sentinel, &id.record, &id.open], args).await
    }

    fn key(&self, id: &RecordId) -> Key {
        let written = id::write(id);
        let bucket = Bucket::of(&written);
        let prefix = self.redis.prefix();
        Key {
            sentinel: prefix.of(bucket, Self::SENTINEL),
            record: prefix.key(bucket, "record", &written),
            open: prefix.of(bucket, OPEN),
            id: written,
        }
    }

    /// Ids of records in flight or of unknown outcome, from one bucket.
    async fn open(&self, bucket: Bucket, after: Option<&[u8]>) -> Result<Vec<Vec<u8>>, RedisError> {
        let prefix = self.redis.prefix();
        let keys = [prefix.of(bucket, Self::SENTINEL), prefix.of(bucket, OPEN)];
        let start = after.map_or(b"-".to_vec(), |id| [b"(", id].concat());
        let limit = PAGE.to_string();
        let args: [&[u8]; 2] = [&start, limit.as_bytes()];
        let page = self.redis.run_again(&scripts::OPEN, &[&keys[0], &keys[1]], &args[..]).await?;
        redis::from_redis_value(page).map_err(|_| RedisError::Unreadable)
    }

    /// The records of these ids, without those that have ended meanwhile.
    async fn records(&self, bucket: Bucket, ids: &[Vec<u8>]) -> Result<Vec<(RecordId, Record)>, RedisError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut commands = redis::Pipeline::with_capacity(ids.len());
        for id in ids {
            commands.cmd("HGETALL").arg(self.redis.prefix().key(bucket, "record", id));
        }
        let hashes = self.redis.query_all_again(&commands).await?;
        let mut records = Vec::new();
        for (id, hash) in ids.iter().zip(hashes) {
            if let Some(record) = record::read(hash)? {
                records.push((id::read(id)?, record));
            }
        }
        Ok(records)
    }
}

const OPEN: &str = "open";
/// So many ids at once: enough for few round trips, not so many that others wait.
pub(crate) const PAGE: usize = 256;

/// What a step on one record touches.
struct Key {
    sentinel: Vec<u8>,
    record: Vec<u8>,
    open: Vec<u8>,
    id: Vec<u8>,
}

impl Store for RedisStore {
    async fn claim(&self, claim: NewClaim) -> Result<Claimed, StoreError> {
        let key = self.key(&claim.id);
        let token = hex::write(&claim.token.to_bytes());
        let [claimed_at, lease_until] = [claim.claimed_at, claim.lease_until].map(time::write);
        let fingerprint = claim.fingerprint.map(|print| hex::write(&print.to_bytes())).unwrap_or_default();
        let [seen_token, seen_version] = claim.take_over.map(written).unwrap_or_default();
        let args = [&token, &claimed_at, &lease_until, &fingerprint, &seen_token, &seen_version].map(String::as_bytes);
        let args = [&[key.id.as_slice()], args.as_slice()].concat();
        match self.step(&scripts::CLAIM, &key, &args).await {
            Ok(Value::Int(1)) => Ok(Claimed::Won),
            Ok(hash) => Ok(Claimed::Found(record::read(hash)?.ok_or(RedisError::Unreadable)?)),
            Err(RedisError::OutOfMemory) => Err(StoreError::full()),
            Err(other) => Err(other.into()),
        }
    }

    async fn complete(&self, id: &RecordId, token: Token, outcome: Outcome) -> Result<Held, StoreError> {
        let key = self.key(id);
        let token = hex::write(&token.to_bytes());
        let answer = match &outcome {
            Outcome::Unknown => self.step(&scripts::COMPLETE, &key, &[&key.id, token.as_bytes(), b"unknown"]).await,
            Outcome::Known { stored, expires_at } => {
                let (state, result) = record::known(stored);
                let expiry = [time::write(*expires_at), time::millis(*expires_at).to_string()];
                let [expires, forget] = expiry.each_ref().map(String::as_bytes);
                let args = [&key.id, token.as_bytes(), state.as_bytes(), expires, result, forget];
                self.step(&scripts::COMPLETE, &key, &args).await
            }
        };
        held(answer)
    }

    async fn release(&self, id: &RecordId, token: Token) -> Result<Held, StoreError> {
        let key = self.key(id);
        let token = hex::write(&token.to_bytes());
        held(self.step(&scripts::RELEASE, &key, &[&key.id, token.as_bytes()]).await)
    }

    async fn extend(&self, id: &RecordId, token: Token, lease_until: SystemTime) -> Result<Held, StoreError> {
        let key = self.key(id);
        let args = [hex::write(&token.to_bytes()), time::write(lease_until)];
        held(self.step(&scripts::EXTEND, &key, &args.each_ref().map(String::as_bytes)).await)
    }

    async fn get(&self, id: &RecordId) -> Result<Option<Record>, StoreError> {
        let key = self.key(id);
        Ok(record::read(self.step(&scripts::GET, &key, &[]).await?)?)
    }

    /// In the order of the buckets, and in one bucket in that of the bytes of their ids.
    async fn unknowns(
        &self,
        now: SystemTime,
        after: Option<&RecordId>,
        limit: usize,
    ) -> Result<Vec<(RecordId, Record)>, StoreError> {
        let mut after = after.map(id::write);
        let first = after.as_deref().map_or(Bucket::FIRST, Bucket::of);
        let mut unknowns = Vec::new();
        for bucket in first.and_after() {
            loop {
                if unknowns.len() >= limit {
                    unknowns.truncate(limit);
                    return Ok(unknowns);
                }
                let mut ids = self.open(bucket, after.as_deref()).await?;
                let last = ids.len() < PAGE;
                let records = self.records(bucket, &ids).await?;
                unknowns.extend(records.into_iter().filter(|(_, record)| record.is_unknown(now)));
                after = ids.pop().filter(|_| !last);
                if last {
                    break;
                }
            }
        }
        unknowns.truncate(limit);
        Ok(unknowns)
    }

    async fn resolve(
        &self,
        id: &RecordId,
        seen: Seen,
        resolution: Resolution,
        reason: &str,
    ) -> Result<Held, StoreError> {
        let key = self.key(id);
        let keys: [&[u8]; 3] = [&key.sentinel, &key.record, &key.open];
        let [token, version] = written(seen);
        let seen: [&[u8]; 3] = [&key.id, token.as_bytes(), version.as_bytes()];
        // Not done twice where the connection breaks: the second would answer that it lost.
        match resolution {
            Resolution::NeverHappened => {
                let held = held(self.redis.run(&scripts::REMOVE, &keys, &seen[..]).await)?;
                if held == Held::Yes {
                    tracing::info!(name = id.name(), reason, "an unknown outcome is resolved: it never happened");
                }
                Ok(held)
            }
            Resolution::Happened { stored, expires_at } => {
                let (state, result) = record::known(&stored);
                let texts = [
                    hex::write(&Token::random().to_bytes()),
                    time::write(expires_at),
                    time::millis(expires_at).to_string(),
                ];
                let [owner, expires, forget] = texts.each_ref().map(String::as_bytes);
                let rest = [owner, reason.as_bytes(), state.as_bytes(), expires, result, forget];
                held(self.redis.run(&scripts::RESOLVE, &keys, &[&seen[..], &rest].concat()[..]).await)
            }
        }
    }
}

/// A version that was seen, as the scripts compare it.
pub(crate) fn written(seen: Seen) -> [String; 2] {
    [hex::write(&seen.token.to_bytes()), seen.version.to_string()]
}

pub(crate) fn held(answer: Result<Value, RedisError>) -> Result<Held, StoreError> {
    match answer? {
        Value::Int(1) => Ok(Held::Yes),
        Value::Int(0) => Ok(Held::Lost),
        _ => Err(RedisError::Unreadable.into()),
    }
}
