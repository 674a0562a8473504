//! `#[circuit_breaker]`: when it opens, what it lets through, and what closes it.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, LazyLock};
use std::time::Duration;

use steadfast::circuit_breaker::{BreakerState, CircuitBreaker};
use steadfast::{Layer, Reason, circuit_breaker, rate_limit, timeout};
use steadfast_tests::{Code, Gateway, Hand, PayError, Receipt, Reply, assert_about};
use tokio::time::{advance, sleep};

#[path = "circuit_breaker/by_hand.rs"]
mod by_hand;
#[path = "circuit_breaker/called.rs"]
mod called;
#[path = "circuit_breaker/configured.rs"]
mod configured;
#[path = "circuit_breaker/keyed.rs"]
mod keyed;
#[path = "circuit_breaker/rate.rs"]
mod rate;

const DOWN: Reply = Reply::Fail(PayError::Down);
const SECOND: Duration = Duration::from_secs(1);

#[circuit_breaker(breaker)]
async fn call(breaker: &CircuitBreaker, gateway: &Gateway) -> Result<Receipt, PayError> {
    gateway.call(1, "").await
}

/// A breaker that opens at the second failure in a row, for ten seconds.
fn breaker() -> CircuitBreaker {
    CircuitBreaker::new("gateway").failure_threshold(2).recovery_timeout(10 * SECOND)
}

async fn opened() -> CircuitBreaker {
    let breaker = breaker();
    let gateway = Gateway::of([DOWN, DOWN]);
    for _ in 0..2 {
        assert_eq!(call(&breaker, &gateway).await.code(), "down");
    }
    assert_eq!(breaker.state(), BreakerState::Open);
    breaker
}

async fn half_open() -> CircuitBreaker {
    let breaker = opened().await;
    advance(10 * SECOND).await;
    breaker
}

mod settings {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn by_default_five_failures_open_it_for_thirty_seconds_and_one_success_closes_it() {
        #[circuit_breaker]
        async fn plain(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let gateway = Gateway::of(vec![DOWN; 5]);
        for _ in 0..5 {
            assert_eq!(plain(&gateway).await.code(), "down");
        }
        let refused = plain(&gateway).await;
        assert_eq!((refused.code(), refused.wait()), ("circuit_open", Some(30 * SECOND)));
        assert_eq!(gateway.calls(), 5);

        advance(30 * SECOND).await;
        assert_eq!(plain(&gateway).await.code(), "ok");
        gateway.will(vec![DOWN; 4]);
        for _ in 0..4 {
            assert_eq!(plain(&gateway).await.code(), "down");
        }
        assert_eq!(plain(&gateway).await.code(), "ok");
    }

    #[tokio::test(start_paused = true)]
    async fn each_of_them_may_stand_on_the_attribute() {
        const PAUSE: Duration = Duration::from_millis(1500);

        #[circuit_breaker(
            failure_threshold = 2,
            recovery_timeout = PAUSE,
            half_open_max_calls = 2,
            success_threshold = 3
        )]
        async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let gateway = Gateway::of([DOWN, DOWN]);
        for _ in 0..2 {
            assert_eq!(call(&gateway).await.code(), "down");
        }
        assert_eq!(call(&gateway).await.wait(), Some(PAUSE));

        advance(PAUSE).await;
        gateway.will([Reply::After(SECOND), Reply::After(SECOND)]);
        let (one, two, three) = tokio::join!(call(&gateway), call(&gateway), call(&gateway));
        assert_eq!([one.code(), two.code(), three.code()], ["ok", "ok", "circuit_open"]);
        // Two probes succeeded, the third is missing: one failure opens it again.
        gateway.will([DOWN]);
        assert_eq!(call(&gateway).await.code(), "down");
        assert_eq!(call(&gateway).await.wait(), Some(PAUSE));
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_below_a_second_works() {
        #[circuit_breaker(failure_threshold = 1, recovery_timeout = "20ms")]
        async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let gateway = Gateway::of([DOWN]);
        assert_eq!(call(&gateway).await.code(), "down");
        advance(Duration::from_millis(19)).await;
        assert_eq!(call(&gateway).await.code(), "circuit_open");
        advance(Duration::from_millis(1)).await;
        assert_eq!(call(&gateway).await.code(), "ok");
    }
}

mod open {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_refuses_and_says_who_and_how_long_to_wait() {
        let breaker = opened().await;
        advance(4 * SECOND).await;
        let gateway = Gateway::default();
        let refused = call(&breaker, &gateway).await;
        let rejection = refused.rejection().unwrap();
        assert_eq!((rejection.layer(), rejection.name(), rejection.status()), (Layer::CircuitBreaker, "gateway", 503));
        assert!(matches!(rejection.reason(), Reason::Open { retry_after: Some(wait) } if *wait == 6 * SECOND));
        assert_eq!(gateway.calls(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_outcome_of_a_call_from_another_time_changes_nothing() {
    let breaker = breaker();
    let old = |reply| {
        let (breaker, gateway) = (&breaker, Gateway::of([reply]));
        async move { call(breaker, &gateway).await.code() }
    };
    let meanwhile = async {
        sleep(SECOND).await;
        for _ in 0..2 {
            assert_eq!(old(DOWN).await, "down");
        }
        sleep(10 * SECOND).await;
        let probe = old(Reply::After(5 * SECOND));
        let others = async {
            sleep(2 * SECOND).await;
            // The old success came a second ago, and the probe is still under way.
            assert_eq!(breaker.state(), BreakerState::HalfOpen);
            assert_eq!(old(Reply::Succeed).await, "circuit_open");
        };
        assert_eq!(tokio::join!(probe, others).0, "ok");
        assert_eq!(breaker.state(), BreakerState::Closed);
        assert_eq!(old(DOWN).await, "down");
        sleep(20 * SECOND).await;
        // The old failure came meanwhile: it is no second one in a row.
        assert_eq!(breaker.state(), BreakerState::Closed);
        assert_eq!(old(DOWN).await, "down");
        assert_eq!(breaker.state(), BreakerState::Open);
    };
    let succeeds = old(Reply::After(12 * SECOND));
    let fails = old(Reply::FailAfter(30 * SECOND, PayError::Down));
    let (succeeded, failed, ()) = tokio::join!(succeeds, fails, meanwhile);
    assert_eq!((succeeded, failed), ("ok", "down"));
}

mod half_open {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_of_a_hundred_concurrent_calls_is_let_through() {
        let breaker = Arc::new(super::half_open().await);
        let gateway = Gateway::of(vec![Reply::After(SECOND); 100]);
        let calls: Vec<_> = (0..100)
            .map(|_| {
                let (breaker, gateway) = (breaker.clone(), gateway.clone());
                tokio::spawn(async move { call(&breaker, &gateway).await })
            })
            .collect();
        let mut codes = Vec::new();
        for call in calls {
            codes.push(call.await.unwrap().code());
        }
        assert_eq!(codes.iter().filter(|code| **code == "ok").count(), 1);
        assert_eq!(codes.iter().filter(|code| **code == "circuit_open").count(), 99);
        assert_eq!(gateway.calls(), 1);
        assert_eq!(breaker.state(), BreakerState::Closed);
    }

    #[test]
    fn one_of_eight_threads_calls_is_let_through() {
        for _ in 0..100 {
            let breaker = CircuitBreaker::new("gateway").failure_threshold(1).recovery_timeout(Duration::from_nanos(1));
            assert!(Hand::new(call(&breaker, &Gateway::of([DOWN]))).poll().is_ready());
            let gateway = Gateway::of(vec![Reply::Hang; 8]);
            let together = Barrier::new(8);
            let let_through = AtomicUsize::new(0);
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        let mut call = Hand::new(call(&breaker, &gateway));
                        together.wait();
                        let_through.fetch_add(usize::from(call.poll().is_pending()), Ordering::SeqCst);
                        together.wait();
                    });
                }
            });
            assert_eq!((let_through.into_inner(), gateway.calls()), (1, 1));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn while_the_probe_runs_no_wait_is_known() {
        let breaker = super::half_open().await;
        let gateway = Gateway::of([Reply::Hang]);
        let mut probe = Hand::new(call(&breaker, &gateway));
        probe.poll_pending();
        let refused = call(&breaker, &gateway).await;
        assert_eq!((refused.code(), refused.wait()), ("circuit_open", None));
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_probe_gives_its_place_to_the_next() {
        let breaker = super::half_open().await;
        let gateway = Gateway::of([Reply::Hang]);
        let mut probe = Hand::new(call(&breaker, &gateway));
        probe.poll_pending();
        drop(probe);
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        assert_eq!(call(&breaker, &gateway).await.code(), "ok");
        assert_eq!(breaker.state(), BreakerState::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_teaches_nothing_gives_its_place_to_the_next() {
        let breaker = super::half_open().await;
        let gateway = Gateway::of([Reply::Fail(PayError::declined("51"))]);
        assert_eq!(call(&breaker, &gateway).await.code(), "declined");
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        assert_eq!(call(&breaker, &gateway).await.code(), "ok");
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_panics_opens_it_again() {
        let breaker = super::half_open().await;
        let gateway = Gateway::of([Reply::Panic]);
        let caught =
            std::panic::catch_unwind(AssertUnwindSafe(|| Hand::new(call(&breaker, &gateway)).poll().is_ready()));
        assert!(caught.is_err());
        assert_eq!(call(&breaker, &gateway).await.wait(), Some(10 * SECOND));
    }
}

mod what_counts {
    use super::*;

    /// The state after the first reply and one plain failure: open if the first one counted.
    async fn after(first: Reply) -> BreakerState {
        let breaker = breaker();
        let gateway = Gateway::of([first, DOWN]);
        let _ = call(&breaker, &gateway).await;
        let _ = call(&breaker, &gateway).await;
        breaker.state()
    }

    #[tokio::test(start_paused = true)]
    async fn transient_and_unknown_failures_do_and_terminal_ones_do_not() {
        assert_eq!(after(DOWN).await, BreakerState::Open);
        assert_eq!(after(Reply::Fail(PayError::Lost)).await, BreakerState::Open);
        assert_eq!(after(Reply::Fail(PayError::declined("51"))).await, BreakerState::Closed);
        assert_eq!(after(Reply::Succeed).await, BreakerState::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn a_success_ends_the_row_and_a_neutral_answer_does_not() {
        let breaker = breaker();
        let gateway = Gateway::of([DOWN, Reply::Succeed, DOWN, Reply::Fail(PayError::declined("51")), DOWN]);
        let mut states = Vec::new();
        for _ in 0..5 {
            let _ = call(&breaker, &gateway).await;
            states.push(breaker.state());
        }
        assert_eq!(states[..4], [BreakerState::Closed; 4]);
        assert_eq!(states[4], BreakerState::Open);
    }

    #[tokio::test(start_paused = true)]
    async fn a_timeout_below_counts() {
        #[circuit_breaker(breaker)]
        #[timeout("1s")]
        async fn call(breaker: &CircuitBreaker, gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let breaker = breaker();
        let gateway = Gateway::of([Reply::Hang, Reply::Hang]);
        for _ in 0..2 {
            assert_eq!(call(&breaker, &gateway).await.code(), "timed_out");
        }
        assert_eq!(call(&breaker, &gateway).await.code(), "circuit_open");
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_by_a_limiter_below_is_neutral() {
        #[circuit_breaker(breaker)]
        #[rate_limit(max_calls = 1, period = "1h")]
        async fn call(breaker: &CircuitBreaker) -> Result<(), PayError> {
            Ok(())
        }
        let breaker = breaker();
        assert_eq!(call(&breaker).await.code(), "ok");
        for _ in 0..5 {
            assert_eq!(call(&breaker).await.code(), "rate_limited");
        }
        assert_eq!(breaker.state(), BreakerState::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_call_is_neutral() {
        let breaker = breaker();
        let gateway = Gateway::of([DOWN, Reply::Hang, DOWN]);
        assert_eq!(call(&breaker, &gateway).await.code(), "down");
        let mut dropped = Hand::new(call(&breaker, &gateway));
        dropped.poll_pending();
        drop(dropped);
        assert_eq!(breaker.state(), BreakerState::Closed);
        assert_eq!(call(&breaker, &gateway).await.code(), "down");
        assert_eq!(breaker.state(), BreakerState::Open);
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_counts_and_goes_on() {
        let breaker = Arc::new(breaker());
        let gateway = Gateway::of([Reply::Panic, Reply::Panic]);
        for _ in 0..2 {
            let (breaker, gateway) = (breaker.clone(), gateway.clone());
            let panicked = tokio::spawn(async move { call(&breaker, &gateway).await }).await;
            assert!(panicked.unwrap_err().is_panic());
        }
        assert_eq!(breaker.state(), BreakerState::Open);
    }

    #[tokio::test(start_paused = true)]
    async fn on_and_when_name_them_instead() {
        #[circuit_breaker(breaker, on = PayError::Declined { code } if code == "91")]
        async fn by_pattern(breaker: &CircuitBreaker, gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        #[circuit_breaker(breaker, when = |error| matches!(error, PayError::Declined { .. }))]
        async fn by_predicate(breaker: &CircuitBreaker, gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let declined = |code| vec![Reply::Fail(PayError::declined(code)); 2];

        for (replies, by_its_pattern, by_its_predicate) in [
            (declined("91"), BreakerState::Open, BreakerState::Open),
            (declined("51"), BreakerState::Closed, BreakerState::Open),
            (vec![DOWN; 2], BreakerState::Closed, BreakerState::Closed),
        ] {
            let (one, two) = (breaker(), breaker());
            for reply in replies {
                let _ = by_pattern(&one, &Gateway::of([reply.clone()])).await;
                let _ = by_predicate(&two, &Gateway::of([reply])).await;
            }
            assert_eq!((one.state(), two.state()), (by_its_pattern, by_its_predicate));
        }
    }
}

mod sharing {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn two_functions_share_a_static() {
        static GATEWAY: CircuitBreaker =
            CircuitBreaker::new("gateway").failure_threshold(2).recovery_timeout(Duration::from_secs(10));

        #[circuit_breaker(GATEWAY)]
        async fn authorize(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        #[circuit_breaker(GATEWAY)]
        async fn capture(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(2, "").await
        }
        let gateway = Gateway::of([DOWN, DOWN]);
        assert_eq!(authorize(&gateway).await.code(), "down");
        assert_eq!(capture(&gateway).await.code(), "down");
        assert_eq!(authorize(&gateway).await.code(), "circuit_open");
        assert_eq!(capture(&gateway).await.code(), "circuit_open");
    }

    #[tokio::test(start_paused = true)]
    async fn a_breaker_may_be_made_when_the_program_starts() {
        static GATEWAY: LazyLock<CircuitBreaker> =
            LazyLock::new(|| CircuitBreaker::new("gateway").try_failure_threshold(1).unwrap());

        #[circuit_breaker(GATEWAY)]
        async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let gateway = Gateway::of([DOWN]);
        assert_eq!(call(&gateway).await.code(), "down");
        assert_eq!(call(&gateway).await.rejection().unwrap().name(), "gateway");
    }

    #[tokio::test(start_paused = true)]
    async fn an_instance_has_its_own_where_it_is_named_with_self() {
        struct Client {
            breaker: CircuitBreaker,
            gateway: Gateway,
        }
        impl Client {
            #[circuit_breaker(self.breaker)]
            async fn call(&self) -> Result<Receipt, PayError> {
                self.gateway.call(1, "").await
            }
        }
        let client = |replies: Vec<Reply>| Client { breaker: breaker(), gateway: Gateway::of(replies) };
        let (broken, well) = (client(vec![DOWN; 2]), client(vec![]));
        for _ in 0..2 {
            assert_eq!(broken.call().await.code(), "down");
        }
        assert_eq!(broken.call().await.code(), "circuit_open");
        assert_eq!(well.call().await.code(), "ok");
    }

    #[tokio::test(start_paused = true)]
    async fn a_generic_function_has_one_for_all_its_types() {
        #[circuit_breaker(failure_threshold = 1)]
        async fn call<T: Send>(gateway: &Gateway, _of: T) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let gateway = Gateway::of([DOWN]);
        assert_eq!(call(&gateway, 1_u8).await.code(), "down");
        assert_eq!(call(&gateway, "text").await.code(), "circuit_open");
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_needs_two_closed_where_two_stand() {
        #[circuit_breaker(region)]
        #[circuit_breaker(gateways)]
        async fn call(
            region: &CircuitBreaker,
            gateways: &CircuitBreaker,
            gateway: &Gateway,
        ) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let (region, gateways) = (opened().await, CircuitBreaker::new("gateways"));
        let gateway = Gateway::default();
        assert_eq!(call(&region, &gateways, &gateway).await.code(), "circuit_open");
        assert_eq!(call(&gateways, &region, &gateway).await.code(), "circuit_open");
        assert_eq!(call(&gateways, &breaker(), &gateway).await.code(), "ok");
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_to_wait_passes_with_the_paused_clock() {
    let breaker = opened().await;
    let start = tokio::time::Instant::now();
    while let Some(wait) = call(&breaker, &Gateway::default()).await.wait() {
        sleep(wait).await;
    }
    assert_about(start.elapsed(), 10 * SECOND);
}
