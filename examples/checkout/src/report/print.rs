//! The report as a text, for somebody who sees it for the first time.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::path::Path;

use steadfast::registry;

use super::{Effort, Endings, Report};
use crate::Stack;
use crate::counts::Counts;
use crate::gateway::OUTAGE;
use crate::money::Sums;
use crate::orders::Orders;
use crate::proof::{Doubt, Over, Proof};
use crate::run::sending_time;
use crate::text::{Rows, count};

/// So many of the orders that were charged twice are listed.
const LISTED: usize = 10;

/// What is about to happen.
pub fn introduction(orders: &Orders, stack: Stack, seed: u64) -> String {
    let function = stack.function();
    format!(
        "{requests} for {count} of {path}, sent within {within} s.\n\
         Clients send them twice, change amounts, hang up and come back. The gateway refuses\n\
         connections, is slow, loses answers at first, and is down from {down:?} to {up:?} (seed {seed}).\n\n\
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

fn from_here(path: &Path) -> String {
    let here = env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).display().to_string()
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
            Stack::Whole => self.proof.proven(f, self.orders),
            Stack::WithoutIdempotent => self.proof.damage(f, self.orders),
        }
    }
}

impl Report {
    fn ends(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Endings { requests, charged, replayed, declined, conflicts, invalid, unknown, failed } = self.endings;
        let rows = Rows(13);
        writeln!(f, "How the requests ended, after {:.1} s", self.elapsed.as_secs_f64())?;
        rows.row(f, charged, "charged", "the gateway took the money")?;
        rows.row(f, replayed, "replayed", "sent again: got the first one's answer, and nothing ran")?;
        rows.row(f, declined, "declined", "the card was declined")?;
        rows.row(f, conflicts, "conflicts", "refused by idempotent: a used key with another amount")?;
        rows.row(f, invalid, "invalid", "refused by validate: nothing may cost that")?;
        rows.row(f, unknown, "unknown", "no answer, and it may have happened")?;
        if failed > 0 {
            rows.row(f, failed, "failed", "in a way that this example does not expect:")?;
            self.failures.iter().try_for_each(|failure| writeln!(f, "           {failure}"))?;
        }
        rows.sum(f, requests, "requests")?;
        if self.broken > 0 {
            writeln!(f, "         and {} skipped, named above", count(self.broken, "broken line"))?;
        }
        Ok(())
    }

    fn calls_made(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [hung_up, in_flight, limited, open, unreachable, no_answer] = self.effort.came_back;
        let rows = Rows(13);
        writeln!(f, "\nHow often the clients called (timing decides, so it varies a little from run to run)")?;
        rows.row(f, self.endings.requests, "requests", "each called once, and again after these:")?;
        rows.row(f, hung_up, "hung up", "the client left before the answer, and came back")?;
        rows.row(f, in_flight, "in flight", "refused by idempotent: the same request was running")?;
        rows.row(f, limited, "limited", "refused by rate_limit: the wait was too long")?;
        rows.row(f, open, "circuit open", "refused by circuit_breaker: the gateway was down")?;
        rows.row(f, unreachable, "unreachable", "three attempts, and no connection")?;
        rows.row(f, no_answer, "no answer", "an attempt had no answer in 2 s, and no later one found out")?;
        rows.sum(f, self.effort.calls, &format!("calls of `{}`", self.stack.function()))
    }
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

impl Proof {
    fn proven(&self, f: &mut fmt::Formatter<'_>, orders: usize) -> fmt::Result {
        let Self { once, money, over, wrong, unrecorded, unknown, not_charged, untrue } = self;
        let rows = Rows(26);
        writeln!(f, "\nThe proof: the gateway's own ledger against the orders and their records")?;
        rows.row(f, once, "charged once", &money.to_string())?;
        rows.row(f, over.len(), "charged twice", "")?;
        rows.row(f, wrong.len(), "charged another amount", "")?;
        rows.row(f, unrecorded.len(), "charged without a record", "")?;
        rows.row(f, not_charged, "not charged", "declined or invalid")?;
        rows.row(f, unknown.len(), "unknown outcomes", if unknown.is_empty() { "" } else { "listed below" })?;
        rows.sum(f, orders, "orders")?;
        rows.row(f, untrue.len(), "charges that clients or records have, and the ledger has not", "")?;
        self.doubts(f)?;
        self.broken_rules(f)?;
        if self.holds() {
            writeln!(f, "\nThe proof holds: nobody paid twice. `-- --without idempotent` shows the same without it.")
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
            "\nUnknown outcomes: a record refuses its key until somebody finds out, and calls `Store::resolve`"
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

    fn damage(&self, f: &mut fmt::Formatter<'_>, orders: usize) -> fmt::Result {
        let Self { once, over, wrong, not_charged, .. } = self;
        let rows = Rows(26);
        writeln!(f, "\nWhat the gateway's own ledger says of the orders")?;
        rows.row(f, once, "charged once", "")?;
        rows.row(f, over.len(), "charged twice or more", "")?;
        if !wrong.is_empty() {
            rows.row(f, wrong.len(), "charged another amount", "")?;
        }
        rows.row(f, not_charged, "not charged", "declined, invalid, or it never arrived")?;
        rows.sum(f, orders, "orders")?;
        self.double_charges(f)
    }

    fn double_charges(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut whys, mut too_much, mut too_many) = (BTreeMap::<_, usize>::new(), Sums::default(), 0);
        for over in &self.over {
            *whys.entry(over.why).or_default() += 1;
            too_much.merge(&over.too_much);
            too_many += over.charges.saturating_sub(1);
        }
        writeln!(f, "\nWhy orders were charged twice or more")?;
        whys.iter().try_for_each(|(why, orders)| Rows(0).row(f, orders, why, ""))?;
        Rows(0).sum(f, self.over.len(), "orders, such as")?;
        let mut worst: Vec<&Over> = self.over.iter().collect();
        worst.sort_by_key(|over| Reverse(over.charges));
        worst.iter().take(LISTED).try_for_each(|over| write!(f, "{over}"))?;
        writeln!(f, "\n{} too many: customers paid {too_much} more than they owe.", count(too_many, "charge"))?;
        writeln!(f, "The only difference is `idempotent` and its key: `cargo run -p checkout` runs with them.")
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { order, key, money, charge } = self;
        let truth = match charge {
            Some(id) => format!("the ledger has it, as {id}"),
            None => "the ledger does not have it".to_owned(),
        };
        writeln!(f, "         {order}  {:>13}  key {key}: {truth}", money.to_string())
    }
}

impl fmt::Display for Over {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { order, why, charges, paid, owed, .. } = self;
        let (paid, owed) = (paid.to_string(), owed.to_string());
        writeln!(f, "         {order}  {charges} charges, {paid:>13} instead of {owed:>13}  {why}")
    }
}
