//! Verifying a signature, beside the HMAC of the body alone.

use std::hint::black_box;
use std::time::{Duration, Instant, SystemTime};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use steadfast_payments::webhooks::{Standard, StandardSigner, Stripe, StripeSigner, Verifier};

use crate::target::Target;

const ROUNDS: usize = 201;
const BYTES: [usize; 3] = [256, 4 * 1024, 64 * 1024];
const MAY_BE: f64 = 1.2;

const KEY: [u8; 32] = [7; 32];
const SECRET: &str = "whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
const PRIVATE: &str = "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=";

pub fn measure() -> Vec<Target> {
    println!("\n{:<28} {:>10} {:>10} {:>10}", "verification, ns", "256 B", "4 KiB", "64 KiB");
    let each: Vec<_> = BYTES.iter().map(|&bytes| medians(&Subjects::new(bytes), bytes)).collect();
    for (index, name) in NAMES.iter().enumerate() {
        println!("{name:<28} {:>10.0} {:>10.0} {:>10.0}", each[0][index], each[1][index], each[2][index]);
    }
    BYTES.iter().zip(&each).flat_map(|(bytes, nanos)| targets(*bytes, nanos)).collect()
}

const NAMES: [&str; 6] =
    ["raw HMAC", "raw HMAC, its key prepared", "Standard Webhooks", "Stripe", "Stripe, its id at the end", "ed25519"];

fn targets(bytes: usize, nanos: &[f64; 6]) -> Vec<Target> {
    let [raw, _, standard, stripe, ..] = nanos;
    let target =
        |name, is: &f64| Target { what: format!("{name} / raw HMAC, {bytes} B"), is: is / raw, may_be: MAY_BE };
    vec![target("Standard Webhooks", standard), target("Stripe", stripe)]
}

/// A body of so many bytes, and what comes with it.
struct Subjects {
    now: SystemTime,
    body: String,
    last: String,
    tag: [u8; 32],
    prepared: Hmac<Sha256>,
    standard: (Verifier<Standard>, Vec<(&'static str, String)>),
    stripe: (Verifier<Stripe>, Vec<(&'static str, String)>),
    stripe_last: Vec<(&'static str, String)>,
    curve: (Verifier<Standard>, Vec<(&'static str, String)>),
}

impl Subjects {
    fn new(bytes: usize) -> Self {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_763_750_000);
        let (body, last) = (event(bytes, true), event(bytes, false));
        let prepared = Hmac::<Sha256>::new_from_slice(&KEY).expect("any length");
        let standard = StandardSigner::new([SECRET]).expect("a secret");
        let stripe = StripeSigner::new([SECRET]).expect("a secret");
        let curve = StandardSigner::new([PRIVATE]).expect("a key");
        let sign = |signer: &StandardSigner| signer.sign("evt_1SVuA2KWPBgLlAfxdpx2AI54", now, &body).expect("an id");
        Self {
            now,
            tag: prepared.clone().chain_update(&body).finalize().into_bytes().into(),
            prepared,
            standard: (Verifier::standard([SECRET]).expect("a secret"), arrived(sign(&standard))),
            stripe: (Verifier::stripe([SECRET]).expect("a secret"), arrived(stripe.sign(now, &body).expect("a time"))),
            stripe_last: arrived(stripe.sign(now, &last).expect("a time")),
            curve: (Verifier::standard(curve.public_keys()).expect("a key"), arrived(sign(&curve))),
            body,
            last,
        }
    }

    fn call(&self, subject: usize) -> bool {
        let (body, now) = (black_box(self.body.as_bytes()), self.now);
        match subject {
            0 => {
                let mac = Hmac::<Sha256>::new_from_slice(black_box(&KEY)).expect("any length");
                mac.chain_update(body).verify_slice(&self.tag).is_ok()
            }
            1 => self.prepared.clone().chain_update(body).verify_slice(&self.tag).is_ok(),
            2 => self.standard.0.verify(&self.standard.1, body, now).is_ok(),
            3 => self.stripe.0.verify(&self.stripe.1, body, now).is_ok(),
            4 => self.stripe.0.verify(&self.stripe_last, black_box(self.last.as_bytes()), now).is_ok(),
            _ => self.curve.0.verify(&self.curve.1, body, now).is_ok(),
        }
    }
}

/// An event as JSON, its id in front, as Stripe has it, or behind all else.
fn event(bytes: usize, id_first: bool) -> String {
    let id = r#""id": "evt_1SVuA2KWPBgLlAfxdpx2AI54""#;
    let line = r#"{"amount": 12950, "currency": "eur", "description": "two books"}"#;
    let fixed = id.len() + r#"{, "lines": [], "note": ""}"#.len();
    let mut lines = String::new();
    while fixed + lines.len() + line.len() + 2 <= bytes {
        lines += if lines.is_empty() { "" } else { ", " };
        lines += line;
    }
    let rest = format!(r#""lines": [{lines}], "note": "{}""#, "x".repeat(bytes - fixed - lines.len()));
    if id_first { format!("{{{id}, {rest}}}") } else { format!("{{{rest}, {id}}}") }
}

/// Among the headers that a sender and a proxy add.
fn arrived(signed: impl IntoIterator<Item = (&'static str, String)>) -> Vec<(&'static str, String)> {
    let others = ["host", "user-agent", "content-type", "content-length", "accept", "x-forwarded-for", "x-request-id"];
    others.into_iter().map(|name| (name, "value".to_owned())).chain(signed).collect()
}

/// In turns, so that what disturbs the machine disturbs all of them; of each the fastest tenth.
fn medians(subjects: &Subjects, bytes: usize) -> [f64; 6] {
    let calls = u32::try_from(500_000 / (bytes + 500)).expect("few");
    let mut nanos: [Vec<f64>; 6] = Default::default();
    for _ in 0..ROUNDS {
        for (subject, nanos) in nanos.iter_mut().enumerate() {
            let calls = if subject == 5 { 1 } else { calls };
            let start = Instant::now();
            for _ in 0..calls {
                assert!(black_box(subjects.call(black_box(subject))), "{} is refused", NAMES[subject]);
            }
            nanos.push(start.elapsed().as_nanos() as f64 / f64::from(calls));
        }
    }
    nanos.map(|mut nanos| {
        nanos.sort_by(f64::total_cmp);
        nanos[ROUNDS / 10]
    })
}
