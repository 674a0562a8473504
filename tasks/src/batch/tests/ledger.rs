//! The batches that a handler was given and how far it came, to be held against what handles say.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::sleep;

use crate::TaskError;
use crate::batch::{BatchError, Results};

/// What an item does to its batch; the worst of a batch counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    Succeeds,
    Fails,
    FailsAll,
    LosesResults,
    Panics,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub(super) id: u32,
    pub(super) way: Way,
}

pub(super) type Outcome = Result<u32, TaskError<BatchError<u32>>>;

#[derive(Clone, Debug)]
struct Batch {
    ids: Vec<u32>,
    worst: Option<Way>,
    ended: bool,
}

/// Every batch that began.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger(Arc<Mutex<Vec<Batch>>>);

impl Ledger {
    /// The handler of all these tests.
    pub(super) async fn work(self, items: Vec<Item>, takes: Duration) -> Results<u32, u32> {
        let worst = items.iter().map(|item| item.way).max();
        let at = {
            let mut batches = self.0.lock().unwrap();
            batches.push(Batch { ids: items.iter().map(|item| item.id).collect(), worst, ended: false });
            batches.len() - 1
        };
        if !takes.is_zero() {
            sleep(takes).await;
        }
        self.0.lock().unwrap()[at].ended = true;
        let result = |item: Item| if item.way == Way::Fails { Err(item.id) } else { Ok(item.id) };
        let mut results = items.into_iter().map(result).collect::<Vec<_>>();
        match worst {
            // Not by `panic!`, whose hook would fill the output.
            Some(Way::Panics) => std::panic::resume_unwind(Box::new("as it was told to")),
            Some(Way::FailsAll) => Err(0),
            Some(Way::LosesResults) => {
                results.pop();
                Ok(results)
            }
            _ => Ok(results),
        }
    }

    /// Whatever began. Fails where something did twice, or a batch was too large.
    pub(super) fn begun(&self, max_size: usize) -> Result<BTreeSet<u32>, String> {
        let batches = self.0.lock().unwrap().clone();
        let all = || batches.iter().flat_map(|batch| batch.ids.iter().copied());
        let once: BTreeSet<u32> = all().collect();
        let fits = once.len() == all().count() && batches.iter().all(|batch| batch.ids.len() <= max_size);
        fits.then_some(once).ok_or_else(|| format!("{batches:?}"))
    }

    /// Whether each batch has its items in the order in which they came.
    pub(super) fn is_in_order(&self) -> bool {
        self.0.lock().unwrap().iter().all(|batch| batch.ids.is_sorted())
    }

    /// What a handle says is what happened.
    pub(super) fn agrees(&self, item: Item, outcome: &Outcome) -> Result<(), String> {
        let batch = self.0.lock().unwrap().iter().find(|batch| batch.ids.contains(&item.id)).cloned();
        let agrees = match (&batch, outcome) {
            (Some(Batch { worst: Some(worst), ended: true, .. }), outcome) => fits(item, *worst, outcome),
            (Some(Batch { ended: false, .. }), Err(TaskError::Stopped { began })) => *began,
            (None, Err(TaskError::Stopped { began } | TaskError::Cancelled { began })) => !began,
            (None, Err(TaskError::Dropped)) => true,
            _ => false,
        };
        agrees.then_some(()).ok_or_else(|| format!("{item:?} in {batch:?} ended as {outcome:?}"))
    }
}

/// Whether an item of a batch that ended may have this outcome.
fn fits(item: Item, worst: Way, outcome: &Outcome) -> bool {
    match outcome {
        Ok(id) => *id == item.id && item.way == Way::Succeeds && worst <= Way::Fails,
        Err(TaskError::Failed(BatchError::Item(id))) => *id == item.id && item.way == Way::Fails && worst == Way::Fails,
        Err(TaskError::Failed(BatchError::Batch(_))) => worst == Way::FailsAll,
        Err(TaskError::Failed(BatchError::WrongNumber { .. })) => worst == Way::LosesResults,
        Err(TaskError::Panicked(_)) => worst == Way::Panics,
        _ => false,
    }
}
