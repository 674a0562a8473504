//! How long calls take, and how they end: one histogram for every function.
//!
//! [`#[timed]`](macro@crate::timed) records each call in
//! `steadfast_call_duration_seconds{name, outcome}` through the
//! [`metrics`](https://docs.rs/metrics) facade, so that any of its exporters serves. The
//! time runs from the call's first poll. The recorder is looked up for each call, so one that is
//! installed late still counts, and nothing is recorded while there is none.
//!
//! `name` is the function's name. Times are in seconds; [`BUCKETS`] are those that fit them.
//!
//! | `outcome` | the call |
//! |---|---|
//! | `success` | returned `Ok`, or a value that is no `Result` |
//! | `transient`, `terminal`, `unknown`, `refused` | returned an error of this [`Kind`](crate::Kind), or was refused by a layer below (which is `unknown` for a timeout) |
//! | `failed` | returned an error that does not say its kind |
//! | `cancelled` | was dropped while it ran |
//! | `panicked` | panicked |
//!
//! ```
//! use metrics_util::debugging::{DebugValue, DebuggingRecorder};
//! use steadfast::timed::METRIC;
//!
//! #[steadfast::timed]
//! async fn docs_timed_settle() -> u32 {
//!     3
//! }
//!
//! let recorder = DebuggingRecorder::new();
//! let snapshotter = recorder.snapshotter();
//! metrics::with_local_recorder(&recorder, || {
//!     let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//!     assert_eq!(runtime.block_on(docs_timed_settle()), 3);
//! });
//!
//! let [(key, .., DebugValue::Histogram(times))] = &snapshotter.snapshot().into_vec()[..] else { panic!() };
//! assert_eq!((key.key().name(), times.len()), (METRIC, 1));
//! let labels: Vec<_> = key.key().labels().map(|label| (label.key(), label.value())).collect();
//! assert_eq!(labels, [("name", "docs_timed_settle"), ("outcome", "success")]);
//! ```

mod future;
mod policy;
mod recorder;
#[doc(hidden)]
pub mod rt;
#[cfg(test)]
mod tests;

pub use policy::{BUCKETS, METRIC, Timed};
