//! Who listens to `tracing` and writes down every event.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span;
use tracing::subscriber::{DefaultGuard, Interest, set_default};
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};

/// One event.
#[derive(Clone, Debug)]
pub struct Line {
    pub level: Level,
    pub target: String,
    pub fields: BTreeMap<String, String>,
}

impl Line {
    /// A field's text; empty where the event does not have it.
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

/// Writes down every event down to a level.
#[derive(Clone)]
pub struct Listener {
    lines: Arc<Mutex<Vec<Line>>>,
    level: Level,
}

/// While a program has only one subscriber, `tracing` asks the thread at hand whether anybody
/// listens, and remembers the answer for all threads: a test without a listener could deafen
/// another one. With two that stay, it asks every time.
static OTHERS: LazyLock<[Dispatch; 2]> = LazyLock::new(|| [(); 2].map(|()| Dispatch::new(Listener::of(Level::TRACE))));

/// Listens on this thread to every event down to a level, until the guard goes.
pub fn listen(level: Level) -> (Listener, DefaultGuard) {
    LazyLock::force(&OTHERS);
    let listener = Listener::of(level);
    let guard = set_default(listener.clone());
    (listener, guard)
}

impl Listener {
    fn of(level: Level) -> Self {
        Self { lines: Arc::default(), level }
    }

    /// The events of a target since the last look.
    pub fn take(&self, target: &str) -> Vec<Line> {
        self.take_all().into_iter().filter(|line| line.target == target).collect()
    }

    /// All events since the last look.
    pub fn take_all(&self) -> Vec<Line> {
        std::mem::take(&mut *self.lines.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Subscriber for Listener {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.level
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let metadata = event.metadata();
        let line = Line { level: *metadata.level(), target: metadata.target().to_owned(), fields: fields.0 };
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[derive(Default)]
struct Fields(BTreeMap<String, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}
