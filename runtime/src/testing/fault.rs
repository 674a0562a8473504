//! Faults by function and attempt.

use std::collections::HashMap;
use std::ops::{Bound, RangeBounds, RangeInclusive};
use std::time::Duration;

use crate::registry::{Function, functions, nearest};

/// What becomes of a run of a function's body.
///
/// See [`Scope::fault`](super::Scope::fault) for an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It fails before it began: nothing happened, and it may be tried again.
    Transient,
    /// It fails, and may have happened.
    Unknown,
    /// It fails as if a `timeout` inside of the stack had ended it.
    TimedOut,
    /// It panics.
    Panic,
    /// It never answers. A function that is not async cannot: it panics.
    Hang,
    /// It runs, so much later. A function that is not async sleeps on its thread.
    Delay(Duration),
}

/// How often each function's body ran, and what is to befall it.
#[derive(Default)]
pub(super) struct Faults(HashMap<Name, Site>);

type Name = (&'static str, &'static str);

#[derive(Default)]
struct Site {
    runs: u32,
    faults: Vec<(RangeInclusive<u32>, Fault)>,
}

impl Faults {
    /// One more run: its number, and what befalls it.
    pub(super) fn run(&mut self, function: &Function) -> (u32, Option<Fault>) {
        let site = self.0.entry((function.module, function.name)).or_default();
        site.runs = site.runs.saturating_add(1);
        let fault = site.faults.iter().rev().find(|(attempts, _)| attempts.contains(&site.runs));
        (site.runs, fault.map(|(_, fault)| *fault))
    }

    pub(super) fn runs(&self, (module, name): Name) -> u32 {
        self.0.get(&(module, name)).map_or(0, |site| site.runs)
    }

    pub(super) fn add(&mut self, name: Name, attempts: RangeInclusive<u32>, fault: Fault) {
        self.0.entry(name).or_default().faults.push((attempts, fault));
    }
}

/// The attempts as first and last.
pub(super) fn attempts(range: &impl RangeBounds<u32>) -> RangeInclusive<u32> {
    let first = match range.start_bound() {
        Bound::Included(first) => *first,
        Bound::Excluded(before) => before.saturating_add(1),
        Bound::Unbounded => 1,
    };
    let last = match range.end_bound() {
        Bound::Included(last) => *last,
        Bound::Excluded(after) => after.saturating_sub(1),
        Bound::Unbounded => u32::MAX,
    };
    first.max(1)..=last
}

/// The annotated function of that name, or why there is none.
pub(super) fn function(written: &str) -> Result<Name, String> {
    let mut names: Vec<Name> = functions().iter().map(|function| (function.module, function.name)).collect();
    names.dedup();
    let path = |(module, name): &Name| format!("{module}::{name}");
    let is_called = |name: &Name| {
        let path = path(name);
        path.strip_suffix(written).is_some_and(|before| before.is_empty() || before.ends_with("::"))
    };
    let called: Vec<_> = names.iter().filter(|name| is_called(name)).collect();
    match called.as_slice() {
        [one] => Ok(**one),
        [] => Err(match nearest(written, names.iter().map(|(_, name)| *name)) {
            Some(meant) => format!("no annotated function is called `{written}`, did you mean `{meant}`?"),
            None => format!("no annotated function is called `{written}`"),
        }),
        several => {
            let paths: Vec<_> = several.iter().map(|name| format!("`{}`", path(name))).collect();
            Err(format!("several functions are called `{written}`: say which of {}", paths.join(", ")))
        }
    }
}
