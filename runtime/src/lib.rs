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
//! | a pattern's policy, that functions share, and its behaviour | the module of the same name |
//! | what a failure means to the layers | [`Kind`], [`Failure`](trait@Failure), [`derive(Failure)`](derive@Failure) |
//! | what a layer says when it refuses | [`Rejection`], [`Reason`] |
//! | what every order of two attributes means | `docs/stacking.md` in the repository |
//! | all annotated functions of a program, with their live state | [`registry`] |
//!
//! # How a stack runs
//!
//! The outermost attribute composes the whole stack: each layer is a future around the one below,
//! the body is the innermost, and nothing is boxed or allocated but for an idempotent call. Inside
//! the stack a layer's refusal travels beside the function's own errors; at the outer edge it
//! becomes one of them, once, through `From<Rejection>`. State lives in a `static` inside the
//! function: one for the source function, whatever its generics or instance. For state of an
//! instance give an expression (`self.breaker`).
//!
//! # Features
//!
//! None is on by default, and none changes what is there without it.
//!
//! | feature | what it adds |
//! |---|---|
//! | `axum` | `idempotent` keeps `axum::Json<T>` and `(StatusCode, Json<T>)` results |
//! | `garde` | `validate` asks parameters that implement `garde::Validate` |
//! | `testing` | time follows tokio's clock while a test has paused it |
//! | `uuid` | a `uuid::Uuid` is an idempotency key |

#[doc(hidden)]
#[path = "rt.rs"]
pub mod __rt;
pub mod cached;
pub mod circuit_breaker;
pub mod clock;
mod failure;
pub mod idempotent;
mod kinds;
mod layer;
pub mod logged;
pub mod mask;
mod observe;
mod outcome;
mod policy;
pub mod rate_limit;
pub mod registry;
mod rejection;
pub mod retry;
pub mod timed;
pub mod timeout;
pub mod validate;
mod watch;

pub use failure::{Failure, Kind, Record, RecordError, ReplayFailure, Signal};
pub use layer::Layer;
pub use policy::PolicyError;
pub use rejection::{Reason, Rejection};

#[doc = include_str!("failure/derive.md")]
pub use steadfast_macros::Failure;
#[doc = include_str!("cached/attribute.md")]
pub use steadfast_macros::cached;
#[doc = include_str!("circuit_breaker/attribute.md")]
pub use steadfast_macros::circuit_breaker;
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
