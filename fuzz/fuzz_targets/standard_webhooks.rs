//! The headers of Standard Webhooks, against the plainest reading of them.
//!
//! An input is lines: the id, the timestamp, the list of signatures, and all else the body. In the
//! list, `R` is the right signature, `A` the right asymmetric one, `O` that of another secret.
#![no_main]

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use libfuzzer_sys::fuzz_target;
use sha2::Sha256;
use steadfast_payments::webhooks::{Standard, StandardSigner, Verifier, WebhookError};

const KEY: &[u8] = &[7; 32];
const OTHER: &[u8] = &[8; 32];
const PRIVATE: &str = "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=";

static ASYMMETRIC: LazyLock<StandardSigner> = LazyLock::new(|| StandardSigner::new([PRIVATE]).expect("a key"));
static VERIFIER: LazyLock<Verifier<Standard>> = LazyLock::new(|| {
    let secret = format!("whsec_{}", STANDARD.encode(KEY));
    let public = ASYMMETRIC.public_keys().remove(0);
    Verifier::standard([secret, public]).expect("secrets")
});

fuzz_target!(|input: &[u8]| {
    let mut lines = input.splitn(4, |&byte| byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let (id, timestamp, list, body) = (line(), line(), line(), line());

    let text = [id, b".", timestamp, b".", body].concat();
    let seconds = seconds(timestamp);
    let by_key = seconds.and_then(|seconds| sign(id, seconds, body));
    let tokens: Vec<Vec<u8>> =
        list.split(|&byte| byte == b' ').map(|token| write(token, &text, by_key.as_deref())).collect();
    let list = tokens.join(&b' ');
    let headers = [("webhook-id", id), ("webhook-timestamp", timestamp), ("webhook-signature", &*list)];

    let now = time(seconds.unwrap_or(0));
    let answer = VERIFIER.verify(&headers, body, now);
    let is_text = std::str::from_utf8(&list).is_ok();
    let (symmetric, asymmetric) = (readable(&tokens, b"v1,", 32), readable(&tokens, b"v1a,", 64));
    let signed = symmetric + asymmetric > 0 && symmetric <= 8 && asymmetric <= 8;
    let well_formed = is_id(id) && seconds.is_some() && list.len() <= 4096 && is_text && signed;
    let right = mac(KEY, &text);
    let fits = tokens.iter().any(|token| *token == right || by_key.as_ref() == Some(token));
    assert_eq!(answer.is_ok(), well_formed && fits, "{answer:?}");

    match answer {
        Ok(delivery) => {
            assert_eq!((delivery.id().as_bytes(), delivery.body(), delivery.at()), (id, body, now));
            let late = VERIFIER.verify(&headers, body, now + Duration::from_secs(301));
            assert!(matches!(late, Err(WebhookError::TooOld { .. })));
        }
        Err(error) => {
            assert_eq!(matches!(error, WebhookError::WrongSignature), well_formed, "{error}");
            assert!(error.to_string().len() < 160 && !error.is_replay());
        }
    }
});

fn time(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn is_id(id: &[u8]) -> bool {
    (1..=255).contains(&id.len()) && id.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'.')
}

/// Only a number that is written as it would be written.
fn seconds(text: &[u8]) -> Option<u64> {
    let seconds = std::str::from_utf8(text).ok()?.parse::<u64>().ok()?;
    (seconds.to_string().as_bytes() == text && seconds < 100_000_000_000).then_some(seconds)
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(key).expect("any length").chain_update(text);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())).into_bytes()
}

fn sign(id: &[u8], seconds: u64, body: &[u8]) -> Option<Vec<u8>> {
    let id = std::str::from_utf8(id).ok()?;
    let [.., (_, signature)] = ASYMMETRIC.sign(id, time(seconds), body).ok()?;
    Some(signature.into_bytes())
}

fn write(token: &[u8], text: &[u8], asymmetric: Option<&[u8]>) -> Vec<u8> {
    match token {
        b"R" => mac(KEY, text),
        b"A" => asymmetric.unwrap_or_default().to_vec(),
        b"O" => mac(OTHER, text),
        other => other.to_vec(),
    }
}

/// How many tokens of this version are base64 of so many bytes.
fn readable(tokens: &[Vec<u8>], version: &[u8], length: usize) -> usize {
    let bytes = |token: &Vec<u8>| token.strip_prefix(version).and_then(|text| STANDARD.decode(text).ok());
    tokens.iter().filter(|token| bytes(token).is_some_and(|bytes| bytes.len() == length)).count()
}
