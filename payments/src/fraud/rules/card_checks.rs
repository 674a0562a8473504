//! What the issuer said about the address and the code.

use super::Found;
use crate::fraud::{AvsResult, Case, Code, CvvResult, Decision, Opinion, Rule};

/// Looks at what the issuer said of the billing address (AVS) and of the card's code (CVV).
///
/// They are known once a gateway has asked the issuer: from an authorization, or from an earlier check
/// of the card for no amount. So this rule stands in an engine that is asked between authorization and
/// capture, or has no opinion.
///
/// | it says | when |
/// |---|---|
/// | block, 100: `cvv_mismatch` | the code is not the card's |
/// | block, 100: `avs_mismatch` | neither street nor postal code is the card's |
/// | approve, 20: `avs_partial` | one of the two is |
/// | approve: `match` | all that was checked is right |
/// | no opinion: `not_checked` | neither is known, or the issuer looked at neither |
///
/// When it finds both, the severer decision counts, the code's where they are equal, and the scores
/// add up.
///
/// ```
/// use std::time::SystemTime;
/// use steadfast_payments::fraud::{AvsResult, CardChecks, Case, Count, CvvResult, Decision, Facts, Opinion, Rule};
///
/// // Issuers abroad get addresses wrong.
/// let checks = CardChecks::new().avs_mismatch(Decision::Challenge, 40);
/// let facts = Facts::new("order-17").avs(AvsResult::Mismatch).cvv(CvvResult::Match);
/// let case = Case::new(&facts, Count::NotAsked, SystemTime::UNIX_EPOCH);
/// assert_eq!(checks.opinion(&case), Opinion::challenge(40, "avs_mismatch"));
/// ```
#[derive(Clone, Debug)]
pub struct CardChecks {
    cvv_mismatch: Found,
    avs_mismatch: Found,
    avs_partial: Found,
}

impl Default for CardChecks {
    fn default() -> Self {
        Self::new()
    }
}

impl CardChecks {
    /// With the decisions and scores of the table.
    ///
    /// See [`CardChecks`] for an example.
    pub const fn new() -> Self {
        Self {
            cvv_mismatch: Found::new(Decision::Block, 100),
            avs_mismatch: Found::new(Decision::Block, 100),
            avs_partial: Found::new(Decision::Approve, 20),
        }
    }

    /// What it says when the code is not the card's.
    ///
    /// See [`CardChecks`] for an example.
    pub const fn cvv_mismatch(mut self, decision: Decision, score: u32) -> Self {
        self.cvv_mismatch = Found::new(decision, score);
        self
    }

    /// What it says when neither street nor postal code is the card's.
    ///
    /// See [`CardChecks`] for an example.
    pub const fn avs_mismatch(mut self, decision: Decision, score: u32) -> Self {
        self.avs_mismatch = Found::new(decision, score);
        self
    }

    /// What it says when one of street and postal code is the card's.
    ///
    /// See [`CardChecks`] for an example.
    pub const fn avs_partial(mut self, decision: Decision, score: u32) -> Self {
        self.avs_partial = Found::new(decision, score);
        self
    }

    fn of_code(&self, result: Option<CvvResult>) -> Option<Finding> {
        match result? {
            CvvResult::Match => Some(MATCH),
            CvvResult::Mismatch => Some((self.cvv_mismatch, Code::new("cvv_mismatch"))),
            CvvResult::NotChecked => None,
        }
    }

    fn of_address(&self, result: Option<AvsResult>) -> Option<Finding> {
        match result? {
            AvsResult::Match => Some(MATCH),
            AvsResult::Partial => Some((self.avs_partial, Code::new("avs_partial"))),
            AvsResult::Mismatch => Some((self.avs_mismatch, Code::new("avs_mismatch"))),
            AvsResult::NotChecked => None,
        }
    }
}

type Finding = (Found, Code);

const MATCH: Finding = (Found::new(Decision::Approve, 0), Code::new("match"));

/// The severer of two, with the scores of both.
fn together(code: Finding, address: Finding) -> Finding {
    let severity = |(found, _): &Finding| (found.decision, found.score);
    let score = code.0.score.saturating_add(address.0.score);
    let (found, why) = if severity(&address) > severity(&code) { address } else { code };
    (Found::new(found.decision, score), why)
}

impl<X> Rule<X> for CardChecks {
    fn opinion(&self, case: &Case<'_, X>) -> Opinion {
        let (found, why) = match (self.of_code(case.facts.cvv), self.of_address(case.facts.avs)) {
            (Some(code), Some(address)) => together(code, address),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => return Opinion::none("not_checked"),
        };
        found.because(why)
    }
}
