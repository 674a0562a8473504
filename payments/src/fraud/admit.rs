//! An assessment as an error of a payment.

use std::sync::Arc;

use steadfast::{Layer, Reason, Rejection};

use super::{Assessment, Decision, Unassessed, Verdict};
use crate::PaymentError;
use crate::error::ChallengeUrl;

/// A payment that may be made.
///
/// ```
/// use steadfast_payments::fraud::Admitted;
///
/// fn tell(admitted: Admitted) -> &'static str {
///     match admitted {
///         Admitted::Approved => "paid",
///         Admitted::ToReview => "paid, and somebody looks at it before it is shipped",
///     }
/// }
/// # let _ = tell;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the other decisions are errors")]
#[must_use = "a payment that is to be reviewed would be forgotten"]
pub enum Admitted {
    /// Nothing speaks against it.
    Approved,
    /// A person has to look at it.
    ToReview,
}

impl Assessment {
    /// Whether the payment may be made, and otherwise the error of a function that pays.
    ///
    /// `challenge` says where the customer goes to prove who they are. It is asked only when they have
    /// to, and told which rule wants it.
    ///
    /// # Errors
    /// [`PaymentError::FraudBlocked`] with the rule that blocks, and
    /// [`PaymentError::AuthenticationRequired`] with the place that `challenge` gives, or its error.
    ///
    /// See the [module](super#a-checkout) for an example.
    pub fn admit(
        &self,
        challenge: impl FnOnce(&Verdict) -> Result<ChallengeUrl, PaymentError>,
    ) -> Result<Admitted, PaymentError> {
        if let Some(verdict) = self.blocked_by() {
            return Err(PaymentError::FraudBlocked { rule: verdict.rule().as_str().to_owned() });
        }
        if let Some(verdict) = self.challenged_by() {
            return Err(PaymentError::AuthenticationRequired { challenge: challenge(verdict)? });
        }
        match self.decision() {
            Decision::Approve => Ok(Admitted::Approved),
            Decision::Review => Ok(Admitted::ToReview),
            // Read back from an audit in which no verdict says so: not let through for that.
            Decision::Challenge | Decision::Block => {
                Err(PaymentError::FraudBlocked { rule: self.engine().as_str().to_owned() })
            }
        }
    }
}

/// A refusal of the rule's limit, whose counts could not be had: 503, nothing was done, and it may be
/// tried again. Never a block, which would be kept and replayed.
impl From<Unassessed> for PaymentError {
    fn from(unassessed: Unassessed) -> Self {
        let name = unassessed.rule().fixed().unwrap_or("fraud");
        let reason = Reason::SharedStateUnavailable(Arc::new(unassessed));
        Self::Refused(Rejection::new(Layer::RateLimit, name, reason))
    }
}
