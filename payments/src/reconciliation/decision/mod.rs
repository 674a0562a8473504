//! What is decided, by rows and a time that it is told.

mod finding;
mod merge;
mod settle;
mod tally;
mod unsorted;

pub use finding::Finding;
pub use merge::{Feed, Merge, Step};
pub(super) use settle::Terms;
pub(super) use tally::Tally;
pub use tally::{Sum, Totals};
pub use unsorted::Unsorted;
