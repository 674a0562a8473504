//! JSON that may be shown.

use serde::Serialize;
use serde_json::{Map, Value};
use steadfast::mask::{MASKED, is_sensitive_name, mask};

/// Masks a JSON value where it stands: whatever its name, and however deep.
///
/// - What a sensitive name holds ([`is_sensitive_name`]) becomes `"[masked]"`, whatever it is: a number,
///   `null`, a whole object.
/// - Every other string is masked as [`redact`](super::redact) does, and so are names: a map may be keyed
///   by card numbers. Names that are equal once they are masked leave one entry, the last.
/// - A number that is a card number becomes a string.
///
/// Nothing is allocated where nothing is masked.
///
/// ```
/// use serde_json::json;
/// use steadfast_payments::redaction::redact_json;
///
/// let mut body = json!({
///     "amount": 1250,
///     "card": { "number": 4111111111111111u64, "cvc": 123, "exp": "12/29" },
///     "note": "customer read out 4111 1111 1111 1111",
///     "client_secret": { "kind": "api", "value": "hunter2" },
/// });
/// redact_json(&mut body);
/// assert_eq!(body, json!({
///     "amount": 1250,
///     "card": { "number": "************1111", "cvc": "[masked]", "exp": "12/29" },
///     "note": "customer read out ************1111",
///     "client_secret": "[masked]",
/// }));
/// ```
pub fn redact_json(value: &mut Value) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => {
            if let Some(masked) = super::number::masked_json(number) {
                *value = Value::String(masked);
            }
        }
        Value::String(text) => mask_in_place(text),
        Value::Array(values) => values.iter_mut().for_each(redact_json),
        Value::Object(entries) => redact_entries(entries),
    }
}

fn mask_in_place(text: &mut String) {
    if let std::borrow::Cow::Owned(masked) = mask(text) {
        *text = masked;
    }
}

fn redact_entries(entries: &mut Map<String, Value>) {
    let mut names_change = false;
    for (name, value) in entries.iter_mut() {
        names_change |= mask(name) != name.as_str();
        if is_sensitive_name(name) {
            *value = Value::from(MASKED);
        } else {
            redact_json(value);
        }
    }
    if names_change {
        let all = std::mem::take(entries).into_iter();
        entries.extend(all.map(|(name, value)| (mask(&name).into_owned(), value)));
    }
}

/// Any value as JSON that may be shown: what [`serde_json::to_value`] makes of it, masked by
/// [`redact_json`].
///
/// # Errors
/// [`NotJson`] when the value cannot be JSON: a map whose keys are no strings, an integer beyond 64 bits,
/// or its own `Serialize` failed.
///
/// ```
/// use serde::Serialize;
/// use steadfast_payments::redaction::to_redacted_json;
///
/// #[derive(Serialize)]
/// struct Attempt<'a> { order: &'a str, pan: &'a str, note: &'a str }
///
/// let attempt = Attempt { order: "ORD-20261121-000042", pan: "anything", note: "cvv: 123" };
/// let shown = to_redacted_json(&attempt)?;
/// assert_eq!(shown.to_string(), r#"{"note":"cvv: [masked]","order":"ORD-20261121-000042","pan":"[masked]"}"#);
/// # Ok::<(), steadfast_payments::redaction::NotJson>(())
/// ```
pub fn to_redacted_json<T: Serialize + ?Sized>(value: &T) -> Result<Value, NotJson> {
    let mut value = serde_json::to_value(value).map_err(|error| NotJson(mask(&error.to_string()).into_owned()))?;
    redact_json(&mut value);
    Ok(value)
}

/// A value that cannot be written as JSON, and why. What its own `Serialize` says of that is masked.
///
/// ```
/// use std::collections::HashMap;
/// use steadfast_payments::redaction::to_redacted_json;
///
/// let error = to_redacted_json(&HashMap::from([((1, 2), "keyed by a pair")])).unwrap_err();
/// assert_eq!(error.to_string(), "this value is not shown, because it cannot be JSON: key must be a string");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this value is not shown, because it cannot be JSON: {0}")]
pub struct NotJson(String);
