//! What an operator finds, and what it may say.

use std::time::{Duration, SystemTime};

use super::support::*;
use crate::idempotent::*;
use crate::{RecordError, clock};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A record of unknown outcome under the key.
async fn doubt(store: &MemoryStore, key: &str) -> RecordId {
    let (now, token) = (clock::wall(), Token::random());
    claim(store, key, token, now).await;
    assert_eq!(store.complete(&id(key), token, Outcome::Unknown).await.unwrap(), Held::Yes);
    id(key)
}

async fn claim(store: &MemoryStore, key: &str, token: Token, now: SystemTime) {
    let claim = NewClaim { token, ..NewClaim::new(id(key), now, Duration::from_secs(60)) };
    assert!(matches!(store.claim(claim).await.unwrap(), Claimed::Won));
}

#[tokio::test(start_paused = true)]
async fn every_unknown_outcome_is_found_page_by_page() {
    let store = MemoryStore::default();
    for n in 0..25 {
        doubt(&store, &format!("{n:02}")).await;
    }
    let begun = clock::wall();
    claim(&store, "dead", Token::random(), begun).await;
    claim(&store, "known", Token::random(), begun).await;
    tokio::time::advance(Duration::from_secs(61)).await;
    claim(&store, "alive", Token::random(), clock::wall()).await;
    Operator::of(&store).never_happened(&id("known"), "a test").await.unwrap();

    for page in [1, 7, 25, 26, 100] {
        let mut unknowns = Operator::of(&store).page(page).unknowns();
        let mut found = Vec::new();
        while let Some(unknown) = unknowns.next().await.unwrap() {
            found.push(unknown);
        }
        assert_eq!(found.len(), 26, "{page}");
        let dead = found.iter().find(|unknown| unknown.id.key() == "dead").unwrap();
        assert_eq!((dead.why, dead.claimed_at), (WhyUnknown::LeaseRanOut, begun));
        assert_eq!(dead.since, begun + Duration::from_secs(60));
        assert!(found.iter().filter(|unknown| unknown.why == WhyUnknown::Told).count() == 25);
        assert!(unknowns.next().await.unwrap().is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn what_it_says_is_replayed_for_as_long_as_it_says() {
    let store = MemoryStore::default();
    let known = doubt(&store, "k").await;
    let operator = Operator::of(&store).ttl(2 * DAY);
    operator.resolve_with(&known, &Charge { id: 9 }, " on the statement ").await.unwrap();
    let record = store.get(&known).await.unwrap().unwrap();
    assert_eq!(record.resolved.as_deref(), Some("on the statement"));
    let runs = Runs::default();
    let again = || pay(call(&POLICY, "k", 5), &store, runs.ok());
    assert_eq!(again().await.unwrap().unwrap(), Charge { id: 9 });
    tokio::time::advance(2 * DAY).await;
    assert_eq!(again().await.unwrap().unwrap(), Charge { id: 7 });
    assert_eq!(runs.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_unknown_is_refused_and_left_as_it_is() {
    let store = MemoryStore::default();
    let operator = Operator::of(&store);
    let doubtful = doubt(&store, "k").await;
    for reason in ["", "  \n"] {
        let refused = operator.never_happened(&doubtful, reason).await;
        assert!(matches!(refused, Err(ResolveError::NoReason)));
    }
    let none = operator.never_happened(&id("never heard of"), "why not").await;
    assert!(matches!(none, Err(ResolveError::NoRecord)));

    claim(&store, "running", Token::random(), clock::wall()).await;
    let running = operator.resolve_with(&id("running"), &Charge { id: 9 }, "impatient").await;
    assert!(matches!(running, Err(ResolveError::InFlight { .. })));

    operator.resolve_with(&doubtful, &Charge { id: 9 }, "once").await.unwrap();
    let twice = operator.resolve_with(&doubtful, &Charge { id: 8 }, "twice").await;
    assert!(matches!(twice, Err(ResolveError::Known)));
    let ran = pay(call(&POLICY, "k", 5), &store, Runs::default().ok()).await;
    assert_eq!(ran.unwrap().unwrap(), Charge { id: 9 });
}

#[tokio::test(start_paused = true)]
async fn only_terminal_errors_are_results() {
    let store = MemoryStore::default();
    let operator = Operator::of(&store);
    let doubtful = doubt(&store, "k").await;
    for error in [PayError::Connect, PayError::TimedOutAfterSend] {
        let refused = operator.resolve_with_error(&doubtful, &error, "a guess").await;
        assert!(matches!(refused, Err(ResolveError::NotTerminal)));
    }
    operator.resolve_with_error(&doubtful, &PayError::Declined { code: 51 }, "asked them").await.unwrap();
    let replayed = pay(call(&POLICY, "k", 5), &store, Runs::default().ok()).await.unwrap();
    assert!(matches!(replayed, Err(PayError::Declined { code: 51 })));

    let lossy = doubt(&store, "lossy").await;
    let refused = operator.resolve_with(&lossy, &f64::NAN, "not a number").await;
    assert!(matches!(refused, Err(ResolveError::Unencodable(_))));
    assert_eq!(state(&store, "lossy").await, Some(UNKNOWN));
}

/// A store in which somebody is always quicker.
#[derive(Clone, Default)]
struct Contested(Faulty);

impl Store for Contested {
    async fn claim(&self, claim: NewClaim) -> Result<Claimed, StoreError> {
        self.0.claim(claim).await
    }
    async fn complete(&self, id: &RecordId, token: Token, outcome: Outcome) -> Result<Held, StoreError> {
        self.0.complete(id, token, outcome).await
    }
    async fn release(&self, id: &RecordId, token: Token) -> Result<Held, StoreError> {
        self.0.release(id, token).await
    }
    async fn extend(&self, id: &RecordId, token: Token, lease_until: SystemTime) -> Result<Held, StoreError> {
        self.0.extend(id, token, lease_until).await
    }
    async fn get(&self, id: &RecordId) -> Result<Option<Record>, StoreError> {
        let record = self.0.get(id).await?;
        if let Some(record) = &record {
            let stored = Stored::Value(b"7".as_slice().into());
            let resolution = Resolution::Happened { stored, expires_at: clock::wall() + Duration::from_secs(3600) };
            self.0.resolve(id, record.seen(), resolution, "somebody was quicker").await?;
        }
        Ok(record)
    }
    async fn unknowns(
        &self,
        now: SystemTime,
        after: Option<&RecordId>,
        limit: usize,
    ) -> Result<Vec<(RecordId, Record)>, StoreError> {
        self.0.unknowns(now, after, limit).await
    }
    async fn resolve(
        &self,
        id: &RecordId,
        seen: Seen,
        resolution: Resolution,
        reason: &str,
    ) -> Result<Held, StoreError> {
        self.0.resolve(id, seen, resolution, reason).await
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_is_too_late_is_told() {
    let store = Contested::default();
    let doubtful = doubt(&store.0.inner, "k").await;
    let late = Operator::of(&store).never_happened(&doubtful, "late").await;
    assert!(matches!(late, Err(ResolveError::Lost)));
    assert!(is_value(&state(&store.0.inner, "k").await));
}

#[tokio::test(start_paused = true)]
async fn a_codec_seals_what_it_says() {
    struct Upside;
    impl Codec for Upside {
        fn encode(&self, _: &RecordId, plain: Vec<u8>) -> Result<Vec<u8>, RecordError> {
            Ok(plain.iter().map(|byte| !byte).collect())
        }
        fn decode(&self, _: &RecordId, stored: &[u8]) -> Result<Vec<u8>, RecordError> {
            Ok(stored.iter().map(|byte| !byte).collect())
        }
    }
    let store = MemoryStore::default();
    let doubtful = doubt(&store, "k").await;
    Operator::of(&store).codec(Upside).resolve_with(&doubtful, &Charge { id: 9 }, "sealed").await.unwrap();
    let Some(RecordState::Ended(Outcome::Known { stored: Stored::Value(bytes), .. })) = state(&store, "k").await else {
        panic!()
    };
    let plain: Vec<u8> = bytes.iter().map(|byte| !byte).collect();
    assert_eq!(plain, br#"{"id":9}"#);
}

#[tokio::test(start_paused = true)]
async fn what_was_found_out_about_a_call_is_said_of_no_later_one() {
    let store = MemoryStore::default();
    let operator = Operator::of(&store);
    let same = doubt(&store, "k").await;
    let first = operator.unknowns().next().await.unwrap().unwrap();
    operator.never_happened(&same, "somebody has asked").await.unwrap();
    doubt(&store, "k").await;
    for late in [
        operator.never_happened(&first, "an old statement").await,
        operator.resolve_with(&first, &Charge { id: 9 }, "an old statement").await,
        operator.resolve_with_error(&first, &PayError::Declined { code: 51 }, "an old statement").await,
    ] {
        assert!(matches!(late, Err(ResolveError::Lost)));
    }
    assert_eq!(state(&store, "k").await, Some(UNKNOWN));
    let second = operator.unknowns().next().await.unwrap().unwrap();
    operator.never_happened(&second, "a new one").await.unwrap();
}

#[test]
fn what_is_found_is_told_as_people_read_it() {
    let epoch = SystemTime::UNIX_EPOCH;
    let unknown = |at| UnknownOutcome {
        id: RecordId::new("charges", Some("acme"), "k").unwrap(),
        claimed_at: at,
        since: epoch + Duration::from_secs(60),
        why: WhyUnknown::LeaseRanOut,
        seen: Seen { token: Token::random(), version: 0 },
    };
    let told = serde_json::to_value(unknown(epoch)).unwrap();
    let expected = serde_json::json!({
        "name": "charges",
        "scope": "acme",
        "key": "k",
        "claimed_at": "1970-01-01T00:00:00Z",
        "since": "1970-01-01T00:01:00Z",
        "why": "lease_ran_out",
    });
    assert_eq!(told, expected);
    // A store may have kept any time.
    for odd in [epoch - DAY, epoch + Duration::from_secs(1 << 40)] {
        assert!(serde_json::to_value(unknown(odd)).is_ok());
        let refused = ResolveError::InFlight { lease_until: odd };
        assert!(refused.to_string().contains("until"));
    }
}
