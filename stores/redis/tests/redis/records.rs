//! One record, step by step.

use std::time::{Duration, SystemTime};

use steadfast::idempotent::{
    Claimed, Fingerprint, Held, NewClaim, Outcome, Record, RecordId, RecordState, Resolution, Seen, Store, Stored,
    Token,
};
use steadfast_redis::RedisError;

use crate::{claim, id, own, shared};

fn known(bytes: &[u8], expires_at: SystemTime) -> Outcome {
    Outcome::Known { stored: Stored::Value(bytes.into()), expires_at }
}

async fn present(store: &impl Store, key: &str) -> Record {
    store.get(&id(key)).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_a_hundred_claims_wins() {
    let Some((_part, store)) = shared("one winner").await else { return };
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let store = store.clone();
        all.spawn(async move { store.claim(claim("order-1")).await.unwrap() });
    }
    let won = all.join_all().await.into_iter().filter(|claimed| matches!(claimed, Claimed::Won)).count();
    assert_eq!(won, 1);
}

#[tokio::test]
async fn what_is_written_comes_back_to_the_nanosecond() {
    let Some((_part, store)) = shared("exact times").await else { return };
    let odd = SystemTime::UNIX_EPOCH + Duration::new(9_007_199_254_740_993, 123_456_789);
    let claim = NewClaim {
        fingerprint: Some(Fingerprint::of(&("order", 5)).unwrap()),
        claimed_at: SystemTime::UNIX_EPOCH - Duration::new(3, 1),
        lease_until: odd,
        ..claim("order-1")
    };
    assert!(matches!(store.claim(claim.clone()).await.unwrap(), Claimed::Won));
    assert_eq!(present(&store, "order-1").await, claim.record());

    let every_byte: Vec<u8> = (0..=255).collect();
    assert_eq!(store.complete(&claim.id, claim.token, known(&every_byte, odd)).await.unwrap(), Held::Yes);
    let ended = Record { version: 1, state: RecordState::Ended(known(&every_byte, odd)), ..claim.record() };
    assert_eq!(present(&store, "order-1").await, ended);
    let Claimed::Found(found) = store.claim(crate::claim("order-1")).await.unwrap() else { panic!() };
    assert_eq!(found, ended);
}

#[tokio::test]
async fn a_megabyte_and_nothing_are_results() {
    let Some((_part, store)) = shared("large and empty results").await else { return };
    for (key, bytes) in [("large", vec![0xa5; 1 << 20]), ("empty", Vec::new())] {
        let claim = claim(key);
        store.claim(claim.clone()).await.unwrap();
        let outcome = known(&bytes, claim.lease_until);
        assert_eq!(store.complete(&claim.id, claim.token, outcome.clone()).await.unwrap(), Held::Yes);
        assert_eq!(present(&store, key).await.state, RecordState::Ended(outcome));
    }
}

#[tokio::test]
async fn only_the_owner_ends_it_and_only_once() {
    let Some((_part, store)) = shared("ended once").await else { return };
    let (claim, other) = (claim("order-1"), Token::random());
    store.claim(claim.clone()).await.unwrap();
    let (id, token, later) = (&claim.id, claim.token, claim.lease_until + Duration::from_secs(9));
    let first = known(b"first", later);

    assert_eq!(store.complete(id, other, first.clone()).await.unwrap(), Held::Lost);
    assert_eq!(store.extend(id, other, later).await.unwrap(), Held::Lost);
    assert_eq!(store.release(id, other).await.unwrap(), Held::Lost);
    assert_eq!(present(&store, "order-1").await, claim.record());

    assert_eq!(store.extend(id, token, later).await.unwrap(), Held::Yes);
    assert_eq!(present(&store, "order-1").await.state, RecordState::InFlight { lease_until: later });
    assert_eq!(store.complete(id, token, first.clone()).await.unwrap(), Held::Yes);
    let ended = present(&store, "order-1").await;
    assert_eq!((ended.version, &ended.state), (2, &RecordState::Ended(first)));

    // What has ended stays as it is, and its owner is told that it holds it.
    assert_eq!(store.complete(id, token, known(b"second", later)).await.unwrap(), Held::Yes);
    assert_eq!(store.complete(id, token, Outcome::Unknown).await.unwrap(), Held::Yes);
    assert_eq!(store.extend(id, token, later).await.unwrap(), Held::Yes);
    assert_eq!(store.release(id, token).await.unwrap(), Held::Lost);
    assert_eq!(present(&store, "order-1").await, ended);
}

#[tokio::test]
async fn a_released_key_is_new() {
    let Some((_part, store)) = shared("release").await else { return };
    let first = claim("order-1");
    store.claim(first.clone()).await.unwrap();
    assert_eq!(store.release(&first.id, first.token).await.unwrap(), Held::Yes);
    assert_eq!(store.get(&first.id).await.unwrap(), None);
    assert_eq!(store.release(&first.id, first.token).await.unwrap(), Held::Lost);
    assert!(matches!(store.claim(claim("order-1")).await.unwrap(), Claimed::Won));
}

/// Whatever ends a record, or gives it back, takes it off the list of what is open.
#[tokio::test]
async fn what_is_not_open_is_not_listed_as_open() {
    let Some((server, store)) = own("the list of what is open", &[]).await else { return };
    let keys = ["flying", "unknown", "known", "released", "happened", "never"];
    let [_, unknown, known_, released, happened, never] = keys.map(claim);
    let claims = [&unknown, &known_, &released, &happened, &never];
    store.claim(claim("flying")).await.unwrap();
    for claim in claims {
        store.claim(claim.clone()).await.unwrap();
    }
    let later = unknown.lease_until;
    let resolution = Resolution::Happened { stored: Stored::Value(b"1".as_slice().into()), expires_at: later };
    let held = [
        store.complete(&unknown.id, unknown.token, Outcome::Unknown).await,
        store.complete(&known_.id, known_.token, known(b"1", later)).await,
        store.release(&released.id, released.token).await,
        store.resolve(&happened.id, happened.record().seen(), resolution, "test").await,
        store.resolve(&never.id, never.record().seen(), Resolution::NeverHappened, "test").await,
    ];
    assert!(held.into_iter().all(|held| held.unwrap() == Held::Yes));
    let mut open = Vec::new();
    for list in server.command(&["KEYS", "*:open"]).unwrap() {
        open.extend(server.command(&["ZRANGE", &list, "0", "-1"]).unwrap());
    }
    open.sort();
    assert_eq!(open, ["5:tests-flying", "5:tests-unknown"]);
}

#[tokio::test]
async fn a_take_over_needs_the_version_that_was_seen() {
    let Some((server, store)) = own("take-over", &[]).await else { return };
    let first = claim("order-1");
    store.claim(first.clone()).await.unwrap();
    store.complete(&first.id, first.token, known(b"old", first.now)).await.unwrap();
    let seen = present(&store, "order-1").await.seen();
    for wrong in [Seen { version: 0, ..seen }, Seen { token: Token::random(), ..seen }] {
        let late = NewClaim { take_over: Some(wrong), ..claim("order-1") };
        assert!(matches!(store.claim(late).await.unwrap(), Claimed::Found(_)));
    }
    let second = NewClaim { take_over: Some(seen), ..claim("order-1") };
    assert!(matches!(store.claim(second.clone()).await.unwrap(), Claimed::Won));
    // Nothing of the old result is left, nor its TTL.
    assert_eq!(present(&store, "order-1").await, second.record());
    let key = record_key(&server);
    assert_eq!(server.command(&["PTTL", &key]).unwrap(), ["-1"]);
    assert_eq!(server.command(&["HEXISTS", &key, "result"]).unwrap(), ["0"]);
    assert_eq!(store.complete(&first.id, first.token, Outcome::Unknown).await.unwrap(), Held::Lost);
}

fn record_key(server: &steadfast_servers::RedisServer) -> String {
    let keys = server.command(&["KEYS", "*:record:*"]).unwrap();
    assert_eq!(keys.len(), 1, "{keys:?}");
    keys[0].clone()
}

#[tokio::test]
async fn only_a_known_result_has_a_ttl_and_one_that_outlives_it_by_an_hour() {
    let Some((server, store)) = own("who expires", &[]).await else { return };
    let pttl = || server.command(&["PTTL", &record_key(&server)]).unwrap()[0].parse::<i64>().unwrap();
    const HOUR: i64 = 3_600_000;

    let first = claim("order-1");
    store.claim(first.clone()).await.unwrap();
    assert_eq!(pttl(), -1);
    store.extend(&first.id, first.token, first.lease_until).await.unwrap();
    assert_eq!(pttl(), -1);
    store.complete(&first.id, first.token, Outcome::Unknown).await.unwrap();
    assert_eq!(pttl(), -1);

    let seen = present(&store, "order-1").await.seen();
    let day = SystemTime::now() + Duration::from_secs(24 * 3600);
    let resolution = Resolution::Happened { stored: Stored::Terminal(b"no".as_slice().into()), expires_at: day };
    assert_eq!(store.resolve(&first.id, seen, resolution, "statement").await.unwrap(), Held::Yes);
    assert!((24 * HOUR..=25 * HOUR + 1).contains(&pttl()), "{}", pttl());
}

/// A caller whose clock is years behind, or ahead: the record stays for an hour at least.
#[tokio::test]
async fn no_clock_makes_redis_forget_a_result_at_once() {
    let Some((server, store)) = own("odd clocks", &[]).await else { return };
    let far = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 50);
    let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1 << 40);
    for (key, expires_at) in [("past", SystemTime::UNIX_EPOCH), ("before", before), ("far", far)] {
        let claim = claim(key);
        store.claim(claim.clone()).await.unwrap();
        store.complete(&claim.id, claim.token, known(b"1", expires_at)).await.unwrap();
        assert_eq!(present(&store, key).await.state, RecordState::Ended(known(b"1", expires_at)));
        let ttl = &server.command(&["PTTL", &record_key(&server)]).unwrap()[0];
        assert!(ttl.parse::<i64>().unwrap() > 3_590_000, "{key}: {ttl}");
        let now = SystemTime::now();
        let seen = present(&store, key).await.seen();
        store.resolve(&claim.id, seen, Resolution::NeverHappened, "next").await.unwrap();
        assert!(store.unknowns(now, None, 1).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_resolved_record_is_its_owners_no_more() {
    let Some((_part, store)) = shared("resolve").await else { return };
    let claim = claim("order-1");
    store.claim(claim.clone()).await.unwrap();
    let stale = present(&store, "order-1").await.seen();
    store.complete(&claim.id, claim.token, Outcome::Unknown).await.unwrap();
    let seen = present(&store, "order-1").await.seen();
    let happened =
        || Resolution::Happened { stored: Stored::Value(b"\"po_1\"".as_slice().into()), expires_at: claim.lease_until };

    assert_eq!(store.resolve(&claim.id, stale, happened(), "stale").await.unwrap(), Held::Lost);
    assert_eq!(store.resolve(&claim.id, seen, happened(), "größe\n").await.unwrap(), Held::Yes);
    let record = present(&store, "order-1").await;
    assert_eq!(record.resolved.as_deref(), Some("größe\n"));
    assert_eq!(record.version, 2);
    assert_ne!(record.token, claim.token);
    assert_eq!(store.complete(&claim.id, claim.token, Outcome::Unknown).await.unwrap(), Held::Lost);
    assert_eq!(store.resolve(&claim.id, seen, Resolution::NeverHappened, "late").await.unwrap(), Held::Lost);
}

/// Records of every bucket, those that are not unknown between them.
#[tokio::test(flavor = "multi_thread")]
async fn unknown_records_are_listed_in_pages_each_one_once() {
    let Some((_part, store)) = shared("paging").await else { return };
    let now = SystemTime::now();
    let mut expected = Vec::new();
    let mut all = tokio::task::JoinSet::new();
    for number in 0..900 {
        let claim = claim(&format!("order-{number}"));
        // One in three runs still, one in three was ended as unknown, of the last the lease is over.
        let lease_until = if number % 3 == 2 { now } else { claim.lease_until };
        let claim = NewClaim { lease_until, ..claim };
        if number % 3 != 0 {
            expected.push(claim.id.clone());
        }
        let store = store.clone();
        all.spawn(async move {
            store.claim(claim.clone()).await.unwrap();
            if number % 3 == 1 {
                store.complete(&claim.id, claim.token, Outcome::Unknown).await.unwrap();
            }
        });
    }
    all.join_all().await;
    expected.sort();

    for limit in [1000, 600, 599, 7] {
        let mut listed: Vec<RecordId> = Vec::new();
        loop {
            let page = store.unknowns(now, listed.last(), limit).await.unwrap();
            assert!(page.len() <= limit && page.iter().all(|(_, record)| record.is_unknown(now)));
            if page.is_empty() {
                break;
            }
            listed.extend(page.into_iter().map(|(id, _)| id));
        }
        listed.sort();
        assert_eq!(listed, expected, "{limit} at once");
    }
}

#[tokio::test]
async fn keys_with_every_odd_character_are_keys_of_their_own() {
    let Some((_part, store)) = shared("odd keys").await else { return };
    let printable: String = (' '..='~').collect();
    let odd =
        ["a", "A", "ä", "a ", " a", "{a}", "}{", "{}", "*", "?[a]", ":", "a:b", "\"a\"", "🦀", "\u{a0}", &printable];
    let ids: Vec<RecordId> = odd
        .iter()
        .flat_map(|key| [None, Some("s"), Some("{s}"), Some(*key)].map(|scope| RecordId::new("n", scope, key).unwrap()))
        .chain([RecordId::new("", None, "n").unwrap(), RecordId::new("größe{x}\n", None, "n").unwrap()])
        .collect();
    for id in &ids {
        let claim = NewClaim { id: id.clone(), ..claim("k") };
        assert!(matches!(store.claim(claim).await.unwrap(), Claimed::Won), "{id:?}");
    }
    let late = SystemTime::now() + Duration::from_secs(61);
    let mut listed: Vec<_> = store.unknowns(late, None, 1000).await.unwrap().into_iter().map(|(id, _)| id).collect();
    let mut expected = ids;
    listed.sort();
    expected.sort();
    assert_eq!(listed, expected);
}

/// What something else wrote under our key is never taken for a record, nor for none.
#[tokio::test]
async fn what_is_no_record_is_an_error() {
    let Some((server, store)) = own("a spoilt record", &[]).await else { return };
    let first = claim("order-1");
    store.claim(first.clone()).await.unwrap();
    let key = record_key(&server);
    server.command(&["HSET", &key, "until", "tomorrow"]).unwrap();
    for error in [store.get(&first.id).await.err(), store.claim(claim("order-1")).await.err()] {
        assert_eq!(error.unwrap().to_string(), RedisError::Unreadable.to_string());
    }
    server.command(&["DEL", &key]).unwrap();
    server.command(&["SET", &key, "text"]).unwrap();
    let error = store.claim(claim("order-1")).await.unwrap_err();
    assert_eq!(error.to_string(), "Redis answered WRONGTYPE");
}
