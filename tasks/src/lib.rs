//! Work that happens beside the request.
//!
//! | | for | a handler gets | who submits learns |
//! |---|---|---|---|
//! | [`pool`] | work that must not run all at once: mails, exports, calls of a slow service | one item | its item's result, from a [`Handle`] that can also cancel |
//! | [`batch`] | what is cheaper together: inserts, requests that take a list | a list of items | its own item's result, from a [`Handle`] |
//! | [`bus`] | several parts of a program that want to hear of the same event | one event | what each handler said |
//!
//! A handler is an async function or a closure, so steadfast's attributes stand on it as on any other:
//!
//! ```
//! use std::time::Duration;
//! use steadfast::{Failure, Rejection, retry, timeout};
//! use steadfast_tasks::pool::Pool;
//!
//! #[derive(Debug, Failure)]
//! enum ExportError {
//!     #[failure(transient)]
//!     Busy,
//!     #[failure(transparent)]
//!     Refused(Rejection),
//! }
//!
//! impl From<Rejection> for ExportError {
//!     fn from(rejection: Rejection) -> Self {
//!         Self::Refused(rejection)
//!     }
//! }
//!
//! #[retry(max_attempts = 3, repeatable)]
//! #[timeout("30s")]
//! async fn export(month: u32) -> Result<usize, ExportError> {
//!     Ok(month as usize * 1000)
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let exports = Pool::builder("exports", 2, export).build().unwrap();
//! let rows = exports.submit(11).await.unwrap();
//! assert_eq!(rows.await.unwrap(), 11_000);
//! let left = exports.stop(Duration::from_secs(30)).await;
//! assert!(left.is_clean());
//! # }
//! ```
//!
//! What is bounded, and what happens at the bound, is said out loud ([`WhenFull`]); nothing is lost
//! silently: an item that is not taken comes back to who submitted it, one that is not worked on comes back
//! to who stops ([`Stopped`]), and every other has an outcome ([`TaskError`]). A panic is an outcome and
//! ends no worker.
//!
//! All of it lives in the memory of one process. Channels, semaphores, `select!` and timeouts are
//! tokio's, and there is no second version of them here.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod batch;
pub mod bus;
pub mod pool;
mod work;

pub use work::{BuildError, Handle, NotTaken, Panicked, Stats, Stopped, TaskError, WhenFull};
