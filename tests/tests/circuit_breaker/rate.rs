//! Opening by rate, over both windows, and by slow calls.

use super::*;

/// Calls that end so, one after the other.
async fn calls(breaker: &CircuitBreaker, replies: impl IntoIterator<Item = Reply>) {
    for reply in replies {
        let _ = call(breaker, &Gateway::of([reply])).await;
    }
}

fn repeated(reply: &Reply, times: usize) -> Vec<Reply> {
    vec![reply.clone(); times]
}

#[tokio::test(start_paused = true)]
async fn by_default_half_of_twenty_calls_in_thirty_seconds() {
    #[circuit_breaker(failure_rate = 0.5)]
    async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
        gateway.call(1, "").await
    }
    let gateway = Gateway::of(repeated(&DOWN, 10));
    for _ in 0..10 {
        assert_eq!(call(&gateway).await.code(), "down");
    }
    // Unknown below twenty calls, and nine more are not enough. The last one is a success.
    for _ in 0..9 {
        assert_eq!(call(&gateway).await.code(), "ok");
    }
    assert_eq!(call(&gateway).await.code(), "ok");
    assert_eq!(call(&gateway).await.wait(), Some(30 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn each_setting_may_stand_on_the_attribute() {
    #[circuit_breaker(
        failure_rate = 0.3,
        window = "10s",
        minimum_calls = 2,
        slow_call = "2s",
        slow_rate = 0.9,
        recovery_timeout = "5s",
        recovery_backoff = 3.0,
        max_recovery_timeout = "20s"
    )]
    async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
        gateway.call(1, "").await
    }
    let gateway = Gateway::of([Reply::Succeed, DOWN]);
    assert_eq!(call(&gateway).await.code(), "ok");
    assert_eq!(call(&gateway).await.code(), "down");
    for seconds in [5, 15, 20, 20] {
        assert_eq!(call(&gateway).await.wait(), Some(seconds * SECOND));
        advance(seconds * SECOND).await;
        gateway.will([DOWN]);
        assert_eq!(call(&gateway).await.code(), "down");
    }
}

#[tokio::test(start_paused = true)]
async fn a_window_of_calls_forgets_the_oldest_and_nothing_else() {
    #[circuit_breaker(failure_rate = 0.5, window = 4)]
    async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
        gateway.call(1, "").await
    }
    let ok = Reply::Succeed;
    let gateway = Gateway::of([DOWN, ok.clone(), ok.clone(), ok.clone(), ok.clone(), DOWN, ok.clone(), DOWN]);
    for code in ["down", "ok", "ok", "ok", "ok", "down", "ok", "down"] {
        // No time makes it forget.
        advance(3600 * SECOND).await;
        assert_eq!(call(&gateway).await.code(), code);
    }
    assert_eq!(call(&gateway).await.code(), "circuit_open");
}

#[tokio::test(start_paused = true)]
async fn what_leaves_the_window_of_time_counts_no_more() {
    let breaker = CircuitBreaker::new("gateway").failure_rate(0.5).window(10 * SECOND).minimum_calls(4);
    calls(&breaker, repeated(&DOWN, 3)).await;
    advance(10 * SECOND).await;
    calls(&breaker, [DOWN]).await;
    assert_eq!(breaker.state(), BreakerState::Closed);
    calls(&breaker, repeated(&DOWN, 3)).await;
    assert_eq!(breaker.state(), BreakerState::Open);
}

#[tokio::test(start_paused = true)]
async fn a_success_opens_it_where_older_successes_have_left_the_window() {
    let breaker = CircuitBreaker::new("gateway").failure_rate(0.5).window(10 * SECOND).minimum_calls(4);
    calls(&breaker, repeated(&Reply::Succeed, 20)).await;
    advance(8 * SECOND).await;
    calls(&breaker, repeated(&DOWN, 4)).await;
    assert_eq!(breaker.state(), BreakerState::Closed);
    advance(3 * SECOND).await;
    calls(&breaker, [Reply::Succeed]).await;
    assert_eq!(breaker.state(), BreakerState::Open);
}

#[tokio::test(start_paused = true)]
async fn a_window_below_a_second_works() {
    let breaker = CircuitBreaker::new("gateway").failure_rate(0.5).window(Duration::from_millis(20)).minimum_calls(4);
    for _ in 0..3 {
        calls(&breaker, repeated(&DOWN, 3)).await;
        advance(Duration::from_millis(20)).await;
    }
    assert_eq!(breaker.state(), BreakerState::Closed);
    calls(&breaker, repeated(&DOWN, 3)).await;
    advance(Duration::from_millis(17)).await;
    calls(&breaker, [DOWN]).await;
    assert_eq!(breaker.state(), BreakerState::Open);
}

#[tokio::test(start_paused = true)]
async fn terminal_errors_and_refusals_are_no_calls_of_the_rate() {
    let breaker = CircuitBreaker::new("gateway").failure_rate(1.0).minimum_calls(2);
    calls(&breaker, [DOWN, Reply::Fail(PayError::declined("51")), DOWN]).await;
    assert_eq!(breaker.state(), BreakerState::Open);
}

#[tokio::test(start_paused = true)]
async fn a_closed_breaker_begins_with_an_empty_window() {
    let breaker = CircuitBreaker::new("gateway").failure_rate(0.5).minimum_calls(2).recovery_timeout(SECOND);
    calls(&breaker, repeated(&DOWN, 2)).await;
    advance(SECOND).await;
    calls(&breaker, [Reply::Succeed]).await;
    assert_eq!(breaker.state(), BreakerState::Closed);
    // The two failures and the probe are of another time, though not two seconds old.
    calls(&breaker, [DOWN]).await;
    assert_eq!(breaker.state(), BreakerState::Closed);
    calls(&breaker, [DOWN]).await;
    assert_eq!(breaker.state(), BreakerState::Open);
}

mod slow {
    use super::*;

    fn breaker() -> CircuitBreaker {
        CircuitBreaker::new("gateway").slow_call(2 * SECOND).slow_rate(0.5).minimum_calls(2)
    }

    #[tokio::test(start_paused = true)]
    async fn calls_open_it_by_their_own_rate() {
        let breaker = breaker();
        calls(&breaker, [Reply::After(Duration::from_millis(1999)), Reply::After(SECOND)]).await;
        assert_eq!(breaker.state(), BreakerState::Closed);
        calls(&breaker, repeated(&Reply::After(2 * SECOND), 2)).await;
        assert_eq!(breaker.state(), BreakerState::Open);
    }

    #[tokio::test(start_paused = true)]
    async fn calls_that_are_dropped_count_once_they_were_slow() {
        let breaker = breaker();
        for (seconds, state) in
            [(1, BreakerState::Closed), (1, BreakerState::Closed), (2, BreakerState::Closed), (3, BreakerState::Open)]
        {
            let gateway = Gateway::of([Reply::Hang]);
            let mut hanging = Hand::new(call(&breaker, &gateway));
            hanging.poll_pending();
            advance(seconds * SECOND).await;
            drop(hanging);
            assert_eq!(breaker.state(), state, "after {seconds} s");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn terminal_answers_count_as_slow_calls_too() {
        let breaker = breaker();
        calls(&breaker, vec![Reply::FailAfter(2 * SECOND, PayError::declined("51")); 2]).await;
        assert_eq!(breaker.state(), BreakerState::Open);
    }

    #[tokio::test(start_paused = true)]
    async fn probes_open_it_again() {
        let breaker = breaker().recovery_timeout(10 * SECOND);
        calls(&breaker, repeated(&Reply::After(2 * SECOND), 2)).await;
        advance(10 * SECOND).await;
        calls(&breaker, [Reply::After(2 * SECOND)]).await;
        assert_eq!(breaker.state(), BreakerState::Open);
        advance(10 * SECOND).await;
        calls(&breaker, [Reply::After(SECOND)]).await;
        assert_eq!(breaker.state(), BreakerState::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_is_dropped_after_long_opens_it_again_and_before_that_gives_its_place_back() {
        let breaker = breaker().recovery_timeout(10 * SECOND);
        calls(&breaker, repeated(&Reply::After(2 * SECOND), 2)).await;
        for (seconds, state) in [(1, BreakerState::HalfOpen), (2, BreakerState::Open)] {
            advance(10 * SECOND).await;
            let gateway = Gateway::of([Reply::Hang]);
            let mut probe = Hand::new(call(&breaker, &gateway));
            probe.poll_pending();
            advance(seconds * SECOND).await;
            drop(probe);
            assert_eq!(breaker.state(), state);
        }
    }
}

/// Successes of many threads are all counted: one failure too few among them does not open it.
#[test]
fn successes_of_many_threads_are_all_counted() {
    for _ in 0..20 {
        let breaker = CircuitBreaker::new("gateway").failure_rate(0.5).window(3600 * SECOND).minimum_calls(20);
        let one = |reply| assert!(Hand::new(call(&breaker, &Gateway::of([reply]))).poll().is_ready());
        let together = Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    together.wait();
                    (0..125).for_each(|_| one(Reply::Succeed));
                });
            }
        });
        (0..999).for_each(|_| one(DOWN));
        assert_eq!(breaker.state(), BreakerState::Closed);
        one(DOWN);
        assert_eq!(breaker.state(), BreakerState::Open);
    }
}

/// However calls and the failures among them meet, the last outcome finds all of them counted: the
/// rate is looked at by whoever comes last, a success included.
#[test]
fn whoever_comes_last_opens_it() {
    for _ in 0..500 {
        let breaker = CircuitBreaker::new("gateway").failure_rate(0.5).window(3600 * SECOND).minimum_calls(8);
        let together = Barrier::new(8);
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (breaker, together) = (&breaker, &together);
                scope.spawn(move || {
                    let reply = if thread % 2 == 0 { DOWN } else { Reply::Succeed };
                    let gateway = Gateway::of([reply]);
                    let mut call = Hand::new(call(breaker, &gateway));
                    together.wait();
                    assert!(call.poll().is_ready());
                });
            }
        });
        assert_eq!(breaker.state(), BreakerState::Open);
    }
}
