//! Owners of one key that meet in the memory store.

use std::time::{Duration, SystemTime};

use shuttle::future::block_on;
use shuttle::thread;
use steadfast::idempotent::{Claimed, Held, MemoryStore, NewClaim, Outcome, RecordId, Store, Stored, Token};

const ROUNDS: usize = 2_000;
const LEASE: Duration = Duration::from_secs(60);

fn claim() -> NewClaim {
    NewClaim::new(RecordId::new("model", None, "key").unwrap(), SystemTime::UNIX_EPOCH, LEASE)
}

fn won(claimed: &Claimed) -> bool {
    matches!(claimed, Claimed::Won)
}

fn done() -> Outcome {
    let stored = Stored::Value(b"1".to_vec().into());
    Outcome::Known { stored, expires_at: SystemTime::UNIX_EPOCH + 100 * LEASE }
}

#[test]
fn one_of_three_claims_wins() {
    shuttle::check_random(
        || {
            let records = MemoryStore::default();
            let threads: Vec<_> = (0..3)
                .map(|_| {
                    let records = records.clone();
                    thread::spawn(move || won(&block_on(records.claim(claim())).unwrap()))
                })
                .collect();
            let winners: usize = threads.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum();
            assert_eq!((winners, records.len()), (1, 1));
        },
        ROUNDS,
    );
}

/// The first owner ends at the moment in which another takes the key over: one of them has it.
#[test]
fn a_take_over_and_the_late_owners_end_do_not_both_hold() {
    shuttle::check_random(
        || {
            let records = MemoryStore::default();
            let first = claim();
            assert!(won(&block_on(records.claim(first.clone())).unwrap()));
            let seen = block_on(records.get(&first.id)).unwrap().unwrap().seen();
            let take_over = NewClaim { take_over: Some(seen), token: Token::random(), ..first.clone() };
            let other = {
                let (records, take_over) = (records.clone(), take_over.clone());
                thread::spawn(move || won(&block_on(records.claim(take_over)).unwrap()))
            };
            let ended = block_on(records.complete(&first.id, first.token, done())).unwrap() == Held::Yes;
            let taken = other.join().unwrap();
            assert!(ended != taken, "ended {ended}, taken {taken}");
            let late = block_on(records.complete(&take_over.id, take_over.token, done())).unwrap();
            assert_eq!(late == Held::Yes, taken);
        },
        ROUNDS,
    );
}

/// A store that is nearly full never holds more than it may, whoever comes first.
#[test]
fn a_full_store_refuses_and_counts_right() {
    shuttle::check_random(
        || {
            let records = MemoryStore::new(1);
            let threads: Vec<_> = (0..2)
                .map(|number: u32| {
                    let records = records.clone();
                    thread::spawn(move || {
                        let id = RecordId::new("model", None, &number.to_string()).unwrap();
                        let claim = NewClaim { id, ..claim() };
                        let won = block_on(records.claim(claim.clone())).is_ok_and(|claimed| won(&claimed));
                        if won {
                            assert_eq!(block_on(records.release(&claim.id, claim.token)).unwrap(), Held::Yes);
                        }
                        won
                    })
                })
                .collect();
            let winners = threads.into_iter().map(|thread| thread.join().unwrap()).filter(|won| *won);
            assert!(winners.count() >= 1);
            assert_eq!(records.len(), 0);
            assert!(won(&block_on(records.claim(claim())).unwrap()), "a slot is lost");
        },
        ROUNDS,
    );
}

/// Two who bring one new key count it once, or the store would have less room later.
#[test]
fn a_new_key_that_two_bring_at_once_takes_one_slot() {
    for capacity in 1..=2_u32 {
        shuttle::check_random(move || two_bring_a_key(capacity), ROUNDS);
    }
}

fn two_bring_a_key(capacity: u32) {
    let records = MemoryStore::new(capacity as usize);
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let records = records.clone();
            thread::spawn(move || {
                let claim = claim();
                block_on(records.claim(claim.clone())).is_ok_and(|claimed| won(&claimed)).then_some(claim)
            })
        })
        .collect();
    let winners: Vec<_> = threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect();
    assert_eq!((winners.len(), records.len()), (1, 1));
    assert_eq!(block_on(records.release(&winners[0].id, winners[0].token)).unwrap(), Held::Yes);
    for number in 0..capacity {
        let other = NewClaim { id: RecordId::new("model", None, &number.to_string()).unwrap(), ..claim() };
        assert!(won(&block_on(records.claim(other)).unwrap()), "a slot is lost");
    }
}
