//! A second tier with the types of a cache: what is asked and told is written as JSON, waits for no
//! longer than the tier's limit, and fails without a word to the caller.

use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::stats::Counters;
use super::tier::{Found, SecondTier};
use crate::idempotent::json::exact;
use crate::{RecordError, observe};

pub(super) type Asking<V> = Pin<Box<dyn Future<Output = Option<(V, Duration)>> + Send>>;
pub(super) type Telling = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A second tier, as the cache sees it.
pub(super) trait Tiered<O, V>: Send + Sync + 'static {
    fn get(&self, key: &O, counters: &Arc<Counters>) -> Asking<V>;
    /// `None` where the value is not one for the tier.
    fn put(&self, key: &O, value: &V, ttl: Duration, counters: &Arc<Counters>) -> Option<Telling>;
    fn remove(&self, key: &O, counters: &Arc<Counters>) -> Telling;
    fn clear(&self, counters: &Arc<Counters>) -> Telling;
}

type Encoded = Result<Vec<u8>, RecordError>;

/// How a value is written and read again.
pub struct Codec<V> {
    /// `None` where it is not written; the error where it cannot be.
    pub encode: fn(&V) -> Option<Encoded>,
    pub decode: fn(&[u8]) -> Option<V>,
}

impl<V: Serialize + DeserializeOwned> Codec<V> {
    /// By serde.
    pub(super) fn serde() -> Self {
        Self { encode: |value| Some(exact(value)), decode: |bytes| serde_json::from_slice(bytes).ok() }
    }
}

pub(super) struct Coded<T, V> {
    pub(super) tier: T,
    pub(super) cache: &'static str,
    pub(super) codec: Codec<V>,
}

impl<T: SecondTier, V> Coded<T, V> {
    /// One step of the tier, within its limit. `None` where it fails.
    fn step<A, F, S>(&self, counters: &Arc<Counters>, step: S) -> impl Future<Output = Option<A>> + use<A, F, S, T, V>
    where
        S: FnOnce(T) -> F,
        F: Future<Output = Result<A, T::Error>> + Send,
    {
        let (limit, cache, counters) = (self.tier.limit(), self.cache, counters.clone());
        let step = step(self.tier.clone());
        async move {
            let failed = |why: &dyn Display| {
                counters.tier_failures.one();
                observe::tier_trouble(cache, why);
            };
            match tokio::time::timeout(limit, step).await {
                Ok(Ok(answer)) => return Some(answer),
                Ok(Err(error)) => failed(&error),
                Err(_elapsed) => failed(&"no answer in time"),
            }
            None
        }
    }

    /// The key as bytes. One that cannot be written is none of the tier's.
    fn key<O: Serialize>(&self, key: &O, counters: &Arc<Counters>) -> Option<Vec<u8>> {
        self.bytes(exact(key), counters)
    }

    fn bytes(&self, bytes: Result<Vec<u8>, RecordError>, counters: &Arc<Counters>) -> Option<Vec<u8>> {
        bytes
            .inspect_err(|error| {
                counters.tier_failures.one();
                observe::tier_trouble(self.cache, error);
            })
            .ok()
    }
}

impl<T, O, V> Tiered<O, V> for Coded<T, V>
where
    T: SecondTier,
    O: Serialize,
    V: Send + 'static,
{
    fn get(&self, key: &O, counters: &Arc<Counters>) -> Asking<V> {
        let Some(key) = self.key(key, counters) else {
            return Box::pin(std::future::ready(None));
        };
        let (cache, decode) = (self.cache, self.codec.decode);
        let step = self.step(counters, async move |tier| tier.get(cache, &key).await);
        let counters = counters.clone();
        Box::pin(async move {
            let Found { value, left } = step.await??;
            let decoded = decode(&value);
            if decoded.is_none() {
                // Another version of the program may have put it there.
                counters.tier_failures.one();
                observe::tier_trouble(cache, &"a value that does not read");
            }
            decoded.map(|value| (value, left))
        })
    }

    fn put(&self, key: &O, value: &V, ttl: Duration, counters: &Arc<Counters>) -> Option<Telling> {
        let value = self.bytes((self.codec.encode)(value)?, counters)?;
        let (key, cache) = (self.key(key, counters)?, self.cache);
        let step = self.step(counters, async move |tier| tier.put(cache, &key, &value, ttl).await);
        Some(Box::pin(async move {
            let _told = step.await;
        }))
    }

    fn remove(&self, key: &O, counters: &Arc<Counters>) -> Telling {
        let Some(key) = self.key(key, counters) else {
            return Box::pin(std::future::ready(()));
        };
        let cache = self.cache;
        let step = self.step(counters, async move |tier| tier.remove(cache, &key).await);
        Box::pin(async move {
            let _told = step.await;
        })
    }

    fn clear(&self, counters: &Arc<Counters>) -> Telling {
        let cache = self.cache;
        let step = self.step(counters, async move |tier| tier.clear(cache).await);
        Box::pin(async move {
            let _told = step.await;
        })
    }
}
