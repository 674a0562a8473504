//! Verifying a signature.

use crate::target::Target;

pub fn measure() -> Vec<Target> {
    Vec::new()
}
