//! The event itself.

use std::array;
use std::time::Duration;

use tracing::field::{Field, Value, display};
use tracing::{Event, Metadata};

use super::Logged;
use super::captured::Captured;
use super::show::{ShownResult, masked_display};
use crate::Rejection;
use crate::outcome::End;
use crate::watch::{Began, Watcher};

/// The fields every event has; those of the arguments follow.
pub(super) const FIELDS: [&str; 7] = ["message", "function", "outcome", "elapsed_ms", "ret", "error", "refused_by"];

/// Older versions of `tracing` take no more fields than this.
const MOST_FIELDS: usize = 32;
pub(super) const MOST_NAMES: usize = MOST_FIELDS - FIELDS.len();

/// The field of an argument. Those of the event keep their names.
pub(super) fn field_name(argument: &'static str) -> &'static str {
    match argument {
        "message" => "arg.message",
        "function" => "arg.function",
        "outcome" => "arg.outcome",
        "elapsed_ms" => "arg.elapsed_ms",
        "ret" => "arg.ret",
        "error" => "arg.error",
        "refused_by" => "arg.refused_by",
        other => other,
    }
}

/// What is known of a call beside its arguments when it has ended.
pub(super) struct Ended {
    pub(super) end: End,
    pub(super) elapsed: Duration,
    pub(super) result: ShownResult,
    pub(super) refused_by: Option<String>,
}

impl Ended {
    pub(super) fn by_itself(end: End, elapsed: Duration, result: ShownResult) -> Self {
        Self { end, elapsed, result, refused_by: None }
    }

    pub(super) fn by(rejection: Option<&Rejection>, end: End, elapsed: Duration) -> Self {
        let result = ShownResult { value: None, error: rejection.map(masked_display) };
        let refused_by = rejection.map(|r| format!("{} {}", r.layer(), r.name()));
        Self { end, elapsed, result, refused_by }
    }
}

/// One call's log, from its arguments to its event.
pub(super) struct Log {
    policy: &'static Logged,
    captured: Captured,
}

impl Log {
    pub(super) fn new(policy: &'static Logged, captured: Captured) -> Self {
        Self { policy, captured }
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.captured.is_wanted()
    }

    /// Emits the event, when somebody wants it. Only then is it asked what it shows.
    pub(super) fn emit(&self, end: End, ended: impl FnOnce() -> Ended) {
        if let Some(metadata) = self.policy.wanted(end) {
            self.dispatch(metadata, &ended());
        }
    }

    fn dispatch(&self, metadata: &'static Metadata<'static>, ended: &Ended) {
        let message = display("call");
        let outcome = ended.end.as_str();
        let elapsed_ms = milliseconds(ended.elapsed);
        let mut values: [Option<&dyn Value>; MOST_FIELDS] = [None; MOST_FIELDS];
        values[0] = Some(&message);
        values[1] = Some(&self.policy.function);
        values[2] = Some(&outcome);
        values[3] = Some(&elapsed_ms);
        values[4] = value(ended.result.value.as_ref());
        values[5] = value(ended.result.error.as_ref());
        values[6] = value(ended.refused_by.as_ref());
        for (index, text) in self.captured.values() {
            if let Some(place) = values.get_mut(FIELDS.len() + index) {
                *place = Some(text);
            }
        }
        dispatch(metadata, &values);
    }
}

impl Watcher for Log {
    fn cut_short(&mut self, end: End, began: Began) {
        self.emit(end, || Ended::by_itself(end, began.elapsed(), ShownResult::default()));
    }
}

fn value(text: Option<&String>) -> Option<&dyn Value> {
    text.map(|text| text as &dyn Value)
}

/// To the microsecond; more digits tell nothing.
fn milliseconds(elapsed: Duration) -> f64 {
    let micros = u32::try_from(elapsed.as_micros()).map_or_else(|_| elapsed.as_secs_f64() * 1e6, f64::from);
    micros.round() / 1e3
}

fn dispatch(metadata: &'static Metadata<'static>, values: &[Option<&dyn Value>; MOST_FIELDS]) {
    let mut fields = metadata.fields().iter();
    let fields: [Option<Field>; MOST_FIELDS] = array::from_fn(|_| fields.next());
    let Some(first) = &fields[0] else { return };
    let pairs: [(&Field, Option<&dyn Value>); MOST_FIELDS] = array::from_fn(|i| match &fields[i] {
        Some(field) => (field, values[i]),
        None => (first, None),
    });
    Event::dispatch(metadata, &metadata.fields().value_set(&pairs));
}
