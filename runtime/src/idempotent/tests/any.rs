//! A boxed store answers as the one inside does.

use std::time::{Duration, SystemTime};

use super::support::*;
use crate::idempotent::*;

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn claim(key: &str, token: u8) -> NewClaim {
    NewClaim { token: Token::from_bytes([token; 16]), ..NewClaim::new(id(key), at(0), Duration::from_secs(60)) }
}

/// Every method, with every answer it has, as text.
fn asked_everything<S: Store>(store: &S) -> Vec<String> {
    let [mine, other, late] = [claim("a", 1), claim("a", 2), claim("b", 3)];
    let value = Outcome::Known { stored: Stored::Value([7].as_slice().into()), expires_at: at(500) };
    let seen = Seen { token: late.token, version: 0 };
    vec![
        format!("{:?}", store.at_hand(&mine.id)),
        format!("{:?}", at_once(store.claim(mine.clone()))),
        format!("{:?}", at_once(store.claim(other.clone()))),
        format!("{:?}", at_once(store.extend(&mine.id, mine.token, at(90)))),
        format!("{:?}", at_once(store.extend(&mine.id, other.token, at(90)))),
        format!("{:?}", at_once(store.complete(&mine.id, other.token, value.clone()))),
        format!("{:?}", at_once(store.complete(&mine.id, mine.token, value))),
        format!("{:?}", store.at_hand(&mine.id)),
        format!("{:?}", at_once(store.release(&mine.id, mine.token))),
        format!("{:?}", at_once(store.claim(late.clone()))),
        format!("{:?}", at_once(store.unknowns(at(59), None, 9))),
        format!("{:?}", at_once(store.unknowns(at(60), None, 9))),
        format!("{:?}", at_once(store.unknowns(at(60), Some(&late.id), 9))),
        format!("{:?}", at_once(store.unknowns(at(60), None, 0))),
        format!("{:?}", at_once(store.resolve(&mine.id, seen, Resolution::NeverHappened, "asked"))),
        format!("{:?}", at_once(store.resolve(&late.id, seen, Resolution::NeverHappened, "asked"))),
        format!("{:?}", at_once(store.get(&late.id))),
        format!("{:?}", at_once(store.get(&mine.id))),
        format!("{:?}", at_once(store.claim(late.clone()))),
        format!("{:?}", at_once(store.release(&late.id, late.token))),
    ]
}

#[test]
fn it_answers_as_the_store_inside() {
    let plain = asked_everything(&MemoryStore::default());
    assert_eq!(asked_everything(&AnyStore::new(MemoryStore::default())), plain);
    assert_eq!(asked_everything(&AnyStore::new(AnyStore::new(MemoryStore::default()))), plain);
    // The script does reach both answers of each kind.
    for answer in ["Won", "Found(", "Ok(Yes)", "Ok(Lost)", "None", "Some(", "Ok([])", "Ok([("] {
        assert!(plain.iter().any(|told| told.contains(answer)), "{answer}: {plain:?}");
    }
}

#[test]
fn its_errors_are_those_of_the_store_inside() {
    let full = AnyStore::new(MemoryStore::new(0));
    assert!(at_once(full.claim(claim("a", 1))).unwrap_err().is_full());
}

#[test]
fn clones_are_the_same_store() {
    let inside = MemoryStore::default();
    let one = AnyStore::new(inside.clone());
    let two = one.clone();
    assert!(matches!(at_once(two.claim(claim("a", 1))), Ok(Claimed::Won)));
    assert!(matches!(at_once(one.claim(claim("a", 2))), Ok(Claimed::Found(_))));
    assert_eq!(inside.len(), 1);
}

#[tokio::test]
async fn a_call_is_replayed_from_it_at_hand() {
    let (store, runs) = (AnyStore::new(MemoryStore::default()), Runs::default());
    for _ in 0..2 {
        pay(call(&POLICY, "k", 500), &store, runs.ok()).await.unwrap().unwrap();
    }
    assert_eq!(runs.count(), 1);
    assert!(store.at_hand(&id("k")).is_some());
}

#[test]
fn its_debug_is_the_kind_and_nothing_of_what_is_inside() {
    let store = AnyStore::new(MemoryStore::default());
    assert!(matches!(at_once(store.claim(claim("4111111111111111", 1))), Ok(Claimed::Won)));
    assert_eq!(format!("{store:?}"), "AnyStore(MemoryStore)");
    assert_eq!(format!("{:?}", AnyStore::new(store)), "AnyStore(AnyStore)");
}
