//! An answer in place of the one that could not be had: a stale rate, an empty list, another provider.
//!
//! A fallback stands in where a call may well have been answered another time: for transient failures,
//! for unknown outcomes, and for the refusals of an open circuit, a limiter, a bulkhead and a timeout.
//! It leaves alone what the caller has to hear of: a definite answer (a declined card), invalid
//! arguments, and everything that an [`idempotent`](macro@crate::idempotent) below says of a key and
//! its record, a record that could not be written above all: the result is inside that refusal.
//!
//! A refusal that came out of a function which the body called, in an error of its own, no longer says
//! its reason. It is stood in for, whatever it was; `on` or `when` on the attribute draw the line
//! elsewhere.
//!
//! # What surfaces
//!
//! What stands in gets the error by value and decides what becomes of it. Where it cannot answer
//! either, its own failure is what the caller gets. Give it the first one as its source: nobody else
//! can, because only the error type knows where a source goes.
//!
//! # What is recorded
//!
//! Under an `idempotent` a stand-in's answer goes to the caller and not into the record, which goes by
//! the call's own failure: after a transient one or a refusal the key is free, and a later call with it
//! runs again; after an unknown outcome it stays unknown until somebody resolves it.
//!
//! Each one that stands in is counted: `steadfast_fallbacks_total{name, kind}`.

mod aside;
mod future;
mod policy;
#[doc(hidden)]
pub mod rt;
#[cfg(test)]
mod tests;

pub use policy::Fallback;
