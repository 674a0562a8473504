//! validate

#[doc(hidden)]
pub mod rt;

use std::fmt;
/// stub
#[derive(Clone, Debug)]
pub struct Violations;
impl fmt::Display for Violations {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}
