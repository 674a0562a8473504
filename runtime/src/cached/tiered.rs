//! A second tier with the types of a cache: what is asked and told is written as JSON, and waits for
//! no longer than the tier's limit.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::hear::{Invalidations, Origin};
use super::shelf::Shelf;
use super::stats::Counters;
use super::tier::{Asked, Found, SecondTier, Ticket, TierError};
use super::when_down::WhenDown;
use crate::idempotent::json::exact;
use crate::slot::Shelved;
use crate::{Layer, Reason, RecordError, Rejection, observe};

pub(super) type Asking<V> = Pin<Box<dyn Future<Output = Answer<V>> + Send>>;
pub(super) type Telling = Pin<Box<dyn Future<Output = Result<(), TierError>> + Send>>;

/// What a tier says to a miss.
pub(super) enum Answer<V> {
    /// A value, and how long it still lives.
    Found(V, Duration, Ticket),
    /// It has none.
    Missing(Ticket),
    /// It does not answer, and the function runs. What it returns is for this process only.
    Silent,
    /// It does not answer, and the function must not run.
    Refused(Rejection),
}

/// A second tier, as the cache sees it.
pub(super) trait Tiered<O, V>: Send + Sync + 'static {
    fn get(&self, shelf: &Arc<Shelf<O, V>>, key: &O) -> Asking<V>;
    /// `None` where the value is not one for the tier.
    fn put(&self, shelf: &Arc<Shelf<O, V>>, key: &O, value: &V, ttl: Duration, ticket: Ticket) -> Option<Telling>;
    /// The same of a value that was not loaded.
    fn replace(&self, shelf: &Arc<Shelf<O, V>>, key: &O, value: &V, ttl: Duration) -> Option<Telling>;
    fn remove(&self, shelf: &Arc<Shelf<O, V>>, key: O) -> Telling;
    fn clear(&self, shelf: &Arc<Shelf<O, V>>) -> Telling;
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

type Cause = Arc<dyn Error + Send + Sync>;

#[derive(Debug)]
struct NoAnswer(Duration);

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no answer within {:?}", self.0)
    }
}

impl Error for NoAnswer {}

impl<T: SecondTier, V> Coded<T, V> {
    /// One step of the tier, within its limit.
    fn step<A, F, S>(
        &self,
        counters: &Arc<Counters>,
        step: S,
    ) -> impl Future<Output = Result<A, Cause>> + use<A, F, S, T, V>
    where
        S: FnOnce(T) -> F,
        F: Future<Output = Result<A, T::Error>> + Send,
    {
        let (limit, cache, counters) = (self.tier.limit(), self.cache, counters.clone());
        let step = step(self.tier.clone());
        async move {
            let cause: Cause = match tokio::time::timeout(limit, step).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => Arc::new(error),
                Err(_elapsed) => Arc::new(NoAnswer(limit)),
            };
            counters.tier_failures.one();
            observe::tier_trouble(cache, &cause);
            Err(cause)
        }
    }

    /// A key or a value as bytes. What cannot be written is none of the tier's.
    fn bytes(&self, bytes: Encoded, counters: &Counters) -> Encoded {
        bytes.inspect_err(|error| {
            counters.tier_failures.one();
            observe::tier_trouble(self.cache, error);
        })
    }

    fn told(
        &self,
        step: impl Future<Output = Result<(), Cause>> + Send + 'static,
    ) -> impl Future<Output = Result<(), TierError>> + Send + 'static {
        let cache = self.cache;
        async move { step.await.map_err(|why| TierError::new(cache, why)) }
    }

    /// What could not even be said.
    fn untold(&self, why: RecordError) -> Telling {
        Box::pin(std::future::ready(Err(TierError::new(self.cache, Arc::new(why)))))
    }

    /// What becomes of the call while the tier does not answer.
    fn down(cache: &'static str, why: Cause) -> Answer<V> {
        match T::WhenDown::REFUSES {
            true => Answer::Refused(Rejection::new(Layer::Cached, cache, Reason::SharedStateUnavailable(why))),
            false => Answer::Silent,
        }
    }
}

impl<T, O, V> Tiered<O, V> for Coded<T, V>
where
    T: SecondTier,
    O: Serialize + DeserializeOwned + Hash + Eq + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    fn get(&self, shelf: &Arc<Shelf<O, V>>, key: &O) -> Asking<V> {
        let Ok(key) = self.bytes(exact(key), &shelf.counters) else {
            return Box::pin(std::future::ready(Answer::Silent));
        };
        // Before it is asked: what is invalidated after its answer must be heard of.
        self.tier.listen(self.cache, Invalidations::of(shelf));
        let (cache, decode) = (self.cache, self.codec.decode);
        let step = self.step(&shelf.counters, async move |tier| tier.get(cache, &key).await);
        let counters = shelf.counters.clone();
        Box::pin(async move {
            let Asked { found, ticket } = match step.await {
                Ok(asked) => asked,
                Err(why) => return Self::down(cache, why),
            };
            let Some(Found { value, left }) = found else { return Answer::Missing(ticket) };
            match decode(&value) {
                Some(value) => Answer::Found(value, left, ticket),
                None => {
                    // Another version of the program may have put it there.
                    counters.tier_failures.one();
                    observe::tier_trouble(cache, &"a value that does not read");
                    Answer::Missing(ticket)
                }
            }
        })
    }

    fn put(&self, shelf: &Arc<Shelf<O, V>>, key: &O, value: &V, ttl: Duration, ticket: Ticket) -> Option<Telling> {
        let value = self.bytes((self.codec.encode)(value)?, &shelf.counters).ok()?;
        let (key, cache) = (self.bytes(exact(key), &shelf.counters).ok()?, self.cache);
        let step = self.step(&shelf.counters, async move |tier| tier.put(cache, &key, &value, ttl, &ticket).await);
        Some(Box::pin(self.told(step)))
    }

    fn replace(&self, shelf: &Arc<Shelf<O, V>>, key: &O, value: &V, ttl: Duration) -> Option<Telling> {
        let value = (self.codec.encode)(value)?;
        let written = self.bytes(value, &shelf.counters).and_then(|value| {
            let key = self.bytes(exact(key), &shelf.counters)?;
            Ok((key, value))
        });
        let (key, value) = match written {
            Ok(written) => written,
            Err(why) => return Some(self.untold(why)),
        };
        self.tier.listen(self.cache, Invalidations::of(shelf));
        let (cache, by): (_, Origin) = (self.cache, shelf.origin);
        let step = self.step(&shelf.counters, async move |tier| tier.replace(cache, &key, &value, ttl, by).await);
        Some(Box::pin(self.told(step)))
    }

    fn remove(&self, shelf: &Arc<Shelf<O, V>>, key: O) -> Telling {
        let written = match self.bytes(exact(&key), &shelf.counters) {
            Ok(written) => written,
            Err(why) => return self.untold(why),
        };
        let (cache, by) = (self.cache, shelf.origin);
        let step = self.step(&shelf.counters, async move |tier| tier.remove(cache, &written, by).await);
        let (told, shelf) = (self.told(step), shelf.clone());
        Box::pin(async move {
            let told = told.await;
            // Who came meanwhile may have found the old value in the tier.
            shelf.forget_owned(&key);
            told
        })
    }

    fn clear(&self, shelf: &Arc<Shelf<O, V>>) -> Telling {
        let (cache, by) = (self.cache, shelf.origin);
        let step = self.step(&shelf.counters, async move |tier| tier.clear(cache, by).await);
        let (told, shelf) = (self.told(step), shelf.clone());
        Box::pin(async move {
            let told = told.await;
            shelf.clear();
            told
        })
    }
}
