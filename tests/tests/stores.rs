//! Stores that fail before and after the work, and what cannot be stored: each is a refusal of its
//! own, and nothing runs twice.

use std::error::Error;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};
use steadfast::idempotent::{MemoryStore, Stored, UnrecordedWhy};
use steadfast::{Failure, Kind, Reason, idempotent};
use steadfast_tests::{Code, Fault, Gateway, Hand, PayError, Receipt, Reply, Step, TestStore, assert_about};
use tokio::time::{Instant, advance, sleep};

const SECOND: Duration = Duration::from_secs(1);
const LEASE: Duration = Duration::from_secs(60);
const NAME: &str = "charges.create";

#[derive(Clone, Default)]
struct Shop {
    records: TestStore,
    gateway: Gateway,
}

impl Shop {
    fn of(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self { gateway: Gateway::of(replies), ..Self::default() }
    }

    fn broken(step: Step, fault: Fault) -> Self {
        let shop = Self::default();
        shop.records.breaks(step, fault);
        shop
    }

    async fn state(&self) -> &'static str {
        self.records.state(NAME, "k").await
    }
}

#[idempotent(name = "charges.create", key = key, payload = none, store = shop.records)]
async fn charge(shop: Shop, key: &'static str) -> Result<Receipt, PayError> {
    shop.gateway.call(500, "").await
}

async fn pay(shop: &Shop) -> Result<Receipt, PayError> {
    charge(shop.clone(), "k").await
}

/// The result inside an unrecorded one.
#[track_caller]
fn inside(result: &Result<Receipt, PayError>) -> Result<Receipt, PayError> {
    let Reason::Unrecorded(unrecorded) = result.reason() else { panic!("{}", result.code()) };
    assert!(unrecorded.take::<u32>().is_none());
    let inside = unrecorded.take().expect("the result is inside");
    assert!(unrecorded.take::<Result<Receipt, PayError>>().is_none(), "once");
    inside
}

mod before_the_work {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_store_that_fails_lets_nothing_run() {
        let shop = Shop::broken(Step::Claim, Fault::Fail);
        let refused = pay(&shop).await;
        let rejection = refused.rejection().unwrap();
        assert_eq!((rejection.code(), rejection.status()), ("store_unavailable", 503));
        assert_eq!(rejection.source().unwrap().to_string(), "connection lost");
        assert_eq!(rejection.kind(), Kind::Refused);
        assert_eq!(shop.gateway.calls(), 0);

        shop.records.heals(Step::Claim);
        assert_eq!(pay(&shop).await.unwrap().number, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_claim_whose_answer_was_lost_is_given_back() {
        let shop = Shop::broken(Step::Claim, Fault::LoseAnswer);
        assert_eq!(pay(&shop).await.code(), "store_unavailable");
        assert_eq!((shop.gateway.calls(), shop.state().await), (0, "free"));
        shop.records.heals(Step::Claim);
        assert_eq!(pay(&shop).await.unwrap().number, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_claim_that_can_not_even_be_given_back_is_unknown_after_its_lease() {
        let shop = Shop::broken(Step::Claim, Fault::LoseAnswer);
        shop.records.breaks(Step::Release, Fault::Fail);
        assert_eq!(pay(&shop).await.code(), "store_unavailable");
        shop.records.heals(Step::Claim);
        assert_eq!(pay(&shop).await.code(), "in_flight");
        advance(LEASE).await;
        assert_eq!(pay(&shop).await.code(), "outcome_unknown");
        assert_eq!(shop.gateway.calls(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_never_answers_lets_nothing_run_and_its_caller_wait_no_longer_than_the_lease() {
        let shop = Shop::broken(Step::Claim, Fault::Hang);
        let start = Instant::now();
        assert_eq!(pay(&shop).await.code(), "store_unavailable");
        assert_about(start.elapsed(), LEASE);
        assert_eq!(shop.gateway.calls(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_one_refuses_new_keys_and_answers_old_ones() {
        let shop = Shop { records: TestStore::of(2), ..Shop::default() };
        let ask = async |key| charge(shop.clone(), key).await;
        assert!(ask("a").await.is_ok() && ask("b").await.is_ok());
        let refused = ask("c").await;
        assert_eq!((refused.code(), refused.rejection().unwrap().status()), ("store_full", 503));
        assert_eq!(ask("a").await.unwrap().number, 1);
        assert_eq!(shop.gateway.calls(), 2);
        // What has expired makes room.
        advance(Duration::from_secs(24 * 3600 + 1)).await;
        assert_eq!(ask("c").await.unwrap().number, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_one_forgets_nothing_that_may_have_happened() {
        let shop = Shop { records: TestStore::of(2), gateway: Gateway::of([Reply::Fail(PayError::Lost), Reply::Hang]) };
        let ask = async |key| charge(shop.clone(), key).await;
        assert_eq!(ask("unknown").await.code(), "lost");
        Hand::new(charge(shop.clone(), "running")).poll_pending();
        for _ in 0..5 {
            assert_eq!(ask("new").await.code(), "store_full");
            sleep(24 * 3600 * SECOND).await;
        }
        assert_eq!(ask("unknown").await.code(), "outcome_unknown");
        assert_eq!(ask("running").await.code(), "in_flight");
    }
}

mod after_the_work {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_value_that_could_not_be_recorded_is_inside_the_refusal() {
        let shop = Shop::broken(Step::Complete, Fault::Fail);
        let start = Instant::now();
        let unrecorded = pay(&shop).await;
        let rejection = unrecorded.rejection().unwrap();
        assert_eq!((rejection.code(), rejection.status(), rejection.kind()), ("unrecorded", 500, Kind::Unknown));
        let Reason::Unrecorded(why) = rejection.reason() else { panic!() };
        assert!(matches!(why.why(), UnrecordedWhy::Store(error) if error.to_string() == "connection lost"));
        assert_eq!(inside(&unrecorded).unwrap().number, 1);
        // It was tried until the lease ended.
        assert!(shop.records.asked(Step::Complete) > 10);
        assert!(start.elapsed() > LEASE - 2 * SECOND && start.elapsed() < LEASE + SECOND, "{:?}", start.elapsed());

        advance(SECOND).await;
        assert_eq!(pay(&shop).await.code(), "outcome_unknown");
        assert_eq!(shop.gateway.calls(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn so_is_a_terminal_error() {
        let shop = Shop::of([Reply::Fail(PayError::declined("51"))]);
        shop.records.breaks(Step::Complete, Fault::Hang);
        let unrecorded = pay(&shop).await;
        assert_eq!(inside(&unrecorded).code(), "declined");
        assert_eq!(pay(&shop).await.code(), "outcome_unknown");
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_comes_back_within_the_lease_has_it() {
        let shop = Shop::broken(Step::Complete, Fault::Fail);
        let heals = async {
            sleep(LEASE / 2).await;
            shop.records.heals(Step::Complete);
        };
        let (paid, ()) = tokio::join!(pay(&shop), heals);
        assert_eq!(paid.unwrap().number, 1);
        assert_eq!(pay(&shop).await.unwrap().number, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_record_whose_answer_was_lost_is_replayed_though() {
        let shop = Shop::broken(Step::Complete, Fault::LoseAnswer);
        let unrecorded = pay(&shop).await;
        assert_eq!(inside(&unrecorded).unwrap().number, 1);
        shop.records.heals(Step::Complete);
        assert_eq!(pay(&shop).await.unwrap().number, 1);
        assert_eq!(shop.gateway.calls(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_that_leaves_no_result_is_the_callers_anyway() {
        for (error, code) in [(PayError::Down, "down"), (PayError::Lost, "lost")] {
            let shop = Shop::of([Reply::Fail(error)]);
            for step in [Step::Complete, Step::Release] {
                shop.records.breaks(step, Fault::Fail);
            }
            assert_eq!(pay(&shop).await.code(), code);
            advance(LEASE).await;
            assert_eq!(pay(&shop).await.code(), "outcome_unknown");
            assert_eq!(shop.gateway.calls(), 1);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_went_away_changes_nothing_of_that() {
        let shop = Shop::of([Reply::After(SECOND)]);
        shop.records.breaks(Step::Complete, Fault::Fail);
        Hand::new(charge(shop.clone(), "k")).poll_pending();
        sleep(LEASE / 2).await;
        assert_eq!(pay(&shop).await.code(), "in_flight");
        shop.records.heals(Step::Complete);
        sleep(2 * SECOND).await;
        assert_eq!(pay(&shop).await.unwrap().number, 1);
    }
}

mod beside_the_work {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_can_not_be_renewed_costs_nothing_while_nobody_asks() {
        let shop = Shop::of([Reply::After(3600 * SECOND)]);
        shop.records.breaks(Step::Extend, Fault::Fail);
        assert_eq!(pay(&shop).await.unwrap().number, 1);
        assert_eq!(pay(&shop).await.unwrap().number, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn others_see_an_unknown_outcome_meanwhile() {
        let shop = Shop::of([Reply::After(3600 * SECOND)]);
        shop.records.breaks(Step::Extend, Fault::Fail);
        let others = async {
            sleep(LEASE / 2).await;
            assert_eq!(pay(&shop).await.code(), "in_flight");
            sleep(LEASE).await;
            assert_eq!(pay(&shop).await.code(), "outcome_unknown");
        };
        let (paid, ()) = tokio::join!(pay(&shop), others);
        assert_eq!(paid.unwrap().number, 1);
        assert_eq!(shop.gateway.calls(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_renewal_that_hangs_does_not_stop_the_work() {
        let shop = Shop::of([Reply::After(3600 * SECOND)]);
        shop.records.breaks(Step::Extend, Fault::Hang);
        let start = Instant::now();
        assert_eq!(pay(&shop).await.unwrap().number, 1);
        assert_about(start.elapsed(), 3600 * SECOND);
    }
}

mod what_cannot_be_stored {
    use super::*;

    /// Written, and never read again.
    #[derive(Debug, Serialize)]
    struct OneWay(u32);
    impl<'de> Deserialize<'de> for OneWay {
        fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            Err(serde::de::Error::custom("one way"))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn reaches_the_caller_and_is_kept_as_unknown() {
        #[idempotent(name = "not_a_number", key = key, payload = none, store = shop.records)]
        async fn not_a_number(shop: Shop, key: &'static str) -> Result<f64, PayError> {
            shop.gateway.call(1, "").await.map(|_| f64::NAN)
        }
        #[idempotent(name = "one_way", key = key, payload = none, store = shop.records)]
        async fn one_way(shop: Shop, key: &'static str) -> Result<OneWay, PayError> {
            shop.gateway.call(1, "").await.map(|_| OneWay(7))
        }
        let shop = Shop::default();
        assert!(not_a_number(shop.clone(), "k").await.unwrap().is_nan());
        assert_eq!(not_a_number(shop.clone(), "k").await.code(), "outcome_unknown");
        assert_eq!(one_way(shop.clone(), "k").await.unwrap().0, 7);
        assert_eq!(one_way(shop.clone(), "k").await.code(), "outcome_unknown");
        assert_eq!(shop.gateway.calls(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn in_a_terminal_error_too() {
        #[derive(Debug, Failure)]
        enum Odd {
            #[failure(terminal)]
            Rate(f64),
            #[failure(transparent)]
            Refused(steadfast::Rejection),
        }
        impl From<steadfast::Rejection> for Odd {
            fn from(rejection: steadfast::Rejection) -> Self {
                Self::Refused(rejection)
            }
        }
        #[idempotent(name = "odd", key = key, payload = none, store = records)]
        async fn odd(records: MemoryStore, key: &'static str) -> Result<(), Odd> {
            Err(Odd::Rate(f64::INFINITY))
        }
        let records = MemoryStore::default();
        assert!(matches!(odd(records.clone(), "k").await, Err(Odd::Rate(rate)) if rate.is_infinite()));
        assert!(matches!(odd(records, "k").await, Err(Odd::Refused(refusal)) if refusal.code() == "outcome_unknown"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_that_no_longer_decodes_is_an_error_and_never_a_second_run() {
    let shop = Shop::default();
    pay(&shop).await.unwrap();
    for garbage in [
        Stored::Value(b"{\"number\":\"marker-1\"}".as_slice().into()),
        Stored::Value(b"".as_slice().into()),
        Stored::Terminal(b"{\"variant\":\"Gone\",\"fields\":{}}".as_slice().into()),
        Stored::Terminal(b"\xff\xff".as_slice().into()),
    ] {
        shop.records.garble(NAME, "k", garbage).await;
        let refused = pay(&shop).await;
        let rejection = refused.rejection().unwrap();
        assert_eq!((rejection.code(), rejection.status()), ("record_undecodable", 500));
        assert!(!format!("{rejection} {rejection:?}").contains("marker-1"));
    }
    assert_eq!(shop.gateway.calls(), 1);
}
