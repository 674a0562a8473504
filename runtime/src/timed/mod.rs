//! How long calls take, and how they end: one histogram for every function.
//!
//! [`#[timed]`](macro@crate::timed) records each call in
//! `steadfast_call_duration_seconds{name, outcome}` through the [`metrics`] facade, so that any of
//! its exporters serves. The time runs from the call's first poll. The recorder is looked up for
//! each call, so one that is installed late still counts, and nothing is recorded while there is
//! none.
//!
//! | `outcome` | the call |
//! |---|---|
//! | `success` | returned a value |
//! | `transient`, `terminal`, `unknown`, `refused` | returned an error of this [`Kind`](crate::Kind), or was refused by a layer below |
//! | `failed` | returned an error that does not say its kind |
//! | `cancelled` | was dropped while it ran |
//! | `panicked` | panicked |

mod future;
mod policy;
mod recorder;
#[doc(hidden)]
pub mod rt;
#[cfg(test)]
mod tests;

pub use policy::{BUCKETS, METRIC, Timed};
