//! Control by hand, and changes that code awaits.

use std::time::Duration;

use super::*;
use steadfast_tests::listen;

#[tokio::test(start_paused = true)]
async fn forced_open_it_refuses_whatever_happens_and_says_that_it_was_forced() {
    let breaker = breaker();
    breaker.force_open();
    assert_eq!(breaker.state(), BreakerState::ForcedOpen);
    advance(3600 * SECOND).await;
    let gateway = Gateway::default();
    let refused = call(&breaker, &gateway).await;
    assert_eq!((refused.code(), refused.wait()), ("circuit_open", None));
    let text = refused.rejection().unwrap().to_string();
    assert_eq!(text, "circuit_breaker `gateway`: circuit forced open, until somebody resets it");
    assert_eq!(gateway.calls(), 0);

    breaker.reset();
    assert_eq!(breaker.state(), BreakerState::Closed);
    assert_eq!(call(&breaker, &gateway).await.code(), "ok");
}

#[tokio::test(start_paused = true)]
async fn disabled_it_lets_every_call_through_and_learns_nothing() {
    let breaker = opened().await;
    breaker.disable();
    let gateway = Gateway::of(vec![DOWN; 10]);
    for _ in 0..10 {
        assert_eq!(call(&breaker, &gateway).await.code(), "down");
    }
    assert_eq!(breaker.state(), BreakerState::Disabled);
    breaker.reset();
    gateway.will([DOWN]);
    assert_eq!(call(&breaker, &gateway).await.code(), "down");
    assert_eq!(breaker.state(), BreakerState::Closed, "what came before does not count");
}

#[tokio::test(start_paused = true)]
async fn while_it_only_measures_it_tells_what_it_would_do() {
    let (listener, _guard) = listen(tracing::Level::INFO);
    let breaker = breaker();
    breaker.metrics_only();
    let told = |listener: &steadfast_tests::Listener| {
        let lines = listener.take("steadfast::observe").into_iter();
        lines.map(|line| format!("{}: {}", line.field("message"), line.field("to"))).collect::<Vec<_>>()
    };
    assert_eq!(told(&listener), ["circuit breaker changed: metrics_only"]);
    let gateway = Gateway::of(vec![DOWN; 20]);
    for _ in 0..20 {
        assert_eq!(call(&breaker, &gateway).await.code(), "down");
    }
    assert_eq!(told(&listener), ["circuit breaker would change: open"]);
    assert_eq!(breaker.state(), BreakerState::MetricsOnly);

    advance(10 * SECOND).await;
    assert_eq!(call(&breaker, &gateway).await.code(), "ok");
    assert_eq!(told(&listener), ["circuit breaker would change: half_open", "circuit breaker would change: closed"]);
}

#[tokio::test(start_paused = true)]
async fn a_call_under_way_when_it_is_set_teaches_nothing() {
    for set in [<CircuitBreaker>::reset, <CircuitBreaker>::metrics_only] {
        let breaker = CircuitBreaker::new("gateway").failure_threshold(1);
        let gateway = Gateway::of([Reply::FailAfter(SECOND, PayError::Down)]);
        let mut early = Hand::new(call(&breaker, &gateway));
        early.poll_pending();
        set(&breaker);
        let before = breaker.state();
        advance(SECOND).await;
        assert!(early.poll().is_ready());
        assert_eq!(breaker.state(), before);
        assert_eq!(call(&breaker, &Gateway::default()).await.code(), "ok");
    }
}

mod changes {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn are_awaited() {
        let breaker = Arc::new(breaker());
        let watched = breaker.clone();
        let watch = tokio::spawn(async move {
            let mut changes = watched.changes();
            let mut seen = vec![changes.state()];
            while seen.last() != Some(&BreakerState::Disabled) {
                seen.push(changes.changed().await);
            }
            seen
        });
        tokio::task::yield_now().await;
        let gateway = Gateway::of(vec![DOWN; 2]);
        for _ in 0..2 {
            let _ = call(&breaker, &gateway).await;
        }
        tokio::task::yield_now().await;
        advance(10 * SECOND).await;
        let _ = call(&breaker, &gateway).await;
        tokio::task::yield_now().await;
        breaker.disable();
        use BreakerState::{Closed, Disabled, Open};
        assert_eq!(watch.await.unwrap(), [Closed, Open, Closed, Disabled]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_state_is_waited_for_and_is_there_at_once_where_it_is() {
        let breaker = breaker();
        let mut changes = breaker.changes();
        changes.wait_for(BreakerState::Closed).await;
        let mut open = Hand::new(changes.wait_for(BreakerState::Open));
        open.poll_pending();
        let gateway = Gateway::of(vec![DOWN; 2]);
        for _ in 0..2 {
            let _ = call(&breaker, &gateway).await;
        }
        assert!(open.poll().is_ready());
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_dropped_while_it_waits_loses_nothing() {
        let breaker = breaker();
        let mut changes = breaker.changes();
        let waited = tokio::time::timeout(Duration::from_secs(1), changes.changed()).await;
        assert!(waited.is_err());
        breaker.force_open();
        assert_eq!(changes.changed().await, BreakerState::ForcedOpen);
    }

    /// Whoever tells last tells the last state, however the threads that change it meet.
    #[test]
    fn the_last_state_is_the_one_that_is_shown() {
        for _ in 0..300 {
            let breaker = breaker();
            let mut changes = breaker.changes();
            let together = Barrier::new(4);
            std::thread::scope(|scope| {
                for set in [
                    <CircuitBreaker>::force_open,
                    <CircuitBreaker>::disable,
                    <CircuitBreaker>::metrics_only,
                    <CircuitBreaker>::reset,
                ] {
                    let (breaker, together) = (&breaker, &together);
                    scope.spawn(move || {
                        together.wait();
                        set(breaker);
                    });
                }
            });
            assert_eq!(changes.state(), breaker.state());
        }
    }
}
