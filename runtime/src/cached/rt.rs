//! What the expansion calls.

use std::future::Future;

pub use super::Cached;
pub use super::decision::Worth;
pub use super::future::CachedCall;
pub use super::key::{ByOption, ByRef, ByValue, Key, KeyPart};
pub use super::probes::*;

use crate::__rt::Refusal;

/// The inner layers behind a cache. On a hit `inner` is never polled. `worth` says what a result
/// is worth keeping, `copied` makes the copy that is kept and the copies that are handed out.
pub fn cached<R, K, J, W, C, F>(
    cache: &'static Cached,
    key: K,
    worth: W,
    copied: C,
    inner: F,
) -> CachedCall<K, R, J, W, C, F>
where
    R: Send + Sync + 'static,
    K: Key,
    J: Refusal + Clone + Send + Sync + 'static,
    W: Fn(&R) -> Worth,
    C: Fn(&R) -> Option<R>,
    F: Future<Output = Result<R, J>>,
{
    CachedCall::new(cache, key, worth, copied, inner)
}
