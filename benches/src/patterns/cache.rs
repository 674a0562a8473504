//! A hit, with a key of text and one of a number.

use std::hint::black_box;
use std::sync::LazyLock;

use steadfast::cached;

use crate::drive::{Group, Subject, polled};
use crate::subjects::gateway::{self, Unreachable};

pub const GROUP: Group = Group {
    name: "cache",
    floor: "moka",
    contended: false,
    subjects: &[
        Subject { name: "moka", calls: |n| polled(n, engine), future: || size_of_val(&engine(1)) },
        Subject { name: "ours", calls: |n| polled(n, ours), future: || size_of_val(&ours(1)) },
        Subject { name: "moka, text", calls: |n| polled(n, engine_text), future: || size_of_val(&engine_text(1)) },
        Subject { name: "ours, text", calls: |n| polled(n, ours_text), future: || size_of_val(&ours_text(1)) },
    ],
};

/// Few keys, so that all calls but the first of each are hits.
const KEYS: u64 = 8;
const TEXTS: [&str; 8] = ["eur/usd", "eur/gbp", "eur/jpy", "eur/chf", "usd/eur", "usd/gbp", "usd/jpy", "usd/chf"];

async fn engine(request: u64) -> Result<u64, Unreachable> {
    static CACHE: LazyLock<moka::sync::Cache<u64, u64>> = LazyLock::new(|| moka::sync::Cache::new(10_000));
    let key = request % KEYS;
    match CACHE.get(&black_box(key)) {
        Some(value) => Ok(value),
        None => {
            let value = gateway::ask(key).await?;
            CACHE.insert(key, value);
            Ok(value)
        }
    }
}

async fn ours(request: u64) -> Result<u64, Unreachable> {
    #[cached(ttl = "1h")]
    async fn cached(key: u64) -> Result<u64, Unreachable> {
        gateway::ask(key).await
    }
    cached(black_box(request % KEYS)).await
}

async fn engine_text(request: u64) -> Result<u64, Unreachable> {
    static CACHE: LazyLock<moka::sync::Cache<String, u64>> = LazyLock::new(|| moka::sync::Cache::new(10_000));
    let key = TEXTS[request as usize % TEXTS.len()];
    match CACHE.get(black_box(key)) {
        Some(value) => Ok(value),
        None => {
            let value = gateway::ask(request).await?;
            CACHE.insert(key.to_owned(), value);
            Ok(value)
        }
    }
}

async fn ours_text(request: u64) -> Result<u64, Unreachable> {
    #[cached(ttl = "1h", key = key)]
    async fn cached(key: &str, request: u64) -> Result<u64, Unreachable> {
        gateway::ask(request).await
    }
    cached(black_box(TEXTS[request as usize % TEXTS.len()]), request).await
}
