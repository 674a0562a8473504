//! How many payments there were.

mod key;
mod memory;
pub(super) mod sliding;

pub use key::{PaymentId, VelocityKey};
pub use memory::MemoryVelocity;
use steadfast::idempotent::StoreError;

/// No more payments than this are remembered under one key: the latest. A count ends there.
///
/// So whoever makes payments without end under one key takes a bounded amount of memory. A rule whose
/// limit is not below it does not build.
pub const MOST_COUNTED: u32 = 10_000;

/// Counts payments by keys, over a window that slides.
///
/// [`MemoryVelocity`] counts within one process; `steadfast_redis::Redis`, with that crate's feature
/// `payments`, for all that share a server. Both give the same answers.
///
/// To write one, keep `(key, payment, when)` and do for each key in one atomic step: if the payment is
/// there and younger than the window, nothing; else keep it as of now. Then answer how many payments
/// under the key are younger than the window, but at most [`MOST_COUNTED`], and forget what is older,
/// and the oldest of more than that. One that is exactly as old as the window has left it.
///
/// ```
/// use std::collections::BTreeMap;
/// use std::sync::{Arc, Mutex, PoisonError};
/// use std::time::{Duration, Instant};
///
/// use steadfast::idempotent::StoreError;
/// use steadfast_payments::fraud::{MOST_COUNTED, PaymentId, VelocityCounts, VelocityKey};
///
/// /// A table that grows for ever, of times by payment and key.
/// #[derive(Clone, Default)]
/// struct Table(Arc<Mutex<BTreeMap<([u8; 32], PaymentId), Instant>>>);
///
/// impl VelocityCounts for Table {
///     async fn count(&self, payment: PaymentId, keys: &[VelocityKey]) -> Result<Vec<u32>, StoreError> {
///         let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
///         let now = Instant::now();
///         let count = |key: &VelocityKey| {
///             let inside = |at: &Instant| now.saturating_duration_since(*at) < key.window();
///             let at = rows.entry((*key.as_bytes(), payment)).or_insert(now);
///             if !inside(at) {
///                 *at = now;
///             }
///             let of_key = rows.iter().filter(|((of, _), at)| of == key.as_bytes() && inside(at));
///             u32::try_from(of_key.count()).unwrap_or(u32::MAX).min(MOST_COUNTED)
///         };
///         Ok(keys.iter().map(count).collect())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), StoreError> {
/// let user = VelocityKey::new("checkout", "user_hourly", "u_42", Duration::from_secs(3600));
/// let table = Table::default();
/// for (payment, expected) in [("order-17", 1), ("order-18", 2), ("order-17", 2)] {
///     assert_eq!(table.count(PaymentId::of(payment), &[user.clone()]).await?, [expected]);
/// }
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not count payments",
    label = "this does not count payments",
    note = "`steadfast_payments::fraud::MemoryVelocity` does in a single process, `steadfast_redis::Redis` for several; implement `steadfast_payments::fraud::VelocityCounts` for another database"
)]
pub trait VelocityCounts: Clone + Send + Sync + 'static {
    /// Counts the payment under each of the keys, once, and answers how many payments each has in its
    /// window, this one included, in the order of the keys.
    ///
    /// Counting it again, because an answer was lost or the payment is tried again, changes nothing as
    /// long as it is in the window.
    ///
    /// # Errors
    /// When it cannot say for all of the keys. Under some of them the payment may then be counted.
    /// [`StoreError::full`] when there is no room.
    ///
    /// See [`VelocityCounts`] for an implementation.
    fn count(
        &self,
        payment: PaymentId,
        keys: &[VelocityKey],
    ) -> impl Future<Output = Result<Vec<u32>, StoreError>> + Send;
}
