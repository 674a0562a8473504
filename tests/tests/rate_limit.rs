//! `#[rate_limit]`: how many calls in how much time, refused or waiting.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use steadfast::rate_limit::RateLimiter;
use steadfast::{Layer, Reason, rate_limit};
use steadfast_tests::{Code, Hand, PayError, assert_about};
use tokio::time::{Instant, advance, sleep};

const SECOND: Duration = Duration::from_secs(1);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[rate_limit(limiter)]
async fn call(limiter: &RateLimiter) -> Result<(), PayError> {
    Ok(())
}

/// How many of so many calls at once are let through.
async fn let_through(limiter: &RateLimiter, calls: usize) -> usize {
    let mut through = 0;
    for _ in 0..calls {
        through += usize::from(call(limiter).await.is_ok());
    }
    through
}

mod window {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_call_over_the_limit_is_refused_with_the_exact_wait() {
        #[rate_limit(max_calls = 2, period = "10s")]
        async fn call() -> Result<(), PayError> {
            Ok(())
        }
        assert!(call().await.is_ok());
        advance(ms(3000)).await;
        assert!(call().await.is_ok());
        advance(ms(1000)).await;
        let refused = call().await;
        let rejection = refused.rejection().unwrap();
        assert_eq!((rejection.layer(), rejection.name(), rejection.status()), (Layer::RateLimit, "call", 429));
        assert!(matches!(rejection.reason(), Reason::Limited { retry_after } if *retry_after == ms(6000)));

        advance(ms(5999)).await;
        assert_eq!(call().await.code(), "rate_limited");
        advance(ms(1)).await;
        assert!(call().await.is_ok());
        // The place of the second is free three seconds later.
        assert_eq!(call().await.wait(), Some(ms(3000)));
    }

    #[tokio::test(start_paused = true)]
    async fn never_more_than_the_limit_in_any_period() {
        const PERIOD: Duration = Duration::from_millis(1000);

        #[rate_limit(max_calls = 5, period = PERIOD)]
        async fn call() -> Result<(), PayError> {
            Ok(())
        }
        let start = Instant::now();
        let mut through = Vec::new();
        for _ in 0..2000 {
            if call().await.is_ok() {
                through.push(start.elapsed());
            }
            advance(ms(7)).await;
        }
        assert!(through.len() > 60, "{}", through.len());
        for six in through.windows(6) {
            assert!(six[5] - six[0] >= PERIOD, "{six:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn calls_at_once_from_many_tasks_share_it() {
        let limiter = Arc::new(RateLimiter::window("gateway_calls", 10, SECOND));
        let calls: Vec<_> = (0..100)
            .map(|_| {
                let limiter = limiter.clone();
                tokio::spawn(async move { call(&limiter).await.is_ok() })
            })
            .collect();
        let mut through = 0;
        for call in calls {
            through += usize::from(call.await.unwrap());
        }
        assert_eq!(through, 10);
    }
}

mod rate {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn after_the_burst_one_call_at_each_interval() {
        #[rate_limit(rate = "10/1s", burst = 3)]
        async fn call() -> Result<(), PayError> {
            Ok(())
        }
        for _ in 0..3 {
            assert!(call().await.is_ok());
        }
        assert_eq!(call().await.wait(), Some(ms(100)));
        for _ in 0..5 {
            advance(ms(100)).await;
            assert!(call().await.is_ok());
            assert_eq!(call().await.code(), "rate_limited");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_burst_it_is_the_rates_calls() {
        #[rate_limit(rate = "4/1m")]
        async fn call() -> Result<(), PayError> {
            Ok(())
        }
        for _ in 0..4 {
            assert!(call().await.is_ok());
        }
        assert_eq!(call().await.wait(), Some(15 * SECOND));
    }
}

mod waiting {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_call_waits_as_long_as_it_is_told_and_no_longer_wait_is_begun() {
        #[rate_limit(max_calls = 1, period = "1s", max_wait = "1500ms")]
        async fn call() -> Result<(), PayError> {
            Ok(())
        }
        assert!(call().await.is_ok());
        let start = Instant::now();
        let waits = async {
            let waited = call().await;
            (waited, start.elapsed())
        };
        let one_too_many = async {
            // Behind the first, it would wait two seconds.
            tokio::task::yield_now().await;
            let refused = call().await;
            (refused, start.elapsed())
        };
        let ((waited, after), (refused, at)) = tokio::join!(waits, one_too_many);
        assert!(waited.is_ok());
        assert_about(after, SECOND);
        assert_eq!((refused.code(), refused.wait()), ("rate_limited", Some(2 * SECOND)));
        assert_about(at, Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_to_come_is_the_first_to_go() {
        let limiter = Arc::new(RateLimiter::window("gateway_calls", 2, SECOND).max_wait(Duration::from_secs(60)));
        let order = Arc::new(Mutex::new(Vec::new()));
        let start = Instant::now();
        let calls: Vec<_> = (0..20)
            .map(|number| {
                let (limiter, order) = (limiter.clone(), order.clone());
                tokio::spawn(async move {
                    assert!(call(&limiter).await.is_ok());
                    order.lock().unwrap().push((number, start.elapsed()));
                })
            })
            .collect();
        for call in calls {
            call.await.unwrap();
        }
        let order = order.lock().unwrap();
        assert!(order.is_sorted(), "{order:?}");
        for three in order.windows(3) {
            assert!(three[2].1 - three[0].1 >= SECOND, "{order:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_overtakes_those_who_wait() {
        let limiter = RateLimiter::window("gateway_calls", 1, SECOND).max_wait(10 * SECOND);
        assert!(call(&limiter).await.is_ok());
        let mut first = Hand::new(call(&limiter));
        first.poll_pending();
        advance(SECOND).await;
        // There is a free place now, and it is the first one's.
        let mut second = Hand::new(call(&limiter));
        second.poll_pending();
        assert!(first.poll().is_ready());
    }

    #[tokio::test(start_paused = true)]
    async fn a_waiter_that_gives_up_leaves_its_turn_to_the_next() {
        let limiter = RateLimiter::window("gateway_calls", 1, SECOND).max_wait(10 * SECOND);
        assert!(call(&limiter).await.is_ok());
        let start = Instant::now();
        let mut gives_up = Hand::new(call(&limiter));
        gives_up.poll_pending();
        let next = async {
            assert!(call(&limiter).await.is_ok());
            start.elapsed()
        };
        let drop_it = async move {
            sleep(ms(500)).await;
            drop(gives_up);
        };
        let (after, ()) = tokio::join!(next, drop_it);
        assert_about(after, SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_may_be_waited_for_as_well() {
        #[rate_limit(rate = "10/1s", burst = 1, max_wait = "250ms")]
        async fn call() -> Result<Instant, PayError> {
            Ok(Instant::now())
        }
        let start = Instant::now();
        let (one, two, three, four) = tokio::join!(call(), call(), call(), call());
        assert_about(one.unwrap() - start, Duration::ZERO);
        assert_about(two.unwrap() - start, ms(100));
        assert_about(three.unwrap() - start, ms(200));
        assert_eq!(four.wait(), Some(ms(300)));
    }
}

mod sharing {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn two_functions_share_a_static() {
        static GATEWAY_CALLS: RateLimiter = RateLimiter::window("gateway_calls", 3, Duration::from_secs(1));

        #[rate_limit(GATEWAY_CALLS)]
        async fn authorize() -> Result<(), PayError> {
            Ok(())
        }
        #[rate_limit(GATEWAY_CALLS)]
        async fn capture() -> Result<(), PayError> {
            Ok(())
        }
        assert!(authorize().await.is_ok() && capture().await.is_ok() && authorize().await.is_ok());
        assert_eq!(capture().await.rejection().unwrap().name(), "gateway_calls");
    }

    #[tokio::test(start_paused = true)]
    async fn a_limiter_may_be_made_when_the_program_starts() {
        static GATEWAY_CALLS: LazyLock<RateLimiter> =
            LazyLock::new(|| RateLimiter::try_window("gateway_calls", 1, SECOND).unwrap());

        #[rate_limit(GATEWAY_CALLS)]
        async fn call() -> Result<(), PayError> {
            Ok(())
        }
        assert!(call().await.is_ok());
        assert_eq!(call().await.code(), "rate_limited");
    }

    #[tokio::test(start_paused = true)]
    async fn an_instance_has_its_own_where_it_is_named_with_self() {
        struct Client {
            limiter: RateLimiter,
        }
        impl Client {
            fn new() -> Self {
                Self { limiter: RateLimiter::window("client", 1, SECOND) }
            }
            #[rate_limit(self.limiter)]
            async fn call(&self) -> Result<(), PayError> {
                Ok(())
            }
        }
        let (one, other) = (Client::new(), Client::new());
        assert!(one.call().await.is_ok());
        assert_eq!(one.call().await.code(), "rate_limited");
        assert!(other.call().await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn methods_share_one_that_stands_on_the_attribute() {
        struct Client;
        impl Client {
            #[rate_limit(max_calls = 1, period = "1s")]
            async fn call(&self) -> Result<(), PayError> {
                Ok(())
            }
        }
        assert!(Client.call().await.is_ok());
        assert_eq!(Client.call().await.code(), "rate_limited");
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_needs_a_place_in_both_where_two_stand() {
        #[rate_limit(tenant)]
        #[rate_limit(gateway)]
        async fn both(tenant: &RateLimiter, gateway: &RateLimiter) -> Result<(), PayError> {
            Ok(())
        }
        let tenant = RateLimiter::window("tenant", 2, SECOND);
        let gateway = RateLimiter::window("gateway", 3, SECOND);
        assert!(both(&tenant, &gateway).await.is_ok());
        assert!(both(&tenant, &gateway).await.is_ok());
        assert_eq!(both(&tenant, &gateway).await.rejection().unwrap().name(), "tenant");
        let other = RateLimiter::window("tenant", 2, SECOND);
        assert!(both(&other, &gateway).await.is_ok());
        assert_eq!(both(&other, &gateway).await.rejection().unwrap().name(), "gateway");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_call_takes_no_place() {
    let limiter = RateLimiter::window("gateway_calls", 1, SECOND);
    assert_eq!(let_through(&limiter, 50).await, 1);
    advance(SECOND).await;
    assert_eq!(let_through(&limiter, 50).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_after_it_was_let_through_has_used_its_place() {
    let limiter = RateLimiter::window("gateway_calls", 1, SECOND);
    #[rate_limit(limiter)]
    async fn hangs(limiter: &RateLimiter) -> Result<(), PayError> {
        std::future::pending().await
    }
    Hand::new(hangs(&limiter)).poll_pending();
    assert_eq!(call(&limiter).await.code(), "rate_limited");
}
