//! The report as a text, for somebody who sees it for the first time.

use std::fmt;

use steadfast::registry;

use super::{Effort, Endings, Report};
use crate::Stack;
use crate::counts::Counts;
use crate::gateway::{Inquiries, OUTAGE};
use crate::orders::Orders;
use crate::place::from_here;
use crate::proof::{Doubt, Proof};
use crate::run::{Stopped, sending_time};
use crate::sums::shown;
use crate::text::{Rows, count};
use crate::world::World;

/// What is about to happen.
pub fn introduction(orders: &Orders, stack: Stack, seed: u64, world: &World) -> String {
    let function = stack.function();
    format!(
        "{requests} for {count} of {path}, sent within {within} s.\n\
         Clients send them twice, change amounts, hang up and come back. The gateway refuses\n\
         connections, is slow, loses answers at first, and is down from {down:?} to {up:?} (seed {seed}).\n\n\
         {world}\n\
         Each request calls `{function}`, from the outside in:\n  {layers}\n",
        requests = count(orders.requests(), "request"),
        count = count(orders.orders().count(), "order"),
        within = sending_time(orders).as_secs() + 1,
        path = from_here(&orders.path),
        down = OUTAGE.start,
        up = OUTAGE.end,
        layers = layers_of(function),
    )
}

/// As its attributes registered it, outermost first.
fn layers_of(function: &str) -> String {
    let functions = registry::snapshot();
    let this = functions.iter().find(|this| this.name == function);
    let layers = this.map_or(&[][..], |this| this.stack.as_slice());
    layers.iter().map(|layer| layer.layer).collect::<Vec<_>>().join(" > ")
}

impl Stack {
    const fn function(self) -> &'static str {
        match self {
            Self::Whole => "charge_customer",
            Self::WithoutIdempotent => "charge_without_idempotent",
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ends(f)?;
        self.calls_made(f)?;
        self.effort.layers(f)?;
        match self.stack {
            Stack::Whole => {
                self.inquiries.came_of(f)?;
                self.proof.proven(f, self.orders)?;
                self.stop(f)
            }
            Stack::WithoutIdempotent => self.proof.damage(f, self.orders),
        }
    }
}

impl Report {
    fn ends(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Endings { requests, charged, recovered, replayed, declined, conflicts, invalid, unknown, .. } =
            self.endings;
        let Endings { replayed_from_before, failed, unanswered, unsent, .. } = self.endings;
        let rows = Rows(13);
        writeln!(f, "How the requests ended, after {:.1} s", self.elapsed.as_secs_f64())?;
        rows.row(f, charged, "charged", "the gateway took the money now")?;
        rows.row(f, recovered, "recovered", "taken before and never recorded: the gateway knew of it")?;
        let from_before =
            format!("answered from a record, and nothing ran; {replayed_from_before} older than this run");
        rows.row(f, replayed, "replayed", &from_before)?;
        rows.row(f, declined, "declined", "the card was declined")?;
        rows.row(f, conflicts, "conflicts", "refused by idempotent: a used key with another amount")?;
        rows.row(f, invalid, "invalid", "refused by validate: nothing may cost that")?;
        rows.row(f, unknown, "unknown", "no answer, and it may have happened")?;
        if failed > 0 {
            rows.row(f, failed, "failed", "in a way that this example does not expect:")?;
            self.failures.iter().try_for_each(|failure| writeln!(f, "           {failure}"))?;
        }
        if self.stopped.is_some() {
            rows.row(f, unanswered, "unanswered", "sent, and its client left when the run was stopped")?;
            rows.row(f, unsent, "not sent", "the run was stopped before")?;
        }
        rows.sum(f, requests, "requests")?;
        if self.broken > 0 {
            writeln!(f, "         and {} skipped, named above", count(self.broken, "broken line"))?;
        }
        Ok(())
    }

    fn calls_made(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [hung_up, in_flight, limited, open, unreachable, no_answer, store_down] = self.effort.came_back;
        let rows = Rows(13);
        writeln!(f, "\nHow often the clients called (timing decides, so it varies a little from run to run)")?;
        let sent = self.endings.requests - self.endings.unsent;
        rows.row(f, sent, "requests", "each called once, and again after these:")?;
        rows.row(f, hung_up, "hung up", "the client left before the answer, and came back")?;
        rows.row(
            f,
            in_flight,
            "in flight",
            "refused by idempotent: it was running, or cut off so lately that it may be",
        )?;
        rows.row(f, limited, "limited", "refused by rate_limit: the wait was too long")?;
        rows.row(f, open, "circuit open", "refused by circuit_breaker: the gateway was down")?;
        rows.row(f, unreachable, "unreachable", "three attempts, and no connection")?;
        rows.row(f, no_answer, "no answer", "an attempt had no answer in 2 s, and no later one found out")?;
        if store_down > 0 {
            rows.row(f, store_down, "store down", "refused by idempotent: the record could not be written")?;
        }
        rows.sum(f, self.effort.calls, &format!("calls of `{}`", self.stack.function()))
    }
}

impl Report {
    /// What a stopped run leaves, and what is to be done about it: the same again.
    fn stop(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Stopped { still_running }) = self.stopped else { return Ok(()) };
        let Endings { unanswered, unsent, .. } = self.endings;
        writeln!(f, "\nStopped. {} left without an answer, and {} not sent.", are(unanswered), are(unsent))?;
        if still_running == 0 {
            writeln!(f, "What had begun was brought to its end and recorded. Run it again: it does the rest.")
        } else {
            let calls = count(still_running, "call");
            writeln!(
                f,
                "{calls} did not end in time: their outcome is unknown. Run it again: it asks, and does the rest."
            )
        }
    }
}

/// `1 request is`, `2 requests are`.
fn are(requests: usize) -> String {
    format!("{} {}", count(requests, "request"), if requests == 1 { "is" } else { "are" })
}

impl Effort {
    fn layers(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { replays, retries, timeouts, circuit_open, openings } = self.counts;
        let rows = Rows(18);
        writeln!(f, "\nWhat the layers did, by the library's own metrics")?;
        rows.row(f, replays, "replays", "calls answered from their record")?;
        rows.row(f, retries, "retries used", "attempts after a failed one")?;
        rows.row(f, timeouts, "timeouts", "attempts ended after 2 s")?;
        rows.row(f, circuit_open, "attempts not made", "the circuit was open")?;
        rows.row(f, openings, "breaker openings", "5 failures in a row, or a probe that failed")
    }
}

impl Inquiries {
    fn came_of(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { found, never_happened, pending, unreachable } = *self;
        let rows = Rows(18);
        writeln!(f, "\nWhat calls that met an unknown outcome were told, when they asked the gateway")?;
        rows.row(f, found, "it has the charge", "recorded now, and not charged again")?;
        rows.row(f, never_happened, "it never happened", "charged now, as if for the first time")?;
        rows.row(f, pending, "it cannot tell yet", "refused: still unknown")?;
        rows.row(f, unreachable, "no answer", "it was down; asked again later")
    }
}

impl Proof {
    fn proven(&self, f: &mut fmt::Formatter<'_>, orders: usize) -> fmt::Result {
        let Self { once, money, over, wrong, before, unrecorded, unknown, not_charged, untrue, .. } = self;
        let rows = Rows(26);
        let over_all = if self.runs > 1 { format!(", over all {} runs,", self.runs) } else { String::new() };
        writeln!(f, "\nThe proof: the gateway's own ledger{over_all} against the orders and their records")?;
        rows.row(f, once, "charged once", &money.to_string())?;
        if !before.is_empty() {
            rows.row(
                f,
                before.len(),
                "charged once, before",
                "by an earlier run, for the amount that the file had then",
            )?;
        }
        rows.row(f, over.len(), "charged twice", "")?;
        rows.row(f, wrong.len(), "charged another amount", "")?;
        rows.row(f, unrecorded.len(), "charged without a record", "")?;
        rows.row(f, not_charged, "not charged", "declined, invalid, or not sent yet")?;
        rows.row(f, unknown.len(), "unknown outcomes", if unknown.is_empty() { "" } else { "listed below" })?;
        rows.sum(f, orders, "orders")?;
        rows.row(f, untrue.len(), "charges that clients or records have, and the ledger has not", "")?;
        if self.runs > 1 {
            let others = once - self.now;
            writeln!(f, "\nOf the {once} charged once, this run charged {}, and others {others}.", self.now)?;
        }
        self.doubts(f)?;
        self.broken_rules(f)?;
        if self.holds() {
            writeln!(f, "\nThe proof holds: nobody paid twice. `-- --without idempotent` shows the same without it.")?;
            writeln!(
                f,
                "`-- --scenarios` plays what else can go wrong, from a carrier who refuses to a card in the log."
            )
        } else {
            writeln!(f, "\nThe proof FAILS.")
        }
    }

    fn doubts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.unknown.is_empty() {
            return Ok(());
        }
        writeln!(
            f,
            "\nUnknown outcomes: the next call asks the gateway again; a person who finds out uses `Operator`"
        )?;
        self.unknown.iter().try_for_each(|doubt| write!(f, "{doubt}"))
    }

    fn broken_rules(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { over, wrong, unrecorded, untrue, .. } = self;
        over.iter().try_for_each(|over| write!(f, "{over}"))?;
        let lines = [(wrong, "another amount"), (unrecorded, "no record"), (untrue, "no charge")];
        for (orders, what) in lines {
            orders.iter().try_for_each(|order| writeln!(f, "         {order}: {what}"))?;
        }
        Ok(())
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { order, key, money, charge } = self;
        let truth = match charge {
            Some(id) => format!("the ledger has it, as {id}"),
            None => "the ledger does not have it, or not yet".to_owned(),
        };
        writeln!(f, "         {order}  {:>13}  key {key}: {truth}", shown(*money))
    }
}
