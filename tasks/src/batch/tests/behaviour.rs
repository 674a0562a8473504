use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::batch::{BatchError, Batcher};
use crate::{BuildError, TaskError, WhenFull};

const SECOND: Duration = Duration::from_secs(1);

/// The batches that ran, and how many seconds after the start.
type Seen = Arc<Mutex<Vec<(Vec<u32>, u64)>>>;
type Tested = Batcher<u32, u32, String>;

/// Gathers at most three items for at most ten seconds; a batch needs `takes`.
fn three_in_ten(takes: Duration, concurrency: usize) -> (Tested, Seen) {
    let (seen, start) = (Seen::default(), Instant::now());
    let noted = seen.clone();
    let batcher = Tested::builder("tests", 3, 10 * SECOND, move |items: Vec<u32>| {
        noted.lock().unwrap().push((items.clone(), start.elapsed().as_secs()));
        async move {
            sleep(takes).await;
            Ok(items.into_iter().map(Ok).collect())
        }
    });
    (batcher.capacity(6).concurrency(concurrency).build().unwrap(), seen)
}

async fn submit_all(batcher: &Tested, items: impl IntoIterator<Item = u32>) {
    for item in items {
        drop(batcher.submit(item).await.unwrap());
    }
}

fn seen(seen: &Seen) -> Vec<(Vec<u32>, u64)> {
    seen.lock().unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn a_batch_runs_when_it_is_full_or_its_first_item_has_waited() {
    let (batcher, batches) = three_in_ten(Duration::ZERO, 1);
    submit_all(&batcher, 1..=4).await;
    sleep(4 * SECOND).await;
    submit_all(&batcher, [5]).await;
    sleep(10 * SECOND).await;
    assert_eq!(seen(&batches), [(vec![1, 2, 3], 0), (vec![4, 5], 10)]);
    submit_all(&batcher, [6]).await;
    sleep(20 * SECOND).await;
    assert_eq!(seen(&batches)[2..], [(vec![6], 24)]);
}

#[tokio::test(start_paused = true)]
async fn a_flush_hurries_what_is_there_and_nothing_later() {
    let (batcher, batches) = three_in_ten(Duration::ZERO, 1);
    submit_all(&batcher, 1..=2).await;
    batcher.flush();
    sleep(SECOND).await;
    submit_all(&batcher, [3]).await;
    sleep(5 * SECOND).await;
    assert_eq!(seen(&batches), [(vec![1, 2], 0)]);
    assert_eq!(batcher.stats().queued, 1);
}

#[tokio::test(start_paused = true)]
async fn a_stop_runs_what_has_gathered_at_once_and_gives_back_what_is_late() {
    let (batcher, batches) = three_in_ten(SECOND, 1);
    submit_all(&batcher, 1..=5).await;
    tokio::task::yield_now().await;
    let left = batcher.stop(3 * SECOND).await;
    assert!(left.is_clean());
    assert_eq!(seen(&batches), [(vec![1, 2, 3], 0), (vec![4, 5], 1)]);

    let (batcher, batches) = three_in_ten(4 * SECOND, 1);
    submit_all(&batcher, 1..=5).await;
    tokio::task::yield_now().await;
    let left = batcher.stop(SECOND).await;
    assert_eq!((left.unstarted, left.interrupted), (vec![4, 5], 3));
    assert_eq!(seen(&batches).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn so_many_batches_run_at_once_and_no_more() {
    let (batcher, batches) = three_in_ten(SECOND, 2);
    submit_all(&batcher, 1..=6).await;
    tokio::task::yield_now().await;
    submit_all(&batcher, 7..=9).await;
    sleep(2 * SECOND).await;
    assert_eq!(seen(&batches), [(vec![1, 2, 3], 0), (vec![4, 5, 6], 0), (vec![7, 8, 9], 1)]);
}

/// With several workers asleep, the one whose time it is wakes, whoever watched the batch before.
#[tokio::test(start_paused = true)]
async fn what_a_full_batch_leaves_still_has_its_time_watched() {
    let (batcher, batches) = three_in_ten(60 * SECOND, 3);
    submit_all(&batcher, [1]).await;
    sleep(SECOND).await;
    submit_all(&batcher, 2..=4).await;
    sleep(20 * SECOND).await;
    assert_eq!(seen(&batches), [(vec![1, 2, 3], 1), (vec![4], 11)]);
}

#[tokio::test(start_paused = true)]
async fn at_most_so_many_items_are_kept() {
    let batcher = Batcher::builder("tests", 2, SECOND, |items: Vec<u32>| async move {
        sleep(SECOND).await;
        Ok::<_, String>(items.into_iter().map(Ok).collect())
    });
    let batcher = batcher.capacity(2).when_full(WhenFull::DropOldest).build().unwrap();
    let mut handles = vec![];
    for item in 0..2 {
        handles.push(batcher.submit(item).await.unwrap());
    }
    tokio::task::yield_now().await;
    for item in 2..5 {
        handles.push(batcher.submit(item).await.unwrap());
    }
    let mut outcomes = vec![];
    for handle in handles {
        outcomes.push(handle.await);
    }
    assert_eq!(outcomes, [Ok(0), Ok(1), Err(TaskError::Dropped), Ok(3), Ok(4)]);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_item_leaves_a_batch_that_waits_and_stays_in_one_that_runs() {
    let (batcher, batches) = three_in_ten(SECOND, 1);
    let (gone, stays) = (batcher.submit(1).await.unwrap(), batcher.submit(2).await.unwrap());
    gone.cancel();
    assert_eq!(gone.await, Err(TaskError::Cancelled { began: false }));
    batcher.flush();
    tokio::task::yield_now().await;
    stays.cancel();
    assert_eq!(stays.await, Ok(2));
    assert_eq!(seen(&batches), [(vec![2], 0)]);
}

#[tokio::test(start_paused = true)]
async fn a_panic_ends_each_item_of_its_batch_and_no_other() {
    let batcher = Batcher::builder("tests", 2, SECOND, |items: Vec<u32>| async move {
        if items.contains(&0) {
            std::panic::resume_unwind(Box::new("zero"));
        }
        Ok::<_, String>(items.into_iter().map(Ok).collect())
    });
    let batcher = batcher.build().unwrap();
    for item in [0, 1] {
        drop(batcher.submit(item).await.unwrap());
    }
    let fine = batcher.submit(2).await.unwrap();
    assert_eq!(fine.await, Ok(2));
    assert_eq!((batcher.stats().panicked, batcher.stats().done), (2, 1));
}

/// The handler's own attribute tries the batch again; callers hear of the last attempt only.
#[tokio::test(start_paused = true)]
async fn a_failing_batch_is_tried_again_by_the_handlers_own_attribute() {
    static ATTEMPTS: AtomicUsize = AtomicUsize::new(0);

    #[derive(Debug, PartialEq, steadfast::Failure)]
    enum InsertError {
        #[failure(transient)]
        Busy,
    }

    #[steadfast::retry(max_attempts = 3, delay = "10ms", clone(items))]
    async fn insert(items: Vec<u32>) -> Result<Vec<Result<u32, InsertError>>, InsertError> {
        match ATTEMPTS.fetch_add(1, Ordering::Relaxed) {
            0 | 1 => Err(InsertError::Busy),
            _ if items.contains(&9) => Err(InsertError::Busy),
            _ => Ok(items.into_iter().map(Ok).collect()),
        }
    }

    let batcher = Batcher::builder("tests", 2, SECOND, insert).build().unwrap();
    let (one, two) = (batcher.submit(1).await.unwrap(), batcher.submit(2).await.unwrap());
    assert_eq!((one.await, two.await), (Ok(1), Ok(2)));
    assert_eq!(ATTEMPTS.load(Ordering::Relaxed), 3);

    let (nine, ten) = (batcher.submit(9).await.unwrap(), batcher.submit(10).await.unwrap());
    for handle in [nine, ten] {
        assert_eq!(handle.await, Err(TaskError::Failed(BatchError::Batch(Arc::new(InsertError::Busy)))));
    }
    assert_eq!(ATTEMPTS.load(Ordering::Relaxed), 6);
}

#[tokio::test]
async fn settings_that_cannot_be_are_named() {
    let build = |max_size, concurrency, capacity| {
        let handler = |items: Vec<u32>| async move { Ok::<_, String>(items.into_iter().map(Ok).collect()) };
        let builder = Batcher::builder("tests", max_size, SECOND, handler);
        let Err(BuildError::Setting(error)) = builder.concurrency(concurrency).capacity(capacity).build() else {
            panic!()
        };
        error.setting()
    };
    assert_eq!(
        [build(0, 1, 1), build(1, 0, 1), build(1, 1, 0), build(9, 1, 8)],
        ["max_size", "concurrency", "capacity", "capacity"]
    );
}

#[tokio::test]
async fn a_large_batch_needs_no_capacity_to_be_set() {
    let handler = |items: Vec<u32>| async move { Ok::<_, String>(items.into_iter().map(Ok).collect()) };
    assert!(Batcher::builder("tests", 5_000, SECOND, handler).build().is_ok());
}
