//! What the expansion calls.

pub use super::call::{Call, Comparable, Payload, key};
pub use super::codec::{codec, coded};
pub use super::future::{finish, finish_asked, run, run_asked};
pub use super::recover::recover;
pub use super::replay::{Query, Reply, answer};
