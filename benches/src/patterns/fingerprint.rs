//! The fingerprint of a payload of some 140 bytes of JSON.

use std::convert::Infallible;

use serde::Serialize;
use sha2::{Digest, Sha256};
use steadfast::idempotent::Fingerprint;

use crate::drive::{Group, Subject, polled};

pub const GROUP: Group = Group {
    name: "fingerprint",
    floor: "sorted value",
    contended: false,
    subjects: &[
        Subject { name: "sorted value", calls: |n| polled(n, sorted_value), future: || 0 },
        Subject { name: "ours", calls: |n| polled(n, ours), future: || 0 },
        Subject { name: "hash alone", calls: |n| polled(n, hash_alone), future: || 0 },
    ],
};

#[derive(Serialize)]
pub struct Charge {
    pub order: &'static str,
    pub amount: u64,
    pub currency: &'static str,
    pub customer: Customer,
    pub capture: bool,
    pub description: &'static str,
}

#[derive(Serialize)]
pub struct Customer {
    pub id: u64,
    pub country: &'static str,
}

pub fn charge(request: u64) -> Charge {
    let customer = Customer { id: 4_711 + request % 2, country: "DE" };
    Charge {
        order: "order-2026-000017",
        amount: 12_950,
        currency: "EUR",
        customer,
        capture: true,
        description: "two books",
    }
}

/// As one would write it: serde_json's map is sorted.
async fn sorted_value(request: u64) -> Result<[u8; 32], Infallible> {
    let value = serde_json::to_value(charge(request)).expect("JSON");
    let text = serde_json::to_vec(&value).expect("JSON");
    Ok(Sha256::digest(&text).into())
}

async fn ours(request: u64) -> Result<[u8; 33], Infallible> {
    Ok(Fingerprint::of(&charge(request)).expect("JSON").to_bytes())
}

/// What is left of either when writing costs nothing.
async fn hash_alone(request: u64) -> Result<[u8; 32], Infallible> {
    let mut text = [b'x'; 140];
    text[0] = request as u8;
    Ok(Sha256::digest(text).into())
}
