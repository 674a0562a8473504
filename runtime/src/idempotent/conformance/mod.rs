//! What every store must do, as a suite that any store runs.

mod calls;
mod claims;
mod keys;
mod records;
mod subject;
mod times;
mod unknowns;

use self::subject::Subject;
use super::Store;
use crate::conformance::{self as harness, Check};

pub use crate::conformance::Failed;

/// Runs every check against a store, and says which of them it fails. (Feature `conformance`.)
///
/// `open` opens the store: it is awaited several times, and every handle it gives is to reach the
/// same records, over a connection of its own where the store has connections. Records that are
/// there already are left alone; the suite's own have names that begin with `conformance.`, and some
/// of them, of unknown outcome too, are left behind.
///
/// It checks: one winner among a hundred concurrent claims, and one run of a hundred concurrent
/// calls; the conflict of another payload, in flight and after; leases that run out, the take-over,
/// and the late owner who learns of it; steps that are tried again; results that expire, and keys
/// that are used again; unknown outcomes, which stay, are listed page by page and are resolved;
/// records that do not decode; results of any bytes and of a mebibyte; keys with every odd
/// character; clocks that jump; claims that are dropped while they are asked.
///
/// It needs a tokio runtime with its timer. A test of a store of one's own:
///
/// ```
/// use steadfast::idempotent::{MemoryStore, conformance};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), conformance::Failed> {
/// let store = MemoryStore::default();
/// conformance::run(async || store.clone()).await
/// # }
/// ```
///
/// # Errors
/// [`Failed`], with every check that does not hold and why.
pub async fn run<S: Store>(open: impl AsyncFn() -> S) -> Result<(), Failed> {
    let subject = Subject::new([open().await, open().await, open().await, open().await]);
    harness::run("the store", checks(&subject)).await
}

fn checks<S: Store>(s: &Subject<S>) -> Vec<Check<'_>> {
    vec![
        ("one winner among many claims", Box::pin(claims::one_winner(s))),
        ("a claim that is tried again", Box::pin(claims::tried_again(s))),
        ("a claim that is dropped", Box::pin(claims::dropped(s))),
        ("a lease that ran out is taken over once", Box::pin(claims::taken_over(s))),
        ("a take-over of what has changed since", Box::pin(claims::overtaken(s))),
        ("only the owner has a word", Box::pin(records::only_the_owner(s))),
        ("what has ended stays", Box::pin(records::ended_stays(s))),
        ("a result expires and its key is used again", Box::pin(records::expires(s))),
        ("results of any bytes", Box::pin(records::any_bytes(s))),
        ("fingerprints", Box::pin(records::fingerprints(s))),
        ("unknown outcomes stay", Box::pin(unknowns::stay(s))),
        ("unknown outcomes are listed page by page", Box::pin(unknowns::listed(s))),
        ("unknown outcomes are resolved", Box::pin(unknowns::resolved(s))),
        ("keys with every odd character", Box::pin(keys::odd(s))),
        ("keys that nearly agree", Box::pin(keys::nearly_alike(s))),
        ("times", Box::pin(times::round_trip(s))),
        ("a clock that jumps", Box::pin(times::jumps(s))),
        ("one run of many calls", Box::pin(calls::one_run(s))),
        ("another payload", Box::pin(calls::conflict(s))),
        ("a record that does not decode", Box::pin(calls::undecodable(s))),
        ("a failure that is replayed as the same", Box::pin(calls::terminal(s))),
    ]
}
