use std::future::{Future, pending};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet, yield_now};

use super::{Answer, Fault, Reply, Runs, Unique, aloft, ask, cache};
use crate::cached::decision::{Worth, times};
use crate::cached::entry::Kept;
use crate::cached::own::Cached;
use crate::{Kind, Layer, Reason, Rejection};

const DOWN: Fault = Fault(Kind::Transient);
const PAUSE: Duration = Duration::from_secs(1);

/// Lets every spawned task run as far as it can.
async fn settle() {
    for _ in 0..100 {
        yield_now().await;
    }
}

/// A call that runs until it is told its answer.
fn told(cache: &'static Cached, runs: &Runs) -> (oneshot::Sender<Answer>, JoinHandle<Reply>) {
    let (send, receive) = oneshot::channel();
    let runs = runs.clone();
    let task = tokio::spawn(async move {
        let inner = async {
            runs.next();
            receive.await.unwrap()
        };
        ask!(cache, ("k"), Answer, inner).await
    });
    (send, task)
}

/// A call that answers at once with the number of its run.
fn numbered(cache: &'static Cached, runs: &Runs) -> JoinHandle<Reply> {
    let runs = runs.clone();
    tokio::spawn(async move { ask!(cache, ("k"), Answer, async { Ok(runs.next()) }).await })
}

#[tokio::test(start_paused = true)]
async fn concurrent_misses_run_once() {
    let (cache, runs) = (cache(), Runs::default());
    let mut calls = JoinSet::new();
    for _ in 0..64 {
        let runs = runs.clone();
        calls.spawn(async move {
            let inner = async {
                tokio::time::sleep(PAUSE).await;
                Ok(runs.next())
            };
            ask!(cache, ("k"), Answer, inner).await.unwrap()
        });
    }
    assert!(calls.join_all().await.into_iter().all(|answer| answer == Ok(1)));
    assert_eq!((runs.count(), aloft(cache)), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn keys_do_not_wait_for_each_other() {
    let (cache, runs) = (cache(), Runs::default());
    let (_send, _task) = told(cache, &runs);
    settle().await;
    assert_eq!(ask!(cache, ("other"), Answer, async { Ok(7) }).await.unwrap(), Ok(7));
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_shared_by_those_who_waited_only() {
    let (cache, runs) = (cache(), Runs::default());
    let (send, leader) = told(cache, &runs);
    settle().await;
    let followers: Vec<_> = (0..10).map(|_| numbered(cache, &runs)).collect();
    settle().await;
    send.send(Err(DOWN)).unwrap();
    assert_eq!(leader.await.unwrap().unwrap(), Err(DOWN));
    let late = numbered(cache, &runs);
    for follower in followers {
        assert_eq!(follower.await.unwrap().unwrap(), Err(DOWN));
    }
    assert_eq!(late.await.unwrap().unwrap(), Ok(2));
    assert_eq!((runs.count(), aloft(cache)), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn who_comes_after_a_failure_does_not_get_it() {
    let (cache, runs) = (cache(), Runs::default());
    let mut cx = Context::from_waker(Waker::noop());
    let (send, receive) = oneshot::channel();
    let mut leader = pin!(ask!(cache, ("k"), Answer, async { receive.await.unwrap() }));
    let mut follower = pin!(ask!(cache, ("k"), Answer, async { Ok(runs.next()) }));
    assert!(leader.as_mut().poll(&mut cx).is_pending());
    assert!(follower.as_mut().poll(&mut cx).is_pending());
    send.send(Err(DOWN)).unwrap();
    assert!(matches!(leader.as_mut().poll(&mut cx), Poll::Ready(Ok(Err(_)))));
    // The follower still has its seat in the flight that failed.
    let late = ask!(cache, ("k"), Answer, async { Ok(runs.next() + 10) });
    assert_eq!(late.await.unwrap(), Ok(11));
    assert_eq!(follower.await.unwrap(), Err(DOWN));
    assert_eq!((runs.count(), aloft(cache)), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_shared_by_those_who_waited() {
    let (cache, runs) = (cache(), Runs::default());
    let (send, receive) = oneshot::channel();
    let leader = tokio::spawn(async move {
        let inner = async { receive.await.unwrap() };
        super::behind(
            cache,
            (crate::__rt::key_part!("k"),),
            |r: &Answer| crate::__rt::worth!(r),
            |r: &Answer| crate::__rt::copied!(r),
            inner,
        )
        .await
    });
    settle().await;
    let follower = numbered(cache, &runs);
    settle().await;
    let open = Reason::Open { retry_after: None };
    let refused: Reply = Err(Rejection::new(Layer::CircuitBreaker, "api", open));
    send.send(refused).unwrap();
    for call in [leader, follower] {
        assert_eq!(call.await.unwrap().unwrap_err().code(), "circuit_open");
    }
    assert_eq!(numbered(cache, &runs).await.unwrap().unwrap(), Ok(1));
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_cannot_be_copied_sends_each_on_its_own_at_once() {
    type Once = Result<u32, Unique>;
    let (cache, runs) = (cache(), Runs::default());
    let mut calls = JoinSet::new();
    let start = crate::clock::mono();
    for _ in 0..10 {
        let runs = runs.clone();
        calls.spawn(async move {
            let inner = async {
                runs.next();
                tokio::time::sleep(PAUSE).await;
                Once::Err(Unique)
            };
            ask!(cache, ("k"), Once, inner).await.unwrap()
        });
    }
    assert!(calls.join_all().await.into_iter().all(|answer| answer == Err(Unique)));
    assert_eq!(runs.count(), 10);
    // One run, then the nine others side by side.
    assert_eq!(crate::clock::mono() - start, PAUSE * 2);
    assert_eq!(cache.shelf::<(String,), Once>().flights.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn one_who_runs_alone_keeps_its_value() {
    type Once = Result<u32, Unique>;
    let (cache, runs) = (cache(), Runs::default());
    let call = |answer: fn(u32) -> Once| {
        let runs = runs.clone();
        tokio::spawn(async move {
            let inner = async {
                tokio::time::sleep(PAUSE).await;
                answer(runs.next())
            };
            ask!(cache, ("k"), Once, inner).await.unwrap()
        })
    };
    let (leader, follower) = (call(|_| Err(Unique)), call(Ok));
    assert_eq!(leader.await.unwrap(), Err(Unique));
    assert_eq!(follower.await.unwrap(), Ok(2));
    assert_eq!(call(Ok).await.unwrap(), Ok(2));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_leader_hands_over() {
    let (cache, runs) = (cache(), Runs::default());
    let (_send, leader) = told(cache, &runs);
    settle().await;
    let followers: Vec<_> = (0..5).map(|_| numbered(cache, &runs)).collect();
    settle().await;
    leader.abort();
    for follower in followers {
        assert_eq!(follower.await.unwrap().unwrap(), Ok(2));
    }
    assert_eq!((runs.count(), aloft(cache)), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_panicking_leader_hands_over() {
    let (cache, runs) = (cache(), Runs::default());
    let (send, leader) = told(cache, &runs);
    settle().await;
    let follower = numbered(cache, &runs);
    settle().await;
    // The leader unwraps what it is told.
    drop(send);
    assert!(leader.await.unwrap_err().is_panic());
    assert_eq!(follower.await.unwrap().unwrap(), Ok(2));
    assert_eq!(aloft(cache), 0);
}

#[tokio::test(start_paused = true)]
async fn a_panic_hands_over_even_while_the_call_is_kept() {
    let (cache, runs) = (cache(), Runs::default());
    let mut leader = Box::pin(ask!(cache, ("k"), Answer, async {
        yield_now().await;
        if true {
            panic!("boom");
        }
        Ok(0)
    }));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(leader.as_mut().poll(&mut cx).is_pending());
    let follower = numbered(cache, &runs);
    settle().await;
    let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _ = leader.as_mut().poll(&mut cx);
    }));
    assert!(unwound.is_err());
    assert_eq!(follower.await.unwrap().unwrap(), Ok(1));
    assert_eq!(aloft(cache), 0);
    drop(leader);
}

#[tokio::test(start_paused = true)]
async fn a_follower_may_go() {
    let (cache, runs) = (cache(), Runs::default());
    let (send, leader) = told(cache, &runs);
    settle().await;
    let follower = numbered(cache, &runs);
    settle().await;
    follower.abort();
    settle().await;
    send.send(Ok(9)).unwrap();
    assert_eq!(leader.await.unwrap().unwrap(), Ok(9));
    assert_eq!((runs.count(), aloft(cache)), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_flight_ends_with_the_last_who_leaves() {
    let (cache, runs) = (cache(), Runs::default());
    let (_send, leader) = told(cache, &runs);
    settle().await;
    let (_other, follower) = told(cache, &runs);
    settle().await;
    assert_eq!(aloft(cache), 1);
    for call in [leader, follower] {
        assert_eq!(aloft(cache), 1);
        call.abort();
        settle().await;
    }
    assert_eq!(aloft(cache), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_never_polled_takes_no_seat() {
    let cache = cache();
    drop(ask!(cache, ("k"), Answer, async { Ok(1) }));
    assert_eq!(aloft(cache), 0);
}

#[tokio::test(start_paused = true)]
async fn on_a_hit_the_function_is_not_polled() {
    let cache = cache();
    assert_eq!(ask!(cache, ("k"), Answer, async { Ok(1) }).await.unwrap(), Ok(1));
    let mut hit = pin!(ask!(cache, ("k"), Answer, async { panic!("it ran") }));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(matches!(hit.as_mut().poll(&mut cx), Poll::Ready(Ok(Ok(1)))));
}

#[tokio::test(start_paused = true)]
async fn the_turn_looks_once_more() {
    // The first call missed and was overtaken before it took a seat: simulated by a leader that
    // goes away after another value was kept.
    let (cache, runs) = (cache(), Runs::default());
    let (_send, leader) = told(cache, &runs);
    settle().await;
    let followers = [numbered(cache, &runs), numbered(cache, &runs)];
    settle().await;
    let shelf = cache.shelf::<(String,), Answer>();
    let times = times(&shelf.limits, Worth::Good, 0.0, None).unwrap();
    let entry = shelf.entry(Kept::Value(Ok(42)), shelf.epoch(), times);
    shelf.overtake(("k".to_owned(),), entry);
    leader.abort();
    for follower in followers {
        assert_eq!(follower.await.unwrap().unwrap(), Ok(42));
    }
    assert_eq!((runs.count(), aloft(cache)), (1, 0));
}

#[test]
fn it_is_send_where_its_parts_are() {
    fn send<T: Send + Sync>(_: &T) {}
    let cache = cache();
    let inner: Pin<Box<dyn Future<Output = Answer> + Send + Sync>> = Box::pin(pending());
    send(&ask!(cache, ("k"), Answer, inner));
}
