//! The tier in attributes.

use std::sync::Arc;
use std::time::Duration;

use steadfast::cached::Cache;
use steadfast::cached::when_down::{Refuse, Run};
use steadfast::{Rejection, cached, rate_limit};
use steadfast_redis::RedisTier;

use crate::world::{Runs, server, tier};

#[derive(Clone)]
struct App {
    runs: Arc<Runs>,
    refusing: RedisTier<Refuse>,
    running: RedisTier<Run>,
}

async fn app(url: &str) -> App {
    App { runs: Arc::default(), refusing: tier(url, Refuse).await, running: tier(url, Run).await }
}

#[cached(ttl = "1m", tier = app.refusing, name = "tests.refusing", key = id)]
async fn refusing(app: &App, id: u32) -> Result<u32, Rejection> {
    app.runs.run(id).await
}

/// A process that is started later has another function, or another build of it.
#[cached(ttl = "1m", tier = app.refusing, name = "tests.refusing", key = id)]
async fn elsewhere(app: &App, id: u32) -> Result<u32, Rejection> {
    app.runs.run(id + 100).await
}

/// It is never refused, so it need not be able to say so.
#[cached(ttl = "1m", tier = app.running, name = "tests.running", key = id)]
async fn running(app: &App, id: u32) -> Option<u32> {
    app.runs.run(id).await.ok()
}

#[rate_limit(max_calls = 1000, period = "1s")]
#[cached(ttl = "1m", tier = app.refusing, name = "tests.stacked", key = id)]
async fn stacked(app: &App, id: u32) -> Result<u32, Rejection> {
    app.runs.run(id).await
}

#[rate_limit(max_calls = 1000, period = "1s")]
#[cached(ttl = "1m", tier = app.running, name = "tests.stacked.running", key = id)]
async fn stacked_running(app: &App, id: u32) -> Result<u32, Rejection> {
    app.runs.run(id).await
}

#[cached(ttl = "1m", refresh_after = "30s", refresh = spawn, tier = app.refusing, name = "tests.spawning", key = id)]
async fn spawning(app: App, id: u32) -> Result<u32, Rejection> {
    app.runs.run(id).await
}

static SHARED: Cache<u32, u32, Refuse> = Cache::new("tests.shared", Duration::from_secs(60)).refusing();

#[cached(SHARED, key = id)]
async fn shared(app: &App, id: u32) -> Result<u32, Rejection> {
    app.runs.run(id).await
}

#[rate_limit(max_calls = 1000, period = "1s")]
#[cached(SHARED, key = id)]
async fn shared_stacked(app: &App, id: u32) -> Result<u32, Rejection> {
    app.runs.run(id).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn functions_share_and_are_refused_as_their_tier_says() {
    let Some(server) = server("attributes with a tier") else { return };
    let app = app(&server.url()).await;
    SHARED.use_tier(tier(&server.url(), Refuse).await).unwrap();

    assert_eq!((refusing(&app, 1).await.unwrap(), elsewhere(&app, 1).await.unwrap()), (1, 1));
    assert_eq!((elsewhere(&app, 2).await.unwrap(), refusing(&app, 2).await.unwrap()), (102, 102));
    assert_eq!((running(&app, 1).await, stacked(&app, 1).await.unwrap()), (Some(1), 1));
    assert_eq!((shared(&app, 1).await.unwrap(), shared_stacked(&app, 1).await.unwrap()), (1, 1));
    assert_eq!((spawning(app.clone(), 1).await.unwrap(), stacked_running(&app, 1).await.unwrap()), (1, 1));
    assert_eq!(app.runs.count(), 7);

    server.kill();
    let refused = [
        refusing(&app, 3).await,
        stacked(&app, 3).await,
        spawning(app.clone(), 3).await,
        shared(&app, 3).await,
        shared_stacked(&app, 3).await,
    ];
    for refused in refused {
        assert_eq!(refused.unwrap_err().code(), "shared_state_unavailable");
    }
    assert_eq!(app.runs.count(), 7);
    assert_eq!((running(&app, 3).await, stacked_running(&app, 3).await.unwrap()), (Some(3), 3));
    // What is here is handed out.
    assert_eq!((refusing(&app, 1).await.unwrap(), shared(&app, 1).await.unwrap()), (1, 1));
}

/// A function whose entries an operator's code invalidates by a cache of the same name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_functions_own_cache_hears_of_invalidations() {
    let Some(server) = server("a function's own cache hears of invalidations") else { return };
    let app = app(&server.url()).await;
    let by_hand =
        Cache::<(u32,), u32>::new("tests.running", Duration::from_secs(60)).tier(tier(&server.url(), Run).await);
    assert_eq!(running(&app, 70).await, Some(70));
    for round in 1..=3_000 {
        by_hand.prime((70,), 7).await.unwrap();
        // Once it listens it finds the new value.
        match running(&app, 70).await {
            Some(7) => return,
            _ if round == 3_000 => panic!("it never heard of it"),
            _ => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}
