//! Ledgers as files: where a row's parts stand, and what is wrong with a row that has none.

mod bad_row;
mod csv;
mod json_lines;
mod layout;
mod metered;
mod time;

pub use bad_row::{BadRow, Flaw, IntoRow, ReadError, RowError};
pub use csv::CsvRows;
pub use json_lines::JsonLines;
pub use layout::{Amounts, Layout, Times};
pub(super) use time::rfc3339;

/// How many bytes a row may have: beyond it, something is wrong with the file, such as a quote that is
/// never closed, and reading on would fill the memory.
const MAX_ROW_BYTES: u64 = 64 * 1024;
