//! Why an order is not delivered.

use steadfast::{Failure, Rejection};
use steadfast_payments::PaymentError;

/// Why a step failed, and what is known of it: the saga goes back, tries again, or insists.
#[derive(Debug, thiserror::Error, Failure)]
pub(crate) enum CheckoutError {
    /// Of the payment.
    #[error(transparent)]
    #[failure(transparent)]
    Payment(#[from] PaymentError),
    /// A definite answer of the carrier's.
    #[error("the carrier does not go to {country}")]
    #[failure(terminal)]
    NoDelivery {
        /// Where the order is to go.
        country: String,
    },
    /// A system was asked, and may have done it.
    #[error("no answer from the {system}: {detail}")]
    #[failure(unknown)]
    NoAnswer {
        /// Which one.
        system: &'static str,
        /// What its client says.
        detail: String,
    },
    /// The steps are in a wrong order: a mistake of the program's.
    #[error("nothing is held for the order")]
    #[failure(terminal)]
    NothingHeld {},
}

/// A layer of a step's stack said no.
impl From<Rejection> for CheckoutError {
    fn from(refused: Rejection) -> Self {
        Self::Payment(refused.into())
    }
}
