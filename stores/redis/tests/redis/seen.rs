//! What was seen first.

use std::time::{Duration, SystemTime};

use steadfast::first_seen::FirstSeen;

use crate::{own, shared};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn one_of_a_hundred_is_first() {
    let Some((_part, store)) = shared("first seen").await else { return };
    let (mut all, now) = (tokio::task::JoinSet::new(), SystemTime::now());
    for _ in 0..100 {
        let store = store.clone();
        all.spawn(async move { store.first_seen("webhooks", "evt_1", now, now + MINUTE).await.unwrap() });
    }
    assert_eq!(all.join_all().await.into_iter().filter(|&first| first).count(), 1);
}

#[tokio::test]
async fn it_is_new_again_when_the_callers_clock_says_so() {
    let Some((_part, store)) = shared("first seen, again").await else { return };
    for start in [SystemTime::now(), SystemTime::UNIX_EPOCH, SystemTime::now() + 1_000_000 * MINUTE] {
        let space = format!("{start:?}");
        let first = async |now, until| store.first_seen(&space, "evt_1", now, until).await.unwrap();
        assert!(first(start, start + MINUTE).await);
        assert!(!first(start + MINUTE - Duration::from_millis(1), start + 9 * MINUTE).await);
        assert!(first(start + MINUTE, start + 2 * MINUTE).await);
        assert!(!first(start, start + MINUTE).await, "a clock that jumps back does not forget");
    }
}

#[tokio::test]
async fn spaces_and_ids_do_not_run_into_each_other() {
    let Some((_part, store)) = shared("spaces").await else { return };
    let now = SystemTime::now();
    for (space, id) in [("a", "bc"), ("ab", "c"), ("abc", ""), ("", "abc"), ("{a}", "\0\n"), ("1:a", "b")] {
        assert!(store.first_seen(space, id, now, now + MINUTE).await.unwrap(), "{space}/{id}");
        assert!(!store.first_seen(space, id, now, now + MINUTE).await.unwrap(), "{space}/{id}");
    }
}

#[tokio::test]
async fn it_forgets_by_itself_an_hour_later() {
    let Some((server, store)) = own("forgotten", &[]).await else { return };
    let now = SystemTime::now();
    store.first_seen("webhooks", "evt_1", now, now + MINUTE).await.unwrap();
    let keys = server.command(&["KEYS", "*:seen:*"]).unwrap();
    let ttl: u64 = server.command(&["PTTL", &keys[0]]).unwrap()[0].parse().unwrap();
    assert!((3_600_000..=3_660_001).contains(&ttl), "{ttl}");
}
