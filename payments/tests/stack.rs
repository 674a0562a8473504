//! Payment errors under a real stack: what is tried again, stored, released, kept.
#![allow(clippy::unwrap_used, clippy::panic, reason = "in tests a panic is the report")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use steadfast::idempotent::MemoryStore;
use steadfast::{Layer, Reason, Rejection, idempotent, retry};
use steadfast_payments::PaymentError;

/// A function that always ends in the same way, and counts how often it runs.
#[derive(Clone)]
struct App {
    records: MemoryStore,
    runs: Arc<AtomicU32>,
    ending: Arc<dyn Fn() -> PaymentError + Send + Sync>,
}

impl App {
    fn ending_in(ending: impl Fn() -> PaymentError + Send + Sync + 'static) -> Self {
        Self { records: MemoryStore::default(), runs: Arc::default(), ending: Arc::new(ending) }
    }

    fn run(&self) -> Result<String, PaymentError> {
        self.runs.fetch_add(1, Ordering::Relaxed);
        Err((self.ending)())
    }

    fn runs(&self) -> u32 {
        self.runs.load(Ordering::Relaxed)
    }
}

#[idempotent(name = "tests.payments.once", key = key, payload = none, store = app.records)]
#[retry(max_attempts = 3, delay = "100ms")]
async fn once(app: App, key: String) -> Result<String, PaymentError> {
    app.run()
}

#[idempotent(name = "tests.payments.repeatable", key = key, payload = none, store = app.records)]
#[retry(max_attempts = 3, delay = "100ms", repeatable)]
async fn repeatable(app: App, key: String) -> Result<String, PaymentError> {
    app.run()
}

fn key() -> String {
    "order-17".to_owned()
}

fn terminal() -> [PaymentError; 7] {
    [
        PaymentError::Declined { code: "do_not_honor".into(), reason: "the bank said no".into() },
        PaymentError::InsufficientFunds,
        PaymentError::FraudBlocked { rule: "blocklist".to_owned() },
        PaymentError::AuthenticationRequired { challenge: "https://acs.example/3ds?s=1".parse().unwrap() },
        PaymentError::InvalidRequest { field: "amount".into(), reason: "must be positive".into() },
        PaymentError::WebhookSignature,
        PaymentError::WebhookReplay,
    ]
}

#[tokio::test(start_paused = true)]
async fn terminal_ones_are_stored_and_replayed_as_they_were() {
    for error in terminal() {
        let first = format!("{error:?} {}", serde_json::to_string(&error).unwrap());
        let app = App::ending_in(move || error.clone());
        for _ in 0..2 {
            let again = once(app.clone(), key()).await.unwrap_err();
            assert_eq!(format!("{again:?} {}", serde_json::to_string(&again).unwrap()), first);
        }
        assert_eq!(app.runs(), 1, "{first}");
    }
}

#[tokio::test(start_paused = true)]
async fn transient_ones_are_tried_again_and_release_the_key() {
    let errors = [
        PaymentError::Network { detail: "connection refused".into() },
        PaymentError::RateLimited { retry_after: None },
        PaymentError::RateLimited { retry_after: Some(Duration::from_secs(1)) },
    ];
    for error in errors {
        let code = error.code();
        let app = App::ending_in(move || error.clone());
        for calls in 1..=2 {
            assert_eq!(once(app.clone(), key()).await.unwrap_err().code(), code);
            assert_eq!(app.runs(), 3 * calls, "{code}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_waits_as_long_as_the_gateway_asks_or_gives_up_at_once() {
    let limited = |wait| App::ending_in(move || PaymentError::RateLimited { retry_after: Some(wait) });

    let (app, began) = (limited(Duration::from_secs(2)), tokio::time::Instant::now());
    once(app.clone(), key()).await.unwrap_err();
    // Time is tokio's here, and stands still but for the pauses: two, between three attempts.
    assert_eq!((app.runs(), began.elapsed().as_secs()), (3, 4));

    let (app, began) = (limited(Duration::from_secs(3600)), tokio::time::Instant::now());
    let error = once(app.clone(), key()).await.unwrap_err();
    assert_eq!((app.runs(), began.elapsed().as_secs()), (1, 0));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)));
}

#[tokio::test(start_paused = true)]
async fn unknown_ones_keep_the_key_and_are_tried_again_only_where_that_is_safe() {
    let errors = [
        PaymentError::GatewayTimeout { detail: "connection reset".into() },
        PaymentError::SagaCompensation { saga: "checkout-7".to_owned(), step: "charge".to_owned() },
    ];
    for error in errors {
        let code = error.code();
        let app = App::ending_in(move || error.clone());
        assert_eq!(once(app.clone(), key()).await.unwrap_err().code(), code);
        assert_eq!(once(app.clone(), key()).await.unwrap_err().code(), "outcome_unknown");
        assert_eq!(app.runs(), 1, "{code}");

        assert_eq!(repeatable(app.clone(), key()).await.unwrap_err().code(), code);
        assert_eq!(repeatable(app.clone(), key()).await.unwrap_err().code(), "outcome_unknown");
        assert_eq!(app.runs(), 4, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_from_below_is_not_tried_again_and_releases_the_key() {
    let running = Duration::from_secs(1);
    let reasons = [Reason::Conflict, Reason::InFlight { retry_after: running }, Reason::MissingKey];
    for reason in reasons {
        let app = App::ending_in(move || Rejection::new(Layer::Idempotent, "below", reason.clone()).into());
        for calls in 1..=2 {
            assert!(matches!(once(app.clone(), key()).await, Err(PaymentError::Refused(_))));
            assert_eq!(app.runs(), calls);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_stacks_own_refusals_have_the_codes_of_payments() {
    #[idempotent(name = "tests.payments.codes", key = key, payload = amount, store = records)]
    async fn slow(records: MemoryStore, amount: u64, key: String) -> Result<u64, PaymentError> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(amount)
    }

    let records = MemoryStore::default();
    let running = tokio::spawn(slow(records.clone(), 5, key()));
    tokio::time::sleep(Duration::from_millis(1)).await;
    let in_flight = slow(records.clone(), 5, key()).await.unwrap_err();
    assert_eq!((in_flight.code(), in_flight.http_status()), ("idempotency_in_flight", 409));
    assert!(in_flight.retry_after().is_some());
    assert_eq!(running.await.unwrap().unwrap(), 5);
    let conflict = slow(records, 6, key()).await.unwrap_err();
    assert_eq!((conflict.code(), conflict.http_status()), ("idempotency_conflict", 422));
}
