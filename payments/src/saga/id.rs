//! Which saga: its definition's name, and the caller's id.

use std::fmt;

use serde::{Deserialize, Serialize};
use steadfast::idempotent::{IdempotencyKey, KeyError};

/// A saga's identity: the name of its definition, and the id that the caller gave, such as an order's.
///
/// Both are 1 to 255 characters without control characters. Two ids with equal parts are the same saga,
/// in every process. It orders by name, then by id, and is cheap to clone.
///
/// ```
/// use steadfast_payments::saga::SagaId;
///
/// let id = SagaId::new("checkout", "order-17")?;
/// assert_eq!((id.saga(), id.id()), ("checkout", "order-17"));
/// assert!(SagaId::new("checkout", "").is_err());
/// # Ok::<(), steadfast::idempotent::KeyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SagaId {
    saga: IdempotencyKey,
    id: IdempotencyKey,
}

impl SagaId {
    /// The identity made of its two parts.
    ///
    /// # Errors
    /// When one of them is empty, longer than 255 characters, or holds a control character.
    ///
    /// See [`SagaId`] for an example.
    pub fn new(saga: impl AsRef<str>, id: impl AsRef<str>) -> Result<Self, KeyError> {
        Ok(Self { saga: IdempotencyKey::new(saga)?, id: IdempotencyKey::new(id)? })
    }

    /// The name of the definition.
    ///
    /// See [`SagaId`] for an example.
    pub fn saga(&self) -> &str {
        self.saga.as_str()
    }

    /// The caller's id.
    ///
    /// See [`SagaId`] for an example.
    pub fn id(&self) -> &str {
        self.id.as_str()
    }
}

/// The name, a space, and the id: for people. Two ids may read alike.
impl fmt::Display for SagaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.saga(), self.id())
    }
}
