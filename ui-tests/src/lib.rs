//! The world the cases live in, so that each of their files holds little besides its mistake.

use std::time::Duration;

use steadfast::cached::when_down::Refuse;
use steadfast::cached::{Asked, Origin, SecondTier, Ticket};
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

/// A second tier that refuses while it is down.
#[derive(Clone, Default)]
pub struct RefusingTier;

impl SecondTier for RefusingTier {
    type Error = std::io::Error;
    type WhenDown = Refuse;

    async fn get(&self, _: &str, _: &[u8]) -> std::io::Result<Asked> {
        Ok(Asked { found: None, ticket: Ticket::from([]) })
    }
    async fn put(&self, _: &str, _: &[u8], _: &[u8], _: Duration, _: &Ticket) -> std::io::Result<()> {
        Ok(())
    }
    async fn replace(&self, _: &str, _: &[u8], _: &[u8], _: Duration, _: Origin) -> std::io::Result<()> {
        Ok(())
    }
    async fn remove(&self, _: &str, _: &[u8], _: Origin) -> std::io::Result<()> {
        Ok(())
    }
    async fn clear(&self, _: &str, _: Origin) -> std::io::Result<()> {
        Ok(())
    }
}
