//! What a stack may cost: no allocation where nothing is stored, and a future not much larger than
//! what is written by hand. `./bench` counts the instructions.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use allocation_counter::measure;
use steadfast::circuit_breaker::CircuitBreaker;
use steadfast::rate_limit::RateLimiter;
use steadfast::{bulkhead, circuit_breaker, fallback, rate_limit, retry, timed, timeout};
use subjects::gateway::Unreachable;
use subjects::{hand, ours};

/// What the benches count.
#[path = "../../benches/src/subjects"]
#[allow(unreachable_pub, reason = "there it is a library's")]
mod subjects {
    pub mod gateway;
    pub mod hand;
    pub mod ours;
}

const CALLS: u64 = 1_000;

/// The answer of a future that is ready at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("it had to wait"),
    }
}

/// The allocations of many calls, after some that make what is made once.
fn allocations<T, F: Future<Output = T>>(call: impl Fn(u64) -> F) -> u64 {
    let calls = |number| (0..number).for_each(|request| drop(now(call(request))));
    calls(100);
    measure(|| calls(CALLS)).count_total
}

#[test]
fn a_call_through_a_breaker_a_retry_a_limiter_and_timing_allocates_nothing() {
    assert_eq!(allocations(ours::each_attempt_timed), 0);
    assert_eq!(allocations(ours::call_timed), 0);
}

#[test]
fn nor_does_one_through_a_timeout() {
    #[timed]
    #[circuit_breaker]
    #[timeout("2s")]
    async fn ask(request: u64) -> Result<u64, ours::CallError> {
        Ok(request)
    }
    assert_eq!(allocations(ask), 0);
}

#[test]
fn nor_does_one_through_a_bulkhead_with_something_to_stand_in() {
    #[fallback(value = 0)]
    #[circuit_breaker]
    #[bulkhead(max_concurrent = 10, max_wait = "1s")]
    async fn ask(request: u64) -> Result<u64, ours::CallError> {
        Ok(request)
    }
    assert_eq!(allocations(ask), 0);
}

/// What waits for a place lies where the call will: the body decides how large the future is.
#[test]
fn the_way_into_a_bulkhead_costs_no_room() {
    const BODY: usize = 1024;
    async fn wait(bytes: &[u8; BODY]) {
        tokio::task::yield_now().await;
        assert_eq!(bytes.len(), BODY);
    }
    #[fallback(value = 0)]
    #[bulkhead(max_concurrent = 10, max_wait = "1s")]
    async fn ask(request: u64) -> Result<u64, ours::CallError> {
        let bytes = [request as u8; BODY];
        wait(&bytes).await;
        Ok(request)
    }
    let size = size_of_val(&ask(1));
    assert!(size <= BODY + 200, "{size} bytes around {BODY}");
}

/// A storm of refusals is not the time to allocate.
#[test]
fn nor_does_a_refused_call() {
    static DOWN: CircuitBreaker = CircuitBreaker::new("down").failure_threshold(1);
    #[circuit_breaker(DOWN)]
    #[retry]
    async fn fail(_: u64) -> Result<u64, ours::CallError> {
        Err(Unreachable.into())
    }
    #[circuit_breaker(DOWN)]
    #[retry]
    async fn ask(request: u64) -> Result<u64, ours::CallError> {
        Ok(request)
    }

    static FEW: RateLimiter = RateLimiter::window("few", 1, Duration::from_secs(3600));
    #[timed]
    #[rate_limit(FEW)]
    async fn limited(request: u64) -> Result<u64, ours::CallError> {
        Ok(request)
    }

    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    assert!(runtime.block_on(fail(1)).is_err());
    assert_eq!(allocations(ask), 0);
    assert_eq!(allocations(limited), 0);
}

#[test]
fn a_future_is_at_most_half_as_large_again_as_by_hand() {
    let (by_hand, composed) = (size_of_val(&hand::each_attempt_timed(1)), size_of_val(&ours::each_attempt_timed(1)));
    assert!(2 * composed <= 3 * by_hand, "{composed} bytes, by hand {by_hand}");
    let (by_hand, composed) = (size_of_val(&hand::call_timed(1)), size_of_val(&ours::call_timed(1)));
    assert!(2 * composed <= 3 * by_hand, "{composed} bytes, by hand {by_hand}");
}
