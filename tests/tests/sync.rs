//! The attributes on functions that are not async. None of these tests has a runtime, unless it
//! says so.

use std::io;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use steadfast::bulkhead::Bulkhead;
use steadfast::circuit_breaker::CircuitBreaker;
use steadfast::rate_limit::RateLimiter;
use steadfast::retry::Retrying;
use steadfast::{bulkhead, cached, circuit_breaker, fallback, logged, rate_limit, retry, timed, validate};
use steadfast_tests::{Code, PayError, listen};

/// Runs the same on a thread of its own, in a task of a current-thread runtime, and in one of
/// several threads.
fn everywhere(test: impl Fn() + Clone + Send + 'static) {
    test();
    let one = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    one.block_on(async { test() });
    let several = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let task = test.clone();
    several.block_on(async { tokio::spawn(async move { task() }).await.unwrap() });
}

mod retries {
    use super::*;

    static PAUSES: AtomicU32 = AtomicU32::new(0);

    fn count(_: &Retrying<'_>) {
        PAUSES.fetch_add(1, SeqCst);
    }

    #[retry(max_attempts = 4, delays = ["1ms", "0ms"], jitter = none, on_retry = count, attempt = attempt, clone(order))]
    fn charge(mut order: String, calls: &AtomicU32) -> Result<String, PayError> {
        calls.fetch_add(1, SeqCst);
        order.push('!');
        if attempt < 3 {
            return Err(PayError::Down);
        }
        if order.len() != 6 {
            Err(PayError::declined("it was not a copy"))?;
        }
        Ok(order)
    }

    #[test]
    fn block_their_thread_and_try_again() {
        everywhere(|| {
            PAUSES.store(0, SeqCst);
            let calls = AtomicU32::new(0);
            assert_eq!(charge("order".to_owned(), &calls).unwrap(), "order!");
            assert_eq!((calls.into_inner(), PAUSES.load(SeqCst)), (3, 2));
        });
    }

    #[retry(max_attempts = 2, on = error if error.kind() == io::ErrorKind::Interrupted, delays = ["1ms"])]
    fn read(calls: &AtomicU32) -> io::Result<u32> {
        match calls.fetch_add(1, SeqCst) {
            0 => Err(io::ErrorKind::Interrupted)?,
            n => Ok(n),
        }
    }

    #[test]
    fn read_errors_that_are_not_ours() {
        assert_eq!(read(&AtomicU32::new(0)).unwrap(), 1);
    }
}

mod breakers {
    use super::*;

    #[test]
    fn open_and_refuse() {
        static GATEWAY: CircuitBreaker = CircuitBreaker::new("sync.gateway").failure_threshold(2);
        #[circuit_breaker(GATEWAY)]
        fn ask(calls: &AtomicU32) -> Result<u32, PayError> {
            calls.fetch_add(1, SeqCst);
            Err(PayError::Down)
        }
        let calls = AtomicU32::new(0);
        let codes: Vec<_> = (0..3).map(|_| ask(&calls).code()).collect();
        assert_eq!(codes, ["down", "down", "circuit_open"]);
        assert_eq!(calls.into_inner(), 2);
    }
}

mod limiters {
    use super::*;

    #[test]
    fn refuse() {
        #[rate_limit(max_calls = 2, period = "1h")]
        fn ask() -> Result<u32, PayError> {
            Ok(7)
        }
        let codes: Vec<_> = (0..3).map(|_| ask().code()).collect();
        assert_eq!(codes, ["ok", "ok", "rate_limited"]);
    }

    #[test]
    fn that_would_wait_refuse_too() {
        everywhere(|| {
            let limiter = RateLimiter::window("sync.shared", 1, Duration::from_secs(3600)).max_wait(Duration::MAX);
            #[timed]
            #[rate_limit(limiter)]
            fn ask(limiter: &RateLimiter) -> Result<u32, PayError> {
                Ok(7)
            }
            assert_eq!(ask(&limiter).unwrap(), 7);
            assert_eq!(ask(&limiter).code(), "rate_limited");
        });
    }

    #[test]
    fn do_not_pass_those_who_wait_in_line() {
        static SHARED: RateLimiter =
            RateLimiter::window("sync.line", 1, Duration::from_secs(30)).max_wait(Duration::from_secs(3600));
        #[rate_limit(SHARED)]
        async fn waits() -> Result<u32, PayError> {
            Ok(7)
        }
        #[rate_limit(SHARED)]
        fn never_waits() -> Result<u32, PayError> {
            Ok(8)
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            assert_eq!(waits().await.unwrap(), 7);
            let mut waiting = steadfast_tests::Hand::new(waits());
            waiting.poll_pending();
            assert_eq!(never_waits().code(), "rate_limited");
            assert_eq!(waiting.finish().await.unwrap(), 7);
        });
    }
}

mod bulkheads {
    use super::*;

    #[test]
    fn refuse_when_full_and_give_places_back() {
        #[bulkhead(max_concurrent = 2)]
        fn nested(depth: u64) -> Result<u64, PayError> {
            if depth == 0 { Ok(0) } else { Ok(1 + nested(depth - 1)?) }
        }
        everywhere(|| {
            assert_eq!(nested(1).unwrap(), 1);
            assert_eq!(nested(2).code(), "bulkhead_full");
            assert_eq!(nested(1).unwrap(), 1);
        });
    }

    #[test]
    fn that_would_wait_refuse_too_and_say_so_at_once() {
        static SHARED: Bulkhead = Bulkhead::new("sync.places", 1).max_wait(Duration::from_secs(3600));
        #[bulkhead(SHARED)]
        fn ask(calls: &AtomicU32) -> Result<u32, PayError> {
            Ok(calls.fetch_add(1, SeqCst))
        }
        let calls = AtomicU32::new(0);
        let permit = SHARED.try_acquire().unwrap();
        assert_eq!(ask(&calls).code(), "bulkhead_full");
        drop(permit);
        assert_eq!((ask(&calls).unwrap(), calls.into_inner()), (0, 1));
    }

    #[test]
    fn keep_the_number_among_threads() {
        static AT_ONCE: AtomicU32 = AtomicU32::new(0);
        #[bulkhead(max_concurrent = 2)]
        fn ask() -> Result<u32, PayError> {
            let at_once = AT_ONCE.fetch_add(1, SeqCst) + 1;
            thread::sleep(Duration::from_millis(2));
            AT_ONCE.fetch_sub(1, SeqCst);
            Ok(at_once)
        }
        let threads: Vec<_> = (0..8).map(|_| thread::spawn(|| (0..10).map(|_| ask()).collect::<Vec<_>>())).collect();
        let answers: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert!(answers.iter().flatten().all(|at_once| *at_once <= 2), "{answers:?}");
        assert!(answers.iter().flatten().count() > 0);
        assert!(ask().is_ok() && ask().is_ok());
    }

    #[test]
    fn are_free_again_after_a_panic() {
        #[bulkhead(max_concurrent = 1)]
        fn ask(panic: bool) -> Result<u64, PayError> {
            assert!(!panic, "boom");
            Ok(7)
        }
        assert!(std::panic::catch_unwind(|| ask(true)).is_err());
        assert_eq!(ask(false).unwrap(), 7);
    }
}

mod fallbacks {
    use super::*;

    #[fallback(stale, clone(order))]
    #[retry(max_attempts = 2, delays = ["0ms"], clone(order))]
    #[circuit_breaker(failure_threshold = 100)]
    fn ask(order: String, (code, _): (u32, u32), calls: &AtomicU32) -> Result<String, PayError> {
        calls.fetch_add(1, SeqCst);
        drop(order);
        match code {
            0 => Err(PayError::Down),
            1 => Err(PayError::Lost),
            _ => Err(PayError::declined("no")),
        }
    }

    fn stale(error: PayError, order: &String, code: &u32, calls: &AtomicU32) -> Result<String, PayError> {
        match error {
            PayError::Lost => Err(PayError::declined("nothing stale")),
            _ => Ok(format!("{order} {code} after {}", calls.load(SeqCst))),
        }
    }

    #[test]
    fn are_functions_of_the_error_and_the_arguments() {
        everywhere(|| {
            let calls = AtomicU32::new(0);
            assert_eq!(ask("order".to_owned(), (0, 0), &calls).unwrap(), "order 0 after 2");
            assert_eq!(ask("order".to_owned(), (1, 0), &calls).code(), "declined", "its own failure surfaces");
            assert_eq!(ask("order".to_owned(), (2, 0), &calls).code(), "declined");
        });
    }

    #[test]
    fn are_values_and_expressions() {
        #[fallback(value = 7)]
        fn value(error: PayError) -> Result<u64, PayError> {
            Err(error)
        }
        #[fallback({ let half = halved(amount)?; if half > 10 { return Ok(10) } Ok(half) })]
        fn expression(amount: u64) -> Result<u64, PayError> {
            Err(PayError::Down)
        }
        #[fallback(Err(error), error = error, on = PayError::Declined { .. })]
        fn bound(amount: u64) -> Result<u64, PayError> {
            Err(PayError::declined(if amount == 1 { "no" } else { "never" }))
        }
        fn halved(amount: u64) -> Result<u64, PayError> {
            if amount.is_multiple_of(2) { Ok(amount / 2) } else { Err(PayError::declined("odd")) }
        }
        assert_eq!((value(PayError::Down).unwrap(), value(PayError::declined("no")).code()), (7, "declined"));
        assert_eq!((expression(6).unwrap(), expression(60).unwrap(), expression(7).code()), (3, 10, "declined"));
        assert_eq!(bound(1).code(), "declined");
    }

    #[test]
    fn stand_in_for_a_place_that_is_not_free() {
        static PLACES: Bulkhead = Bulkhead::new("sync.full", 1);
        struct Client(u64);
        impl Client {
            #[fallback(Self::stale)]
            #[bulkhead(PLACES)]
            fn ask(&mut self, currency: &str) -> Result<u64, PayError> {
                self.0 += currency.len() as u64;
                Ok(self.0)
            }
            fn stale(&self, error: PayError, currency: &str) -> Result<u64, PayError> {
                assert_eq!(Err::<(), _>(error).code(), "bulkhead_full");
                Ok(100 * self.0 + currency.len() as u64)
            }
        }
        let mut client = Client(1);
        assert_eq!(client.ask("EUR").unwrap(), 4);
        let _permit = PLACES.try_acquire().unwrap();
        assert_eq!(client.ask("EUR").unwrap(), 403);
    }
}

mod caches {
    use super::*;

    static RUNS: AtomicU64 = AtomicU64::new(0);

    #[cached(ttl = "1h")]
    fn square(n: u64) -> u64 {
        RUNS.fetch_add(1, SeqCst);
        n * n
    }

    #[test]
    fn answer() {
        everywhere(|| assert_eq!((square(3), square(4), square(3)), (9, 16, 9)));
        assert_eq!(RUNS.load(SeqCst), 2);
    }

    #[test]
    fn share_one_run_among_threads() {
        static RUNS: AtomicU64 = AtomicU64::new(0);
        static AT_ONCE: u64 = 8;

        #[cached(ttl = "1h")]
        fn slow(n: u64) -> Result<u64, PayError> {
            thread::sleep(Duration::from_millis(20));
            Ok(n + RUNS.fetch_add(1, SeqCst))
        }
        for round in 0..5 {
            let start = Arc::new(Barrier::new(8));
            let threads = (0..AT_ONCE).map(|_| {
                let start = start.clone();
                thread::spawn(move || {
                    start.wait();
                    slow(round * 100).unwrap()
                })
            });
            let threads: Vec<_> = threads.collect();
            let answers: Vec<u64> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
            assert!(answers.iter().all(|answer| *answer == round * 101), "{answers:?}");
        }
    }

    #[test]
    fn hand_the_turn_on_when_a_run_panics() {
        static RUNS: AtomicU64 = AtomicU64::new(0);

        #[cached(ttl = "1h")]
        fn first_fails(n: u64) -> Result<u64, PayError> {
            thread::sleep(Duration::from_millis(20));
            assert!(RUNS.fetch_add(1, SeqCst) > 0, "the first one fails");
            Ok(n)
        }
        let start = Arc::new(Barrier::new(4));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let start = start.clone();
                thread::spawn(move || {
                    start.wait();
                    first_fails(7).unwrap()
                })
            })
            .collect();
        let ended: Vec<_> = threads.into_iter().map(|thread| thread.join().ok()).collect();
        assert_eq!(ended.iter().flatten().count(), 3, "{ended:?}");
    }
}

mod watchers {
    use super::*;

    #[test]
    fn time_a_call() {
        #[timed]
        #[validate(amount > 0 => "must be positive")]
        fn charge(amount: u64) -> Result<u64, PayError> {
            if amount == 3 { Err(PayError::Down) } else { Ok(amount) }
        }
        let recorder = DebuggingRecorder::new();
        metrics::with_local_recorder(&recorder, || {
            assert_eq!(charge(7).unwrap(), 7);
            assert_eq!(charge(3).code(), "down");
            assert_eq!(charge(0).code(), "invalid");
        });
        let samples = recorder.snapshotter().snapshot().into_vec();
        let mut outcomes: Vec<_> = samples
            .iter()
            .filter(|(_, _, _, value)| matches!(value, DebugValue::Histogram(_)))
            .filter_map(|(key, ..)| key.key().labels().find(|label| label.key() == "outcome"))
            .map(|label| label.value().to_owned())
            .collect();
        outcomes.sort();
        assert_eq!(outcomes.len(), 3, "{outcomes:?}");
        assert!(outcomes.contains(&"success".to_owned()), "{outcomes:?}");
    }

    #[test]
    fn log_a_call() {
        #[logged(args(order), ret)]
        fn charge(order: &str) -> Result<usize, PayError> {
            Ok(order.len())
        }
        let (listener, _guard) = listen(tracing::Level::INFO);
        assert_eq!(charge("order-1").unwrap(), 7);
        let lines = listener.take_all();
        assert_eq!(lines.len(), 1);
        assert_eq!((lines[0].field("order"), lines[0].field("ret")), ("order-1", "7"));
    }
}

mod stacks {
    use super::*;

    #[logged(args(order))]
    #[timed]
    #[validate(!order.is_empty() => "must be named")]
    #[rate_limit(max_calls = 100, period = "1h")]
    #[cached(ttl = "1h", key = order)]
    #[retry(max_attempts = 3, delays = ["1ms"], attempt = attempt)]
    #[circuit_breaker(failure_threshold = 10)]
    fn charge(order: String, calls: &AtomicU32) -> Result<String, PayError> {
        calls.fetch_add(1, SeqCst);
        if attempt < 3 {
            Err(PayError::Down)?;
        }
        Ok(order.to_uppercase())
    }

    #[test]
    fn compose_as_they_are_written() {
        let calls = AtomicU32::new(0);
        for _ in 0..2 {
            assert_eq!(charge("order".to_owned(), &calls).unwrap(), "ORDER");
        }
        assert_eq!(charge(String::new(), &calls).code(), "invalid");
        assert_eq!(calls.into_inner(), 3);
    }

    #[test]
    fn allocate_nothing_of_their_own() {
        #[timed]
        #[rate_limit(max_calls = 1000, period = "1h")]
        #[retry]
        #[circuit_breaker]
        fn ask(n: u64) -> Result<u64, PayError> {
            Ok(n)
        }
        assert_eq!(ask(1).unwrap(), 1);
        let counted = allocation_counter::measure(|| assert_eq!(ask(7).unwrap(), 7));
        assert_eq!(counted.count_total, 0);
    }

    #[test]
    fn nest_and_recurse() {
        #[retry]
        #[circuit_breaker]
        fn sum(of: u64) -> Result<u64, PayError> {
            #[timed]
            #[retry]
            fn less(n: u64) -> Result<u64, PayError> {
                sum(n - 1)
            }
            if of == 0 { Ok(0) } else { Ok(of + less(of)?) }
        }
        everywhere(|| assert_eq!(sum(10).unwrap(), 55));
    }

    #[test]
    fn let_a_panic_through() {
        #[circuit_breaker(failure_threshold = 1)]
        fn ask(panic: bool) -> Result<u64, PayError> {
            assert!(!panic, "boom");
            Ok(7)
        }
        assert!(std::panic::catch_unwind(|| ask(true)).is_err());
        assert_eq!(ask(false).code(), "circuit_open");
    }
}

mod bodies {
    use super::*;

    struct Client {
        calls: u64,
        names: Vec<String>,
    }

    impl Client {
        #[retry]
        #[circuit_breaker]
        fn longest<'a>(&'a self, other: &'a str) -> Result<&'a str, PayError> {
            let longest = self.names.iter().map(String::as_str).chain([other]).max_by_key(|name| name.len());
            longest.ok_or(PayError::Down)
        }

        #[circuit_breaker]
        fn count(&mut self) -> Result<&mut u64, PayError> {
            self.calls += 1;
            Ok(&mut self.calls)
        }

        #[validate(self.calls > 0 => "must have been called")]
        #[retry]
        fn total(&mut self, by: u64) -> Result<u64, PayError> {
            self.calls += by;
            Ok(self.calls)
        }

        #[timed]
        fn into_names(self) -> Vec<String> {
            self.names
        }
    }

    #[test]
    fn borrow_change_and_consume_their_receiver() {
        let mut client = Client { calls: 0, names: vec!["a".to_owned(), "bb".to_owned()] };
        assert_eq!(client.longest("c").unwrap(), "bb");
        assert_eq!(client.total(1).code(), "invalid");
        *client.count().unwrap() += 1;
        assert_eq!(client.total(1).unwrap(), 3);
        assert_eq!(client.into_names().len(), 2);
    }

    #[test]
    fn leave_types_to_inference() {
        #[circuit_breaker]
        fn boxed(n: u64) -> Result<Box<dyn Fn(u64) -> u64>, PayError> {
            if n == 0 {
                return Ok(Box::new(|m| m));
            }
            Ok(Box::new(move |m| n * m))
        }
        assert_eq!(boxed(6).unwrap()(7), 42);
        #[timed]
        fn shown(n: u64) -> impl std::fmt::Display {
            n
        }
        assert_eq!(shown(7).to_string(), "7");
        #[timed]
        fn nothing(calls: &AtomicU32) {
            calls.fetch_add(1, SeqCst);
        }
        let calls = AtomicU32::new(0);
        nothing(&calls);
        assert_eq!(calls.into_inner(), 1);
    }

    #[test]
    fn keep_what_may_not_cross_threads() {
        use std::rc::Rc;

        #[retry]
        #[circuit_breaker]
        fn local(shared: Rc<u64>) -> Result<Rc<u64>, PayError> {
            Ok(shared.clone())
        }
        assert_eq!(*local(Rc::new(7)).unwrap(), 7);
    }

    #[test]
    fn may_make_futures_inside() {
        #[retry]
        fn spawned(runtime: &tokio::runtime::Runtime) -> Result<u64, PayError> {
            Ok(runtime.block_on(async {
                tokio::task::yield_now().await;
                7
            }))
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_eq!(spawned(&runtime).unwrap(), 7);
    }
}
