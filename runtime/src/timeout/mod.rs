//! A limit on how long a call may take.
//!
//! A call that was still running when its time ended may have had its effect: its outcome is
//! *unknown*, not failed. Layers above treat it so: a retry repeats it only where that is safe,
//! an idempotency record stays until somebody resolves it.
//!
//! [`#[timeout("2s")]`](macro@crate::timeout) makes of its duration, under the function's name,
//!
//! ```
//! use std::time::Duration;
//! use steadfast::timeout::Timeout;
//!
//! static GATEWAY: Timeout = Timeout::new("gateway", Duration::from_secs(2));
//! assert_eq!(GATEWAY.after(), Duration::from_secs(2));
//! ```
//!
//! The body is polled first, so an answer that is there always counts, even where its time is up.
//! A body that never waits is not timed at all: the time runs from the first moment it waits.
//! What was running is dropped before the refusal is handed on. A body that blocks its thread
//! cannot be ended from outside. It needs tokio's timer, and follows its clock, also where a test has
//! paused it.

mod call;
mod config;
mod future;
mod policy;
#[doc(hidden)]
pub mod rt;
#[cfg(test)]
mod tests;

pub use config::TimeoutConfig;
pub use policy::Timeout;
#[doc(hidden)]
pub use policy::{Limit, TimeoutOfCall};
