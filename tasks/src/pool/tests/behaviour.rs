use std::sync::{Arc, Mutex};
use std::time::Duration;

use steadfast::{Failure, Kind};
use tokio::time::sleep;

use crate::pool::Pool;
use crate::{TaskError, WhenFull};

const SECOND: Duration = Duration::from_secs(1);

type Seen = Arc<Mutex<Vec<u32>>>;

/// One worker that notes its items and needs a second for each.
fn one_a_second() -> (Pool<u32, u32, String>, Seen) {
    let seen = Seen::default();
    let noted = seen.clone();
    let pool = Pool::<u32, u32, String>::builder("tests", 1, move |item| {
        noted.lock().unwrap().push(item);
        async move {
            sleep(SECOND).await;
            Ok(item)
        }
    });
    (pool.build().unwrap(), seen)
}

#[tokio::test(start_paused = true)]
async fn an_important_item_goes_first_unless_another_has_waited_ten_seconds_longer_for_each_level() {
    let (pool, seen) = one_a_second();
    let busy = pool.submit(0).await.unwrap();
    tokio::task::yield_now().await;
    let waits = pool.submit_at(0, 1).await.unwrap();
    let early = pool.submit_at(1, 2).await.unwrap();
    drop((busy, early));
    for item in 3..40 {
        sleep(SECOND / 2).await;
        drop(pool.submit_at(1, item).await.unwrap());
    }
    waits.await.unwrap();
    let place = seen.lock().unwrap().iter().position(|item| *item == 1).unwrap();
    // After the busy one, the early one, and the nineteen that came before ten seconds were over.
    assert_eq!(place, 21);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_lets_in_by_priority() {
    let seen = Seen::default();
    let noted = seen.clone();
    let pool = Pool::<u32, (), String>::builder("tests", 1, move |item| {
        noted.lock().unwrap().push(item);
        async {
            sleep(SECOND).await;
            Ok(())
        }
    });
    let pool = pool.capacity(1).build().unwrap();
    drop(pool.submit(0).await.unwrap());
    tokio::task::yield_now().await;
    drop(pool.submit(1).await.unwrap());
    let mut waiting = tokio::task::JoinSet::new();
    for (priority, item) in [(0, 2), (5, 3), (1, 4)] {
        let pool = pool.clone();
        waiting.spawn(async move { pool.submit_at(priority, item).await.unwrap().await });
        tokio::task::yield_now().await;
    }
    assert_eq!(pool.stats().waiting, 3);
    waiting.join_all().await;
    assert_eq!(*seen.lock().unwrap(), [0, 1, 3, 4, 2]);
}

#[tokio::test(start_paused = true)]
async fn the_oldest_of_the_lowest_makes_room_but_not_for_less() {
    let pool = Pool::builder("tests", 1, |item: u32| async move { Ok::<_, String>(item) });
    let pool = pool.capacity(2).when_full(WhenFull::DropOldest).build().unwrap();
    let old = pool.submit_at(1, 1).await.unwrap();
    let older_but_more = pool.submit_at(2, 2).await.unwrap();
    assert_eq!(pool.submit_at(0, 3).await.unwrap_err().into_item(), 3);
    let new = pool.submit_at(1, 4).await.unwrap();
    assert_eq!(old.await, Err(TaskError::Dropped));
    assert_eq!((older_but_more.await, new.await), (Ok(2), Ok(4)));
}

#[tokio::test(start_paused = true)]
async fn fewer_workers_let_running_work_finish() {
    let pool = Pool::builder("tests", 4, |item: u32| async move {
        sleep(SECOND).await;
        Ok::<_, String>(item)
    })
    .build()
    .unwrap();
    let mut handles = vec![];
    for item in 0..8 {
        handles.push(pool.submit(item).await.unwrap());
    }
    tokio::task::yield_now().await;
    pool.resize(1).unwrap();
    assert_eq!((pool.stats().running, pool.stats().workers), (4, 1));
    sleep(SECOND + Duration::from_millis(1)).await;
    assert_eq!((pool.stats().running, pool.stats().done), (1, 4));
    pool.resize(3).unwrap();
    tokio::task::yield_now().await;
    assert_eq!(pool.stats().running, 3);
    for (item, handle) in (0..).zip(handles) {
        assert_eq!(handle.await, Ok(item));
    }
}

#[tokio::test(start_paused = true)]
async fn a_pool_that_is_dropped_ends_what_is_in() {
    let (pool, seen) = one_a_second();
    let mut handles = vec![];
    for item in 0..3 {
        handles.push(pool.submit(item).await.unwrap());
    }
    drop(pool);
    for (item, handle) in (0..).zip(handles) {
        assert_eq!(handle.await, Ok(item));
    }
    assert_eq!(*seen.lock().unwrap(), [0, 1, 2]);
}

#[test]
fn a_runtime_that_ends_tells_the_handles_and_leaves_the_items() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let (pool, running, queued) = runtime.block_on(async {
        let (pool, _) = one_a_second();
        let handles = (pool.submit(1).await.unwrap(), pool.submit(2).await.unwrap());
        tokio::task::yield_now().await;
        (pool, handles.0, handles.1)
    });
    drop(runtime);
    let other = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    other.block_on(async {
        assert_eq!(running.await, Err(TaskError::Stopped { began: true }));
        assert_eq!(queued.await, Err(TaskError::Stopped { began: false }));
        assert!(pool.submit(3).await.unwrap_err().is_stopped());
        assert_eq!(pool.stop(SECOND).await.unstarted, [2]);
    });
}

#[tokio::test(start_paused = true)]
async fn a_stop_gives_the_items_back_in_order_and_wakes_who_waits_for_room() {
    let pool = Pool::builder("tests", 1, |item: u32| async move {
        sleep(SECOND).await;
        Ok::<_, String>(item)
    });
    let pool = pool.capacity(2).build().unwrap();
    drop(pool.submit(1).await.unwrap());
    tokio::task::yield_now().await;
    drop((pool.submit_at(0, 2).await.unwrap(), pool.submit_at(1, 3).await.unwrap()));
    let waits = tokio::spawn({
        let pool = pool.clone();
        async move { pool.submit(4).await.map(drop).unwrap_err() }
    });
    tokio::task::yield_now().await;
    let left = pool.stop(SECOND / 2).await;
    assert_eq!((left.unstarted, left.interrupted), (vec![3, 2], 1));
    let refused = waits.await.unwrap();
    assert!(refused.is_stopped() && refused.kind() == Kind::Refused && refused.into_item() == 4);
}

#[tokio::test]
async fn errors_have_the_kind_of_what_is_known() {
    #[derive(Debug, Failure)]
    enum Declined {
        #[failure(terminal)]
        ForGood,
    }
    let kinds = [
        TaskError::Failed(Declined::ForGood),
        TaskError::Dropped,
        TaskError::Stopped { began: false },
        TaskError::Cancelled { began: true },
    ]
    .map(|error| error.kind());
    assert_eq!(kinds, [Kind::Terminal, Kind::Transient, Kind::Transient, Kind::Unknown]);
}

#[tokio::test]
async fn settings_that_cannot_be_are_named() {
    let handler = |item: u32| async move { Ok::<_, String>(item) };
    let build = |workers, capacity, ageing| {
        let pool = Pool::builder("tests", workers, handler).capacity(capacity).ageing(ageing).build();
        pool.map(drop).unwrap_err().to_string()
    };
    assert_eq!(build(0, 1, SECOND), "`workers` must be at least 1");
    assert_eq!(build(1, 0, SECOND), "`capacity` must be at least 1");
    assert!(build(1, 1, Duration::ZERO).starts_with("`ageing` must be more than zero"));
}

#[test]
fn without_a_runtime_there_is_no_pool() {
    let built = Pool::builder("tests", 1, |item: u32| async move { Ok::<_, String>(item) }).build();
    assert_eq!(built.map(drop), Err(crate::BuildError::NoRuntime));
}

/// Nothing of an item is kept after its end.
#[tokio::test]
async fn what_went_through_leaves_nothing_behind() {
    let held = Arc::new(());
    let pool =
        Pool::builder("tests", 3, |item: Arc<()>| async move { Ok::<_, String>(item) }).capacity(8).build().unwrap();
    for _ in 0..20_000 {
        drop(pool.submit(held.clone()).await.unwrap());
    }
    let last = pool.submit_at(-1, held.clone()).await.unwrap().await.unwrap();
    drop(last);
    assert!(pool.stop(SECOND).await.is_clean());
    assert_eq!((Arc::strong_count(&held), pool.stats().done), (1, 20_001));
}

#[tokio::test(start_paused = true)]
async fn room_that_its_submitter_does_not_take_goes_to_the_next() {
    let pool = Pool::builder("tests", 1, |item: u32| async move {
        sleep(SECOND).await;
        Ok::<_, String>(item)
    });
    let pool = pool.capacity(1).build().unwrap();
    drop(pool.submit(1).await.unwrap());
    tokio::task::yield_now().await;
    drop(pool.submit(2).await.unwrap());
    // Not polled again before it is dropped, when it has been given room.
    let mut given_up = Box::pin(pool.submit(3));
    assert!(tokio::time::timeout(Duration::ZERO, &mut given_up).await.is_err());
    let next = tokio::spawn({
        let pool = pool.clone();
        async move { pool.submit(4).await.unwrap().await }
    });
    tokio::task::yield_now().await;
    assert_eq!(pool.stats().waiting, 2);
    sleep(SECOND + SECOND / 2).await;
    assert_eq!(pool.stats().waiting, 1);
    drop(given_up);
    let got = tokio::time::timeout(5 * SECOND, next).await;
    assert_eq!(got.unwrap().unwrap(), Ok(4));
    assert_eq!(pool.stats().done, 3);
}
