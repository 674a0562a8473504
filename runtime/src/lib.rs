//! Attributes that make one async function safe to call against a world that fails.

#[doc(hidden)]
#[path = "rt.rs"]
pub mod __rt;
pub mod cached;
pub mod circuit_breaker;
pub mod clock;
mod failure;
pub mod idempotent;
mod kinds;
mod layer;
pub mod logged;
pub mod mask;
mod observe;
mod outcome;
mod policy;
pub mod rate_limit;
pub mod registry;
mod rejection;
pub mod retry;
pub mod timed;
pub mod timeout;
pub mod validate;
mod watch;

pub use failure::{Failure, Kind, Record, RecordError, ReplayFailure, Signal};
pub use layer::Layer;
pub use policy::PolicyError;
pub use rejection::{Reason, Rejection};

#[doc = include_str!("failure/derive.md")]
pub use steadfast_macros::Failure;
#[doc = include_str!("cached/attribute.md")]
pub use steadfast_macros::cached;
#[doc = include_str!("circuit_breaker/attribute.md")]
pub use steadfast_macros::circuit_breaker;
#[doc = include_str!("idempotent/attribute.md")]
pub use steadfast_macros::idempotent;
#[doc = include_str!("logged/attribute.md")]
pub use steadfast_macros::logged;
#[doc = include_str!("rate_limit/attribute.md")]
pub use steadfast_macros::rate_limit;
#[doc = include_str!("retry/attribute.md")]
pub use steadfast_macros::retry;
#[doc = include_str!("timed/attribute.md")]
pub use steadfast_macros::timed;
#[doc = include_str!("timeout/attribute.md")]
pub use steadfast_macros::timeout;
#[doc = include_str!("validate/attribute.md")]
pub use steadfast_macros::validate;
