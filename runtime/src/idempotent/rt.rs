//! What the expansion calls.

pub use super::call::{Call, Comparable, Payload, key};
pub use super::future::{finish, run};
pub use super::replay::{Answer, Query, answer};
