//! Trying again: how often, after which pause, and for which failures.
//!
//! What is tried again is the failure's own word, never "everything":
//!
//! | the call ended | tried again |
//! |---|---|
//! | transient | yes |
//! | terminal | no |
//! | unknown, timed out | only where the policy is [`repeatable`](RetryPolicy::repeatable) |
//! | refused: circuit open, limited | only when the refusal says how long to wait, and the wait is no longer than the longest pause and fits |
//! | refused: bulkhead full | yes, after a computed pause: nobody knows when a place becomes free |
//! | refused otherwise: invalid, conflict, in flight, no key, store down | no |
//! | done, but its record could not be written | no |
//!
//! [`#[retry]`](macro@crate::retry) makes a [`RetryPolicy`] of its settings, one for the function it
//! stands on. `#[retry(max_attempts = 4, delay = "50ms", jitter = equal, max_elapsed = "3s")]` is
//!
//! ```
//! use std::time::Duration;
//! use steadfast::retry::{Jitter, RetryPolicy};
//!
//! static GATEWAY: RetryPolicy = RetryPolicy::new("gateway")
//!     .max_attempts(4)
//!     .delay(Duration::from_millis(50))
//!     .jitter(Jitter::Equal)
//!     .max_elapsed(Duration::from_secs(3));
//!
//! assert_eq!(GATEWAY.name(), "gateway");
//! ```
//!
//! under the function's name. Functions share a policy by naming it, `#[retry(GATEWAY)]`, and code without
//! attributes calls by it: [`RetryPolicy::call`]. A [`RetryBudget`] keeps the retries of all that name it
//! to a share of their calls. [`Schedule`] is for pauses of another kind.
//!
//! After the last attempt nothing sleeps, and the last failure comes back as it is; but where that one
//! surely did nothing (transient, refused) and an attempt before it may have happened, the failure that
//! left the doubt does. A pause that cannot end within `max_elapsed` is never begun. A pause of zero
//! still lets other tasks run. A failure that asks for a wait (its `Retry-After`) gets exactly that wait, without jitter and
//! without the cap of `max_delay`; where it does not fit, the retry gives up at once.

mod attempts;
mod beside;
mod budget;
mod call;
mod config;
mod deadline;
mod decision;
mod event;
mod future;
mod jitter;
mod policy;
#[doc(hidden)]
pub mod rt;
mod schedule;
#[cfg(test)]
mod tests;

pub use budget::{RetryBudget, RetryBudgetConfig};
pub use call::{Attempt, WithBudget};
pub use config::RetryConfig;
pub use deadline::Deadline;
pub use event::Retrying;
pub use jitter::Jitter;
pub use policy::RetryPolicy;
#[cfg(feature = "backoff")]
pub use schedule::pauses_of;
pub use schedule::{Pauses, Schedule};
