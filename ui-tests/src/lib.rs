//! The world the cases live in, so that each of their files holds little besides its mistake.

use steadfast::{Failure, Rejection};

/// A result that every layer can take: copied, stored, logged.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Charge {
    /// What the gateway calls it.
    pub id: u64,
}

/// An error that every layer can take.
#[derive(Debug, Failure)]
pub enum GatewayError {
    /// Nothing happened.
    #[failure(transient)]
    Busy,
    /// A definite answer.
    #[failure(terminal)]
    Declined,
    /// It may have happened.
    #[failure(unknown)]
    Lost,
    /// A layer said no.
    #[failure(transparent)]
    Refused(Rejection),
}

impl GatewayError {
    /// Whether trying again may help.
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Busy)
    }
}

impl From<Rejection> for GatewayError {
    fn from(rejection: Rejection) -> Self {
        Self::Refused(rejection)
    }
}

/// The call that the cases guard.
///
/// # Errors
/// Never.
pub async fn charge(order: u64) -> Result<Charge, GatewayError> {
    Ok(Charge { id: order })
}
