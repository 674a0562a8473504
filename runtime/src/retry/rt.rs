//! What the expansion calls.

pub use super::attempts::{Attempts, Failed, Step};
pub use super::beside::{Beside, OfCall};
pub use super::future::Pause;
pub use super::schedule::Schedule;
