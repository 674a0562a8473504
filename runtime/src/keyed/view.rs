//! A keyed policy as a call sees it, wherever it is held.

use std::fmt;
use std::hash::Hash;

use tokio::time::Instant;

use super::PerKey;
use super::keys::{Full, Keys, Rules};
use crate::key::Key;

/// A policy, and the states of its keys.
#[doc(hidden)]
pub struct View<'a, K, P: PerKey> {
    pub(super) rules: Rules<'a, K, P>,
    pub(super) keys: &'a Keys<K, P>,
}

impl<K, P: PerKey> Clone for View<'_, K, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, P: PerKey> Copy for View<'_, K, P> {}

impl<K, P: PerKey> fmt::Debug for View<'_, K, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View").field("name", &self.rules.policy.name()).finish_non_exhaustive()
    }
}

impl<'a, K: Hash, P: PerKey> View<'a, K, P> {
    #[inline]
    pub(crate) fn policy(self) -> &'a P {
        self.rules.policy
    }

    /// A key's own settings.
    pub(crate) fn own(self, key: &K) -> Option<P::Own> {
        let mut own = None;
        self.rules.own(key, &mut own);
        own
    }

    /// Whether each key has settings of its own.
    #[inline]
    pub(crate) fn has_own(self) -> bool {
        self.rules.own.is_some()
    }

    /// Does something with a key's state, which is made if it is not there. The key's shard is
    /// locked meanwhile, so the step must be short, and must not ask for another key. `now` is
    /// read only where the state is made.
    #[inline]
    pub(crate) fn with<Q: Key<Owned = K>, T>(
        self,
        key: &Q,
        now: impl Fn() -> Instant,
        step: impl FnOnce(&mut P::State, Option<&P::Own>) -> T,
    ) -> Result<T, Full> {
        self.keys.with(self.rules, key, now, step)
    }

    /// [`with`](Self::with) for a key that is there.
    #[inline(always)]
    pub(crate) fn find<Q: Key<Owned = K>, T>(
        self,
        key: &Q,
        step: impl FnOnce(&mut P::State, Option<&P::Own>) -> T,
    ) -> Option<T> {
        self.keys.find(self.rules, key, step)
    }

    /// The same where the key's own settings are not asked for.
    #[inline(always)]
    pub(crate) fn find_state<Q: Key<Owned = K>, T>(self, key: &Q, step: impl FnOnce(&mut P::State) -> T) -> Option<T> {
        self.keys.find_state(key, step)
    }

    /// [`find`](Self::find) for a key that is owned.
    pub(crate) fn find_owned<T>(self, key: &K, step: impl FnOnce(&mut P::State, Option<&P::Own>) -> T) -> Option<T>
    where
        K: Eq,
    {
        self.keys.find_owned(self.rules, key, step)
    }
}
