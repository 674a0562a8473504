//! What a key is, and what is derived from it.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::support::*;
use crate::idempotent::rt::{Call, Payload, key};
use crate::idempotent::*;
use crate::registry::Describe;

#[test]
fn every_kind_of_string_is_a_key() {
    let owned = String::from("k");
    assert_eq!(key("k").as_deref(), Some("k"));
    assert_eq!(key(&owned).as_deref(), Some("k"));
    assert_eq!(key(&&owned).as_deref(), Some("k"));
    assert_eq!(key(&Some(&owned)).as_deref(), Some("k"));
    assert_eq!(key(&None::<String>), None);
    assert_eq!(key(&Cow::Borrowed("k")).as_deref(), Some("k"));
    assert_eq!(key(&Arc::<str>::from("k")).as_deref(), Some("k"));
    assert_eq!(key(&Box::<str>::from("k")).as_deref(), Some("k"));
    assert_eq!(key(&IdempotencyKey::new("k").unwrap()).as_deref(), Some("k"));
    #[cfg(feature = "uuid")]
    assert_eq!(key(&uuid::Uuid::nil()).as_deref(), Some("00000000-0000-0000-0000-000000000000"));
}

#[test]
fn a_key_has_1_to_255_characters_and_no_control_character() {
    let flaw = |text: &str| IdempotencyKey::new(text).unwrap_err().flaw();
    assert_eq!(flaw(""), KeyFlaw::Empty);
    assert_eq!(flaw("a\nb"), KeyFlaw::NotText);
    assert_eq!(flaw("a\u{85}"), KeyFlaw::NotText);
    assert_eq!(flaw(&"é".repeat(256)), KeyFlaw::TooLong { characters: 256 });
    assert!(IdempotencyKey::new("é".repeat(255)).is_ok());
    assert_eq!(RecordId::new("n", Some(""), "k").unwrap_err().part(), KeyPart::Scope);
}

#[test]
fn a_quoted_header_and_a_bare_one_are_one_key() {
    let header = IdempotencyKey::from_header;
    for same in ["k", "\"k\"", "  \"k\"\t", "\"k\";v=1", "\"k\" ;v=1"] {
        assert_eq!(header(same).unwrap().as_str(), "k", "{same}");
    }
    assert_eq!(header(r#""a\"b\\c""#).unwrap().as_str(), r#"a"b\c"#);
    for broken in ["\"", "\"k", r#""k\""#, r#""k\n""#, "\"k\"x"] {
        assert_eq!(header(broken).unwrap_err().flaw(), KeyFlaw::Unquoted, "{broken}");
    }
    assert_eq!(header("\"\"").unwrap_err().flaw(), KeyFlaw::Empty);
    assert_eq!(header("").unwrap_err().flaw(), KeyFlaw::Empty);
}

proptest! {
    #[test]
    fn any_key_survives_its_quotation(text in "\\PC{1,40}") {
        let quoted = format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        let key = IdempotencyKey::from_header(&quoted).unwrap();
        prop_assert_eq!(key.as_str(), text.as_str());
    }

    #[test]
    fn no_header_panics(text in ".{0,20}") {
        let _ = IdempotencyKey::from_header(&text);
    }
}

#[test]
fn a_key_is_checked_when_it_is_read() {
    let read: IdempotencyKey = serde_json::from_str("\"k\"").unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), "\"k\"");
    assert!(serde_json::from_str::<IdempotencyKey>("\"\"").is_err());
    assert!("".parse::<IdempotencyKey>().is_err());
    assert!(IdempotencyKey::try_from(String::from("k")).is_ok());
}

#[test]
fn the_downstream_key_is_stable() {
    let plain = Call::new(&POLICY, key("k"), Payload::none()).claim();
    let scoped = Call::new(&POLICY, key("k"), Payload::none()).scoped(key("tenant")).claim();
    assert_eq!((plain.name(), plain.scope(), plain.key()), ("charges.create", None, Some("k")));
    assert_eq!((scoped.scope(), scoped.key()), (Some("tenant"), Some("k")));
    // Written down, because a change would be another key to every gateway.
    assert_eq!(plain.downstream_key(), "7a55cc9b3e61e024355f6f0401d28123066e40b573e80fcbdf3c70d300dc4171");
    assert_eq!(scoped.downstream_key(), "7d8425af7d5f27af6053b81208700a85144e3c3a0daebcd29e93bbcf682bd9b0");
    assert_eq!(call(&POLICY, "k", 99).claim().downstream_key(), plain.downstream_key());
}

#[test]
fn a_call_without_a_key_has_a_downstream_key_of_its_own() {
    let mut call = Call::new(&POLICY, no_key(), Payload::none());
    let mut other = Call::new(&POLICY, no_key(), Payload::none());
    assert_eq!(call.claim().downstream_key(), call.claim().downstream_key());
    assert_ne!(call.claim().downstream_key(), other.claim().downstream_key());
    assert_eq!(call.claim().key(), None);
}

#[test]
fn a_policy_says_what_it_is() {
    static POLICY: Idempotency = Idempotency::new("charges.create")
        .ttl(Duration::from_secs(3600))
        .lease(Duration::from_secs(5))
        .in_flight(InFlight::Wait(Duration::from_secs(2)))
        .on_unknown(OnUnknown::Rerun)
        .missing_key(MissingKey::Run);
    let settings = POLICY.settings();
    assert_eq!(settings["in_flight"], "wait 2s");
    assert_eq!(settings["lease"], "5s");
    assert_eq!(settings["ttl"], "3600s");
    assert_eq!(settings["on_unknown"], "rerun");
    assert_eq!(settings["missing_key"], "run");
    assert_eq!(POLICY.idempotent_name(), Some("charges.create"));
}

#[test]
fn a_fingerprint_survives_being_stored() {
    let fingerprint = Fingerprint::of(&"payload").unwrap();
    let text = serde_json::to_string(&fingerprint).unwrap();
    assert_eq!(serde_json::from_str::<Fingerprint>(&text).unwrap(), fingerprint);
    assert!(serde_json::from_str::<Fingerprint>("\"01\"").is_err());
    assert!(text.starts_with("\"01"));
}

#[test]
fn tokens_differ() {
    let tokens: std::collections::HashSet<_> = (0..10_000).map(|_| Token::random()).collect();
    assert_eq!(tokens.len(), 10_000);
}
