//! What the expansion calls.

use super::Describe;
pub use super::function::{Described, Entry, FUNCTIONS, Function};
use crate::__rt::Probe;

pub use crate::__describe as describe;

pub trait DescribeOfPolicy {
    fn describe(&self) -> Option<&'static dyn Describe>;
}

impl<T: Describe + 'static> DescribeOfPolicy for &Probe<'static, T> {
    fn describe(&self) -> Option<&'static dyn Describe> {
        Some(self.0)
    }
}

pub trait DescribeOfAny {
    fn describe(&self) -> Option<&'static dyn Describe>;
}

impl<T> DescribeOfAny for Probe<'_, T> {
    fn describe(&self) -> Option<&'static dyn Describe> {
        None
    }
}
