//! A charge under its whole stack, at a gateway that goes wrong, by clients who come again.
#![allow(clippy::unwrap_used, clippy::panic, reason = "in tests a panic is the report")]

use std::time::Duration;

use steadfast::idempotent::{Claim, MemoryStore, Recovered};
use steadfast::{idempotent, retry, timeout};
use steadfast_payments::gateway::fake::{FakeGateway, Reply};
use steadfast_payments::gateway::{Authorization, Authorize, ChargeId};
use steadfast_payments::{Currency, Money, PaymentError, PaymentGateway};

#[derive(Clone)]
struct App {
    gateway: FakeGateway,
    records: MemoryStore,
}

impl App {
    fn of(gateway: FakeGateway) -> Self {
        Self { gateway, records: MemoryStore::default() }
    }
}

#[idempotent(
    name = "tests.charge.authorize",
    key = key,
    payload = order,
    store = app.records,
    on_unknown = recover = ask_gateway,
    claim = claim
)]
#[retry(max_attempts = 2, delay = "10ms", repeatable = claim)]
#[timeout("1s")]
async fn authorize(app: App, order: Authorize, key: String) -> Result<Authorization, PaymentError> {
    app.gateway.authorize(&order, claim.downstream_key()).await
}

async fn ask_gateway(
    claim: &Claim,
    app: &App,
    _: &Authorize,
    _: &String,
) -> Result<Recovered<Authorization>, PaymentError> {
    app.gateway.look_up(claim.downstream_key()).await?.recovered()
}

fn order(number: usize) -> Authorize {
    let minor = 100 + i64::try_from(number).unwrap();
    Authorize {
        card: "tok_visa".parse().unwrap(),
        amount: Money::new(minor, Currency::EUR),
        reference: format!("order-{number}"),
    }
}

const ORDERS: usize = 100;

/// Every order is sent until it is paid; one in three clients hangs up at first. What breaks in the
/// middle is finished by the gateway or lost, as the order's number has it.
async fn pay_all(app: &App) {
    for number in 0..ORDERS {
        let charge = || authorize(app.clone(), order(number), number.to_string());
        if number % 3 == 0 {
            let _ = tokio::time::timeout(Duration::from_millis(5), charge()).await;
        }
        for tries in 0.. {
            if charge().await.is_ok() {
                break;
            }
            assert!(tries < 100, "order {number} is never paid");
            if number % 2 == 0 {
                app.gateway.finish_begun()
            } else {
                app.gateway.drop_begun()
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_order_is_charged_once() {
    for seed in 0..20 {
        let app = App::of(FakeGateway::new().with_faults(seed, 2));
        pay_all(&app).await;
        let charges = app.gateway.charges();
        let references: Vec<_> = charges.iter().map(|charge| charge.reference.clone()).collect();
        assert_eq!(references, (0..ORDERS).map(|number| format!("order-{number}")).collect::<Vec<_>>(), "seed {seed}");
    }
}

#[tokio::test(start_paused = true)]
async fn at_a_gateway_that_forgets_keys_the_same_charges_twice() {
    let app = App::of(FakeGateway::new().with_faults(1, 2).without_idempotency());
    pay_all(&app).await;
    assert!(app.gateway.charges().len() > ORDERS);
}

#[tokio::test(start_paused = true)]
async fn a_hung_call_is_resolved_by_asking() {
    let app = App::of(FakeGateway::new());
    app.gateway.on_call(1, Reply::Hang);
    app.gateway.on_call(2, Reply::Hang);
    let first = authorize(app.clone(), order(7), "k".to_owned()).await.unwrap_err();
    assert_eq!(first.code(), "timed_out");
    let held = authorize(app.clone(), order(7), "k".to_owned()).await.unwrap();
    assert_eq!(held.charge, ChargeId::from("ch_0001"));
    assert_eq!((app.gateway.charges().len(), app.gateway.calls()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn what_the_gateway_cannot_tell_yet_stays_unknown() {
    let app = App::of(FakeGateway::new());
    app.gateway.on_call(1, Reply::Break);
    app.gateway.on_call(2, Reply::Break);
    let mut codes = Vec::new();
    for _ in 0..2 {
        codes.push(authorize(app.clone(), order(7), "k".to_owned()).await.unwrap_err().code());
    }
    assert_eq!(codes, ["gateway_timeout", "outcome_unknown"]);
    assert_eq!(app.gateway.calls(), 2);
    app.gateway.finish_begun();
    authorize(app.clone(), order(7), "k".to_owned()).await.unwrap();
    assert_eq!((app.gateway.calls(), app.gateway.charges().len()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_decline_that_nobody_heard_is_heard_and_replayed() {
    let app = App::of(FakeGateway::new());
    app.gateway.reply_to("tok_visa".parse().unwrap(), Reply::Decline { code: "expired_card".into() });
    for _ in 0..3 {
        let error = authorize(app.clone(), order(7), "k".to_owned()).await.unwrap_err();
        assert!(matches!(error, PaymentError::Declined { code, .. } if code.as_str() == "expired_card"));
    }
    assert_eq!((app.gateway.charges().len(), app.gateway.calls()), (0, 1));
}
