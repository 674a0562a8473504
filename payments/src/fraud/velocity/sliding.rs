//! Payments in windows that slide. Told the time: no clock is read and no lock is held here.

use std::cmp::Reverse;
use std::collections::hash_map::Entry;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::{MOST_COUNTED, PaymentId, VelocityKey};

/// The payments under all keys.
#[derive(Default)]
pub(in crate::fraud) struct Sliding {
    keys: HashMap<Hash, Window>,
    /// When the oldest payment of a key may leave: one entry for each key, never late.
    leave: BinaryHeap<Reverse<(Instant, Hash)>>,
    payments: usize,
}

type Hash = [u8; 32];

/// The payments under one key, the oldest first: the same in both.
struct Window {
    length: Duration,
    by_age: VecDeque<(Instant, PaymentId)>,
    present: HashSet<PaymentId>,
}

/// There is no room, and nothing was counted.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::fraud) struct Full;

impl Sliding {
    /// How many payments are remembered, each under each of its keys.
    pub(in crate::fraud) fn len(&self) -> usize {
        self.payments
    }

    #[cfg(test)]
    pub(in crate::fraud) fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.leave.is_empty()
    }

    /// Counts the payment under all keys, or under none where that would be more than `most`.
    pub(in crate::fraud) fn count(
        &mut self,
        payment: PaymentId,
        keys: &[VelocityKey],
        now: Instant,
        most: usize,
    ) -> Result<Vec<u32>, Full> {
        self.forget(now);
        keys.iter().for_each(|key| self.forget_in(key, now));
        let new: HashSet<_> = keys.iter().filter(|key| !self.has(key, payment)).map(VelocityKey::as_bytes).collect();
        if self.payments.saturating_add(new.len()) > most {
            return Err(Full);
        }
        Ok(keys.iter().map(|key| self.count_one(payment, key, now)).collect())
    }

    fn has(&self, key: &VelocityKey, payment: PaymentId) -> bool {
        self.keys.get(key.as_bytes()).is_some_and(|window| window.present.contains(&payment))
    }

    fn count_one(&mut self, payment: PaymentId, key: &VelocityKey, now: Instant) -> u32 {
        let window = match self.keys.entry(*key.as_bytes()) {
            Entry::Occupied(present) => present.into_mut(),
            Entry::Vacant(vacant) => {
                self.leave.extend(leaves(now, key.window(), *key.as_bytes()));
                vacant.insert(Window { length: key.window(), by_age: VecDeque::new(), present: HashSet::new() })
            }
        };
        let before = window.by_age.len();
        window.add(payment, now);
        self.payments = self.payments.saturating_sub(before).saturating_add(window.by_age.len());
        u32::try_from(window.by_age.len()).unwrap_or(u32::MAX)
    }

    /// Forgets what has left the key's window.
    fn forget_in(&mut self, key: &VelocityKey, now: Instant) {
        if let Some(window) = self.keys.get_mut(key.as_bytes()) {
            window.length = key.window();
            self.payments = self.payments.saturating_sub(window.forget(now));
        }
    }

    /// Forgets what has left its window, under all keys. Each payment is looked at once, so a call's
    /// share is small.
    fn forget(&mut self, now: Instant) {
        while let Some(Reverse((at, _))) = self.leave.peek()
            && *at <= now
        {
            let Some(Reverse((_, hash))) = self.leave.pop() else { return };
            let Entry::Occupied(mut present) = self.keys.entry(hash) else { continue };
            let window = present.get_mut();
            self.payments = self.payments.saturating_sub(window.forget(now));
            match window.by_age.front() {
                Some((oldest, _)) => self.leave.extend(leaves(*oldest, window.length, hash)),
                None => drop(present.remove()),
            }
        }
    }
}

impl Window {
    fn add(&mut self, payment: PaymentId, now: Instant) {
        if self.present.insert(payment) {
            self.by_age.push_back((now, payment));
            if self.by_age.len() > MOST_COUNTED as usize {
                self.forget_oldest();
            }
        }
    }

    /// How many have left.
    fn forget(&mut self, now: Instant) -> usize {
        let before = self.by_age.len();
        while let Some((at, _)) = self.by_age.front()
            && now.saturating_duration_since(*at) >= self.length
        {
            self.forget_oldest();
        }
        before - self.by_age.len()
    }

    fn forget_oldest(&mut self) {
        if let Some((_, payment)) = self.by_age.pop_front() {
            self.present.remove(&payment);
        }
    }
}

/// Nothing where the clock ends before that.
fn leaves(at: Instant, length: Duration, hash: Hash) -> Option<Reverse<(Instant, Hash)>> {
    at.checked_add(length).map(|at| Reverse((at, hash)))
}
