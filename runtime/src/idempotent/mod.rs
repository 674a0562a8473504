//! A call that never runs twice and is never forgotten.
//!
//! [`#[idempotent]`](macro@crate::idempotent) has the settings and an example; here are its policy,
//! its keys, and what a store is.
//!
//! A caller who got no answer calls again with the same key. The first call claims the key, with
//! a lease that it renews while it runs; its result is stored, and every later call with the key
//! gets that result. A call with the key and another payload is a conflict. A call that ended
//! without an answer (its process died, it panicked, it timed out) may have happened: its record
//! stays, and says so, until somebody resolves it.
//!
//! | a call finds | it |
//! |---|---|
//! | nothing, or a result that has expired | runs |
//! | a result | gets it, value or terminal error, as it was |
//! | the key under another payload | is refused, `Conflict` |
//! | a call that is running | is refused, `InFlight`, or waits ([`InFlight`]) |
//! | an unknown outcome | is refused, `OutcomeUnknown`, or runs again ([`OnUnknown`]) |
//! | a store that does not answer | is refused, `StoreUnavailable`; nothing runs |
//!
//! What a call leaves:
//!
//! | it ended with | the record |
//! |---|---|
//! | a value, or a terminal error | keeps it and replays it, for the policy's `ttl` |
//! | a transient error, or a refusal | is gone; the key is free |
//! | an unknown error, a timeout, a panic | stays, as of unknown outcome; it never expires |
//!
//! A caller that goes away loses nothing: a body that has begun runs to its end on the tokio
//! runtime, and its result is recorded (`on_cancel = finish`). With `on_cancel = unknown` it ends
//! with its caller, and the record says that it may have happened. Either way a call that is
//! dropped before its body began leaves the key free. Leases and waiting need tokio's timer.
//!
//! [`MemoryStore`] keeps the records of one process; a [`Store`] of a database, such as those of the
//! crates `steadfast-sql` and `steadfast-redis`, keeps those of many. [`AnyStore`] is one that is chosen
//! when the program runs.

#[doc(hidden)]
pub mod rt;

mod answer;
mod any;
pub(crate) mod best_effort;
mod by_hand;
mod call;
mod choices;
mod claim;
mod codec;
mod config;
#[cfg(feature = "conformance")]
pub mod conformance;
mod decision;
mod detach;
mod drain;
mod engage;
mod fingerprint;
mod future;
pub(crate) mod json;
mod key;
mod lease;
mod memory;
mod operate;
mod owner;
mod policy;
mod record;
mod records;
mod recover;
mod replay;
mod settle;
mod store;
mod time;
mod unrecorded;
mod within;

#[cfg(test)]
mod tests;

pub use answer::{Answer, ByAnswer};
pub use any::AnyStore;
pub use choices::{InFlight, MissingKey, OnUnknown};
pub use claim::{Claim, Completion};
pub use codec::Codec;
pub use config::IdempotencyConfig;
#[doc(inline)]
pub use detach::finish;
#[doc(inline)]
pub use drain::drain;
pub use fingerprint::Fingerprint;
pub use key::{AsKey, IdempotencyKey, KeyError, KeyFlaw, KeyPart};
pub use memory::MemoryStore;
pub use operate::{Operator, Plain, ResolveError, UnknownOutcome, Unknowns, Which, WhyUnknown};
pub use policy::Idempotency;
pub use record::{AtHand, Outcome, Record, RecordId, RecordState, Seen, Stored, Token};
pub use recover::Recovered;
#[cfg(feature = "axum")]
pub use replay::{ByJson, ByStatusAndJson};
pub use replay::{BySerde, Custom, Replay};
pub use store::{Claimed, Held, NewClaim, Resolution, Store, StoreError};
pub use unrecorded::{Unrecorded, UnrecordedWhy};
