//! Whatever is signed is verified; whatever is changed is not.

use proptest::prelude::*;

use super::super::event_id;
use super::*;

/// A header or the body, with one bit of it turned.
fn flip(bytes: &mut [u8], bit: usize) {
    let bit = bit % (bytes.len() * 8);
    bytes[bit / 8] ^= 1 << (bit % 8);
}

/// As they come over the wire.
fn raw(headers: impl IntoIterator<Item = (&'static str, String)>) -> Vec<(&'static str, Vec<u8>)> {
    headers.into_iter().map(|(name, value)| (name, value.into_bytes())).collect()
}

fn an_id() -> impl Strategy<Value = String> {
    proptest::string::string_regex("[!-\\-/-~]{1,255}").unwrap()
}

fn secrets() -> impl Strategy<Value = Vec<&'static str>> {
    proptest::sample::subsequence(vec![SECRET, OTHER, PRIVATE], 1..=3).prop_shuffle()
}

/// What the receiver is given for it.
fn verifying(secret: &&'static str) -> String {
    let public = StandardSigner::new([*secret]).unwrap().public_keys().pop();
    public.unwrap_or_else(|| (*secret).to_owned())
}

proptest! {
    // Curves are slow without optimizations.
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_is_signed_is_verified(
        id in an_id(),
        seconds in 0_u64..100_000_000_000,
        body in proptest::collection::vec(any::<u8>(), 0..600),
        signs in secrets(),
        checks in secrets(),
    ) {
        let headers = StandardSigner::new(&signs).unwrap().sign(&id, at(seconds), &body).unwrap();
        let verifier = Verifier::standard(checks.iter().map(verifying)).unwrap();
        let answer = verifier.verify(&headers, &body, at(seconds));
        prop_assert_eq!(answer.is_ok(), signs.iter().any(|secret| checks.contains(secret)));
        if let Ok(delivery) = answer {
            prop_assert_eq!((delivery.id(), delivery.at(), delivery.body()), (&*id, at(seconds), &*body));
        }
    }

    #[test]
    fn one_bit_is_enough_to_be_refused(
        id in an_id(),
        body in proptest::collection::vec(any::<u8>(), 1..200),
        secret in proptest::sample::select(vec![SECRET, PRIVATE]),
        place in 0_usize..4,
        bit in any::<usize>(),
    ) {
        let now = at(1_700_000_000);
        let mut headers = raw(StandardSigner::new([secret]).unwrap().sign(&id, now, &body).unwrap());
        let mut body = body;
        match headers.get_mut(place) {
            Some((_, header)) => flip(header, bit),
            None => flip(&mut body, bit),
        }
        let verifier = Verifier::standard([verifying(&secret)]).unwrap();
        // Not too old either: the time is part of what was signed.
        let error = verifier.verify(&headers, &body, now).map(|_| ()).unwrap_err();
        prop_assert!(!error.is_replay(), "{error}");
    }
}

proptest! {
    #[test]
    fn one_bit_is_enough_for_stripe_too(
        rest in proptest::collection::vec(any::<u8>(), 0..200),
        seconds in 1_000_u64..100_000_000_000,
        in_body in any::<bool>(),
        bit in any::<usize>(),
    ) {
        let mut body = [br#"{"id": "evt_17", "rest": "#.as_slice(), &rest].concat();
        let mut headers = raw(StripeSigner::new([STRIPE]).unwrap().sign(at(seconds), &body).unwrap());
        let verifier = Verifier::stripe([STRIPE]).unwrap();
        prop_assert!(verifier.verify(&headers, &body, at(seconds)).is_ok());
        flip(if in_body { &mut body } else { &mut headers[0].1 }, bit);
        let error = verifier.verify(&headers, &body, at(seconds)).map(|_| ()).unwrap_err();
        prop_assert!(!error.is_replay(), "{error}");
    }

    /// The quick look finds what the reader of JSON finds, or nothing.
    #[test]
    fn an_id_in_front_is_the_id(
        space in "[ \t\r\n\x0b\x0c\u{a0}]{0,2}",
        key in proptest::sample::select(vec![r#""id":"#, r#""id" :"#, r#""Id":"#, r#""i\u0064":"#, r#"id:"#]),
        gap in "[ \n\x0c]{0,2}",
        id in r#"[ -~]{0,4}|evt_[a-z0-9]{1,20}|\\u00e9\PC?|[a-z]{255,256}|[\x00-\xff]{0,3}"#,
        end in proptest::sample::select(vec!["\"}", "\", ", "\\\"\"}", ""]),
    ) {
        let body = format!("{{{space}{key}{gap}\"{id}{end}");
        if let Some(id) = event_id::in_front(body.as_bytes()) {
            prop_assert_eq!(event_id::by_reader(body.as_bytes()).ok(), Some(id));
        }
    }

    /// Against the plainest way to say it: whole nanoseconds, both signs.
    #[test]
    fn the_window_is_what_it_says(signed in 0_u64..10_000, now in 0_u64..10_000_000, tolerance in 1_u64..5_000) {
        let now_nanos = i128::from(now) * 1_000_000;
        let distance = (now_nanos - i128::from(signed) * 1_000_000_000).abs();
        let expected = distance <= i128::from(tolerance) * 1_000_000_000;
        let headers = StandardSigner::new([SECRET]).unwrap().sign("evt_17", at(signed), "").unwrap();
        let verifier = Verifier::standard([SECRET]).unwrap().with_tolerance(Duration::from_secs(tolerance)).unwrap();
        let now = at(0) + Duration::from_millis(now);
        prop_assert_eq!(verifier.verify(&headers, "", now).is_ok(), expected);
    }

    #[test]
    fn no_header_is_answered_with_a_panic(
        values in proptest::array::uniform4(proptest::collection::vec(any::<u8>(), 0..300)),
        body in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        let names = ["webhook-id", "webhook-timestamp", "webhook-signature", "stripe-signature"];
        let headers: Vec<_> = names.into_iter().zip(values).collect();
        prop_assert!(Verifier::standard([SECRET, OTHER]).unwrap().verify(&headers, &body, at(0)).is_err());
        prop_assert!(Verifier::stripe([STRIPE]).unwrap().verify(&headers, &body, at(0)).is_err());
    }
}
