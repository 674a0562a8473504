//! The header `Idempotency-Key`, and the parts of a record's identity.
#![no_main]

use libfuzzer_sys::fuzz_target;
use steadfast::idempotent::{IdempotencyKey, RecordId};

fuzz_target!(|header: &str| {
    let Ok(key) = IdempotencyKey::from_header(header) else { return };
    let text = key.as_str();

    // A key is one, however it is written.
    assert_eq!(IdempotencyKey::new(text).expect("it is a key"), key);
    let quoted = format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    assert_eq!(IdempotencyKey::from_header(&quoted).expect("it is a key"), key);
    assert!((1..=255).contains(&text.chars().count()) && !text.chars().any(char::is_control));

    let id = RecordId::new("fuzz", Some(text), text).expect("its parts are keys");
    assert_eq!((id.scope(), id.key()), (Some(text), text));
});
