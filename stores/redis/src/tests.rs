//! The connection, against a real server.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use redis::Value;
use steadfast_servers::{Proxy, redis_server};

use crate::script::Script;
use crate::{Redis, RedisError, RedisOptions};

static SUM: Script = Script::new("return {KEYS[1], tonumber(ARGV[1]) + tonumber(ARGV[2])}");
static COUNT: Script = Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])");

/// Far more than an answer takes, on a busy machine too.
const SHORT: Duration = Duration::from_secs(1);

async fn connect(url: &str) -> Redis {
    RedisOptions::new().timeout(SHORT).connect(url).await.unwrap()
}

fn is_send<T: Send>(value: T) -> T {
    value
}

async fn ping(redis: &Redis) -> Result<Value, RedisError> {
    redis.query(&redis::cmd("PING")).await
}

#[test]
fn without_a_runtime_it_is_an_error() {
    let Some(server) = redis_server("no runtime", &[]) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let redis = runtime.block_on(connect(&server.url()));
    let asked = pin!(ping(&redis)).poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(asked, Poll::Ready(Err(RedisError::NoRuntime)));
    assert!(runtime.block_on(ping(&redis)).is_ok(), "the connection is not given up for it");
}

#[tokio::test]
async fn a_script_runs_also_when_the_server_forgot_it() {
    let Some(server) = redis_server("EVALSHA and EVAL", &[]) else { return };
    let redis = connect(&server.url()).await;
    let expected = Value::Array(vec![Value::BulkString(b"k".into()), Value::Int(5)]);
    assert_eq!(is_send(redis.run(&SUM, &[b"k"], (2, "3"))).await.unwrap(), expected);
    server.command(&["SCRIPT", "FLUSH"]).unwrap();
    assert_eq!(redis.run(&SUM, &[b"k"], (2, "3")).await.unwrap(), expected);
}

#[tokio::test]
async fn a_killed_connection_fails_one_command() {
    let Some(server) = redis_server("CLIENT KILL", &[]) else { return };
    let redis = connect(&server.url()).await;
    server.command(&["CLIENT", "KILL", "TYPE", "normal"]).unwrap();
    let error = ping(&redis).await.unwrap_err();
    assert!(matches!(error, RedisError::Disconnected(_)), "{error:?}");
    ping(&redis).await.unwrap();
}

#[tokio::test]
async fn what_may_be_done_twice_outlives_a_killed_connection() {
    let Some(server) = redis_server("CLIENT KILL", &[]) else { return };
    let redis = connect(&server.url()).await;
    server.command(&["CLIENT", "KILL", "TYPE", "normal"]).unwrap();
    assert_eq!(redis.run_again(&COUNT, &[b"n"], 1).await, Ok(Value::Int(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_cut_after_the_work_does_it_twice_only_where_it_may() {
    let Some(server) = redis_server("a cut between work and answer", &[]) else { return };
    let proxy = Proxy::start(server.address());
    let redis = connect(&proxy.url(&server.url())).await;
    assert_eq!(redis.run(&COUNT, &[b"n"], 1).await, Ok(Value::Int(1)));
    proxy.cut_answers();
    let error = redis.run(&COUNT, &[b"n"], 1).await.unwrap_err();
    assert!(matches!(error, RedisError::Disconnected(_)), "{error:?}");
    proxy.pass();
    assert_eq!(redis.run_again(&COUNT, &[b"n"], 1).await, Ok(Value::Int(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_is_late_for_all_and_then_there_is_a_new_connection() {
    let Some(server) = redis_server("a server that hangs", &[]) else { return };
    let proxy = Proxy::start(server.address());
    let redis = connect(&proxy.url(&server.url())).await;
    proxy.hang();
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let redis = redis.clone();
        all.spawn(async move { ping(&redis).await });
    }
    for answer in all.join_all().await {
        assert_eq!(answer, Err(RedisError::Late { after: SHORT }));
    }
    // A new connection cannot be made either, and nobody waits for it longer than for an answer.
    assert_eq!(ping(&redis).await, Err(RedisError::Late { after: SHORT }));
    proxy.pass();
    proxy.cut();
    ping(&redis).await.unwrap();
    assert!(proxy.connections() >= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_find_it_broken_make_one_connection() {
    let Some(server) = redis_server("one new connection", &[]) else { return };
    let proxy = Proxy::start(server.address());
    let redis = connect(&proxy.url(&server.url())).await;
    proxy.cut();
    while ping(&redis).await.is_ok() {}
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let redis = redis.clone();
        all.spawn(async move { ping(&redis).await });
    }
    assert!(all.join_all().await.iter().all(Result::is_ok));
    assert_eq!(proxy.connections(), 2);
}

/// Whoever makes the connection may go away; the next one makes it.
#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_goes_away_while_connecting_leaves_nobody_waiting() {
    let Some(server) = redis_server("a dropped caller", &[]) else { return };
    let proxy = Proxy::start(server.address());
    let redis = connect(&proxy.url(&server.url())).await;
    proxy.cut();
    while ping(&redis).await.is_ok() {}
    proxy.hang();
    tokio::time::timeout(SHORT / 10, ping(&redis)).await.unwrap_err();
    proxy.pass();
    proxy.cut();
    ping(&redis).await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_gone_is_an_error_at_once_and_comes_back() {
    let Some(server) = redis_server("a server that is gone", &[]) else { return };
    let redis = connect(&server.url()).await;
    server.kill();
    for _ in 0..3 {
        let error = ping(&redis).await.unwrap_err();
        assert!(matches!(error, RedisError::Disconnected(_)), "{error:?}");
    }
    server.restart();
    ping(&redis).await.unwrap();
}

async fn refused(options: &[(&str, &str)]) -> Option<RedisError> {
    let server = redis_server("what is refused when connecting", options)?;
    Some(Redis::connect(&server.url()).await.unwrap_err())
}

#[tokio::test]
async fn a_server_that_evicts_is_refused() {
    let Some(error) = refused(&[("maxmemory-policy", "allkeys-lru")]).await else { return };
    assert_eq!(error, RedisError::Evicts { policy: "allkeys-lru".into() });
    assert!(error.to_string().contains("set `maxmemory-policy noeviction`"), "{error}");
}

#[tokio::test]
async fn a_replica_is_refused_also_one_that_takes_writes() {
    let Some(server) = redis_server("a primary", &[]) else { return };
    let primary = format!("127.0.0.1 {}", server.port());
    let options = [("replicaof", primary.as_str()), ("replica-read-only", "no")];
    assert_eq!(refused(&options).await, Some(RedisError::Replica));
}

#[tokio::test]
async fn a_wrong_password_is_told_and_not_repeated() {
    let Some(server) = redis_server("a password", &[]) else { return };
    server.command(&["CONFIG", "SET", "requirepass", "s3cret"]).unwrap();
    let url = |user: &str| format!("redis://{user}127.0.0.1:{}/", server.port());
    for wrong in [":wr0ng@", "", "somebody:s3cret@"] {
        let error = Redis::connect(&url(wrong)).await.unwrap_err();
        let RedisError::Refused { code } = &error else { panic!("{error:?}") };
        assert!(["WRONGPASS", "NOAUTH"].contains(&code.as_str()), "{code}");
        assert!(error.to_string().contains("right user and password"), "{error}");
        for said in [error.to_string(), format!("{error:?}")] {
            assert!(!said.contains("wr0ng") && !said.contains("s3cret"), "{said}");
        }
    }
    let redis = Redis::connect(&url(":s3cret@")).await.unwrap();
    assert_eq!(format!("{redis:?}"), r#"Redis { prefix: "steadfast", timeout: 1s }"#);
}

#[tokio::test]
async fn nobody_there_is_told_within_the_timeout() {
    let error = Redis::connect("redis://127.0.0.1:1/").await.unwrap_err();
    assert_eq!(error, RedisError::Disconnected(std::io::ErrorKind::ConnectionRefused));
    // Without TLS compiled in, nothing is sent in the clear instead.
    let error = Redis::connect("rediss://127.0.0.1:1/").await.unwrap_err();
    assert_eq!(error, RedisError::Url);
    let error = RedisOptions::new().timeout(Duration::ZERO).connect("redis://127.0.0.1:1/").await.unwrap_err();
    assert!(matches!(error, RedisError::Setting(_)), "{error:?}");
}
