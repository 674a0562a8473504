//! timed

#[doc(hidden)]
pub mod rt;
