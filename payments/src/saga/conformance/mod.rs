//! The checks that any log of sagas must pass. (Feature `conformance`.)

mod appends;
mod claims;
mod lists;
mod subject;

use steadfast::conformance::{self as harness, Check};

use super::SagaLog;
use subject::Subject;

pub use steadfast::conformance::Failed;

/// Runs every check against a log of sagas, and says which of them it fails.
///
/// `open` opens the log: it is awaited several times, and every handle it gives is to reach the same
/// sagas, over a connection of its own where the log has connections. Sagas that are there already are
/// left alone, except that those which ended long before the year 2001 are purged; the suite's own have
/// names that begin with `conformance.`, and some of them are left behind.
///
/// It checks: one winner among a hundred who begin a saga, and among those who take one over; the late
/// owner, who learns that it lost; entries in their order, each once, at their place only; steps that are
/// tried again, or dropped while they are asked; renewals; what is stuck and what has ended, which takes
/// no entry; lists page by page; purging in batches; entries of a mebibyte; ids with every odd character.
///
/// It needs a tokio runtime. A test of a log of one's own:
///
/// ```
/// use steadfast_payments::saga::{MemorySagaLog, conformance};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), conformance::Failed> {
/// let log = MemorySagaLog::default();
/// conformance::run(async || log.clone()).await
/// # }
/// ```
///
/// # Errors
/// [`Failed`], with every check that does not hold and why.
pub async fn run<L: SagaLog>(open: impl AsyncFn() -> L) -> Result<(), Failed> {
    let subject = Subject::new([open().await, open().await, open().await, open().await]);
    harness::run("the log of sagas", checks(&subject)).await
}

fn checks<L: SagaLog>(s: &Subject<L>) -> Vec<Check<'_>> {
    vec![
        ("one of many begins a saga", Box::pin(claims::one_begins(s))),
        ("a claim that is tried again", Box::pin(claims::tried_again(s))),
        ("a claim that is dropped", Box::pin(claims::dropped(s))),
        ("one of many takes over", Box::pin(claims::one_takes_over(s))),
        ("what has changed since it was seen is not taken over", Box::pin(claims::overtaken(s))),
        ("what is not there is not taken over", Box::pin(claims::gone(s))),
        ("ids with every odd character", Box::pin(claims::odd_ids(s))),
        ("entries have their places", Box::pin(appends::in_order(s))),
        ("an entry that is written again", Box::pin(appends::again(s))),
        ("one of many writes to a place", Box::pin(appends::one_of_many(s))),
        ("a late owner writes nothing", Box::pin(appends::late_owner(s))),
        ("an entry that is dropped", Box::pin(appends::dropped(s))),
        ("what has ended or is stuck takes no entry", Box::pin(appends::closed(s))),
        ("entries of any bytes and of a mebibyte", Box::pin(appends::large(s))),
        ("leases are renewed and given back", Box::pin(appends::renewed(s))),
        ("lists page by page", Box::pin(lists::pages(s))),
        ("what is stuck is taken over by whom saw it", Box::pin(lists::stuck(s))),
        ("what ended is purged, and nothing else", Box::pin(lists::purged(s))),
    ]
}
