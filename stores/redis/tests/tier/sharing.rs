use std::collections::BTreeSet;
use std::time::Duration;

use steadfast::cached::when_down::Run;
use steadfast::cached::{Found, Origin, SecondTier};
use steadfast_redis::{RedisOptions, RedisTier};

use crate::world::{Runs, TTL, ask, names, process, server, tier, until};

const BY: Origin = Origin::from_u64(1);

async fn value(tier: &RedisTier<Run>, cache: &str, key: &[u8]) -> Option<Vec<u8>> {
    tier.get(cache, key).await.unwrap().found.map(|found| found.value)
}

async fn put(tier: &RedisTier<Run>, cache: &str, key: &[u8], value: &[u8]) {
    let ticket = tier.get(cache, key).await.unwrap().ticket;
    tier.put(cache, key, value, TTL, &ticket).await.unwrap();
}

#[tokio::test]
async fn what_one_process_loads_the_other_finds() {
    let Some(server) = server("what one process loads the other finds") else { return };
    let (one, other) = (process(&server.url(), Run).await, process(&server.url(), Run).await);
    assert_eq!((ask(&one, "k", 1).await.unwrap(), ask(&other, "k", 2).await.unwrap()), (1, 1));
    assert_eq!((other.stats().tier_hits, other.stats().loads, other.get("k")), (1, 0, Some(1)));
    assert_eq!((one.stats().tier_failures, other.stats().tier_failures), (0, 0));
}

#[tokio::test]
async fn entries_live_for_nine_tenths_of_the_ttl_or_more_and_not_all_as_long() {
    let Some(server) = server("the life of entries") else { return };
    let tier = tier(&server.url(), Run).await;
    let cache = names(tier.clone());
    let mut lives = BTreeSet::new();
    for number in 0..20 {
        let key = format!("k{number}");
        ask(&cache, &key, 1).await.unwrap();
        let Found { left, .. } = tier.get("names", format!("\"{key}\"").as_bytes()).await.unwrap().found.unwrap();
        assert!(left <= TTL && left >= TTL / 10 * 8, "{left:?}");
        lives.insert(left.as_secs());
    }
    assert!(lives.len() > 1, "{lives:?}");
}

/// What another process finds lives on for what is left, not for a whole life.
#[tokio::test]
async fn a_value_keeps_its_remaining_life() {
    let Some(server) = server("a value keeps its remaining life") else { return };
    let tier = tier(&server.url(), Run).await;
    tier.replace("names", br#""k""#, b"1", Duration::from_millis(300), BY).await.unwrap();
    let cache = names(tier.clone());
    assert_eq!(ask(&cache, "k", 2).await.unwrap(), 1);
    until("it has ended here", async || cache.get("k").is_none()).await;
    until("it has ended there", async || value(&tier, "names", br#""k""#).await.is_none()).await;
    assert_eq!(ask(&cache, "k", 2).await.unwrap(), 2);
}

#[tokio::test]
async fn keys_and_values_are_any_bytes() {
    let Some(server) = server("keys and values are any bytes") else { return };
    let tier = tier(&server.url(), Run).await;
    let all: Vec<u8> = (0..=255).collect();
    let big = vec![7; 1 << 20];
    let bytes: [&[u8]; 7] = [b"", b"=", b"\0", b"{7}:*?[", "größe".as_bytes(), &all, &big];
    for (number, value_of) in bytes.into_iter().enumerate() {
        put(&tier, "bytes", bytes[(number + 1) % 7].get(..100).unwrap_or(bytes[(number + 1) % 7]), value_of).await;
    }
    for (number, value_of) in bytes.into_iter().enumerate() {
        let key = bytes[(number + 1) % 7].get(..100).unwrap_or(bytes[(number + 1) % 7]);
        assert_eq!(value(&tier, "bytes", key).await.as_deref(), Some(value_of), "{number}");
    }
}

/// The names are part of the key, and no name and key read as another name and key.
#[tokio::test]
async fn caches_do_not_mix() {
    let Some(server) = server("caches do not mix") else { return };
    let tier = tier(&server.url(), Run).await;
    let places: [(&str, &[u8]); 5] = [("a", b"b:c"), ("a:b", b"c"), ("a", b"1:b:c"), ("", b"a:b:c"), ("1:a", b"b:c")];
    for (number, (cache, key)) in places.into_iter().enumerate() {
        put(&tier, cache, key, number.to_string().as_bytes()).await;
    }
    tier.clear("a:b", BY).await.unwrap();
    for (number, (cache, key)) in places.into_iter().enumerate() {
        let expected = (number != 1).then(|| number.to_string().into_bytes());
        assert_eq!(value(&tier, cache, key).await, expected, "{cache}");
    }
}

#[tokio::test]
async fn systems_of_two_prefixes_share_nothing() {
    let Some(server) = server("systems of two prefixes share nothing") else { return };
    let one = tier(&server.url(), Run).await;
    let redis = RedisOptions::new().prefix("another").connect(&server.url()).await.unwrap();
    let other = RedisTier::new(&redis, Run);
    put(&one, "names", b"k", b"1").await;
    assert_eq!(value(&other, "names", b"k").await, None);
    other.clear("names", BY).await.unwrap();
    assert_eq!(value(&one, "names", b"k").await.as_deref(), Some(&b"1"[..]));
}

/// Whatever changed the key since, in whatever process, what is late is left out.
#[tokio::test]
async fn what_was_loaded_before_an_invalidation_is_not_put() {
    let Some(server) = server("what was loaded before an invalidation is not put") else { return };
    let (one, other) = (tier(&server.url(), Run).await, tier(&server.url(), Run).await);
    for there in [false, true] {
        for change in 0..4 {
            if there {
                one.replace("names", b"k", b"there", TTL, BY).await.unwrap();
            } else {
                one.remove("names", b"k", BY).await.unwrap();
            }
            let late = one.get("names", b"k").await.unwrap().ticket;
            match change {
                0 => other.remove("names", b"k", BY).await.unwrap(),
                1 => other.clear("names", BY).await.unwrap(),
                2 => other.replace("names", b"k", b"new", TTL, BY).await.unwrap(),
                // One that began after the removal gets in; the late one does not take its place.
                _ => {
                    other.remove("names", b"k", BY).await.unwrap();
                    put(&other, "names", b"k", b"new").await;
                }
            }
            one.put("names", b"k", b"old", TTL, &late).await.unwrap();
            let expected = (change >= 2).then(|| b"new".to_vec());
            assert_eq!(value(&other, "names", b"k").await, expected, "{there} {change}");
        }
    }
}

/// Who loads the same at the same time in two processes may both put it, and a refresh takes the
/// place of what it refreshes.
#[tokio::test]
async fn loads_side_by_side_are_both_put() {
    let Some(server) = server("loads side by side are both put") else { return };
    let (one, other) = (tier(&server.url(), Run).await, tier(&server.url(), Run).await);
    let tickets = [one.get("names", b"k").await.unwrap().ticket, other.get("names", b"k").await.unwrap().ticket];
    one.put("names", b"k", b"1", TTL, &tickets[0]).await.unwrap();
    assert_eq!(value(&other, "names", b"k").await.as_deref(), Some(&b"1"[..]));
    other.put("names", b"k", b"2", TTL, &tickets[1]).await.unwrap();
    assert_eq!(value(&one, "names", b"k").await.as_deref(), Some(&b"2"[..]));
    put(&one, "names", b"k", b"3").await;
    assert_eq!(value(&other, "names", b"k").await.as_deref(), Some(&b"3"[..]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_stampede_each_process_lets_one_through_at_most() {
    let Some(server) = server("of a stampede each process lets one through") else { return };
    let mut calls = tokio::task::JoinSet::new();
    let runs: &'static [Runs; 2] = Box::leak(Box::default());
    for runs in runs {
        let cache: &'static _ = Box::leak(Box::new(process(&server.url(), Run).await));
        for _ in 0..100 {
            calls.spawn(async move { cache.get_or_load("k", || runs.run(7)).await.unwrap() });
        }
    }
    assert!(calls.join_all().await.into_iter().all(|answer| answer == 7));
    assert!(runs.iter().all(|runs| runs.count() <= 1) && runs.iter().any(|runs| runs.count() == 1));
}

/// Records need `noeviction`; a cache of its own does not.
#[tokio::test]
async fn a_server_for_caches_only_may_evict() {
    let options = &[("maxmemory", "4mb"), ("maxmemory-policy", "allkeys-lru")];
    let Some(server) = steadfast_servers::redis_server("a server for caches may evict", options) else { return };
    RedisOptions::new().connect(&server.url()).await.unwrap_err();
    let tier = RedisOptions::new().connect_tier(&server.url(), Run).await.unwrap();
    // More than it holds, so it throws away; whatever that is, what is there is right.
    for number in 0..200_u32 {
        put(&tier, "names", &number.to_be_bytes(), &vec![number as u8; 1 << 16]).await;
    }
    let mut there = 0;
    for number in 0..200_u32 {
        if let Some(value) = value(&tier, "names", &number.to_be_bytes()).await {
            assert!(value.len() == 1 << 16 && value.iter().all(|&byte| byte == number as u8), "{number}");
            there += 1;
        }
    }
    assert!(there < 200, "nothing was thrown away");
}
