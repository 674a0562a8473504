//! Keep calls within a limit: somebody else's, or your own.
//!
//! There are two ways to count, and they promise different things:
//!
//! - [`RateLimiter::window`] means what it says: never more than `max_calls` in *any* period,
//!   wherever the period begins. It remembers the time of every call of the last period (24 bytes
//!   each, at most `max_calls` of them, asked for as they are needed).
//! - [`RateLimiter::rate`] smooths. A burst may go through at once, and then one call at each
//!   interval (GCRA, also known as a token bucket). It needs a few bytes only. **With a burst of
//!   `N` almost `2 N` calls can go through in the first period**: the burst, and what the rate
//!   refills meanwhile. Against a limit that somebody enforces by counting, use the window, or a
//!   smaller burst.
//!
//! ```
//! use std::time::Duration;
//! use steadfast::rate_limit::RateLimiter;
//!
//! static GATEWAY_CALLS: RateLimiter =
//!     RateLimiter::window("gateway_calls", 100, Duration::from_secs(60));
//! static SEARCHES: RateLimiter =
//!     RateLimiter::rate("searches", 600, Duration::from_secs(60), 20)
//!         .max_wait(Duration::from_secs(2));
//!
//! assert_eq!(GATEWAY_CALLS.name(), "gateway_calls");
//! # let _ = &SEARCHES;
//! ```
//!
//! Functions use it by name, `#[rate_limit(GATEWAY_CALLS)]`. A setting that cannot be right does
//! not compile in a `static`:
//!
//! ```compile_fail
//! use std::time::Duration;
//! use steadfast::rate_limit::RateLimiter;
//!
//! static GATEWAY_CALLS: RateLimiter = RateLimiter::window("gateway_calls", 0, Duration::from_secs(60));
//! # GATEWAY_CALLS.name();
//! ```
//!
//! A call takes one, or what it costs ([`acquire`](RateLimiter::acquire), `cost` on the attribute). One
//! that costs more than there ever is free is refused for good, with
//! [`Reason::TooCostly`](crate::Reason::TooCostly). For a limit for each tenant or account see
//! [`keyed`](crate::keyed).
//!
//! # Refuse or wait
//!
//! A call over the limit is refused at once, with [`Reason::Limited`](crate::Reason::Limited) and
//! the exact time after which it would be let through if nobody else comes. With
//! [`max_wait`](RateLimiter::max_wait) it may wait instead. Waiters stand in line: first come,
//! first served, and nobody overtakes them. The wait is known beforehand, place in the line
//! included, so a call that would wait too long is refused when it comes, not after it waited.
//! Nothing is reserved: a waiter that is dropped leaves its turn to the next. A heavy call at the
//! head of the line is not overtaken by light ones.
//!
//! # Two limiters
//!
//! A call that a second limiter lower in the same stack refuses did not happen, and the first gets
//! back what it let through. A window is then as if the call had never come. A rate gets back what
//! time has not made up for yet, and never so much that more would go through than without the call.
//!
//! # One limiter, one state
//!
//! A limiter is its state. Everything that uses one `static` shares one limit: that is how several
//! functions keep within the quota of one API key. A limiter whose settings stand on the attribute
//! belongs to that one function in the source: all calls of it share the limit, whatever their
//! arguments, their `self` and their type parameters. For one limit per instance make the limiter
//! a field and name it with an expression, such as `self.limiter`. Each process counts for itself.
//! Tests in one process share a `static` as well, and a test that moved a paused clock forward
//! leaves admissions behind that lie in the future of the others.
//!
//! # Several processes, one limit
//!
//! [`shared`](RateLimiter::shared) keeps the count behind a [`Backend`], such as a Redis, where all
//! processes see it. What happens while that does not answer has to be [chosen](crate::shared).
//!
//! # Time
//!
//! Only the monotonic clock counts, [`clock::mono`](crate::clock::mono), so it stands still in a
//! test that paused tokio's. Where no test can pause it, a limit by rate lets calls through by the
//! processor's counter, which is held to that clock and costs a fraction of it. Limiting works outside
//! a runtime; waiting does not: where there is no tokio runtime, a call over the limit is refused as if
//! `max_wait` were zero. Timers are a millisecond coarse, and always late rather than early.

mod backend;
mod books;
mod call;
mod config;
mod decision;
mod desk;
mod future;
mod limiter;
mod line;
mod place;
mod policy;
mod queue;
mod quota;
#[doc(hidden)]
pub mod rt;
mod scheme;
mod shared;
mod shared_call;
mod smooth;
#[cfg(test)]
mod tests;
mod upper;

pub use backend::{Answer, Backend, Limit, Receipt};
pub use config::RateLimiterConfig;
pub use limiter::{Local, RateLimiter};
pub use quota::{Counting, Quota};
pub use shared::Shared;
