//! rate_limit

#[doc(hidden)]
pub mod rt;
