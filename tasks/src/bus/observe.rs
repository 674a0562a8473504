//! What the bus tells `metrics` and `tracing`. Both are free while nobody listens.

use metrics::{Key, Label, Level, Metadata};
use steadfast::mask::mask;

use super::Said;
use super::sub::About;

/// One handler's metrics. Their names are made once, not for every event.
pub(super) struct Tally {
    queued: Key,
    /// By what was said, as it stands in `column`.
    deliveries: [Key; 6],
}

static METADATA: Metadata<'static> = Metadata::new("steadfast", Level::INFO, Some(module_path!()));

impl Tally {
    pub(super) fn of(about: &About) -> Self {
        let labels = [("bus", about.bus), ("event", about.event), ("handler", about.handler)]
            .map(|(name, value)| label(name, value));
        let deliveries = ["ok", "error", "panicked", "refused", "dropped", "gone"].map(|said| {
            let labels = labels.iter().cloned().chain([label("said", said)]);
            Key::from_parts("steadfast_bus_deliveries_total", labels.collect::<Vec<_>>())
        });
        Self { queued: Key::from_parts("steadfast_bus_queued", labels.to_vec()), deliveries }
    }

    /// A handler has said something, or something was said in its place.
    pub(super) fn said(&self, about: &About, said: &Said) {
        self.count(said, 1);
        let About { bus, event, handler } = about;
        match said {
            Said::Error(error) => {
                tracing::warn!(bus, event, handler, error = %mask(&error.to_string()), "a handler failed");
            }
            Said::Panicked(_) => tracing::error!(bus, event, handler, "a handler panicked"),
            Said::Dropped => tracing::debug!(bus, event, handler, "a full queue dropped an event"),
            Said::Ok | Said::Refused(_) | Said::Gone => {}
        }
    }

    /// So many events will never be handled.
    pub(super) fn gone(&self, count: usize) {
        if count > 0 {
            self.count(&Said::Gone, count);
        }
    }

    /// One more event waits for its handler.
    pub(super) fn queued(&self) {
        metrics::with_recorder(|recorder| recorder.register_gauge(&self.queued, &METADATA).increment(1.0));
    }

    /// So many do not wait any more.
    pub(super) fn unqueued(&self, count: usize) {
        metrics::with_recorder(|recorder| recorder.register_gauge(&self.queued, &METADATA).decrement(count as f64));
    }

    fn count(&self, said: &Said, count: usize) {
        let key = &self.deliveries[column(said)];
        metrics::with_recorder(|recorder| recorder.register_counter(key, &METADATA).increment(count as u64));
    }
}

fn column(said: &Said) -> usize {
    match said {
        Said::Ok => 0,
        Said::Error(_) => 1,
        Said::Panicked(_) => 2,
        Said::Refused(_) => 3,
        Said::Dropped => 4,
        Said::Gone => 5,
    }
}

fn label(name: &'static str, value: &'static str) -> Label {
    Label::from_static_parts(name, value)
}
