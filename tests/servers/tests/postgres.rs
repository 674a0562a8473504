//! A PostgreSQL of a test's own, and databases in the shared one.

use steadfast_servers::{postgres, postgres_server};

#[test]
fn what_was_committed_survives_sigkill() {
    let Some(server) = postgres_server("data survives SIGKILL") else { return };
    server.query("create table kept (it int); insert into kept values (7)").unwrap();
    for _ in 0..2 {
        server.kill();
        assert!(server.query("select 1").is_err(), "a killed server does not answer");
        server.restart();
        assert_eq!(server.query("select it from kept").unwrap(), "7");
    }
    server.stop();
    server.restart();
    assert_eq!(server.query("select it from kept").unwrap(), "7");
    assert_eq!(server.query("show fsync").unwrap(), "on");
    server.restart_empty();
    assert!(server.query("select it from kept").is_err());
}

#[test]
fn a_frozen_one_answers_when_thawed() {
    let Some(server) = postgres_server("a server that hangs") else { return };
    server.freeze();
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| tell.send(server.query("select 1")).unwrap());
        // It cannot have answered: it does not run.
        assert!(told.try_recv().is_err());
        server.thaw();
        assert_eq!(told.recv().unwrap().unwrap(), "1");
    });
}

#[test]
fn each_test_has_a_database_that_goes_with_it() {
    let (Some(one), Some(other)) = (postgres("one's own tables"), postgres("one's own tables")) else { return };
    one.query("create table mine (it int)").unwrap();
    assert!(other.query("select * from mine").is_err(), "another's table is not seen");
    let gone = one.url().to_owned();
    drop(one);
    let name = gone.rsplit('/').next().unwrap().split('?').next().unwrap();
    let still = other.query(&format!("select count(*) from pg_database where datname = '{name}'")).unwrap();
    assert_eq!(still, "0");
}
