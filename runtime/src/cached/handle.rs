//! What code can do with a cache that it shares with functions.

use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use serde::de::DeserializeOwned;

use super::Cache;
use super::decision::{Standing, Worth, times};
use super::entry::Kept;
use super::form::Valued;
use super::load::Load;
use super::lookup::{Looking, Lookup};
use super::stats::CacheStats;
use super::tier::TierError;
use super::tiered::Telling;
use super::when_down::{Carries, WhenDown};
use crate::key::Key;
use crate::slot::Shelved;
use crate::{Failure, Kind, RecordError};

/// # Use
impl<K, V, D> Cache<K, V, D>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Send + Sync + 'static,
    D: WhenDown,
{
    /// The value of a key, if there is one that may be handed out. It asks neither the function nor
    /// the second tier, and does not see a definite "no" that is kept.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::cached::Cache;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let rates: Cache<(String, u32), f64> = Cache::new("rates", Duration::from_secs(60));
    /// rates.prime(("EUR".to_owned(), 7), 1.08).await.unwrap();
    /// assert_eq!(rates.get(&("EUR".to_owned(), 7)), Some(1.08));
    /// assert_eq!(rates.get(("EUR", &7)), Some(1.08)); // nothing is made owned
    /// # }
    /// ```
    #[inline]
    pub fn get<Q: Key<Owned = K>>(&self, key: Q) -> Option<V>
    where
        V: Clone,
    {
        let shelf = self.shelf();
        if let Some((entry, Standing::Fresh | Standing::Due)) = shelf.get(&key)
            && let Kept::Value(value) = &entry.kept
        {
            shelf.counters.hit();
            return Some(value.clone());
        }
        shelf.counters.misses.one();
        None
    }

    /// The value of a key, or what `load` makes of it: what the attribute does around a function.
    /// Callers who miss the same key at the same time share one run of `load`, and its error where
    /// it fails.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::Rejection;
    /// use steadfast::cached::Cache;
    ///
    /// static RATES: Cache<String, u32> = Cache::new("rates", Duration::from_secs(60));
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Rejection> {
    /// let rate = RATES.get_or_load("EUR", || async { Ok::<_, Rejection>(108) }).await?;
    /// assert_eq!((rate, RATES.get("EUR")), (108, Some(108)));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// That of the load. Behind a tier that refuses while it does not answer, `E` must have
    /// `From<Rejection>`, and a refusal comes as that.
    pub fn get_or_load<Q, E, F, L>(&self, key: Q, load: L) -> GetOrLoad<'_, Q, V, E, F, L, D>
    where
        Q: Key<Owned = K>,
        V: Clone,
        E: Failure + Clone + Send + Sync + 'static,
        L: FnOnce() -> F,
        F: Future<Output = Result<V, E>>,
        Result<V, E>: Carries<D::Refusal>,
    {
        let form: ByValue<V, E> = Valued::new(worth, copied);
        let looking = Looking::new(self.shelf(), self.second_tier(), key, form);
        GetOrLoad { stage: Stage::Looking { looking, load: Some(load) } }
    }

    /// Forgets a key, here and in the second tier, which lets the other processes know. Here it is
    /// done when this returns; the tier is told when the returned future is awaited, which is ready
    /// at once where there is no tier.
    ///
    /// A load that began before is not kept, here and in processes that hear of it, and nobody who asks
    /// from now on waits for it; those who wait for it already get its answer.
    ///
    /// See [`Cache`] for an example.
    ///
    /// # Errors
    /// The future's: where the tier could not be told, see [`TierError`].
    pub fn invalidate<Q: Key<Owned = K>>(&self, key: Q) -> Told {
        let shelf = self.shelf();
        shelf.forget(&key);
        Told::by(self.second_tier().map(|tier| tier.remove(shelf, key.to_owned_key())))
    }

    /// Forgets all keys, here and in the second tier, as [`invalidate`](Self::invalidate) forgets
    /// one.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use steadfast::cached::{Cache, TierError};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), TierError> {
    /// let names: Cache<u64, String> = Cache::new("names", Duration::from_secs(60));
    /// names.prime(7, "seven".to_owned()).await?;
    /// names.clear().await?;
    /// assert_eq!(names.get(&7), None);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The future's: where the tier could not be told, see [`TierError`].
    pub fn clear(&self) -> Told {
        let shelf = self.shelf();
        shelf.clear();
        Told::by(self.second_tier().map(|tier| tier.clear(shelf)))
    }

    /// Puts a value in, here and in the second tier, in place of what is there and of a load that
    /// is under way. Other processes forget what they have, and find this one in the tier. Here it
    /// is done when this returns; the tier is told when the returned future is awaited.
    ///
    /// See [`get`](Self::get) for an example.
    ///
    /// # Errors
    /// The future's: where the tier could not be told, see [`TierError`].
    pub fn prime(&self, key: K, value: V) -> Told {
        let shelf = self.shelf();
        let Some(times) = times(&shelf.limits, Worth::Good, fastrand::f64(), None) else {
            return Told(None);
        };
        let life = std::time::Duration::from_nanos(times.life);
        let telling = self.second_tier().and_then(|tier| tier.replace(shelf, &key, &value, life));
        let entry = shelf.entry(Kept::Value(value), shelf.epoch(), times);
        shelf.put(key, entry);
        Told::by(telling)
    }

    /// Forgets a key in this process only, as [`invalidate`](Self::invalidate) does, and at once.
    /// For code that cannot wait, and for what hears of changes by a way of its own.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use steadfast::cached::Cache;
    /// let rates: Cache<String, f64> = Cache::new("rates", Duration::from_secs(60));
    /// rates.forget("EUR");
    /// ```
    pub fn forget<Q: Key<Owned = K>>(&self, key: Q) {
        self.shelf().forget(&key);
    }

    /// [`forget`](Self::forget) for a key as a [`SecondTier`](super::SecondTier) has it.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use steadfast::cached::Cache;
    /// let rates: Cache<String, f64> = Cache::new("rates", Duration::from_secs(60));
    /// rates.forget_encoded(br#""EUR""#).unwrap();
    /// assert!(rates.forget_encoded(b"EUR").is_err());
    /// ```
    ///
    /// # Errors
    /// Where it does not read as a key of this cache.
    pub fn forget_encoded(&self, key: &[u8]) -> Result<(), RecordError>
    where
        K: DeserializeOwned + Clone,
    {
        let key: K = serde_json::from_slice(key).map_err(|_| RecordError::new("it is no key of this cache"))?;
        self.forget(&key);
        Ok(())
    }

    /// Forgets all keys in this process only, and at once.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use steadfast::cached::Cache;
    /// let rates: Cache<String, f64> = Cache::new("rates", Duration::from_secs(60));
    /// rates.forget_all();
    /// ```
    pub fn forget_all(&self) {
        self.shelf().clear();
    }

    /// What it counted, and how many entries it has.
    ///
    /// See [`CacheStats`] for an example.
    pub fn stats(&self) -> CacheStats {
        self.shelf().stats()
    }
}

type Worthy<V, E> = fn(&Result<V, E>) -> Worth;
type Copied<V, E> = fn(&Result<V, E>) -> Option<Result<V, E>>;
type ByValue<V, E> = Valued<V, Result<V, E>, Worthy<V, E>, Copied<V, E>>;

fn worth<V, E: Failure>(result: &Result<V, E>) -> Worth {
    match result {
        Ok(_) => Worth::Good,
        Err(error) if error.kind() == Kind::Terminal => Worth::Negative,
        Err(_) => Worth::Bad,
    }
}

fn copied<V: Clone, E: Clone>(result: &Result<V, E>) -> Option<Result<V, E>> {
    Some(result.clone())
}

pin_project! {
    /// What [`Cache::get_or_load`] returns.
    #[must_use = "nothing is asked or loaded until it is awaited"]
    pub struct GetOrLoad<'c, Q, V, E, F, L, D>
    where
        Q: Key,
        D: WhenDown,
    {
        #[pin]
        stage: Stage<'c, Q, V, E, F, L, D::Refusal>,
    }
}

pin_project! {
    #[project = StageProjection]
    enum Stage<'c, Q, V, E, F, L, J>
    where
        Q: Key,
    {
        Looking {
            #[pin]
            looking: Looking<'c, Q, V, Result<V, E>, J, ByValue<V, E>>,
            load: Option<L>,
        },
        Loading {
            #[pin]
            load: Load<Q::Owned, V, Result<V, E>, J, ByValue<V, E>, crate::__rt::Body<F, J>>,
        },
    }
}

impl<Q, V, E, F, L, D> Future for GetOrLoad<'_, Q, V, E, F, L, D>
where
    Q: Key,
    D: WhenDown,
    Result<V, E>: Carries<D::Refusal>,
    V: Clone + Send + Sync + 'static,
    E: Failure + Clone + Send + Sync + 'static,
    L: FnOnce() -> F,
    F: Future<Output = Result<V, E>>,
{
    type Output = Result<V, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut stage = self.project().stage;
        loop {
            let next = match stage.as_mut().project() {
                StageProjection::Looking { looking, load } => match (looking.poll(cx), load) {
                    (Poll::Ready(Lookup::Found(found)), _) => return Poll::Ready(own(found)),
                    (Poll::Ready(Lookup::Lead(lead)), load) => match load.take() {
                        Some(load) => {
                            let form: ByValue<V, E> = Valued::new(worth, copied);
                            Load::new(lead, form, crate::__rt::body(load()))
                        }
                        None => return Poll::Pending,
                    },
                    (Poll::Pending, _) => return Poll::Pending,
                },
                StageProjection::Loading { load } => return load.poll(cx).map(own),
            };
            stage.set(Stage::Loading { load: next });
        }
    }
}

/// The load's own result, or a refusal as one.
fn own<R: Carries<J>, J>(result: Result<R, J>) -> R {
    result.unwrap_or_else(R::carry)
}

/// What is left of an invalidation, a clearing or a priming once it is done in this process:
/// telling the second tier. Ready at once where there is none. A [`TierError`] says that the tier was
/// not told.
#[must_use = "the second tier is told when this is awaited; `forget` and `forget_all` are for this process only"]
pub struct Told(Option<Mutex<Telling>>);

impl Told {
    fn by(telling: Option<Telling>) -> Self {
        Self(telling.map(Mutex::new))
    }
}

impl Future for Told {
    type Output = Result<(), TierError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(telling) = &mut self.0 else {
            return Poll::Ready(Ok(()));
        };
        let told = telling.get_mut().unwrap_or_else(PoisonError::into_inner).as_mut().poll(cx);
        if told.is_ready() {
            self.0 = None;
        }
        told
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Told").field("done", &self.0.is_none()).finish()
    }
}

impl<Q: Key, V, E, F, L, D: WhenDown> fmt::Debug for GetOrLoad<'_, Q, V, E, F, L, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GetOrLoad").finish_non_exhaustive()
    }
}
