//! `#[retry]` with what functions share: a policy, a budget; and with a schedule and a deadline.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use steadfast::registry::{self, LayerSnapshot, State};
use steadfast::retry::{Jitter, Pauses, RetryBudget, RetryConfig, RetryPolicy, Retrying, Schedule};
use steadfast::{Kind, circuit_breaker, retry, timeout};
use steadfast_tests::{Code, Gateway, PayError, Receipt, Reply, assert_about, listen};
use tokio::time::Instant;

const DOWN: Reply = Reply::Fail(PayError::Down);

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn down(times: usize) -> Gateway {
    Gateway::of(vec![DOWN; times])
}

#[track_caller]
fn assert_pauses(gateway: &Gateway, expected: &[u64]) {
    let pauses = gateway.pauses();
    assert_eq!(pauses.len(), expected.len(), "{pauses:?}");
    for (pause, expected) in pauses.into_iter().zip(expected) {
        assert_about(pause, ms(*expected));
    }
}

fn layer(function: &str) -> LayerSnapshot {
    let function = registry::snapshot().into_iter().find(|listed| listed.name == function).unwrap();
    function.stack.into_iter().find(|layer| layer.layer == "retry").unwrap()
}

mod policies {
    use super::*;

    static GATEWAY: RetryPolicy =
        RetryPolicy::new("gateway").max_attempts(4).delay(ms(10)).backoff(1.0).jitter(Jitter::None);
    static LAZY: LazyLock<RetryPolicy> = LazyLock::new(|| RetryPolicy::new("lazy").max_attempts(2));

    #[retry(GATEWAY)]
    async fn authorize(gateway: &Gateway) -> Result<Receipt, PayError> {
        gateway.call(1, "").await
    }

    #[retry(LAZY)]
    async fn lazily(gateway: &Gateway) -> Result<Receipt, PayError> {
        gateway.call(1, "").await
    }

    struct Client {
        retry: RetryPolicy,
        shared: Arc<RetryPolicy>,
        gateway: Gateway,
    }

    impl Client {
        #[retry(self.retry)]
        async fn own(&self) -> Result<Receipt, PayError> {
            self.gateway.call(1, "").await
        }

        #[retry(self.shared)]
        async fn counted(&self) -> Result<Receipt, PayError> {
            self.gateway.call(1, "").await
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_static_one_says_how_often_and_after_which_pauses() {
        let gateway = down(9);
        assert_eq!(authorize(&gateway).await.code(), "down");
        assert_pauses(&gateway, &[10, 10, 10]);

        let gateway = down(9);
        assert_eq!(lazily(&gateway).await.code(), "down");
        assert_eq!(gateway.calls(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn an_instance_has_its_own() {
        let policy = |calls| RetryPolicy::new("client").max_attempts(calls);
        let client = Client { retry: policy(2), shared: Arc::new(policy(5)), gateway: down(99) };
        let _ = client.own().await;
        assert_eq!(client.gateway.calls(), 2);
        let _ = client.counted().await;
        assert_eq!(client.gateway.calls(), 2 + 5);
    }

    #[tokio::test(start_paused = true)]
    async fn what_belongs_to_the_function_stays_on_the_attribute() {
        static TOLD: Mutex<Vec<(&str, u32, Kind)>> = Mutex::new(Vec::new());
        fn tell(event: &Retrying<'_>) {
            TOLD.lock().unwrap().push((event.name(), event.attempt(), event.kind()));
        }

        #[retry(GATEWAY, repeatable, on_retry = tell, attempt = n, deadline = deadline)]
        async fn reads(gateway: &Gateway) -> Result<(u32, Duration), PayError> {
            gateway.call(1, "").await.map(|_| (n, deadline.remaining()))
        }
        #[retry(GATEWAY, on = PayError::Declined { .. }, clone(request))]
        async fn named(gateway: &Gateway, request: String) -> Result<Receipt, PayError> {
            drop(request);
            gateway.call(1, "").await
        }

        let gateway = Gateway::of([Reply::Fail(PayError::Lost), DOWN]);
        let (attempt, left) = reads(&gateway).await.unwrap();
        assert_eq!(attempt, 3);
        assert_about(left, Duration::from_secs(30) - ms(20));
        assert_eq!(*TOLD.lock().unwrap(), [("gateway", 1, Kind::Unknown), ("gateway", 2, Kind::Transient)]);

        // The other functions that share it are not repeatable for that.
        assert_eq!(authorize(&Gateway::of([Reply::Fail(PayError::Lost)])).await.code(), "lost");
        assert_eq!(named(&Gateway::of([Reply::Fail(PayError::declined("51"))]), String::new()).await.code(), "ok");
    }

    #[tokio::test(start_paused = true)]
    async fn settings_from_outside_are_those_of_all_who_share_it() {
        static SHARED: RetryPolicy = RetryPolicy::new("configured").max_attempts(2);
        #[retry(SHARED)]
        async fn configured(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        assert_eq!(layer("configured").settings["max_attempts"], "2");
        SHARED.configure(&RetryConfig { max_attempts: Some(5), ..RetryConfig::default() }).unwrap();
        let gateway = down(9);
        let _ = configured(&gateway).await;
        assert_eq!(gateway.calls(), 5);
        assert_eq!(layer("configured").settings["max_attempts"], "5");
    }
}

mod budgets {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_empty_one_ends_the_attempts_of_all_who_share_it() {
        static BUDGET: RetryBudget = RetryBudget::new("shared").ratio(0.0).min_per_second(1).window(ms(3000));

        #[retry(budget = BUDGET, delay = "1ms", jitter = none)]
        async fn one(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        #[retry(budget = BUDGET, delay = "1ms", jitter = none)]
        async fn other(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }

        let gateway = down(99);
        let (listener, _guard) = listen(tracing::Level::DEBUG);
        let _ = one(&gateway).await;
        let answer = other(&gateway).await;
        // Three retries: two of the first call, one of the second, which then ends as it failed.
        assert_eq!(answer.code(), "down");
        assert_eq!(gateway.calls(), 3 + 2);
        let lines = listener.take_all();
        let empty: Vec<_> = lines.iter().filter(|line| line.field("message") == "retry budget empty").collect();
        assert_eq!(empty.len(), 1, "{lines:?}");
        assert_eq!((empty[0].field("name"), empty[0].field("policy")), ("shared", "other"));

        // When they no longer count, there are three more.
        tokio::time::advance(ms(3001)).await;
        let _ = other(&gateway).await;
        assert_eq!(gateway.calls(), 5 + 3);
    }

    #[tokio::test(start_paused = true)]
    async fn calls_that_go_well_pay_for_those_that_do_not() {
        static BUDGET: RetryBudget = RetryBudget::new("share").ratio(0.5).min_per_second(0);

        #[retry(budget = BUDGET, delay = "1ms", max_attempts = 100)]
        async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let up = Gateway::of([]);
        for _ in 0..19 {
            call(&up).await.unwrap();
        }
        let gateway = down(99);
        let _ = call(&gateway).await;
        assert_eq!(gateway.calls(), 1 + 10);
        assert_eq!(BUDGET.available(), 0);
        let retry = layer("call");
        assert_eq!(retry.settings["budget"], "share");
        assert_eq!(retry.state, Some(State::RetryBudget { name: "share", calls: 20, retries: 10, available: 0 }));
    }

    #[tokio::test(start_paused = true)]
    async fn an_instance_has_its_own_also_with_a_shared_policy() {
        static GATEWAY: RetryPolicy = RetryPolicy::new("gateway").max_attempts(9).delay(ms(1));
        struct Client(RetryBudget, Gateway);
        impl Client {
            #[circuit_breaker]
            #[retry(GATEWAY, budget = self.0)]
            async fn ask(&self) -> Result<Receipt, PayError> {
                self.1.call(1, "").await
            }
        }
        let client = |retries| {
            let budget = RetryBudget::new("client").ratio(0.0).min_per_second(retries).window(ms(1000));
            Client(budget, down(99))
        };
        let (one, two) = (client(1), client(4));
        let _ = (one.ask().await, two.ask().await);
        assert_eq!((one.1.calls(), two.1.calls()), (2, 5));
    }
}

mod schedules {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_closure_is_asked_for_the_pauses_of_each_call() {
        #[retry(schedule = || [30, 7, 200].into_iter().map(ms), max_attempts = 9)]
        async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        for _ in 0..2 {
            let gateway = down(9);
            assert_eq!(call(&gateway).await.code(), "down");
            // Where the pauses end, the attempts do.
            assert_pauses(&gateway, &[30, 7, 200]);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_limits_and_what_a_failure_asks_for_go_before_it() {
        #[retry(schedule = || std::iter::repeat(ms(900)), max_delay = "500ms", max_elapsed = "1400ms", max_attempts = 9)]
        async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let gateway = down(9);
        let _ = call(&gateway).await;
        assert_pauses(&gateway, &[500, 500]);

        let gateway = Gateway::of([Reply::Fail(PayError::Busy { after: ms(700) }), DOWN]);
        assert_eq!(call(&gateway).await.code(), "ok");
        assert_pauses(&gateway, &[700, 500]);
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_asked_only_when_an_attempt_failed() {
        static ASKED: AtomicU32 = AtomicU32::new(0);
        struct Mine;
        impl Schedule for Mine {
            fn pauses(&self) -> Pauses {
                ASKED.fetch_add(1, Ordering::Relaxed);
                Box::new(std::iter::repeat(ms(1)))
            }
        }
        static LAZY: LazyLock<Mine> = LazyLock::new(|| Mine);

        #[retry(schedule = LAZY, max_attempts = 9)]
        async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        call(&down(0)).await.unwrap();
        assert_eq!(ASKED.load(Ordering::Relaxed), 0);
        call(&down(5)).await.unwrap();
        assert_eq!(ASKED.load(Ordering::Relaxed), 1);
    }
}

mod deadlines {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_is_the_same_for_all_attempts() {
        #[retry(max_elapsed = "3s", delay = "1s", backoff = 1, jitter = none, deadline = deadline)]
        async fn call(seen: &Mutex<Vec<(Option<Instant>, Duration)>>) -> Result<(), PayError> {
            seen.lock().unwrap().push((deadline.at(), deadline.remaining()));
            Err(PayError::Down)
        }
        let (seen, start) = (Mutex::default(), Instant::now());
        let _ = call(&seen).await;
        let seen = seen.into_inner().unwrap();
        assert_eq!(seen.len(), 3);
        for (attempt, (at, remaining)) in seen.into_iter().enumerate() {
            assert_eq!(at, Some(start + ms(3000)));
            assert_about(remaining, ms(3000 - 1000 * attempt as u64));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_may_take_what_is_left() {
        #[retry(max_elapsed = "3s", delay = "1s", backoff = 1, jitter = none, deadline = deadline, repeatable)]
        #[timeout(deadline.remaining())]
        async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let gateway = Gateway::of([DOWN, Reply::FailAfter(ms(60_000), PayError::Down)]);
        let start = Instant::now();
        assert_eq!(call(&gateway).await.code(), "timed_out");
        assert_about(start.elapsed(), ms(3000));
    }

    #[tokio::test(start_paused = true)]
    async fn a_policy_without_a_limit_has_none() {
        static ENDLESS: RetryPolicy = RetryPolicy::new("endless").no_max_elapsed();
        #[retry(ENDLESS, deadline = deadline)]
        async fn call() -> Result<(Option<Instant>, Duration), PayError> {
            Ok((deadline.at(), deadline.remaining()))
        }
        assert_eq!(call().await.unwrap(), (None, Duration::MAX));
    }
}
