//! `#[timeout]`: a limit on how long a call may take, and what is known when it is over.

use std::future::pending;
use std::sync::atomic::Ordering;
use std::time::Duration;

use steadfast::{Failure, Kind, Layer, Reason, timeout};
use steadfast_tests::{Code, Gateway, PayError, Receipt, Reply, assert_about, flag_on_drop};
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_longer_ends_with_an_unknown_outcome() {
    #[timeout("2s")]
    async fn call() -> Result<(), PayError> {
        pending().await
    }
    let start = Instant::now();
    let timed_out = call().await;
    assert_about(start.elapsed(), 2 * SECOND);
    let rejection = timed_out.rejection().unwrap();
    assert_eq!((rejection.layer(), rejection.name(), rejection.status()), (Layer::Timeout, "call", 504));
    assert!(matches!(rejection.reason(), Reason::TimedOut { after } if *after == 2 * SECOND));
    assert_eq!(timed_out.unwrap_err().kind(), Kind::Unknown);
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_time_is_the_answer_error_or_not() {
    #[timeout("2s")]
    async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
        gateway.call(1, "").await
    }
    let gateway =
        Gateway::of([Reply::After(SECOND), Reply::FailAfter(SECOND, PayError::declined("51")), Reply::Succeed]);
    assert_eq!(call(&gateway).await.code(), "ok");
    assert_eq!(call(&gateway).await.code(), "declined");
    assert_eq!(call(&gateway).await.code(), "ok");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_there_counts_though_time_is_up() {
    #[timeout("2s")]
    async fn call() -> Result<(), PayError> {
        sleep(2 * SECOND).await;
        Ok(())
    }
    assert_eq!(call().await.code(), "ok");
}

#[tokio::test(start_paused = true)]
async fn what_was_running_is_gone_when_the_caller_hears_of_it() {
    #[timeout("1s")]
    async fn call(held: impl Send + Sync) -> Result<(), PayError> {
        let _held = held;
        pending().await
    }
    let (held, dropped) = flag_on_drop();
    let timed_out = call(held).await;
    assert_eq!(timed_out.code(), "timed_out");
    assert!(dropped.load(Ordering::SeqCst));
}

mod the_duration {
    use super::*;

    const LIMIT: Duration = Duration::from_millis(700);

    async fn measured<T>(call: impl Future<Output = Result<T, PayError>>, expected: Duration) {
        let start = Instant::now();
        assert_eq!(call.await.code(), "timed_out");
        assert_about(start.elapsed(), expected);
    }

    #[tokio::test(start_paused = true)]
    async fn is_a_literal_with_a_unit() {
        #[timeout("1m30s")]
        async fn call() -> Result<(), PayError> {
            pending().await
        }
        measured(call(), 90 * SECOND).await;
    }

    #[tokio::test(start_paused = true)]
    async fn or_a_constant() {
        #[timeout(LIMIT)]
        async fn plain() -> Result<(), PayError> {
            pending().await
        }
        #[timeout(LIMIT * 2)]
        async fn twice() -> Result<(), PayError> {
            pending().await
        }
        measured(plain(), LIMIT).await;
        measured(twice(), 2 * LIMIT).await;
    }

    #[tokio::test(start_paused = true)]
    async fn or_a_parameter_or_a_field_of_one() {
        struct Settings {
            patience: Duration,
        }
        #[timeout(limit)]
        async fn by_value(limit: Duration) -> Result<(), PayError> {
            pending().await
        }
        #[timeout(settings.patience.min(LIMIT))]
        async fn by_field(settings: &Settings) -> Result<(), PayError> {
            pending().await
        }
        measured(by_value(3 * SECOND), 3 * SECOND).await;
        measured(by_field(&Settings { patience: SECOND }), LIMIT).await;
    }

    #[tokio::test(start_paused = true)]
    async fn or_the_instances() {
        struct Client {
            limit: Duration,
        }
        impl Client {
            #[timeout(self.limit)]
            async fn call(&self) -> Result<(), PayError> {
                pending().await
            }
        }
        measured(Client { limit: SECOND }.call(), SECOND).await;
        measured(Client { limit: 2 * SECOND }.call(), 2 * SECOND).await;
    }

    #[tokio::test(start_paused = true)]
    async fn of_zero_ends_a_call_as_soon_as_it_waits() {
        #[timeout(limit)]
        async fn call(limit: Duration, gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let gateway = Gateway::of([Reply::Succeed, Reply::Hang]);
        assert_eq!(call(Duration::ZERO, &gateway).await.code(), "ok");
        measured(call(Duration::ZERO, &gateway), Duration::ZERO).await;
    }
}

#[tokio::test(start_paused = true)]
async fn each_call_has_its_own_time() {
    #[timeout("2s")]
    async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
        gateway.call(1, "").await
    }
    let gateway = Gateway::of([Reply::After(SECOND), Reply::After(3 * SECOND), Reply::After(SECOND)]);
    let (one, two, three) = tokio::join!(call(&gateway), call(&gateway), async {
        sleep(3 * SECOND / 2).await;
        call(&gateway).await
    });
    assert_eq!([one.code(), two.code(), three.code()], ["ok", "timed_out", "ok"]);
}
