//! What operators and jobs do: list, resolve, forget.

use std::time::{Duration, SystemTime};

use steadfast::first_seen::FirstSeen;
use steadfast::idempotent::{
    Held, NewClaim, Outcome, Record, RecordId, RecordState, Resolution, Seen, Store, Stored, Token,
};

use crate::support::{Home, claim, id, known};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn unknowns_come_page_by_page_in_the_order_of_their_ids() {
    for home in Home::all("pages of unknown outcomes").await {
        let store = &home.store;
        let now = SystemTime::now();
        let mut wanted = Vec::new();
        for (number, scope) in [None, Some("a"), Some("B"), Some("é"), None].into_iter().enumerate() {
            for key in ["z", "Z", "ä", "10", "9"] {
                let id = RecordId::new(format!("n{}", number % 2), scope, &format!("{key}{number}")).unwrap();
                let new = NewClaim { lease_until: now, ..claim(id) };
                store.claim(new.clone()).await.unwrap();
                match number {
                    0 => _ = store.complete(&new.id, new.token, known(b"1")).await.unwrap(),
                    1 => _ = store.extend(&new.id, new.token, now + HOUR).await.unwrap(),
                    2 => {
                        store.complete(&new.id, new.token, Outcome::Unknown).await.unwrap();
                        wanted.push(new.id);
                    }
                    _ => wanted.push(new.id),
                }
            }
        }
        wanted.sort();
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = store.unknowns(now, after.as_ref(), 4).await.unwrap();
            assert!(page.iter().all(|(_, record)| record.is_unknown(now)));
            after = page.last().map(|(id, _)| id.clone());
            found.extend(page.into_iter().map(|(id, _)| id));
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found, wanted);
    }
}

#[tokio::test]
async fn a_doubt_is_ended_once_in_the_version_that_was_seen() {
    for home in Home::all("resolutions").await {
        let (store, new) = (&home.store, claim(id("k")));
        store.claim(new.clone()).await.unwrap();
        store.complete(&new.id, new.token, Outcome::Unknown).await.unwrap();
        let seen = store.get(&new.id).await.unwrap().unwrap().seen();
        let happened = || Resolution::Happened {
            stored: Stored::Terminal(b"1".as_slice().into()),
            expires_at: SystemTime::UNIX_EPOCH + HOUR,
        };
        for other in [Seen { version: seen.version + 1, ..seen }, Seen { token: Token::random(), ..seen }] {
            for resolution in [happened(), Resolution::NeverHappened] {
                assert_eq!(store.resolve(&new.id, other, resolution, "a test").await.unwrap(), Held::Lost);
            }
        }
        assert_eq!(store.resolve(&new.id, seen, happened(), "on the statement").await.unwrap(), Held::Yes);
        assert_eq!(store.resolve(&new.id, seen, Resolution::NeverHappened, "late").await.unwrap(), Held::Lost);
        let Record { token, version, state, resolved, .. } = store.get(&new.id).await.unwrap().unwrap();
        assert_ne!(token, new.token);
        assert_eq!((version, resolved.as_deref()), (2, Some("on the statement")));
        assert!(matches!(state, RecordState::Ended(Outcome::Known { stored: Stored::Terminal(_), .. })));

        let seen = Seen { token, version };
        assert_eq!(store.resolve(&new.id, seen, Resolution::NeverHappened, "a test").await.unwrap(), Held::Yes);
        assert_eq!(store.get(&new.id).await.unwrap(), None);
    }
}

#[tokio::test]
async fn only_finished_records_that_have_expired_are_purged_in_batches() {
    for home in Home::all("purges").await {
        let (store, now) = (&home.store, SystemTime::now());
        for key in 0..20 {
            let new = NewClaim { lease_until: now, ..claim(id(&key.to_string())) };
            store.claim(new.clone()).await.unwrap();
            let stored = Stored::Value(b"1".as_slice().into());
            let ends = |after| Outcome::Known { stored, expires_at: now + after };
            let outcome = match key {
                0..10 => ends(HOUR * (key + 1)),
                10..15 => Outcome::Unknown,
                _ => continue,
            };
            store.complete(&new.id, new.token, outcome).await.unwrap();
        }
        let five = now + 5 * HOUR;
        assert_eq!(store.purge(now, 100).await.unwrap(), 0);
        assert_eq!(store.purge(five, 0).await.unwrap(), 0);
        assert_eq!(store.purge(five, 3).await.unwrap(), 3);
        assert!(store.get(&id("2")).await.unwrap().is_none() && store.get(&id("3")).await.unwrap().is_some());
        assert_eq!(store.purge(five, 3).await.unwrap(), 2);
        assert_eq!(store.purge(five, 3).await.unwrap(), 0);
        assert_eq!(store.purge(now + 1000 * HOUR, usize::MAX).await.unwrap(), 5);
        assert_eq!(home.number("SELECT count(*) FROM steadfast_records").await, 10);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_id_is_new_for_one_among_many_and_new_again_when_it_is_forgotten() {
    for home in Home::all("ids seen first").await {
        let (stores, now) = ([home.store.clone(), home.another().await], SystemTime::now());
        let first_at = async |at: SystemTime| {
            let mut calls = tokio::task::JoinSet::new();
            for call in 0..40 {
                let store = stores[call % 2].clone();
                calls.spawn(async move { store.first_seen("webhooks", "evt_17", at, at + HOUR).await.unwrap() });
            }
            calls.join_all().await.into_iter().filter(|first| *first).count()
        };
        assert_eq!(first_at(now).await, 1);
        assert_eq!(first_at(now + HOUR - Duration::from_nanos(1)).await, 0);
        assert_eq!(first_at(now + HOUR).await, 1);
        assert!(home.store.first_seen("elsewhere", "evt_17", now, now + HOUR).await.unwrap());

        assert_eq!(home.store.purge(now + HOUR, 10).await.unwrap(), 1, "the other is remembered for longer");
        assert_eq!(home.store.purge(now + 2 * HOUR, 10).await.unwrap(), 1);
        assert_eq!(home.number("SELECT count(*) FROM steadfast_first_seen").await, 0);
    }
}
