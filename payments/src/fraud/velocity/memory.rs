//! Payments that this process has counted.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use steadfast::clock;
use steadfast::idempotent::StoreError;

use super::sliding::{Full, Sliding};
use super::{PaymentId, VelocityCounts, VelocityKey};

/// Counts in memory, for one process: another knows nothing of it, and with the process the counts end.
///
/// It remembers a bounded number of payments, each once under each of its keys. What has left its window
/// is forgotten, keys that nobody pays under any more with it. One that is full forgets nothing else,
/// because a forgotten payment is one that is not counted: it answers [`StoreError::full`] to whoever
/// would be one more, and counts nothing; a rule then does what it was told to do when there are
/// [no counts](crate::fraud::WhenDown). Clones count together.
///
/// ```
/// use std::time::Duration;
/// use steadfast_payments::fraud::{MemoryVelocity, PaymentId, VelocityCounts, VelocityKey};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let counts = MemoryVelocity::new(2);
/// let user = VelocityKey::new("checkout", "user_hourly", "u_42", Duration::from_secs(3600));
/// assert_eq!(counts.count(PaymentId::of("order-17"), &[user.clone()]).await?, [1]);
/// assert_eq!(counts.count(PaymentId::of("order-18"), &[user.clone()]).await?, [2]);
/// assert!(counts.count(PaymentId::of("order-19"), &[user.clone()]).await.unwrap_err().is_full());
/// assert_eq!(counts.count(PaymentId::of("order-17"), &[user]).await?, [2]);
/// assert_eq!(counts.len(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct MemoryVelocity(Arc<Memory>);

struct Memory {
    max_payments: usize,
    counted: Mutex<Sliding>,
}

/// 100,000 payments.
impl Default for MemoryVelocity {
    fn default() -> Self {
        Self::new(100_000)
    }
}

impl MemoryVelocity {
    /// A memory for at most so many payments under a key; [`default`](Self::default) is one for 100,000.
    ///
    /// See [`MemoryVelocity`] for an example.
    pub fn new(max_payments: usize) -> Self {
        Self(Arc::new(Memory { max_payments, counted: Mutex::default() }))
    }

    /// How many payments it remembers, each once under each of its keys; those included that have left
    /// their window and are not yet forgotten.
    ///
    /// See [`MemoryVelocity`] for an example.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether it remembers none.
    ///
    /// ```
    /// assert!(steadfast_payments::fraud::MemoryVelocity::default().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, Sliding> {
        self.0.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl VelocityCounts for MemoryVelocity {
    async fn count(&self, payment: PaymentId, keys: &[VelocityKey]) -> Result<Vec<u32>, StoreError> {
        let counted = self.lock().count(payment, keys, clock::mono(), self.0.max_payments);
        counted.map_err(|Full| StoreError::full())
    }
}

/// Only how many.
impl fmt::Debug for MemoryVelocity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Memory { max_payments, .. } = &*self.0;
        f.debug_struct("MemoryVelocity").field("payments", &self.len()).field("max_payments", max_payments).finish()
    }
}
