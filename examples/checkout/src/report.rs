//! How a run went.

mod print;

use std::collections::HashSet;
use std::time::Duration;

use crate::Stack;
use crate::clients::Ending;
use crate::counts::Counts;
use crate::progress::{ComesBack, Tally};
use crate::proof::Proof;
use crate::run::Ended;

pub use print::introduction;

/// How a run went. It prints itself.
#[derive(Debug)]
pub struct Report {
    pub(crate) stack: Stack,
    pub(crate) orders: usize,
    pub(crate) broken: usize,
    pub(crate) elapsed: Duration,
    pub(crate) endings: Endings,
    pub(crate) failures: Vec<String>,
    pub(crate) effort: Effort,
    pub(crate) proof: Proof,
}

/// How the requests ended for their clients; each is counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Endings {
    /// All of them.
    pub requests: usize,
    /// With a charge that no other request got.
    pub charged: usize,
    /// With the charge, or the declined card, that another request got as well.
    pub replayed: usize,
    /// With a declined card.
    pub declined: usize,
    /// Refused: the key was used with another amount.
    pub conflicts: usize,
    /// Refused: the amount is invalid.
    pub invalid: usize,
    /// Without an answer.
    pub unknown: usize,
    /// In some other way.
    pub failed: usize,
}

/// What it took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    calls: usize,
    came_back: [usize; ComesBack::ALL.len()],
    counts: Counts,
}

impl Report {
    /// How the requests ended.
    pub fn endings(&self) -> Endings {
        self.endings
    }

    /// What the gateway's ledger says.
    pub fn proof(&self) -> &Proof {
        &self.proof
    }

    /// How many orders the file holds.
    pub fn orders(&self) -> usize {
        self.orders
    }

    /// How often the function was called.
    pub fn calls(&self) -> usize {
        self.effort.calls
    }

    /// How often a client called again.
    pub fn came_back(&self) -> usize {
        self.effort.came_back.iter().sum()
    }

    /// How many calls were answered from their record.
    pub fn replays(&self) -> u64 {
        self.effort.counts.replays
    }

    /// How many attempts followed a failed one.
    pub fn retries(&self) -> u64 {
        self.effort.counts.retries
    }

    /// How often the circuit breaker opened.
    pub fn breaker_openings(&self) -> u64 {
        self.effort.counts.openings
    }

    /// Whether the run showed what it should. Without `idempotent` it may charge twice.
    pub fn succeeded(&self) -> bool {
        self.stack == Stack::WithoutIdempotent || self.proof.holds()
    }
}

impl Endings {
    pub(crate) fn of(ended: &[Ended]) -> Self {
        let mut endings = Self { requests: ended.len(), ..Self::default() };
        let mut answers = HashSet::new();
        for Ended { ending, .. } in ended {
            *match ending {
                Ending::Charged(charge) if answers.insert(&charge.id) => &mut endings.charged,
                Ending::Declined { id } if answers.insert(id) => &mut endings.declined,
                Ending::Charged(_) | Ending::Declined { .. } => &mut endings.replayed,
                Ending::Conflict => &mut endings.conflicts,
                Ending::Invalid => &mut endings.invalid,
                Ending::Unknown => &mut endings.unknown,
                Ending::Failed(_) => &mut endings.failed,
            } += 1;
        }
        endings
    }

    /// The sum of all endings: as many as there are requests.
    pub fn sum(&self) -> usize {
        let Self { requests: _, charged, replayed, declined, conflicts, invalid, unknown, failed } = *self;
        charged + replayed + declined + conflicts + invalid + unknown + failed
    }
}

/// The endings that this example does not expect, by order.
pub(crate) fn failures(ended: &[Ended]) -> Vec<String> {
    let failed = ended.iter().filter_map(|Ended { line, ending }| match ending {
        Ending::Failed(why) => Some(format!("{}  {why}", line.request.order)),
        _ => None,
    });
    failed.collect()
}

impl Effort {
    pub(crate) fn of(tally: &Tally, counts: Counts) -> Self {
        Self { calls: tally.calls(), came_back: tally.came_back(), counts }
    }
}
