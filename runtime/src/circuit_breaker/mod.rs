//! Stop calling a dependency that keeps failing, and find out gently when it is back.
//!
//! A breaker is **closed** while all is well: every call goes through. After
//! [`failure_threshold`](CircuitBreaker::failure_threshold) failures in a row, or when the [rate of
//! failures](CircuitBreaker::failure_rate) reaches its mark, it is **open**: calls are refused at
//! once, with the time to wait. After [`recovery_timeout`](CircuitBreaker::recovery_timeout) it is
//! **half open**: at most [`half_open_max_calls`](CircuitBreaker::half_open_max_calls) calls at once
//! are let through as probes. [`success_threshold`](CircuitBreaker::success_threshold) successes
//! close it, one failure opens it again, and the recovery may
//! [grow](CircuitBreaker::recovery_backoff) with each of these.
//!
//! ```
//! use std::time::Duration;
//! use steadfast::circuit_breaker::{BreakerState, CircuitBreaker};
//!
//! static GATEWAY: CircuitBreaker = CircuitBreaker::new("gateway")
//!     .failure_threshold(5)
//!     .recovery_timeout(Duration::from_secs(30));
//!
//! assert_eq!(GATEWAY.state(), BreakerState::Closed);
//! ```
//!
//! Functions use it by name, `#[circuit_breaker(GATEWAY)]`. A setting that cannot be right does
//! not compile in a `static`:
//!
//! ```compile_fail
//! use steadfast::circuit_breaker::CircuitBreaker;
//!
//! static GATEWAY: CircuitBreaker = CircuitBreaker::new("gateway").failure_threshold(0);
//! # GATEWAY.state();
//! ```
//!
//! # What counts
//!
//! | the call | the breaker |
//! |---|---|
//! | succeeds | forgets the failures in a row; as a probe, counts towards closing |
//! | fails, transient or unknown, a timeout below included | counts a failure |
//! | panics | counts a failure; the panic goes on |
//! | fails, terminal, or is refused by a layer or function below | learns nothing |
//! | is dropped before it ends | learns nothing |
//! | takes [`slow_call`](CircuitBreaker::slow_call), whether it succeeds, fails for good or is dropped | counts a slow call; as a probe, opens again |
//!
//! A call that teaches nothing neither heals nor harms: it does not break a row of failures, and
//! as a probe it gives its place to the next. A call that ends after the breaker has changed its
//! state teaches nothing either, since it tells of the time before.
//!
//! A probe holds its place until it ends. One that hangs for ever would keep the breaker half
//! open for ever, so put a [`timeout`](mod@crate::timeout) below.
//!
//! # In a row, or by rate
//!
//! Failures in a row are for a dependency that is either there or not. A busy one that fails in part
//! wants a rate: over a [time](CircuitBreaker::window) or over the last [so many
//! calls](CircuitBreaker::window_calls), known from [`minimum_calls`](CircuitBreaker::minimum_calls)
//! on, compared whenever an outcome is recorded. Slow calls have a
//! [rate](CircuitBreaker::slow_rate) of their own. One breaker does one of the two.
//!
//! # By hand
//!
//! [`force_open`](CircuitBreaker::force_open), [`disable`](CircuitBreaker::disable) and
//! [`metrics_only`](CircuitBreaker::metrics_only) beat its decision until
//! [`reset`](CircuitBreaker::reset). Each change of state is an event, a count, and something that
//! [code can await](CircuitBreaker::changes).
//!
//! # One breaker, one state
//!
//! A breaker is its state. Everything that uses one `static` shares one row of failures: several
//! functions that call one dependency should, two dependencies should not. A breaker whose
//! settings stand on the attribute belongs to that one function in the source: all calls of it
//! share it, whatever their arguments, their `self` and their type parameters. For one state per
//! instance make the breaker a field and name it with an expression, such as `self.breaker`; for one
//! state per tenant or gateway give the attribute a `key`, or share a [`Keyed`](crate::keyed::Keyed).
//! Tests in one process share a `static` as well.
//!
//! # Several processes, one circuit
//!
//! [`shared`](CircuitBreaker::shared) keeps the state behind a [`Backend`], such as a Redis, where all
//! processes see it. What happens while that does not answer has to be [chosen](crate::shared).
//!
//! # Time
//!
//! Only the monotonic clock counts. A breaker that opens after failures in a row reads it only when a
//! call fails or it is not closed; one that opens by rate for every call, on Linux for most successes only
//! as exactly as the kernel ticks (some milliseconds), where its window is a second or longer and has no
//! `slow_call`. It is [`clock::mono`](crate::clock::mono), so it stands still in a test that paused tokio's. A
//! breaker works outside a runtime, too. The clock of a shared one is its backend's.

mod backend;
mod breaker;
mod call;
mod changes;
mod config;
mod control;
mod decision;
mod describe;
mod future;
mod keyed;
#[cfg(steadfast_models)]
pub mod modelled;
mod policy;
mod present;
#[doc(hidden)]
pub mod rt;
mod scheme;
mod shared;
mod shared_call;
mod state;
mod stripes;
mod tally;
#[cfg(test)]
mod tests;
mod thread_number;

pub use backend::{Admission, Backend, Circuit, Ended, Opens, Outcome, Permit, Seen};
pub use breaker::{CircuitBreaker, Local};
pub use changes::Changes;
pub use config::CircuitBreakerConfig;
pub use decision::Control;
#[doc(hidden)]
pub use keyed::BreakerOf;
pub use policy::Window;
pub use shared::Shared;
pub use state::BreakerState;
