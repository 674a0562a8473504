//! Several steps in several systems that are all done, or all undone.
//!
//! A checkout reserves stock, charges a card and orders the parcel, in three systems that know nothing of each
//! other. A [`Saga`] runs such steps in their order, and writes each to a log before it runs, so that
//! a process that dies in the middle loses nothing: another one goes on with it. Where a step fails, what was
//! done before it is undone, in reverse order.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use steadfast::Failure;
//! use steadfast_payments::saga::{Decided, MemorySagaLog, Saga, SagaError, Step};
//!
//! /// What goes from step to step, and into the log.
//! #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
//! struct Order {
//!     sku: String,
//!     amount: u64,
//!     charge: Option<String>,
//! }
//!
//! #[derive(Debug, Failure)]
//! enum CheckoutError {
//!     #[failure(terminal)]
//!     SoldOut,
//!     #[failure(terminal)]
//!     Declined { reason: String },
//!     #[failure(unknown)]
//!     NoAnswer,
//! }
//!
//! /// The clients that the steps call.
//! #[derive(Clone)]
//! struct App;
//!
//! async fn reserve(app: App, order: Order, step: Step) -> Result<Order, CheckoutError> {
//!     // warehouse.reserve(&order.sku, step.downstream_key()).await
//!     if order.sku == "gone" { Err(CheckoutError::SoldOut) } else { Ok(order) }
//! }
//!
//! async fn release(app: App, order: Order, step: Step) -> Result<(), CheckoutError> {
//!     Ok(()) // warehouse.release(..), under a key of its own: step.downstream_key()
//! }
//!
//! async fn charge(app: App, mut order: Order, step: Step) -> Result<Order, CheckoutError> {
//!     if order.amount > 1_000 {
//!         return Err(CheckoutError::Declined { reason: "over the limit".into() });
//!     }
//!     order.charge = Some("ch_1".into()); // gateway.charge(order.amount, step.downstream_key()).await?
//!     Ok(order)
//! }
//!
//! async fn ship(app: App, order: Order, step: Step) -> Result<Order, CheckoutError> {
//!     Ok(order)
//! }
//!
//! const VERSION: u32 = 1;
//!
//! fn checkout() -> Saga<App, Order, CheckoutError, Decided> {
//!     Saga::new("checkout", VERSION)
//!         .step("reserve", reserve, release) // undone where a later step fails
//!         .pivot("charge", charge) // decides
//!         .forward("ship", ship) // tried until it is done
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let log = MemorySagaLog::default();
//! let order = Order { sku: "book".into(), amount: 500, charge: None };
//! let done = checkout().run(&App, &log, "order-17", order.clone()).await.unwrap();
//! assert_eq!(done.charge.as_deref(), Some("ch_1"));
//!
//! // The same id gives the same outcome; nothing is charged twice.
//! assert_eq!(checkout().run(&App, &log, "order-17", order.clone()).await.unwrap(), done);
//!
//! let dear = Order { amount: 5_000, ..order };
//! let Err(SagaError::Undone { step, error, .. }) = checkout().run(&App, &log, "order-18", dear).await else { panic!() };
//! assert_eq!(step, "charge");
//! assert!(matches!(error, Some(CheckoutError::Declined { .. })));
//! assert_eq!(
//!     checkout().execution(&log, "order-18").await?.unwrap().to_string(),
//!     "checkout order-18, version 1: undone\n  \
//!      1  reserve  undone\n  \
//!      2  charge   failed: it failed with a definite answer\n  \
//!      3  ship     waiting"
//! );
//!
//! // When the service starts, and every minute: what other processes left when they died.
//! let resumed = checkout().resume_all(&App, &log).await?;
//! assert!(resumed.is_clean());
//! # Ok(())
//! # }
//! ```
//!
//! # Steps
//!
//! A step's function is a plain `async fn` that takes the app, the state and the [`Step`], all by value, so it
//! carries any attribute of [`steadfast`]: `#[retry]`, `#[circuit_breaker]`, `#[timeout]`, also
//! `#[idempotent]`, which needs owned arguments. It returns the next state; an undo returns `()`. The app is
//! cloned for each attempt, so it is a handle: a struct of clients, or an `Arc`.
//!
//! Order is a matter of types. Before the pivot every step has an undo; after it none has one; a second
//! pivot does not compile.
//!
//! **Every function may run more than once.** A process that dies after its call and before its answer is in
//! the log leaves a step that may have happened. It is run again, with the same
//! [key](Step::downstream_key), because its answer is needed, to go on or to go back. Whoever hands the key on
//! to a side that knows idempotency keys has each effect once; nobody else has.
//!
//! # What a failure means
//!
//! By the error's [`Kind`](steadfast::Kind), which its type says ([`derive(Failure)`](derive@steadfast::Failure)):
//!
//! | the step is | transient, refused | terminal | unknown |
//! |---|---|---|---|
//! | before the pivot, or the pivot | tried again ([`retry`](Saga::retry)), then the saga goes back | goes back | tried again, then insisted on, then stuck |
//! | after the pivot | insisted on ([`insist`](Saga::insist)), then stuck | stuck | insisted on, then stuck |
//! | being undone | insisted on, then stuck | stuck | insisted on, then stuck |
//!
//! What a layer refuses (a limit, an open circuit) is tried again where the refusal says until when. A step that
//! may have happened is never skipped: neither forgotten by going back, nor taken for done. Where one
//! attempt may have happened, a later one that surely did nothing does not change that; a definite answer
//! does, because both have the same key. After a crash, the step that was running is such a one.
//!
//! # Stuck
//!
//! A saga that can go neither on nor back by itself stays, with an error event of `tracing`, until an operator has
//! looked: [`Saga::stuck`] lists them, [`Saga::execution`] says what happened, [`Saga::resolve`] says what became
//! of the step, with a reason that the log keeps. It is never answered as done.
//!
//! # Who runs it
//!
//! One executor at a time: it has a lease, renewed beside the work, and every entry it writes is compared
//! with its token. One that stood still too long learns that it lost ([`SagaError::Lost`]) and runs nothing
//! more. A caller who goes away stops nothing: the saga runs on ([`steadfast::finish`]). A process that
//! dies, a step that panics and a log that is gone are the same: the saga is open, its lease ends, and
//! [`Saga::resume_all`] goes on with it. A saga goes on only under the definition under which it began: with another
//! version or other steps it is refused, and the refusal says what differs. So a deploy that changes
//! the steps keeps the old definition, for [`resume_all`](Saga::resume_all), until its sagas have ended.
//!
//! # What is kept
//!
//! In the log stand the input and the state after each step, as JSON, and terminal errors: what must not be
//! stored (a card's number) has no place in the state. Sagas that have ended stay until
//! [`SagaLog::purge`] is asked (in Redis for 90 days at most), which must be later than anybody can come again with their ids: a forgotten id is
//! one that runs again.
//!
//! Inside an idempotent function, whose own record must learn the outcome after a crash, see
//! [`Saga::recovered`].

#[cfg(feature = "conformance")]
pub mod conformance;
mod definition;
mod entry;
mod error;
mod execution;
mod executor;
mod functions;
mod id;
mod lease;
mod log;
mod memory;
mod operate;
mod payment;
mod plan;
mod record;
mod resume;
mod run;
mod step;
mod story;
mod time;
mod verdict;

pub use definition::{AfterPivot, BeforePivot, Decided, Open, Saga};
pub use entry::Why;
pub use error::{Impossible, SagaError};
pub use execution::{Execution, Progress};
pub use functions::{Acts, Undoes};
pub use id::SagaId;
pub use log::{Claimed, NewClaim, NewEntry, SagaLog, SagaRecord, Status, Then, Which};
pub use memory::MemorySagaLog;
pub use operate::{OperateError, Resolution};
pub use plan::{DefinitionError, Difference};
pub use record::SagaState;
pub use resume::Resumed;
pub use step::Step;

#[cfg(test)]
mod tests;
