//! Whole stacks, end to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use metrics_util::debugging::DebuggingRecorder;
use steadfast::circuit_breaker::{BreakerState, CircuitBreaker};
use steadfast::idempotent::{IdempotencyKey, MemoryStore};
use steadfast::rate_limit::RateLimiter;
use steadfast::{
    Failure, Layer, Reason, Rejection, circuit_breaker, idempotent, logged, rate_limit, retry, timed, timeout, validate,
};
use steadfast_tests::{
    ChargeRequest, Code, Gateway, Hand, PayError, Receipt, Reply, Step, TestStore, assert_send, listen,
};
use tokio::time::{Instant, advance, sleep};

const SECOND: Duration = Duration::from_secs(1);
const DOWN: Reply = Reply::Fail(PayError::Down);

/// What a handler has at hand. Each test has its own, its breaker and limiter included.
#[derive(Clone)]
struct App {
    gateway: Gateway,
    records: TestStore,
    gateway_calls: Arc<RateLimiter>,
    breaker: Arc<CircuitBreaker>,
}

impl App {
    fn of(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self {
            gateway: Gateway::of(replies),
            records: TestStore::default(),
            gateway_calls: Arc::new(RateLimiter::window("gateway_calls", 100, 60 * SECOND)),
            breaker: Arc::new(CircuitBreaker::new("gateway").failure_threshold(5)),
        }
    }

    fn limited_to(self, calls: u32) -> Self {
        Self { gateway_calls: Arc::new(RateLimiter::window("gateway_calls", calls, 60 * SECOND)), ..self }
    }

    async fn pay(&self, amount: u64, key: &str) -> Result<Receipt, PayError> {
        charge_customer(self.clone(), ChargeRequest::of(amount), IdempotencyKey::new(key).unwrap()).await
    }

    async fn state(&self, key: &str) -> &'static str {
        self.records.state("charges.create", key).await
    }
}

#[logged(args(request.order), ret)]
#[timed]
#[idempotent(name = "charges.create", key = key, payload = request, store = app.records, claim = claim)]
#[rate_limit(app.gateway_calls)]
#[retry(max_attempts = 3, delay = "200ms", repeatable = claim)]
#[circuit_breaker(app.breaker)]
#[timeout("2s")]
async fn charge_customer(app: App, request: ChargeRequest, key: IdempotencyKey) -> Result<Receipt, PayError> {
    app.gateway.call(request.amount, claim.downstream_key()).await
}

mod headline {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_charge_runs_once_and_is_replayed() {
        let app = App::of([]);
        let first = app.pay(500, "k").await.unwrap();
        assert_eq!(app.pay(500, "k").await.unwrap(), first);
        assert_eq!(app.pay(501, "k").await.code(), "payload_conflict");
        assert_eq!(app.gateway.calls(), 1);
        assert_eq!(app.pay(501, "other").await.unwrap().number, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn its_future_is_send() {
        let app = App::of([]);
        assert!(assert_send(app.pay(500, "k")).await.is_ok());
        assert!(tokio::spawn(async move { app.pay(500, "k").await }).await.unwrap().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_replay_touches_nothing_below() {
        let app = App::of([]).limited_to(2);
        app.pay(500, "k").await.unwrap();
        for _ in 0..10 {
            app.pay(500, "k").await.unwrap();
        }
        // The limiter's second place is still there, then it is used up.
        assert_eq!(app.pay(500, "second").await.unwrap().number, 2);
        assert_eq!(app.pay(500, "third").await.code(), "rate_limited");
        assert_eq!(app.pay(500, "k").await.unwrap().number, 1);
        assert_eq!(app.gateway.calls(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_replay_is_answered_while_the_circuit_is_open() {
        let app = App::of([Reply::Succeed]);
        app.pay(500, "k").await.unwrap();
        app.gateway.will(vec![DOWN; 6]);
        for key in ["a", "b"] {
            let _ = app.pay(500, key).await;
        }
        assert_eq!(app.breaker.state(), BreakerState::Open);
        assert_eq!(app.pay(500, "k").await.unwrap().number, 1);
        assert_eq!(app.breaker.state(), BreakerState::Open);
    }

    #[tokio::test(start_paused = true)]
    async fn a_hundred_calls_with_one_key_are_one_run() {
        let app = App::of([Reply::After(SECOND)]).limited_to(1);
        let calls: Vec<_> = (0..100)
            .map(|_| {
                let app = app.clone();
                tokio::spawn(async move { app.pay(500, "k").await })
            })
            .collect();
        let mut codes = Vec::new();
        for call in calls {
            codes.push(call.await.unwrap().code());
        }
        codes.sort();
        assert_eq!((codes[..99].to_vec(), codes[99]), (vec!["in_flight"; 99], "ok"));
        assert_eq!(app.gateway.calls(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn every_attempt_carries_the_same_downstream_key() {
        let app = App::of([DOWN, DOWN]);
        assert_eq!(app.pay(500, "k").await.unwrap().number, 3);
        let keys = app.gateway.keys();
        assert!(keys.len() == 3 && keys.iter().all(|key| *key == keys[0] && key.len() == 64));
        assert_eq!(app.pay(500, "k").await.unwrap().number, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_transient_failure_of_every_attempt_frees_the_key() {
        let app = App::of(vec![DOWN; 3]);
        assert_eq!(app.pay(500, "k").await.code(), "down");
        assert_eq!((app.gateway.calls(), app.state("k").await), (3, "free"));
        assert_eq!(app.pay(500, "k").await.unwrap().number, 4);
        let keys = app.gateway.keys();
        assert_eq!(keys[0], keys[3]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_terminal_failure_ends_the_attempts_and_is_replayed_as_it_is() {
        let app = App::of([DOWN, Reply::Fail(PayError::declined("51"))]);
        for _ in 0..3 {
            let Err(PayError::Declined { code }) = app.pay(500, "k").await else { panic!() };
            assert_eq!(code, "51");
        }
        assert_eq!((app.gateway.calls(), app.state("k").await), (2, "terminal"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_timeout_of_every_attempt_leaves_an_unknown_outcome() {
        let app = App::of(vec![Reply::Hang; 3]);
        let start = Instant::now();
        let timed_out = app.pay(500, "k").await;
        assert_eq!(timed_out.code(), "timed_out");
        assert_eq!(timed_out.rejection().unwrap().layer(), Layer::Timeout);
        assert_eq!(app.gateway.calls(), 3);
        assert!(start.elapsed() >= 6 * SECOND);
        assert_eq!(app.pay(500, "k").await.code(), "outcome_unknown");
        advance(1000 * 24 * 3600 * SECOND).await;
        assert_eq!(app.pay(500, "k").await.code(), "outcome_unknown");
        assert_eq!(app.gateway.calls(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_timeout_of_one_attempt_is_tried_again() {
        let app = App::of([Reply::Hang]);
        assert_eq!(app.pay(500, "k").await.unwrap().number, 2);
        assert_eq!(app.pay(500, "k").await.unwrap().number, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_by_the_limiter_frees_the_key() {
        let app = App::of([]).limited_to(1);
        app.pay(500, "first").await.unwrap();
        let refused = app.pay(500, "k").await;
        let rejection = refused.rejection().unwrap();
        assert_eq!((rejection.layer(), rejection.name()), (Layer::RateLimit, "gateway_calls"));
        assert_eq!(app.state("k").await, "free");
        advance(rejection.retry_after().unwrap()).await;
        assert_eq!(app.pay(500, "k").await.unwrap().number, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_by_the_open_circuit_frees_the_key() {
        let breaker = CircuitBreaker::new("gateway").failure_threshold(5).recovery_timeout(60 * SECOND);
        let app = App { breaker: Arc::new(breaker), ..App::of(vec![DOWN; 5]) };
        assert_eq!(app.pay(500, "a").await.code(), "down");
        // Its second attempt opens the circuit for a minute, and there is not so much time left.
        assert_eq!(app.pay(500, "b").await.code(), "circuit_open");
        let refused = app.pay(500, "k").await;
        assert_eq!((refused.code(), refused.rejection().unwrap().layer()), ("circuit_open", Layer::CircuitBreaker));
        assert_eq!((app.state("b").await, app.state("k").await), ("free", "free"));
        advance(refused.wait().unwrap()).await;
        assert_eq!(app.pay(500, "k").await.unwrap().number, 6);
    }

    #[tokio::test(start_paused = true)]
    async fn a_circuit_that_closes_in_time_is_waited_for() {
        let breaker = CircuitBreaker::new("gateway").failure_threshold(1).recovery_timeout(3 * SECOND);
        let app = App { breaker: Arc::new(breaker), ..App::of([DOWN]) };
        let start = Instant::now();
        assert_eq!(app.pay(500, "k").await.unwrap().number, 2);
        assert!(start.elapsed() >= 3 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_goes_away_gets_the_result_when_it_comes_back() {
        let app = App::of([DOWN, Reply::After(SECOND)]);
        let mut call = Hand::new(charge_customer(app.clone(), ChargeRequest::of(500), "k".parse().unwrap()));
        call.poll_pending();
        drop(call);
        assert_eq!(app.pay(500, "k").await.code(), "in_flight");
        sleep(5 * SECOND).await;
        assert_eq!(app.pay(500, "k").await.unwrap().number, 2);
        assert_eq!(app.gateway.calls(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_leaves_an_unknown_outcome_and_counts_for_the_breaker() {
        let app = App::of(vec![Reply::Panic; 5]);
        for key in ["a", "b", "c", "d", "e"] {
            let panics = tokio::spawn({
                let app = app.clone();
                async move { app.pay(500, key).await }
            });
            assert!(panics.await.unwrap_err().is_panic());
            assert_eq!(app.pay(500, key).await.code(), "outcome_unknown");
        }
        assert_eq!(app.breaker.state(), BreakerState::Open);
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_is_down_lets_nothing_run() {
        let app = App::of([]).limited_to(1);
        app.records.breaks(Step::Claim, steadfast_tests::Fault::Fail);
        assert_eq!(app.pay(500, "k").await.code(), "store_unavailable");
        app.records.heals(Step::Claim);
        assert_eq!(app.pay(500, "k").await.unwrap().number, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn each_call_is_one_event_and_one_sample_replays_and_refusals_included() {
        let (listener, _listens) = listen(tracing::Level::INFO);
        let recorder = DebuggingRecorder::new();
        let snapshotter = recorder.snapshotter();
        let _records = metrics::set_default_local_recorder(&recorder);

        let app = App::of([DOWN]);
        let _ = app.pay(500, "k").await;
        let _ = app.pay(500, "k").await;
        let _ = app.pay(501, "k").await;

        let lines = listener.take("stack");
        let told: Vec<_> = lines
            .iter()
            .map(|line| (line.field("outcome"), line.field("request.order"), line.field("refused_by")))
            .collect();
        assert_eq!(
            told,
            [
                ("success", "order-1", ""),
                ("success", "order-1", ""),
                ("refused", "order-1", "idempotent charges.create"),
            ]
        );
        assert!(lines[0].field("ret").contains("500"), "{lines:?}");
        let samples: usize = snapshotter
            .snapshot()
            .into_vec()
            .into_iter()
            .filter(|(key, ..)| key.key().name() == "steadfast_call_duration_seconds")
            .map(|(_, _, _, value)| match value {
                metrics_util::debugging::DebugValue::Histogram(values) => values.len(),
                _ => 0,
            })
            .sum();
        assert_eq!(samples, 3);
    }
}

mod refusals {
    use super::*;

    static CONVERTED: AtomicUsize = AtomicUsize::new(0);

    #[derive(Debug, Failure)]
    enum Counting {
        #[failure(transient)]
        #[expect(dead_code, reason = "a kind that retry would try again")]
        Down,
        #[failure(transparent)]
        Refused(Rejection),
    }

    impl From<Rejection> for Counting {
        fn from(rejection: Rejection) -> Self {
            CONVERTED.fetch_add(1, Ordering::SeqCst);
            Self::Refused(rejection)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn become_the_functions_error_once_at_the_outer_edge() {
        #[logged]
        #[timed]
        #[idempotent(name = "counting", key = key, payload = none, store = records, claim = claim)]
        #[retry(max_attempts = 3, repeatable = claim)]
        #[circuit_breaker]
        #[timeout("1s")]
        async fn call(records: MemoryStore, key: &'static str) -> Result<(), Counting> {
            let _ = claim;
            std::future::pending().await
        }
        // Three attempts time out below three layers that look at the refusal.
        let Err(Counting::Refused(rejection)) = call(MemoryStore::default(), "k").await else { panic!() };
        assert!(matches!(rejection.reason(), Reason::TimedOut { .. }));
        assert_eq!(CONVERTED.load(Ordering::SeqCst), 1);
    }
}

/// As the design's first page has it, word for word, with statics for what is shared.
mod with_statics {
    use super::*;

    static GATEWAY: CircuitBreaker = CircuitBreaker::new("gateway");
    static GATEWAY_CALLS: RateLimiter = RateLimiter::window("gateway_calls", 100, Duration::from_secs(60));

    #[logged(args(request.order), ret)]
    #[timed]
    #[idempotent(name = "charges.shared", key = key, payload = request, store = app.records, claim = claim)]
    #[rate_limit(GATEWAY_CALLS)]
    #[retry(max_attempts = 3, delay = "200ms", repeatable = claim)]
    #[circuit_breaker(GATEWAY)]
    #[timeout("2s")]
    async fn charge_customer(app: App, request: ChargeRequest, key: IdempotencyKey) -> Result<Receipt, PayError> {
        app.gateway.call(request.amount, claim.downstream_key()).await
    }

    #[tokio::test(start_paused = true)]
    async fn it_compiles_and_works() {
        let app = App::of([DOWN, Reply::Hang]);
        let key = || IdempotencyKey::new("k").unwrap();
        let first = charge_customer(app.clone(), ChargeRequest::of(500), key()).await.unwrap();
        assert_eq!(first.number, 3);
        assert_eq!(charge_customer(app.clone(), ChargeRequest::of(500), key()).await.unwrap(), first);
        assert_eq!(charge_customer(app.clone(), ChargeRequest::of(1), key()).await.code(), "payload_conflict");
    }
}

/// The order of the documents this library began with.
mod source_documents_order {
    use super::*;

    #[idempotent(name = "charges.source", key = key, payload = request, store = app.records)]
    #[circuit_breaker(app.breaker)]
    #[retry(max_attempts = 3, delay = "200ms")]
    #[rate_limit(app.gateway_calls)]
    #[timed]
    #[logged]
    async fn charge(app: App, request: ChargeRequest, key: &'static str) -> Result<Receipt, PayError> {
        app.gateway.call(request.amount, "").await
    }

    #[tokio::test(start_paused = true)]
    async fn it_compiles_and_works() {
        let (listener, _listens) = listen(tracing::Level::INFO);
        let app = App::of([DOWN, DOWN]).limited_to(6);
        let pay = async |amount, key| charge(app.clone(), ChargeRequest::of(amount), key).await;
        assert_eq!(pay(500, "k").await.unwrap().number, 3);
        assert_eq!(pay(500, "k").await.unwrap().number, 3);
        assert_eq!(pay(501, "k").await.code(), "payload_conflict");
        // Each attempt is an event, a replay is none.
        let outcomes: Vec<_> =
            listener.take(module_path!()).iter().map(|line| line.field("outcome").to_owned()).collect();
        assert_eq!(outcomes, ["transient", "transient", "success"]);

        // All attempts of a call are one failure for the breaker, and each took a call of the limit.
        app.gateway.will(vec![DOWN; 3]);
        assert_eq!(pay(500, "down").await.code(), "down");
        assert_eq!(app.breaker.state(), BreakerState::Closed);
        assert_eq!(pay(500, "limited").await.code(), "rate_limited");
        assert_eq!(app.records.state("charges.source", "limited").await, "free");
    }

    #[tokio::test(start_paused = true)]
    async fn the_breaker_sees_one_outcome_for_all_attempts() {
        let app = App::of(vec![DOWN; 15]);
        for key in ["a", "b", "c", "d"] {
            assert_eq!(charge(app.clone(), ChargeRequest::of(1), key).await.code(), "down");
        }
        assert_eq!(app.breaker.state(), BreakerState::Closed);
        assert_eq!(charge(app.clone(), ChargeRequest::of(1), "e").await.code(), "down");
        assert_eq!(app.breaker.state(), BreakerState::Open);
        assert_eq!(charge(app.clone(), ChargeRequest::of(1), "f").await.code(), "circuit_open");
        assert_eq!(app.gateway.calls(), 15);
    }
}

/// The order that the documentation recommends for payments, under the crate's own paths.
mod recommended_order {
    use super::*;

    #[steadfast::logged]
    #[steadfast::timed]
    #[validate(request.amount > 0 => "must be positive")]
    #[steadfast::rate_limit(app.gateway_calls)]
    #[idempotent(name = "charges.recommended", key = key, payload = request, store = app.records, claim = claim)]
    #[steadfast::retry(max_attempts = 3, delay = "200ms", repeatable = claim)]
    #[steadfast::circuit_breaker(app.breaker)]
    #[timeout("2s")]
    async fn charge(app: App, request: ChargeRequest, key: Option<String>) -> Result<Receipt, PayError> {
        app.gateway.call(request.amount, claim.downstream_key()).await
    }

    #[tokio::test(start_paused = true)]
    async fn it_compiles_and_works() {
        let app = App::of([DOWN]).limited_to(3);
        let pay = async |amount, key: Option<&str>| {
            charge(app.clone(), ChargeRequest::of(amount), key.map(str::to_owned)).await
        };
        // An invalid call takes no place of the limiter's, and does not touch its key.
        assert_eq!(pay(0, Some("k")).await.code(), "invalid");
        assert_eq!(app.records.asked(Step::Claim), 0);
        assert_eq!(pay(500, Some("k")).await.unwrap().number, 2);
        assert_eq!(pay(500, None).await.code(), "missing_key");
        assert_eq!(pay(500, Some("k")).await.unwrap().number, 2);
        // Here replays take places of the limiter's.
        assert_eq!(pay(500, Some("k")).await.code(), "rate_limited");
    }
}

mod twice {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_total_timeout_and_one_for_each_attempt() {
        #[timeout("3s")]
        #[retry(max_attempts = 10, delays = ["1ms"], repeatable)]
        #[timeout("1s")]
        async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let gateway = Gateway::of(vec![Reply::Hang; 10]);
        let start = Instant::now();
        let timed_out = call(&gateway).await;
        assert!(matches!(timed_out.reason(), Reason::TimedOut { after } if *after == 3 * SECOND));
        assert!(start.elapsed() >= 3 * SECOND && start.elapsed() < 4 * SECOND);
        assert_eq!(gateway.calls(), 3);

        let gateway = Gateway::of([Reply::Hang]);
        assert_eq!(call(&gateway).await.unwrap().number, 2);
    }
}
