//! What breaks in the libraries beside this one, and in the Python decorators it comes from. One
//! test for each, named after what breaks there, to show that it does not break here.
//!
//! What these would let through and we refuse when it compiles is in `ui-tests`: a cached function
//! with a `&mut` argument or without an answer (`cached/fail`), a method that shares its entries by
//! accident (`cached/fail/self_not_in_key`), a setting that nobody knows (`*/fail/unknown_setting`).

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use backon::ExponentialBuilder;
use steadfast::circuit_breaker::{BreakerState, CircuitBreaker};
use steadfast::idempotent::MemoryStore;
use steadfast::keyed::Keyed;
use steadfast::rate_limit::RateLimiter;
use steadfast::retry::RetryPolicy;
use steadfast::{Rejection, cached, circuit_breaker, idempotent, logged, rate_limit, retry, timeout, validate};
use steadfast_tests::{Code, Fault, Gateway, Hand, PayError, Receipt, Reply, Step, TestStore, assert_about, listen};
use tokio::sync::oneshot;
use tokio::time::{Instant, advance, sleep};

const SECOND: Duration = Duration::from_secs(1);

mod caches {
    use super::*;

    type Result<T> = std::result::Result<T, PayError>;

    #[tokio::test]
    async fn an_error_behind_an_alias_is_not_kept_for_ever() {
        static ASKED: AtomicU32 = AtomicU32::new(0);

        #[cached(ttl = "1h")]
        async fn rate(currency: u32) -> Result<u32> {
            if ASKED.fetch_add(1, Ordering::SeqCst) == 0 { Err(PayError::Down) } else { Ok(currency) }
        }
        assert_eq!(rate(7).await.code(), "down");
        assert_eq!(rate(7).await.unwrap(), 7);
        assert_eq!(rate(7).await.unwrap(), 7);
        assert_eq!(ASKED.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn two_instances_do_not_share_entries() {
        struct Client {
            tenant: u32,
        }
        impl Client {
            #[cached(ttl = "1h", key = (self.tenant, id))]
            async fn name(&self, id: u32) -> String {
                format!("{} of {}", id, self.tenant)
            }
        }
        assert_eq!(Client { tenant: 1 }.name(7).await, "7 of 1");
        assert_eq!(Client { tenant: 2 }.name(7).await, "7 of 2");
    }

    #[tokio::test(start_paused = true)]
    async fn misses_at_once_run_the_function_once() {
        static ASKED: AtomicU32 = AtomicU32::new(0);

        #[cached(ttl = "1h")]
        async fn rate(currency: u32) -> u32 {
            ASKED.fetch_add(1, Ordering::SeqCst);
            sleep(SECOND).await;
            currency
        }
        let calls: Vec<_> = (0..64).map(|_| tokio::spawn(rate(7))).collect();
        for call in calls {
            assert_eq!(call.await.unwrap(), 7);
        }
        assert_eq!(ASKED.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_method_of_a_trait_is_cached() {
        trait Rates {
            fn rate(&self, currency: u32) -> impl Future<Output = u32> + Send;
        }
        struct Fixed(AtomicU32);
        impl Rates for Fixed {
            #[cached(ttl = "1h", except(self))]
            async fn rate(&self, currency: u32) -> u32 {
                self.0.fetch_add(1, Ordering::SeqCst) + currency
            }
        }
        let rates = Fixed(AtomicU32::new(0));
        assert_eq!((rates.rate(7).await, rates.rate(7).await), (7, 7));
    }

    #[tokio::test]
    async fn nothing_is_a_value_like_any_other() {
        static ASKED: AtomicU32 = AtomicU32::new(0);

        #[cached(ttl = "1h", negative_ttl = "1m")]
        async fn find(id: u32) -> Option<u32> {
            ASKED.fetch_add(1, Ordering::SeqCst);
            (id > 100).then_some(id)
        }
        assert_eq!((find(7).await, find(7).await), (None, None));
        assert_eq!(ASKED.load(Ordering::SeqCst), 1);
    }
}

mod breakers {
    use super::*;

    #[circuit_breaker(breaker)]
    async fn ask(breaker: &CircuitBreaker, answer: oneshot::Receiver<Result<(), PayError>>) -> Result<(), PayError> {
        answer.await.unwrap_or(Err(PayError::Lost))
    }

    #[circuit_breaker(breaker)]
    async fn end(breaker: &CircuitBreaker, answer: Result<(), PayError>) -> Result<(), PayError> {
        answer
    }

    /// Open, and about to let its probe through.
    async fn half_open() -> CircuitBreaker {
        let breaker = CircuitBreaker::new("peers").failure_threshold(1).recovery_timeout(SECOND);
        assert_eq!(end(&breaker, Err(PayError::Down)).await.code(), "down");
        advance(SECOND).await;
        breaker
    }

    #[tokio::test(start_paused = true)]
    async fn half_open_admits_one_of_a_hundred_calls() {
        let breaker = half_open().await;
        let mut answers = Vec::new();
        let mut calls: Vec<_> = (0..100)
            .map(|_| {
                let (answer, asked) = oneshot::channel();
                answers.push(answer);
                Hand::new(ask(&breaker, asked))
            })
            .collect();
        let refused = calls.iter_mut().map(|call| call.poll()).filter(std::task::Poll::is_ready).count();
        assert_eq!(refused, 99);
    }

    #[tokio::test(start_paused = true)]
    async fn parts_of_a_second_are_not_cut_to_zero() {
        let breaker = CircuitBreaker::new("peers").failure_threshold(1).recovery_timeout(Duration::from_millis(500));
        assert_eq!(end(&breaker, Err(PayError::Down)).await.code(), "down");
        advance(Duration::from_millis(499)).await;
        assert_eq!(end(&breaker, Ok(())).await.code(), "circuit_open");
        advance(Duration::from_millis(1)).await;
        assert_eq!(end(&breaker, Ok(())).await.code(), "ok");
    }

    #[tokio::test(start_paused = true)]
    async fn an_outcome_from_before_is_not_credited_to_the_new_state() {
        let breaker = CircuitBreaker::new("peers").failure_threshold(1).recovery_timeout(SECOND);
        let (answer, asked) = oneshot::channel();
        let mut early = Hand::new(ask(&breaker, asked));
        early.poll_pending();
        assert_eq!(end(&breaker, Err(PayError::Down)).await.code(), "down");
        advance(SECOND).await;
        let (_probe, asked) = oneshot::channel();
        let mut probe = Hand::new(ask(&breaker, asked));
        probe.poll_pending();
        answer.send(Ok(())).unwrap();
        assert!(early.poll().is_ready());
        assert_eq!(breaker.state(), BreakerState::HalfOpen, "closed by a call from before");
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_probe_gives_its_place_to_the_next() {
        let breaker = half_open().await;
        let (_answer, asked) = oneshot::channel();
        let mut probe = Hand::new(ask(&breaker, asked));
        probe.poll_pending();
        drop(probe);
        assert_eq!(end(&breaker, Ok(())).await.code(), "ok");
        assert_eq!(breaker.state(), BreakerState::Closed);
    }

    /// Opens at half of its calls, of which there must be two in a window of a fifth of a second.
    fn by_rate() -> CircuitBreaker {
        let breaker = CircuitBreaker::new("peers").failure_rate(0.5).minimum_calls(2);
        breaker.window(Duration::from_millis(200)).recovery_timeout(Duration::from_millis(300))
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_of_part_of_a_second_counts_that_part() {
        let breaker = by_rate();
        for _ in 0..5 {
            assert_eq!(end(&breaker, Err(PayError::Down)).await.code(), "down", "the one before is forgotten");
            advance(Duration::from_millis(250)).await;
        }
        assert_eq!(end(&breaker, Err(PayError::Down)).await.code(), "down");
        advance(Duration::from_millis(100)).await;
        assert_eq!(end(&breaker, Err(PayError::Down)).await.code(), "down");
        assert_eq!(end(&breaker, Ok(())).await.wait(), Some(Duration::from_millis(300)));
    }

    #[tokio::test(start_paused = true)]
    async fn half_open_by_rate_admits_as_many_of_a_hundred_calls_as_it_may() {
        let breaker = by_rate().half_open_max_calls(3);
        for _ in 0..2 {
            assert_eq!(end(&breaker, Err(PayError::Down)).await.code(), "down");
        }
        advance(Duration::from_millis(300)).await;
        let mut answers = Vec::new();
        let mut calls: Vec<_> = (0..100)
            .map(|_| {
                let (answer, asked) = oneshot::channel();
                answers.push(answer);
                Hand::new(ask(&breaker, asked))
            })
            .collect();
        let refused = calls.iter_mut().map(|call| call.poll()).filter(std::task::Poll::is_ready).count();
        assert_eq!((refused, breaker.state()), (97, BreakerState::HalfOpen));
    }
}

mod records {
    use super::*;

    #[idempotent(name = "peers.charge", key = key, payload = amount, store = records, claim = claim)]
    async fn charge(records: TestStore, gateway: Gateway, amount: u64, key: String) -> Result<Receipt, PayError> {
        gateway.call(amount, claim.downstream_key()).await
    }

    #[tokio::test]
    async fn a_key_with_another_payload_is_a_conflict() {
        let (records, gateway) = (TestStore::default(), Gateway::default());
        assert_eq!(charge(records.clone(), gateway.clone(), 500, "k".into()).await.code(), "ok");
        assert_eq!(charge(records, gateway.clone(), 900, "k".into()).await.code(), "payload_conflict");
        assert_eq!(gateway.calls(), 1);
    }

    #[tokio::test]
    async fn a_store_that_is_down_fails_closed() {
        let (records, gateway) = (TestStore::default(), Gateway::default());
        records.breaks(Step::Claim, Fault::Fail);
        assert_eq!(charge(records, gateway.clone(), 500, "k".into()).await.code(), "store_unavailable");
        assert_eq!(gateway.calls(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_hangs_up_leaves_no_key_behind() {
        let (records, gateway) = (TestStore::default(), Gateway::of([Reply::After(SECOND)]));
        let mut call = Hand::new(charge(records.clone(), gateway.clone(), 500, "k".into()));
        call.poll_pending();
        drop(call);
        sleep(2 * SECOND).await;
        assert_eq!(charge(records, gateway.clone(), 500, "k".into()).await.unwrap().number, 1, "a replay");
        assert_eq!(gateway.calls(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn duplicates_at_once_run_once() {
        let (records, gateway) = (TestStore::default(), Gateway::of([Reply::After(SECOND)]));
        let calls: Vec<_> =
            (0..100).map(|_| tokio::spawn(charge(records.clone(), gateway.clone(), 500, "k".into()))).collect();
        let mut ran = 0;
        for call in calls {
            match call.await.unwrap().code() {
                "ok" => ran += 1,
                code => assert_eq!(code, "in_flight"),
            }
        }
        assert_eq!((ran, gateway.calls()), (1, 1));
    }

    #[tokio::test]
    async fn an_unknown_error_does_not_free_the_key() {
        let (records, gateway) = (TestStore::default(), Gateway::of([Reply::Fail(PayError::Lost)]));
        assert_eq!(charge(records.clone(), gateway.clone(), 500, "k".into()).await.code(), "lost");
        assert_eq!(charge(records, gateway.clone(), 500, "k".into()).await.code(), "outcome_unknown");
        assert_eq!(gateway.calls(), 1);
    }

    #[tokio::test]
    async fn a_replayed_failure_keeps_its_type() {
        let declined = PayError::declined("no funds");
        let (records, gateway) = (TestStore::default(), Gateway::of([Reply::Fail(declined)]));
        for _ in 0..2 {
            match charge(records.clone(), gateway.clone(), 500, "k".into()).await {
                Err(PayError::Declined { code }) => assert_eq!(code, "no funds"),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(gateway.calls(), 1);
    }

    /// In the Python package a crash leaves the key in flight for its whole time to live. Here the
    /// end of the lease says that the owner is gone, and that nobody knows what it did.
    #[tokio::test(start_paused = true)]
    async fn a_crash_is_seen_when_its_lease_ends() {
        #[idempotent(name = "peers.crash", key = key, payload = none, store = records, lease = "10s", on_cancel = unknown)]
        async fn hang(records: MemoryStore, key: &'static str) -> Result<(), Rejection> {
            std::future::pending().await
        }
        let records = MemoryStore::default();
        let mut owner = Hand::new(hang(records.clone(), "k"));
        owner.poll_pending();
        // Nobody polls it any more, and nobody drops it: as if its process were gone.
        sleep(5 * SECOND).await;
        assert_eq!(hang(records.clone(), "k").await.code(), "in_flight");
        sleep(6 * SECOND).await;
        assert_eq!(hang(records, "k").await.code(), "outcome_unknown");
    }
}

mod retries {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn jitter_does_not_go_beyond_the_longest_pause() {
        #[retry(max_attempts = 40, delay = "4s", max_delay = "5s", max_elapsed = "1h", jitter = equal)]
        async fn ask(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let gateway = Gateway::of(vec![Reply::Fail(PayError::Down); 40]);
        assert_eq!(ask(&gateway).await.code(), "down");
        let longest = gateway.pauses().into_iter().max().unwrap();
        assert!(longest <= 5 * SECOND + Duration::from_millis(1), "{longest:?}");
    }

    /// Its decorators do not await what they decorate, so they see no failure.
    /// A builder of `backon` adds its jitter after its own cap; ours comes after both.
    #[tokio::test(start_paused = true)]
    async fn jitter_of_others_does_not_go_beyond_the_longest_pause_either() {
        static THEIRS: ExponentialBuilder = ExponentialBuilder::new()
            .with_min_delay(Duration::from_secs(5))
            .with_max_delay(Duration::from_secs(5))
            .with_max_times(100)
            .with_jitter();
        static POLICY: LazyLock<RetryPolicy> = LazyLock::new(|| {
            RetryPolicy::new("peers").schedule(&THEIRS).max_delay(5 * SECOND).max_attempts(50).no_max_elapsed()
        });
        #[retry(POLICY)]
        async fn ask(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let gateway = Gateway::of(vec![Reply::Fail(PayError::Down); 49]);
        assert_eq!(ask(&gateway).await.code(), "ok");
        assert_eq!(gateway.pauses().len(), 49);
        gateway.pauses().into_iter().for_each(|pause| assert_about(pause, 5 * SECOND));
        assert!(steadfast::retry::Schedule::pauses(&THEIRS).any(|pause| pause > 5 * SECOND), "alone they are longer");
    }

    #[tokio::test(start_paused = true)]
    async fn the_layers_await_the_function() {
        #[rate_limit(max_calls = 2, period = "1h")]
        #[circuit_breaker(failure_threshold = 2)]
        #[retry(max_attempts = 2)]
        async fn ask(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let gateway = Gateway::of(vec![Reply::Fail(PayError::Down); 4]);
        assert_eq!(ask(&gateway).await.code(), "down");
        assert_eq!(gateway.calls(), 2, "the retry has tried again");
        assert_eq!(ask(&gateway).await.code(), "down");
        assert_eq!(ask(&gateway).await.code(), "rate_limited");
    }
}

mod limits {
    use super::*;

    #[rate_limit(limiter)]
    async fn pass(limiter: &RateLimiter) -> Result<(), Rejection> {
        Ok(())
    }

    /// Ten a second as a smooth rate lets nineteen through in the first second. A window does not.
    #[tokio::test(start_paused = true)]
    async fn ten_a_second_are_ten_in_any_second() {
        let limiter = RateLimiter::window("peers", 10, SECOND);
        let mut admitted: Vec<Instant> = Vec::new();
        for _ in 0..500 {
            if pass(&limiter).await.is_ok() {
                admitted.push(Instant::now());
            }
            advance(Duration::from_millis(7)).await;
        }
        assert!(admitted.len() > 30);
        assert!(admitted.windows(11).all(|eleven| eleven[10] - eleven[0] >= SECOND));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_says_how_long_to_wait() {
        let limiter = RateLimiter::window("peers", 1, SECOND);
        assert_eq!(pass(&limiter).await.code(), "ok");
        advance(Duration::from_millis(300)).await;
        assert_eq!(pass(&limiter).await.wait(), Some(Duration::from_millis(700)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_waiter_is_let_through_with_a_call_of_the_limit_only() {
        let limiter = Arc::new(RateLimiter::window("peers", 2, SECOND).max_wait(60 * SECOND));
        let start = Instant::now();
        let calls: Vec<_> = (0..10)
            .map(|_| {
                let limiter = limiter.clone();
                tokio::spawn(async move {
                    pass(&limiter).await.unwrap();
                    start.elapsed()
                })
            })
            .collect();
        let mut times = Vec::new();
        for call in calls {
            times.push(call.await.unwrap());
        }
        times.sort();
        assert!(times.windows(3).all(|three| three[2] - three[0] >= SECOND), "{times:?}");
    }

    /// Keys that nobody asks for any more go by themselves, with no task and no call to sweep them.
    #[tokio::test(start_paused = true)]
    async fn keys_that_are_idle_go_away() {
        #[rate_limit(limiters, key = key)]
        async fn of_key(limiters: &Keyed<u32, RateLimiter>, key: u32) -> Result<(), Rejection> {
            Ok(())
        }
        let limiters = Keyed::new(RateLimiter::window("peers", 1, SECOND));
        for key in 0..10_000 {
            of_key(&limiters, key).await.unwrap();
        }
        assert_eq!(limiters.len(), 10_000);
        for key in 0..10_000 {
            advance(Duration::from_millis(1)).await;
            of_key(&limiters, 1_000_000 + key).await.unwrap();
        }
        // A thousand of them came within the last second.
        assert!(limiters.len() < 3_000, "{}", limiters.len());
    }
}

mod words {
    use super::*;
    use tracing::Level;

    #[tokio::test]
    async fn a_broken_rule_is_an_error_and_not_a_panic_and_echoes_nothing() {
        #[validate(card.len() < 5 => "is too long")]
        async fn charge(card: &str) -> Result<(), Rejection> {
            Ok(())
        }
        let refused = charge("4111111111111111").await.unwrap_err();
        assert_eq!(refused.code(), "invalid");
        assert!(!refused.to_string().contains("4111") && !format!("{refused:?}").contains("4111"));
    }

    #[tokio::test]
    async fn no_argument_is_logged_that_was_not_asked_for() {
        #[logged(args(user))]
        async fn login(user: &str, password: &str) -> Result<usize, Rejection> {
            Ok(user.len() + password.len())
        }
        let (listener, _guard) = listen(Level::TRACE);
        assert_eq!(login("jane", "hunter2").await.unwrap(), 11);
        let lines = listener.take_all();
        assert!(format!("{lines:?}").contains("jane"));
        assert!(!format!("{lines:?}").contains("hunter2"));
    }
}

/// A timeout that fires after the work began may have charged: nothing runs again on its own.
#[tokio::test(start_paused = true)]
async fn a_timeout_is_not_a_failure_that_may_be_tried_again() {
    #[retry(max_attempts = 3, repeatable)]
    #[timeout("1s")]
    async fn read(gateway: &Gateway) -> Result<Receipt, PayError> {
        gateway.call(1, "").await
    }
    #[idempotent(name = "peers.timeout", key = key, payload = none, store = records)]
    #[timeout("1s")]
    async fn pay(records: MemoryStore, gateway: Gateway, key: &'static str) -> Result<Receipt, PayError> {
        gateway.call(1, "").await
    }
    let gateway = Gateway::of([Reply::Hang]);
    assert_eq!(read(&gateway).await.code(), "ok");
    assert_eq!(gateway.calls(), 2);

    let (records, gateway) = (MemoryStore::default(), Gateway::of([Reply::Hang]));
    assert_eq!(pay(records.clone(), gateway.clone(), "k").await.code(), "timed_out");
    assert_eq!(pay(records, gateway.clone(), "k").await.code(), "outcome_unknown");
    assert_eq!(gateway.calls(), 1);
}
