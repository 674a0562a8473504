//! The header of Stripe, against the plainest reading of it.
//!
//! An input is the header, a line break, and the body. In the header, `R` is the right signature, `O`
//! that of another secret; both are over the text of the first `t=`.
#![no_main]

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use hmac::{Hmac, KeyInit, Mac};
use libfuzzer_sys::fuzz_target;
use sha2::Sha256;
use steadfast_payments::webhooks::{Flaw, Place, Stripe, Verifier, WebhookError};

const SECRET: &str = "whsec_5WbX5kEWLlfzsGNjH64I8lOOqUB6e8FH";

static VERIFIER: LazyLock<Verifier<Stripe>> = LazyLock::new(|| Verifier::stripe([SECRET]).expect("a secret"));

fuzz_target!(|input: &[u8]| {
    let mut parts = input.splitn(2, |&byte| byte == b'\n');
    let (header, body) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());

    let tokens: Vec<&[u8]> = header.split(|&byte| byte == b',').collect();
    let times: Vec<&[u8]> = tokens.iter().filter_map(|token| token.strip_prefix(b"t=")).collect();
    let text = [times.first().copied().unwrap_or_default(), b".", body].concat();
    let right = mac(SECRET.as_bytes(), &text);
    let tokens: Vec<Vec<u8>> = tokens.into_iter().map(|token| write(token, &right, &text)).collect();
    let header = tokens.join(&b',');

    let seconds = times.first().and_then(|text| seconds(text)).filter(|_| times.len() == 1);
    let count = tokens.iter().filter(|token| is_signature(token)).count();
    let is_text = std::str::from_utf8(&header).is_ok();
    let well_formed = seconds.is_some() && (1..=8).contains(&count) && header.len() <= 4096 && is_text;
    let signed = well_formed && tokens.contains(&right);

    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.unwrap_or(0));
    match VERIFIER.verify(&[("stripe-signature", header)], body, now) {
        Ok(delivery) => {
            assert!(signed);
            assert_eq!((delivery.body(), delivery.at()), (body, now));
            // Escapes aside, it is in the body.
            let id = delivery.id().as_bytes();
            assert!(body.windows(id.len()).any(|part| part == id) || body.contains(&b'\\'), "{}", delivery.id());
        }
        Err(WebhookError::WrongSignature) => assert!(well_formed && !signed),
        Err(WebhookError::Malformed { place: Place::Body | Place::BodyId, flaw }) => {
            assert!(signed);
            // Whoever reads it whole finds no id either.
            let event = serde_json::from_slice::<serde_json::Value>(body).ok();
            let id = event.as_ref().and_then(|event| event.as_object()?.get("id")?.as_str());
            let odd = matches!(flaw, Flaw::Empty | Flaw::TooLong { .. } | Flaw::NotVisibleAscii);
            assert!(id.is_none() || odd || repeated(body), "{flaw:?}");
        }
        Err(error) => assert!(!well_formed && !error.is_replay(), "{error}"),
    }
});

/// An id that is there twice: the first one is ours, the last one is `Value`'s.
fn repeated(body: &[u8]) -> bool {
    body.windows(2).filter(|pair| pair == b"id").count() > 1 || body.contains(&b'\\')
}

fn seconds(text: &[u8]) -> Option<u64> {
    let seconds = std::str::from_utf8(text).ok()?.parse::<u64>().ok()?;
    (seconds.to_string().as_bytes() == text && seconds < 100_000_000_000).then_some(seconds)
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(key).expect("any length").chain_update(text);
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("v1={hex}").into_bytes()
}

fn write(token: &[u8], right: &[u8], text: &[u8]) -> Vec<u8> {
    match token {
        b"R" => right.to_vec(),
        b"O" => mac(b"whsec_of_somebody_else_altogether", text),
        other => other.to_vec(),
    }
}

fn is_signature(token: &[u8]) -> bool {
    let digits = token.strip_prefix(b"v1=").unwrap_or_default();
    digits.len() == 64 && digits.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
