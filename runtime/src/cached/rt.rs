//! What the expansion calls: it asks first, and runs the function where it is told to.

use std::future::Future;
use std::hash::Hash;

pub use super::Cached;
pub use super::decision::Worth;
pub use super::load::{Lead, Load};
pub use super::lookup::{Looking, Lookup};
pub use super::probes::*;
pub use crate::key::{ByOption, ByRef, ByValue, Key, KeyPart};

use crate::__rt::Refusal;

/// Asks the cache. `copied` makes the copies that are handed out.
pub fn lookup<R, K, J, C>(cache: &'static Cached, key: K, copied: C) -> Looking<K, R, J, C>
where
    R: Send + Sync + 'static,
    K: Key,
    J: Refusal + Clone + Send + Sync + 'static,
    C: Fn(&R) -> Option<R>,
{
    Looking::new(cache, key, copied)
}

/// Runs the function for those who wait for its key. `worth` says what a result is worth keeping,
/// `copied` makes the copy that is kept.
pub fn load<O, R, J, W, C, F>(lead: Lead<O, R, J>, worth: W, copied: C, inner: F) -> Load<O, R, J, W, C, F>
where
    O: Hash + Eq + Send + Sync + 'static,
    R: Send + Sync + 'static,
    J: Refusal + Clone + Send + Sync + 'static,
    W: Fn(&R) -> Worth,
    C: Fn(&R) -> Option<R>,
    F: Future<Output = Result<R, J>>,
{
    Load::new(lead, worth, copied, inner)
}
