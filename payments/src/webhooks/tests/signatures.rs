//! A signature is right as it was written, and in no other way.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use proptest::prelude::*;
use sha2::Sha256;

use super::super::signatures::Mac;
use super::super::text::{from_base64, hex};
use super::*;

const NOW: u64 = 1_700_000_000;
const EVENT: &str = r#"{"id": "evt_17"}"#;

/// What is said of one list of signatures, under these secrets.
fn standard(secrets: &[&str], list: &str) -> Result<(), WebhookError> {
    let time = NOW.to_string();
    let headers = [("webhook-id", "evt_17"), ("webhook-timestamp", &time), ("webhook-signature", list)];
    Verifier::standard(secrets).unwrap().verify(&headers, EVENT, at(NOW)).map(|_| ())
}

fn stripe(header: &str) -> Result<(), WebhookError> {
    Verifier::stripe([STRIPE]).unwrap().verify(&[("stripe-signature", header)], EVENT, at(NOW)).map(|_| ())
}

/// `v1,` and 44 characters.
fn signed(secret: &str) -> String {
    StandardSigner::new([secret]).unwrap().sign("evt_17", at(NOW), EVENT).unwrap()[2].1.clone()
}

/// Each text that differs in one character, for any visible one.
fn others(right: &str, from: usize) -> impl Iterator<Item = String> {
    let written = |index: usize, letter: char| {
        let mut other = right.to_owned();
        other.replace_range(index..=index, letter.encode_utf8(&mut [0; 4]));
        other
    };
    let places = (from..right.len()).flat_map(|index| ('!'..='~').map(move |letter| (index, letter)));
    places.map(move |(index, letter)| written(index, letter)).filter(move |other| other != right)
}

#[test]
fn one_other_character_is_refused() {
    let right = signed(SECRET);
    assert!(standard(&[SECRET], &right).is_ok());
    for other in others(&right, 0) {
        assert!(standard(&[SECRET], &other).is_err(), "{other}");
    }
    let header = StripeSigner::new([STRIPE]).unwrap().sign(at(NOW), EVENT).unwrap()[0].1.clone();
    assert!(stripe(&header).is_ok());
    for other in others(&header, header.find("v1=").unwrap()) {
        assert!(stripe(&other).is_err(), "{other}");
    }
}

/// Base64 that is none, or has bits that mean nothing, is malformed; what could be a signature is a wrong one.
#[test]
fn what_is_no_base64_is_told_from_what_does_not_fit() {
    let right = signed(SECRET);
    let last = right.len() - 2;
    for other in others(&right, "v1,".len()) {
        let is_base64 = STANDARD.decode(&other[3..]).is_ok_and(|bytes| bytes.len() == 32);
        let code = if is_base64 { "webhook_signature_invalid" } else { "webhook_malformed" };
        assert_eq!(told(standard(&[SECRET], &other)).1, code, "{other}");
    }
    // The last digit has two bits that no byte has: three others decode to the same bytes, carelessly read.
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let place = alphabet.find(&right[last..=last]).unwrap();
    assert_eq!(place % 4, 0);
    for bits in 1..4 {
        let mut other = right.clone();
        other.replace_range(last..=last, &alphabet[place + bits..=place + bits]);
        assert_eq!(told(standard(&[SECRET], &other)).1, "webhook_malformed", "{other}");
        // Beside one that could be right, it is passed over.
        assert_eq!(told(standard(&[SECRET], &format!("{other} {}", signed(OTHER)))).1, "webhook_signature_invalid");
        assert!(standard(&[SECRET], &format!("{other} {right}")).is_ok());
    }
}

#[test]
fn the_right_one_is_found_wherever_it_stands() {
    let secrets = [SECRET, OTHER, "whsec_CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC", "whsec_DDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDD"];
    let wrong = signed("whsec_EEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEE");
    assert_eq!(told(standard(&secrets, &[&*wrong; 8].join(" "))).1, "webhook_signature_invalid");
    for secret in secrets {
        let right = signed(secret);
        for place in 0..8 {
            let mut list = [&*wrong; 8];
            list[place] = &right;
            assert!(standard(&secrets, &list.join(" ")).is_ok(), "{place}");
        }
        let rest: Vec<_> = secrets.into_iter().filter(|other| *other != secret).collect();
        assert_eq!(told(standard(&rest, &right)).1, "webhook_signature_invalid");
    }
}

proptest! {
    #[test]
    fn base64_is_the_usual_one(
        bytes in any::<[u8; 32]>(),
        place in 0_usize..44,
        other in prop_oneof![any::<u8>(), proptest::sample::select(b"+/-_=.,:@AQZ[`agwz{019".to_vec())],
    ) {
        let mut text: [u8; 44] = STANDARD.encode(bytes).into_bytes().try_into().unwrap();
        prop_assert_eq!(from_base64(&text), Some(bytes));
        text[place] = other;
        let usual = STANDARD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        prop_assert_eq!(from_base64(&text), usual);
    }

    #[test]
    fn hex_is_the_usual_one(bytes in any::<[u8; 32]>()) {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        prop_assert_eq!(digits.into_bytes(), hex(bytes));
    }

    /// Parts end before, at and behind the ends of blocks.
    #[test]
    fn the_signature_is_that_of_the_crate(
        secret in proptest::collection::vec(any::<u8>(), 0..200),
        parts in proptest::array::uniform3(proptest::collection::vec(any::<u8>(), 0..200)),
    ) {
        let expected = Hmac::<Sha256>::new_from_slice(&secret).unwrap().chain_update(parts.concat());
        let mac = Mac::new(&secret).unwrap();
        let [one, two, three] = &parts;
        let signature = mac.sign([&**one, two, three]);
        prop_assert_eq!(&signature[..], &expected.finalize().into_bytes()[..]);
        // The state is as it was.
        prop_assert_eq!(signature, mac.sign([&*parts.concat()]));
    }
}
