//! What an idempotent call is told by a fallback below it: that its result is a stand-in's.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use super::rt::FirstFailure;
use crate::idempotent::rt::{Query, Reply};
use crate::kinds::Keep;

const OWN: u8 = 0;
const RELEASED: u8 = 1;
const UNKNOWN: u8 = 2;

/// Between one idempotent call and the fallbacks below it. Only stacks with both have one.
#[derive(Clone, Debug, Default)]
pub struct Aside(Arc<AtomicU8>);

impl Aside {
    /// For a call that nothing stands in for yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A fallback stands in for this failure, and the record is to go by the failure. With `stored` it
    /// goes by what stands in, unless the call may have happened: a record that hides that could never
    /// be reconciled.
    pub fn note(&self, failure: FirstFailure, stored: bool) {
        let word = match failure.keeps() {
            Keep::Unknown => UNKNOWN,
            _ if stored => OWN,
            _ => RELEASED,
        };
        // A fallback above another one keeps the doubt of the lower.
        self.0.fetch_max(word, Ordering::Relaxed);
    }

    /// The codec of the call, which goes by the failure where something stood in for it.
    pub fn codec<R, C: Fn(Query<'_, R>) -> Reply<R>>(&self, codec: C) -> impl Fn(Query<'_, R>) -> Reply<R> + use<R, C> {
        let word = self.0.clone();
        move |query| match (&query, word.load(Ordering::Relaxed)) {
            (Query::Encode(_), RELEASED) => Reply::Release,
            (Query::Encode(_), UNKNOWN) => Reply::Unknown,
            _ => codec(query),
        }
    }
}
