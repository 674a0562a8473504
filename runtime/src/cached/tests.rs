mod decisions;
mod flights;
mod kept;
mod keys;
mod model;
mod policies;
mod races;
mod refreshes;
mod shared;
mod tiers;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::__rt::{Key, Lookup, Refusal, Worth, load, lookup};
use crate::cached::own::Cached;
use crate::{Failure, Kind};

/// A call as an expansion writes it.
macro_rules! ask {
    ($cache:expr, ($($part:expr),*), $result:ty, $inner:expr) => {
        $crate::cached::tests::behind(
            $cache,
            ($($crate::__rt::key_part!($part),)*),
            |result: &$result| $crate::__rt::worth!(result),
            |result: &$result| $crate::__rt::copied!(result),
            $crate::__rt::body::<_, $crate::Rejection>($inner),
        )
    };
}
pub(super) use ask;

/// The two halves of a call as an expansion joins them.
pub(super) async fn behind<R, K, J, F>(
    cache: &'static Cached,
    key: K,
    worth: impl Fn(&R) -> Worth,
    copied: impl Fn(&R) -> Option<R>,
    inner: F,
) -> Result<R, J>
where
    R: Send + Sync + 'static,
    K: Key,
    J: Refusal + Clone + Send + Sync + 'static,
    F: Future<Output = Result<R, J>>,
{
    let form = crate::__rt::whole(&worth, &copied);
    let lead = match lookup(cache, key, form) {
        Ok(found) => return found,
        Err(looking) => match looking.await {
            Lookup::Found(found) => return found,
            Lookup::Lead(lead) => lead,
        },
    };
    load(lead, form, inner).await
}

const TTL: Duration = Duration::from_secs(100);

fn leak(cache: Cached) -> &'static Cached {
    Box::leak(Box::new(cache))
}

fn cache() -> &'static Cached {
    leak(Cached::new("test", TTL))
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Fault(Kind);

impl Failure for Fault {
    fn kind(&self) -> Kind {
        self.0
    }
}

/// An error that cannot be copied.
#[derive(Debug, PartialEq, Eq)]
struct Unique;

type Answer = Result<u32, Fault>;
type Reply = Result<Answer, crate::Rejection>;

/// Counts the runs of a function.
#[derive(Clone, Debug, Default)]
struct Runs(Arc<AtomicU32>);

impl Runs {
    fn count(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }

    /// One more, and which one it is.
    fn next(&self) -> u32 {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }
}

/// Runs of this cache that are under way, for the types most tests use.
fn aloft(cache: &'static Cached) -> usize {
    cache.shelf::<(String,), Answer>().flights.count()
}
