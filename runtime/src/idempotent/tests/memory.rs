//! The memory store: its bound, what it forgets, and what operators do with it.

use std::time::{Duration, SystemTime};

use super::support::*;
use crate::idempotent::*;

const T0: SystemTime = SystemTime::UNIX_EPOCH;

fn at(seconds: u64) -> SystemTime {
    T0 + Duration::from_secs(seconds)
}

fn new_claim(key: &str, now: u64) -> NewClaim {
    NewClaim::new(id(key), at(now), Duration::from_secs(60))
}

fn won(store: &MemoryStore, claim: &NewClaim) -> bool {
    matches!(at_once(store.claim(claim.clone())), Ok(Claimed::Won))
}

fn value(expires: u64) -> Outcome {
    Outcome::Known { stored: Stored::Value([1].as_slice().into()), expires_at: at(expires) }
}

fn complete(store: &MemoryStore, claim: &NewClaim, outcome: Outcome) -> Held {
    at_once(store.complete(&claim.id, claim.token, outcome)).unwrap()
}

#[test]
fn one_claim_wins() {
    let store = MemoryStore::default();
    let claim = new_claim("k", 0);
    assert!(won(&store, &claim));
    let Ok(Claimed::Found(record)) = at_once(store.claim(claim.clone())) else { panic!("won twice") };
    assert_eq!((record.token, record.version), (claim.token, 0));
    assert!(!won(&store, &new_claim("k", 0)));
}

#[test]
fn taking_over_needs_the_version_that_was_seen() {
    let store = MemoryStore::default();
    let first = new_claim("k", 0);
    assert!(won(&store, &first));
    let seen = at_once(store.get(&first.id)).unwrap().unwrap().seen();
    // The owner lives after all.
    assert_eq!(at_once(store.extend(&first.id, first.token, at(120))).unwrap(), Held::Yes);
    let second = NewClaim { take_over: Some(seen), ..new_claim("k", 61) };
    assert!(!won(&store, &second));
    let seen = at_once(store.get(&first.id)).unwrap().unwrap().seen();
    assert!(won(&store, &NewClaim { take_over: Some(seen), ..second }));
    assert_eq!(complete(&store, &first, value(1000)), Held::Lost);
}

#[test]
fn only_what_is_in_flight_changes_by_its_owners_word() {
    let store = MemoryStore::default();
    let claim = new_claim("k", 0);
    assert!(won(&store, &claim));
    assert_eq!(at_once(store.release(&claim.id, Token::random())).unwrap(), Held::Lost);
    assert_eq!(complete(&store, &claim, value(100)), Held::Yes);
    // Again, because the first answer may have been lost.
    assert_eq!(complete(&store, &claim, value(100)), Held::Yes);
    assert_eq!(at_once(store.release(&claim.id, claim.token)).unwrap(), Held::Lost);
    // What has ended stays as it is, and is its owner's.
    assert_eq!(at_once(store.extend(&claim.id, claim.token, at(1))).unwrap(), Held::Yes);
    assert_eq!(complete(&store, &claim, Outcome::Unknown), Held::Yes);
    assert!(is_value(&at_once(state(&store, "k"))));
    assert_eq!(store.len(), 1);
}

#[test]
fn a_full_store_forgets_what_expired_and_nothing_else() {
    let store = MemoryStore::new(3);
    let (expires, unknown, running) = (new_claim("a", 0), new_claim("b", 0), new_claim("c", 0));
    for claim in [&expires, &unknown, &running] {
        assert!(won(&store, claim));
    }
    complete(&store, &expires, value(100));
    complete(&store, &unknown, Outcome::Unknown);
    let full = at_once(store.claim(new_claim("d", 99))).unwrap_err();
    assert!(full.is_full());
    assert!(won(&store, &new_claim("d", 100)));
    assert_eq!(store.len(), 3);
    assert!(at_once(store.claim(new_claim("e", 1_000_000))).unwrap_err().is_full());
    assert_eq!(at_once(state(&store, "a")), None);
    assert_eq!(at_once(state(&store, "b")), Some(UNKNOWN));
    assert!(at_once(state(&store, "c")).is_some());
    assert_eq!(at_once(store.release(&running.id, running.token)).unwrap(), Held::Yes);
    assert!(won(&store, &new_claim("e", 1_000_000)));
}

#[test]
fn a_store_for_nothing_refuses_everything() {
    assert!(at_once(MemoryStore::new(0).claim(new_claim("k", 0))).unwrap_err().is_full());
}

#[test]
fn expired_records_go_as_new_ones_come() {
    let store = MemoryStore::new(10_000);
    for n in 0..9_000_u64 {
        let claim = new_claim(&n.to_string(), n);
        assert!(won(&store, &claim));
        complete(&store, &claim, value(n + 10));
    }
    assert!(store.len() < 1_000, "{}", store.len());
}

#[test]
fn clones_share_the_records_and_nothing_is_shown() {
    let store = MemoryStore::default();
    let claim = new_claim("secret", 0);
    assert!(won(&store.clone(), &claim));
    complete(&store, &claim, value(10));
    assert_eq!(format!("{store:?}"), "MemoryStore { records: 1, max_records: 100000, .. }");
    assert_eq!(format!("{:?}", Stored::Value([1, 2].as_slice().into())), "Value(2 bytes)");
}

#[test]
fn unknown_outcomes_are_listed_page_by_page() {
    let store = MemoryStore::default();
    for n in 0..50_u64 {
        let claim = new_claim(&format!("{n:02}"), n);
        assert!(won(&store, &claim));
        match n % 3 {
            0 => assert_eq!(complete(&store, &claim, Outcome::Unknown), Held::Yes),
            1 => assert_eq!(complete(&store, &claim, value(0)), Held::Yes),
            // In flight, until second n + 60.
            _ => {}
        }
    }
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = at_once(store.unknowns(at(80), after.as_ref(), 7)).unwrap();
        assert!(page.len() <= 7);
        let Some((last, _)) = page.last() else { break };
        after = Some(last.clone());
        found.extend(page.into_iter().map(|(id, _)| id.key().to_owned()));
    }
    let expected: Vec<_> =
        (0..50).filter(|n| n % 3 == 0 || n % 3 == 2 && n + 60 <= 80).map(|n| format!("{n:02}")).collect();
    assert_eq!(found, expected);
}

#[test]
fn an_unknown_outcome_is_resolved_with_a_reason() {
    let store = MemoryStore::default();
    for key in ["happened", "never"] {
        let claim = new_claim(key, 0);
        assert!(won(&store, &claim));
        complete(&store, &claim, Outcome::Unknown);
    }
    let resolve = |key: &str, seen, resolution| at_once(store.resolve(&id(key), seen, resolution, "ledger")).unwrap();
    let seen = |key: &str| at_once(store.get(&id(key))).unwrap().unwrap().seen();
    let happened = || Resolution::Happened { stored: Stored::Value([7].as_slice().into()), expires_at: at(9) };

    let before = seen("happened");
    assert_eq!(resolve("happened", before, happened()), Held::Yes);
    let record = at_once(store.get(&id("happened"))).unwrap().unwrap();
    assert_eq!(record.resolved.as_deref(), Some("ledger"));
    assert!(is_value(&Some(record.state)));
    // The owner comes back.
    let late = at_once(store.complete(&id("happened"), before.token, Outcome::Unknown)).unwrap();
    assert_eq!(late, Held::Lost);
    assert_eq!(resolve("happened", before, Resolution::NeverHappened), Held::Lost);

    assert_eq!(resolve("never", seen("never"), Resolution::NeverHappened), Held::Yes);
    assert_eq!(at_once(state(&store, "never")), None);
    assert_eq!(store.len(), 1);
    assert_eq!(resolve("never", before, Resolution::NeverHappened), Held::Lost);
}

#[test]
fn threads_agree_on_one_winner() {
    let store = MemoryStore::new(64);
    let wins: Vec<usize> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| (0..64).filter(|n| won(&store, &new_claim(&n.to_string(), 0))).count()))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(wins.iter().sum::<usize>(), 64);
    assert_eq!(store.len(), 64);
}
