//! An order on its way through the steps.

use serde::{Deserialize, Serialize};
use steadfast_payments::Money;
use steadfast_payments::gateway::{Authorization, Authorize, CardToken};

use super::CheckoutError;

/// What goes from step to step, and into the saga's log: a card is a token, so no number gets there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) card: CardToken,
    pub(crate) amount: Money,
    /// Where it is to go.
    pub(crate) country: String,
    /// What is held, once it is.
    pub(crate) held: Option<Authorization>,
}

impl Order {
    pub(crate) fn payment(&self) -> Authorize {
        Authorize { card: self.card.clone(), amount: self.amount, reference: self.id.clone() }
    }

    pub(crate) fn held(&self) -> Result<&Authorization, CheckoutError> {
        self.held.as_ref().ok_or(CheckoutError::NothingHeld {})
    }
}
