//! Random submissions, drops, cancels, flushes, bad handlers and stops: no item is lost or run twice.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::sleep;

use super::ledger::{Item, Ledger, Way};
use crate::batch::{BatchError, Batcher};
use crate::{Handle, WhenFull};

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
    /// A stop that somebody begins and drops.
    DropStop,
}

fn step() -> impl Strategy<Value = Step> {
    let way = prop_oneof![
        8 => Just(Way::Succeeds), 2 => Just(Way::Fails), 1 => Just(Way::FailsAll), 1 => Just(Way::LosesResults), 1 => Just(Way::Panics)
    ];
    prop_oneof![
        16 => (way, any::<bool>()).prop_map(|(way, keep)| Step::Submit { way, keep }),
        8 => Just(Step::Hurry),
        4 => (0_usize..8).prop_map(Step::Cancel),
        8 => (0_u64..30).prop_map(Step::Advance),
        2 => Just(Step::Flush),
        1 => Just(Step::DropStop),
    ]
}

#[derive(Clone, Debug)]
struct Plan {
    max_size: usize,
    room: usize,
    concurrency: usize,
    max_wait: u64,
    takes: u64,
    limit: u64,
    when_full: WhenFull,
    steps: Vec<Step>,
}

fn plan() -> impl Strategy<Value = Plan> {
    let sizes = (1_usize..5, 0_usize..4, 1_usize..4);
    let times = (0_u64..40, 0_u64..20, 0_u64..60);
    let when_full = prop_oneof![Just(WhenFull::Wait), Just(WhenFull::Refuse), Just(WhenFull::DropOldest)];
    let steps = proptest::collection::vec(step(), 1..60);
    (sizes, times, when_full, steps).prop_map(
        |((max_size, room, concurrency), (max_wait, takes, limit), when_full, steps)| Plan {
            max_size,
            room,
            concurrency,
            max_wait,
            takes,
            limit,
            when_full,
            steps,
        },
    )
}

struct World {
    batcher: Batcher<Item, u32, u32>,
    ledger: Ledger,
    /// Those who have a handle.
    held: Vec<(Item, Handle<u32, BatchError<u32>>)>,
    /// Those who are in, and of whom nobody will say anything.
    alone: Vec<u32>,
    /// Those who are not in.
    out: Vec<u32>,
    closed: bool,
}

impl World {
    fn new(plan: &Plan) -> Self {
        let ledger = Ledger::default();
        let (handler, takes) = (ledger.clone(), Duration::from_millis(plan.takes));
        let max_wait = Duration::from_millis(plan.max_wait);
        let batcher = Batcher::<Item, u32, u32>::builder("sequences", plan.max_size, max_wait, move |items| {
            handler.clone().work(items, takes)
        });
        let batcher = batcher.capacity(plan.max_size + plan.room).concurrency(plan.concurrency);
        let batcher = batcher.when_full(plan.when_full).build().unwrap();
        Self { batcher, ledger, held: vec![], alone: vec![], out: vec![], closed: false }
    }

    async fn step(&mut self, id: u32, step: Step) -> Result<(), String> {
        match step {
            Step::Submit { way, keep } => {
                let item = Item { id, way };
                match self.batcher.submit(item).await {
                    Ok(handle) if keep => self.held.push((item, handle)),
                    Ok(_) => self.alone.push(id),
                    Err(refused) if refused.is_full() || self.closed => self.out.push(refused.into_item().id),
                    Err(refused) => return Err(refused.to_string()),
                }
            }
            Step::Hurry => {
                let item = Item { id, way: Way::Succeeds };
                match tokio::time::timeout(Duration::ZERO, self.batcher.submit(item)).await {
                    Ok(Ok(handle)) => self.held.push((item, handle)),
                    _ => self.out.push(id),
                }
            }
            Step::Cancel(n) => {
                if let Some((_, handle)) = self.held.get(n) {
                    handle.cancel();
                }
            }
            Step::Advance(time) => sleep(Duration::from_millis(time)).await,
            Step::Flush => self.batcher.flush(),
            Step::DropStop => {
                self.closed = true;
                let polled = pin!(self.batcher.stop(Duration::MAX)).poll(&mut Context::from_waker(Waker::noop()));
                if let Poll::Ready(left) = polled {
                    assert!(left.is_clean());
                }
            }
        }
        Ok(())
    }

    /// Stops, and holds all that was said against what happened.
    async fn end(self, plan: &Plan) -> Result<(), String> {
        let left = self.batcher.stop(Duration::from_millis(plan.limit)).await;
        // What was interrupted ends when its worker is polled.
        while self.batcher.stats().running > 0 {
            tokio::task::yield_now().await;
        }
        let begun = self.ledger.begun(plan.max_size)?;
        let unstarted: BTreeSet<u32> = left.unstarted.iter().map(|item| item.id).collect();
        let out: BTreeSet<u32> = self.out.into_iter().collect();
        if !begun.is_disjoint(&unstarted) || !out.is_disjoint(&begun) || !out.is_disjoint(&unstarted) {
            return Err(format!("{begun:?} began, {unstarted:?} came back, {out:?} were not taken"));
        }
        if unstarted.len() != left.unstarted.len() || !self.ledger.is_in_order() {
            return Err(format!("{unstarted:?} came back, {:?}", self.ledger));
        }
        let taken = self.held.len() + self.alone.len();
        for (item, handle) in self.held {
            let outcome = handle.await;
            self.ledger.agrees(item, &outcome)?;
            let came_back = outcome == Err(crate::TaskError::Stopped { began: false });
            if came_back != unstarted.contains(&item.id) {
                return Err(format!("{item:?} ended as {outcome:?}, and {unstarted:?} came back"));
            }
        }
        let stats = self.batcher.stats();
        if stats.ended() != taken as u64 || stats.queued + stats.waiting > 0 {
            return Err(format!("{taken} taken: {stats:?}"));
        }
        // Nobody cancels or displaces one of whom nobody hears, but a full queue.
        let lost = self.alone.iter().filter(|id| !begun.contains(id) && !unstarted.contains(id)).count();
        if lost as u64 > stats.dropped {
            return Err(format!("{lost} lost, {stats:?}"));
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_item_is_lost_or_run_twice(plan in plan()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let ended: Result<(), String> = runtime.block_on(async {
            let mut world = World::new(&plan);
            for (id, step) in (0..).zip(plan.steps.clone()) {
                world.step(id, step).await?;
            }
            world.end(&plan).await
        });
        prop_assert!(ended.is_ok(), "{}", ended.unwrap_err());
    }
}
