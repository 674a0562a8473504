//! How a run went.

mod damage;
mod print;

use std::collections::HashSet;
use std::time::Duration;

use crate::Stack;
use crate::clients::Ending;
use crate::counts::Counts;
use crate::gateway::{Inquiries, Said};
use crate::progress::{ComesBack, Tally};
use crate::proof::Proof;
use crate::run::{Ended, Stopped};

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
    pub(crate) inquiries: Inquiries,
    pub(crate) stopped: Option<Stopped>,
    pub(crate) proof: Proof,
}

/// How the requests ended for their clients; each is counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Endings {
    /// All of them.
    pub requests: usize,
    /// With a charge that the gateway took in this run, and that no other request got.
    pub charged: usize,
    /// With the charge of an earlier run that had no record of it: the gateway was asked.
    pub recovered: usize,
    /// With the charge, or the declined card, that another request got as well, in this run or before.
    pub replayed: usize,
    /// How many of the replayed ones got an answer that is older than this run.
    pub replayed_from_before: usize,
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
    /// Sent, and the run was stopped before there was an answer.
    pub unanswered: usize,
    /// The run was stopped before it was sent.
    pub unsent: usize,
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

    /// Whether the run was stopped before its end.
    pub fn was_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    /// Whether the run showed what it should. Without `idempotent` it may charge twice.
    pub fn succeeded(&self) -> bool {
        self.stack == Stack::WithoutIdempotent || self.proof.holds()
    }
}

impl Endings {
    /// Of so many requests, of which so many were sent and these ended.
    pub(crate) fn of(requests: usize, sent: usize, ended: &[Ended], said: &Said) -> Self {
        let unanswered = sent.saturating_sub(ended.len());
        let mut endings = Self { requests, unanswered, unsent: requests.saturating_sub(sent), ..Self::default() };
        let (mut charges, mut declines) = (HashSet::new(), HashSet::new());
        for Ended { ending, .. } in ended {
            let from_before = match ending {
                Ending::Charged(held) => !said.is_new(&held.charge) && !said.told_again(&held.charge),
                Ending::Declined { answer } => !said.is_new_decline(answer.as_str()),
                _ => false,
            };
            endings.replayed_from_before += usize::from(from_before);
            *match ending {
                Ending::Charged(held) if said.is_new(&held.charge) && charges.insert(&held.charge) => {
                    &mut endings.charged
                }
                Ending::Charged(held) if said.told_again(&held.charge) && charges.insert(&held.charge) => {
                    &mut endings.recovered
                }
                Ending::Declined { answer } if !from_before && declines.insert(answer) => &mut endings.declined,
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
        let Self { requests: _, charged, recovered, replayed, declined, .. } = *self;
        let Self { conflicts, invalid, unknown, failed, unanswered, unsent, .. } = *self;
        charged + recovered + replayed + declined + conflicts + invalid + unknown + failed + unanswered + unsent
    }
}

/// The endings that this example does not expect, by order.
pub(crate) fn failures(ended: &[Ended]) -> Vec<String> {
    let failed = ended.iter().filter_map(|Ended { line, ending }| match ending {
        Ending::Failed(why) => Some(format!("{}  {why}", line.request.reference)),
        _ => None,
    });
    failed.collect()
}

impl Effort {
    pub(crate) fn of(tally: &Tally, counts: Counts) -> Self {
        Self { calls: tally.calls(), came_back: tally.came_back(), counts }
    }
}
