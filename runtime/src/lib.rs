//! Attributes that make one async function safe to call against a world that fails.
//!
//! They are stacked on a function in the order in which they run, the outermost on top, and a
//! stack that would charge a customer twice does not compile.
//!
//! ```
//! use steadfast::circuit_breaker::CircuitBreaker;
//! use steadfast::idempotent::{IdempotencyKey, MemoryStore};
//! use steadfast::{Failure, Rejection, circuit_breaker, idempotent, retry, timeout};
//!
//! #[derive(Debug, Failure)]
//! enum PaymentError {
//!     #[failure(transient)] // nothing happened: try again
//!     Network(std::io::Error),
//!     #[failure(terminal)] // a definite answer: stored, and replayed as it was
//!     Declined(String),
//!     #[failure(transparent)] // a layer said no
//!     Refused(Rejection),
//! }
//!
//! impl From<Rejection> for PaymentError {
//!     fn from(rejection: Rejection) -> Self {
//!         Self::Refused(rejection)
//!     }
//! }
//!
//! static GATEWAY: CircuitBreaker = CircuitBreaker::new("gateway");
//!
//! #[idempotent(name = "charges.create", key = key, payload = amount, store = records, claim = claim)]
//! #[retry(max_attempts = 3, delay = "200ms", repeatable = claim)]
//! #[circuit_breaker(GATEWAY)]
//! #[timeout("2s")]
//! async fn charge(records: MemoryStore, amount: u64, key: IdempotencyKey) -> Result<String, PaymentError> {
//!     Ok(format!("charged {amount} under {}", claim.downstream_key()))
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (records, key) = (MemoryStore::default(), IdempotencyKey::new("order-17")?);
//! let first = charge(records.clone(), 500, key.clone()).await.unwrap();
//! let again = charge(records, 500, key).await.unwrap();
//! assert_eq!(first, again); // the body ran once
//! # Ok(())
//! # }
//! ```
//!
//! # Where to look
//!
//! | for | see |
//! |---|---|
//! | an attribute: its settings, refusals, and the code one would have written by hand | the attribute macros below |
//! | how a pattern behaves, its policy, and the breakers and limiters that functions share | the module of the same name |
//! | what a failure means to the layers | [`Kind`], [`Failure`](trait@Failure), [`derive(Failure)`](derive@Failure) |
//! | what a layer says when it refuses, and as which HTTP response | [`Rejection`], [`Reason`] |
//! | a store for the records of `idempotent`, and resolving unknown outcomes | [`Store`](idempotent::Store), [`Operator`](idempotent::Operator); `docs/stores.md` in the repository says which to choose |
//! | who saw it first: webhooks that arrive more than once | [`first_seen`] |
//! | what every order of two attributes means | `docs/stacking.md` in the repository |
//! | all annotated functions of a program, with their live state | [`registry`] |
//! | settings from files and the environment, by name | [`configure`](fn@configure) |
//! | an operator's hand on a breaker or a cache, by name | [`control`](fn@control) |
//! | limits and circuits that several processes share, and what they do when their server is down | [`shared`] |
//! | tests, each with a state of its own; faults, forced states, time | `testing`, with the feature of its name |
//!
//! # How an attribute is written
//!
//! In four forms: `name = value`, a bare flag (`repeatable`), a list (`args(request.order)`), and one
//! value without a name that comes first (the shared policy of `circuit_breaker`, `rate_limit`,
//! `retry`, `bulkhead` and `cached`, `timeout`'s duration, what stands in under `fallback`).
//!
//! A duration is a literal with a unit (`"200ms"`, `"1m30s"`; ns, us, ms, s, m, h, d, without decimal
//! points), checked when the program compiles, or an expression of type `Duration`. A policy is made
//! when the program compiles, so its expressions name constants; what belongs to the call (`key`,
//! `payload`, `store`, `args`, a timeout's duration ..) names arguments. The outermost attribute of a
//! stack takes `crate = path`, for a crate that re-exports this one.
//!
//! # How a stack runs
//!
//! The outermost attribute composes the whole stack: each layer is a future around the one below,
//! the body is the innermost. Nothing is boxed or allocated where nothing is stored, logged or waited
//! for. Inside the stack a layer's refusal travels beside the function's own errors; at the outer edge
//! it becomes one of them, once, through `From<Rejection>`. State lives in a `static` inside the
//! function: one for the source function, whatever its generics or instance; only a cache has one for
//! each set of type parameters. For state of an instance give an expression (`self.breaker`).
//!
//! Whatever waits (a retry's pause, a timeout, a turn at a limiter, a lease) waits by tokio's timer, so
//! annotated functions are polled inside a tokio runtime with `enable_time`; outside of one tokio
//! panics where its timer is first needed. A call that is answered at once needs none.
//!
//! On a plain `fn` the same layers run on the thread that calls it, and no runtime is needed. A retry's
//! pause then blocks the thread, and so does a call that meets another one's run of a cached function;
//! a limiter refuses instead of waiting. `timeout` and `idempotent` stand on an `async fn` only.
//!
//! # Where an attribute may stand
//!
//! On every function with a body: free, nested or generic, on methods with any `self`, in traits and
//! as their defaults, on handlers with extractor patterns, in what a `macro_rules` macro writes. Not on
//! `const`, `unsafe` and `extern` functions, on a function that returns a future without being async,
//! nor on closures, which a policy's own functions guard.
//!
//! | beside | |
//! |---|---|
//! | `#[async_trait]` | the stack guards the body inside the box; `self` in a setting is the method's |
//! | `#[tokio::main]`, `#[tokio::test]` | above or below: the stack runs inside the runtime |
//! | `#[tracing::instrument]` | below the stack: one span around it. Above: a span for each attempt, which owns the arguments that the body uses |
//! | `#[axum::debug_handler]` | below the stack; above it too where the body uses no name that the stack binds (`claim`, `attempt`) |
//!
//! # What it tells
//!
//! Beside what [`timed`](macro@timed) and [`logged`](macro@logged) record, the layers count through the
//! [`metrics`](https://docs.rs/metrics) facade and emit [`tracing`](https://docs.rs/tracing) events. Both are free while nobody listens. No key, argument
//! or value is ever in them; an error of your store is, in `error`.
//!
//! | counter | labels | event, its level |
//! |---|---|---|
//! | `steadfast_refusals_total` | `layer`, `name`, `code` | `refused`, debug |
//! | `steadfast_retries_total` | `name` | `retrying`, debug, with the attempt that failed and the pause |
//! | `steadfast_retry_budget_empty_total` | `name`, `policy` | `retry budget empty`, debug |
//! | `steadfast_fallbacks_total` | `name`, `kind` | `stood in`, debug |
//! | `steadfast_breaker_changes_total` | `name`, `to` | `circuit breaker changed`, info |
//! | `steadfast_breaker_would_change_total` | `name`, `to` | `circuit breaker would change`, info: of one that [only measures](circuit_breaker::CircuitBreaker::metrics_only) |
//! | `steadfast_keys_full_total` | `name` | `no room for a new key`, debug: its call went through a breaker uncounted |
//! | `steadfast_replays_total` | `name` | `replayed`, debug |
//! | `steadfast_shared_state_failures_total` | `layer`, `name`, `answer` | `shared state does not answer`, warn, once until it answers again (info); `answer` is `admitted` or `refused` |
//! | `steadfast_shared_state_untold_total` | `layer`, `name`, `what` | `shared state was not told`, warn: `what` is `ended` (how a call ended), `given_back`, `operated` |
//! | `steadfast_operations_total` | `layer`, `name`, `operation` | `operated`, info, with who did it |
//! | `steadfast_record_trouble_total` | `name`, `what` | `idempotency record`, error: somebody has to look |
//!
//! `what` is `unrecorded` (the work was done, and the caller alone has its result), `not_told` (the
//! store could not be told that a call ended without a result; from the end of its lease on, its
//! outcome counts as unknown), `unencodable` (the result cannot be recorded), `lease_not_renewed`, or
//! `lease_lost`.
//!
//! A cache's second tier that does not answer is an event too, `second tier of a cache` (warn), and counts
//! in the cache's [`stats`](cached::CacheStats).
//!
//! # Features
//!
//! None is on by default, and none changes what is there without it.
//!
//! | feature | what it adds |
//! |---|---|
//! | `axum` | the [`registry`] as a router; `idempotent` keeps `axum::Json<T>` and `(StatusCode, Json<T>)` results; `validate` looks into an `axum::Json<T>`; an [`IdempotencyKey`](idempotent::IdempotencyKey) is an extractor, and a [`Rejection`] a response (RFC 9457) |
//! | `backoff` | an `ExponentialBackoff` of `backoff` is a retry's [`Schedule`](retry::Schedule); any other `Backoff` is by [`pauses_of`](retry::pauses_of). The crate is unmaintained (RUSTSEC-2025-0012) |
//! | `backon` | the builders of `backon` are schedules |
//! | `conformance` | the checks that any store of records must pass (`steadfast::idempotent::conformance`), and what they are made of (`steadfast::conformance`) |
//! | `garde` | `validate` asks parameters that implement `garde::Validate` |
//! | `testing` | tests of annotated functions, each with a state of its own, with faults and time (`steadfast::testing`); the wall clock too follows tokio's while a test has paused it, so that records expire ([`clock`]) |
//! | `uuid` | a `uuid::Uuid` is an idempotency key |

#![cfg_attr(docsrs, feature(doc_cfg))]

#[doc(hidden)]
#[path = "rt.rs"]
pub mod __rt;
mod block;
pub mod bulkhead;
pub mod cached;
pub mod circuit_breaker;
pub mod clock;
mod config;
#[cfg(feature = "conformance")]
pub mod conformance;
mod failure;
pub mod fallback;
pub mod first_seen;
#[cfg(feature = "axum")]
mod http;
pub mod idempotent;
#[doc(hidden)]
mod key;
pub mod keyed;
mod kinds;
mod layer;
pub mod logged;
pub mod mask;
mod moment;
mod named;
mod observe;
mod outcome;
mod policy;
mod problem;
pub mod rate_limit;
pub mod registry;
mod rejection;
pub mod retry;
mod scope;
pub mod shared;
mod slot;
mod sync;
#[cfg(feature = "testing")]
pub mod testing;
pub mod timed;
pub mod timeout;
pub mod validate;
mod watch;

pub use config::ConfigureError;
pub use failure::{Failure, Kind, Record, RecordError, ReplayFailure, Signal};
pub use idempotent::{drain, finish};
pub use layer::Layer;
pub use policy::PolicyError;
pub use problem::Problem;
pub use registry::{Configuration, ConfigureErrors, Control, UnknownName, configure, control};
pub use rejection::{Reason, Rejection};

#[doc = include_str!("failure/derive.md")]
pub use steadfast_macros::Failure;
#[doc = include_str!("bulkhead/attribute.md")]
pub use steadfast_macros::bulkhead;
#[doc = include_str!("cached/attribute.md")]
pub use steadfast_macros::cached;
#[doc = include_str!("circuit_breaker/attribute.md")]
pub use steadfast_macros::circuit_breaker;
#[doc = include_str!("fallback/attribute.md")]
pub use steadfast_macros::fallback;
#[doc = include_str!("idempotent/attribute.md")]
pub use steadfast_macros::idempotent;
#[doc = include_str!("logged/attribute.md")]
pub use steadfast_macros::logged;
#[doc = include_str!("rate_limit/attribute.md")]
pub use steadfast_macros::rate_limit;
#[doc = include_str!("retry/attribute.md")]
pub use steadfast_macros::retry;
#[doc = include_str!("timed/attribute.md")]
pub use steadfast_macros::timed;
#[doc = include_str!("timeout/attribute.md")]
pub use steadfast_macros::timeout;
#[doc = include_str!("validate/attribute.md")]
pub use steadfast_macros::validate;
