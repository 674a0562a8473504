//! The same on several threads, where what meets is not planned.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use proptest::prelude::*;

use super::ledger::{Item, Ledger, Way, Work};
use crate::pool::Pool;
use crate::{TaskError, WhenFull};

/// What a submitter does with its items: the way of each, whether to cancel it, whether to give up early.
type Deeds = Vec<(u8, bool, bool)>;

fn way(number: u8) -> Way {
    match number % 4 {
        0 => Way::Fails,
        1 => Way::Panics,
        _ => Way::Succeeds,
    }
}

/// Returns how many were taken.
async fn submitter(pool: Pool<Item, u32, u32>, ledger: Ledger, first: u32, deeds: Deeds) -> Result<usize, String> {
    let mut taken = 0;
    for (id, (number, cancels, hurries)) in (first..).zip(deeds) {
        let item = Item { id, way: way(number), takes: Duration::from_micros(u64::from(number / 4)) };
        let submit = pool.submit_at((number % 5) as i8, item.clone());
        let submitted = match hurries {
            true => match tokio::time::timeout(Duration::ZERO, submit).await {
                Ok(submitted) => submitted,
                Err(_) if ledger.of(id) == Work::default() => continue,
                Err(_) => return Err(format!("{item:?} was worked on, though its submit was dropped")),
            },
            false => submit.await,
        };
        let Ok(handle) = submitted else { continue };
        taken += 1;
        if cancels {
            handle.cancel();
        }
        // One of four is left alone.
        if number % 4 == 3 {
            continue;
        }
        let outcome = handle.await;
        // An interrupt may meet work whose last line has run, but which has not returned.
        if !matches!(outcome, Err(TaskError::Cancelled { began: true } | TaskError::Stopped { began: true })) {
            ledger.agrees(&item, &outcome)?;
        }
    }
    Ok(taken)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn no_item_is_lost_or_run_twice_on_several_threads(
        submitters in proptest::collection::vec(proptest::collection::vec((any::<u8>(), any::<bool>(), any::<bool>()), 1..60), 1..5),
        sizes in proptest::collection::vec(1_usize..6, 0..20),
        drops in any::<bool>(),
        limit in 0_u64..3,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(3).enable_time().build().unwrap();
        let ended: Result<(), String> = runtime.block_on(async {
            let (ledger, calls) = (Ledger::default(), Arc::new(AtomicUsize::new(0)));
            let (handler, called) = (ledger.clone(), calls.clone());
            let pool = Pool::<Item, u32, u32>::builder("threads", 2, move |item| {
                called.fetch_add(1, Ordering::Relaxed);
                handler.clone().work(item)
            });
            let when_full = if drops { WhenFull::DropOldest } else { WhenFull::Wait };
            let pool = pool.capacity(4).when_full(when_full).build().unwrap();
            let mut tasks = tokio::task::JoinSet::new();
            for (n, deeds) in submitters.into_iter().enumerate() {
                tasks.spawn(submitter(pool.clone(), ledger.clone(), n as u32 * 1000, deeds));
            }
            for size in sizes {
                pool.resize(size).unwrap();
                tokio::task::yield_now().await;
            }
            let stopper = pool.clone();
            let stopping = tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(limit)).await;
                stopper.stop(Duration::from_millis(limit)).await.unstarted.len()
            });
            let mut taken = 0;
            while let Some(submitted) = tasks.join_next().await {
                taken += submitted.unwrap()?;
            }
            let unstarted = stopping.await.unwrap();
            // What was interrupted ends at its next await.
            let mut stats = pool.stats();
            while stats.running > 0 {
                tokio::task::yield_now().await;
                stats = pool.stats();
            }
            let begun = stats.done + stats.failed + stats.panicked;
            let calls = calls.load(Ordering::Relaxed);
            if stats.ended() != taken as u64 || calls > taken - unstarted || calls < begun as usize || stats.queued + stats.waiting > 0 {
                return Err(format!("{taken} taken, {calls} calls, {unstarted} came back: {stats:?}"));
            }
            Ok(())
        });
        prop_assert!(ended.is_ok(), "{}", ended.unwrap_err());
    }
}
