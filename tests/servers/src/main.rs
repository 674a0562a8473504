//! Runs a command with a Redis and a PostgreSQL beside it.
//!
//! `cargo run -p steadfast-servers -- COMMAND..`: the servers of `REDIS_URL` and `DATABASE_URL` where they are given, else
//! ones of its own, which end with the command. A test in it that misses its server fails.

use std::env;
use std::process::{Command, ExitCode};

use steadfast_servers::{PostgresServer, RedisServer};

fn main() -> ExitCode {
    let mut words = env::args_os().skip(1);
    let Some(program) = words.next() else {
        eprintln!("usage: steadfast-servers COMMAND..: runs it with REDIS_URL and DATABASE_URL set");
        return ExitCode::from(2);
    };
    let redis = is_missing("REDIS_URL").then(|| RedisServer::start(&[]));
    let postgres = is_missing("DATABASE_URL").then(PostgresServer::start);
    let mut command = Command::new(&program);
    command.args(words).env("STEADFAST_REQUIRE_SERVERS", "1");
    for (name, url) in [
        ("REDIS_URL", redis.as_ref().map(RedisServer::url)),
        ("DATABASE_URL", postgres.as_ref().map(PostgresServer::url)),
    ] {
        if let Some(url) = url {
            println!("{name}={url}");
            command.env(name, url);
        }
    }
    match command.status() {
        Ok(status) => ExitCode::from(status.code().and_then(|it| u8::try_from(it).ok()).unwrap_or(1)),
        Err(why) => {
            eprintln!("cannot run {}: {why}", program.display());
            ExitCode::from(127)
        }
    }
}

fn is_missing(name: &str) -> bool {
    env::var_os(name).is_none_or(|it| it.is_empty())
}
