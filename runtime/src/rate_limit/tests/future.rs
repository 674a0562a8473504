//! The limiter as the expansion calls it, without waiting: answers, threads, settings.

use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::{Instant, advance};

use crate::rate_limit::RateLimiter;
use crate::rate_limit::desk::Unit;
use crate::rate_limit::future::Admission;
use crate::rate_limit::rt::unit;
use crate::registry::{Describe, State};
use crate::{Failure, Kind, Layer, Reason, Rejection};

const MINUTE: Duration = Duration::from_secs(60);

/// As an expansion asks that was held up, or was not let through before.
fn admit(limiter: &RateLimiter) -> Admission<Unit<'_>> {
    Admission::new(unit(limiter), ())
}

/// Asks without a runtime.
fn ask(limiter: &RateLimiter) -> Option<Rejection> {
    let asked = pin!(admit(limiter)).poll(&mut Context::from_waker(Waker::noop()));
    match asked {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("it waits"),
    }
}

fn wait_of(refusal: Option<Rejection>) -> Option<Duration> {
    match refusal?.reason() {
        Reason::Limited { retry_after } => Some(*retry_after),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_says_who_and_how_long() {
    let limiter = RateLimiter::window("gateway_calls", 2, MINUTE);
    assert!(admit(&limiter).await.is_none());
    advance(Duration::from_secs(10)).await;
    assert!(admit(&limiter).await.is_none());
    let refusal = admit(&limiter).await.unwrap();
    assert_eq!(refusal.layer(), Layer::RateLimit);
    assert_eq!(refusal.name(), "gateway_calls");
    assert_eq!(refusal.retry_after(), Some(Duration::from_secs(50)));
    assert_eq!(Failure::kind(&refusal), Kind::Refused);
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_after_the_told_wait_is_let_through() {
    let second = Duration::from_secs(1);
    for limiter in [RateLimiter::window("window", 3, second), RateLimiter::rate("rate", 3, second, 2)] {
        for round in 0..50 {
            advance(Duration::from_millis(round * 7 % 90)).await;
            if let Some(wait) = wait_of(admit(&limiter).await) {
                advance(wait - Duration::from_nanos(1)).await;
                assert_eq!(wait_of(admit(&limiter).await), Some(Duration::from_nanos(1)));
                advance(Duration::from_nanos(1)).await;
                assert!(admit(&limiter).await.is_none(), "{limiter:?}");
            }
        }
    }
}

/// The difference between the two, as the documentation tells it.
#[tokio::test(start_paused = true)]
async fn a_burst_lets_almost_twice_as_many_through_in_its_first_period() {
    let second = Duration::from_secs(1);
    let window = RateLimiter::window("window", 10, second);
    let rate = RateLimiter::rate("rate", 10, second, 10);
    let (mut by_window, mut by_rate) = (0, 0);
    for _ in 0..1_000 {
        by_window += u32::from(admit(&window).await.is_none());
        by_rate += u32::from(admit(&rate).await.is_none());
        advance(Duration::from_millis(1)).await;
    }
    assert_eq!((by_window, by_rate), (10, 19));
}

#[test]
fn it_limits_outside_a_runtime() {
    for limiter in [RateLimiter::window("window", 2, MINUTE), RateLimiter::rate("rate", 1, MINUTE, 2)] {
        assert!(ask(&limiter).is_none() && ask(&limiter).is_none());
        let wait = wait_of(ask(&limiter)).unwrap();
        assert!(!wait.is_zero() && wait <= MINUTE);
    }
}

#[test]
fn where_nothing_can_wait_it_refuses() {
    let limiter = RateLimiter::window("window", 1, MINUTE).max_wait(MINUTE);
    assert!(ask(&limiter).is_none());
    assert!(wait_of(ask(&limiter)).is_some());
    assert_eq!(Describe::state(&limiter), Some(State::RateLimit { admitted: Some(1), waiting: 0 }));
}

#[test]
fn an_admission_that_is_not_polled_takes_nothing() {
    let limiter = RateLimiter::window("window", 1, MINUTE);
    drop(admit(&limiter));
    assert!(ask(&limiter).is_none());
}

#[test]
fn threads_get_exactly_what_there_is() {
    for (limiter, there_is) in
        [(RateLimiter::window("window", 100, MINUTE * 60), 100), (RateLimiter::rate("rate", 1, MINUTE * 60, 50), 50)]
    {
        let admitted = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        let one = u32::from(ask(&limiter).is_none());
                        admitted.fetch_add(one, Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(admitted.into_inner(), there_is);
    }
}

/// Each admission happened somewhere between two readings of the clock around it.
#[test]
fn threads_never_get_more_than_the_window_in_any_period() {
    const CALLS: usize = 5;
    const PERIOD: Duration = Duration::from_micros(200);
    let limiter = RateLimiter::window("window", CALLS as u32, PERIOD);
    let around = std::thread::scope(|scope| {
        let hammer = || {
            let mut around = Vec::new();
            for _ in 0..20_000 {
                let before = Instant::now();
                if ask(&limiter).is_none() {
                    around.push((before, Instant::now()));
                }
            }
            around
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(hammer)).collect();
        let each = threads.into_iter().map(|thread| thread.join().unwrap());
        each.flatten().collect::<Vec<_>>()
    });
    let (mut before, mut after): (Vec<_>, Vec<_>) = around.into_iter().unzip();
    before.sort();
    after.sort();
    assert!(before.len() > CALLS);
    for (first, last) in before.iter().zip(after.iter().skip(CALLS)) {
        assert!(*last - *first >= PERIOD);
    }
}

/// A timer, a place in the line, and little else.
#[test]
fn an_admission_is_a_timer_and_little_else() {
    assert!(size_of::<Admission<Unit<'_>>>() <= size_of::<tokio::time::Sleep>() + 64);
}

#[tokio::test(start_paused = true)]
async fn it_describes_itself() {
    let window = RateLimiter::window("window", 2, MINUTE).max_wait(Duration::from_millis(1500));
    let rate = RateLimiter::rate("rate", 100, MINUTE, 10);
    let settings = |limiter: &RateLimiter| limiter.settings().into_iter().collect::<Vec<_>>();
    let owned = |(name, value): (&'static str, &str)| (name, value.to_owned());
    assert_eq!(
        settings(&window),
        [("downstream", "false"), ("max_calls", "2"), ("max_wait", "1.5s"), ("period", "60s")].map(owned)
    );
    assert_eq!(
        settings(&rate),
        [("burst", "10"), ("downstream", "false"), ("max_wait", "0ns"), ("rate", "100/60s")].map(owned)
    );

    let state = |admitted| {
        let waiting = 0;
        Some(State::RateLimit { admitted, waiting })
    };
    assert!(admit(&window).await.is_none());
    advance(MINUTE / 2).await;
    assert!(admit(&window).await.is_none());
    assert_eq!(Describe::state(&window), state(Some(2)));
    advance(MINUTE / 2).await;
    assert_eq!(Describe::state(&window), state(Some(1)));
    assert_eq!(Describe::state(&rate), state(None));
}

#[test]
fn settings_that_cannot_be_right_are_named() {
    let window = |calls, period| RateLimiter::try_window("w", calls, period);
    let rate = |calls, per, burst| RateLimiter::try_rate("r", calls, per, burst);
    let nano = Duration::from_nanos(1);
    for (limiter, setting) in [
        (window(0, MINUTE), "max_calls"),
        (window(1, Duration::ZERO), "period"),
        (rate(0, MINUTE, 1), "rate"),
        (rate(1, Duration::ZERO, 1), "rate"),
        (rate(1, MINUTE, 0), "burst"),
        (rate(2, nano, 1), "rate"),
        (rate(1, Duration::MAX, 1), "rate"),
        (rate(1, MINUTE * 60 * 24, u32::MAX), "rate"),
    ] {
        assert_eq!(limiter.unwrap_err().setting(), setting);
    }
    assert!(window(u32::MAX, Duration::MAX).is_ok());
    assert!(rate(1, nano, 1).is_ok());
    assert!(rate(u32::MAX, MINUTE, u32::MAX).is_ok());
}
