//! The serializer, against RFC 8785 and against serde_json.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::idempotent::json::{canonical, exact};

fn canon<T: Serialize + ?Sized>(value: &T) -> String {
    String::from_utf8(canonical(value).unwrap()).unwrap()
}

fn exactly<T: Serialize + ?Sized>(value: &T) -> String {
    String::from_utf8(exact(value).unwrap()).unwrap()
}

/// A map in the order it is given.
struct Pairs<'a, T>(&'a [(String, T)]);

impl<T: Serialize> Serialize for Pairs<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

#[test]
fn numbers_of_rfc_8785_appendix_b() {
    let numbers: [(u64, &str); 24] = [
        (0x0000000000000000, "0"),
        (0x8000000000000000, "0"),
        (0x0000000000000001, "5e-324"),
        (0x8000000000000001, "-5e-324"),
        (0x7fefffffffffffff, "1.7976931348623157e+308"),
        (0xffefffffffffffff, "-1.7976931348623157e+308"),
        (0x4340000000000000, "9007199254740992"),
        (0xc340000000000000, "-9007199254740992"),
        (0x4430000000000000, "295147905179352830000"),
        (0x44b52d02c7e14af5, "9.999999999999997e+22"),
        (0x44b52d02c7e14af6, "1e+23"),
        (0x44b52d02c7e14af7, "1.0000000000000001e+23"),
        (0x444b1ae4d6e2ef4e, "999999999999999700000"),
        (0x444b1ae4d6e2ef4f, "999999999999999900000"),
        (0x444b1ae4d6e2ef50, "1e+21"),
        (0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"),
        (0x3eb0c6f7a0b5ed8d, "0.000001"),
        (0x41b3de4355555553, "333333333.3333332"),
        (0x41b3de4355555554, "333333333.33333325"),
        (0x41b3de4355555555, "333333333.3333333"),
        (0x41b3de4355555556, "333333333.3333334"),
        (0x41b3de4355555557, "333333333.33333343"),
        (0xbecbf647612f3696, "-0.0000033333333333333333"),
        (0x43143ff3c1cb0959, "1424953923781206.2"),
    ];
    for (bits, text) in numbers {
        assert_eq!(canon(&f64::from_bits(bits)), text, "{bits:016x}");
    }
    for bits in [0x7fffffffffffffff, 0x7ff0000000000000, 0xfff0000000000000] {
        assert!(canonical(&f64::from_bits(bits)).is_err());
        assert!(exact(&f64::from_bits(bits)).is_err());
    }
    assert!(canonical(&f32::NAN).is_err());
}

#[test]
fn the_example_of_rfc_8785() {
    let text = r#"{
        "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
        "literals": [null, true, false]
    }"#;
    let value: Value = serde_json::from_str(text).unwrap();
    assert_eq!(
        canon(&value),
        "{\"literals\":[null,true,false],\
         \"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\
         \"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}"
    );
}

#[test]
fn keys_sort_by_utf16() {
    let pairs: Vec<(String, u8)> =
        ["\u{20ac}", "\r", "\u{fb33}", "1", "\u{1f600}", "\u{80}", "\u{f6}"].map(|k| (k.to_owned(), 0)).into();
    let expected = "{\"\\r\":0,\"1\":0,\"\u{80}\":0,\"\u{f6}\":0,\"\u{20ac}\":0,\"\u{1f600}\":0,\"\u{fb33}\":0}";
    assert_eq!(canon(&Pairs(&pairs)), expected);
    // A record keeps the order.
    assert!(exactly(&Pairs(&pairs)).starts_with("{\"\u{20ac}\":0,\"\\r\":0"));
}

/// Short and long ones are written in different ways.
#[test]
fn texts_of_every_length_are_what_serde_json_writes() {
    let odd = ["", "\"", "\\", "\n", "\u{1f}", "é", "\u{10ffff}", "\u{7f}"];
    for length in 0..40 {
        for place in 0..=length {
            for odd in odd {
                let text = format!("{}{odd}{}", "a".repeat(place), "b".repeat(length - place));
                let object = json!({ text.as_str(): text });
                assert_eq!(canon(&object), serde_json::to_string(&object).unwrap());
            }
        }
    }
}

#[test]
fn integers_of_every_length_are_their_digits() {
    for power in 0..=19 {
        let ten = 10_u64.pow(power);
        for integer in [ten - 1, ten, ten + 1, ten.saturating_mul(9)] {
            assert_eq!(canon(&integer), integer.to_string());
            let negative = -(integer.min(1 << 62) as i64);
            assert_eq!(canon(&negative), negative.to_string());
        }
    }
}

#[test]
fn large_integers_are_exact() {
    assert_eq!(canon(&9_007_199_254_740_993_u64), "9007199254740993");
    assert_ne!(canon(&u64::MAX), canon(&(u64::MAX - 1)));
    assert_eq!(canon(&u128::MAX), u128::MAX.to_string());
    assert_eq!(canon(&i128::MIN), i128::MIN.to_string());
    assert_eq!(canon(&1.0), canon(&1));
    assert_eq!(canon(&-0.0), "0");
    assert_eq!(canon(&0.1_f32), "0.1");
}

#[test]
fn exact_floats_stay_floats() {
    assert_eq!(exactly(&1.0), "1.0");
    assert_eq!(exactly(&-0.0), "-0.0");
    assert_eq!(exactly(&0.1_f32), "0.1");
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Shape {
    Unit,
    New(u8),
    Tuple(u8, u8),
    Struct { z: u8, a: u8 },
}

#[derive(Serialize)]
struct Many<'a> {
    unit: (),
    unit_struct: Unit,
    shapes: [Shape; 4],
    none: Option<u8>,
    some: Option<&'a str>,
    #[serde(serialize_with = "as_bytes")]
    bytes: &'a [u8],
    char: char,
    tuple: (u8, bool),
    newtype: New,
    #[serde(flatten)]
    rest: BTreeMap<&'a str, u8>,
    #[serde(skip)]
    _skipped: u8,
    address: std::net::Ipv4Addr,
}

#[derive(Serialize)]
struct Unit;
#[derive(Serialize)]
struct New(u8);

fn as_bytes<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

fn many() -> Many<'static> {
    Many {
        unit: (),
        unit_struct: Unit,
        shapes: [Shape::Unit, Shape::New(1), Shape::Tuple(1, 2), Shape::Struct { z: 1, a: 2 }],
        none: None,
        some: Some("so\"me"),
        bytes: &[1, 2],
        char: 'é',
        tuple: (1, true),
        newtype: New(3),
        rest: BTreeMap::from([("flat", 1), ("b", 2)]),
        _skipped: 0,
        address: std::net::Ipv4Addr::LOCALHOST,
    }
}

#[test]
fn every_shape_of_serde() {
    assert_eq!(exactly(&many()), serde_json::to_string(&many()).unwrap());
    assert_eq!(
        canon(&many()),
        r#"{"address":"127.0.0.1","b":2,"bytes":[1,2],"char":"é","flat":1,"newtype":3,"none":null,"shapes":["Unit",{"New":1},{"Tuple":[1,2]},{"Struct":{"a":2,"z":1}}],"some":"so\"me","tuple":[1,true],"unit":null,"unit_struct":null}"#
    );
}

#[test]
fn keys_are_text_or_have_one_text() {
    assert_eq!(canon(&BTreeMap::from([(10, 'a'), (9, 'b')])), r#"{"10":"a","9":"b"}"#);
    assert_eq!(canon(&BTreeMap::from([(true, 1)])), r#"{"true":1}"#);
    assert_eq!(canon(&BTreeMap::from([('"', 1)])), r#"{"\"":1}"#);
    assert_eq!(canon(&HashMap::from([(std::net::Ipv4Addr::LOCALHOST, 1)])), r#"{"127.0.0.1":1}"#);
    assert!(canonical(&BTreeMap::from([((1, 2), 1)])).is_err());
    assert!(canonical(&BTreeMap::from([(Some(1), 1)])).is_err());
    assert!(canonical(&BTreeMap::from([((), 1)])).is_err());
    assert!(canonical(&BTreeMap::from([(vec![1], 1)])).is_err());
}

#[test]
fn a_key_twice_is_refused() {
    let twice = [("a".to_owned(), 1), ("b".to_owned(), 2), ("a".to_owned(), 1)];
    assert!(canonical(&Pairs(&twice)).is_err());
    assert!(exact(&Pairs(&twice)).is_err());
}

#[test]
fn raw_json_is_kept_in_a_record_and_rewritten_in_a_fingerprint() {
    let text = r#" { "b" : [1.50, 9007199254740993, -0, 1e400, "\u0041"], "a": {"y":null,"x":true} } "#;
    let raw = RawValue::from_string(text.trim().to_owned()).unwrap();
    assert_eq!(exactly(&raw), text.trim());
    assert_eq!(canon(&raw), r#"{"a":{"x":true,"y":null},"b":[1.5,9007199254740993,0,1e+400,"A"]}"#);
    let twice = RawValue::from_string(r#"{"a":1,"a":2}"#.into()).unwrap();
    assert!(canonical(&twice).is_err());
    let huge = RawValue::from_string("1e99999999999999999999".into()).unwrap();
    assert!(canonical(&huge).is_err());
}

#[test]
fn depth_is_bounded() {
    fn nested(levels: usize) -> Value {
        (0..levels).fold(json!(0), |inner, _| json!([inner]))
    }
    assert!(canonical(&nested(127)).is_ok());
    assert!(canonical(&nested(128)).is_err());
    let written = exact(&nested(127)).unwrap();
    assert!(serde_json::from_slice::<Value>(&written).is_ok());

    #[derive(Serialize)]
    struct Chain(Option<Box<Chain>>);
    let chain = (0..10_000).fold(Chain(None), |inner, _| Chain(Some(Box::new(inner))));
    assert!(canonical(&chain).is_err());
    // Its destructor must not overflow either.
    let mut link = Some(Box::new(chain));
    while let Some(chain) = link {
        link = chain.0;
    }

    let raw = RawValue::from_string(format!("{}{}", "[".repeat(120), "]".repeat(120))).unwrap();
    assert!(canonical(&raw).is_ok());
    assert!(canonical(&vec![vec![vec![vec![vec![vec![vec![vec![vec![raw]]]]]]]]]).is_err());
}

#[test]
fn an_error_never_quotes_the_value() {
    struct Tells;
    impl Serialize for Tells {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("4111 1111 1111 1111"))
        }
    }
    assert!(!canonical(&Tells).unwrap_err().to_string().contains("4111"));
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,8}|[\u{0}-\u{1f}\"\\\\]{1,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(".{0,5}", inner, 0..6).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #[test]
    fn exact_is_what_serde_json_writes(value in value()) {
        // A `Value` of a float that is not finite is null, and `Some` does not occur in it.
        prop_assert_eq!(exactly(&value), serde_json::to_string(&value).unwrap());
    }

    #[test]
    fn canonical_means_the_same_and_is_its_own_canonical_form(value in value()) {
        let text = canon(&value);
        let raw = RawValue::from_string(text.clone()).unwrap();
        prop_assert_eq!(&canon(&raw), &text);
        let read: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(canon(&read), text);
    }

    #[test]
    fn floats_read_back_as_themselves(bits in any::<u64>()) {
        let float = f64::from_bits(bits);
        prop_assume!(float.is_finite());
        prop_assert_eq!(canon(&float).parse::<f64>().unwrap(), float);
        prop_assert_eq!(exactly(&float).parse::<f64>().unwrap().to_bits(), bits);
    }

    #[test]
    fn the_order_of_a_map_makes_no_difference(
        map in proptest::collection::btree_map("[\u{0}-\u{10ffff}]{0,4}", any::<u8>(), 0..12),
        seed in any::<u64>(),
    ) {
        let mut pairs: Vec<(String, u8)> = map.into_iter().collect();
        fastrand::Rng::with_seed(seed).shuffle(&mut pairs);
        let shuffled = canon(&Pairs(&pairs));
        pairs.sort_by_key(|(key, _)| key.encode_utf16().collect::<Vec<_>>());
        let sorted: Vec<String> =
            pairs.iter().map(|(k, v)| format!("{}:{v}", serde_json::to_string(k).unwrap())).collect();
        prop_assert_eq!(shuffled, format!("{{{}}}", sorted.join(",")));
    }
}
