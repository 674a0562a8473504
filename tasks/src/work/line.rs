//! Who is next: priority first, then who came first, and a wait that outweighs a priority.
//!
//! Pure: it is told the time.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// What stands in line.
#[derive(Debug)]
pub(crate) struct Entry<V> {
    /// Later entries have greater ones.
    pub(crate) id: u64,
    /// Since when it stands there.
    pub(crate) since: Instant,
    pub(crate) value: V,
}

/// A line of entries, of which the first goes next.
///
/// A level of priority is worth `ageing` of waiting: of two entries the one of higher priority goes
/// first unless the other has waited that much longer for each level between them. All wait at the
/// same pace, so the order of two entries never changes, and the first of each level is enough to find
/// the next.
#[derive(Debug)]
pub(crate) struct Line<V> {
    ageing: Duration,
    /// Higher priorities first. Levels that became empty stay: there are at most 256.
    levels: Vec<Level<V>>,
    len: usize,
    latest: Option<Instant>,
}

#[derive(Debug)]
struct Level<V> {
    priority: i8,
    entries: VecDeque<Entry<V>>,
}

impl<V> Line<V> {
    pub(crate) const fn new(ageing: Duration) -> Self {
        Self { ageing, levels: Vec::new(), len: 0, latest: None }
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Joins at the end of its priority. Callers read the clock before they are alone with the line,
    /// so a time may lie before the last one's; the later one counts.
    pub(crate) fn push(&mut self, now: Instant, priority: i8, id: u64, value: V) {
        let since = self.latest.map_or(now, |latest| latest.max(now));
        self.latest = Some(since);
        self.level(priority).entries.push_back(Entry { id, since, value });
        self.len += 1;
    }

    fn level(&mut self, priority: i8) -> &mut Level<V> {
        let at = self.levels.partition_point(|level| level.priority > priority);
        if self.levels.get(at).is_none_or(|level| level.priority != priority) {
            self.levels.insert(at, Level { priority, entries: VecDeque::new() });
        }
        &mut self.levels[at]
    }

    /// The one who goes next.
    pub(crate) fn first(&self) -> Option<&Entry<V>> {
        self.levels.get(self.next()?)?.entries.front()
    }

    pub(crate) fn pop(&mut self) -> Option<Entry<V>> {
        let next = self.next()?;
        self.take(next)
    }

    /// Throws out the oldest of the lowest priority there is, unless all are above this one.
    pub(crate) fn displace(&mut self, priority: i8) -> Option<Entry<V>> {
        let lowest = self.levels.iter().rposition(|level| !level.entries.is_empty())?;
        if self.levels[lowest].priority > priority {
            return None;
        }
        self.take(lowest)
    }

    fn take(&mut self, level: usize) -> Option<Entry<V>> {
        let entry = self.levels.get_mut(level)?.entries.pop_front()?;
        self.len -= 1;
        Some(entry)
    }

    /// Leaves the line from wherever it stands.
    pub(crate) fn remove(&mut self, id: u64) -> Option<Entry<V>> {
        self.levels.iter_mut().find_map(|level| {
            let at = level.entries.binary_search_by_key(&id, |entry| entry.id).ok()?;
            let entry = level.entries.remove(at)?;
            self.len -= 1;
            Some(entry)
        })
    }

    /// The level whose first entry goes next.
    fn next(&self) -> Option<usize> {
        if let [only] = &self.levels[..] {
            return (!only.entries.is_empty()).then_some(0);
        }
        let mut firsts =
            self.levels.iter().enumerate().filter_map(|(at, level)| Some((at, level, level.entries.front()?)));
        let (at, level, first) = firsts.next()?;
        let next = firsts.fold((at, level.priority, first), |next, (at, level, first)| {
            let (_, priority, ahead) = next;
            let worth = worth(self.ageing, priority, level.priority);
            if ahead.since.saturating_duration_since(first.since) < worth { next } else { (at, level.priority, first) }
        });
        Some(next.0)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.levels.iter_mut().flat_map(|level| level.entries.iter_mut().map(|entry| &mut entry.value))
    }
}

/// How much longer the lower one must have waited.
fn worth(ageing: Duration, higher: i8, lower: i8) -> Duration {
    ageing.saturating_mul(u32::from(higher.abs_diff(lower)))
}
