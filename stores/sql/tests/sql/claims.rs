//! One key, one owner.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use steadfast::idempotent::{Claimed, Held, NewClaim, Record, RecordState, Store, Token, conformance};

use crate::support::{Home, claim, id, known};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_hundred_claims_from_several_pools_one_wins() {
    for home in Home::all("one claim wins among a hundred").await {
        let stores = [home.store.clone(), home.another().await, home.another().await];
        for round in 0..5 {
            let (won, key) = (Arc::new(AtomicUsize::new(0)), format!("order-{round}"));
            let mut calls = tokio::task::JoinSet::new();
            for call in 0..100 {
                let (store, won, new) = (stores[call % 3].clone(), won.clone(), claim(id(&key)));
                calls.spawn(async move {
                    match store.claim(new).await.unwrap() {
                        Claimed::Won => won.fetch_add(1, Ordering::Relaxed),
                        Claimed::Found(_) => 0,
                    }
                });
            }
            calls.join_all().await;
            assert_eq!(won.load(Ordering::Relaxed), 1, "{}", home.url);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_keys_at_once_share_commits_and_each_gets_its_own_answer() {
    for home in Home::all("many keys at once").await {
        let mut calls = tokio::task::JoinSet::new();
        for key in 0..300 {
            let (store, new) = (home.store.clone(), claim(id(&format!("order-{key}"))));
            calls.spawn(async move {
                assert!(matches!(store.claim(new.clone()).await.unwrap(), Claimed::Won));
                let later = new.lease_until + Duration::from_secs(60);
                match key % 3 {
                    0 => assert_eq!(store.release(&new.id, new.token).await.unwrap(), Held::Yes),
                    1 => assert_eq!(store.extend(&new.id, new.token, later).await.unwrap(), Held::Yes),
                    _ => {
                        let outcome = known(key.to_string().as_bytes());
                        assert_eq!(store.complete(&new.id, new.token, outcome.clone()).await.unwrap(), Held::Yes);
                        let record = store.get(&new.id).await.unwrap().unwrap();
                        assert_eq!((record.state, record.version), (RecordState::Ended(outcome), 1));
                    }
                }
            });
        }
        calls.join_all().await;
        assert_eq!(home.number("SELECT count(*) FROM steadfast_records").await, 200);
    }
}

#[tokio::test]
async fn a_record_is_read_as_it_was_written() {
    for home in Home::all("a record is read as it was written").await {
        let moments = [SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH - Duration::from_nanos(1), SystemTime::now()];
        for (key, at) in moments.into_iter().enumerate() {
            let new = NewClaim { claimed_at: at, lease_until: at, ..claim(id(&key.to_string())) };
            assert!(matches!(home.store.claim(new.clone()).await.unwrap(), Claimed::Won));
            assert_eq!(home.store.get(&new.id).await.unwrap(), Some(new.record()));
        }
    }
}

#[tokio::test]
async fn a_record_is_taken_over_in_the_version_that_was_seen() {
    for home in Home::all("a take-over").await {
        let store = &home.store;
        let (first, late) = (claim(id("k")), claim(id("k")));
        store.claim(first.clone()).await.unwrap();
        let Claimed::Found(seen) = store.claim(late.clone()).await.unwrap() else { panic!() };
        store.extend(&first.id, first.token, first.lease_until + Duration::from_secs(1)).await.unwrap();

        let take_over = |record: &Record| NewClaim { take_over: Some(record.seen()), ..late.clone() };
        let Claimed::Found(renewed) = store.claim(take_over(&seen)).await.unwrap() else { panic!("it was renewed") };
        assert_eq!(renewed.version, 1);
        assert!(matches!(store.claim(take_over(&renewed)).await.unwrap(), Claimed::Won));
        assert_eq!(store.get(&late.id).await.unwrap(), Some(late.record()));

        assert_eq!(store.complete(&first.id, first.token, known(b"1")).await.unwrap(), Held::Lost);
        assert_eq!(store.extend(&first.id, first.token, first.lease_until).await.unwrap(), Held::Lost);
        assert_eq!(store.release(&first.id, first.token).await.unwrap(), Held::Lost);
        assert_eq!(store.get(&late.id).await.unwrap(), Some(late.record()));

        store.release(&late.id, late.token).await.unwrap();
        let free = NewClaim { token: Token::random(), ..take_over(&renewed) };
        assert!(matches!(store.claim(free).await.unwrap(), Claimed::Won), "there is none to take over");
    }
}

#[tokio::test]
async fn an_end_stays_as_it_is() {
    for home in Home::all("an end stays as it is").await {
        let (store, new) = (&home.store, claim(id("k")));
        store.claim(new.clone()).await.unwrap();
        assert_eq!(store.complete(&new.id, new.token, known(b"1")).await.unwrap(), Held::Yes);
        let ended = store.get(&new.id).await.unwrap();
        assert_eq!(store.complete(&new.id, new.token, known(b"2")).await.unwrap(), Held::Yes);
        assert_eq!(store.extend(&new.id, new.token, new.lease_until).await.unwrap(), Held::Yes);
        assert_eq!(store.release(&new.id, new.token).await.unwrap(), Held::Lost);
        assert_eq!(store.get(&new.id).await.unwrap(), ended);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_does_what_every_store_must() {
    for home in Home::all("the conformance suite").await {
        conformance::run(async || home.another().await).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_does_so_with_a_single_connection() {
    for home in Home::all("the conformance suite on one connection").await {
        let narrow = home.narrow().await;
        conformance::run(async || narrow.clone()).await.unwrap();
    }
}
