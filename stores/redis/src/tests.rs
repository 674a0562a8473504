//! The connection, against the server in `REDIS_URL`.

use redis::Value;

use crate::script::Script;
use crate::{Redis, RedisError};

static SUM: Script = Script::new("return {KEYS[1], tonumber(ARGV[1]) + tonumber(ARGV[2])}");

async fn server() -> Option<Redis> {
    let url = std::env::var("REDIS_URL").ok()?;
    Some(Redis::connect(&url).await.unwrap())
}

fn is_send<T: Send>(value: T) -> T {
    value
}

#[tokio::test]
async fn a_script_runs_also_when_the_server_forgot_it() {
    let Some(redis) = server().await else { return };
    let expected = Value::Array(vec![Value::BulkString(b"k".into()), Value::Int(5)]);
    assert_eq!(is_send(redis.run(&SUM, &[b"k"], (2, "3"))).await.unwrap(), expected);
    redis.query(redis::cmd("SCRIPT").arg("FLUSH")).await.unwrap();
    assert_eq!(redis.run(&SUM, &[b"k"], (2, "3")).await.unwrap(), expected);
}

#[tokio::test]
async fn a_killed_connection_fails_one_command() {
    let Some(redis) = server().await else { return };
    let id = redis.query(redis::cmd("CLIENT").arg("ID")).await.unwrap();
    let Value::Int(id) = id else { panic!("{id:?}") };
    let other = server().await.unwrap();
    other.query(redis::cmd("CLIENT").arg("KILL").arg("ID").arg(id)).await.unwrap();
    let error = redis.query(&redis::cmd("PING")).await.unwrap_err();
    assert!(matches!(error, RedisError::Disconnected(_)), "{error:?}");
    redis.query(&redis::cmd("PING")).await.unwrap();
}

#[tokio::test]
async fn a_slow_answer_is_late_and_the_next_command_has_a_new_connection() {
    let Some(redis) = server().await else { return };
    let error = redis.query(redis::cmd("BLPOP").arg("nothing").arg(5)).await.unwrap_err();
    assert!(matches!(error, RedisError::Late { .. }), "{error:?}");
    redis.query(&redis::cmd("PING")).await.unwrap();
}
