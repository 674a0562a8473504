//! What the expansion calls.

pub use super::attempts::{Attempts, Step};
pub use super::future::Pause;
