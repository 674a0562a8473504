//! `claim.completion(..)`: a record that the body commits by itself, with its work.

use std::future::pending;
use std::time::Duration;

use steadfast::idempotent::{Answer, Claim, Codec, Held, Outcome, RecordId, Resolution, Store, Stored};
use steadfast::{RecordError, idempotent};
use steadfast_tests::{Fault, Hand, PayError, Step, TestStore, listen};
use tokio::time::sleep;
use tracing::Level;

/// What the body does after its record is written.
#[derive(Clone, Copy, Debug)]
enum Then {
    Returns(u64),
    Fails,
    Declines,
    Panics,
    Hangs,
    Works(Duration),
}

/// What a transaction does that moves the money and ends the call; or one that is rolled back.
async fn commit(store: &TestStore, claim: &Claim, value: &u64, commits: bool) {
    let ends = claim.completion(value).unwrap().unwrap();
    if commits {
        assert_eq!(store.complete(&ends.id, ends.token, ends.outcome).await.unwrap(), Held::Yes);
    }
}

async fn then(then: Then) -> Result<u64, PayError> {
    match then {
        Then::Returns(value) => Ok(value),
        Then::Fails => Err(PayError::Down),
        Then::Declines => Err(PayError::declined("51")),
        Then::Panics => panic!("after the commit"),
        Then::Hangs => pending().await,
        Then::Works(time) => {
            sleep(time).await;
            Ok(17)
        }
    }
}

const NAME: &str = "completion.transfer";

#[idempotent(name = "completion.transfer", key = key, payload = none, store = store, claim = claim, lease = "30s")]
async fn transfer(store: TestStore, key: &'static str, commits: bool, ends: Then) -> Result<u64, PayError> {
    commit(&store, &claim, &17, commits).await;
    then(ends).await
}

#[tokio::test(start_paused = true)]
async fn a_committed_record_beats_whatever_the_body_says() {
    let store = TestStore::default();
    for (key, ends) in [
        ("same", Then::Returns(17)),
        ("other", Then::Returns(99)),
        ("fails", Then::Fails),
        ("declines", Then::Declines),
    ] {
        assert_eq!(transfer(store.clone(), key, true, ends).await.unwrap(), 17, "{ends:?}");
        assert_eq!(store.state(NAME, key).await, "value");
        assert_eq!(transfer(store.clone(), key, true, Then::Panics).await.unwrap(), 17, "replayed");
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_rollback_the_layer_decides_as_usual() {
    let store = TestStore::default();
    assert_eq!(transfer(store.clone(), "value", false, Then::Returns(99)).await.unwrap(), 99);
    assert!(matches!(transfer(store.clone(), "free", false, Then::Fails).await, Err(PayError::Down)));
    assert!(transfer(store.clone(), "terminal", false, Then::Declines).await.is_err());
    for (key, state) in [("value", "value"), ("free", "free"), ("terminal", "terminal")] {
        assert_eq!(store.state(NAME, key).await, state);
    }
}

#[tokio::test(start_paused = true)]
async fn neither_a_panic_nor_a_caller_who_leaves_undoes_a_commit() {
    let store = TestStore::default();
    let panicked = tokio::spawn(transfer(store.clone(), "panics", true, Then::Panics)).await;
    assert!(panicked.unwrap_err().is_panic());

    let mut left = Hand::new(transfer(store.clone(), "leaves", true, Then::Works(Duration::from_secs(1))));
    left.poll_pending();
    drop(left);
    sleep(Duration::from_secs(2)).await;

    for key in ["panics", "leaves"] {
        assert_eq!(transfer(store.clone(), key, true, Then::Fails).await.unwrap(), 17);
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewal_after_the_commit_is_no_lost_lease() {
    let store = TestStore::default();
    let (listener, _guard) = listen(Level::WARN);
    let works = Then::Works(Duration::from_secs(25));
    assert_eq!(transfer(store.clone(), "k", true, works).await.unwrap(), 17);
    assert!(store.asked(Step::Extend) >= 2);
    assert_eq!(listener.take_all().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn where_nobody_can_tell_whether_it_was_committed_the_record_stays_as_it_is() {
    let store = TestStore::default();
    store.breaks(Step::Get, Fault::Fail);
    assert!(transfer(store.clone(), "k", true, Then::Fails).await.is_err());
    store.heals(Step::Get);
    assert_eq!(store.state(NAME, "k").await, "value");
    assert_eq!(transfer(store, "k", true, Then::Hangs).await.unwrap(), 17);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_somebody_elses_by_now_is_told_before_the_commit() {
    let store = TestStore::default();
    let Err(PayError::Refused(refused)) = transfer_late(store.clone(), "k").await else { panic!() };
    assert_eq!(refused.code(), "unrecorded");
    assert_eq!(transfer_late(store, "k").await.unwrap(), 1, "what the operator said");
}

#[idempotent(name = "completion.late", key = key, payload = none, store = store, claim = claim)]
async fn transfer_late(store: TestStore, key: &'static str) -> Result<u64, PayError> {
    let id = RecordId::new("completion.late", None, key).unwrap();
    let ends = claim.completion(&17_u64).unwrap().unwrap();
    assert_eq!(ends.id, id);
    // An operator has resolved it meanwhile.
    let seen = store.get(&id).await.unwrap().unwrap().seen();
    let Outcome::Known { expires_at, .. } = ends.outcome.clone() else { panic!() };
    let resolution = Resolution::Happened { stored: Stored::Value(b"1".as_slice().into()), expires_at };
    store.resolve(&id, seen, resolution, "a test").await.unwrap();
    assert_eq!(store.complete(&ends.id, ends.token, ends.outcome).await.unwrap(), Held::Lost);
    Ok(17)
}

#[derive(Clone)]
struct Seal;

impl Codec for Seal {
    fn encode(&self, _: &RecordId, plain: Vec<u8>) -> Result<Vec<u8>, RecordError> {
        // Never the same twice, as with a nonce.
        let nonce = fastrand::u8(..);
        Ok([nonce].into_iter().chain(plain.into_iter().map(|byte| byte ^ nonce)).collect())
    }

    fn decode(&self, _: &RecordId, stored: &[u8]) -> Result<Vec<u8>, RecordError> {
        let [nonce, sealed @ ..] = stored else { return Err(RecordError::new("empty")) };
        Ok(sealed.iter().map(|byte| byte ^ nonce).collect())
    }
}

#[idempotent(name = "completion.sealed", key = key, payload = none, store = store, claim = claim, codec = Seal)]
async fn sealed(store: TestStore, key: &'static str, returns: u64) -> Result<Answer<u64>, PayError> {
    commit(&store, &claim, &17, true).await;
    Ok(Answer::new(returns))
}

#[tokio::test]
async fn it_passes_the_codec_and_the_first_answer_is_no_replay() {
    let store = TestStore::default();
    let first = sealed(store.clone(), "k", 17).await.unwrap();
    assert!(!first.was_replayed());
    let second = sealed(store.clone(), "k", 99).await.unwrap();
    assert!(second.was_replayed());
    assert_eq!((*first, *second), (17, 17));
    assert_eq!(*sealed(store, "other", 99).await.unwrap(), 17);
}

#[idempotent(name = "completion.keyless", key = key, payload = none, store = store, claim = claim, missing_key = run)]
async fn keyless(store: TestStore, key: Option<&'static str>) -> Result<u64, PayError> {
    assert!(claim.completion(&17_u64).unwrap().is_none());
    Ok(5)
}

#[tokio::test]
async fn a_call_without_a_key_has_nothing_to_complete() {
    assert_eq!(keyless(TestStore::default(), None).await.unwrap(), 5);
}

#[tokio::test]
async fn what_cannot_be_written_is_told_to_the_body() {
    #[idempotent(name = "completion.lossy", key = key, payload = none, store = store, claim = claim)]
    async fn lossy(store: TestStore, key: &'static str) -> Result<u64, PayError> {
        assert!(claim.completion(&f64::NAN).is_err());
        Ok(5)
    }
    assert_eq!(lossy(TestStore::default(), "k").await.unwrap(), 5);
}
