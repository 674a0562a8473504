//! What a payment system needs around the attributes of [`steadfast`].
//!
//! | module | what is in it |
//! |---|---|
//! | [`error`] | [`PaymentError`]: why money did not move, or why nobody can say; what is known of each case, its code, its HTTP answer |
//! | [`money`] | [`Money`] in the minor units of a [`Currency`], read strictly, summed without overflow |
//! | [`gateway`] | [`PaymentGateway`]: hold, take, let go, give back, ask; and a fake one with a ledger, for tests |
//! | [`saga`] | steps with their undo, a durable log, one executor; what is begun is ended after a crash |
//! | [`webhooks`] | signatures of Standard Webhooks and Stripe, made and verified; each delivery acted on once |
//! | [`redaction`] | card data kept out of logs, and types for what must not be printed |
//! | [`fraud`] | rules before a payment, every verdict kept, velocity counted once for each payment |
//! | [`reconciliation`] | our books against the gateway's report, in bounded memory, and what to do with the differences |
//!
//! # A charge
//!
//! The stack says what happens around the call to the gateway; the error says what is known of it; the
//! key of the claim makes every attempt the same charge:
//!
//! ```
//! use steadfast::idempotent::{Claim, IdempotencyKey, MemoryStore, Recovered};
//! use steadfast::{circuit_breaker, idempotent, rate_limit, retry, timeout};
//! use steadfast_payments::gateway::{Authorization, Authorize};
//! use steadfast_payments::{PaymentError, PaymentGateway};
//!
//! #[derive(Clone)]
//! struct App<G> {
//!     gateway: G,
//!     records: MemoryStore, // a table or Redis in production
//! }
//!
//! #[idempotent(
//!     name = "docs.payments.authorize",
//!     key = key,
//!     payload = order,
//!     store = app.records,
//!     on_unknown = recover = ask_gateway,
//!     claim = claim
//! )]
//! #[retry(max_attempts = 3, delay = "10ms", repeatable = claim)]
//! #[circuit_breaker(failure_threshold = 5, recovery_timeout = "30s")]
//! #[rate_limit(max_calls = 100, period = "1m")]
//! #[timeout("2s")]
//! async fn authorize<G>(app: App<G>, order: Authorize, key: IdempotencyKey) -> Result<Authorization, PaymentError>
//! where
//!     G: PaymentGateway + Clone + 'static,
//! {
//!     app.gateway.authorize(&order, claim.downstream_key()).await
//! }
//!
//! /// A call of unknown outcome: the gateway knows what became of its key.
//! async fn ask_gateway<G: PaymentGateway>(
//!     claim: &Claim,
//!     app: &App<G>,
//!     _order: &Authorize,
//!     _key: &IdempotencyKey,
//! ) -> Result<Recovered<Authorization>, PaymentError> {
//!     app.gateway.look_up(claim.downstream_key()).await?.recovered()
//! }
//!
//! # #[cfg(feature = "testing")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use steadfast_payments::gateway::fake::{FakeGateway, Reply};
//! use steadfast_payments::{Currency, Money};
//!
//! // The first attempt does not get through, the second does, and its answer is lost.
//! let gateway = FakeGateway::new();
//! gateway.on_call(1, Reply::Unreachable);
//! gateway.on_call(2, Reply::LoseAnswer);
//!
//! let app = App { gateway: gateway.clone(), records: MemoryStore::default() };
//! let card = "tok_visa".parse()?;
//! let order = Authorize { card, amount: Money::new(1990, Currency::EUR), reference: "order-17".to_owned() };
//! let key = IdempotencyKey::new("order-17")?;
//! let held = authorize(app.clone(), order.clone(), key.clone()).await?;
//!
//! // The client sends it again: the same answer, and no call.
//! assert_eq!(authorize(app, order, key).await?, held);
//! assert_eq!((gateway.charges().len(), gateway.calls()), (1, 3));
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "testing"))]
//! # fn main() {}
//! ```
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `axum` | a [`PaymentError`] is a response (RFC 9457), and an extractor for webhooks keeps the raw body |
//! | `conformance` | the checks that any log of sagas must pass |
//! | `reconciliation` (default) | [`reconciliation`] |
//! | `redaction` (default) | the layer for `tracing` in [`redaction`] |
//! | `testing` | [`FakeGateway`](gateway::fake::FakeGateway) |
//! | `webhooks` (default) | [`webhooks`] |
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod error;
pub mod fraud;
pub mod gateway;
pub mod money;
#[cfg(feature = "reconciliation")]
pub mod reconciliation;
pub mod redaction;
pub mod saga;
#[cfg(feature = "webhooks")]
pub mod webhooks;

pub use error::PaymentError;
pub use gateway::PaymentGateway;
pub use money::{Currency, Money};
