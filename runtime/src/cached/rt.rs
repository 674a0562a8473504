//! What the expansion calls: it asks first, and runs the function where it is told to.

use std::future::Future;
use std::hash::Hash;
use std::marker::PhantomData;

use super::answer::Answer;
pub use super::cache::Cache;
pub use super::decision::Worth;
pub use super::form::{Form, Valued, Whole};
pub use super::load::{Lead, Leading, Load};
use super::lookup::at_once;
pub use super::lookup::{Looking, Lookup};
pub use super::own::Cached;
pub use super::probes::*;
pub use super::refresh::{LoadAside, load_aside};
use super::tier::SecondTier;
pub use super::tiered::Codec;
use super::tiered::Coded;
pub use super::when_down::Carries;
use super::when_down::WhenDown;
use crate::__rt::Refusal;
pub use crate::key::{ByOption, ByRef, ByValue, Key, KeyPart};
use crate::named::named;

/// The way between a function's result and what its own cache keeps. `worth` says what a result
/// is worth keeping, `copied` makes the copies that are kept and handed out.
#[inline]
pub fn whole<R, W, C>(worth: W, copied: C) -> Whole<W, C>
where
    W: Fn(&R) -> Worth,
    C: Fn(&R) -> Option<R>,
{
    Whole { worth, copied }
}

/// A cache, and the way to it.
type Shared<'c, K, V, D, R, W, C> = (&'c Cache<K, V, D>, Valued<V, R, W, C>);

/// A shared cache, and the way between a function's result and the values it keeps.
#[inline]
pub fn shared<K, V, D, R, W, C>(cache: &Cache<K, V, D>, worth: W, copied: C) -> Shared<'_, K, V, D, R, W, C>
where
    V: Clone + Send + Sync + 'static,
    R: Answer<V> + Send + Sync + 'static,
    W: Fn(&R) -> Worth,
    C: Fn(&R) -> Option<R>,
{
    (cache, Valued::new(worth, copied))
}

/// The answer at once, or a call that goes on to ask.
type Answered<'c, K, V, R, J, M> = Result<Result<R, J>, Looking<'c, K, V, R, J, M>>;

/// Asks the function's own cache.
#[inline]
pub fn lookup<R, K, J, M>(cache: &Cached, key: K, form: M) -> Answered<'_, K, R, R, J, M>
where
    R: Send + Sync + 'static,
    K: Key,
    J: Refusal + Clone + Send + Sync + 'static,
    M: Form<R, R>,
{
    let shelf = cache.shelf();
    match at_once(shelf, &key, &form) {
        Some(found) => Ok(Ok(found)),
        None => Err(Looking::new(shelf, None, key, form)),
    }
}

/// Asks a shared cache.
#[inline]
pub fn lookup_in<O, V, D, R, K, J, M>(cache: &Cache<O, V, D>, key: K, form: M) -> Answered<'_, K, V, R, J, M>
where
    O: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    D: WhenDown,
    R: Send + Sync + 'static,
    K: KeyOf<O>,
    J: Refusal + Clone + Send + Sync + 'static,
    M: Form<V, R>,
{
    let shelf = cache.shelf();
    match at_once(shelf, &key, &form) {
        Some(found) => Ok(Ok(found)),
        None => Err(Looking::new(shelf, cache.second_tier(), key, form)),
    }
}

/// Asks a shared cache in a stack where nobody else can refuse.
#[inline]
pub fn lookup_only<O, V, D, R, K, M>(cache: &Cache<O, V, D>, key: K, form: M) -> Answered<'_, K, V, R, D::Refusal, M>
where
    O: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    D: WhenDown,
    R: Send + Sync + 'static,
    K: KeyOf<O>,
    M: Form<V, R>,
{
    lookup_in(cache, key, form)
}

/// A key of a cache whose keys are `O`.
#[diagnostic::on_unimplemented(
    message = "this `key` is not of the type that the shared cache has",
    label = "the keys of the cache are of type `{O}`",
    note = "make the same key in every function that shares a cache: `key = id` is a key of type `u64` where `id` is one, `key = (from, to)` of texts one of type `(String, String)`"
)]
pub trait KeyOf<O>: Key<Owned = O> {}

#[diagnostic::do_not_recommend]
impl<O, K: Key<Owned = O>> KeyOf<O> for K {}

/// Runs the function for those who wait for its key.
pub fn load<O, V, R, J, M, F>(lead: Lead<O, V>, form: M, inner: F) -> Load<O, V, R, J, M, F>
where
    O: Hash + Eq + Send + Sync + 'static,
    V: Send + Sync + 'static,
    R: Send + Sync + 'static,
    J: Refusal + Clone + Send + Sync + 'static,
    M: Form<V, R>,
    F: Future<Output = Result<R, J>>,
{
    Load::new(lead, form, inner)
}

/// Puts a second tier behind a load of the function's own cache.
pub fn through<O, R, T>(mut lead: Lead<O, R>, tier: T, cache: &'static str, codec: Codec<R>) -> Lead<O, R>
where
    O: Hash + Eq + TierKey + Send + Sync + 'static,
    R: Send + Sync + 'static,
    T: SecondTier,
{
    lead.put_behind(Coded { tier, cache, codec });
    lead
}

/// What a load is refused by, where its second tier refuses: nothing but a type.
pub struct By<D>(PhantomData<fn() -> D>);

/// The same in a stack where nobody else can refuse.
pub fn through_only<O, R, T>(
    lead: Lead<O, R>,
    tier: T,
    cache: &'static str,
    codec: Codec<R>,
) -> (Lead<O, R>, By<T::WhenDown>)
where
    O: Hash + Eq + TierKey + Send + Sync + 'static,
    R: Send + Sync + 'static,
    T: SecondTier,
{
    (through(lead, tier, cache, codec), By(PhantomData))
}

/// A load that nobody but its second tier refuses.
#[inline]
pub fn refused_by<D, R, F>(_: By<D>, load: F) -> F
where
    D: WhenDown,
    F: Future<Output = Result<R, D::Refusal>>,
{
    load
}

/// The end of a stack in which nobody but the second tier of a cache refuses, if that does.
pub fn refuse_or_never<R: Carries<J>, J>(refusal: J) -> R {
    R::carry(refusal)
}

named! {
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is no `Cache`",
        label = "`cached` takes a cache here, or settings of its own",
        note = "a cache behind a pointer of another kind is written with a star: `*pointer`"
    )]
    NamesCache, <K, V, D> Cache<K, V, D>
}
