//! Values of the user's types in a log, and as they come out of it.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use steadfast::idempotent::{BySerde, Replay};
use steadfast::{RecordError, ReplayFailure};

/// What goes from step to step and into the log: any type that serde writes and reads back, that is `Send` and
/// borrows nothing. Nobody implements it by hand.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use steadfast_payments::saga::SagaState;
///
/// #[derive(Serialize, Deserialize)]
/// struct Order {
///     sku: String,
///     charge: Option<String>,
/// }
///
/// fn goes_into_a_log<S: SagaState>() {}
/// goes_into_a_log::<Order>();
/// ```
#[diagnostic::on_unimplemented(
    message = "a saga's log cannot keep `{Self}`",
    label = "the state that goes from step to step is written to the log, and read back by whoever goes on after a crash",
    note = "derive `serde::Serialize` and `serde::Deserialize` for it; it must be `Send` and borrow nothing",
    note = "clients and connections belong into the app, which is cloned for each attempt and not written"
)]
pub trait SagaState: Serialize + DeserializeOwned + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<S: Serialize + DeserializeOwned + Send + 'static> SagaState for S {}

/// The value as JSON, exactly. It is read back once: what cannot be read is not kept.
pub(super) fn record<T: SagaState>(value: &T) -> Result<Box<RawValue>, RecordError> {
    let bytes = Replay::<BySerde>::to_record(value)?;
    let _: T = Replay::<BySerde>::from_record(&bytes)?;
    let text = String::from_utf8(bytes).map_err(|_| RecordError::new("it is not written as text"))?;
    RawValue::from_string(text).map_err(|_| RecordError::new("it is not written as JSON"))
}

/// The value that was recorded; `what` it is, where it cannot be read.
pub(super) fn read<T: DeserializeOwned>(recorded: &RawValue, what: &'static str) -> Result<T, &'static str> {
    // The parser's own words may quote the value.
    serde_json::from_str(recorded.get()).map_err(|_| what)
}

/// A terminal error as text; `None` for another one, and for one that cannot be written and read back.
pub(super) fn record_error<E: ReplayFailure>(error: &E) -> Option<String> {
    let bytes = error.to_record()?.ok()?;
    E::from_record(&bytes).ok()?;
    String::from_utf8(bytes).ok()
}

/// The error that was recorded.
pub(super) fn read_error<E: ReplayFailure>(recorded: &str) -> Result<E, &'static str> {
    E::from_record(recorded.as_bytes()).map_err(|_| "error")
}
