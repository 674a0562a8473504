//! One run for many callers: results are kept for a time, and concurrent calls share one run.
//!
//! ```
//! use std::time::Duration;
//! use steadfast::cached::Cached;
//!
//! static RATES: Cached = Cached::new("rates", Duration::from_secs(60))
//!     .idle(Duration::from_secs(20))
//!     .max_entries(500)
//!     .negative_ttl(Duration::from_secs(5));
//! assert_eq!(RATES.name(), "rates");
//! ```
//!
//! # What is kept
//!
//! | result | kept |
//! |---|---|
//! | `Ok(..)`, `Some(..)`, and any other value | for `ttl`, 90 % to 100 % of it, so that what was loaded together does not expire together |
//! | `None`, an `Err` that is terminal by its [`Failure::kind`](crate::Failure::kind) | for `negative_ttl` in the same way, where that is set |
//! | any other `Err`, also one whose type does not implement [`Failure`](crate::Failure) | never |
//! | a refusal by a layer below | never |
//!
//! `Ok(None)` and `Ok(())` are values like any other. The function's results are cloned when
//! they are kept and when they are handed out. An `Err` whose type is not `Clone` is never kept.
//!
//! # Concurrent calls
//!
//! Calls that miss the same key at the same time run the function once. The others wait and get
//! a clone of the result, also where it is a failure that is not kept; where the failure cannot be
//! cloned they run the function themselves, at once and side by side. A call that comes after a
//! failure begins a new run. When the one that runs the function is dropped or panics, the next
//! one that waits runs it.
//!
//! Two things follow for callers. A function that calls itself with the same key waits for itself.
//! And a call that was begun and is no longer polled, in a `select!` loop for example, makes
//! those wait who share its run.
//!
//! # State
//!
//! A cache belongs to its `static`: the calls of one function share it, for each set of the
//! function's type parameters apart.

mod decision;
mod entry;
mod flight;
#[doc(hidden)]
mod key;
mod load;
mod lookup;
mod policy;
#[doc(hidden)]
mod probes;
#[doc(hidden)]
pub mod rt;
mod shelf;
mod slot;
#[cfg(test)]
mod tests;

pub use policy::Cached;
