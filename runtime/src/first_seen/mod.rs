//! Who saw it first: for what arrives more than once and may be acted on once, such as a webhook.
//!
//! [`MemoryFirstSeen`] remembers within one process; a store of a database, such as those of
//! `steadfast-sql` and `steadfast-redis`, within all that share it.

mod memory;

#[cfg(test)]
mod tests;

use std::time::SystemTime;

pub use memory::MemoryFirstSeen;

use crate::idempotent::StoreError;

/// Remembers what it has seen, for a time.
///
/// Behind it is no record of what became of the work, as [`Store`](crate::idempotent::Store) keeps:
/// who is told `true` and then fails has used the id up. For work that must not be lost, use
/// [`idempotent`](macro@crate::idempotent) with the id as its key.
///
/// A webhook that is delivered again, by its sender or by somebody who listened:
///
/// ```
/// use std::time::Duration;
/// use steadfast::clock;
/// use steadfast::first_seen::{FirstSeen, MemoryFirstSeen};
///
/// /// Longer than a delivery's timestamp is accepted: after that, the timestamp refuses it.
/// const MEMORY: Duration = Duration::from_secs(600);
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let seen = MemoryFirstSeen::default();
/// let now = clock::wall();
/// assert!(seen.first_seen("webhooks.stripe", "evt_17", now, now + MEMORY).await?);
/// assert!(!seen.first_seen("webhooks.stripe", "evt_17", now, now + MEMORY).await?);
/// assert!(seen.first_seen("webhooks.adyen", "evt_17", now, now + MEMORY).await?);
/// assert!(seen.first_seen("webhooks.stripe", "evt_17", now + MEMORY, now + 2 * MEMORY).await?);
/// # Ok(())
/// # }
/// ```
///
/// To write one, keep `(space, id, until)` and decide in one atomic step: there is none whose
/// `until` is later than `now`, so it is kept, and the answer is `true`; else nothing changes, and
/// it is `false`. In SQL that is one `INSERT .. ON CONFLICT .. DO UPDATE .. WHERE until <= now`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not remember what was seen first",
    label = "this is no memory of what was seen",
    note = "`steadfast::first_seen::MemoryFirstSeen` is one for a single process; implement `steadfast::first_seen::FirstSeen` for a database"
)]
pub trait FirstSeen: Clone + Send + Sync + 'static {
    /// Whether the id was not seen in this space before: `true` for exactly one caller until
    /// `until`, however many ask at once. From then on the id is new again.
    ///
    /// `space` tells senders apart whose ids may be equal. `now` is the time as the caller reads it
    /// from [`clock::wall`](crate::clock::wall); callers on several machines compare their own
    /// clocks, so let `until` be later than their clocks differ.
    ///
    /// # Errors
    /// [`StoreError::full`] when there is no room for one more: it is then not remembered. Any other
    /// error when the store cannot tell; the id may then count as seen. In both cases do not act:
    /// refuse, so that it is delivered again.
    ///
    /// See [`FirstSeen`] for an example.
    fn first_seen(
        &self,
        space: &str,
        id: &str,
        now: SystemTime,
        until: SystemTime,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}
