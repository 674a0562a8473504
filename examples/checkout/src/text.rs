//! Words and rows of what is printed.

use std::fmt;

/// Rows of a number, what it counts, and what that means, the labels in a column of one width.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows(pub(crate) usize);

impl Rows {
    pub(crate) fn row(
        self,
        f: &mut fmt::Formatter<'_>,
        number: impl fmt::Display,
        label: &str,
        meaning: &str,
    ) -> fmt::Result {
        let row = format!("  {number:>5}  {label:<width$}  {meaning}", width = self.0);
        writeln!(f, "{}", row.trim_end())
    }

    /// The sum of the rows above.
    pub(crate) fn sum(self, f: &mut fmt::Formatter<'_>, sum: usize, label: &str) -> fmt::Result {
        writeln!(f, "  -----")?;
        self.row(f, sum, label, "")
    }
}

/// `1 order`, `2 orders`.
pub(crate) fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_not_plural() {
        assert_eq!([0, 1, 2].map(|n| count(n, "order")), ["0 orders", "1 order", "2 orders"]);
    }
}
