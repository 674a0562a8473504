//! Random submissions, drops, cancels, flushes, bad handlers and stops: no item is lost or run twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::sleep;

use crate::batch::{BatchError, Batcher};
use crate::{TaskError, WhenFull};

/// What an item does to its batch; the worst of a batch counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Succeeds,
    Fails,
    FailsAll,
    LosesResults,
    Panics,
}

#[derive(Clone, Copy, Debug)]
struct Item {
    id: u32,
    way: Way,
}

#[derive(Clone, Debug)]
enum Step {
    Submit {
        way: Way,
        keep: bool,
    },
    /// Given up at once where it would have to wait.
    Hurry,
    Cancel(usize),
    Advance(u64),
    Flush,
}

fn step() -> impl Strategy<Value = Step> {
    let way = prop_oneof![
        8 => Just(Way::Succeeds), 2 => Just(Way::Fails), 1 => Just(Way::FailsAll), 1 => Just(Way::LosesResults), 1 => Just(Way::Panics)
    ];
    prop_oneof![
        8 => (way, any::<bool>()).prop_map(|(way, keep)| Step::Submit { way, keep }),
        4 => Just(Step::Hurry),
        2 => (0_usize..8).prop_map(Step::Cancel),
        4 => (0_u64..30).prop_map(Step::Advance),
        1 => Just(Step::Flush),
    ]
}

/// Every batch that began, and whether it ended.
type Ran = Arc<Mutex<Vec<(Vec<u32>, bool)>>>;

async fn work(ran: Ran, items: Vec<Item>, takes: Duration) -> Result<Vec<Result<u32, u32>>, u32> {
    let at = {
        let mut ran = ran.lock().unwrap();
        ran.push((items.iter().map(|item| item.id).collect(), false));
        ran.len() - 1
    };
    sleep(takes).await;
    ran.lock().unwrap()[at].1 = true;
    let worst = items.iter().map(|item| item.way).max();
    let mut results = items
        .into_iter()
        .map(|item| if item.way == Way::Fails { Err(item.id) } else { Ok(item.id) })
        .collect::<Vec<_>>();
    match worst {
        Some(Way::Panics) => std::panic::resume_unwind(Box::new("as it was told to")),
        Some(Way::FailsAll) => Err(0),
        Some(Way::LosesResults) => {
            results.pop();
            Ok(results)
        }
        _ => Ok(results),
    }
}

/// What an item's handle must say, by the worst of its batch.
fn agrees(item: Item, worst: Way, outcome: &Result<u32, TaskError<BatchError<u32>>>) -> bool {
    match outcome {
        Ok(id) => *id == item.id && item.way == Way::Succeeds && worst <= Way::Fails,
        Err(TaskError::Failed(BatchError::Item(id))) => *id == item.id && item.way == Way::Fails && worst == Way::Fails,
        Err(TaskError::Failed(BatchError::Batch(_))) => worst == Way::FailsAll,
        Err(TaskError::Failed(BatchError::WrongNumber { .. })) => worst == Way::LosesResults,
        Err(TaskError::Panicked(_)) => worst == Way::Panics,
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_item_is_lost_or_run_twice(
        (max_size, room, concurrency) in (1_usize..5, 0_usize..4, 1_usize..4),
        (max_wait, takes, limit) in (0_u64..40, 0_u64..20, 0_u64..60),
        when_full in prop_oneof![Just(WhenFull::Wait), Just(WhenFull::Refuse), Just(WhenFull::DropOldest)],
        steps in proptest::collection::vec(step(), 1..60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let ended: Result<(), String> = runtime.block_on(async {
            let (ran, millis) = (Ran::default(), Duration::from_millis);
            let handler = ran.clone();
            let batcher = Batcher::builder("sequences", max_size, millis(max_wait), move |items: Vec<Item>| {
                work(handler.clone(), items, millis(takes))
            });
            let batcher = batcher.capacity(max_size + room).concurrency(concurrency).when_full(when_full).build().unwrap();
            let (mut ways, mut held, mut alone, mut out) = (BTreeMap::new(), vec![], vec![], vec![]);
            for (id, step) in (0..).zip(steps) {
                match step {
                    Step::Submit { way, keep } => {
                        let item = Item { id, way };
                        ways.insert(id, way);
                        match batcher.submit(item).await {
                            Ok(handle) if keep => held.push((item, handle)),
                            Ok(_) => alone.push(id),
                            Err(refused) if refused.is_full() => out.push(refused.into_item().id),
                            Err(refused) => return Err(refused.to_string()),
                        }
                    }
                    Step::Hurry => {
                        let item = Item { id, way: Way::Succeeds };
                        ways.insert(id, item.way);
                        match tokio::time::timeout(Duration::ZERO, batcher.submit(item)).await {
                            Ok(Ok(handle)) => held.push((item, handle)),
                            _ => out.push(id),
                        }
                    }
                    Step::Cancel(n) => {
                        if let Some((_, handle)) = held.get(n) {
                            handle.cancel();
                        }
                    }
                    Step::Advance(time) => sleep(millis(time)).await,
                    Step::Flush => batcher.flush(),
                }
            }
            let left = batcher.stop(millis(limit)).await;
            while batcher.stats().running > 0 {
                tokio::task::yield_now().await;
            }
            let ran = ran.lock().unwrap().clone();
            let begun: Vec<u32> = ran.iter().flat_map(|(ids, _)| ids.iter().copied()).collect();
            let once: BTreeSet<u32> = begun.iter().copied().collect();
            let unstarted: BTreeSet<u32> = left.unstarted.iter().map(|item| item.id).collect();
            if once.len() != begun.len() || !once.is_disjoint(&unstarted) || out.iter().any(|id| once.contains(id) || unstarted.contains(id)) {
                return Err(format!("{begun:?} began, {unstarted:?} came back, {out:?} were not taken"));
            }
            if ran.iter().any(|(ids, _)| ids.len() > max_size || !ids.is_sorted()) {
                return Err(format!("batches: {ran:?}"));
            }
            let taken = held.len() + alone.len();
            for (item, handle) in held {
                let outcome = handle.await;
                let batch = ran.iter().find(|(ids, _)| ids.contains(&item.id));
                let fits = match (batch, &outcome) {
                    (Some((ids, true)), outcome) => {
                        let worst = ids.iter().map(|id| ways[id]).max().unwrap_or(Way::Succeeds);
                        agrees(item, worst, outcome)
                    }
                    (Some((_, false)), Err(TaskError::Stopped { began: true })) => true,
                    (None, Err(TaskError::Stopped { began: false })) => unstarted.contains(&item.id),
                    (None, Err(TaskError::Cancelled { began: false } | TaskError::Dropped)) => true,
                    _ => false,
                };
                if !fits {
                    return Err(format!("{item:?} in {batch:?} ended as {outcome:?}"));
                }
            }
            let stats = batcher.stats();
            let ended = stats.done + stats.failed + stats.panicked + stats.cancelled + stats.dropped + stats.stopped;
            if ended != taken as u64 || stats.queued + stats.waiting > 0 {
                return Err(format!("{taken} taken: {stats:?}"));
            }
            Ok(())
        });
        prop_assert!(ended.is_ok(), "{}", ended.unwrap_err());
    }
}
