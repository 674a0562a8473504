//! Payments of much money.

use std::collections::BTreeMap;

use super::Found;

use crate::fraud::{Case, Code, Decision, FraudError, Opinion, Rule};
use crate::{Currency, Money};

/// Looks for payments over an amount, which each currency has its own of. Nothing is converted.
///
/// | it says | when |
/// |---|---|
/// | challenge, 40: `amount_over` | the amount is more than its currency's; that amount itself is not |
/// | approve: `amount_within` | it is not |
/// | no opinion: `amount_missing` | the amount is not known |
/// | no opinion: `currency_without_threshold` | its currency has none |
///
/// ```
/// use std::time::SystemTime;
/// use steadfast_payments::fraud::{Case, Count, Facts, HighAmount, Opinion, Rule};
/// use steadfast_payments::{Currency, Money};
///
/// let rule = HighAmount::over([Money::new(2_000_00, Currency::USD), Money::new(300_000, Currency::JPY)])?;
/// let of = |amount| {
///     let facts = Facts::new("order-17").amount(amount);
///     rule.opinion(&Case::new(&facts, Count::NotAsked, SystemTime::UNIX_EPOCH))
/// };
/// assert_eq!(of(Money::new(2_000_01, Currency::USD)), Opinion::challenge(40, "amount_over"));
/// assert_eq!(of(Money::new(2_000_00, Currency::USD)), Opinion::approve("amount_within"));
/// assert_eq!(of(Money::new(9_999_99, Currency::EUR)), Opinion::none("currency_without_threshold"));
/// # Ok::<(), steadfast_payments::fraud::FraudError>(())
/// ```
#[derive(Clone, Debug)]
pub struct HighAmount {
    thresholds: BTreeMap<Currency, i64>,
    found: Found,
}

impl HighAmount {
    /// Over these amounts.
    ///
    /// # Errors
    /// When there is none, one is negative, or two are in one currency. The error says which, by its
    /// place.
    ///
    /// See [`HighAmount`] for an example.
    pub fn over(amounts: impl IntoIterator<Item = Money>) -> Result<Self, FraudError> {
        let mut thresholds = BTreeMap::new();
        for (index, amount) in amounts.into_iter().enumerate() {
            let wrong = |reason| Err(FraudError::Entry { list: "amounts", index, reason });
            if amount.minor() < 0 {
                return wrong("is negative: every payment would be over it");
            }
            if thresholds.insert(amount.currency(), amount.minor()).is_some() {
                return wrong("is a second one in its currency: only one of them could hold");
            }
        }
        if thresholds.is_empty() {
            let reason = "must not be none: without a threshold the rule has no opinion on any payment";
            return Err(FraudError::Setting { setting: "amounts", reason });
        }
        Ok(Self { thresholds, found: Found::new(Decision::Challenge, 40) })
    }

    /// What it says of a payment over its amount, in place of a challenge with score 40.
    ///
    /// ```
    /// use steadfast_payments::fraud::{Decision, HighAmount};
    /// use steadfast_payments::{Currency, Money};
    ///
    /// let looked_at = HighAmount::over([Money::new(10_000_00, Currency::USD)])?.then(Decision::Review, 0);
    /// # let _ = looked_at;
    /// # Ok::<(), steadfast_payments::fraud::FraudError>(())
    /// ```
    pub fn then(mut self, decision: Decision, score: u32) -> Self {
        self.found = Found::new(decision, score);
        self
    }
}

impl<X> Rule<X> for HighAmount {
    fn opinion(&self, case: &Case<'_, X>) -> Opinion {
        let Some(amount) = case.facts.amount else { return Opinion::none("amount_missing") };
        match self.thresholds.get(&amount.currency()) {
            None => Opinion::none("currency_without_threshold"),
            Some(threshold) if amount.minor() > *threshold => self.found.because(Code::new("amount_over")),
            Some(_) => Opinion::approve("amount_within"),
        }
    }
}
