//! Once, and not lost.

use std::sync::{Arc, Mutex};

use steadfast::clock;
use steadfast::first_seen::{FirstSeen, MemoryFirstSeen};
use steadfast::idempotent::StoreError;

use super::super::{Inbox, Standard, Stripe};
use super::*;

fn inbox(seen: MemoryFirstSeen) -> Inbox<Standard, MemoryFirstSeen> {
    Inbox::new("gateway", Verifier::standard([SECRET]).unwrap(), seen)
}

fn signed(id: &str, at: SystemTime) -> [(&'static str, String); 3] {
    StandardSigner::new([SECRET]).unwrap().sign(id, at, "{}").unwrap()
}

#[tokio::test]
async fn the_same_delivery_is_accepted_once_by_all_who_share_the_store() {
    let seen = MemoryFirstSeen::default();
    let headers = signed("evt_17", clock::wall());
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (inbox, headers) = (inbox(seen.clone()), headers.clone());
        all.spawn(async move { inbox.accept(&headers, "{}").await.map(|_| ()) });
    }
    let answers = all.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert!(answers.iter().all(|answer| !matches!(answer, Err(error) if !matches!(error, WebhookError::Replayed))));
    assert_eq!(told(inbox(seen).accept(&headers, "{}").await).1, "webhook_replayed");
}

#[tokio::test]
async fn the_next_attempt_to_deliver_an_event_is_accepted() {
    let (inbox, now) = (inbox(MemoryFirstSeen::default()), clock::wall());
    assert!(inbox.accept(&signed("evt_17", now), "{}").await.is_ok());
    assert!(inbox.accept(&signed("evt_17", now + Duration::from_secs(5)), "{}").await.is_ok());
    assert!(inbox.accept(&signed("evt_18", now), "{}").await.is_ok());
}

#[tokio::test]
async fn what_is_refused_is_not_remembered() {
    let seen = MemoryFirstSeen::default();
    let (inbox, now) = (inbox(seen.clone()), clock::wall());
    assert!(inbox.accept(&signed("evt_17", now), "forged").await.is_err());
    assert!(inbox.accept(&signed("evt_17", now - Duration::from_secs(400)), "{}").await.is_err());
    assert!(seen.is_empty());
    assert!(inbox.accept(&signed("evt_17", now), "{}").await.is_ok());
}

#[tokio::test]
async fn two_senders_in_one_store_do_not_meet() {
    let seen = MemoryFirstSeen::default();
    let other = Inbox::new("other", Verifier::standard([SECRET]).unwrap(), seen.clone());
    let headers = signed("evt_17", clock::wall());
    assert!(inbox(seen).accept(&headers, "{}").await.is_ok());
    assert!(other.accept(&headers, "{}").await.is_ok());
}

/// Notes how long it was told to remember.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<(SystemTime, SystemTime)>>>);

impl FirstSeen for Notes {
    async fn first_seen(&self, _: &str, _: &str, now: SystemTime, until: SystemTime) -> Result<bool, StoreError> {
        self.0.lock().unwrap().push((now, until));
        Ok(true)
    }
}

#[tokio::test]
async fn it_remembers_for_longer_than_anybody_accepts() {
    let tolerance = Duration::from_secs(60);
    let verifier = Verifier::standard([SECRET]).unwrap().with_tolerance(tolerance).unwrap();
    let (notes, now) = (Notes::default(), at(clock::wall().duration_since(at(0)).unwrap().as_secs()));
    let inbox = Inbox::new("gateway", verifier, notes.clone());
    for signed_at in [now - Duration::from_secs(50), now, now + Duration::from_secs(50)] {
        inbox.accept(&signed("evt_17", signed_at), "{}").await.unwrap();
        let (asked, until) = notes.0.lock().unwrap().pop().unwrap();
        // By a clock that is right it is accepted until one tolerance after it was signed; by one that is
        // late by up to the tolerance, until two.
        assert_eq!(until, signed_at + 2 * tolerance);
        assert!(until > asked + Duration::from_secs(5));
    }
}

#[tokio::test]
async fn a_store_that_does_not_know_accepts_nothing() {
    #[derive(Clone)]
    struct Down;
    impl FirstSeen for Down {
        async fn first_seen(&self, _: &str, _: &str, _: SystemTime, _: SystemTime) -> Result<bool, StoreError> {
            Err(StoreError::full())
        }
    }
    let inbox: Inbox<Standard, _> = Inbox::new("gateway", Verifier::standard([SECRET]).unwrap(), Down);
    let (_, code, status) = told(inbox.accept(&signed("evt_17", clock::wall()), "{}").await);
    assert_eq!((code, status), ("webhook_store_unavailable", 503));
}

#[tokio::test(start_paused = true)]
async fn after_its_time_the_memory_is_empty_and_the_delivery_is_too_old() {
    let seen = MemoryFirstSeen::default();
    let (inbox, now) = (inbox(seen.clone()), clock::wall());
    let headers = signed("evt_17", now);
    assert!(inbox.accept(&headers, "{}").await.is_ok());
    for seconds in [0, 1, 298, 300, 301, 900] {
        tokio::time::advance(Duration::from_secs(seconds)).await;
        assert!(inbox.accept(&headers, "{}").await.unwrap_err().is_replay());
    }
    assert!(inbox.accept(&signed("evt_18", clock::wall()), "{}").await.is_ok());
    assert_eq!(seen.len(), 1);
}

#[tokio::test]
async fn an_inbox_of_stripe_knows_events_by_the_id_in_their_body() {
    let inbox: Inbox<Stripe, _> = Inbox::new("stripe", Verifier::stripe([STRIPE]).unwrap(), MemoryFirstSeen::default());
    let now = clock::wall();
    let header = |body: &str| StripeSigner::new([STRIPE]).unwrap().sign(now, body).unwrap();
    let (first, second) = (r#"{"id": "evt_1"}"#, r#"{"id": "evt_2"}"#);
    assert_eq!(inbox.accept(&header(first), first).await.unwrap().id(), "evt_1");
    assert_eq!(inbox.accept(&header(second), second).await.unwrap().id(), "evt_2");
    assert!(matches!(inbox.accept(&header(first), first).await, Err(WebhookError::Replayed)));
    assert!(format!("{inbox:?}").starts_with("Inbox { space: \"stripe\""), "{inbox:?}");
}

#[tokio::test]
async fn a_payment_error_says_what_a_webhooks_does() {
    use crate::PaymentError;
    let (seen, now) = (MemoryFirstSeen::default(), clock::wall());
    let error = |headers, body| {
        let inbox = inbox(seen.clone());
        async move { PaymentError::from(inbox.accept(&headers, body).await.unwrap_err()) }
    };
    assert!(matches!(error(signed("evt_17", now), "forged").await, PaymentError::WebhookSignature));
    assert!(matches!(error(signed("evt_17", now - Duration::from_secs(400)), "{}").await, PaymentError::WebhookReplay));
    let down = PaymentError::from(WebhookError::StoreUnavailable(StoreError::new("down")));
    assert_eq!((down.code(), down.http_status()), ("store_unavailable", 503));
    let full = PaymentError::from(WebhookError::StoreUnavailable(StoreError::full()));
    assert_eq!((full.code(), full.http_status()), ("store_full", 503));
}
