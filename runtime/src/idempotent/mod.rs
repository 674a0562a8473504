//! idempotent

#[doc(hidden)]
pub mod rt;

pub(crate) mod json;

use std::fmt;

/// stub
#[derive(Clone, Debug)]
pub struct KeyError;
impl fmt::Display for KeyError {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}
impl std::error::Error for KeyError {}
/// stub
#[derive(Clone, Debug)]
pub struct Unrecorded;
impl fmt::Display for Unrecorded {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}
