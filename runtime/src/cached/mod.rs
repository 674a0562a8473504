//! One run for many callers: results are kept for a time, and concurrent calls share one run.
//!
//! [`#[cached]`](macro@crate::cached) with settings has a cache of its own, under the function's name.
//! A [`Cache`] is one that functions share, and that code can look into:
//!
//! ```
//! use std::time::Duration;
//! use steadfast::cached;
//! use steadfast::cached::Cache;
//!
//! static RATES: Cache<(String, String), f64> = Cache::new("rates", Duration::from_secs(60))
//!     .max_entries(500)
//!     .negative_ttl(Duration::from_secs(5));
//!
//! #[cached(RATES, key = (from, to))]
//! async fn rate(from: &str, to: &str) -> Result<f64, std::io::Error> {
//!     Ok(1.08)
//! }
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
//! they are kept and when they are handed out, so a value must be `Clone`, and the whole result
//! `Send + Sync + 'static`. An `Err` whose type is not `Clone` is never kept. A function's own cache
//! keeps whole results; a [`Cache`] keeps the values, see [`Answer`].
//!
//! # Concurrent calls
//!
//! Calls that miss the same key at the same time run the function once. The others wait and get
//! a clone of the result, also where it is a failure that is not kept; where the failure cannot be
//! cloned, or is of another type because functions share the cache, they run the function
//! themselves, at once and side by side. A call that comes after a failure begins a new run. When
//! the one that runs the function is dropped or panics, the next one that waits runs it.
//!
//! Two things follow for callers. A function that calls itself with the same key waits for itself.
//! And a call that was begun and is no longer polled, in a `select!` loop for example, makes
//! those wait who share its run.
//!
//! # Invalidation
//!
//! [`Cache::invalidate`], [`Cache::clear`] and [`Cache::prime`] act in this process before they
//! return, and in the others that share a second tier when what they return is awaited. A load that began
//! before is not kept, and nobody who comes after joins it; those who wait for it already get its answer.
//! A value that is put in while a load ends may be lost, which costs another load.
//!
//! # Old values
//!
//! | setting | an old value is handed out |
//! |---|---|
//! | `refresh_after` | while one caller, or with `refresh = spawn` a task, loads the new one; and where that load fails, until the value expires |
//! | `stale_if_error` | when a load fails after it expired, for that long |
//!
//! Failures here are errors that are not terminal, and refusals by a layer below. A definite "no" is
//! none: it is handed out, and the old value goes. After an invalidation no older value is handed
//! out, whatever fails.
//!
//! # A second tier
//!
//! A [`SecondTier`] lies behind the cache: a miss asks it before it runs the function, within the one
//! run that callers share, and what is loaded is put there. What another process invalidates it tells the
//! caches of this one.
//!
//! | the tier | a miss | `invalidate`, `clear`, `prime` |
//! |---|---|---|
//! | fails, or takes longer than its limit | runs the function, or is refused: [`when_down`] | take effect here, and end with a [`TierError`] |
//! | has a value that does not read | runs the function | |
//! | failed when it was asked | what the function returns is kept here only | |
//!
//! # State
//!
//! A function's own cache belongs to it in the source: all calls share it, whatever their `self`, and
//! those of each set of type parameters have one of their own. A [`Cache`] belongs to whoever has it.
//! Without a second tier nothing is written to disk or shared between processes.
//!
//! # Time
//!
//! Ages count by the monotonic clock, [`clock::mono`](crate::clock::mono), which stands still in a
//! test that paused tokio's.

mod answer;
mod cache;
mod config;
mod decision;
mod entry;
mod flight;
#[doc(hidden)]
mod form;
mod handle;
mod hear;
mod limits;
#[doc(hidden)]
mod load;
mod lookup;
mod memory;
#[doc(hidden)]
mod own;
#[doc(hidden)]
mod probes;
mod query;
#[doc(hidden)]
mod refresh;
#[doc(hidden)]
pub mod rt;
mod shelf;
mod stats;
#[cfg(test)]
mod tests;
mod tier;
#[doc(hidden)]
mod tiered;
pub mod when_down;

pub use crate::key::Key;
pub use answer::Answer;
pub use cache::Cache;
pub use config::CacheConfig;
pub use handle::{GetOrLoad, Told};
pub use hear::{Invalidations, Listeners, Origin};
pub use memory::MemoryTier;
pub use stats::CacheStats;
pub use tier::{Asked, Found, SecondTier, Ticket, TierError};
