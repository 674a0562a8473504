use proptest::prelude::*;
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use steadfast::mask::mask;

use crate::redaction::{redact_json, to_redacted_json};

fn redacted(mut value: Value) -> Value {
    redact_json(&mut value);
    value
}

#[test]
fn names_hide_whatever_they_hold() {
    let hidden = json!({ "cvv": "[masked]", "Card-Number": "[masked]", "pin": "[masked]", "track2": "[masked]" });
    let body = json!({ "cvv": 123, "Card-Number": null, "pin": { "block": [1, 2] }, "track2": [true] });
    assert_eq!(redacted(body), hidden);
}

#[test]
fn numbers_are_card_numbers_too() {
    assert_eq!(redacted(json!(4_111_111_111_111_111_u64)), json!("************1111"));
    assert_eq!(redacted(json!(-4_111_111_111_111_111_i64)), json!("************1111"));
    assert_eq!(redacted(json!(4_111_111_111_111_111.0)), json!("************1111"));
    for number in [json!(0), json!(1250), json!(4_111_111_111_111_112_u64), json!(u64::MAX), json!(-1.5), json!(1e300)]
    {
        assert_eq!(redacted(number.clone()), number);
    }
}

#[test]
fn a_map_may_be_keyed_by_card_numbers() {
    let body = json!({ "4111111111111111": { "limit": 5 }, "other": "4111 1111 1111 1111" });
    assert_eq!(redacted(body), json!({ "************1111": { "limit": 5 }, "other": "************1111" }));
}

#[test]
fn a_value_that_is_no_json_is_not_quoted() {
    struct Quoting;
    impl Serialize for Quoting {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(S::Error::custom("no such card: 4111111111111111"))
        }
    }
    let error = to_redacted_json(&Quoting).unwrap_err();
    assert!(error.to_string().ends_with("no such card: ************1111"), "{error}");
    assert!(!format!("{error:?}").contains("411111"));
}

fn any_json() -> impl Strategy<Value = Value> {
    let names = ["cvv", "amount", "pin", "card", "verification_value", "4111111111111111", "x"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(vec![4_111_111_111_111_111_u64, 123, 1234]).prop_map(Value::from),
        prop::sample::select(vec!["4111 1111 1111 1111", "cvv 123", "123", "hello"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, move |inner| {
        let entries = prop::collection::vec((prop::sample::select(names.to_vec()), inner.clone()), 0..4);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            entries.prop_map(|all| all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn twice_changes_nothing_and_its_text_holds_nothing_to_mask(value in any_json()) {
        let once = redacted(value);
        prop_assert_eq!(redacted(once.clone()), once.clone());
        let text = once.to_string();
        prop_assert_eq!(mask(&text), text.as_str());
    }
}
