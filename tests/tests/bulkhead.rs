//! `#[bulkhead]`: so many calls at once, in whatever way they end.

use std::sync::Arc;
use std::sync::LazyLock;
use std::time::Duration;

use steadfast::bulkhead::{Bulkhead, BulkheadConfig};
use steadfast::registry::{self, State};
use steadfast::{Reason, bulkhead, circuit_breaker, idempotent, rate_limit, retry, timeout};
use steadfast_tests::{Code, Gateway, Hand, PayError, Receipt, Reply, TestStore, assert_about, assert_send};
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);

async fn held(places: &Bulkhead, time: Duration) -> Result<(), PayError> {
    #[bulkhead(places)]
    async fn hold(places: &Bulkhead, time: Duration) -> Result<(), PayError> {
        sleep(time).await;
        Ok(())
    }
    hold(places, time).await
}

#[tokio::test(start_paused = true)]
async fn its_own_places_are_of_the_function() {
    #[bulkhead(max_concurrent = 2)]
    async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
        gateway.call(1, "").await
    }
    let gateway = Gateway::of([Reply::Hang, Reply::Hang]);
    let mut one = Hand::new(assert_send(call(&gateway)));
    let mut two = Hand::new(call(&gateway));
    one.poll_pending();
    two.poll_pending();
    let refused = call(&gateway).await;
    assert_eq!((refused.code(), refused.wait()), ("bulkhead_full", None));
    assert!(matches!(refused.reason(), Reason::Full { waited } if waited.is_zero()));
    assert_eq!(refused.rejection().unwrap().name(), "call");
    assert_eq!(gateway.calls(), 2, "a call that is refused does not run");
    drop(one);
    assert_eq!(call(&gateway).await.code(), "ok");
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_served_in_turn() {
    #[bulkhead(max_concurrent = 1, max_wait = "10s")]
    async fn call(number: u64) -> Result<(u64, Instant), PayError> {
        sleep(SECOND).await;
        Ok((number, Instant::now()))
    }
    let start = Instant::now();
    let calls: Vec<_> = (0..4).map(|number| tokio::spawn(call(number))).collect();
    for (number, call) in (0..).zip(calls) {
        let (served, ended) = call.await.unwrap().unwrap();
        assert_eq!(served, number);
        assert_about(ended - start, SECOND * (number as u32 + 1));
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_too_long_is_refused() {
    let places = Bulkhead::new("reports", 1).max_wait(2 * SECOND);
    let (long, short) = tokio::join!(held(&places, 5 * SECOND), async {
        let start = Instant::now();
        (held(&places, SECOND).await, start.elapsed())
    });
    assert_eq!(long.code(), "ok");
    assert_eq!(short.0.code(), "bulkhead_full");
    assert_about(short.1, 2 * SECOND);
    assert!(matches!(short.0.reason(), Reason::Full { waited } if *waited == 2 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_is_dropped_leaves_the_line() {
    let places = Bulkhead::new("reports", 1).max_wait(60 * SECOND);
    let mut first = Hand::new(held(&places, SECOND));
    let mut gone = Hand::new(held(&places, SECOND));
    let mut next = Hand::new(held(&places, SECOND));
    first.poll_pending();
    gone.poll_pending();
    next.poll_pending();
    drop(first);
    drop(gone); // it was given the place, and never looked
    next.poll_pending();
    assert!(places.try_acquire().is_err(), "the next one has the place");
    assert!(next.finish().await.is_ok());
    assert!(places.try_acquire().is_ok());
}

#[tokio::test(start_paused = true)]
async fn functions_share_a_static_a_field_or_a_lazy_one() {
    static SHARED: Bulkhead = Bulkhead::new("shared", 1);
    static LAZY: LazyLock<Bulkhead> = LazyLock::new(|| {
        let config: BulkheadConfig = serde_json::from_str(r#"{ "max_concurrent": 1 }"#).unwrap();
        Bulkhead::from_config("lazy", &config).unwrap()
    });
    struct Client {
        places: Bulkhead,
    }
    impl Client {
        #[bulkhead(self.places)]
        #[bulkhead(SHARED)]
        #[bulkhead(LAZY)]
        async fn call(self: Arc<Self>, time: Duration) -> Result<(), PayError> {
            sleep(time).await;
            Ok(())
        }
    }
    #[bulkhead(SHARED)]
    async fn other() -> Result<(), PayError> {
        Ok(())
    }
    let client = Arc::new(Client { places: Bulkhead::new("client", 5) });
    let mut call = Hand::new(client.clone().call(SECOND));
    call.poll_pending();
    assert_eq!(other().await.code(), "bulkhead_full");
    assert!(LAZY.try_acquire().is_err());
    // The upper place is given back when the lower is refused.
    let refused = client.clone().call(SECOND).await;
    assert_eq!(refused.rejection().unwrap().name(), "shared");
    assert!(call.finish().await.is_ok());
    assert_eq!(other().await.code(), "ok");
    let _five: Vec<_> = (0..5).map(|_| client.places.try_acquire().unwrap()).collect();
}

#[tokio::test]
async fn a_panic_gives_its_place_back() {
    #[bulkhead(max_concurrent = 1)]
    async fn call(panics: bool) -> Result<(), PayError> {
        assert!(!panics, "the body panics");
        Ok(())
    }
    assert!(tokio::spawn(call(true)).await.is_err());
    assert_eq!(call(false).await.code(), "ok");
}

#[tokio::test(start_paused = true)]
async fn each_attempt_takes_a_place_and_gives_it_back_before_the_pause() {
    #[retry(max_attempts = 3, delay = "10s", max_delay = "10s", jitter = none)]
    #[bulkhead(places)]
    async fn call(gateway: &Gateway, places: &Bulkhead) -> Result<Receipt, PayError> {
        gateway.call(1, "").await
    }
    let places = Bulkhead::new("reports", 1);
    let gateway = Gateway::of([Reply::FailAfter(SECOND, PayError::Down)]);
    let watch = async {
        sleep(SECOND / 2).await;
        assert!(places.try_acquire().is_err(), "the attempt runs");
        sleep(5 * SECOND).await;
        assert!(places.try_acquire().is_ok(), "the pause");
    };
    let (answer, ()) = tokio::join!(call(&gateway, &places), watch);
    assert_eq!((answer.code(), gateway.calls()), ("ok", 2));
}

#[tokio::test(start_paused = true)]
async fn full_is_tried_again_after_a_pause() {
    #[retry(max_attempts = 3, delay = "2s", jitter = none)]
    #[bulkhead(places)]
    async fn call(places: &Bulkhead) -> Result<(), PayError> {
        Ok(())
    }
    let places = Bulkhead::new("reports", 1);
    let start = Instant::now();
    let (_, answer) = tokio::join!(held(&places, SECOND), call(&places));
    assert_eq!(answer.code(), "ok");
    assert_about(start.elapsed(), 2 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn full_is_neutral_to_a_breaker_and_frees_a_key() {
    #[idempotent(name = "bulkhead.full", key = key, payload = none, store = records)]
    #[circuit_breaker(failure_threshold = 1)]
    #[bulkhead(places)]
    async fn call(records: TestStore, places: Arc<Bulkhead>, key: &'static str) -> Result<(), PayError> {
        Ok(())
    }
    let (records, places) = (TestStore::default(), Arc::new(Bulkhead::new("reports", 1)));
    let permit = places.try_acquire().unwrap();
    assert_eq!(call(records.clone(), places.clone(), "k").await.code(), "bulkhead_full");
    assert_eq!(records.state("bulkhead.full", "k").await, "free");
    drop(permit);
    assert_eq!(call(records, places.clone(), "k").await.code(), "ok");
}

#[tokio::test(start_paused = true)]
async fn work_that_outlives_its_caller_keeps_its_place() {
    #[idempotent(name = "bulkhead.outlives", key = key, payload = none, store = records)]
    #[bulkhead(places)]
    async fn call(records: TestStore, places: Arc<Bulkhead>, key: &'static str) -> Result<(), PayError> {
        sleep(10 * SECOND).await;
        Ok(())
    }
    let (records, places) = (TestStore::default(), Arc::new(Bulkhead::new("reports", 1)));
    {
        let call = call(records.clone(), places.clone(), "k");
        assert!(tokio::time::timeout(SECOND, call).await.is_err());
    }
    sleep(SECOND).await;
    assert!(places.try_acquire().is_err());
    sleep(20 * SECOND).await;
    assert!(places.try_acquire().is_ok());
    assert_eq!(records.state("bulkhead.outlives", "k").await, "value");
}

#[tokio::test(start_paused = true)]
async fn waiting_is_part_of_a_timeout_above_and_not_of_one_below() {
    #[timeout("1s")]
    #[bulkhead(places)]
    async fn above(places: &Bulkhead) -> Result<(), PayError> {
        Ok(())
    }
    #[bulkhead(places)]
    #[timeout("1s")]
    async fn below(places: &Bulkhead) -> Result<(), PayError> {
        Ok(())
    }
    let places = Bulkhead::new("reports", 1).max_wait(60 * SECOND);
    let (_, above, below) = tokio::join!(held(&places, 5 * SECOND), above(&places), below(&places));
    assert_eq!((above.code(), below.code()), ("timed_out", "ok"));
}

#[tokio::test(start_paused = true)]
async fn behind_a_limiter_one_gate_after_the_other() {
    #[rate_limit(max_calls = 2, period = "1m")]
    #[bulkhead(max_concurrent = 1)]
    async fn call() -> Result<(), PayError> {
        sleep(SECOND).await;
        Ok(())
    }
    let mut first = Hand::new(call());
    first.poll_pending();
    assert_eq!(call().await.code(), "bulkhead_full");
    assert_eq!(call().await.code(), "rate_limited");
    assert_eq!(first.finish().await.code(), "ok");
}

#[tokio::test(start_paused = true)]
async fn it_tells_its_settings_and_state() {
    static WATCHED: Bulkhead = Bulkhead::new("watched", 2).max_wait(SECOND);
    #[bulkhead(WATCHED)]
    async fn watched_in_the_registry() -> Result<(), PayError> {
        sleep(SECOND).await;
        Ok(())
    }
    let mut calls: Vec<_> = (0..3).map(|_| Hand::new(watched_in_the_registry())).collect();
    calls.iter_mut().for_each(Hand::poll_pending);
    let functions = registry::snapshot();
    let layer = &functions.iter().find(|f| f.name == "watched_in_the_registry").unwrap().stack[0];
    assert_eq!((layer.layer, layer.settings["max_concurrent"].as_str()), ("bulkhead", "2"));
    assert_eq!(layer.state, Some(State::Bulkhead { running: 2, waiting: 1, max_concurrent: 2 }));
}

#[tokio::test]
async fn it_is_named_itself_or_by_any_pointer() {
    /// A pointer of a user's own: written with a star.
    struct Own(Bulkhead);
    impl std::ops::Deref for Own {
        type Target = Bulkhead;
        fn deref(&self) -> &Bulkhead {
            &self.0
        }
    }
    #[bulkhead(by)]
    async fn arc(by: Arc<Bulkhead>) -> Result<(), PayError> {
        Err(by.try_acquire().unwrap_err().into())
    }
    #[bulkhead(by)]
    async fn boxed(by: Box<Bulkhead>) -> Result<(), PayError> {
        Err(by.try_acquire().unwrap_err().into())
    }
    #[bulkhead(by)]
    async fn reference(by: &mut &Bulkhead) -> Result<(), PayError> {
        Err(by.try_acquire().unwrap_err().into())
    }
    #[bulkhead(*by)]
    async fn own(by: Own) -> Result<(), PayError> {
        Err(by.try_acquire().unwrap_err().into())
    }
    let one = || Bulkhead::new("one", 1);
    let full =
        [arc(Arc::new(one())).await, boxed(Box::new(one())).await, reference(&mut &one()).await, own(Own(one())).await];
    for full in full {
        assert!(matches!(full, Err(PayError::Refused(_))), "the call has the only place");
    }
}
