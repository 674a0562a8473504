//! Whoever kills a test process leaves no server and no folder behind.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use steadfast_servers::{RedisServer, postgres_server, redis_server, temp_dir};

/// Set for a process that is to be killed, to the server that it holds.
const HOLD: &str = "STEADFAST_TEST_HOLD";

#[test]
fn a_killed_process_leaves_no_redis() {
    if env::var(HOLD).as_deref() == Ok("redis") {
        let server = RedisServer::start(&[]);
        hold(&server.address());
    }
    let Some(_server) = redis_server("its server dies with a test", &[]) else { return };
    assert_leaves_nothing("a_killed_process_leaves_no_redis", "redis");
}

#[test]
fn a_killed_process_leaves_no_postgres() {
    if env::var(HOLD).as_deref() == Ok("postgres") {
        let server = steadfast_servers::PostgresServer::start();
        // Frozen, so that its processes cannot notice by themselves that nobody wants them.
        server.freeze();
        hold(&server.address());
    }
    let Some(server) = postgres_server("its server dies with a test") else { return };
    drop(server);
    assert_leaves_nothing("a_killed_process_leaves_no_postgres", "postgres");
}

/// Tells the parent what to look for, and waits to be killed; not for ever, when the parent fails.
#[expect(clippy::explicit_write, reason = "the test harness would keep it to itself")]
fn hold(address: &str) -> ! {
    let folder = temp_dir();
    writeln!(std::io::stderr(), "holding {address} {}", folder.path().display()).unwrap();
    thread::sleep(Duration::from_secs(60));
    panic!("nobody killed this process");
}

fn assert_leaves_nothing(test: &str, server: &str) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", test])
        .env(HOLD, server)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (address, folder) = told(&mut child);
    assert!(TcpStream::connect(&address).is_ok() && Path::new(&folder).is_dir());
    child.kill().unwrap();
    child.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    let root = Path::new(&folder).parent().unwrap();
    while TcpStream::connect(&address).is_ok() || root.exists() {
        assert!(Instant::now() < deadline, "{address} still answers, or {} is still there", root.display());
        thread::sleep(Duration::from_millis(10));
    }
}

fn told(child: &mut Child) -> (String, String) {
    let lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let line = lines.into_iter().find(|line| line.starts_with("holding ")).expect("it holds a server");
    let mut words = line.split(' ').skip(1).map(str::to_owned);
    (words.next().unwrap(), words.next().unwrap())
}
