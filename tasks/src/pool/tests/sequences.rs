//! Random submissions, drops, cancels, panics, resizes and stops: no item is lost or run twice.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Duration;

use proptest::prelude::*;

use super::ledger::{Item, Ledger, Way, Work};
use crate::pool::Pool;
use crate::{Handle, NotTaken, WhenFull};

#[derive(Clone, Debug)]
enum Step {
    Submit {
        priority: i8,
        way: Way,
        takes: u64,
        then: Then,
    },
    /// A submitter that may have to wait, polled now and at later steps.
    Begin {
        priority: i8,
        takes: u64,
    },
    Poll(usize),
    DropSubmit(usize),
    Cancel(usize),
    Advance(u64),
    Resize(usize),
    /// A stop that somebody begins and drops.
    DropStop,
}

/// What becomes of the handle.
#[derive(Clone, Copy, Debug)]
enum Then {
    Keep,
    Drop,
    CancelByDrop,
}

#[derive(Clone, Debug)]
struct Plan {
    workers: usize,
    capacity: usize,
    when_full: WhenFull,
    steps: Vec<Step>,
    limit: u64,
}

fn plan() -> impl Strategy<Value = Plan> {
    let when_full = prop_oneof![Just(WhenFull::Wait), Just(WhenFull::Refuse), Just(WhenFull::DropOldest)];
    let limit = prop_oneof![Just(0), 0_u64..60, Just(u64::MAX)];
    (1_usize..4, 1_usize..5, when_full, proptest::collection::vec(step(), 1..50), limit)
        .prop_map(|(workers, capacity, when_full, steps, limit)| Plan { workers, capacity, when_full, steps, limit })
}

fn step() -> impl Strategy<Value = Step> {
    let way = prop_oneof![3 => Just(Way::Succeeds), 1 => Just(Way::Fails), 1 => Just(Way::Panics)];
    let then = prop_oneof![2 => Just(Then::Keep), 1 => Just(Then::Drop), 1 => Just(Then::CancelByDrop)];
    let takes = prop_oneof![Just(0_u64), 1_u64..30];
    prop_oneof![
        12 => (-2_i8..3, way, takes.clone(), then).prop_map(|(priority, way, takes, then)| Step::Submit { priority, way, takes, then }),
        6 => (-2_i8..3, takes).prop_map(|(priority, takes)| Step::Begin { priority, takes }),
        6 => (0_usize..4).prop_map(Step::Poll),
        3 => (0_usize..4).prop_map(Step::DropSubmit),
        4 => (0_usize..6).prop_map(Step::Cancel),
        8 => (0_u64..20).prop_map(Step::Advance),
        2 => (1_usize..5).prop_map(Step::Resize),
        1 => Just(Step::DropStop),
    ]
}

type Submitted = Result<Handle<u32, u32>, NotTaken<Item>>;
type Submitting = Pin<Box<dyn Future<Output = Submitted>>>;

struct World {
    pool: Pool<Item, u32, u32>,
    ledger: Ledger,
    /// Those who have a handle.
    held: Vec<(Item, Handle<u32, u32>)>,
    /// Those who are in, and of whom nobody will say anything.
    alone: Vec<Item>,
    /// Those who are not in.
    out: Vec<Item>,
    /// Those who were cancelled before they began.
    cancelled: BTreeSet<u32>,
    submitting: Vec<(Item, Submitting)>,
    ids: u32,
}

impl World {
    fn new(plan: &Plan) -> Self {
        let ledger = Ledger::default();
        let handler = ledger.clone();
        let pool = Pool::<Item, u32, u32>::builder("sequences", plan.workers, move |item| handler.clone().work(item))
            .capacity(plan.capacity)
            .when_full(plan.when_full)
            .ageing(Duration::from_millis(10))
            .build()
            .unwrap();
        Self {
            pool,
            ledger,
            held: vec![],
            alone: vec![],
            out: vec![],
            submitting: vec![],
            ids: 0,
            cancelled: BTreeSet::new(),
        }
    }

    fn item(&mut self, way: Way, takes: u64) -> Item {
        self.ids += 1;
        Item { id: self.ids, way, takes: Duration::from_millis(takes) }
    }

    fn begin(&mut self, priority: i8, item: Item) {
        let (pool, given) = (self.pool.clone(), item.clone());
        self.submitting.push((item, Box::pin(async move { pool.submit_at(priority, given).await })));
    }

    /// Polls a submitter once, and says whether it has ended.
    fn poll(&mut self, n: usize) -> bool {
        let Some((_, submit)) = self.submitting.get_mut(n) else { return false };
        let std::task::Poll::Ready(submitted) = submit.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
            return false;
        };
        let (item, _) = self.submitting.remove(n);
        match submitted {
            Ok(handle) => self.held.push((item, handle)),
            Err(refused) => {
                assert_eq!(refused.into_item().id, item.id, "another item came back");
                self.out.push(item);
            }
        }
        true
    }

    async fn step(&mut self, step: Step) {
        match step {
            Step::Submit { priority, way, takes, then } => {
                let item = self.item(way, takes);
                self.begin(priority, item);
                let last = self.submitting.len() - 1;
                let held = self.held.len();
                if self.poll(last) && self.held.len() > held {
                    self.then(then);
                }
            }
            Step::Begin { priority, takes } => {
                let item = self.item(Way::Succeeds, takes);
                self.begin(priority, item);
            }
            Step::Poll(n) => drop(self.poll(n)),
            Step::DropSubmit(n) if n < self.submitting.len() => {
                let (item, submit) = self.submitting.remove(n);
                drop(submit);
                self.out.push(item);
            }
            Step::DropSubmit(_) => {}
            Step::Cancel(n) => {
                if let Some((item, handle)) = self.held.get(n) {
                    handle.cancel();
                    if self.ledger.of(item.id) == Work::default() {
                        self.cancelled.insert(item.id);
                    }
                }
            }
            // Not all at once, so that each timer that ends wakes who waits for it in its own moment.
            Step::Advance(millis) => tokio::time::sleep(Duration::from_millis(millis)).await,
            Step::Resize(workers) => self.pool.resize(workers).unwrap(),
            Step::DropStop => {
                let mut stop = Box::pin(self.pool.stop(Duration::MAX));
                let polled = stop.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                if let std::task::Poll::Ready(left) = polled {
                    assert!(left.is_clean());
                }
            }
        }
    }

    fn then(&mut self, then: Then) {
        if matches!(then, Then::Keep) {
            return;
        }
        let Some((item, handle)) = self.held.pop() else { return };
        match then {
            Then::CancelByDrop => drop(handle.cancel_on_drop()),
            _ => drop(handle),
        }
        self.alone.push(item);
    }

    /// Stops, and holds all that was said against what happened.
    async fn end(mut self, limit: u64) -> Result<(), String> {
        let limit = if limit == u64::MAX { Duration::MAX } else { Duration::from_millis(limit) };
        let left = self.pool.stop(limit).await;
        for (item, submit) in std::mem::take(&mut self.submitting) {
            drop(submit);
            self.out.push(item);
        }
        // What was interrupted ends when its worker is polled.
        while self.pool.stats().running > 0 {
            tokio::task::yield_now().await;
        }
        let unstarted: BTreeSet<u32> = left.unstarted.iter().map(|item| item.id).collect();
        if unstarted.len() != left.unstarted.len() {
            return Err("an item came back twice".into());
        }
        let taken = self.held.len() + self.alone.len();
        let mut interrupted = 0;
        for (item, handle) in self.held {
            let outcome = handle.await;
            self.ledger.agrees(&item, &outcome)?;
            if self.cancelled.contains(&item.id) && self.ledger.of(item.id) != Work::default() {
                return Err(format!("{item:?} began after it was cancelled, and ended as {outcome:?}"));
            }
            let stopped = outcome.as_ref().err().filter(|error| matches!(error, crate::TaskError::Stopped { .. }));
            let came_back = unstarted.contains(&item.id);
            if came_back != stopped.is_some_and(|error| *error == crate::TaskError::Stopped { began: false }) {
                return Err(format!("{item:?} came back: {came_back}, and its handle says {outcome:?}"));
            }
            interrupted += usize::from(stopped.is_some() && !came_back);
        }
        for item in &self.alone {
            let Work { begun, ended } = self.ledger.of(item.id);
            if begun > 1 || ended > begun || (begun == 1 && unstarted.contains(&item.id)) {
                return Err(format!("{item:?}, of which nobody heard: {begun} begun, {ended} ended"));
            }
        }
        for item in &self.out {
            if self.ledger.of(item.id) != Work::default() || unstarted.contains(&item.id) {
                return Err(format!("{item:?} was not taken, and yet worked on"));
            }
        }
        if interrupted > left.interrupted {
            return Err(format!("{interrupted} interrupted, {} told", left.interrupted));
        }
        let stats = self.pool.stats();
        if (stats.ended(), stats.queued, stats.running, stats.waiting) != (taken as u64, 0, 0, 0) {
            return Err(format!("{taken} taken: {stats:?}"));
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn no_item_is_lost_or_run_twice(plan in plan()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let ended = runtime.block_on(async {
            let mut world = World::new(&plan);
            for step in plan.steps.clone() {
                world.step(step).await;
            }
            world.end(plan.limit).await
        });
        prop_assert!(ended.is_ok(), "{}", ended.unwrap_err());
    }
}
