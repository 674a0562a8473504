//! The line: who waits, who is refused, in which order they go, and what they leave behind.

use std::pin::Pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, advance, sleep, timeout};

use crate::rate_limit::RateLimiter;
use crate::rate_limit::desk::Unit;
use crate::rate_limit::future::Admission;
use crate::rate_limit::rt::unit;
use crate::registry::{Describe, State};

/// As an expansion asks that was held up.
fn admit(limiter: &RateLimiter) -> Admission<Unit<'_>> {
    Admission::new(unit(limiter), ())
}

const SECOND: Duration = Duration::from_secs(1);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn leaked(limiter: RateLimiter) -> &'static RateLimiter {
    Box::leak(Box::new(limiter))
}

fn waiting(limiter: &RateLimiter) -> u64 {
    match Describe::state(limiter) {
        Some(State::RateLimit { waiting, .. }) => waiting,
        other => panic!("{other:?}"),
    }
}

fn poll(asked: &mut Pin<Box<Admission<Unit<'_>>>>) -> Poll<Option<Duration>> {
    let answer = asked.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    answer.map(|refusal| refusal.and_then(|refusal| refusal.retry_after()))
}

/// Two at once and then one by one, half a second apart.
fn both(max_wait: Duration) -> [&'static RateLimiter; 2] {
    let window = RateLimiter::window("window", 1, SECOND / 2);
    let rate = RateLimiter::rate("rate", 2, SECOND, 1);
    [window, rate].map(|limiter| leaked(limiter.max_wait(max_wait)))
}

#[tokio::test(start_paused = true)]
async fn they_go_in_the_order_they_came_each_at_its_time() {
    for limiter in both(SECOND * 10) {
        let start = Instant::now();
        let mut calls = JoinSet::new();
        for n in 0..8_u32 {
            calls.spawn(async move { (n, admit(limiter).await.is_none(), start.elapsed()) });
        }
        let ended = calls.join_all().await;
        let expected: Vec<_> = (0..8).map(|n| (n, true, SECOND / 2 * n)).collect();
        assert_eq!(ended, expected, "{limiter:?}");
        assert_eq!(waiting(limiter), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn rounds_of_a_window_follow_the_admissions_before_them() {
    let limiter = leaked(RateLimiter::window("window", 3, SECOND).max_wait(SECOND * 3));
    let start = Instant::now();
    for _ in 0..3 {
        assert!(admit(limiter).await.is_none());
        advance(ms(100)).await;
    }
    let mut calls = JoinSet::new();
    for _ in 0..7 {
        calls.spawn(async move { (admit(limiter).await.is_none(), start.elapsed()) });
    }
    let ended = calls.join_all().await;
    let at = [1000, 1100, 1200, 2000, 2100, 2200, 3000];
    assert_eq!(ended, at.map(|at| (true, ms(at))));
}

#[tokio::test(start_paused = true)]
async fn who_would_wait_too_long_is_refused_at_once_with_that_wait() {
    for limiter in both(SECOND) {
        assert!(admit(limiter).await.is_none());
        let mut first = Box::pin(admit(limiter));
        let mut second = Box::pin(admit(limiter));
        assert!(poll(&mut first).is_pending() && poll(&mut second).is_pending());

        let start = Instant::now();
        let refusal = admit(limiter).await.unwrap();
        assert_eq!(refusal.retry_after(), Some(ms(1500)));
        assert_eq!(start.elapsed(), Duration::ZERO);

        advance(ms(1)).await;
        let third = admit(limiter).await.unwrap();
        assert_eq!(third.retry_after(), Some(ms(1499)), "its place counts");
        assert_eq!(waiting(limiter), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_overtakes() {
    for limiter in both(SECOND) {
        assert!(admit(limiter).await.is_none());
        let mut first = Box::pin(admit(limiter));
        assert!(poll(&mut first).is_pending());
        // The time has come, but the first in the line has not been woken yet.
        advance(ms(500)).await;
        let mut late = Box::pin(admit(limiter));
        assert!(poll(&mut late).is_pending());
        assert_eq!(poll(&mut first), Poll::Ready(None));
        assert!(poll(&mut late).is_pending());
        assert!(late.await.is_none());
    }
}

/// Some are dropped, in all combinations: the others go as if those had never come.
#[tokio::test(start_paused = true)]
async fn who_gives_up_leaves_nothing_behind() {
    const WAITERS: usize = 5;
    for gone in 0_u32..1 << WAITERS {
        for limiter in both(SECOND * 10) {
            assert!(admit(limiter).await.is_none());
            let start = Instant::now();
            let mut line: Vec<_> = (0..WAITERS).map(|_| Box::pin(admit(limiter))).collect();
            for asked in &mut line {
                assert!(poll(asked).is_pending());
            }
            let mut stays = (0..WAITERS).map(|n| gone >> n & 1 == 0);
            line.retain(|_| stays.next().unwrap());
            assert_eq!(waiting(limiter), line.len() as u64);
            for (n, asked) in (1..).zip(line) {
                assert!(asked.await.is_none());
                assert_eq!(start.elapsed(), SECOND / 2 * n, "{gone:b} {limiter:?}");
            }
            assert_eq!(waiting(limiter), 0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_next_is_woken_when_the_first_gives_up() {
    for limiter in both(SECOND) {
        assert!(admit(limiter).await.is_none());
        let start = Instant::now();
        let first = tokio::spawn(timeout(ms(300), admit(limiter)));
        tokio::task::yield_now().await;
        let second = tokio::spawn(async { admit(limiter).await.is_none() });
        assert!(first.await.unwrap().is_err());
        assert!(second.await.unwrap());
        assert_eq!(start.elapsed(), ms(500));
    }
}

#[tokio::test(start_paused = true)]
async fn a_promise_that_breaks_is_a_refusal_in_time() {
    for limiter in both(SECOND) {
        assert!(admit(limiter).await.is_none());
        let mut first = Box::pin(admit(limiter));
        assert!(poll(&mut first).is_pending());
        let start = Instant::now();
        let second = tokio::spawn(async {
            let refusal = admit(limiter).await;
            refusal.and_then(|refusal| refusal.retry_after())
        });
        // The first in the line is not polled again: its task starves.
        let wait = second.await.unwrap();
        assert_eq!(start.elapsed(), ms(1010));
        assert_eq!(wait, Some(ms(500)), "after the one that starves");
        drop(first);
        assert_eq!(waiting(limiter), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_timer_does_not_cost_a_promised_turn() {
    for limiter in both(SECOND) {
        assert!(admit(limiter).await.is_none());
        let (mut first, mut second) = (Box::pin(admit(limiter)), Box::pin(admit(limiter)));
        assert!(poll(&mut first).is_pending() && poll(&mut second).is_pending());
        advance(ms(503)).await;
        assert_eq!(poll(&mut first), Poll::Ready(None));
        // Promised for one second; the earliest is now 1003 ms.
        assert!(poll(&mut second).is_pending());
        assert!(second.await.is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn endless_waits_are_possible() {
    let limiter = RateLimiter::window("window", 1, Duration::MAX).max_wait(Duration::MAX);
    assert!(admit(&limiter).await.is_none());
    let mut asked = Box::pin(admit(&limiter));
    assert!(poll(&mut asked).is_pending());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_leaks_under_load() {
    let window = RateLimiter::window("window", 3, ms(1));
    let rate = RateLimiter::rate("rate", 3_000, SECOND, 3);
    for limiter in [window, rate].map(|limiter| leaked(limiter.max_wait(ms(20)))) {
        let mut calls = JoinSet::new();
        for n in 0..400 {
            calls.spawn(async move {
                let give_up = Duration::from_micros(n * 37 % 3_000);
                match n % 3 {
                    0 => drop(timeout(give_up, admit(limiter)).await),
                    1 => drop(poll(&mut Box::pin(admit(limiter)))),
                    _ => drop(admit(limiter).await),
                }
            });
        }
        while let Some(ended) = calls.join_next().await {
            ended.unwrap();
        }
        assert_eq!(waiting(limiter), 0);
        sleep(ms(5)).await;
        assert!(admit(limiter).await.is_none());
    }
}

/// Dropping a waker may drop the last hold on a task that stands in the same line.
#[test]
fn a_waker_may_own_a_place_in_the_line() {
    struct Owner(#[expect(dead_code, reason = "it is held to be dropped")] Mutex<Pin<Box<Admission<Unit<'static>>>>>);
    impl Wake for Owner {
        fn wake(self: Arc<Self>) {}
    }
    let asks = async || {
        let limiter = RateLimiter::window("window", 1, SECOND * 60).max_wait(SECOND * 600);
        let limiter = leaked(limiter);
        assert!(admit(limiter).await.is_none());
        let mut owned = Box::pin(admit(limiter));
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(owned.as_mut().poll(cx).is_pending());

        let waker = Waker::from(Arc::new(Owner(Mutex::new(owned))));
        let mut asked = Box::pin(admit(limiter));
        let pending = asked.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(pending.is_pending());
        drop(waker);
        // The timer has used its waker up, so the line holds the last one.
        advance(SECOND * 601).await;
        assert_eq!(waiting(limiter), 2);
        assert!(poll(&mut asked).is_ready());
        assert_eq!(waiting(limiter), 0);
    };
    let (done, ended) = mpsc::channel();
    std::thread::spawn(move || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_time().start_paused(true).build();
        runtime.unwrap().block_on(asks());
        done.send(()).unwrap();
    });
    ended.recv_timeout(Duration::from_secs(20)).unwrap();
}
