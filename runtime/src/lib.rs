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

pub use steadfast_macros::{
    Failure, cached, circuit_breaker, idempotent, logged, rate_limit, retry, timed, timeout, validate,
};
