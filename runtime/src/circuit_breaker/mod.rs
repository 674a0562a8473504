//! circuit_breaker

#[doc(hidden)]
pub mod rt;
