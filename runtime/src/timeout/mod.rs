//! timeout

#[doc(hidden)]
pub mod rt;
