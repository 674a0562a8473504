//! Sagas whose log is in Redis.

#[path = "../../../sql/tests/sql/sagas/checkout.rs"]
mod checkout;
#[path = "../../../sql/tests/sql/sagas/killed.rs"]
mod killed;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use steadfast::idempotent::{Held, Token};
use steadfast::{Failure, Kind};
use steadfast_payments::saga::{
    Claimed, NewClaim, NewEntry, SagaError, SagaId, SagaLog, Status, Then, Which, conformance,
};
use steadfast_redis::{RedisOptions, RedisStore};
use steadfast_servers::RedisServer;

use crate::{behind, own, shared, store};
use checkout::{App, LONG, NAME, Order, Shop, Waits, abandon, all_done, checkout, killed, order, resumed};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_does_what_a_log_must() {
    let Some((part, _)) = shared("what every log of sagas must do").await else { return };
    let open = async || RedisStore::new(RedisOptions::new().prefix(part.prefix()).connect(part.url()).await.unwrap());
    conformance::run(open).await.unwrap();
}

/// The server's newer protocol has other types of answers.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_does_so_over_resp3() {
    let Some((server, _)) = own("what every log of sagas must do, over RESP3", &[]).await else { return };
    conformance::run(async || store(&format!("{}/?protocol=resp3", server.url())).await).await.unwrap();
}

/// Opens the log once more, as another process does.
fn opens(server: &RedisServer) -> impl AsyncFn() -> RedisStore + Clone + Send + 'static {
    let url = server.url();
    async move || store(&url).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed_in_any_step_it_is_gone_on_with_by_another_store() {
    let Some((server, _)) = own("sagas whose process is killed", &[]).await else { return };
    killed::in_any_step_it_is_gone_on_with(opens(&server)).await;
    killed::while_it_is_undone_it_is_undone_once(opens(&server)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_who_look_for_died_executors_one_goes_on_with_each_saga() {
    let Some((server, _)) = own("two executors and one lease", &[]).await else { return };
    killed::one_of_two_goes_on_with_each(opens(&server)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_runs_is_not_run_beside_and_a_late_owner_is_fenced_off() {
    let Some((server, _)) = own("a late owner of a saga", &[]).await else { return };
    killed::or_believed_so_a_late_owner_is_fenced_off(opens(&server)).await;
}

/// An executor tries for so long.
const SHORT: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_goes_in_the_middle_stops_a_saga_until_it_is_back() {
    let Some((_server, proxy, log)) = behind("a Redis that goes in a saga").await else { return };
    let shop = Arc::new(Shop::default());
    let app = App::waiting(&shop, Waits::After("charge"));
    let running = tokio::spawn(checkout(SHORT).run(&app, &log, "order-1", order(500)));
    app.reached().await;
    proxy.refuse();
    proxy.cut();
    proxy.refuse();
    app.open();
    let stopped = running.await.unwrap().unwrap_err();
    assert!(matches!(stopped, SagaError::Log(_)), "{stopped}");
    assert_eq!(stopped.kind(), Kind::Unknown);
    let refused = checkout(SHORT).run(&App::new(&shop), &log, "order-2", order(500)).await.unwrap_err();
    assert!(matches!(refused, SagaError::Log(_)), "{refused}");

    proxy.pass();
    while checkout(SHORT).resume_all(&App::new(&shop), &log).await.unwrap().done == 0 {
        tokio::time::sleep(SHORT / 8).await;
    }
    assert_eq!(shop.effects(), all_done(1), "nothing of what was refused");
}

/// For Redis, a saga that it lost is one that never was.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn on_a_server_that_came_back_empty_nothing_begins_and_nothing_is_read() {
    let Some((server, log)) = own("sagas on a server that came back empty", &[]).await else { return };
    let shop = Arc::new(Shop::default());
    checkout(LONG).run(&App::new(&shop), &log, "order-1", order(500)).await.unwrap();
    server.restart_empty();
    for id in ["order-1", "order-2"] {
        let refused = checkout(LONG).run(&App::new(&shop), &log, id, order(500)).await.unwrap_err();
        assert!(matches!(refused, SagaError::Log(_)), "{refused}");
    }
    let id = SagaId::new(NAME, "order-1").unwrap();
    let no_data = steadfast_redis::RedisError::NoData.to_string();
    let answers = [
        log.load(&id).await.map(drop),
        log.append(&id, Token::random(), NewEntry { seq: 1, entry: Vec::new(), then: Then::GoesOn }).await.map(drop),
        log.renew(&id, Token::random(), SystemTime::now()).await.map(drop),
        log.list(NAME, Which::Stuck, None, 10).await.map(drop),
        log.purge(SystemTime::now(), 10).await.map(drop),
    ];
    for answer in answers {
        assert!(answer.unwrap_err().to_string().contains(&no_data));
    }
    assert_eq!(shop.effects(), all_done(1));
}

fn fill(server: &RedisServer) {
    server.command(&["CONFIG", "SET", "maxmemory", "1"]).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_server_begins_nothing_and_brings_what_has_begun_to_its_end() {
    let Some((server, log)) = own("sagas on a full server", &[]).await else { return };
    let shop = Arc::new(Shop::default());
    for (id, waits, order) in
        [("done", Waits::After("reserve"), order(500)), ("undone", Waits::Before("release"), order(0))]
    {
        let url = server.url();
        killed(async move || store(&url).await, App::waiting(&shop, waits), id.into(), order).await;
    }
    let app = App::waiting(&shop, Waits::After("charge"));
    let running = tokio::spawn(checkout(LONG).run(&app, &log, "runs", order(500)));
    app.reached().await;

    fill(&server);
    let full = checkout(LONG).run(&App::new(&shop), &log, "new", order(500)).await.unwrap_err();
    assert_eq!(full.kind(), Kind::Refused, "{full}");
    assert!(log.load(&SagaId::new(NAME, "new").unwrap()).await.unwrap().is_none());
    app.open();
    assert_eq!(running.await.unwrap().unwrap().done.len(), 3);
    for id in ["done", "undone"] {
        abandon(&log, id).await;
    }
    let resumed = resumed(&shop, &log).await;
    assert_eq!((resumed.done, resumed.undone), (1, 1), "{resumed}");
    let effects = [("charge", 2), ("release", 1), ("reserve", 3), ("ship", 2)];
    assert_eq!(shop.effects(), effects.map(|(step, times)| (step.to_owned(), times)));

    // Stuck ones are taken over, too.
    server.command(&["CONFIG", "SET", "maxmemory", "0"]).unwrap();
    let stuck = begin(&log, "stuck").await;
    fill(&server);
    let entry = NewEntry { seq: 1, entry: vec![b'x'; 10_000], then: Then::Stuck };
    assert_eq!(log.append(&stuck.id, stuck.token, entry).await.unwrap(), Held::Yes);
    let seen = log.load(&stuck.id).await.unwrap().unwrap().seen();
    let over = NewClaim { token: Token::random(), take_over: Some(seen), ..stuck };
    assert!(matches!(SagaLog::claim(&log, over).await.unwrap(), Claimed::Won));
}

async fn begin(log: &RedisStore, id: &str) -> NewClaim {
    let claim = NewClaim {
        id: SagaId::new(NAME, id).unwrap(),
        token: Token::random(),
        lease_until: SystemTime::now() + LONG,
        entry: b"{}".to_vec(),
        take_over: None,
    };
    assert!(matches!(SagaLog::claim(log, claim.clone()).await.unwrap(), Claimed::Won));
    claim
}

fn ttl(server: &RedisServer, id: &str) -> i64 {
    let keys = server.command(&["KEYS", &format!("*:saga:*{id}")]).unwrap();
    let [key] = &keys[..] else { panic!("{keys:?}") };
    server.command(&["PTTL", key]).unwrap()[0].parse().unwrap()
}

#[tokio::test]
async fn only_what_has_ended_is_forgotten_by_the_server() {
    let Some((server, log)) = own("how long sagas are kept", &[]).await else { return };
    let (open, stuck, ended) = (begin(&log, "open").await, begin(&log, "stuck").await, begin(&log, "ended").await);
    for (claim, then) in [(&stuck, Then::Stuck), (&ended, Then::Ended { at: SystemTime::now() })] {
        let entry = NewEntry { seq: 1, entry: b"{}".to_vec(), then };
        assert_eq!(log.append(&claim.id, claim.token, entry).await.unwrap(), Held::Yes);
    }
    let days = |days: i64| days * 24 * 3_600_000;
    assert_eq!([&open, &stuck].map(|claim| ttl(&server, claim.id.id())), [-1, -1]);
    assert!((days(89)..=days(90)).contains(&ttl(&server, "ended")));

    // Taken over, it stays.
    let seen = log.load(&ended.id).await.unwrap().unwrap().seen();
    let over = NewClaim { token: Token::random(), take_over: Some(seen), ..ended.clone() };
    assert!(matches!(SagaLog::claim(&log, over).await.unwrap(), Claimed::Won));
    assert_eq!(ttl(&server, "ended"), -1);
    assert_eq!(log.purge(SystemTime::now() + LONG, 10).await.unwrap(), 0);
    let record = log.load(&ended.id).await.unwrap().unwrap();
    assert!(matches!(record.status, Status::Open { .. }));
}

/// What the server forgot itself leaves no name behind.
#[tokio::test]
async fn names_of_forgotten_sagas_go() {
    let Some((server, log)) = own("names of forgotten sagas", &[]).await else { return };
    let mut names = Vec::new();
    for number in 0..300 {
        let claim = begin(&log, &format!("order-{number}")).await;
        let entry = NewEntry { seq: 1, entry: b"{}".to_vec(), then: Then::Ended { at: SystemTime::now() } };
        assert_eq!(log.append(&claim.id, claim.token, entry).await.unwrap(), Held::Yes);
        // As if its time were over.
        for key in server.command(&["KEYS", "*:saga:*"]).unwrap() {
            server.command(&["DEL", &key]).unwrap();
        }
        for key in server.command(&["KEYS", "*:sagas-kept"]).unwrap() {
            let member = server.command(&["ZRANGE", &key, "0", "-1"]).unwrap();
            for member in &member {
                server.command(&["ZADD", &key, "1", member]).unwrap();
            }
            names.push(member.len());
        }
    }
    assert!(names.iter().all(|names| *names <= 2), "{:?}", names.iter().max());
    assert_eq!(log.purge(SystemTime::now() + LONG, 1000).await.unwrap(), 0, "names are not counted");
    assert!(server.command(&["KEYS", "*:sagas-ended"]).unwrap().is_empty());
}

const CARD: &str = "4242424242424242";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_server_holds_what_the_state_serializes_to_and_nothing_else_of_it() {
    let Some((server, log)) = own("the keys of a saga", steadfast_servers::DURABLE).await else { return };
    let shop = Arc::new(Shop::default());
    let order = Order { card: CARD.into(), ..order(41_733) };
    checkout(LONG).run(&App::new(&shop), &log, "order-1", order).await.unwrap();
    let keys = server.command(&["KEYS", "*:saga:*"]).unwrap();
    let [key] = &keys[..] else { panic!("{keys:?}") };
    let all = server.command(&["HGETALL", key]).unwrap().join("\n");
    for done in [r#"[]"#, r#"["reserve"]"#, r#"["reserve","charge"]"#, r#"["reserve","charge","ship"]"#] {
        assert_eq!(all.matches(&format!(r#"{{"cents":41733,"done":{done}}}"#)).count(), 1, "{all}");
    }
    assert_eq!(all.matches("41733").count(), 4, "{all}");
    // With all that was ever written.
    let mut folders = vec![server.data()];
    let mut written = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(entry.path()),
                false => written.extend(std::fs::read(entry.path()).unwrap_or_default()),
            }
        }
    }
    let written = String::from_utf8_lossy(&written);
    assert!(written.contains("41733") && !written.contains(CARD) && !written.contains("card"));
}
