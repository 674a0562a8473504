//! cached

#[doc(hidden)]
pub mod rt;
