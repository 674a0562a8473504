//! What becomes of it when the server is gone, slow, read-only, out of memory or empty.

use steadfast::cached::when_down::{Refuse, Run, WhenDown};
use steadfast::{Layer, Reason};
use steadfast_servers::RedisServer;

use crate::world::{Names, Runs, process, server, until};

/// A way to be down.
#[derive(Clone, Copy, Debug)]
enum Down {
    Gone,
    Slow,
    ReadOnly,
    OutOfMemory,
}

const ALL: [Down; 4] = [Down::Gone, Down::Slow, Down::ReadOnly, Down::OutOfMemory];

impl Down {
    fn begin(self, server: &RedisServer) {
        match self {
            Self::Gone => server.kill(),
            Self::Slow => server.freeze(),
            Self::ReadOnly => drop(server.command(&["REPLICAOF", "127.0.0.1", "1"]).unwrap()),
            Self::OutOfMemory => drop(server.command(&["CONFIG", "SET", "maxmemory", "1"]).unwrap()),
        }
    }

    fn end(self, server: &RedisServer) {
        match self {
            Self::Gone => server.restart(),
            Self::Slow => server.thaw(),
            Self::ReadOnly => drop(server.command(&["REPLICAOF", "NO", "ONE"]).unwrap()),
            Self::OutOfMemory => drop(server.command(&["CONFIG", "SET", "maxmemory", "0"]).unwrap()),
        }
    }
}

/// A process that has `here`, and one that has put `there`.
async fn world<D>(server: &RedisServer, when_down: D) -> Names<D>
where
    D: WhenDown,
{
    let (cache, other) = (process(&server.url(), when_down).await, process(&server.url(), when_down).await);
    other.prime("there".to_owned(), 2).await.unwrap();
    cache.prime("here".to_owned(), 1).await.unwrap();
    cache
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_it_runs_the_function_answers() {
    for down in ALL {
        let Some(server) = server("where it runs the function answers") else { return };
        let (cache, runs) = (world(&server, Run).await, Runs::default());
        down.begin(&server);
        assert_eq!(cache.get_or_load("here", || runs.run(7)).await.unwrap(), 1, "{down:?}");
        assert_eq!(cache.get_or_load("new", || runs.run(7)).await.unwrap(), 7, "{down:?}");
        assert_eq!(cache.get_or_load("new", || runs.run(8)).await.unwrap(), 7, "it is kept here");
        assert_eq!((runs.count(), cache.stats().tier_failures), (1, 1), "{down:?}");
        let there = if matches!(down, Down::OutOfMemory) { 2 } else { 7 };
        assert_eq!(cache.get_or_load("there", || runs.run(7)).await.unwrap(), there, "{down:?}");

        down.end(&server);
        until("it is shared again", async || {
            cache.forget_all();
            cache.get_or_load("again", || runs.run(9)).await.unwrap();
            cache.forget_all();
            let hits = cache.stats().tier_hits;
            cache.get_or_load("again", || runs.run(9)).await.unwrap();
            cache.stats().tier_hits > hits
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_it_refuses_nothing_runs() {
    for down in ALL {
        let Some(server) = server("where it refuses nothing runs") else { return };
        let (cache, runs) = (world(&server, Refuse).await, Runs::default());
        down.begin(&server);
        assert_eq!(cache.get_or_load("here", || runs.run(7)).await.unwrap(), 1, "{down:?}");
        for _ in 0..2 {
            let refused = cache.get_or_load("new", || runs.run(7)).await.unwrap_err();
            assert_eq!((refused.code(), refused.status()), ("shared_state_unavailable", 503), "{down:?}");
            assert_eq!((refused.layer(), refused.name()), (Layer::Cached, "names"));
            assert!(matches!(refused.reason(), Reason::SharedStateUnavailable(_)));
        }
        if matches!(down, Down::OutOfMemory) {
            assert_eq!(cache.get_or_load("there", || runs.run(7)).await.unwrap(), 2, "it is there");
        }
        assert_eq!(runs.count(), 0, "{down:?}");

        down.end(&server);
        until("it answers again", async || cache.get_or_load("new", || runs.run(7)).await.is_ok_and(|it| it == 7))
            .await;
    }
}

/// Who invalidates learns that the others were not told. Here it is gone all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalidation_that_did_not_arrive_is_told() {
    for down in ALL {
        let Some(server) = server("an invalidation that did not arrive is told") else { return };
        let cache = world(&server, Run).await;
        down.begin(&server);
        let told = cache.invalidate("here").await;
        // Memory is needed to keep something, and not to forget it.
        assert_eq!(told.is_ok(), matches!(down, Down::OutOfMemory), "{down:?} {told:?}");
        assert_eq!(cache.get("here"), None);
        let primed = cache.prime("here".to_owned(), 3).await.unwrap_err();
        assert_eq!((primed.cache(), cache.get("here")), ("names", Some(3)), "{down:?}");
        assert_eq!(cache.clear().await.is_ok(), matches!(down, Down::OutOfMemory), "{down:?}");
        assert_eq!(cache.get("here"), None);

        down.end(&server);
        until("it is told", async || cache.clear().await.is_ok()).await;
    }
}

/// A server that came back empty is a cache with nothing in it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_came_back_empty_loads() {
    let Some(server) = server("a server that came back empty loads") else { return };
    let (cache, runs) = (world(&server, Refuse).await, Runs::default());
    server.restart_empty();
    assert_eq!(cache.get_or_load("there", || runs.run(7)).await.unwrap(), 7);
    assert_eq!(runs.count(), 1);
    // A load that runs while it begins to listen again is not kept.
    until("it is shared again", async || {
        cache.forget_all();
        cache.get_or_load("again", || runs.run(8)).await.unwrap();
        cache.forget_all();
        let hits = cache.stats().tier_hits;
        assert_eq!(cache.get_or_load("again", || runs.run(8)).await.unwrap(), 8);
        cache.stats().tier_hits > hits
    })
    .await;
    assert_eq!(cache.stats().tier_failures, 0);
}
