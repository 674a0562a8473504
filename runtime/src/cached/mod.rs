//! One run for many callers: results are kept for a time, and concurrent calls share one run.
//!
//! [`#[cached]`](macro@crate::cached) makes a [`Cached`] of its settings, one for the function it
//! stands on. `#[cached(ttl = "60s", idle = "20s", max_entries = 500, negative_ttl = "5s")]` is
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
//! under the function's name.
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
//! they are kept and when they are handed out, so a value must be `Clone`, and the whole result
//! `Send + Sync + 'static`. An `Err` whose type is not `Clone` is never kept.
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
//! A cache belongs to its function in the source: all calls share it, whatever their `self`, and
//! those of each set of type parameters have one of their own. Nothing is written to disk or shared
//! between processes.
//!
//! # Time
//!
//! Ages count by the monotonic clock, [`clock::mono`](crate::clock::mono), which stands still in a
//! test that paused tokio's.

mod decision;
mod entry;
mod flight;
#[doc(hidden)]
mod load;
mod lookup;
mod policy;
#[doc(hidden)]
mod probes;
#[doc(hidden)]
pub mod rt;
mod shelf;
#[cfg(test)]
mod tests;

pub use policy::Cached;
