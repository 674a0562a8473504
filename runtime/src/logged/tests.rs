#![allow(unused_imports, reason = "a probe imports every trait it may need")]

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{self, Interest};
use tracing::{Event, Metadata, Subscriber};

use super::rt::{Captured, ShownResult, logged};
use super::{Level, Logged};
use crate::__rt::{self as rt, Outcome};
use crate::{Failure, Kind, Layer, Reason, Rejection};

mod events;
mod listeners;
mod shown;

/// One event as a subscriber got it.
#[derive(Clone, Debug)]
struct Line {
    target: &'static str,
    level: Level,
    file: Option<&'static str>,
    fields: BTreeMap<&'static str, String>,
}

impl Line {
    fn get(&self, field: &str) -> Option<&str> {
        self.fields.get(field).map(String::as_str)
    }
}

/// A subscriber that hears one target, so that tests that run beside each other do not meet.
#[derive(Clone)]
struct Listener {
    target: &'static str,
    most: LevelFilter,
    answer: fn() -> Interest,
    lines: Arc<Mutex<Vec<Line>>>,
}

impl Listener {
    fn of(target: &'static str) -> Self {
        Self { target, most: LevelFilter::TRACE, answer: Interest::always, lines: Arc::default() }
    }

    fn lines(&self) -> Vec<Line> {
        self.lines.lock().unwrap().clone()
    }

    fn hears(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == self.target && *metadata.level() <= self.most
    }
}

impl Subscriber for Listener {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.hears(metadata) { (self.answer)() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.hears(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.most)
    }

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut fields = Fields::default();
        event.record(&mut fields);
        let line =
            Line { target: metadata.target(), level: *metadata.level(), file: metadata.file(), fields: fields.0 };
        self.lines.lock().unwrap().push(line);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        assert!(self.0.insert(field.name(), format!("{value:?}")).is_none(), "{field} twice");
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        assert!(self.0.insert(field.name(), value.to_owned()).is_none(), "{field} twice");
    }
}

#[derive(Debug)]
struct Declined(Kind, &'static str);

impl std::fmt::Display for Declined {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.1)
    }
}

impl Failure for Declined {
    fn kind(&self) -> Kind {
        self.0
    }
}

type Charge = Result<u32, Declined>;

fn nothing(_: &mut Captured) {}

fn outcome(result: &Charge) -> Outcome {
    rt::outcome!(result)
}

fn error_of(result: &Charge) -> ShownResult {
    rt::shown_error!(result)
}

/// Polls a call to its end, or once if it never ends.
fn run<F: Future>(call: F) {
    let mut call = Box::pin(call);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let _ = call.as_mut().poll(&mut context);
}

/// What a listener hears of a call with this result.
fn heard(listener: &Listener, policy: &'static Logged, result: Result<Charge, Rejection>) -> Vec<Line> {
    subscriber::with_default(listener.clone(), || {
        run(logged(policy, Captured::new(policy, nothing), outcome, error_of, std::future::ready(result)));
    });
    listener.lines()
}
