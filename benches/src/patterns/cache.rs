//! A hit, with a key of text and one of a number: ours beside the engine as one gets it, which hashes
//! with the standard library's hasher, and beside the engine with the hasher of ours.

use std::hash::Hash;
use std::hint::black_box;
use std::sync::LazyLock;

use rapidhash::quality::RandomState;
use steadfast::cached;

use crate::drive::{Group, Subject, polled};
use crate::subjects::gateway::{self, Unreachable};

pub const GROUP: Group = Group {
    name: "cache",
    floor: "moka",
    contended: false,
    subjects: &[
        Subject {
            name: "moka",
            calls: |n| polled(n, |request| engine(key(request))),
            future: || size_of_val(&engine(1)),
        },
        Subject {
            name: "moka, our hash",
            calls: |n| polled(n, |request| engine_hashed(key(request))),
            future: || size_of_val(&engine_hashed(1)),
        },
        Subject { name: "ours", calls: |n| polled(n, |request| ours(key(request))), future: || size_of_val(&ours(1)) },
        Subject {
            name: "moka, text",
            calls: |n| polled(n, |request| engine_text(text(request))),
            future: || size_of_val(&engine_text(text(1))),
        },
        Subject {
            name: "moka, text, our hash",
            calls: |n| polled(n, |request| engine_text_hashed(text(request))),
            future: || size_of_val(&engine_text_hashed(text(1))),
        },
        Subject {
            name: "ours, text",
            calls: |n| polled(n, |request| ours_text(text(request))),
            future: || size_of_val(&ours_text(text(1))),
        },
    ],
};

/// Few keys, so that all calls but the first of each are hits.
const KEYS: u64 = 8;
const TEXTS: [&str; 8] = ["eur/usd", "eur/gbp", "eur/jpy", "eur/chf", "usd/eur", "usd/gbp", "usd/jpy", "usd/chf"];

fn key(request: u64) -> u64 {
    black_box(request % KEYS)
}

fn text(request: u64) -> &'static str {
    black_box(TEXTS[request as usize % TEXTS.len()])
}

async fn engine(key: u64) -> Result<u64, Unreachable> {
    static CACHE: LazyLock<moka::sync::Cache<u64, u64>> = LazyLock::new(|| moka::sync::Cache::new(10_000));
    match CACHE.get(&key) {
        Some(value) => Ok(value),
        None => {
            let value = gateway::ask(key).await?;
            CACHE.insert(key, value);
            Ok(value)
        }
    }
}

async fn engine_hashed(key: u64) -> Result<u64, Unreachable> {
    static CACHE: LazyLock<moka::sync::Cache<u64, u64, RandomState>> = LazyLock::new(hashed);
    match CACHE.get(&key) {
        Some(value) => Ok(value),
        None => {
            let value = gateway::ask(key).await?;
            CACHE.insert(key, value);
            Ok(value)
        }
    }
}

/// The engine with the hasher of ours.
fn hashed<K: Hash + Eq + Send + Sync + 'static>() -> moka::sync::Cache<K, u64, RandomState> {
    moka::sync::Cache::builder().max_capacity(10_000).build_with_hasher(RandomState::default())
}

#[cached(ttl = "1h")]
async fn ours(key: u64) -> Result<u64, Unreachable> {
    gateway::ask(key).await
}

async fn engine_text(key: &str) -> Result<u64, Unreachable> {
    static CACHE: LazyLock<moka::sync::Cache<String, u64>> = LazyLock::new(|| moka::sync::Cache::new(10_000));
    match CACHE.get(key) {
        Some(value) => Ok(value),
        None => {
            let value = gateway::ask(key.len() as u64).await?;
            CACHE.insert(key.to_owned(), value);
            Ok(value)
        }
    }
}

async fn engine_text_hashed(key: &str) -> Result<u64, Unreachable> {
    static CACHE: LazyLock<moka::sync::Cache<String, u64, RandomState>> = LazyLock::new(hashed);
    match CACHE.get(key) {
        Some(value) => Ok(value),
        None => {
            let value = gateway::ask(key.len() as u64).await?;
            CACHE.insert(key.to_owned(), value);
            Ok(value)
        }
    }
}

#[cached(ttl = "1h")]
async fn ours_text(key: &str) -> Result<u64, Unreachable> {
    gateway::ask(key.len() as u64).await
}
