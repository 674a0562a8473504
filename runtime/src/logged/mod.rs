//! One line in the log for each call, with what was named and nothing else.
//!
//! [`#[logged]`](macro@crate::logged) emits exactly one [`tracing`] event when a call ends, also
//! when it was dropped or panicked. Arguments, fields and the result are shown only where they
//! are named. All of it is masked ([`mask`](crate::mask::mask)), and a value whose name is
//! sensitive ([`is_sensitive_name`](crate::mask::is_sensitive_name)) is replaced wholly.
//!
//! | the call | level |
//! |---|---|
//! | returned a value | info, or what [`Logged::level`] says |
//! | failed, or was refused by a layer below | warn |
//! | its outcome is unknown: it timed out, was dropped while it ran, or panicked | error |
//!
//! The event's target is the module of the function, so `RUST_LOG=my_app=info` shows it. Its
//! message is `call`, and its fields are:
//!
//! | field | |
//! |---|---|
//! | `function` | the function's name |
//! | `outcome` | as in [`timed`](mod@crate::timed) |
//! | `elapsed_ms` | from the first poll, in milliseconds |
//! | each named argument | its `Display`, else its `Debug`, else its type. One that has a name of this table is called `arg.` and its name |
//! | `ret` | the result, where it is asked for |
//! | `error` | the error |
//! | `refused_by` | the layer that refused, and its name |
//!
//! Who listens is asked when the call begins. While nobody does, the call is not watched at all.

mod captured;
mod event;
mod future;
mod policy;
#[doc(hidden)]
pub mod rt;
mod show;
mod site;
#[cfg(test)]
mod tests;

pub use policy::Logged;
pub use tracing::Level;
