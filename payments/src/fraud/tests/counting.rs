//! Payments in windows that slide, against a plain list.

use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use crate::fraud::velocity::sliding::{Full, Sliding};
use crate::fraud::{MOST_COUNTED, MemoryVelocity, PaymentId, VelocityCounts, VelocityKey};

const SECOND: Duration = Duration::from_secs(1);

fn key(n: usize) -> VelocityKey {
    VelocityKey::new("engine", "rule", &n.to_string(), Duration::from_millis(3 + 4 * n as u64))
}

fn payment(n: u32) -> PaymentId {
    PaymentId::of(&n.to_string())
}

/// The same with nothing clever: every payment under every key with its time, looked through each time.
#[derive(Default)]
struct Plain(Vec<(usize, u32, Instant)>);

impl Plain {
    fn count(&mut self, payment: u32, keys: &[usize], now: Instant, most: usize) -> Result<Vec<u32>, Full> {
        self.0.retain(|(of, _, at)| now - *at < key(*of).window());
        let new = |of: &&usize| !self.0.iter().any(|(key, present, _)| (key, *present) == (*of, payment));
        let new: Vec<_> = keys.iter().filter(new).copied().collect();
        if self.0.len() + new.len() > most {
            return Err(Full);
        }
        self.0.extend(new.into_iter().map(|of| (of, payment, now)));
        let of_key = |of: &usize| self.0.iter().filter(|(key, ..)| key == of).count();
        Ok(keys.iter().map(|of| u32::try_from(of_key(of)).unwrap()).collect())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn they_count_as_a_plain_list_does(
        steps in prop::collection::vec((0..9_u32, prop::sample::subsequence(vec![0, 1, 2], 0..=3), 0..6_u64), 1..80),
        most in 0..12_usize,
    ) {
        let (mut counted, mut plain, mut now) = (Sliding::default(), Plain::default(), Instant::now());
        for (n, keys, millis) in steps {
            now += Duration::from_millis(millis);
            let asked: Vec<_> = keys.iter().copied().map(key).collect();
            let answer = counted.count(payment(n), &asked, now, most);
            prop_assert_eq!(answer, plain.count(n, &keys, now, most));
            prop_assert_eq!(counted.len(), plain.0.len());
        }
        counted.count(payment(0), &[], now + SECOND, most).unwrap();
        prop_assert!(counted.is_empty(), "what nobody asks for is forgotten");
    }
}

#[test]
fn one_key_twice_is_one_payment() {
    let mut counted = Sliding::default();
    assert_eq!(counted.count(payment(1), &[key(1), key(1)], Instant::now(), 1), Ok(vec![1, 1]));
    assert_eq!(counted.len(), 1);
}

#[test]
fn a_clock_that_stands_still_or_behind_forgets_nothing() {
    let (mut counted, now) = (Sliding::default(), Instant::now() + SECOND);
    assert_eq!(counted.count(payment(1), &[key(1)], now, 9), Ok(vec![1]));
    assert_eq!(counted.count(payment(2), &[key(1)], now - SECOND, 9), Ok(vec![2]));
}

#[test]
fn under_one_key_the_latest_are_remembered() {
    let (mut counted, now, key) = (Sliding::default(), Instant::now(), key(0));
    for n in 0..MOST_COUNTED + 10 {
        let counts = counted.count(payment(n), std::slice::from_ref(&key), now, usize::MAX).unwrap();
        assert_eq!(counts, [(n + 1).min(MOST_COUNTED)]);
    }
    assert_eq!(counted.len(), MOST_COUNTED as usize);
}

#[tokio::test(start_paused = true)]
async fn it_follows_the_clock_and_clones_count_together() {
    let (counts, keys) = (MemoryVelocity::default(), [VelocityKey::new("e", "r", "v", SECOND)]);
    assert_eq!(counts.count(payment(1), &keys).await.unwrap(), [1]);
    tokio::time::advance(SECOND - Duration::from_nanos(1)).await;
    assert_eq!(counts.clone().count(payment(2), &keys).await.unwrap(), [2]);
    assert_eq!(counts.count(payment(1), &keys).await.unwrap(), [2]);
    tokio::time::advance(Duration::from_nanos(1)).await;
    assert_eq!(counts.count(payment(2), &keys).await.unwrap(), [1]);
    assert_eq!(counts.count(payment(1), &keys).await.unwrap(), [2], "its window is over, so it is an attempt anew");
    assert_eq!(format!("{counts:?}"), "MemoryVelocity { payments: 2, max_payments: 100000 }");
}
