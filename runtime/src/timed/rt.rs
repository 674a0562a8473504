//! What the expansion calls.

pub use super::Timed;
pub use super::future::{TimedFuture, timed, timed_at};
