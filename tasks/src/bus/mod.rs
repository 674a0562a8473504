//! Events and who hears of them: whoever publishes one does not know its handlers, and is told what each of them
//! said.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//! use steadfast::{Failure, Rejection, retry, timeout};
//! use steadfast_tasks::bus::{Bus, Queue};
//!
//! struct PaymentCaptured { payment: u64, order: u64, minor: i64 }
//!
//! #[derive(Debug, Failure, thiserror::Error)]
//! enum HandlerError {
//!     #[error("the ledger does not answer")]
//!     #[failure(transient)]
//!     LedgerDown,
//!     #[error(transparent)]
//!     #[failure(transparent)]
//!     Refused(#[from] Rejection),
//! }
//!
//! // A handler is a function like any other, with its attributes.
//! #[retry(max_attempts = 3, repeatable, clone(event))]
//! #[timeout("2s")]
//! async fn book(event: Arc<PaymentCaptured>) -> Result<(), HandlerError> {
//!     if event.minor == 0 { Err(HandlerError::LedgerDown) } else { Ok(()) }
//! }
//!
//! async fn count(_: Arc<PaymentCaptured>) {}
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let bus = Bus::new("payments");
//! // Nothing may be missing in the ledger: a publisher waits for room. A dashboard may miss some.
//! bus.subscribe("ledger", Queue::waiting(1_000), book).detach();
//! bus.subscribe("dashboard", Queue::dropping(100), count).detach();
//!
//! // The events of one order are booked one after another.
//! let event = PaymentCaptured { payment: 17, order: 4, minor: 500 };
//! let order = event.order;
//! let report = bus.publish(event).key(order).correlation_id("req-4711").await?;
//! for answer in report.answers() {
//!     assert!(answer.said.is_ok(), "{}: {:?}", answer.handler, answer.said);
//! }
//!
//! // At shutdown, when no request comes any more.
//! assert!(bus.stop(Duration::from_secs(20)).await.is_clean());
//! # Ok(())
//! # }
//! ```
//!
//! An event is a value of any `Send + Sync + 'static` type, and its type is its topic. A handler that needs
//! more than the event is a closure: `move |event| book(ledger.clone(), event)`. The bus is this process's
//! memory: what must outlive the process belongs into a database first, and what must not happen twice under
//! `#[idempotent]`, with the event's id as its key.
//!
//! # Order
//!
//! Events of one [key](Publish::key) reach each handler one after another, in the order in which they were
//! published: that is, in which their [`Publish`] was first polled, also when it then had to wait for room. The
//! next begins when the one before it has ended, however it ended. Events of different keys, and those without
//! one, are handled at once, as many as the queue's [concurrency](Queue::concurrency) says. Handlers do not wait
//! for each other.
//!
//! # What becomes of an event
//!
//! It is offered to all handlers of its type in one step. What a queue has when a `stop` begins, the stop waits for; what
//! comes there in that moment is `Gone`. For each of them the report says one thing:
//!
//! | | the handler | said |
//! |---|---|---|
//! | it returned | `()` or `Ok(())` | [`Ok`](Said::Ok) |
//! | it failed | `Err(error)` | [`Error`](Said::Error), with the error |
//! | it panicked | the others, and its next events, go on | [`Panicked`](Said::Panicked) |
//! | a middleware said no | is not asked | [`Refused`](Said::Refused) |
//! | its queue was full, and drops | is not asked | [`Dropped`](Said::Dropped) |
//! | it was unsubscribed, or the bus or the runtime ended | is not asked, or ends at an await | [`Gone`](Said::Gone) |
//!
//! Nothing is handled twice, and nothing is lost without one of these. A publisher that is dropped takes back
//! what still waits for room, and nothing else: what is queued is handled, and what was said is told to nobody
//! but the metrics. Wait for [`accepted`](Publish::accepted) where an event must be in, and the answers do not
//! matter.
//!
//! A handler may publish. One that waits for the report of an event which it handles itself, of its own key or
//! with all its concurrency in use, waits for itself.
//!
//! # Unsubscribing, and the end
//!
//! A [`Subscription`] is a guard: dropped, the handler hears of nothing more, what is queued for it is `Gone`, and
//! what it has begun it ends. [`drain`](Subscription::drain) has the queue handled first.
//! [`stop`](Bus::stop) does so for all, within a limit, and reports what is left. A bus whose last clone is dropped
//! without it goes on until its queues are empty. A runtime that ends takes its handlers along; what is queued
//! stays, and goes on with the next event that is published on another one.
//!
//! # What it tells
//!
//! Each delivery is in a span `handle`, inside the publisher's, with `bus`, `event`, `handler` and, where there is
//! one, `correlation_id`. What a handler publishes inherits that id. No key and no event is ever written; an
//! error's text is, with card numbers masked.
//!
//! | metric | labels | |
//! |---|---|---|
//! | `steadfast_bus_deliveries_total` | `bus`, `event`, `handler`, `said` | counter: `ok`, `error`, `panicked`, `refused`, `dropped`, `gone` |
//! | `steadfast_bus_queued` | `bus`, `event`, `handler` | gauge: events that wait for the handler, or for room |
//!
//! How long a handler takes is for `#[timed]` on it, or for a [middleware](Builder::middleware).

mod handle;
mod hub;
mod key;
mod line;
mod middleware;
mod observe;
mod publish;
mod queue;
mod report;
mod stop;
mod sub;
mod subscription;
#[cfg(test)]
mod tests;

pub use handle::correlation_id;
pub use hub::{Builder, Bus};
pub use key::{CorrelationId, Key};
pub use middleware::{Delivery, Next};
pub use publish::{Accept, Accepted, NotPublished, Publish};
pub use queue::{Queue, QueueError};
pub use report::{Answer, BoxError, IntoSaid, Report, Said};
pub use stop::{Left, Stopped};
pub use subscription::Subscription;
