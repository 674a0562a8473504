//! What a gateway calls: its signature, its age, and whether it came before.
//!
//! Anybody can send a request to a webhook's address. Three questions are asked before one is acted on:
//!
//! | question | who answers |
//! |---|---|
//! | did this sender sign these bytes, and just now? | a [`Verifier`]: of [Standard Webhooks](Verifier::standard), or of [Stripe](Verifier::stripe) |
//! | is it the very delivery that came before, sent again by somebody who overheard it? | an [`Inbox`]: a verifier with a memory |
//! | was the *event* acted on before, under an earlier delivery? | [`#[idempotent]`](macro@steadfast::idempotent), with the event's id as the key |
//!
//! ```
//! use steadfast::clock;
//! use steadfast::first_seen::MemoryFirstSeen;
//! use steadfast::idempotent::MemoryStore;
//! use steadfast::{Rejection, idempotent};
//! use steadfast_payments::webhooks::{Delivery, Inbox, StripeSigner, Verifier, WebhookError};
//!
//! /// Runs once for an event, however often it is delivered. If it fails, it runs again.
//! #[idempotent(name = "docs.webhooks.settle", key = delivery.id(), payload = none, store = records)]
//! async fn settle(records: MemoryStore, delivery: Delivery<Vec<u8>>) -> Result<usize, Rejection> {
//!     Ok(delivery.body().len()) // parse it, and write what it says
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (secret, records) = ("whsec_5WbX5kEWLlfzsGNjH64I8lOOqUB6e8FH", MemoryStore::default());
//! let inbox = Inbox::new("webhooks.stripe", Verifier::stripe([secret])?, MemoryFirstSeen::default());
//!
//! // What Stripe would send.
//! let body = br#"{"id": "evt_17", "type": "charge.succeeded"}"#.to_vec();
//! let headers = StripeSigner::new([secret])?.sign(clock::wall(), &body)?;
//!
//! let delivery = inbox.accept(&headers, body.clone()).await?;
//! assert_eq!(settle(records.clone(), delivery).await?, 44);
//!
//! // The same once more.
//! let replayed = inbox.accept(&headers, body.clone()).await;
//! assert!(matches!(replayed, Err(WebhookError::Replayed)));
//!
//! // Another attempt of Stripe's to deliver the event: accepted, and answered from the record.
//! let later = clock::wall() + std::time::Duration::from_secs(1);
//! let headers = StripeSigner::new([secret])?.sign(later, &body)?;
//! assert_eq!(settle(records, inbox.accept(&headers, body).await?).await?, 44);
//! # Ok(())
//! # }
//! ```
//!
//! With the feature `axum`, `Verified<Inbox<..>>` is an argument of a handler.
//!
//! # Which bytes
//!
//! The signature is over the body as it came. A framework that parses JSON and writes it anew changes
//! spaces, the order of fields or `1.0`, and no signature fits any more: take the raw bytes, verify
//! them, then parse [`Delivery::body`].
//!
//! # Why a failed handler loses nothing
//!
//! A store that is asked "who saw it first?" can only be asked before the work, and remembers the answer also
//! when the work then fails. Asked about the *event*, it would call the sender's next attempt a
//! duplicate, and the event would be lost. So an [`Inbox`] asks about the *delivery*, the id together
//! with the time at which it was signed: what somebody overheard has both, and the sender's next attempt has a
//! later time. Both schemes say that each attempt is signed anew.
//!
//! That the work of an event is done once is another question. It needs a claim that is given back
//! when the work fails, kept as unknown when nobody knows, and answered from when it is done: that is
//! what `#[idempotent]` keeps. Take `payload = none` with it: the signature says already whose event
//! it is, and senders change details of an event from one attempt to the next (Stripe counts
//! `pending_webhooks` down). Keep the records (`ttl`) for longer than the sender goes on trying, which is days;
//! for money, for as long as somebody may press "send again".
//!
//! Answer with a 2xx when the event is dealt with, and only then. No refusal here is one
//! ([`WebhookError::status`]): a sender that is told "done" does not deliver again.
//!
//! # Replacing a secret
//!
//! Both sides may hold several. Add the new secret to the receiver, then let the sender sign with both
//! or with the new one, then take the old one out. From `whsec_` to `whpk_` it goes the same way.
//!
//! # What is refused
//!
//! | | |
//! |---|---|
//! | timestamps | other than plain digits without a leading zero: no sign, no space, no milliseconds |
//! | ids | longer than 255, not visible ASCII, or (Standard Webhooks) with a dot, which would make the signed text ambiguous |
//! | headers | missing, there twice, longer than any sender writes; more than 8 signatures. A token that is no signature is passed over |
//! | bodies | longer than [`Verifier::with_max_body`]: 1 MiB |
//! | secrets | empty, short, of the wrong kind; more than 4: all when the verifier is made ([`SetupError`]) |
//! | public keys | under which a signature proves nothing |
//!
//! Each has its own error, which names the place and echoes nothing of it.

mod delivery;
mod error;
mod event_id;
mod headers;
#[cfg(feature = "axum")]
mod http;
mod id;
mod inbox;
mod scheme;
mod setup;
mod signatures;
mod standard;
mod stripe;
mod text;
mod timestamp;
mod verifier;

#[cfg(test)]
mod tests;

pub use delivery::Delivery;
pub use error::{Flaw, Place, WebhookError};
pub use headers::Headers;
#[cfg(feature = "axum")]
pub use http::{Receive, Verified};
pub use inbox::Inbox;
pub use scheme::Scheme;
pub use setup::{SecretFlaw, SetupError};
pub use standard::{Standard, StandardSigner};
pub use stripe::{Stripe, StripeSigner};
pub use verifier::Verifier;
