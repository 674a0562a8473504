//! `#[fallback]`: what stands in, for what, and what is kept of it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use steadfast::bulkhead::Bulkhead;
use steadfast::{
    Failure, Rejection, bulkhead, cached, circuit_breaker, fallback, idempotent, logged, rate_limit, retry, timed,
    timeout, validate,
};
use steadfast_tests::{ChargeRequest, Code, Gateway, Hand, PayError, Receipt, Reply, TestStore, assert_send, listen};
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);
const STALE: Receipt = Receipt { number: 0, amount: 0 };

/// What stands in for every error of [`fails`], or `None` for the error itself.
async fn stands_in(error: PayError) -> bool {
    #[fallback(value = 7)]
    async fn fails(error: PayError) -> Result<u64, PayError> {
        Err(error)
    }
    matches!(assert_send(fails(error)).await, Ok(7))
}

#[tokio::test]
async fn stands_in_for_what_is_no_answer() {
    assert!(stands_in(PayError::Down).await);
    assert!(stands_in(PayError::Busy { after: SECOND }).await);
    assert!(stands_in(PayError::Lost).await);
    assert!(!stands_in(PayError::declined("no_funds")).await);
}

#[tokio::test(start_paused = true)]
async fn stands_in_for_layers_that_refuse() {
    #[fallback(value = STALE)]
    #[validate(amount > 0 => "must be positive")]
    #[rate_limit(max_calls = 3, period = "1m")]
    #[circuit_breaker(failure_threshold = 2)]
    #[bulkhead(places)]
    #[timeout("1s")]
    async fn call(gateway: &Gateway, places: &Bulkhead, amount: u64) -> Result<Receipt, PayError> {
        gateway.call(amount, "").await
    }
    let (gateway, places) = (Gateway::of([Reply::Hang]), Bulkhead::new("reports", 1));
    let stale = async |amount| matches!(call(&gateway, &places, amount).await, Ok(STALE));
    assert!(stale(1).await, "timed out");
    let permit = places.try_acquire().unwrap();
    assert!(stale(1).await, "full");
    drop(permit);
    gateway.will([Reply::Fail(PayError::Down)]);
    assert!(stale(1).await, "down, and the circuit opens");
    assert!(stale(1).await, "limited");
    sleep(60 * SECOND).await;
    assert_eq!(call(&gateway, &places, 0).await.code(), "invalid");
    assert_eq!(gateway.calls(), 2);
}

#[tokio::test]
async fn a_function_gets_the_error_and_the_arguments() {
    #[fallback(stale)]
    async fn ask(gateway: &Gateway, request: ChargeRequest, (a, _): (u8, u8)) -> Result<String, PayError> {
        gateway.call(request.amount, "").await.map(|receipt| format!("{receipt:?} {a}"))
    }
    async fn stale(error: PayError, _: &Gateway, request: &ChargeRequest, a: &u8) -> Result<String, PayError> {
        Ok(format!("{} {} {a}", Err::<(), _>(error).code(), request.order))
    }
    let gateway = Gateway::of([Reply::Fail(PayError::Down)]);
    assert_eq!(ask(&gateway, ChargeRequest::of(5), (1, 2)).await.unwrap(), "down order-1 1");
}

#[tokio::test]
async fn a_method_gets_self_first() {
    struct Client {
        stale: Mutex<u64>,
    }
    impl Client {
        #[fallback(Self::stale)]
        async fn by_reference(&self, currency: &str) -> Result<u64, PayError> {
            let _ = currency;
            Err(PayError::Down)
        }
        #[fallback(Self::stale)]
        async fn by_arc(self: std::sync::Arc<Self>, currency: String) -> Result<u64, PayError> {
            let _ = &currency;
            Err(PayError::Lost)
        }
        #[fallback(Self::stale)]
        async fn by_mutable_reference(&mut self, currency: &str) -> Result<u64, PayError> {
            *self.stale.get_mut().unwrap() += currency.len() as u64;
            Err(PayError::Down)
        }
        async fn stale(&self, _: PayError, currency: &str) -> Result<u64, PayError> {
            Ok(*self.stale.lock().unwrap() + currency.len() as u64)
        }
    }
    let mut client = Client { stale: Mutex::new(40) };
    assert_eq!(client.by_reference("EU").await.unwrap(), 42);
    assert_eq!(client.by_mutable_reference("EUR").await.unwrap(), 46);
    assert_eq!(std::sync::Arc::new(client).by_arc("EUR".to_owned()).await.unwrap(), 46);
}

#[tokio::test]
async fn an_expression_sees_the_error_by_its_name_and_may_wait_and_fail() {
    #[fallback(other(&oops, amount).await.map(|n| n + 1), error = oops)]
    async fn ask(amount: u64) -> Result<u64, PayError> {
        Err(PayError::Down)
    }
    #[fallback({ let half = halved(amount)?; if half > 10 { return Ok(10); } Ok(half) })]
    async fn early(amount: u64) -> Result<u64, PayError> {
        Err(PayError::Down)
    }
    fn halved(amount: u64) -> Result<u64, PayError> {
        if amount.is_multiple_of(2) { Ok(amount / 2) } else { Err(PayError::declined("odd")) }
    }
    async fn other(error: &PayError, amount: u64) -> Result<u64, PayError> {
        assert!(error.is_down());
        Ok(amount)
    }
    assert_eq!(ask(6).await.unwrap(), 7);
    assert_eq!(early(6).await.unwrap(), 3);
    assert_eq!(early(60).await.unwrap(), 10);
    assert_eq!(early(7).await.code(), "declined", "its own failure surfaces");
}

#[tokio::test]
async fn its_own_failure_surfaces_with_the_first_as_its_source() {
    #[derive(Debug, Failure, thiserror::Error)]
    enum RateError {
        #[error("down")]
        #[failure(transient)]
        Down,
        #[error("nothing stale")]
        #[failure(transient)]
        NothingStale { source: Box<RateError> },
        #[error(transparent)]
        #[failure(transparent)]
        Refused(#[from] Rejection),
    }
    #[fallback(stale)]
    #[bulkhead(max_concurrent = 1)]
    async fn ask() -> Result<u64, RateError> {
        Err(RateError::Down)
    }
    async fn stale(error: RateError) -> Result<u64, RateError> {
        Err(RateError::NothingStale { source: Box::new(error) })
    }
    let error = ask().await.unwrap_err();
    assert_eq!(error.to_string(), "nothing stale");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "down");
}

#[tokio::test]
async fn on_and_when_look_at_all_errors_refusals_too() {
    #[fallback(value = 7, on = PayError::Declined { .. } | PayError::Refused(_))]
    #[bulkhead(places)]
    async fn on(places: &Bulkhead, error: PayError) -> Result<u64, PayError> {
        Err(error)
    }
    #[fallback(value = 7, when = PayError::is_down)]
    #[bulkhead(places)]
    async fn when(places: &Bulkhead, error: PayError) -> Result<u64, PayError> {
        Err(error)
    }
    let places = Bulkhead::new("reports", 1);
    assert_eq!(on(&places, PayError::declined("x")).await.code(), "ok");
    assert_eq!(on(&places, PayError::Down).await.code(), "down");
    assert_eq!(when(&places, PayError::Down).await.code(), "ok");
    assert_eq!(when(&places, PayError::declined("x")).await.code(), "declined");
    let _permit = places.try_acquire().unwrap();
    assert_eq!(on(&places, PayError::Down).await.code(), "ok");
    assert_eq!(when(&places, PayError::Down).await.code(), "bulkhead_full");
}

#[tokio::test]
async fn an_error_that_says_nothing_of_itself_takes_a_pattern() {
    #[fallback(value = 7, on = error if error.to_string() == "down")]
    async fn ask(text: &str) -> anyhow::Result<u64> {
        anyhow::bail!("{text}")
    }
    assert_eq!(ask("down").await.unwrap(), 7);
    assert_eq!(ask("other").await.unwrap_err().to_string(), "other");
}

#[tokio::test]
async fn a_copy_for_the_body_where_it_moves_what_the_fallback_needs() {
    #[fallback(stale, clone(order))]
    async fn ask(mut order: Vec<u8>) -> Result<usize, PayError> {
        order.push(1);
        drop(order);
        Err(PayError::Down)
    }
    #[fallback(stale, clone(order))]
    #[retry(max_attempts = 2, delay = "0s", clone(order))]
    async fn retried(mut order: Vec<u8>) -> Result<usize, PayError> {
        order.push(1);
        drop(order);
        Err(PayError::Down)
    }
    async fn stale(_: PayError, order: &[u8]) -> Result<usize, PayError> {
        Ok(order.len())
    }
    assert_eq!(ask(vec![0; 3]).await.unwrap(), 3);
    assert_eq!(retried(vec![0; 3]).await.unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn above_a_retry_it_stands_in_once_all_attempts_have_failed() {
    static STOOD_IN: AtomicUsize = AtomicUsize::new(0);
    #[fallback({ STOOD_IN.fetch_add(1, Ordering::Relaxed); Ok(STALE) })]
    #[retry(max_attempts = 3, delay = "1s")]
    async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
        gateway.call(1, "").await
    }
    let gateway = Gateway::of([Reply::Fail(PayError::Down), Reply::Fail(PayError::Down)]);
    assert_eq!(call(&gateway).await.unwrap().number, 3);
    assert_eq!(STOOD_IN.load(Ordering::Relaxed), 0);
    gateway.will([(); 3].map(|()| Reply::Fail(PayError::Down)));
    assert_eq!(call(&gateway).await.unwrap(), STALE);
    assert_eq!((STOOD_IN.load(Ordering::Relaxed), gateway.calls()), (1, 6));
}

#[tokio::test(start_paused = true)]
async fn above_a_cache_the_cache_keeps_only_what_is_the_functions_own() {
    #[fallback(value = STALE)]
    #[cached(ttl = "1m", key = amount)]
    async fn call(gateway: &Gateway, amount: u64) -> Result<Receipt, PayError> {
        gateway.call(amount, "").await
    }
    let gateway = Gateway::of([Reply::Fail(PayError::Down)]);
    assert_eq!(call(&gateway, 1).await.unwrap(), STALE);
    assert_eq!(call(&gateway, 1).await.unwrap().number, 2);
    assert_eq!(call(&gateway, 1).await.unwrap().number, 2);
}

#[tokio::test]
async fn one_above_another_is_the_last_resort() {
    #[fallback(value = 3)]
    #[timeout("1m")]
    #[fallback(second)]
    async fn ask(n: u64) -> Result<u64, PayError> {
        if n == 1 { Ok(1) } else { Err(PayError::Down) }
    }
    async fn second(error: PayError, n: &u64) -> Result<u64, PayError> {
        if *n == 2 { Ok(2) } else { Err(error) }
    }
    assert_eq!([ask(1).await.unwrap(), ask(2).await.unwrap(), ask(9).await.unwrap()], [1, 2, 3]);
}

mod under_idempotent {
    use super::*;

    #[idempotent(name = "fallback.aside", key = key, payload = none, store = records)]
    #[fallback(value = STALE)]
    async fn aside(records: TestStore, gateway: Gateway, key: &'static str) -> Result<Receipt, PayError> {
        gateway.call(1, key).await
    }

    #[tokio::test]
    async fn a_stand_in_goes_to_the_caller_and_not_into_the_record() {
        let (records, gateway) = (TestStore::default(), Gateway::of([Reply::Fail(PayError::Down)]));
        assert_eq!(aside(records.clone(), gateway.clone(), "k").await.unwrap(), STALE);
        assert_eq!(records.state("fallback.aside", "k").await, "free");
        assert_eq!(aside(records.clone(), gateway.clone(), "k").await.unwrap().number, 2);
        assert_eq!(aside(records.clone(), gateway.clone(), "k").await.unwrap().number, 2, "the replay");
        assert_eq!((records.state("fallback.aside", "k").await, gateway.calls()), ("value", 2));
    }

    #[tokio::test]
    async fn an_unknown_outcome_stays_unknown() {
        let (records, gateway) = (TestStore::default(), Gateway::of([Reply::Fail(PayError::Lost)]));
        assert_eq!(aside(records.clone(), gateway.clone(), "k").await.unwrap(), STALE);
        assert_eq!(records.state("fallback.aside", "k").await, "unknown");
        assert_eq!(aside(records, gateway.clone(), "k").await.code(), "outcome_unknown");
        assert_eq!(gateway.calls(), 1);
    }

    #[tokio::test]
    async fn a_definite_answer_is_recorded_as_ever() {
        let declined = Reply::Fail(PayError::declined("no_funds"));
        let (records, gateway) = (TestStore::default(), Gateway::of([declined]));
        for _ in 0..2 {
            assert_eq!(aside(records.clone(), gateway.clone(), "k").await.code(), "declined");
        }
        assert_eq!((records.state("fallback.aside", "k").await, gateway.calls()), ("terminal", 1));
    }

    #[idempotent(name = "fallback.fails", key = key, payload = none, store = records, on_cancel = unknown)]
    #[fallback(Err(then))]
    #[retry(max_attempts = 2, delay = "0s")]
    async fn fails(records: &TestStore, first: PayError, then: PayError, key: &str) -> Result<u8, PayError> {
        Err(first.clone())
    }

    #[tokio::test]
    async fn where_the_stand_in_fails_the_record_goes_by_the_first_failure() {
        let declined = || PayError::declined("by the other");
        let records = TestStore::default();
        assert_eq!(fails(&records, PayError::Lost, PayError::Down, "a").await.code(), "down");
        assert_eq!(records.state("fallback.fails", "a").await, "unknown");
        assert_eq!(fails(&records, PayError::Down, declined(), "b").await.code(), "declined");
        assert_eq!(records.state("fallback.fails", "b").await, "free");
    }

    #[idempotent(name = "fallback.stored", key = key, payload = none, store = records)]
    #[fallback(value = STALE, stored)]
    async fn stored(records: TestStore, gateway: Gateway, key: &'static str) -> Result<Receipt, PayError> {
        gateway.call(1, key).await
    }

    #[tokio::test]
    async fn stored_keeps_it_but_never_over_an_unknown_outcome() {
        let replies = [Reply::Fail(PayError::Down), Reply::Fail(PayError::Lost)];
        let (records, gateway) = (TestStore::default(), Gateway::of(replies));
        for _ in 0..2 {
            assert_eq!(stored(records.clone(), gateway.clone(), "k").await.unwrap(), STALE);
        }
        assert_eq!((records.state("fallback.stored", "k").await, gateway.calls()), ("value", 1));
        assert_eq!(stored(records.clone(), gateway, "lost").await.unwrap(), STALE);
        assert_eq!(records.state("fallback.stored", "lost").await, "unknown");
    }

    #[fallback(value = STALE)]
    #[idempotent(name = "fallback.above", key = key, payload = none, store = records)]
    async fn above(records: TestStore, gateway: Gateway, key: &'static str) -> Result<Receipt, PayError> {
        gateway.call(1, key).await
    }

    #[tokio::test]
    async fn above_it_stands_in_for_failures_and_not_for_what_a_key_says() {
        let (records, gateway) = (TestStore::default(), Gateway::of([Reply::Fail(PayError::Lost), Reply::Hang]));
        assert_eq!(above(records.clone(), gateway.clone(), "k").await.unwrap(), STALE);
        assert_eq!(above(records.clone(), gateway.clone(), "k").await.code(), "outcome_unknown");
        let mut running = Hand::new(above(records.clone(), gateway.clone(), "other"));
        running.poll_pending();
        assert_eq!(above(records, gateway, "other").await.code(), "in_flight");
    }
}

#[tokio::test(start_paused = true)]
async fn the_recommended_stack_composes() {
    #[logged]
    #[timed]
    #[validate(amount > 0 => "must be positive")]
    #[rate_limit(max_calls = 100, period = "1m")]
    #[idempotent(name = "fallback.recommended", key = key, payload = amount, store = records, claim = claim)]
    #[fallback(value = STALE)]
    #[retry(max_attempts = 2, delay = "1s", repeatable = claim)]
    #[circuit_breaker]
    #[timeout("2s")]
    #[bulkhead(max_concurrent = 10)]
    async fn charge(records: TestStore, gateway: Gateway, amount: u64, key: String) -> Result<Receipt, PayError> {
        gateway.call(amount, claim.downstream_key()).await
    }
    let gateway = Gateway::of([Reply::Fail(PayError::Down), Reply::Hang]);
    let records = TestStore::default();
    let answer = assert_send(charge(records.clone(), gateway.clone(), 5, "k".into())).await;
    assert_eq!(answer.unwrap(), STALE);
    assert_eq!((records.state("fallback.recommended", "k").await, gateway.calls()), ("unknown", 2));
}

#[tokio::test]
async fn each_one_that_stands_in_is_told() {
    #[timed]
    #[fallback(value = 1)]
    async fn told(error: PayError) -> Result<u64, PayError> {
        Err(error)
    }
    let (listener, _guard) = listen(tracing::Level::DEBUG);
    told(PayError::Lost).await.unwrap();
    told(PayError::declined("x")).await.unwrap_err();
    let lines = listener.take("steadfast::observe");
    let stood_in: Vec<_> = lines.iter().filter(|line| line.field("message") == "stood in").collect();
    assert_eq!(stood_in.len(), 1);
    assert_eq!((stood_in[0].field("name"), stood_in[0].field("kind")), ("told", "unknown"));
}

#[tokio::test]
async fn nothing_stands_in_for_a_call_that_went_well() {
    #[fallback(unreachable!("evaluated when it is needed"))]
    async fn fine() -> Result<u64, PayError> {
        Ok(1)
    }
    assert_eq!(fine().await.unwrap(), 1);
}
