//! The moment by which a call must end.

use std::time::Duration;

use tokio::time::Instant;

use crate::clock;

/// The moment at which a retried call's time is over: `max_elapsed` after its first attempt began.
///
/// [`#[retry(deadline = deadline)]`](macro@crate::retry) binds it for the body, to hand on: as the limit
/// of one attempt, or to the other side, which need not work for a caller that is gone.
///
/// ```
/// use steadfast::retry::Deadline;
/// use steadfast::{Rejection, retry, timeout};
///
/// async fn ask(header: String) -> Result<u32, Rejection> {
/// #   assert!(header.ends_with('m'));
///     Ok(42)
/// }
///
/// // Each attempt has what is left of the three seconds, and tells the other side.
/// #[retry(max_elapsed = "3s", deadline = deadline, repeatable)]
/// #[timeout(deadline.remaining())]
/// async fn balance() -> Result<u32, Rejection> {
///     ask(format!("grpc-timeout: {}m", deadline.remaining().as_millis())).await
/// }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// assert!(matches!(balance().await, Ok(42)));
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    pub(super) fn after(start: Instant, limit: Option<Duration>) -> Self {
        Self(limit.and_then(|limit| start.checked_add(limit)))
    }

    /// The moment, on the [clock](crate::clock) of this crate, which is tokio's. `None` where a shared
    /// policy has no limit ([`no_max_elapsed`](super::RetryPolicy::no_max_elapsed)).
    ///
    /// See [`Deadline`] for an example.
    pub fn at(self) -> Option<Instant> {
        self.0
    }

    /// The time that is left: zero when it is over, [`Duration::MAX`] where there is no limit.
    ///
    /// See [`Deadline`] for an example.
    pub fn remaining(self) -> Duration {
        self.0.map_or(Duration::MAX, |at| at.saturating_duration_since(clock::mono()))
    }
}
