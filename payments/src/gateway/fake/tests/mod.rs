//! Each reply by itself; in `model`, all of them against a plain model.

mod model;

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use steadfast::{Failure, Kind};

use super::*;
use crate::Money;
use crate::gateway::ChargeId;

/// What a call gives at once; `None` where it goes on.
fn at_once<T>(call: impl Future<Output = T>) -> Option<T> {
    match pin!(call).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    }
}

fn order(minor: i64) -> Authorize {
    Authorize { card: card(), amount: euros(minor), reference: "order-1".to_owned() }
}

fn card() -> CardToken {
    "tok_visa".parse().unwrap()
}

fn euros(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

fn authorize(gateway: &FakeGateway, minor: i64, key: &str) -> Result<Authorization, PaymentError> {
    at_once(gateway.authorize(&order(minor), key)).unwrap()
}

fn capture(gateway: &FakeGateway, minor: i64, key: &str) -> Result<Captured, PaymentError> {
    at_once(gateway.capture(&Capture { charge: "ch_0001".into(), amount: euros(minor) }, key)).unwrap()
}

fn refund(gateway: &FakeGateway, minor: i64, key: &str) -> Result<Refunded, PaymentError> {
    at_once(gateway.refund(&Refund { charge: "ch_0001".into(), amount: euros(minor) }, key)).unwrap()
}

fn void(gateway: &FakeGateway, key: &str) -> Result<Voided, PaymentError> {
    at_once(gateway.void(&Void { charge: "ch_0001".into() }, key)).unwrap()
}

fn said<T: std::fmt::Debug>(answer: Result<T, PaymentError>) -> String {
    answer.unwrap_err().to_string()
}

#[test]
fn parts_are_taken_and_given_back_up_to_the_whole() {
    let gateway = FakeGateway::new();
    authorize(&gateway, 100, "a").unwrap();
    assert_eq!(capture(&gateway, 60, "c1").unwrap().amount, euros(60));
    capture(&gateway, 40, "c2").unwrap();
    assert_eq!(said(capture(&gateway, 1, "c3")), "invalid request, `amount`: is more than what is held");
    let first = refund(&gateway, 30, "r1").unwrap();
    assert_ne!(refund(&gateway, 30, "r2").unwrap().refund, first.refund);
    assert_eq!(said(refund(&gateway, 41, "r3")), "invalid request, `amount`: is more than what was captured");
    let totals = Totals { authorized: 100, captured: 100, refunded: 60, voided: 0 };
    assert_eq!((gateway.totals(Currency::EUR), gateway.totals(Currency::USD)), (totals, Totals::default()));
}

#[test]
fn what_is_taken_is_not_voided_and_what_is_voided_not_taken() {
    let gateway = FakeGateway::new();
    authorize(&gateway, 100, "a").unwrap();
    assert_eq!(void(&gateway, "v").unwrap().amount, euros(100));
    assert_eq!(said(void(&gateway, "v2")), "invalid request, `charge`: was voided");
    assert_eq!(said(capture(&gateway, 1, "c")), "invalid request, `charge`: was voided");
    assert_eq!(gateway.totals(Currency::EUR).voided, 100);

    let gateway = FakeGateway::new();
    authorize(&gateway, 100, "a").unwrap();
    capture(&gateway, 1, "c").unwrap();
    assert_eq!(said(void(&gateway, "v")), "invalid request, `charge`: was captured: refund it");
}

#[test]
fn requests_that_make_no_sense_are_refused() {
    let gateway = FakeGateway::new();
    for minor in [0, -1, i64::MIN] {
        assert_eq!(said(authorize(&gateway, minor, "z")).split(':').next(), Some("invalid request, `amount`"));
        gateway.lock().ledger = Ledger::default();
    }
    for id in ["", "ch_", "ch_0", "ch_0000", "ch_0001", "ch_1", "ch_99999999999999999999", "pi_0001"] {
        let answer = at_once(gateway.void(&Void { charge: ChargeId::from(id) }, id)).unwrap();
        assert!(matches!(answer, Err(PaymentError::InvalidRequest { .. })), "{id}");
    }
    authorize(&gateway, 10, "a").unwrap();
    let dollars = Capture { charge: "ch_0001".into(), amount: Money::new(1, Currency::USD) };
    let answer = at_once(gateway.capture(&dollars, "d")).unwrap();
    assert_eq!(said(answer), "invalid request, `amount`: must be in the charge's currency");
    assert_eq!(said(authorize(&gateway, 10, "")), "invalid request, `key`: must have 1 to 255 bytes");
    assert_eq!(said(authorize(&gateway, 10, &"k".repeat(256))), "invalid request, `key`: must have 1 to 255 bytes");
    assert_eq!(said(capture(&gateway, i64::MAX, "c")), "invalid request, `amount`: is more than what is held");
}

#[test]
fn a_key_belongs_to_its_request() {
    let gateway = FakeGateway::new();
    let first = authorize(&gateway, 100, "k").unwrap();
    assert_eq!(authorize(&gateway, 100, "k").unwrap(), first);
    assert_eq!(said(authorize(&gateway, 200, "k")), "invalid request, `key`: was used for another request");
    assert_eq!(said(capture(&gateway, 100, "k")), "invalid request, `key`: was used for another request");
    assert_eq!(gateway.charges().len(), 1);
    // What was refused has not taken the key from its owner.
    assert_eq!(authorize(&gateway, 100, "k").unwrap(), first);
}

#[test]
fn a_declined_key_stays_declined() {
    let gateway = FakeGateway::new();
    gateway.on_call(1, Reply::Decline { code: "do_not_honor".into() });
    for _ in 0..2 {
        assert_eq!(said(authorize(&gateway, 100, "k")), "declined (do_not_honor): the test says so");
    }
    authorize(&gateway, 100, "another").unwrap();
    let found = at_once(gateway.look_up("k")).unwrap().unwrap();
    assert!(matches!(found, LookUp::Failed(PaymentError::Declined { .. })), "{found:?}");
}

#[test]
fn a_script_goes_before_a_card_and_a_card_before_chance() {
    let gateway = FakeGateway::new().with_faults(1, 1);
    gateway.reply_to(card(), Reply::InsufficientFunds);
    gateway.replies_to(card(), [Reply::Unreachable]);
    gateway.on_call(1, Reply::Approve);
    authorize(&gateway, 1, "a").unwrap();
    assert!(matches!(authorize(&gateway, 1, "b"), Err(PaymentError::Network { .. })));
    for key in ["c", "d"] {
        assert!(matches!(authorize(&gateway, 1, key), Err(PaymentError::InsufficientFunds)));
    }
    // Nothing is said of a capture, so it goes wrong by chance.
    assert!(!matches!(capture(&gateway, 1, "e"), Ok(_) | Err(PaymentError::InvalidRequest { .. })));
    assert_eq!(gateway.calls(), 5);
}

#[test]
fn what_breaks_in_the_middle_is_pending_until_it_is_asked_for_again() {
    let gateway = FakeGateway::new();
    gateway.on_call(1, Reply::Break);
    let look_up = || at_once(gateway.look_up("k")).unwrap().unwrap();
    assert!(matches!(look_up(), LookUp::Unheard));
    assert_eq!(authorize(&gateway, 1, "k").unwrap_err().kind(), Kind::Unknown);
    assert!(matches!(look_up(), LookUp::Pending));
    assert_eq!(gateway.charges(), []);
    gateway.drop_begun();
    assert!(matches!(look_up(), LookUp::Unheard));
    gateway.on_call(2, Reply::Break);
    authorize(&gateway, 1, "k").unwrap_err();
    authorize(&gateway, 1, "k").unwrap();
    assert!(matches!(look_up(), LookUp::Done(Effect::Authorized(_))));
}

#[test]
fn what_was_begun_is_finished_once() {
    let gateway = FakeGateway::new();
    for (call, key) in [(1, "a"), (2, "b")] {
        gateway.on_call(call, Reply::Break);
        authorize(&gateway, 1, key).unwrap_err();
    }
    authorize(&gateway, 1, "b").unwrap();
    gateway.finish_begun();
    gateway.finish_begun();
    gateway.drop_begun();
    assert_eq!(gateway.charges().len(), 2);
    assert_eq!(authorize(&gateway, 1, "a").unwrap().charge, ChargeId::from("ch_0002"));
}

#[tokio::test(start_paused = true)]
async fn who_does_not_wait_for_a_slow_answer_has_paid() {
    let gateway = FakeGateway::new();
    gateway.on_call(1, Reply::Slow(Duration::from_secs(3)));
    gateway.on_call(2, Reply::Hang);
    gateway.on_call(4, Reply::Slow(Duration::from_secs(3)));
    let second = Duration::from_secs(1);
    for (key, wait) in [("slow", second), ("hung", 1000 * second)] {
        assert!(tokio::time::timeout(wait, gateway.authorize(&order(5), key)).await.is_err());
    }
    assert_eq!(gateway.totals(Currency::EUR).authorized, 10);
    gateway.authorize(&order(5), "slow").await.unwrap();
    gateway.authorize(&order(5), "slow").await.unwrap();
    assert_eq!(gateway.totals(Currency::EUR).authorized, 10);
}

#[test]
fn the_same_seed_goes_wrong_in_the_same_way() {
    let run = |seed| {
        let gateway = FakeGateway::new().with_faults(seed, 2);
        (0..200).map(|call| authorize(&gateway, 1, &call.to_string()).is_ok()).collect::<Vec<_>>()
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
    let failed = run(7).iter().filter(|ok| !**ok).count();
    assert!((50..150).contains(&failed), "{failed}");
    assert!(run(7) != vec![true; 200]);
}

#[test]
fn no_faults_are_none_and_debug_shows_numbers_only() {
    let gateway = FakeGateway::new().with_faults(7, 0);
    for call in 0..100 {
        authorize(&gateway, 1, &format!("s3cr3t-{call}")).unwrap();
    }
    assert_eq!(format!("{gateway:?}"), "FakeGateway { charges: 100, calls: 100 }");
}
