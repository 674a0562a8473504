//! `#[retry]`: how often, after which pause, and for which failures.

use std::io;
use std::sync::Mutex;
use std::time::Duration;

use steadfast::circuit_breaker::CircuitBreaker;
use steadfast::retry::Retrying;
use steadfast::{Kind, circuit_breaker, retry};
use steadfast_tests::{ChargeRequest, Code, Gateway, Hand, PayError, Receipt, Reply, assert_about};
use tokio::time::Instant;

const DOWN: Reply = Reply::Fail(PayError::Down);

fn ms(millis: u64) -> Duration {
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

mod attempts {
    use super::*;

    #[retry]
    async fn plain(gateway: &Gateway) -> Result<Receipt, PayError> {
        gateway.call(1, "").await
    }

    #[tokio::test(start_paused = true)]
    async fn a_transient_failure_is_tried_again_three_times_in_all() {
        let gateway = down(2);
        assert_eq!(plain(&gateway).await.unwrap().number, 3);

        let gateway = down(3);
        assert_eq!(plain(&gateway).await.code(), "down");
        assert_eq!(gateway.calls(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_success_a_terminal_and_an_unknown_failure_are_not() {
        for reply in [Reply::Succeed, Reply::Fail(PayError::declined("51")), Reply::Fail(PayError::Lost)] {
            let gateway = Gateway::of([reply]);
            let _ = plain(&gateway).await;
            assert_eq!(gateway.calls(), 1);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_failure_comes_back_as_it_is() {
        let gateway = Gateway::of([DOWN, DOWN, Reply::Fail(PayError::declined("51"))]);
        let Err(PayError::Declined { code }) = plain(&gateway).await else { panic!() };
        assert_eq!(code, "51");
    }

    #[tokio::test(start_paused = true)]
    async fn max_attempts_counts_the_first_call() {
        const ATTEMPTS: u32 = 2 + 2;

        #[retry(max_attempts = 1)]
        async fn once(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        #[retry(max_attempts = ATTEMPTS)]
        async fn four(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }

        let gateway = down(9);
        assert_eq!(once(&gateway).await.code(), "down");
        assert_eq!(gateway.calls(), 1);
        assert_eq!(four(&gateway).await.code(), "down");
        assert_eq!(gateway.calls(), 1 + 4);
    }

    #[tokio::test(start_paused = true)]
    async fn two_thousand_attempts_overflow_nothing() {
        #[retry(max_attempts = 2000, delay = "1ms", backoff = 1000, max_delay = "2ms")]
        async fn stubborn(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let gateway = down(2000);
        assert_eq!(stubborn(&gateway).await.code(), "down");
        assert_eq!(gateway.calls(), 2000);
    }

    #[tokio::test(start_paused = true)]
    async fn the_body_knows_its_attempt() {
        #[retry(attempt = n)]
        async fn numbered(seen: &Mutex<Vec<u32>>) -> Result<(), PayError> {
            seen.lock().unwrap().push(n);
            Err(PayError::Down)
        }
        let seen = Mutex::default();
        let _ = numbered(&seen).await;
        assert_eq!(*seen.lock().unwrap(), [1, 2, 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_dropped_in_its_pause_makes_no_attempt_more() {
        let gateway = down(9);
        let mut call = Hand::new(plain(&gateway));
        call.poll_pending();
        drop(call);
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(gateway.calls(), 1);
    }
}

mod pauses {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn they_grow_by_the_factor_up_to_the_longest() {
        #[retry(max_attempts = 5, delay = "1s", backoff = 1.5, max_delay = "2s", jitter = none)]
        async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let gateway = down(5);
        let start = Instant::now();
        let _ = call(&gateway).await;
        assert_pauses(&gateway, &[1000, 1500, 2000, 2000]);
        // Nothing sleeps after the last attempt.
        assert_about(start.elapsed(), gateway.pauses().iter().sum());
    }

    #[tokio::test(start_paused = true)]
    async fn they_may_be_constants() {
        const FIRST: Duration = Duration::from_millis(30);

        #[retry(delay = FIRST, max_delay = FIRST.saturating_mul(2), backoff = 10, jitter = none)]
        async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let gateway = down(3);
        let _ = call(&gateway).await;
        assert_pauses(&gateway, &[30, 60]);
    }

    #[tokio::test(start_paused = true)]
    async fn they_may_be_written_out_and_the_last_repeats() {
        const LAST: Duration = Duration::from_secs(1);

        #[retry(max_attempts = 5, delays = ["10ms", "500ms", LAST], jitter = none)]
        async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let gateway = down(5);
        let _ = call(&gateway).await;
        assert_pauses(&gateway, &[10, 500, 1000, 1000]);
    }

    #[tokio::test(start_paused = true)]
    async fn by_default_they_lie_anywhere_below_a_hundred_milliseconds_then_two_hundred() {
        #[retry]
        async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let mut low = false;
        let mut high = false;
        for _ in 0..100 {
            let gateway = down(3);
            let _ = call(&gateway).await;
            let pauses = gateway.pauses();
            assert!(pauses[0] <= ms(102) && pauses[1] <= ms(202), "{pauses:?}");
            low |= pauses[0] < ms(50);
            high |= pauses[0] > ms(50);
        }
        assert!(low && high);
    }

    #[tokio::test(start_paused = true)]
    async fn with_equal_jitter_they_are_at_least_half() {
        #[retry(max_attempts = 2, delay = "100ms", jitter = equal)]
        async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let mut pauses = Vec::new();
        for _ in 0..100 {
            let gateway = down(2);
            let _ = call(&gateway).await;
            pauses.extend(gateway.pauses());
        }
        assert!(pauses.iter().all(|pause| (ms(50)..=ms(102)).contains(pause)), "{pauses:?}");
        assert!(pauses.iter().any(|pause| *pause < ms(75)) && pauses.iter().any(|pause| *pause > ms(75)));
    }

    #[tokio::test(start_paused = true)]
    async fn with_decorrelated_jitter_they_stay_between_the_first_and_three_times_the_one_before() {
        #[retry(max_attempts = 6, delay = "100ms", max_delay = "400ms", jitter = decorrelated)]
        async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let mut grew = false;
        for _ in 0..50 {
            let gateway = down(6);
            let _ = call(&gateway).await;
            let mut before = ms(100);
            for pause in gateway.pauses() {
                assert!(
                    (ms(100)..=ms(402)).contains(&pause) && pause <= before * 3 + ms(2),
                    "{pause:?} after {before:?}"
                );
                grew |= pause > ms(300);
                before = pause;
            }
        }
        assert!(grew);
    }
}

mod limits_of_time {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_pause_that_cannot_end_in_time_is_not_begun() {
        #[retry(max_attempts = 10, delay = "1s", backoff = 1, jitter = none, max_elapsed = "2500ms")]
        async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let gateway = down(10);
        let start = Instant::now();
        assert_eq!(call(&gateway).await.code(), "down");
        assert_eq!(gateway.calls(), 3);
        assert_about(start.elapsed(), ms(2000));
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_of_the_attempts_counts() {
        #[retry(max_attempts = 10, delay = "1ms", backoff = 1, jitter = none, max_elapsed = "2500ms")]
        async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let gateway = Gateway::of(vec![Reply::FailAfter(ms(1000), PayError::Down); 10]);
        assert_eq!(call(&gateway).await.code(), "down");
        assert_eq!(gateway.calls(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_setting_it_is_thirty_seconds() {
        #[retry(max_attempts = 100, delays = ["10s"], jitter = none)]
        async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let gateway = down(100);
        assert_eq!(call(&gateway).await.code(), "down");
        assert_eq!(gateway.calls(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn the_wait_the_other_side_asks_for_replaces_the_computed_one() {
        #[retry(delay = "1ms", max_delay = "2ms")]
        async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let gateway = Gateway::of([Reply::Fail(PayError::Busy { after: ms(7000) })]);
        assert_eq!(call(&gateway).await.code(), "ok");
        assert_pauses(&gateway, &[7000]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_does_not_fit_ends_it_at_once() {
        #[retry(max_elapsed = "5s")]
        async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let gateway = Gateway::of([Reply::Fail(PayError::Busy { after: ms(7000) })]);
        let start = Instant::now();
        assert_eq!(call(&gateway).await.code(), "busy");
        assert_eq!(gateway.calls(), 1);
        assert_about(start.elapsed(), Duration::ZERO);
    }
}

mod which_failures {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn on_names_them_by_pattern_and_guard() {
        #[retry(on = PayError::Declined { code } if code == "91")]
        async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let gateway = Gateway::of([Reply::Fail(PayError::declined("91"))]);
        assert_eq!(call(&gateway).await.code(), "ok");

        for other in [Reply::Fail(PayError::declined("51")), DOWN] {
            let gateway = Gateway::of([other]);
            let _ = call(&gateway).await;
            assert_eq!(gateway.calls(), 1);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn on_takes_alternatives() {
        #[retry(on = PayError::Declined { .. } | PayError::Down)]
        async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let gateway = Gateway::of([Reply::Fail(PayError::declined("51")), DOWN]);
        assert_eq!(call(&gateway).await.unwrap().number, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_guard_may_read_the_call() {
        #[retry(on = PayError::Declined { code } if code == soft)]
        async fn call(gateway: &Gateway, soft: &str) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let gateway = Gateway::of(vec![Reply::Fail(PayError::declined("91")); 2]);
        assert_eq!(call(&gateway, "05").await.code(), "declined");
        assert_eq!(call(&gateway, "91").await.code(), "ok");
    }

    #[tokio::test(start_paused = true)]
    async fn when_asks_a_predicate() {
        #[retry(when = PayError::is_down)]
        async fn by_path(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        #[retry(when = |error: &PayError| matches!(error, PayError::Declined { .. }))]
        async fn by_closure(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let declined = || Gateway::of([Reply::Fail(PayError::declined("51"))]);
        assert_eq!(by_path(&down(1)).await.code(), "ok");
        assert_eq!(by_path(&declined()).await.code(), "declined");
        assert_eq!(by_closure(&declined()).await.code(), "ok");
        assert_eq!(by_closure(&down(1)).await.code(), "down");
    }

    #[tokio::test(start_paused = true)]
    async fn on_keeps_the_wait_the_error_asks_for() {
        #[retry(on = PayError::Busy { .. })]
        async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let gateway = Gateway::of([Reply::Fail(PayError::Busy { after: ms(7000) })]);
        assert_eq!(call(&gateway).await.code(), "ok");
        assert_pauses(&gateway, &[7000]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_unknown_outcome_needs_repeatable_even_where_on_names_it() {
        #[retry(on = PayError::Lost)]
        async fn named(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        #[retry(repeatable)]
        async fn repeatable(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let lost = || Gateway::of([Reply::Fail(PayError::Lost)]);
        assert_eq!(named(&lost()).await.code(), "lost");
        assert_eq!(repeatable(&lost()).await.code(), "ok");
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_that_may_have_happened_is_what_is_known_unless_a_later_one_knows_better() {
        #[retry(max_attempts = 3, repeatable)]
        async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let lost = || Reply::Fail(PayError::Lost);
        for (replies, code) in [
            (vec![lost(), DOWN, DOWN], "lost"),
            (vec![DOWN, lost(), DOWN], "lost"),
            (vec![DOWN, DOWN, lost()], "lost"),
            (vec![lost(), DOWN, Reply::Fail(PayError::declined("51"))], "declined"),
            (vec![lost(), DOWN, Reply::Succeed], "ok"),
        ] {
            assert_eq!(call(&Gateway::of(replies)).await.code(), code);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_type_of_somebody_elses_is_read_by_pattern() {
        #[retry(on = error if error.kind() == io::ErrorKind::ConnectionReset)]
        async fn call(kinds: &Mutex<Vec<io::ErrorKind>>) -> io::Result<()> {
            match kinds.lock().unwrap().pop() {
                Some(kind) => Err(kind.into()),
                None => Ok(()),
            }
        }
        let kinds = Mutex::new(vec![io::ErrorKind::ConnectionReset; 2]);
        assert!(call(&kinds).await.is_ok());
        let kinds = Mutex::new(vec![io::ErrorKind::NotFound]);
        assert_eq!(call(&kinds).await.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}

mod arguments {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_attempt_gets_its_own_copy_of_what_it_uses_up() {
        async fn consume(seen: &Mutex<Vec<ChargeRequest>>, request: ChargeRequest) -> Result<(), PayError> {
            seen.lock().unwrap().push(request);
            Err(PayError::Down)
        }
        #[retry(clone(request))]
        async fn call(seen: &Mutex<Vec<ChargeRequest>>, request: ChargeRequest) -> Result<(), PayError> {
            consume(seen, request).await
        }
        let seen = Mutex::default();
        let _ = call(&seen, ChargeRequest::of(7)).await;
        assert_eq!(*seen.lock().unwrap(), vec![ChargeRequest::of(7); 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_one_attempt_changes_the_next_does_not_see() {
        #[retry(clone(request, tries))]
        async fn call(seen: &Mutex<Vec<u64>>, mut request: ChargeRequest, mut tries: u64) -> Result<(), PayError> {
            tries += 1;
            request.amount += tries;
            seen.lock().unwrap().push(request.amount);
            Err(PayError::Down)
        }
        let seen = Mutex::default();
        let _ = call(&seen, ChargeRequest::of(7), 0).await;
        assert_eq!(*seen.lock().unwrap(), [8, 8, 8]);
    }
}

mod hook {
    use super::*;

    type Told = (&'static str, u32, Duration, Kind);
    static TOLD: Mutex<Vec<Told>> = Mutex::new(Vec::new());

    fn remember(event: &Retrying<'_>) {
        TOLD.lock().unwrap().push((event.name(), event.attempt(), event.pause(), event.kind()));
    }

    #[retry(on_retry = self::remember, delay = "100ms", jitter = none, repeatable)]
    async fn watched(gateway: &Gateway) -> Result<Receipt, PayError> {
        gateway.call(1, "").await
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_told_before_each_pause_and_not_after_the_last_attempt() {
        let gateway = Gateway::of([DOWN, Reply::Fail(PayError::Lost), DOWN]);
        assert_eq!(watched(&gateway).await.code(), "lost");
        let told = std::mem::take(&mut *TOLD.lock().unwrap());
        assert_eq!(told, [("watched", 1, ms(100), Kind::Transient), ("watched", 2, ms(200), Kind::Unknown)]);
    }
}

/// At three in the morning the gateway is down: a caller is told at once, not held until the
/// breaker tries again. Only near the end of that time is the wait short enough to be worth it.
#[tokio::test(start_paused = true)]
async fn an_open_circuit_is_waited_for_only_as_long_as_a_pause_may_be() {
    static GATEWAY: CircuitBreaker = CircuitBreaker::new("down").failure_threshold(1);
    #[retry]
    #[circuit_breaker(GATEWAY)]
    async fn ask(up: bool) -> Result<u32, PayError> {
        if up { Ok(7) } else { Err(PayError::Down) }
    }

    // The first attempt opens the circuit, which stays open for longer than any pause.
    assert!(ask(false).await.is_err());
    let start = Instant::now();
    assert_eq!(ask(true).await.code(), "circuit_open");
    assert_eq!(start.elapsed(), Duration::ZERO);

    tokio::time::advance(Duration::from_secs(26)).await;
    assert_eq!(ask(true).await.unwrap(), 7);
    assert!(start.elapsed() > Duration::from_secs(29), "the probe came when the breaker let it");
}
