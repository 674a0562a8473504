//! logged

#[doc(hidden)]
pub mod rt;
