//! What was seen first.

use std::time::SystemTime;

use redis::Value;
use steadfast::first_seen::FirstSeen;
use steadfast::idempotent::{StoreError, Token};

use crate::error::RedisError;
use crate::keys::Bucket;
use crate::script::Script;
use crate::{RedisStore, hex, time};

static SEEN: Script = Script::new(concat!(include_str!("../guard.lua"), include_str!("seen.lua")));

/// A key of its own for each id, which goes an hour after its time, for clocks that differ.
///
/// A server that lost its data answers an error: what was seen before would look new. One that is
/// full answers [`StoreError::full`].
impl FirstSeen for RedisStore {
    async fn first_seen(&self, space: &str, id: &str, now: SystemTime, until: SystemTime) -> Result<bool, StoreError> {
        match self.is_first(&write(space, id), now, until, Token::random()).await {
            Err(RedisError::OutOfMemory) => Err(StoreError::full()),
            answer => Ok(answer?),
        }
    }
}

impl RedisStore {
    /// Whether `me` is first; also when it asks again, because the connection broke.
    async fn is_first(&self, id: &[u8], now: SystemTime, until: SystemTime, me: Token) -> Result<bool, RedisError> {
        let (bucket, prefix) = (Bucket::of(id), self.redis().prefix());
        let [sentinel, seen] = [prefix.of(bucket, Self::SENTINEL), prefix.key(bucket, "seen", id)];
        let args = (time::ordered(now), time::ordered(until), hex::write(&me.to_bytes()), time::millis(until));
        match self.redis().run_again(&SEEN, &[&sentinel, &seen], args).await? {
            Value::Int(first) => Ok(first == 1),
            _ => Err(RedisError::Unreadable),
        }
    }
}

/// With the length in front, no space runs into an id.
fn write(space: &str, id: &str) -> Vec<u8> {
    format!("{}:{space}{id}", space.len()).into_bytes()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::Redis;

    #[tokio::test]
    async fn who_was_first_is_first_when_it_asks_again() {
        let Some(server) = steadfast_servers::redis_server("a lost answer", &[]) else { return };
        let store = RedisStore::new(Redis::connect(&server.url()).await.unwrap());
        store.init().await.unwrap();
        let (first, second, now) = (Token::random(), Token::random(), SystemTime::now());
        let ask = async |me| store.is_first(b"id", now, now + Duration::from_secs(60), me).await.unwrap();
        assert!(ask(first).await);
        assert!(ask(first).await);
        assert!(!ask(second).await);
    }
}
