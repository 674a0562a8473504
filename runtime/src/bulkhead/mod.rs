//! Keep the number of calls that run at once within a limit, so that one slow dependency cannot
//! take all of a program's connections, memory or time.
//!
//! ```
//! use std::time::Duration;
//! use steadfast::bulkhead::Bulkhead;
//!
//! static REPORTS: Bulkhead = Bulkhead::new("reports", 10).max_wait(Duration::from_secs(2));
//!
//! assert_eq!(REPORTS.name(), "reports");
//! ```
//!
//! Functions use it by name, `#[bulkhead(REPORTS)]`. A setting that cannot be right does not compile
//! in a `static`:
//!
//! ```compile_fail
//! use steadfast::bulkhead::Bulkhead;
//!
//! static REPORTS: Bulkhead = Bulkhead::new("reports", 0);
//! # REPORTS.name();
//! ```
//!
//! # Refuse or wait
//!
//! A call that finds every place taken is refused at once, with
//! [`Reason::Full`](crate::Reason::Full). With [`max_wait`](Bulkhead::max_wait) it may wait for a place
//! instead. Waiters stand in line: first come, first served, and nobody overtakes them. A waiter
//! that is dropped leaves the line, and a place it was just given goes to the next.
//!
//! A place is a [`Permit`], a guard: a call that ends, fails, panics or is dropped gives it back.
//! Below a retry every attempt takes a place of its own, gives it back before the pause, and queues
//! at the end of the line again. Nobody knows when a place becomes free, so a refusal does not say how
//! long to wait, and a retry pauses as it does after a failure.
//!
//! # One bulkhead, one state
//!
//! A bulkhead is its state. Everything that uses one `static` shares its places: that is how several
//! functions share one dependency's. A bulkhead whose settings stand on the attribute belongs to that
//! one function in the source, whatever its generics or its `self`. For one per instance make it a
//! field and name it with an expression, such as `self.reports`. Each process counts for itself.
//!
//! A function that calls itself, or another one behind the same bulkhead, takes a second place while
//! it holds the first: where all places are held by calls that wait for a second one, none of them
//! goes on before `max_wait` is over.
//!
//! # Time
//!
//! Waiting needs tokio's timer. Where there is no tokio runtime, a call that finds every place taken
//! is refused as if `max_wait` were zero.

mod config;
mod future;
mod policy;
#[doc(hidden)]
pub mod rt;
mod state;
#[cfg(test)]
mod tests;

pub use config::BulkheadConfig;
pub use policy::Bulkhead;
pub use state::Permit;
