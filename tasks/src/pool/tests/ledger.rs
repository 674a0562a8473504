//! What a handler was given and how far it came, to be held against what handles say.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::TaskError;

/// How the work on an item goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Succeeds,
    Fails,
    Panics,
}

#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) id: u32,
    pub(super) way: Way,
    pub(super) takes: Duration,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Work {
    pub(super) begun: u32,
    pub(super) ended: u32,
}

#[derive(Clone, Default)]
pub(super) struct Ledger(Arc<Mutex<BTreeMap<u32, Work>>>);

impl Ledger {
    pub(super) fn of(&self, id: u32) -> Work {
        self.0.lock().unwrap().get(&id).copied().unwrap_or_default()
    }

    fn enter(&self, id: u32, what: impl FnOnce(&mut Work)) {
        what(self.0.lock().unwrap().entry(id).or_default());
    }

    /// The handler of all these tests.
    pub(super) async fn work(self, item: Item) -> Result<u32, u32> {
        self.enter(item.id, |work| work.begun += 1);
        if !item.takes.is_zero() {
            tokio::time::sleep(item.takes).await;
        }
        self.enter(item.id, |work| work.ended += 1);
        match item.way {
            Way::Succeeds => Ok(item.id),
            Way::Fails => Err(item.id),
            // Not by `panic!`, whose hook would fill the output.
            Way::Panics => std::panic::resume_unwind(Box::new("as it was told to")),
        }
    }

    /// What a handle says is what happened.
    pub(super) fn agrees(&self, item: &Item, outcome: &Result<u32, TaskError<u32>>) -> Result<(), String> {
        let (begun, ended) = match outcome {
            Ok(id) if item.way == Way::Succeeds && *id == item.id => (1, 1),
            Err(TaskError::Failed(id)) if item.way == Way::Fails && *id == item.id => (1, 1),
            Err(TaskError::Panicked(_)) if item.way == Way::Panics => (1, 1),
            Err(TaskError::Cancelled { began: true } | TaskError::Stopped { began: true }) => (1, 0),
            Err(TaskError::Cancelled { began: false } | TaskError::Stopped { began: false } | TaskError::Dropped) => {
                (0, 0)
            }
            other => return Err(format!("{item:?} ended as {other:?}")),
        };
        let work = self.of(item.id);
        let as_told = work == Work { begun, ended };
        as_told.then_some(()).ok_or_else(|| format!("{item:?} ended as {outcome:?}, after {work:?}"))
    }
}
