//! What the expansion calls.

pub use super::captured::Captured;
pub use super::future::{LoggedFuture, logged};
pub use super::show::{
    ErrorOfAny, ErrorOfDebug, ErrorOfDisplay, ShowAny, ShowDebug, ShowDisplay, Shown, ShownResult, ValueOfAny,
    ValueOfDebug, ValueOfDisplay, ValueOfOk, ValueOfOkDebug, ValueOfOkDisplay,
};
pub use super::{Level, Logged};
pub use crate::{__show as show, __shown_error as shown_error, __shown_result as shown_result};
