//! What caches hear of each other's invalidations.

use std::fmt;
use std::sync::{Arc, PoisonError, Weak};

use crate::sync::Mutex;

/// Which cache of which process invalidates. A tier carries it along, so that a cache does not hear
/// its own invalidation, which it has seen to already.
///
/// ```
/// use steadfast::cached::Origin;
///
/// assert_eq!(Origin::from_u64(7).to_u64(), 7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Origin(u64);

impl Origin {
    /// One that no other cache has, in no process.
    pub(super) fn random() -> Self {
        Self(fastrand::u64(..))
    }

    /// The origin that was written as this number.
    ///
    /// See [`Origin`] for an example.
    pub const fn from_u64(number: u64) -> Self {
        Self(number)
    }

    /// As a number, to be sent along.
    ///
    /// See [`Origin`] for an example.
    pub const fn to_u64(self) -> u64 {
        self.0
    }
}

/// A cache that hears of invalidations.
pub(super) trait Hears: Send + Sync {
    fn origin(&self) -> Origin;
    /// A key, as the tier has it.
    fn forget_written(&self, key: &[u8]);
    fn forget_all(&self);
}

/// A cache of this process that wants to hear of what others invalidate. It does not keep the cache
/// alive.
///
/// A [`SecondTier`](super::SecondTier) gets it by its `listen`, and puts it among its
/// [`Listeners`].
#[derive(Clone)]
pub struct Invalidations(Weak<dyn Hears>);

impl Invalidations {
    pub(super) fn of<H: Hears + 'static>(cache: &Arc<H>) -> Self {
        let cache: Weak<H> = Arc::downgrade(cache);
        Self(cache)
    }

    fn is(&self, other: &Self) -> bool {
        std::ptr::addr_eq(self.0.as_ptr(), other.0.as_ptr())
    }
}

impl fmt::Debug for Invalidations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invalidations").finish_non_exhaustive()
    }
}

/// The caches of this process that a tier tells of invalidations.
///
/// Loads that are under way when a cache is told are not kept, as with an invalidation of its own.
///
/// ```
/// use steadfast::cached::{Listeners, Origin};
///
/// # #[derive(Default)]
/// struct MyTier {
///     listeners: Listeners, // `listen` adds to it
/// }
///
/// impl MyTier {
///     /// A message of another process came in.
///     fn heard(&self, cache: &str, key: &[u8], by: Origin) {
///         self.listeners.forget(cache, key, by);
///     }
///
///     /// The connection was lost and is there again: nobody knows what was missed.
///     fn reconnected(&self) {
///         self.listeners.forget_everything();
///     }
/// }
/// # MyTier::default().heard("rates", br#""EUR""#, Origin::from_u64(1));
/// # MyTier::default().reconnected();
/// ```
#[derive(Default)]
pub struct Listeners(Mutex<Vec<(&'static str, Invalidations)>>);

impl Listeners {
    /// Adds a cache, once however often it is added. Those that are gone are taken out.
    ///
    /// See [`SecondTier`](super::SecondTier) for an example.
    pub fn add(&self, cache: &'static str, to: Invalidations) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.iter().any(|(_, known)| known.is(&to)) {
            known.retain(|(_, known)| known.0.strong_count() > 0);
            known.push((cache, to));
        }
    }

    /// Tells the caches of this name, but for the one by which it was done, that a key was
    /// invalidated. A key that does not read as one of theirs clears them: it may be any of them.
    ///
    /// See [`Listeners`] for an example.
    pub fn forget(&self, cache: &str, key: &[u8], by: Origin) {
        self.of(cache, by).iter().for_each(|cache| cache.forget_written(key));
    }

    /// Tells them that all keys were.
    ///
    /// See [`SecondTier`](super::SecondTier) for an example.
    pub fn forget_all(&self, cache: &str, by: Origin) {
        self.of(cache, by).iter().for_each(|cache| cache.forget_all());
    }

    /// Tells all caches to forget all keys: where it is not known what others have invalidated.
    ///
    /// See [`Listeners`] for an example.
    pub fn forget_everything(&self) {
        self.select(|_, _| true).iter().for_each(|cache| cache.forget_all());
    }

    /// How many there are.
    ///
    /// ```
    /// assert_eq!(steadfast::cached::Listeners::default().count(), 0);
    /// ```
    pub fn count(&self) -> usize {
        self.select(|_, _| true).len()
    }

    fn of(&self, cache: &str, by: Origin) -> Vec<Arc<dyn Hears>> {
        self.select(|name, hears| name == cache && hears.origin() != by)
    }

    /// They are told after the lock is given back: each takes locks of its own.
    fn select(&self, which: impl Fn(&str, &dyn Hears) -> bool) -> Vec<Arc<dyn Hears>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let alive = known.into_iter().filter_map(|(name, to)| Some((name, to.0.upgrade()?)));
        alive.filter(|(name, hears)| which(name, &**hears)).map(|(_, hears)| hears).collect()
    }
}

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listeners").field("count", &self.count()).finish()
    }
}
