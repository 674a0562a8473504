//! The function API.

use super::*;
use steadfast_tests::assert_send;

#[tokio::test(start_paused = true)]
async fn a_call_is_what_the_attribute_makes() {
    let breaker = breaker();
    let gateway = Gateway::of([DOWN, Reply::Fail(PayError::declined("51")), DOWN]);
    let codes = async {
        let mut codes = Vec::new();
        for _ in 0..4 {
            codes.push(assert_send(breaker.call(|| gateway.call(1, ""))).await.code());
        }
        codes
    };
    assert_eq!(codes.await, ["down", "declined", "down", "circuit_open"]);
    assert_eq!(gateway.calls(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_not_called() {
    let breaker = opened().await;
    let refused: Result<(), PayError> = breaker.call(|| async { unreachable!() }).await;
    assert_eq!(refused.wait(), Some(10 * SECOND));
    let refused: Result<(), PayError> = breaker.call(|| -> std::future::Ready<_> { unreachable!() }).await;
    assert_eq!(refused.code(), "circuit_open");
}

#[tokio::test(start_paused = true)]
async fn a_function_may_say_which_errors_count() {
    let breaker = breaker();
    let declined = |error: &PayError| matches!(error, PayError::Declined { .. });
    let gateway = Gateway::of(vec![DOWN; 5]);
    for _ in 0..5 {
        assert_eq!(breaker.call_when(declined, || gateway.call(1, "")).await.code(), "down");
    }
    gateway.will(vec![Reply::Fail(PayError::declined("51")); 2]);
    for _ in 0..2 {
        assert_eq!(breaker.call_when(declined, || gateway.call(1, "")).await.code(), "declined");
    }
    assert_eq!(breaker.state(), BreakerState::Open);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_probe_gives_its_place_back_and_a_panic_counts() {
    let breaker = half_open().await;
    let gateway = Gateway::of([Reply::Hang, Reply::Panic]);
    let mut probe = Hand::new(breaker.call(|| gateway.call(1, "")));
    probe.poll_pending();
    drop(probe);
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    let caught = std::panic::catch_unwind(AssertUnwindSafe(|| {
        Hand::new(breaker.call(|| gateway.call(1, ""))).poll().is_ready()
    }));
    assert!(caught.is_err());
    assert_eq!(breaker.state(), BreakerState::Open);
}

/// In the beginning of a call too, before there is a future.
#[tokio::test(start_paused = true)]
async fn a_function_that_panics_counts() {
    let breaker = CircuitBreaker::new("gateway").failure_threshold(1);
    let mut panics = Hand::new(breaker.call(|| -> std::future::Ready<Result<(), PayError>> { panic!("boom") }));
    assert!(std::panic::catch_unwind(AssertUnwindSafe(|| panics.poll().is_ready())).is_err());
    drop(panics);
    assert_eq!(breaker.state(), BreakerState::Open);
}
