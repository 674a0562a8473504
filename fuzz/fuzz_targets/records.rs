//! What a store gives back: values, terminal errors, fingerprints.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde::{Deserialize, Serialize};
use steadfast::idempotent::{Fingerprint, Replay};
use steadfast::{Failure, Record, ReplayFailure};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Charge {
    id: String,
    amount: i64,
    ratio: Option<f64>,
    lines: Vec<(u8, String)>,
}

#[derive(Debug, PartialEq, Failure)]
enum CardError {
    #[failure(terminal)]
    Declined { code: u32, text: Option<String> },
    #[failure(terminal)]
    Limits(u64, i64),
    #[failure(terminal)]
    Stolen,
    #[failure(transparent)]
    Issuer(IssuerError),
    #[failure(transient)]
    Busy,
}

#[derive(Debug, PartialEq, Failure)]
enum IssuerError {
    #[failure(terminal)]
    Closed(String),
}

fuzz_target!(|bytes: &[u8]| {
    value(bytes);
    failure(bytes);
    if let Ok(record) = Record::parse(bytes) {
        let name = record.variant().to_owned();
        let written = record.into_bytes().expect("what was read can be written");
        let again = Record::parse(&written).expect("what was written can be read");
        assert_eq!(again.variant(), name);
        assert_eq!(again.into_bytes().expect("and written"), written, "once is enough");
    }
    if let Ok(payload) = serde_json::from_slice::<serde_json::Value>(bytes) {
        fingerprint(&payload);
    }
});

/// What decodes is written and decodes to the same.
fn value(bytes: &[u8]) {
    match Charge::from_record(bytes) {
        Ok(charge) => {
            let written = charge.to_record().expect("its numbers are finite");
            assert_eq!(Charge::from_record(&written).expect("it was written"), charge);
        }
        Err(error) => quiet(&error.to_string()),
    }
}

fn failure(bytes: &[u8]) {
    match CardError::from_record(bytes) {
        Ok(error) => {
            assert_ne!(error, CardError::Busy, "only terminal failures are replayed");
            let written = error.to_record().expect("it is terminal").expect("it can be written");
            assert_eq!(CardError::from_record(&written).expect("it was written"), error);
        }
        Err(error) if error.to_string().contains("of a variant") => {}
        Err(error) => quiet(&error.to_string()),
    }
}

/// An error says where, and not what.
fn quiet(error: &str) {
    assert!(error.starts_with("the record ") && error.len() < 80 && error.is_ascii(), "{error}");
}

/// The same payload has the same fingerprint, however it was written.
fn fingerprint(payload: &serde_json::Value) {
    let Ok(one) = Fingerprint::of(payload) else { return };
    let text = serde_json::to_string_pretty(payload).expect("it is JSON");
    let again: serde_json::Value = serde_json::from_str(&text).expect("it was written");
    assert_eq!(Fingerprint::of(&again).expect("it was one before"), one);
    let column = serde_json::to_string(&one).expect("66 digits");
    assert_eq!(serde_json::from_str::<Fingerprint>(&column).expect("it was written"), one);
    assert_eq!(Fingerprint::from_bytes(one.to_bytes()), one);
}
