//! What pools and batchers tell `tracing` and `metrics`, in one place. All of it is free when nobody
//! listens: no clock is read and no lock taken.

use std::cell::Cell;

use metrics::{Gauge, IntoF64, Key, Label, Level, Metadata};
use steadfast::clock;
use tokio::time::Instant;

use super::refused::Why;
use super::settings::Settings;
use super::state::Outcome;

static METADATA: Metadata<'static> = Metadata::new("steadfast", Level::INFO, Some("steadfast_tasks"));

/// The metrics of one pool or batcher.
pub(crate) struct Meters {
    what: &'static str,
    name: &'static str,
    queued: Key,
    running: Key,
    queue_seconds: Key,
    work_seconds: Key,
    batch_size: Key,
    /// The one that is told most.
    done: Key,
}

impl Meters {
    pub(crate) fn new(settings: &Settings) -> Self {
        let Settings { what, name, .. } = *settings;
        let key = |metric| key(metric, what, name, None);
        Self {
            what,
            name,
            queued: key("steadfast_tasks_queued"),
            running: key("steadfast_tasks_running"),
            queue_seconds: key("steadfast_tasks_queue_seconds"),
            work_seconds: key("steadfast_tasks_work_seconds"),
            batch_size: key("steadfast_tasks_batch_size"),
            done: ended(what, name, "done"),
        }
    }

    pub(crate) fn queued(&self, now: impl Fn() -> usize) {
        set(&metrics::with_recorder(|recorder| recorder.register_gauge(&self.queued, &METADATA)), now);
    }

    pub(crate) fn running(&self, now: impl Fn() -> usize) {
        set(&metrics::with_recorder(|recorder| recorder.register_gauge(&self.running, &METADATA)), now);
    }

    /// Work begins on items that came then. Returns when that was, where somebody listens.
    pub(crate) fn began(&self, came: impl IntoIterator<Item = Instant>) -> Option<Instant> {
        let now = Cell::new(None);
        let waited = metrics::with_recorder(|recorder| recorder.register_histogram(&self.queue_seconds, &METADATA));
        came.into_iter().for_each(|then| waited.record(Since { then, now: &now }));
        now.get()
    }

    /// A batch of so many begins.
    pub(crate) fn batch(&self, items: usize) {
        let sizes = metrics::with_recorder(|recorder| recorder.register_histogram(&self.batch_size, &METADATA));
        sizes.record(items as f64);
    }

    /// The work that began then has ended, however.
    pub(crate) fn worked(&self, began: Option<Instant>) {
        let Some(then) = began else { return };
        let took = metrics::with_recorder(|recorder| recorder.register_histogram(&self.work_seconds, &METADATA));
        took.record(Since { then, now: &Cell::new(None) });
    }

    /// Items have ended.
    pub(crate) fn ended<T, E>(&self, outcomes: &[Outcome<T, E>]) {
        let failed = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
        let failed = failed.map(|error| count(&ended(self.what, self.name, error.as_str()), 1)).count();
        if failed < outcomes.len() {
            count(&self.done, (outcomes.len() - failed) as u64);
        }
    }

    /// An item was not taken.
    pub(crate) fn refused(&self, why: Why) {
        tracing::debug!(what = self.what, name = self.name, why = why.as_str(), "item refused");
        count(&key("steadfast_tasks_refused_total", self.what, self.name, Some(("why", why.as_str()))), 1);
    }

    /// An item ended without a result, and its handle is gone.
    pub(crate) fn unheard(&self, how: &'static str) {
        tracing::warn!(what = self.what, name = self.name, how, "an item has no result, and nobody asked for it");
    }
}

fn ended(what: &'static str, name: &'static str, how: &'static str) -> Key {
    key("steadfast_tasks_ended_total", what, name, Some(("how", how)))
}

fn key(
    metric: &'static str,
    what: &'static str,
    name: &'static str,
    more: Option<(&'static str, &'static str)>,
) -> Key {
    let labels = [("what", what), ("name", name)].into_iter().chain(more);
    Key::from_parts(metric, labels.map(|(label, value)| Label::from_static_parts(label, value)).collect::<Vec<_>>())
}

fn count(key: &Key, items: u64) {
    metrics::with_recorder(|recorder| recorder.register_counter(key, &METADATA)).increment(items);
}

/// Sets a gauge to what is now, and again if that has changed meanwhile: else the last to set it may be one
/// who looked long ago.
fn set(gauge: &Gauge, now: impl Fn() -> usize) {
    loop {
        let told = Cell::new(None);
        gauge.set(Asked { now: &now, told: &told });
        match told.get() {
            Some(told) if told != now() => {}
            _ => return,
        }
    }
}

/// A number that is asked for only when somebody listens.
struct Asked<'a, F> {
    now: &'a F,
    told: &'a Cell<Option<usize>>,
}

impl<F: Fn() -> usize> IntoF64 for Asked<'_, F> {
    fn into_f64(self) -> f64 {
        let now = (self.now)();
        self.told.set(Some(now));
        now as f64
    }
}

/// A time that is read only when somebody listens.
struct Since<'a> {
    then: Instant,
    now: &'a Cell<Option<Instant>>,
}

impl IntoF64 for Since<'_> {
    fn into_f64(self) -> f64 {
        let now = clock::mono();
        self.now.set(Some(now));
        now.saturating_duration_since(self.then).as_secs_f64()
    }
}
