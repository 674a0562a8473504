//! Limits and circuits that processes share, as users write them, with a server that fails.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

use steadfast::circuit_breaker::{BreakerState, CircuitBreaker};
use steadfast::keyed::Keyed;
use steadfast::rate_limit::RateLimiter;
use steadfast::shared::WhenDown;
use steadfast::{Failure, Rejection, circuit_breaker, control, rate_limit, registry, retry};
use steadfast_redis::{Redis, RedisOptions};
use steadfast_servers::RedisServer;

use crate::{Breaker, HOUR, connect};

type Limiter = RateLimiter<steadfast::rate_limit::Shared<Redis>>;

#[derive(Debug, Failure)]
enum PayError {
    #[failure(transient)]
    Down,
    #[failure(transparent)]
    Refused(Rejection),
}

impl From<Rejection> for PayError {
    fn from(refused: Rejection) -> Self {
        Self::Refused(refused)
    }
}

impl PayError {
    fn code(&self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Refused(refused) => refused.code(),
        }
    }
}

fn code<T>(answer: Result<T, PayError>) -> &'static str {
    answer.map_or_else(|error| error.code(), |_| "ok")
}

struct App {
    limiter: Limiter,
    tenants: Keyed<String, Limiter>,
    breaker: Breaker,
}

fn app(redis: &Redis, when_down: WhenDown) -> App {
    App {
        limiter: RateLimiter::window("calls", 2, HOUR).shared(redis.clone(), when_down),
        tenants: Keyed::new(RateLimiter::rate("tenants", 6, HOUR, 6).shared(redis.clone(), when_down)),
        breaker: CircuitBreaker::new("gateway").failure_threshold(2).shared(redis.clone(), when_down),
    }
}

#[rate_limit(app.limiter)]
async fn limited(app: &App) -> Result<u8, PayError> {
    Ok(17)
}

#[rate_limit(app.tenants, key = tenant, cost = cost)]
async fn by_tenant(app: &App, tenant: &str, cost: u32) -> Result<(), PayError> {
    Ok(())
}

#[circuit_breaker(app.breaker)]
async fn guarded(app: &App, works: bool) -> Result<u8, PayError> {
    if works { Ok(17) } else { Err(PayError::Down) }
}

/// The lower limiter's refusal gives the upper one its call back.
#[rate_limit(app.tenants, key = tenant, cost = 2)]
#[rate_limit(app.limiter)]
async fn twice(app: &App, tenant: &str) -> Result<(), PayError> {
    Ok(())
}

#[retry(max_attempts = 2, delay = "1ms")]
#[circuit_breaker(app.breaker)]
#[rate_limit(app.limiter)]
async fn stacked(app: Arc<App>, runs: &AtomicU32) -> Result<u32, PayError> {
    Ok(runs.fetch_add(1, Ordering::Relaxed))
}

/// A server of the test's own, whose commands may take so long.
async fn own(what: &str, timeout: Duration) -> Option<(RedisServer, Redis)> {
    let server = steadfast_servers::redis_server(what, &[])?;
    let redis = RedisOptions::new().timeout(timeout).connect(&server.url()).await.unwrap();
    Some((server, redis))
}

/// A deploy makes the window smaller: what the larger one remembers is none of its own.
#[tokio::test]
async fn a_window_of_another_size_begins_anew() {
    let Some(server) = steadfast_servers::redis("a window of another size begins anew") else { return };
    let redis = connect(server.url(), server.prefix()).await;
    let of_size = |calls| {
        let breaker = CircuitBreaker::new("resized").failure_rate(0.9).window_calls(calls).minimum_calls(calls);
        breaker.shared(redis.clone(), WhenDown::Refuse)
    };
    let end = async |breaker: &Breaker, works: bool| {
        code(breaker.call(async || if works { Ok(()) } else { Err(PayError::Down) }).await)
    };
    let (large, small) = (of_size(8), of_size(2));
    for _ in 0..7 {
        assert_eq!(end(&large, false).await, "down");
    }
    for _ in 0..4 {
        assert_eq!(end(&small, true).await, "ok");
    }
    assert_eq!(end(&small, false).await, "down");
    assert_eq!(end(&small, false).await, "down");
    assert_eq!(end(&small, true).await, "circuit_open");
}

#[tokio::test]
async fn functions_name_a_shared_policy_like_any_other() {
    let Some(server) = steadfast_servers::redis("functions name a shared policy like any other") else { return };
    let redis = connect(server.url(), server.prefix()).await;
    // Two processes, here two of everything.
    let (one, other) = (app(&redis, WhenDown::Refuse), app(&redis, WhenDown::Refuse));

    assert_eq!(limited(&one).await.unwrap(), 17);
    assert_eq!(code(limited(&other).await), "ok");
    let Err(PayError::Refused(refused)) = limited(&one).await else { panic!("it was let through") };
    assert_eq!((refused.code(), refused.name(), refused.status()), ("rate_limited", "calls", 429));
    assert!(refused.retry_after().unwrap() <= HOUR);

    assert_eq!(code(by_tenant(&one, "acme", 4).await), "ok");
    assert_eq!(code(by_tenant(&other, "acme", 3).await), "rate_limited");
    assert_eq!(code(by_tenant(&other, "acme", 2).await), "ok");
    assert_eq!(code(by_tenant(&other, "umbrella", 6).await), "ok");
    assert_eq!(code(by_tenant(&other, "umbrella", 7).await), "too_costly");

    assert_eq!(code(guarded(&one, false).await), "down");
    assert_eq!(code(guarded(&other, false).await), "down");
    let Err(PayError::Refused(refused)) = guarded(&one, true).await else { panic!("it was let through") };
    assert_eq!((refused.code(), refused.name()), ("circuit_open", "gateway"));
    assert!(refused.retry_after().unwrap() <= Duration::from_secs(30));
    other.breaker.reset().await.unwrap();
    assert_eq!(code(guarded(&one, true).await), "ok");
}

#[tokio::test]
async fn a_refusal_by_the_lower_of_two_gives_the_upper_its_call_back() {
    let Some(server) = steadfast_servers::redis("a refusal by the lower of two limiters") else { return };
    let redis = connect(server.url(), server.prefix()).await;
    let app = app(&redis, WhenDown::Refuse);
    assert_eq!(code(twice(&app, "acme").await), "ok");
    assert_eq!(code(twice(&app, "acme").await), "ok");
    // The lower has nothing left. The upper had 6, and took 2 twice.
    assert_eq!(code(twice(&app, "acme").await), "rate_limited");
    // Nobody waited for what was given back.
    while code(by_tenant(&app, "acme", 2).await) != "ok" {
        tokio::task::yield_now().await;
    }
    assert_eq!(code(by_tenant(&app, "acme", 2).await), "rate_limited");
}

#[tokio::test]
async fn they_stack_and_can_be_spawned() {
    let Some(server) = steadfast_servers::redis("shared policies stack") else { return };
    let redis = connect(server.url(), server.prefix()).await;
    let app = Arc::new(app(&redis, WhenDown::Refuse));
    static RUNS: AtomicU32 = AtomicU32::new(0);
    assert_eq!(tokio::spawn(stacked(app.clone(), &RUNS)).await.unwrap().unwrap(), 0);
    assert_eq!(code(stacked(app.clone(), &RUNS).await), "ok");
    assert_eq!(code(stacked(app.clone(), &RUNS).await), "rate_limited");
    assert_eq!(RUNS.load(Ordering::Relaxed), 2);
    assert_eq!(app.breaker.look().await.unwrap().state, BreakerState::Closed, "a refusal is no failure");
}

static REDIS: OnceLock<Redis> = OnceLock::new();
static SWITCHED: LazyLock<Breaker> =
    LazyLock::new(|| CircuitBreaker::new("switched").shared(REDIS.get().unwrap().clone(), WhenDown::Admit));

#[circuit_breaker(SWITCHED)]
async fn switched() -> Result<(), PayError> {
    Ok(())
}

#[tokio::test]
async fn an_operator_reaches_every_process_by_name() {
    let Some(server) = steadfast_servers::redis("an operator reaches every process by name") else { return };
    let redis = connect(server.url(), server.prefix()).await;
    assert!(REDIS.set(redis.clone()).is_ok());
    assert_eq!(code(switched().await), "ok");
    let functions = registry::snapshot();
    let stack = &functions.iter().find(|function| function.name == "switched").unwrap().stack;
    assert_eq!(stack[0].settings["when_down"], "admit");

    let operated = control("switched").unwrap().force_open();
    assert_eq!(operated.to_string(), "force_open: circuit_breaker `switched`");
    let elsewhere = CircuitBreaker::new("switched").shared(redis, WhenDown::Admit);
    while elsewhere.look().await.unwrap().state != BreakerState::ForcedOpen {
        tokio::task::yield_now().await;
    }
    let refused = elsewhere.call(async || Ok::<_, PayError>(())).await;
    assert_eq!(code(refused), "circuit_open");
    assert_eq!(code(switched().await), "circuit_open");
    elsewhere.reset().await.unwrap();
    assert_eq!(code(switched().await), "ok");
}

/// What each choice makes of a call while the server does not answer.
async fn while_down(redis: &Redis) {
    let (refuses, admits) = (app(redis, WhenDown::Refuse), app(redis, WhenDown::Admit));
    for _ in 0..2 {
        assert_eq!(code(limited(&refuses).await), "shared_state_unavailable");
        assert_eq!(code(by_tenant(&refuses, "acme", 1).await), "shared_state_unavailable");
        assert_eq!(code(guarded(&refuses, true).await), "shared_state_unavailable");
        // More than the limit, and failures: nothing is counted.
        assert_eq!(code(limited(&admits).await), "ok");
        assert_eq!(code(by_tenant(&admits, "acme", 6).await), "ok");
        assert_eq!(code(guarded(&admits, false).await), "down");
    }
    let Err(PayError::Refused(refused)) = limited(&refuses).await else { panic!("it was let through") };
    assert_eq!((refused.status(), refused.retry_after()), (503, None));
}

#[tokio::test]
async fn a_server_that_is_gone() {
    let Some((server, redis)) = own("a server that is gone", Duration::from_secs(30)).await else { return };
    let app = app(&redis, WhenDown::Refuse);
    assert_eq!(code(limited(&app).await), "ok");
    server.kill();
    while_down(&redis).await;
    server.restart();
    // It kept nothing on disk: limits begin anew.
    for _ in 0..2 {
        assert_eq!(code(limited(&app).await), "ok");
    }
    assert_eq!(code(limited(&app).await), "rate_limited");
}

#[tokio::test]
async fn a_server_that_does_not_answer_in_time() {
    let Some((server, redis)) = own("a server that does not answer in time", Duration::from_millis(300)).await else {
        return;
    };
    server.freeze();
    while_down(&redis).await;
    server.thaw();
}

#[tokio::test]
async fn a_server_restarted_empty_is_a_circuit_without_failures() {
    let what = "a server restarted empty";
    let Some((server, redis)) = own(what, Duration::from_secs(30)).await else { return };
    let app = app(&redis, WhenDown::Refuse);
    for _ in 0..2 {
        assert_eq!(code(guarded(&app, false).await), "down");
    }
    assert_eq!(code(guarded(&app, true).await), "circuit_open");
    server.restart_empty();
    let begun_anew = async || loop {
        match code(guarded(&app, true).await) {
            // The connection to the server that was killed.
            "shared_state_unavailable" => {}
            other => return other,
        }
    };
    assert_eq!(begun_anew().await, "ok");
}

#[tokio::test]
async fn a_server_that_takes_no_writes() {
    let what = "a server that takes no writes";
    let Some((server, redis)) = own(what, Duration::from_secs(30)).await else { return };
    let app = app(&redis, WhenDown::Refuse);
    assert_eq!(code(limited(&app).await), "ok");
    server.command(&["REPLICAOF", "127.0.0.1", "1"]).unwrap();
    while_down(&redis).await;
    server.command(&["REPLICAOF", "NO", "ONE"]).unwrap();
    assert_eq!(code(limited(&app).await), "ok");
    assert_eq!(code(limited(&app).await), "rate_limited");
}

#[tokio::test]
async fn a_server_without_memory() {
    let Some((server, redis)) = own("a server without memory", Duration::from_secs(30)).await else { return };
    let (refuses, admits) = (app(&redis, WhenDown::Refuse), app(&redis, WhenDown::Admit));
    assert_eq!(code(limited(&refuses).await), "ok");
    server.command(&["CONFIG", "SET", "maxmemory", "1"]).unwrap();

    assert_eq!(code(limited(&refuses).await), "shared_state_unavailable");
    for _ in 0..3 {
        assert_eq!(code(limited(&admits).await), "ok");
    }
    // A closed circuit writes nothing; that a call failed cannot be told, and the call has its answer.
    for _ in 0..3 {
        assert_eq!(code(guarded(&refuses, false).await), "down");
    }
    assert_eq!(code(guarded(&refuses, true).await), "ok");
    server.command(&["CONFIG", "SET", "maxmemory", "0"]).unwrap();
    assert_eq!(code(limited(&refuses).await), "ok", "what was refused was not counted");
    assert_eq!(code(limited(&refuses).await), "rate_limited");
}

#[tokio::test]
async fn what_is_idle_is_forgotten_and_what_an_operator_said_is_not() {
    let Some((server, redis)) = own("what is idle is forgotten", Duration::from_secs(30)).await else { return };
    let app = app(&redis, WhenDown::Refuse);
    assert_eq!(code(guarded(&app, true).await), "ok");
    assert_eq!(server.command(&["DBSIZE"]).unwrap(), ["0"], "a healthy circuit is no key");
    assert_eq!(code(limited(&app).await), "ok");
    assert_eq!(code(by_tenant(&app, "acme", 1).await), "ok");
    assert_eq!(code(guarded(&app, false).await), "down");
    let keys = server.command(&["KEYS", "*"]).unwrap();
    assert_eq!(keys.len(), 3, "{keys:?}");
    for key in &keys {
        assert_ne!(server.command(&["PTTL", key]).unwrap(), ["-1"], "{key}");
    }
    app.breaker.force_open().await.unwrap();
    let circuit = keys.iter().find(|key| key.contains("circuit")).unwrap();
    assert_eq!(server.command(&["PTTL", circuit]).unwrap(), ["-1"]);
}
