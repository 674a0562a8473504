//! retry

#[doc(hidden)]
pub mod rt;
