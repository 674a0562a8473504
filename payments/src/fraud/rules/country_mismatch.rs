//! Two countries that should be one.

use super::Found;
use crate::fraud::{Case, Code, Country, Decision, Facts, Opinion, Rule};

/// Compares two countries of a payment: where the card was issued, where the bill goes, where the
/// payment came from.
///
/// | it says | when |
/// |---|---|
/// | challenge, 40: `country_mismatch` | they differ |
/// | approve: `country_match` | they are one |
/// | no opinion: `country_missing` | one of them is not known |
///
/// ```
/// use std::time::SystemTime;
/// use steadfast_payments::fraud::{Case, Count, Country, CountryMismatch, Decision, Facts, Opinion, Rule};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // People travel: this alone decides nothing.
/// let travels = CountryMismatch::card_and_ip().then(Decision::Approve, 20);
/// let facts = Facts::new("order-17").card_country(Country::new("DE")?).ip_country(Country::new("PT")?);
/// let case = Case::new(&facts, Count::NotAsked, SystemTime::UNIX_EPOCH);
/// assert_eq!(travels.opinion(&case), Opinion::risk(20, "country_mismatch"));
/// assert_eq!(CountryMismatch::card_and_billing().opinion(&case), Opinion::none("country_missing"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct CountryMismatch {
    compared: Compared,
    found: Found,
}

#[derive(Clone, Copy, Debug)]
enum Compared {
    CardAndBilling,
    CardAndIp,
    BillingAndIp,
}

impl CountryMismatch {
    /// Where the card was issued, and where the bill goes.
    ///
    /// See [`CountryMismatch`] for an example.
    pub const fn card_and_billing() -> Self {
        Self::of(Compared::CardAndBilling)
    }

    /// Where the card was issued, and where the payment came from.
    ///
    /// See [`CountryMismatch`] for an example.
    pub const fn card_and_ip() -> Self {
        Self::of(Compared::CardAndIp)
    }

    /// Where the bill goes, and where the payment came from.
    ///
    /// See [`CountryMismatch`] for an example.
    pub const fn billing_and_ip() -> Self {
        Self::of(Compared::BillingAndIp)
    }

    const fn of(compared: Compared) -> Self {
        Self { compared, found: Found::new(Decision::Challenge, 40) }
    }

    /// What it says when they differ, in place of a challenge with score 40.
    ///
    /// See [`CountryMismatch`] for an example.
    pub const fn then(mut self, decision: Decision, score: u32) -> Self {
        self.found = Found::new(decision, score);
        self
    }

    fn both<X>(&self, facts: &Facts<X>) -> Option<(Country, Country)> {
        match self.compared {
            Compared::CardAndBilling => facts.card_country.zip(facts.billing_country),
            Compared::CardAndIp => facts.card_country.zip(facts.ip_country),
            Compared::BillingAndIp => facts.billing_country.zip(facts.ip_country),
        }
    }
}

impl<X> Rule<X> for CountryMismatch {
    fn opinion(&self, case: &Case<'_, X>) -> Opinion {
        match self.both(case.facts) {
            None => Opinion::none("country_missing"),
            Some((one, other)) if one == other => Opinion::approve("country_match"),
            Some(_) => self.found.because(Code::new("country_mismatch")),
        }
    }
}
