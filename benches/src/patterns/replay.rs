//! A call that is answered from its record in memory.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use dashmap::DashMap;
use steadfast::idempotent;
use steadfast::idempotent::{Fingerprint, MemoryStore};

use super::fingerprint::{Charge, charge};
use crate::drive::{Group, Subject, polled};
use crate::subjects::gateway;
use crate::subjects::ours::CallError;

pub const GROUP: Group = Group {
    name: "replay",
    floor: "hand",
    contended: false,
    subjects: &[
        Subject { name: "hand", calls: |n| polled(n, hand), future: || size_of_val(&hand(1)) },
        Subject {
            name: "hand, expiring",
            calls: |n| polled(n, hand_expiring),
            future: || size_of_val(&hand_expiring(1)),
        },
        Subject { name: "ours", calls: |n| polled(n, ours), future: || size_of_val(&ours(1)) },
    ],
};

const KEYS: [&str; 4] = ["key-2026-000001", "key-2026-000002", "key-2026-000003", "key-2026-000004"];

/// Two of the keys' payloads; each key always has the same.
fn asked(request: u64) -> (&'static str, Charge) {
    (KEYS[request as usize % KEYS.len()], charge(request))
}

/// A sharded map's lookup and the fingerprint: no lease, no owner, no record of what may have happened.
async fn hand(request: u64) -> Result<u64, CallError> {
    static RECORDS: LazyLock<DashMap<String, (Fingerprint, u64)>> = LazyLock::new(DashMap::new);
    let (key, charge) = asked(request);
    let fingerprint = Fingerprint::of(&charge).expect("JSON");
    match RECORDS.get(key) {
        Some(record) if record.0 == fingerprint => return Ok(record.1),
        Some(_) => return Err(CallError::Unreachable),
        None => {}
    }
    let answer = gateway::ask(charge.amount).await?;
    RECORDS.insert(key.to_owned(), (fingerprint, answer));
    Ok(answer)
}

/// What no replay of a stored result can do without: records expire, so it reads the clock, and keep
/// bytes, so it decodes them.
async fn hand_expiring(request: u64) -> Result<u64, CallError> {
    static RECORDS: LazyLock<DashMap<String, (Fingerprint, SystemTime, Arc<[u8]>)>> = LazyLock::new(DashMap::new);
    const TTL: Duration = Duration::from_secs(24 * 3600);
    let (key, charge) = asked(request);
    let fingerprint = Fingerprint::of(&charge).expect("JSON");
    let found = RECORDS.get(key).map(|record| record.clone());
    match found {
        Some((known, expires_at, bytes)) if expires_at > SystemTime::now() => {
            return match known == fingerprint {
                true => Ok(serde_json::from_slice(&bytes).expect("JSON")),
                false => Err(CallError::Unreachable),
            };
        }
        _ => {}
    }
    let answer = gateway::ask(charge.amount).await?;
    let bytes = serde_json::to_vec(&answer).expect("JSON").into();
    RECORDS.insert(key.to_owned(), (fingerprint, SystemTime::now() + TTL, bytes));
    Ok(answer)
}

async fn ours(request: u64) -> Result<u64, CallError> {
    static RECORDS: LazyLock<MemoryStore> = LazyLock::new(MemoryStore::default);

    #[idempotent(name = "benches.charge", key = key, payload = charge, store = RECORDS)]
    async fn call(key: &'static str, charge: Charge) -> Result<u64, CallError> {
        Ok(gateway::ask(charge.amount).await?)
    }
    let (key, charge) = asked(request);
    call(key, charge).await
}
