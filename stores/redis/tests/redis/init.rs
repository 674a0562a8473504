//! A server that lost its data is not a new one.

use steadfast::idempotent::Store;
use steadfast_redis::RedisError;

use crate::{claim, id, own, store};

#[tokio::test]
async fn a_server_that_was_never_initialised_takes_nothing() {
    let Some(server) = steadfast_servers::redis_server("no mark, no claim", &[]) else { return };
    let records = store(&server.url()).await;
    assert_eq!(records.check().await, Err(RedisError::NoData));
    let error = records.claim(claim("order-1")).await.unwrap_err();
    assert_eq!(error.to_string(), RedisError::NoData.to_string());
    assert!(error.to_string().contains("run `RedisStore::init` once"));
    assert_eq!(server.command(&["DBSIZE"]).unwrap(), ["0"]);
}

#[tokio::test]
async fn it_is_done_once_and_again_changes_nothing() {
    let Some((server, records)) = own("init twice", &[]).await else { return };
    records.check().await.unwrap();
    records.claim(claim("order-1")).await.unwrap();
    records.init().await.unwrap();
    assert!(records.get(&id("order-1")).await.unwrap().is_some());
    // 64 marks, a record, and the list of what is open.
    assert_eq!(server.command(&["DBSIZE"]).unwrap(), ["66"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_do_it_together() {
    let Some(server) = steadfast_servers::redis_server("many inits at once", &[]) else { return };
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let records = store(&server.url()).await;
        all.spawn(async move { records.init().await });
    }
    assert!(all.join_all().await.iter().all(Result::is_ok));
    store(&server.url()).await.check().await.unwrap();
}

#[tokio::test]
async fn one_that_was_cut_short_is_finished() {
    let Some((server, records)) = own("half an init", &[]).await else { return };
    server.command(&["SET", "steadfast:{00}:sentinel", "begun"]).unwrap();
    server.command(&["DEL", "steadfast:{33}:sentinel", "steadfast:{63}:sentinel"]).unwrap();
    assert_eq!(records.check().await, Err(RedisError::NoData));
    records.init().await.unwrap();
    records.check().await.unwrap();
}

#[tokio::test]
async fn a_part_that_was_lost_is_not_marked_again() {
    let Some((server, records)) = own("a part is lost", &[]).await else { return };
    server.command(&["DEL", "steadfast:{07}:sentinel"]).unwrap();
    let lost = RedisError::PartlyLost { missing: 1, of: 64 };
    assert_eq!(records.check().await, Err(lost.clone()));
    assert_eq!(records.init().await, Err(lost));
}

#[tokio::test]
async fn data_of_another_version_are_left_alone() {
    let Some((server, records)) = own("another format", &[]).await else { return };
    server.command(&["SET", "steadfast:{07}:sentinel", "2"]).unwrap();
    assert_eq!(records.check().await, Err(RedisError::OtherFormat));
    assert_eq!(records.init().await, Err(RedisError::OtherFormat));
}

/// No step is done in a bucket without its mark, not even one that only reads: that an operator sees
/// no unknown outcomes must mean that there are none.
#[tokio::test]
async fn every_step_looks_for_the_mark() {
    use steadfast::first_seen::FirstSeen;
    use steadfast::idempotent::{Outcome, Resolution};

    let Some((server, records)) = own("every step looks", &[]).await else { return };
    let claim = claim("order-1");
    records.claim(claim.clone()).await.unwrap();
    server.command(&["FLUSHALL"]).unwrap();

    let (id, token, now) = (&claim.id, claim.token, claim.now);
    let lost = [
        records.claim(claim.clone()).await.err(),
        records.complete(id, token, Outcome::Unknown).await.err(),
        records.release(id, token).await.err(),
        records.extend(id, token, now).await.err(),
        records.get(id).await.err(),
        records.unknowns(now, None, 10).await.err(),
        records.resolve(id, claim.record().seen(), Resolution::NeverHappened, "why").await.err(),
        records.first_seen("space", "id", now, claim.lease_until).await.err(),
    ];
    for (step, error) in lost.into_iter().enumerate() {
        assert_eq!(error.map(|it| it.to_string()), Some(RedisError::NoData.to_string()), "step {step}");
    }
    assert_eq!(server.command(&["DBSIZE"]).unwrap(), ["0"]);
}
