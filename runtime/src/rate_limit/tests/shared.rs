//! Limits that processes share, over a backend in this process.

use std::error::Error;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{Instant, advance};

use crate::keyed::Keyed;
use crate::rate_limit::{Answer, Backend, Limit, Quota, RateLimiter, Receipt, Shared};
use crate::shared::WhenDown;
use crate::{__rt, Reason, Rejection};

const SECOND: Duration = Duration::from_secs(1);

/// A server with one window for each key, which can be down.
#[derive(Clone)]
struct Server(Arc<Inside>);

struct Inside {
    limits: Keyed<Vec<u8>, RateLimiter>,
    asked: AtomicU32,
    given_back: AtomicU32,
    is_down: AtomicBool,
}

#[derive(Debug)]
struct Down;

impl fmt::Display for Down {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody answers")
    }
}

impl Error for Down {}

impl Server {
    fn new(max_calls: u32) -> Self {
        Self(Arc::new(Inside {
            limits: Keyed::new(RateLimiter::window("server", max_calls, SECOND)),
            asked: AtomicU32::new(0),
            given_back: AtomicU32::new(0),
            is_down: AtomicBool::new(false),
        }))
    }
}

impl Backend for Server {
    type Error = Down;

    async fn take(&self, limit: &Limit<'_>, cost: u32) -> Result<Answer, Down> {
        self.0.asked.fetch_add(1, Relaxed);
        tokio::task::yield_now().await;
        if self.0.is_down.load(Relaxed) {
            return Err(Down);
        }
        Ok(match self.0.limits.try_acquire(limit.key.unwrap_or_default(), cost) {
            Ok(()) => Answer::Admitted(Receipt(0)),
            Err(refused) => Answer::Wait(refused.retry_after().unwrap()),
        })
    }

    async fn give_back(&self, _: &Limit<'_>, cost: u32, _: Receipt) -> Result<(), Down> {
        self.0.given_back.fetch_add(cost, Relaxed);
        Ok(())
    }

    async fn clear(&self, limit: &Limit<'_>) -> Result<(), Down> {
        self.0.limits.forget(limit.key.unwrap_or_default());
        Ok(())
    }
}

fn limiter(server: &Server, max_calls: u32, max_wait: Duration) -> RateLimiter<Shared<Server>> {
    RateLimiter::window("gateway", max_calls, SECOND).max_wait(max_wait).shared(server.clone(), WhenDown::Refuse)
}

fn code(answer: Result<(), Rejection>) -> (&'static str, Option<Duration>) {
    answer.map_or_else(|refused| (refused.code(), refused.retry_after()), |()| ("ok", None))
}

#[tokio::test(start_paused = true)]
async fn two_limiters_of_one_backend_have_one_limit() {
    let server = Server::new(2);
    let (one, other) = (limiter(&server, 2, Duration::ZERO), limiter(&server, 2, Duration::ZERO));
    assert_eq!(code(one.acquire(1).await).0, "ok");
    assert_eq!(code(other.acquire(1).await).0, "ok");
    assert_eq!(code(other.acquire(1).await), ("rate_limited", Some(SECOND)));
    assert_eq!(server.0.asked.load(Relaxed), 3, "a call is one question");
}

#[tokio::test(start_paused = true)]
async fn what_can_never_be_and_what_costs_nothing_is_not_asked() {
    let server = Server::new(2);
    let limiter = limiter(&server, 2, Duration::ZERO);
    let refused = limiter.acquire(3).await.unwrap_err();
    assert!(matches!(refused.reason(), Reason::TooCostly { cost: 3, most: 2 }));
    assert_eq!(code(limiter.acquire(0).await).0, "ok");
    assert_eq!(server.0.asked.load(Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn waiters_of_a_process_go_in_the_order_they_came() {
    let server = Server::new(1);
    let limiter = Arc::new(limiter(&server, 1, SECOND * 10));
    limiter.acquire(1).await.unwrap();
    let order = Arc::new(Mutex::new(Vec::new()));
    let begun = Instant::now();
    let waiters: Vec<_> = (0..4)
        .map(|number| {
            let (limiter, order) = (limiter.clone(), order.clone());
            tokio::spawn(async move {
                limiter.acquire(1).await.unwrap();
                order.lock().unwrap().push((number, begun.elapsed().as_secs()));
            })
        })
        .collect();
    for waiter in waiters {
        waiter.await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), [(0, 1), (1, 2), (2, 3), (3, 4)]);
    assert_eq!(limiter.state.queues.waiting(), 0);
    assert!(limiter.state.queues.is_empty(), "no line is left behind");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_waiter_leaves_its_turn_to_the_next() {
    let server = Server::new(1);
    let limiter = Arc::new(limiter(&server, 1, SECOND * 10));
    limiter.acquire(1).await.unwrap();
    let wait = || {
        let limiter = limiter.clone();
        tokio::spawn(async move { limiter.acquire(1).await })
    };
    let (first, second) = (wait(), wait());
    while limiter.state.queues.waiting() < 2 {
        tokio::task::yield_now().await;
    }
    let begun = Instant::now();
    first.abort();
    second.await.unwrap().unwrap();
    assert_eq!(begun.elapsed().as_secs(), 1);
    assert!(first.await.unwrap_err().is_cancelled());
    assert!(limiter.state.queues.is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_would_wait_too_long_is_refused_at_once() {
    let server = Server::new(1);
    let limiter = Arc::new(limiter(&server, 1, SECOND / 2));
    limiter.acquire(1).await.unwrap();
    let begun = Instant::now();
    assert_eq!(code(limiter.acquire(1).await), ("rate_limited", Some(SECOND)));
    assert!(begun.elapsed().is_zero());
    advance(SECOND / 2).await;
    assert_eq!(code(limiter.acquire(1).await).0, "ok", "half a second is not too long");
}

#[tokio::test(start_paused = true)]
async fn one_behind_others_is_refused_when_its_patience_ends() {
    let server = Server::new(1);
    let limiter = Arc::new(limiter(&server, 1, SECOND + SECOND / 2));
    limiter.acquire(1).await.unwrap();
    let first = tokio::spawn({
        let limiter = limiter.clone();
        async move { limiter.acquire(1).await }
    });
    while limiter.state.queues.waiting() < 1 {
        tokio::task::yield_now().await;
    }
    let (answer, refused) = (limiter.acquire(1).await, code(first.await.unwrap()));
    assert_eq!(refused.0, "ok");
    let refused = answer.unwrap_err();
    assert_eq!(refused.code(), "rate_limited");
    assert!(limiter.state.queues.is_empty());
}

#[tokio::test(start_paused = true)]
async fn while_the_backend_is_down_the_choice_holds() {
    let server = Server::new(1);
    server.0.is_down.store(true, Relaxed);
    let refuses = limiter(&server, 1, Duration::ZERO);
    let refused = refuses.acquire(1).await.unwrap_err();
    assert_eq!((refused.code(), refused.status()), ("shared_state_unavailable", 503));
    assert!(refused.to_string().ends_with("nobody answers"), "{refused}");

    let admits = RateLimiter::window("gateway", 1, SECOND).shared(server.clone(), WhenDown::Admit);
    for _ in 0..3 {
        admits.acquire(1).await.unwrap();
    }
    server.0.is_down.store(false, Relaxed);
    assert_eq!(code(admits.acquire(1).await).0, "ok");
    assert_eq!(code(refuses.acquire(1).await).0, "rate_limited", "it counts again");
}

#[tokio::test(start_paused = true)]
async fn what_a_lower_limiter_refuses_is_given_back() {
    let server = Server::new(5);
    let upper = limiter(&server, 5, Duration::ZERO);
    let nothing = RateLimiter::window("nothing", 1, SECOND);
    nothing.try_acquire(1).unwrap();
    let (back, ()) = __rt::take(__rt::weighted(&upper, 3), ()).await.map(|(back, _)| (back, ())).unwrap();
    assert!(__rt::ask_below(__rt::unit(&nothing), back).await.is_some());
    assert_eq!(server.0.given_back.load(Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn each_key_has_its_own_limit_and_its_own_quota() {
    let server = Server::new(1);
    let policy = RateLimiter::window("tenants", 1, SECOND).shared(server.clone(), WhenDown::Refuse);
    let tenants: Keyed<String, _> =
        Keyed::new(policy).quota_of(|tenant| Quota::window(if tenant == "small" { 1 } else { 9 }, SECOND));
    assert_eq!(code(tenants.acquire("acme", 1).await).0, "ok");
    assert_eq!(code(tenants.acquire("acme", 1).await).0, "rate_limited");
    assert_eq!(code(tenants.acquire("small", 1).await).0, "ok");
    assert_eq!(code(tenants.acquire("small", 2).await).0, "too_costly");
    assert!(tenants.is_empty(), "nothing is kept here");
    let error = tenants.try_max_keys(5).err().unwrap();
    assert_eq!(error.setting(), "max_keys");
}
