//! What every order of two attributes means: for each row of `docs/stacking.md` that has a meaning,
//! both orders, and the difference one sees.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use steadfast::circuit_breaker::{BreakerState, CircuitBreaker};
use steadfast::rate_limit::RateLimiter;
use steadfast::{cached, circuit_breaker, idempotent, logged, rate_limit, retry, timed, timeout, validate};
use steadfast_tests::{Code, Gateway, Hand, PayError, Receipt, Reply, Step, TestStore, listen};
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);
const DOWN: Reply = Reply::Fail(PayError::Down);

/// What the layers of a test work with.
#[derive(Clone)]
struct App {
    gateway: Gateway,
    records: TestStore,
    limiter: Arc<RateLimiter>,
    breaker: Arc<CircuitBreaker>,
    least: Arc<AtomicU64>,
}

type Answer = Result<Receipt, PayError>;

fn app(replies: impl IntoIterator<Item = Reply>) -> App {
    App {
        gateway: Gateway::of(replies),
        records: TestStore::default(),
        limiter: Arc::new(RateLimiter::window("limiter", 2, 60 * SECOND)),
        breaker: Arc::new(CircuitBreaker::new("breaker").failure_threshold(2).recovery_timeout(60 * SECOND)),
        least: Arc::default(),
    }
}

impl App {
    /// The limiter has no place left.
    async fn exhaust(&self) {
        while take(&self.limiter).await.is_ok() {}
    }

    /// How many places the limiter still has; none after that.
    async fn places(&self) -> usize {
        let mut places = 0;
        while take(&self.limiter).await.is_ok() {
            places += 1;
        }
        places
    }

    /// The circuit is open.
    async fn trip(&self) {
        while self.breaker.state() != BreakerState::Open {
            let _ = fail(&self.breaker).await;
        }
    }

    fn below(&self, amount: u64) -> bool {
        amount >= self.least.load(Ordering::SeqCst)
    }
}

#[rate_limit(limiter)]
async fn take(limiter: &RateLimiter) -> Result<(), PayError> {
    Ok(())
}

#[circuit_breaker(breaker)]
async fn fail(breaker: &CircuitBreaker) -> Result<(), PayError> {
    Err(PayError::Down)
}

/// A function under two attributes, in both orders: `first` has the one written first on top,
/// `second` the other one. The names of the parameters come along, so that the attributes see them.
macro_rules! swap {
    ($app:ident, $amount:ident: $upper:ident $(($($upper_args:tt)*))?, $lower:ident $(($($lower_args:tt)*))?) => {
        #[$upper $(($($upper_args)*))?]
        #[$lower $(($($lower_args)*))?]
        async fn first($app: App, $amount: u64) -> Answer {
            $app.gateway.call($amount, "").await
        }
        swap!(@second $app, $amount: $lower $(($($lower_args)*))?, $upper $(($($upper_args)*))?);
    };
    (@second $app:ident, $amount:ident: $upper:ident $(($($upper_args:tt)*))?, $lower:ident $(($($lower_args:tt)*))?) => {
        #[$upper $(($($upper_args)*))?]
        #[$lower $(($($lower_args)*))?]
        async fn second($app: App, $amount: u64) -> Answer {
            $app.gateway.call($amount, "").await
        }
    };
}

mod idempotent_and {
    use super::*;

    #[idempotent(name = "breaker.1", key = key, payload = amount, store = app.records)]
    #[circuit_breaker(app.breaker)]
    async fn above_breaker(app: App, amount: u64, key: &'static str) -> Answer {
        app.gateway.call(amount, "").await
    }
    #[circuit_breaker(app.breaker)]
    #[idempotent(name = "breaker.2", key = key, payload = amount, store = app.records)]
    async fn below_breaker(app: App, amount: u64, key: &'static str) -> Answer {
        app.gateway.call(amount, "").await
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_breaker_a_replay_is_answered_or_refused_while_the_circuit_is_open() {
        let app = app([]);
        assert!(above_breaker(app.clone(), 1, "k").await.is_ok());
        assert!(below_breaker(app.clone(), 1, "k").await.is_ok());
        app.trip().await;
        assert_eq!(above_breaker(app.clone(), 1, "k").await.code(), "ok");
        assert_eq!(below_breaker(app.clone(), 1, "k").await.code(), "circuit_open");
        // A refusal frees the key.
        assert_eq!(above_breaker(app.clone(), 1, "new").await.code(), "circuit_open");
        assert_eq!(app.records.state("breaker.1", "new").await, "free");
    }

    #[idempotent(name = "limit.1", key = key, payload = amount, store = app.records)]
    #[rate_limit(app.limiter)]
    async fn above_limit(app: App, amount: u64, key: &'static str) -> Answer {
        app.gateway.call(amount, "").await
    }
    #[rate_limit(app.limiter)]
    #[idempotent(name = "limit.2", key = key, payload = amount, store = app.records)]
    async fn below_limit(app: App, amount: u64, key: &'static str) -> Answer {
        app.gateway.call(amount, "").await
    }

    #[tokio::test(start_paused = true)]
    async fn rate_limit_a_replay_takes_no_call_or_one() {
        let (one, two) = (app([]), app([]));
        for _ in 0..2 {
            assert!(above_limit(one.clone(), 1, "k").await.is_ok());
            assert!(below_limit(two.clone(), 1, "k").await.is_ok());
        }
        assert_eq!((one.places().await, two.places().await), (1, 0));
        assert_eq!(above_limit(one.clone(), 1, "new").await.code(), "rate_limited");
        assert_eq!(one.records.state("limit.1", "new").await, "free");
    }

    #[idempotent(name = "valid.1", key = key, payload = amount, store = app.records)]
    #[validate(app.below(amount) => "must not be too little")]
    async fn above_validate(app: App, amount: u64, key: &'static str) -> Answer {
        app.gateway.call(amount, "").await
    }
    #[validate(app.below(amount) => "must not be too little")]
    #[idempotent(name = "valid.2", key = key, payload = amount, store = app.records)]
    async fn below_validate(app: App, amount: u64, key: &'static str) -> Answer {
        app.gateway.call(amount, "").await
    }

    #[tokio::test(start_paused = true)]
    async fn validate_a_replay_is_not_validated_again_or_an_invalid_call_does_not_touch_its_key() {
        let (one, two) = (app([]), app([]));
        assert!(above_validate(one.clone(), 1, "k").await.is_ok());
        assert!(below_validate(two.clone(), 1, "k").await.is_ok());
        for app in [&one, &two] {
            app.least.store(5, Ordering::SeqCst);
        }
        assert_eq!(above_validate(one.clone(), 1, "k").await.code(), "ok");
        assert_eq!(below_validate(two.clone(), 1, "k").await.code(), "invalid");
        assert_eq!(above_validate(one.clone(), 1, "new").await.code(), "invalid");
        assert_eq!(below_validate(two.clone(), 1, "new").await.code(), "invalid");
        assert_eq!(one.records.state("valid.1", "new").await, "free");
        assert_eq!((one.records.asked(Step::Claim), two.records.asked(Step::Claim)), (3, 1));
    }

    #[idempotent(name = "timeout.1", key = key, payload = amount, store = app.records)]
    #[timeout("1s")]
    async fn above_timeout(app: App, amount: u64, key: &'static str) -> Answer {
        app.gateway.call(amount, "").await
    }
    #[timeout("1s")]
    #[idempotent(name = "timeout.2", key = key, payload = amount, store = app.records)]
    async fn below_timeout(app: App, amount: u64, key: &'static str) -> Answer {
        app.gateway.call(amount, "").await
    }

    #[tokio::test(start_paused = true)]
    async fn timeout_the_key_is_unknown_or_the_work_runs_on_and_is_recorded() {
        let app = app([Reply::After(2 * SECOND), Reply::After(2 * SECOND)]);
        assert_eq!(above_timeout(app.clone(), 1, "k").await.code(), "timed_out");
        assert_eq!(below_timeout(app.clone(), 1, "k").await.code(), "timed_out");
        assert_eq!(below_timeout(app.clone(), 1, "k").await.code(), "in_flight");
        sleep(5 * SECOND).await;
        assert_eq!(above_timeout(app.clone(), 1, "k").await.code(), "outcome_unknown");
        assert_eq!(below_timeout(app.clone(), 1, "k").await.unwrap().number, 2);
    }

    #[idempotent(name = "retry.1", key = key, payload = amount, store = app.records)]
    #[retry(max_attempts = 3)]
    async fn above_retry(app: App, amount: u64, key: &'static str) -> Answer {
        app.gateway.call(amount, "").await
    }

    #[tokio::test(start_paused = true)]
    async fn retry_one_key_covers_all_attempts_and_a_replay_makes_none() {
        let app = app([DOWN, DOWN]);
        assert_eq!(above_retry(app.clone(), 1, "k").await.unwrap().number, 3);
        assert_eq!(above_retry(app.clone(), 1, "k").await.unwrap().number, 3);
        assert_eq!((app.gateway.calls(), app.records.asked(Step::Claim)), (3, 2));
    }
}

mod retry_and {
    use super::*;

    mod circuit_breaker {
        use super::*;
        swap!(app, amount: retry(max_attempts = 3, max_elapsed = "30s"), circuit_breaker(app.breaker));

        #[tokio::test(start_paused = true)]
        async fn every_attempt_counts_or_all_are_one_outcome() {
            let (one, two) = (app(vec![DOWN; 3]), app(vec![DOWN; 3]));
            assert_eq!(first(one.clone(), 1).await.code(), "circuit_open");
            assert_eq!(one.gateway.calls(), 2);
            assert_eq!(second(two.clone(), 1).await.code(), "down");
            assert_eq!((two.gateway.calls(), two.breaker.state()), (3, BreakerState::Closed));
        }
    }

    mod rate_limit {
        use super::*;
        swap!(app, amount: retry(max_attempts = 2), rate_limit(app.limiter));

        #[tokio::test(start_paused = true)]
        async fn every_attempt_takes_a_call_of_the_limit_or_all_take_one() {
            let (one, two) = (app([DOWN]), app([DOWN]));
            assert!(first(one.clone(), 1).await.is_ok());
            assert!(second(two.clone(), 1).await.is_ok());
            assert_eq!((one.places().await, two.places().await), (0, 1));
        }

        #[tokio::test(start_paused = true)]
        async fn a_limit_below_is_waited_for_when_the_wait_fits() {
            #[retry(max_elapsed = "5s")]
            #[rate_limit(max_calls = 1, period = "3s")]
            async fn fits(gateway: Gateway) -> Answer {
                gateway.call(1, "").await
            }
            #[retry(max_elapsed = "2s")]
            #[rate_limit(max_calls = 1, period = "3s")]
            async fn does_not(gateway: Gateway) -> Answer {
                gateway.call(1, "").await
            }
            let start = Instant::now();
            assert_eq!(fits(Gateway::of([DOWN])).await.code(), "ok");
            assert!(start.elapsed() >= 3 * SECOND);
            assert_eq!(does_not(Gateway::of([DOWN])).await.code(), "rate_limited");
        }
    }

    mod cached {
        use super::*;
        swap!(app, amount: retry(max_attempts = 2), cached(ttl = "1m", except(app)));

        #[tokio::test(start_paused = true)]
        async fn an_attempt_that_finds_an_entry_succeeds_or_only_a_miss_makes_attempts() {
            let app = app([DOWN]);
            assert_eq!(first(app.clone(), 1).await.unwrap().number, 2);
            assert_eq!(first(app.clone(), 1).await.unwrap().number, 2);
            app.gateway.will([DOWN]);
            assert_eq!(second(app.clone(), 1).await.unwrap().number, 4);
            assert_eq!(second(app.clone(), 1).await.unwrap().number, 4);

            // The first attempt fails; meanwhile somebody else has loaded it.
            app.gateway.will([DOWN]);
            let mut fails = Hand::new(first(app.clone(), 7));
            fails.poll_pending();
            let loaded = first(app.clone(), 7).await.unwrap();
            sleep(SECOND).await;
            assert_eq!(fails.finish().await.unwrap(), loaded);
        }
    }

    mod timeout {
        use super::*;
        swap!(app, amount: retry(max_attempts = 3, delays = ["1ms"], repeatable), timeout("2s"));

        #[tokio::test(start_paused = true)]
        async fn it_is_for_each_attempt_or_for_all() {
            let replies = || app(vec![Reply::FailAfter(Duration::from_millis(900), PayError::Down); 3]);
            let (one, two) = (replies(), replies());
            assert_eq!(first(one.clone(), 1).await.code(), "down");
            assert_eq!(second(two.clone(), 1).await.code(), "timed_out");
            assert_eq!((one.gateway.calls(), two.gateway.calls()), (3, 3));
            assert_eq!(first(app([Reply::Hang]), 1).await.unwrap().number, 2);
            assert_eq!(second(app([Reply::Hang]), 1).await.code(), "timed_out");
        }
    }

    mod validate {
        use super::*;

        #[validate(amount > 0 => "must be positive")]
        #[retry]
        async fn below(app: App, amount: u64) -> Answer {
            app.gateway.call(amount, "").await
        }

        #[tokio::test(start_paused = true)]
        async fn an_invalid_call_makes_no_attempt() {
            let app = app([DOWN]);
            assert_eq!(below(app.clone(), 0).await.code(), "invalid");
            assert_eq!(app.gateway.calls(), 0);
            assert_eq!(below(app.clone(), 1).await.unwrap().number, 2);
        }
    }
}

mod circuit_breaker_and {
    use super::*;

    mod rate_limit {
        use super::*;
        swap!(app, amount: circuit_breaker(app.breaker), rate_limit(app.limiter));

        #[tokio::test(start_paused = true)]
        async fn a_limited_call_is_neutral_or_a_refused_one_takes_a_call() {
            let one = app([]);
            one.exhaust().await;
            for _ in 0..3 {
                assert_eq!(first(one.clone(), 1).await.code(), "rate_limited");
            }
            assert_eq!(one.breaker.state(), BreakerState::Closed);

            let (one, two) = (app([]), app([]));
            one.trip().await;
            two.trip().await;
            assert_eq!(first(one.clone(), 1).await.code(), "circuit_open");
            assert_eq!(second(two.clone(), 1).await.code(), "circuit_open");
            assert_eq!((one.places().await, two.places().await), (2, 1));
        }
    }

    mod cached {
        use super::*;
        swap!(app, amount: circuit_breaker(app.breaker), cached(ttl = "1m", except(app)));

        #[tokio::test(start_paused = true)]
        async fn hits_are_refused_or_answered_while_the_circuit_is_open() {
            let app = app([]);
            assert!(first(app.clone(), 1).await.is_ok());
            assert!(second(app.clone(), 1).await.is_ok());
            app.trip().await;
            assert_eq!(first(app.clone(), 1).await.code(), "circuit_open");
            assert_eq!(second(app.clone(), 1).await.code(), "ok");
            assert_eq!(second(app.clone(), 2).await.code(), "circuit_open");
        }
    }

    mod validate {
        use super::*;
        swap!(app, amount: circuit_breaker(app.breaker), validate(amount > 0 => "must be positive"));

        #[tokio::test(start_paused = true)]
        async fn an_invalid_call_is_neutral_or_does_not_reach_the_breaker() {
            let app = app([]);
            for _ in 0..3 {
                assert_eq!(first(app.clone(), 0).await.code(), "invalid");
            }
            assert_eq!(app.breaker.state(), BreakerState::Closed);
            app.trip().await;
            assert_eq!(first(app.clone(), 0).await.code(), "circuit_open");
            assert_eq!(second(app.clone(), 0).await.code(), "invalid");
        }
    }

    mod timeout {
        use super::*;
        swap!(app, amount: circuit_breaker(app.breaker), timeout("1s"));

        #[tokio::test(start_paused = true)]
        async fn a_timeout_counts_or_is_neutral() {
            let (one, two) = (app(vec![Reply::Hang; 2]), app(vec![Reply::Hang; 2]));
            for _ in 0..2 {
                assert_eq!(first(one.clone(), 1).await.code(), "timed_out");
                assert_eq!(second(two.clone(), 1).await.code(), "timed_out");
            }
            assert_eq!((one.breaker.state(), two.breaker.state()), (BreakerState::Open, BreakerState::Closed));
        }
    }
}

mod rate_limit_and {
    use super::*;

    mod cached {
        use super::*;
        swap!(app, amount: rate_limit(app.limiter), cached(ttl = "1m", except(app)));

        #[tokio::test(start_paused = true)]
        async fn hits_take_calls_or_only_a_miss_does() {
            let (one, two) = (app([]), app([]));
            for _ in 0..2 {
                assert!(first(one.clone(), 1).await.is_ok());
                assert!(second(two.clone(), 1).await.is_ok());
            }
            assert_eq!((one.places().await, two.places().await), (0, 1));
        }
    }

    mod validate {
        use super::*;
        swap!(app, amount: rate_limit(app.limiter), validate(amount > 0 => "must be positive"));

        #[tokio::test(start_paused = true)]
        async fn invalid_calls_take_calls_or_do_not() {
            let (one, two) = (app([]), app([]));
            assert_eq!(first(one.clone(), 0).await.code(), "invalid");
            assert_eq!(second(two.clone(), 0).await.code(), "invalid");
            assert_eq!((one.places().await, two.places().await), (1, 2));
        }
    }

    mod timeout {
        use super::*;

        #[timeout("1s")]
        #[rate_limit(max_calls = 1, period = "5s", max_wait = "10s")]
        async fn below(gateway: Gateway) -> Answer {
            gateway.call(1, "").await
        }
        #[rate_limit(max_calls = 1, period = "5s", max_wait = "10s")]
        #[timeout("1s")]
        async fn above(gateway: Gateway) -> Answer {
            gateway.call(1, "").await
        }

        #[tokio::test(start_paused = true)]
        async fn waiting_is_part_of_the_timeout_or_is_not() {
            let gateway = Gateway::default();
            for expected in ["ok", "timed_out"] {
                assert_eq!(below(gateway.clone()).await.code(), expected);
            }
            for _ in 0..2 {
                assert_eq!(above(gateway.clone()).await.code(), "ok");
            }
        }
    }
}

mod cached_and {
    use super::*;

    mod validate {
        use super::*;
        swap!(app, amount: cached(ttl = "1m", except(app)), validate(app.below(amount) => "must not be too little"));

        #[tokio::test(start_paused = true)]
        async fn only_a_miss_is_validated_or_an_invalid_call_does_not_reach_the_cache() {
            let app = app([]);
            assert!(first(app.clone(), 1).await.is_ok());
            assert!(second(app.clone(), 1).await.is_ok());
            app.least.store(5, Ordering::SeqCst);
            assert_eq!(first(app.clone(), 1).await.code(), "ok");
            assert_eq!(second(app.clone(), 1).await.code(), "invalid");
            assert_eq!(first(app.clone(), 2).await.code(), "invalid");
        }
    }

    mod timeout {
        use super::*;
        swap!(app, amount: cached(ttl = "1m", except(app)), timeout("1s"));

        #[tokio::test(start_paused = true)]
        async fn it_is_for_the_load_or_for_waiting_on_anothers_load_too() {
            // A load takes two seconds; the follower comes shortly before the leader's time is up.
            let late = async |call: &dyn Fn() -> std::pin::Pin<Box<dyn Future<Output = Answer> + Send>>| {
                let leader = tokio::spawn(call());
                sleep(Duration::from_millis(900)).await;
                let start = Instant::now();
                let follower = call().await;
                (leader.await.unwrap().code(), follower.code(), start.elapsed())
            };
            let one = app(vec![Reply::After(2 * SECOND); 2]);
            let (leader, follower, after) = late(&|| Box::pin(first(one.clone(), 1))).await;
            // The load timed out for both at once.
            assert_eq!((leader, follower), ("timed_out", "timed_out"));
            assert!(after < Duration::from_millis(200), "{after:?}");

            let two = app(vec![Reply::After(2 * SECOND); 2]);
            let (leader, follower, after) = late(&|| Box::pin(second(two.clone(), 1))).await;
            // The leader was dropped, the follower took over, and its own second ran out.
            assert_eq!((leader, follower), ("timed_out", "timed_out"));
            assert!(after >= SECOND, "{after:?}");
            assert_eq!((one.gateway.calls(), two.gateway.calls()), (1, 2));
        }
    }
}

mod validate_and_timeout {
    use super::*;
    swap!(app, amount: validate(amount > 0 => "must be positive"), timeout("1s"));

    #[tokio::test(start_paused = true)]
    async fn both_orders_do_both() {
        for (invalid, hangs) in [
            (first(app([]), 0).await, first(app([Reply::Hang]), 1).await),
            (second(app([]), 0).await, second(app([Reply::Hang]), 1).await),
        ] {
            assert_eq!((invalid.code(), hangs.code()), ("invalid", "timed_out"));
        }
    }
}

/// How the calls of some work ended, as `timed` recorded them.
async fn timed_calls(work: impl Future<Output = ()>) -> Vec<String> {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    {
        let _guard = metrics::set_default_local_recorder(&recorder);
        work.await;
    }
    let mut outcomes = Vec::new();
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        if let (steadfast::timed::METRIC, DebugValue::Histogram(values)) = (key.key().name(), value) {
            let outcome = key.key().labels().find(|label| label.key() == "outcome").unwrap().value().to_owned();
            outcomes.extend(values.iter().map(|_| outcome.clone()));
        }
    }
    outcomes.sort();
    outcomes
}

/// How the calls of some work ended, as `logged` told them.
async fn logged_calls(work: impl Future<Output = ()>) -> Vec<String> {
    let (listener, _guard) = listen(tracing::Level::INFO);
    work.await;
    let lines = listener.take_all();
    let mut outcomes: Vec<_> = lines
        .iter()
        .filter(|line| line.target.starts_with("swaps"))
        .map(|line| line.field("outcome").to_owned())
        .collect();
    outcomes.sort();
    outcomes
}

/// The rows of an attribute that watches.
macro_rules! watching {
    ($module:ident, $watch:ident, $calls:ident) => {
        mod $module {
            use super::*;

            mod retry {
                use super::*;
                swap!(app, amount: $watch, retry(max_attempts = 2));

                #[tokio::test(start_paused = true)]
                async fn all_attempts_are_one_call_or_each_is() {
                    let above = $calls(async { first(app([DOWN]), 1).await.map(drop).unwrap() }).await;
                    let below = $calls(async { second(app([DOWN]), 1).await.map(drop).unwrap() }).await;
                    assert_eq!((above, below), (words(&["success"]), words(&["success", "transient"])));
                }
            }

            mod circuit_breaker {
                use super::*;
                swap!(app, amount: $watch, circuit_breaker(app.breaker));

                #[tokio::test(start_paused = true)]
                async fn refused_calls_are_seen_or_not() {
                    let app = app([]);
                    app.trip().await;
                    let above = $calls(async { drop(first(app.clone(), 1).await) }).await;
                    let below = $calls(async { drop(second(app.clone(), 1).await) }).await;
                    assert_eq!((above, below), (words(&["refused"]), words(&[])));
                }
            }

            mod rate_limit {
                use super::*;
                swap!(app, amount: $watch, rate_limit(app.limiter));

                #[tokio::test(start_paused = true)]
                async fn refused_calls_are_seen_or_not() {
                    let app = app([]);
                    app.exhaust().await;
                    let above = $calls(async { drop(first(app.clone(), 1).await) }).await;
                    let below = $calls(async { drop(second(app.clone(), 1).await) }).await;
                    assert_eq!((above, below), (words(&["refused"]), words(&[])));
                }
            }

            mod cached {
                use super::*;
                swap!(app, amount: $watch, cached(ttl = "1m", except(app)));

                #[tokio::test(start_paused = true)]
                async fn hits_are_seen_or_only_loads() {
                    let app = app([]);
                    let above = $calls(async {
                        for _ in 0..3 {
                            drop(first(app.clone(), 1).await);
                        }
                    })
                    .await;
                    let below = $calls(async {
                        for _ in 0..3 {
                            drop(second(app.clone(), 1).await);
                        }
                    })
                    .await;
                    assert_eq!((above, below), (words(&["success"; 3]), words(&["success"])));
                }
            }

            mod validate {
                use super::*;
                swap!(app, amount: $watch, validate(amount > 0 => "must be positive"));

                #[tokio::test(start_paused = true)]
                async fn invalid_calls_are_seen_or_not() {
                    let above = $calls(async { drop(first(app([]), 0).await) }).await;
                    let below = $calls(async { drop(second(app([]), 0).await) }).await;
                    assert_eq!((above, below), (words(&["refused"]), words(&[])));
                }
            }

            mod timeout {
                use super::*;
                swap!(app, amount: $watch, timeout("1s"));

                #[tokio::test(start_paused = true)]
                async fn a_call_that_times_out_is_unknown_or_cancelled() {
                    let above = $calls(async { drop(first(app([Reply::Hang]), 1).await) }).await;
                    let below = $calls(async { drop(second(app([Reply::Hang]), 1).await) }).await;
                    assert_eq!((above, below), (words(&["unknown"]), words(&["cancelled"])));
                }
            }
        }
    };
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

watching!(timed_and, timed, timed_calls);
watching!(logged_and, logged, logged_calls);

mod watching_idempotent {
    use super::*;

    #[timed]
    #[idempotent(name = "timed.1", key = key, payload = none, store = app.records)]
    async fn timed_above(app: App, key: &'static str) -> Answer {
        app.gateway.call(1, "").await
    }
    #[idempotent(name = "timed.2", key = key, payload = none, store = app.records)]
    #[timed]
    async fn timed_below(app: App, key: &'static str) -> Answer {
        app.gateway.call(1, "").await
    }
    #[logged]
    #[idempotent(name = "logged.1", key = key, payload = none, store = app.records)]
    async fn logged_above(app: App, key: &'static str) -> Answer {
        app.gateway.call(1, "").await
    }
    #[idempotent(name = "logged.2", key = key, payload = none, store = app.records)]
    #[logged]
    async fn logged_below(app: App, key: &'static str) -> Answer {
        app.gateway.call(1, "").await
    }

    #[tokio::test(start_paused = true)]
    async fn replays_are_seen_too_or_only_calls_that_run() {
        let app = app([]);
        macro_rules! thrice {
            ($watched:ident, $call:ident) => {
                $watched(async {
                    for _ in 0..3 {
                        $call(app.clone(), "k").await.unwrap();
                    }
                })
                .await
            };
        }
        assert_eq!(thrice!(timed_calls, timed_above), words(&["success"; 3]));
        assert_eq!(thrice!(timed_calls, timed_below), words(&["success"]));
        assert_eq!(thrice!(logged_calls, logged_above), words(&["success"; 3]));
        assert_eq!(thrice!(logged_calls, logged_below), words(&["success"]));
    }
}

mod timed_and_logged {
    use super::*;
    swap!(app, amount: timed, logged);

    #[tokio::test(start_paused = true)]
    async fn both_see_the_same_calls() {
        for order in [true, false] {
            let call = async || if order { first(app([DOWN]), 1).await } else { second(app([DOWN]), 1).await };
            assert_eq!(timed_calls(async { drop(call().await) }).await, words(&["transient"]));
            assert_eq!(logged_calls(async { drop(call().await) }).await, words(&["transient"]));
        }
    }
}

mod waiting_for_a_limit {
    use super::*;

    #[timed]
    #[rate_limit(max_calls = 1, period = "5s", max_wait = "10s")]
    async fn above() -> Result<(), PayError> {
        Ok(())
    }
    #[rate_limit(max_calls = 1, period = "5s", max_wait = "10s")]
    #[timed]
    async fn below() -> Result<(), PayError> {
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn is_timed_too_or_not() {
        let recorder = DebuggingRecorder::new();
        let snapshotter = recorder.snapshotter();
        let _guard = metrics::set_default_local_recorder(&recorder);
        for _ in 0..2 {
            above().await.unwrap();
            below().await.unwrap();
        }
        let samples = snapshotter.snapshot().into_vec();
        assert_eq!(samples.len(), 2);
        for (key, _, _, value) in samples {
            let DebugValue::Histogram(values) = value else { panic!("{value:?}") };
            let longest = values.iter().map(|value| value.into_inner()).fold(0.0, f64::max);
            let name = key.key().labels().find(|label| label.key() == "name").unwrap().value();
            match name {
                "above" => assert!(longest >= 4.9, "{longest}"),
                _ => assert!(longest < 1.0, "{longest}"),
            }
        }
    }
}
