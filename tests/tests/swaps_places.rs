//! What the orders of `bulkhead` and `fallback` with each other attribute mean: for each row of
//! `docs/stacking.md` that has a meaning, both orders, and the difference one sees.

use std::sync::Arc;
use std::time::Duration;

use steadfast::bulkhead::Bulkhead;
use steadfast::circuit_breaker::CircuitBreaker;
use steadfast::rate_limit::RateLimiter;
use steadfast::{
    bulkhead, cached, circuit_breaker, fallback, idempotent, logged, rate_limit, retry, timed, timeout, validate,
};
use steadfast_tests::{Code, Gateway, Hand, PayError, Receipt, Reply, TestStore, listen};
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);
const DOWN: Reply = Reply::Fail(PayError::Down);
const STALE: Receipt = Receipt { number: 0, amount: 0 };

#[derive(Clone)]
struct App {
    gateway: Gateway,
    records: TestStore,
    places: Arc<Bulkhead>,
    limiter: Arc<RateLimiter>,
    breaker: Arc<CircuitBreaker>,
}

type Answer = Result<Receipt, PayError>;

fn app(replies: impl IntoIterator<Item = Reply>) -> App {
    App {
        gateway: Gateway::of(replies),
        records: TestStore::default(),
        places: Arc::new(Bulkhead::new("places", 1)),
        limiter: Arc::new(RateLimiter::window("limiter", 1, 60 * SECOND)),
        breaker: Arc::new(CircuitBreaker::new("breaker").failure_threshold(1)),
    }
}

/// `first` has the attribute written first on top, `second` the other one.
macro_rules! swap {
    ($app:ident, $amount:ident: $upper:ident $(($($upper_args:tt)*))?, $lower:ident $(($($lower_args:tt)*))?) => {
        #[$upper $(($($upper_args)*))?]
        #[$lower $(($($lower_args)*))?]
        async fn first($app: App, $amount: u64) -> Answer {
            $app.gateway.call($amount, "").await
        }
        #[$lower $(($($lower_args)*))?]
        #[$upper $(($($upper_args)*))?]
        async fn second($app: App, $amount: u64) -> Answer {
            $app.gateway.call($amount, "").await
        }
    };
}

/// What both answer where every place is taken.
macro_rules! when_full {
    ($app:ident, $amount:expr) => {{
        let places = $app.places.clone();
        let _permit = places.try_acquire().unwrap();
        (first($app.clone(), $amount).await.code(), second($app.clone(), $amount).await.code())
    }};
}

mod bulkhead_and {
    use super::*;

    mod idempotent {
        use super::*;

        #[bulkhead(app.places)]
        #[idempotent(name = "places.1", key = key, payload = none, store = app.records)]
        async fn above(app: App, key: &'static str) -> Answer {
            app.gateway.call(1, key).await
        }
        #[idempotent(name = "places.2", key = key, payload = none, store = app.records)]
        #[bulkhead(app.places)]
        async fn below(app: App, key: &'static str) -> Answer {
            app.gateway.call(1, key).await
        }

        #[tokio::test]
        async fn replays_take_a_place_or_not() {
            let app = app([]);
            assert!(above(app.clone(), "k").await.is_ok() && below(app.clone(), "k").await.is_ok());
            let places = app.places.clone();
            let _permit = places.try_acquire().unwrap();
            assert_eq!(above(app.clone(), "k").await.code(), "bulkhead_full");
            assert_eq!(below(app.clone(), "k").await.code(), "ok");
            assert_eq!(below(app.clone(), "new").await.code(), "bulkhead_full");
            assert_eq!(app.records.state("places.2", "new").await, "free");
        }
    }

    mod retry {
        use super::*;
        swap!(app, amount: bulkhead(app.places), retry(delay = "1s", jitter = none));

        #[tokio::test(start_paused = true)]
        async fn a_place_is_kept_through_the_pause_or_given_back() {
            let (one, other) = (app([DOWN]), app([DOWN]));
            let (mut kept, mut given) = (Hand::new(first(one.clone(), 1)), Hand::new(second(other.clone(), 1)));
            kept.poll_pending();
            given.poll_pending();
            assert!(one.places.try_acquire().is_err());
            assert!(other.places.try_acquire().is_ok());
        }
    }

    mod circuit_breaker {
        use super::*;
        swap!(app, amount: bulkhead(app.places), circuit_breaker(app.breaker));

        #[tokio::test]
        async fn the_upper_one_is_asked_first() {
            let app = app([DOWN]);
            assert_eq!(when_full!(app, 1), ("bulkhead_full", "bulkhead_full"));
            // Full was neutral; a failure is not.
            assert_eq!(second(app.clone(), 1).await.code(), "down");
            assert_eq!(when_full!(app, 1), ("bulkhead_full", "circuit_open"));
        }
    }

    mod rate_limit {
        use super::*;
        swap!(app, amount: bulkhead(app.places), rate_limit(app.limiter));

        #[tokio::test(start_paused = true)]
        async fn a_call_that_finds_it_full_takes_none_of_the_limit_or_one() {
            let app = app([]);
            assert_eq!(when_full!(app, 1), ("bulkhead_full", "bulkhead_full"));
            assert_eq!(first(app.clone(), 1).await.code(), "rate_limited");
            assert_eq!(when_full!(app, 1), ("bulkhead_full", "rate_limited"));
        }
    }

    mod cached {
        use super::*;
        swap!(app, amount: bulkhead(app.places), cached(ttl = "1m", key = amount));

        #[tokio::test]
        async fn hits_take_a_place_or_only_loads() {
            let app = app([]);
            assert!(first(app.clone(), 1).await.is_ok() && second(app.clone(), 1).await.is_ok());
            assert_eq!(when_full!(app, 1), ("bulkhead_full", "ok"));
            assert_eq!(when_full!(app, 2), ("bulkhead_full", "bulkhead_full"));
        }
    }

    mod validate {
        use super::*;
        swap!(app, amount: bulkhead(app.places), validate(amount > 0 => "must be positive"));

        #[tokio::test]
        async fn an_invalid_call_takes_a_place_or_not() {
            let app = app([]);
            assert_eq!(when_full!(app, 0), ("bulkhead_full", "invalid"));
        }
    }

    mod fallback {
        use super::*;
        swap!(app, amount: bulkhead(app.places), fallback(value = STALE));

        #[tokio::test]
        async fn full_is_stood_in_for_or_not() {
            let app = app([]);
            assert_eq!(when_full!(app, 1), ("bulkhead_full", "ok"));
        }
    }

    mod logged {
        use super::*;
        swap!(app, amount: bulkhead(app.places), logged);

        #[tokio::test]
        async fn refused_calls_are_seen_or_not() {
            let (listener, _guard) = listen(tracing::Level::INFO);
            let app = app([]);
            when_full!(app, 1);
            let outcomes: Vec<_> = listener.take_all().iter().map(|line| line.field("outcome").to_owned()).collect();
            assert_eq!(outcomes, ["refused"]);
        }
    }

    mod timed {
        use super::*;
        swap!(app, amount: bulkhead(app.places), timed);

        #[tokio::test]
        async fn refused_calls_are_seen_or_not() {
            let app = app([]);
            assert_eq!(
                timed_calls(async {
                    let _ = when_full!(app, 1);
                })
                .await,
                ["second refused"]
            );
        }
    }
}

/// Which calls were timed, and how they ended.
async fn timed_calls(work: impl Future<Output = ()>) -> Vec<String> {
    let recorder = metrics_util::debugging::DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let guard = metrics::set_default_local_recorder(&recorder);
    work.await;
    drop(guard);
    let samples = snapshotter.snapshot().into_vec().into_iter();
    let timed = samples.filter(|(key, ..)| key.key().name() == "steadfast_call_duration_seconds");
    let words = timed.map(|(key, ..)| key.key().labels().map(|label| label.value().to_owned()).collect::<Vec<_>>());
    words.map(|words| words.join(" ")).collect()
}

mod fallback_and {
    use super::*;

    mod rate_limit {
        use super::*;
        swap!(app, amount: fallback(value = STALE), rate_limit(app.limiter));

        #[tokio::test(start_paused = true)]
        async fn a_refusal_is_stood_in_for_or_not() {
            let app = app([]);
            assert_eq!(first(app.clone(), 1).await.unwrap().number, 1);
            assert_eq!(first(app.clone(), 1).await.unwrap(), STALE);
            assert_eq!(second(app.clone(), 1).await.code(), "rate_limited");
        }
    }

    mod validate {
        use super::*;
        swap!(app, amount: fallback(value = STALE), validate(amount > 0 => "must be positive"));

        #[tokio::test]
        async fn what_is_invalid_is_never_stood_in_for() {
            let app = app([]);
            assert_eq!(
                (first(app.clone(), 0).await.code(), second(app.clone(), 0).await.code()),
                ("invalid", "invalid")
            );
        }
    }

    mod timeout {
        use super::*;

        #[fallback({ sleep(5 * SECOND).await; Ok(STALE) })]
        #[timeout("1s")]
        async fn above(app: App) -> Answer {
            app.gateway.call(1, "").await
        }
        #[timeout("1s")]
        #[fallback({ sleep(5 * SECOND).await; Ok(STALE) })]
        async fn below(app: App) -> Answer {
            app.gateway.call(1, "").await
        }

        #[tokio::test(start_paused = true)]
        async fn a_call_that_times_out_is_stood_in_for_or_what_stands_in_times_out_too() {
            assert_eq!(above(app([Reply::Hang])).await.unwrap(), STALE);
            assert_eq!(below(app([Reply::Hang])).await.code(), "timed_out");
            assert_eq!(above(app([DOWN])).await.unwrap(), STALE);
            assert_eq!(below(app([DOWN])).await.code(), "timed_out");
        }
    }

    mod timed {
        use super::*;
        swap!(app, amount: fallback(value = STALE), timed);

        #[tokio::test]
        async fn it_is_seen_as_it_failed_or_as_a_success() {
            let mut calls = timed_calls(async {
                drop((first(app([DOWN]), 1).await, second(app([DOWN]), 1).await));
            })
            .await;
            calls.sort();
            assert_eq!(calls, ["first transient", "second success"]);
        }
    }

    mod logged {
        use super::*;
        swap!(app, amount: fallback(value = STALE), logged);

        #[tokio::test]
        async fn it_is_seen_as_it_failed_or_as_a_success() {
            let (listener, _guard) = listen(tracing::Level::INFO);
            drop((first(app([DOWN]), 1).await, second(app([DOWN]), 1).await));
            let outcomes: Vec<_> = listener.take_all().iter().map(|line| line.field("outcome").to_owned()).collect();
            assert_eq!(outcomes, ["transient", "success"]);
        }
    }
}
