//! One line in the log for each call: how it ended, its error if it failed, and what was named.
//!
//! [`#[logged]`](macro@crate::logged) emits exactly one
//! [`tracing`](https://docs.rs/tracing) event when a call ends, also when it was dropped or panicked.
//! Arguments, fields and the value are shown only where they are named; the error of a call that
//! failed always is. All of it is masked ([`mask`](crate::mask::mask)), and a value whose name is sensitive
//! ([`is_sensitive_name`](crate::mask::is_sensitive_name)) is replaced wholly.
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
//! | `ret` | the value, where it is asked for, shown the same way |
//! | `error` | the error of a call that failed or was refused: its `Display`, else its `Debug`, else nothing |
//! | `refused_by` | the layer that refused, and its name |
//!
//! Who listens is asked when the call begins. While nobody does, the call is not watched at all.
//!
//! ```
//! use std::io::Write;
//! use std::sync::{Arc, Mutex};
//!
//! #[steadfast::logged(args(card, cvv), ret)]
//! async fn docs_logged_charge(card: String, cvv: u16) -> Result<String, std::io::Error> {
//!     Ok("ch_17".to_owned())
//! }
//!
//! #[derive(Clone, Default)]
//! struct Lines(Arc<Mutex<Vec<u8>>>);
//! # impl Write for Lines {
//! #     fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
//! #         self.0.lock().unwrap().extend_from_slice(bytes);
//! #         Ok(bytes.len())
//! #     }
//! #     fn flush(&mut self) -> std::io::Result<()> {
//! #         Ok(())
//! #     }
//! # }
//!
//! let lines = Lines::default();
//! let writer = lines.clone();
//! let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
//! tracing::subscriber::with_default(subscriber, || {
//!     let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//!     runtime.block_on(docs_logged_charge("4111 1111 1111 1111".into(), 123)).unwrap();
//! });
//!
//! let lines = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
//! assert!(lines.contains(r#"function="docs_logged_charge" outcome="success""#), "{lines}");
//! assert!(lines.contains(r#"ret="ch_17" card="************1111" cvv="[masked]""#), "{lines}");
//! ```

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
