//! What the expansion calls.

pub use super::attempts::{Attempts, Failed, Step};
pub use super::future::Pause;
