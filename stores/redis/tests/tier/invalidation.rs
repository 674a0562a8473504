use std::time::Duration;

use steadfast::Rejection;
use steadfast::cached::when_down::Run;
use steadfast::cached::{SecondTier, Told};
use steadfast_servers::{Proxy, RedisServer};
use tokio::sync::oneshot;

use crate::world::{Names, ask, gone, listens, names, process, server, tier, until};

/// Two processes that hear each other.
async fn pair(server: &RedisServer) -> (Names, Names) {
    let pair = (process(&server.url(), Run).await, process(&server.url(), Run).await);
    listens(&pair.0, &pair.1).await;
    listens(&pair.1, &pair.0).await;
    pair
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_process_invalidates_is_gone_in_the_other() {
    let Some(server) = server("what one process invalidates is gone in the other") else { return };
    let (one, other) = pair(&server).await;
    for key in ["k", "kept"] {
        assert_eq!((ask(&one, key, 1).await.unwrap(), ask(&other, key, 2).await.unwrap()), (1, 1));
    }
    one.invalidate("k").await.unwrap();
    gone(&other, "k").await;
    assert_eq!((other.get("kept"), one.get("k")), (Some(1), None));
    assert_eq!((ask(&other, "k", 3).await.unwrap(), ask(&one, "k", 4).await.unwrap()), (3, 3));

    other.clear().await.unwrap();
    gone(&one, "kept").await;
    assert_eq!((one.get("k"), ask(&one, "kept", 5).await.unwrap()), (None, 5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_process_puts_in_the_other_finds() {
    let Some(server) = server("what one process puts in the other finds") else { return };
    let (one, other) = pair(&server).await;
    assert_eq!((ask(&one, "k", 1).await.unwrap(), ask(&other, "k", 2).await.unwrap()), (1, 1));
    one.prime("k".to_owned(), 3).await.unwrap();
    gone(&other, "k").await;
    assert_eq!(ask(&other, "k", 4).await.unwrap(), 3);
    // Who invalidates does not hear itself: by the time the other's word is here, its own was.
    other.prime("another".to_owned(), 5).await.unwrap();
    listens(&one, &other).await;
    assert_eq!(one.get("k"), Some(3));
}

/// The load runs in one process, the invalidation is the other's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_that_began_before_is_kept_nowhere() {
    let Some(server) = server("a load that began before an invalidation is kept nowhere") else { return };
    let (one, other) = pair(&server).await;
    let tier = tier(&server.url(), Run).await;
    let tell: [fn(&Names) -> Told; 2] = [|names| names.invalidate("k"), |names| names.clear()];
    for (tell, wait) in tell.into_iter().flat_map(|tell| [(tell, false), (tell, true)]) {
        other.invalidate("k").await.unwrap();
        let (began, begun) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let load = other.get_or_load("k", || async {
            began.send(()).unwrap();
            ended.await.unwrap();
            Ok::<_, Rejection>(1)
        });
        let invalidate = async {
            begun.await.unwrap();
            ask(&other, "witness", 1).await.unwrap();
            tell(&one).await.unwrap();
            one.invalidate("witness").await.unwrap();
            if wait {
                gone(&other, "witness").await;
            }
            end.send(()).unwrap();
        };
        // Who asked before gets the answer.
        assert_eq!(tokio::join!(load, invalidate).0.unwrap(), 1);
        gone(&other, "k").await;
        assert_eq!(tier.get("names", br#""k""#).await.unwrap().found, None);
    }
}

/// A cache of the same name elsewhere in the program: an operator's, say.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn caches_of_one_name_in_one_process_hear_of_each_other() {
    let Some(server) = server("caches of one name in one process") else { return };
    let tier = tier(&server.url(), Run).await;
    let (one, other) = (names(tier.clone()), names(tier));
    listens(&one, &other).await;
    assert_eq!((ask(&one, "k", 1).await.unwrap(), ask(&other, "k", 2).await.unwrap()), (1, 1));
    other.invalidate("k").await.unwrap();
    gone(&one, "k").await;
}

/// What is said while nobody listens is missed: so all is forgotten when somebody does again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_was_cut_off_forgets_what_it_has() {
    let Some(server) = server("a process that was cut off forgets what it has") else { return };
    let proxy = Proxy::start(server.address());
    let (one, cut) = (process(&server.url(), Run).await, process(&proxy.url(&server.url()), Run).await);
    listens(&cut, &one).await;
    // Refused, or taken and not answered: a host that is gone says nothing.
    let breaks: [fn(&Proxy); 2] = [Proxy::refuse, Proxy::hang];
    // Keys of their own: a word about earlier ones may still be on its way.
    for (number, breaks) in breaks.into_iter().enumerate() {
        let (key, another) = (["k", "l"][number], ["another", "one more"][number]);
        for key in [key, another] {
            assert_eq!((ask(&one, key, 1).await.unwrap(), ask(&cut, key, 2).await.unwrap()), (1, 1), "{number}");
        }
        breaks(&proxy);
        one.invalidate(key).await.unwrap();
        assert_eq!(cut.get(key), Some(1), "it cannot know");
        if number == 1 {
            // Nobody is told that it broke: it is found out.
            let before = proxy.connections();
            until("it connects again", async || proxy.connections() > before).await;
            proxy.cut();
        }
        proxy.pass();
        gone(&cut, key).await;
        gone(&cut, another).await;
        until("it answers again", async || ask(&cut, key, 3).await.is_ok_and(|_| cut.get(key).is_some())).await;
        listens(&cut, &one).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_that_was_killed_forgets_what_it_has() {
    let Some(server) = server("a subscription that was killed forgets what it has") else { return };
    let (one, other) = pair(&server).await;
    for cache in [&one, &other] {
        assert_eq!(ask(cache, "k", 1).await.unwrap(), 1);
    }
    assert_eq!(server.command(&["CLIENT", "KILL", "TYPE", "pubsub"]).unwrap(), ["2"]);
    for cache in [&one, &other] {
        gone(cache, "k").await;
        assert_eq!(ask(cache, "k", 2).await.unwrap(), 1, "it is in Redis still");
    }
    listens(&one, &other).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_came_back_empty_is_listened_to() {
    let Some(server) = server("a server that came back empty") else { return };
    let (one, other) = pair(&server).await;
    assert_eq!((ask(&one, "k", 1).await.unwrap(), ask(&other, "k", 1).await.unwrap()), (1, 1));
    server.restart_empty();
    gone(&one, "k").await;
    gone(&other, "k").await;
    assert_eq!((ask(&one, "k", 2).await.unwrap(), ask(&other, "k", 3).await.unwrap()), (2, 2));
    listens(&one, &other).await;
    one.clear().await.unwrap();
    gone(&other, "k").await;
}

/// Nothing of a tier is left when the last clone of it is gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_subscription_ends_with_the_tier() {
    let Some(server) = server("the subscription ends with the tier") else { return };
    let listening = async |server: &RedisServer| {
        server.command(&["PUBSUB", "NUMSUB", "steadfast:invalidations"]).unwrap().last().cloned()
    };
    let (one, other) = pair(&server).await;
    assert_eq!(listening(&server).await.as_deref(), Some("2"));
    drop(one);
    until("one is left", async || listening(&server).await.as_deref() == Some("1")).await;
    drop(other);
    until("none is left", async || listening(&server).await.as_deref() == Some("0")).await;
}

/// A static cache outlives the runtimes of a program's tests, and their tasks.
#[test]
fn a_new_runtime_listens_anew() {
    let Some(server) = server("a new runtime listens anew") else { return };
    let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let first = runtime();
    let cache = first.block_on(process(&server.url(), Run));
    let url = server.url();
    first.block_on(async {
        let other = process(&url, Run).await;
        listens(&cache, &other).await;
    });
    first.shutdown_timeout(Duration::from_secs(10));
    runtime().block_on(async {
        let other = process(&url, Run).await;
        until("it answers on the new runtime", async || {
            ask(&cache, "k", 1).await.unwrap();
            cache.stats().tier_hits > 0 || ask(&other, "k", 2).await.unwrap() == 1
        })
        .await;
        listens(&cache, &other).await;
    });
}
