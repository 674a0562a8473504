//! The same on several threads, where what meets is not planned.

use std::time::Duration;

use proptest::prelude::*;

use super::ledger::{Item, Ledger, Way};
use crate::batch::Batcher;
use crate::{TaskError, WhenFull};

type Tested = Batcher<Item, u32, u32>;

/// What a submitter does with its items: the way of each, whether to cancel it, whether to give up early.
type Deeds = Vec<(u8, bool, bool)>;

const MAX_SIZE: usize = 3;

fn way(number: u8) -> Way {
    match number % 16 {
        0 => Way::Fails,
        1 => Way::FailsAll,
        2 => Way::LosesResults,
        3 => Way::Panics,
        _ => Way::Succeeds,
    }
}

/// Returns how many were taken.
async fn submitter(batcher: Tested, ledger: Ledger, first: u32, deeds: Deeds) -> Result<usize, String> {
    let (mut open, mut taken) = (Vec::new(), 0);
    for (id, (number, cancels, hurries)) in (first..).zip(deeds) {
        let item = Item { id, way: way(number) };
        let submitted = match hurries {
            true => match tokio::time::timeout(Duration::ZERO, batcher.submit(item)).await {
                Ok(submitted) => submitted,
                Err(_) if ledger.begun(MAX_SIZE)?.contains(&id) => {
                    return Err(format!("{item:?} was worked on, though its submit was dropped"));
                }
                Err(_) => continue,
            },
            false => batcher.submit(item).await,
        };
        let Ok(handle) = submitted else { continue };
        taken += 1;
        if cancels {
            handle.cancel();
        }
        // One of four is left alone.
        if number % 4 != 3 {
            open.push((item, handle));
        }
        if number > 200 {
            batcher.flush();
        }
    }
    for (item, handle) in open {
        let outcome = handle.await;
        // An interrupt may meet work whose last line has run, but which has not returned.
        if outcome != Err(TaskError::Stopped { began: true }) {
            ledger.agrees(item, &outcome)?;
        }
    }
    Ok(taken)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn no_item_is_lost_or_run_twice_on_several_threads(
        submitters in proptest::collection::vec(proptest::collection::vec((any::<u8>(), any::<bool>(), any::<bool>()), 1..60), 1..5),
        concurrency in 1_usize..4,
        (max_wait, takes) in (0_u64..3, 0_u64..2),
        drops in any::<bool>(),
        limit in 0_u64..4,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(3).enable_time().build().unwrap();
        let ended: Result<(), String> = runtime.block_on(async {
            let ledger = Ledger::default();
            let (handler, millis) = (ledger.clone(), Duration::from_millis);
            let batcher = Tested::builder("threads", MAX_SIZE, millis(max_wait), move |items| {
                handler.clone().work(items, millis(takes))
            });
            let when_full = if drops { WhenFull::DropOldest } else { WhenFull::Wait };
            let batcher = batcher.capacity(4).concurrency(concurrency).when_full(when_full).build().unwrap();
            let mut tasks = tokio::task::JoinSet::new();
            for (n, deeds) in submitters.into_iter().enumerate() {
                tasks.spawn(submitter(batcher.clone(), ledger.clone(), n as u32 * 1000, deeds));
            }
            tokio::time::sleep(millis(limit)).await;
            let left = batcher.stop(millis(limit)).await;
            let mut taken = 0;
            while let Some(submitted) = tasks.join_next().await {
                taken += submitted.unwrap()?;
            }
            // What was interrupted ends at its next await.
            while batcher.stats().running > 0 {
                tokio::task::yield_now().await;
            }
            let (begun, stats) = (ledger.begun(MAX_SIZE)?, batcher.stats());
            let worked = (stats.done + stats.failed + stats.panicked) as usize;
            let fits = stats.ended() == taken as u64 && worked <= begun.len() && begun.len() + left.unstarted.len() <= taken;
            if !fits || left.unstarted.iter().any(|item| begun.contains(&item.id)) || stats.queued + stats.waiting > 0 {
                return Err(format!("{taken} taken, {} begun, {left:?}: {stats:?}", begun.len()));
            }
            Ok(())
        });
        prop_assert!(ended.is_ok(), "{}", ended.unwrap_err());
    }
}
