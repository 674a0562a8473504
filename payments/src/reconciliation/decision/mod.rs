//! What is decided, by rows and a time that it is told.

mod merge;
mod settle;
mod tally;

pub use merge::{Feed, Finding, Merge, Step, Unsorted};
pub(super) use settle::Terms;
pub(super) use tally::Tally;
pub use tally::{Sum, Totals};
