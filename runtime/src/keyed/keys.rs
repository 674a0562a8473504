//! The map: owned keys, found by borrowed ones, in shards with a lock each.

use std::array;
use std::hash::Hash;
use std::mem;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::Instant;

use super::shard::Shard;
use super::{OwnOf, PerKey};
use crate::config::Configurable;
use crate::key::{Borrowed, Key, Seeds};
use crate::slot::Shelved;
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{Mutex, MutexGuard};

const SHARDS: usize = 32;

/// A full map is not swept more often than this for each key that it may have, so that calls which
/// find it full do not spend their time on sweeping it.
const REST_PER_KEY: Duration = Duration::from_micros(1);

/// And it is not left for longer than this, however late its keys would become idle: what became
/// of them since may have made one idle sooner.
const LONGEST_REST: Duration = Duration::from_secs(1);

/// The keys of a policy with their states.
pub(crate) struct Keys<K, P: PerKey> {
    hasher: Seeds,
    shards: [Mutex<Shard<K, P::State>>; SHARDS],
    /// How many keys there are, or are being made.
    len: AtomicUsize,
    rest: Mutex<Rest>,
}

/// When a full map was last swept in vain, and what that taught.
#[derive(Default)]
struct Rest {
    until: Option<Instant>,
    /// When the first key becomes idle, if no call comes for it.
    idle_at: Option<Instant>,
}

/// There are as many keys as there may be, and all of them are in use.
#[derive(Clone, Copy, Debug)]
pub struct Full {
    /// How long until one of them may be forgotten.
    pub(crate) retry_after: Duration,
}

/// The rules for one look into the map.
pub(super) struct Rules<'a, K, P: PerKey> {
    pub(super) policy: &'a P,
    pub(super) max_keys: &'a Configurable<u32>,
    pub(super) own: Option<OwnOf<K, P>>,
}

impl<K, P: PerKey> Clone for Rules<'_, K, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, P: PerKey> Copy for Rules<'_, K, P> {}

impl<K, P: PerKey> Rules<'_, K, P> {
    fn max_keys(&self) -> usize {
        *self.max_keys.get() as usize
    }

    /// The key's own settings, which are put into that place.
    #[inline]
    pub(super) fn own<'o>(&self, key: &K, place: &'o mut Option<P::Own>) -> Option<&'o P::Own> {
        self.own.map(|own| settle(own, key, place))
    }

    fn idle_in(&self, key: &K, state: &P::State, now: Instant) -> Option<Duration> {
        self.policy.idle_in(state, self.own.map(|own| own(key)), now)
    }
}

#[inline(never)] // Or each field of the settings is asked for where it comes from.
fn settle<'o, K, O>(own: fn(&K) -> O, key: &K, place: &'o mut Option<O>) -> &'o O {
    place.insert(own(key))
}

impl<K: Hash, P: PerKey> Keys<K, P> {
    pub(super) fn new() -> Self {
        Self {
            hasher: Seeds::default(),
            shards: array::from_fn(|_| Mutex::default()),
            len: AtomicUsize::new(0),
            rest: Mutex::default(),
        }
    }

    /// Does something with a key's state, which is made if it is not there.
    #[inline]
    pub(super) fn with<Q: Key<Owned = K>, T>(
        &self,
        rules: Rules<'_, K, P>,
        key: &Q,
        now: impl Fn() -> Instant,
        step: impl FnOnce(&mut P::State, Option<&P::Own>) -> T,
    ) -> Result<T, Full> {
        let hash = self.hasher.hash(&Borrowed(key));
        let mut shard = self.shard(hash);
        if let Some((key, state)) = shard.find(hash, key) {
            return Ok(step(state, rules.own(key, &mut None)));
        }
        drop(shard);
        self.make(rules, hash, key, now(), step)
    }

    /// Does something with a key's state, if it is there.
    #[inline(always)]
    pub(super) fn find<Q: Key<Owned = K>, T>(
        &self,
        rules: Rules<'_, K, P>,
        key: &Q,
        step: impl FnOnce(&mut P::State, Option<&P::Own>) -> T,
    ) -> Option<T> {
        let hash = self.hasher.hash(&Borrowed(key));
        self.shard(hash).find(hash, key).map(|(key, state)| step(state, rules.own(key, &mut None)))
    }

    /// The same where a key's own settings are not asked for.
    #[inline(always)]
    pub(super) fn find_state<Q: Key<Owned = K>, T>(&self, key: &Q, step: impl FnOnce(&mut P::State) -> T) -> Option<T> {
        let hash = self.hasher.hash(&Borrowed(key));
        self.shard(hash).find(hash, key).map(|(_, state)| step(state))
    }

    /// [`find`](Self::find) for a key that is owned.
    pub(super) fn find_owned<T>(
        &self,
        rules: Rules<'_, K, P>,
        key: &K,
        step: impl FnOnce(&mut P::State, Option<&P::Own>) -> T,
    ) -> Option<T>
    where
        K: Eq,
    {
        let hash = self.hasher.hash(key);
        self.shard(hash).find_owned(hash, key).map(|state| step(state, rules.own(key, &mut None)))
    }

    #[inline(never)] // Or it crowds the way of a key that is there.
    fn make<Q: Key<Owned = K>, T>(
        &self,
        rules: Rules<'_, K, P>,
        hash: u64,
        key: &Q,
        now: Instant,
        step: impl FnOnce(&mut P::State, Option<&P::Own>) -> T,
    ) -> Result<T, Full> {
        let claim = self.claim(rules, now);
        let owned = key.to_owned_key();
        let mut shard = self.shard(hash);
        // Another call may have made it since we looked.
        if let Some((key, state)) = shard.find(hash, key) {
            return Ok(step(state, rules.own(key, &mut None)));
        }
        let claim = claim?;
        shard.forget_some(&self.len, |key, state| is_idle(rules.idle_in(key, state, now)), &self.hasher);
        let (key, state) = shard.insert(hash, (owned, rules.policy.new_state()), &self.hasher);
        claim.keep();
        Ok(step(state, rules.own(key, &mut None)))
    }

    /// Room for one more key.
    fn claim(&self, rules: Rules<'_, K, P>, now: Instant) -> Result<Claim<'_>, Full> {
        if let Some(claim) = self.try_claim(rules.max_keys()) {
            return Ok(claim);
        }
        let mut rest = locked(&self.rest);
        // Another call may have swept while this one waited.
        if let Some(claim) = self.try_claim(rules.max_keys()) {
            return Ok(claim);
        }
        if rest.until.is_none_or(|until| until <= now) {
            *rest = self.sweep(rules, now);
            self.make_room(rules, now);
            if let Some(claim) = self.try_claim(rules.max_keys()) {
                return Ok(claim);
            }
        }
        let until = rest.idle_at.filter(|at| *at > now).or(rest.until);
        Err(Full { retry_after: until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now)) })
    }

    fn try_claim(&self, max_keys: usize) -> Option<Claim<'_>> {
        let one_more = |len: usize| (len < max_keys).then(|| len + 1);
        let claimed = self.len.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more);
        claimed.ok().map(|_| Claim(&self.len))
    }

    /// Where it is full all the same, forgets some of the keys that may go though they are not idle:
    /// a part only, since calls will come for them. Each time it begins somewhere else.
    fn make_room(&self, rules: Rules<'_, K, P>, now: Instant) {
        let most = rules.max_keys();
        let mut wanted = if self.len() < most { 0 } else { most.div_ceil(8) };
        let first = fastrand::usize(..SHARDS);
        for shard in self.shards.iter().cycle().skip(first).take(SHARDS) {
            if wanted == 0 {
                return;
            }
            let goes = |_: &K, state: &P::State| {
                let goes = wanted > 0 && rules.policy.may_go(state, now);
                wanted -= usize::from(goes);
                goes
            };
            locked(shard).forget_all(&self.len, goes, &self.hasher);
        }
    }

    /// Forgets every key that is idle.
    fn sweep(&self, rules: Rules<'_, K, P>, now: Instant) -> Rest {
        let mut soonest: Option<Duration> = None;
        for shard in &self.shards {
            locked(shard).forget_all(
                &self.len,
                |key, state| {
                    let idle_in = rules.idle_in(key, state, now);
                    if let Some(wait) = idle_in.filter(|wait| !wait.is_zero()) {
                        soonest = Some(soonest.map_or(wait, |soonest| soonest.min(wait)));
                    }
                    is_idle(idle_in)
                },
                &self.hasher,
            );
        }
        let shortest = REST_PER_KEY.saturating_mul(*rules.max_keys.get());
        // Of keys that come in the place of those forgotten nothing is known.
        let freed = self.len() < rules.max_keys();
        let rest = soonest.filter(|_| !freed).unwrap_or(shortest).clamp(shortest, LONGEST_REST.max(shortest));
        Rest { until: now.checked_add(rest), idle_at: soonest.and_then(|wait| now.checked_add(wait)) }
    }

    /// The top bits tell entries apart inside a shard, and the low ones are their places; these
    /// are between.
    #[inline]
    fn shard(&self, hash: u64) -> MutexGuard<'_, Shard<K, P::State>> {
        locked(&self.shards[(hash >> 48) as usize % SHARDS])
    }

    fn end_rest(&self) {
        *locked(&self.rest) = Rest::default();
    }

    pub(super) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    /// Sets a key back to its beginning; whether it was there.
    pub(super) fn forget<Q: Key<Owned = K>>(&self, key: &Q) -> bool {
        let hash = self.hasher.hash(&Borrowed(key));
        let forgotten = self.shard(hash).forget(&self.len, hash, key, P::clear);
        self.end_rest();
        forgotten
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_idle(idle_in: Option<Duration>) -> bool {
    idle_in.is_some_and(|wait| wait.is_zero())
}

/// A key that is counted and not yet there. Dropped, it counts no more.
struct Claim<'a>(&'a AtomicUsize);

impl Claim<'_> {
    fn keep(self) {
        mem::forget(self);
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<K, P> Shelved for Keys<K, P>
where
    K: Hash + Send + 'static,
    P: PerKey,
{
    fn entries(&self) -> u64 {
        self.len() as u64
    }

    fn busy(&self) -> u64 {
        self.shards.iter().map(|shard| locked(shard).states().map(P::busy).sum::<u64>()).sum()
    }

    fn clear(&self) {
        for shard in &self.shards {
            locked(shard).retain(&self.len, |state| !P::clear(state));
        }
        self.end_rest();
    }
}
