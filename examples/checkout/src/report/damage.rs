//! What is left of a run without `idempotent`.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

use crate::proof::{Over, Proof};
use crate::sums::{Sums, shown};
use crate::text::{Rows, count};

/// So many of the orders that were charged twice are listed.
const LISTED: usize = 10;

impl Proof {
    pub(super) fn damage(&self, f: &mut fmt::Formatter<'_>, orders: usize) -> fmt::Result {
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

impl fmt::Display for Over {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { order, why, charges, paid, owed, .. } = self;
        let (paid, owed) = (paid.to_string(), shown(*owed));
        writeln!(f, "         {order}  {charges} charges, {paid:>13} instead of {owed:>13}  {why}")
    }
}
