//! A Redis of a test's own: what it keeps, and what it does when it is killed, frozen, emptied.

use std::net::TcpStream;

use steadfast_servers::{DURABLE, RedisServer, redis, redis_server};

fn get(server: &RedisServer, key: &str) -> Vec<String> {
    server.command(&["GET", key]).unwrap()
}

#[test]
fn a_durable_one_keeps_what_it_answered_when_it_is_killed() {
    let Some(server) = redis_server("data survives SIGKILL", DURABLE) else { return };
    server.command(&["SET", "key", "kept"]).unwrap();
    server.kill();
    assert!(server.command(&["PING"]).is_err(), "a killed server does not answer");
    server.restart();
    assert_eq!(get(&server, "key"), ["kept"]);
    server.restart_empty();
    assert_eq!(get(&server, "key"), [""]);
}

#[test]
fn one_without_options_keeps_nothing() {
    let Some(server) = redis_server("data is gone after a restart", &[]) else { return };
    server.command(&["SET", "key", "kept"]).unwrap();
    server.restart();
    assert_eq!(get(&server, "key"), [""]);
}

#[test]
fn options_are_its_own() {
    let options = &[("maxmemory", "4mb"), ("maxmemory-policy", "allkeys-lru")];
    let Some(server) = redis_server("an evicting server", options) else { return };
    assert_eq!(server.command(&["CONFIG", "GET", "maxmemory-policy"]).unwrap(), ["maxmemory-policy", "allkeys-lru"]);
    let why = server.command(&["CONFIG", "SET", "maxmemory", "nonsense"]).unwrap_err();
    assert!(why.to_string().contains("ERR"), "{why}");
}

#[test]
fn a_frozen_one_takes_connections_and_answers_when_thawed() {
    let Some(server) = redis_server("a server that hangs", &[]) else { return };
    server.freeze();
    let address = server.address();
    TcpStream::connect(&address).unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| tell.send(server.command(&["PING"])).unwrap());
        // It cannot have answered: it does not run.
        assert!(told.try_recv().is_err());
        server.thaw();
        assert_eq!(told.recv().unwrap().unwrap(), ["PONG"]);
    });
}

#[test]
fn a_frozen_one_can_be_killed_and_restarted() {
    let Some(server) = redis_server("a server that hangs and dies", DURABLE) else { return };
    server.command(&["SET", "key", "kept"]).unwrap();
    server.freeze();
    server.restart();
    assert_eq!(get(&server, "key"), ["kept"]);
}

#[test]
fn a_replica_follows() {
    let Some(first) = redis_server("a replica has the data", &[]) else { return };
    first.command(&["SET", "key", "copied"]).unwrap();
    let second = RedisServer::start(&[("replicaof", &format!("127.0.0.1 {}", first.port()))]);
    while get(&second, "key") != ["copied"] {
        std::thread::yield_now();
    }
}

#[test]
fn prefixes_of_the_shared_one_differ() {
    let (Some(one), Some(other)) = (redis("one's own keys"), redis("one's own keys")) else { return };
    assert_eq!(one.url(), other.url());
    assert_ne!(one.prefix(), other.prefix());
}
