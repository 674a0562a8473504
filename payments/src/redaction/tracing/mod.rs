//! What `tracing` is told, masked before anybody sees it.

mod error;
mod kept;
mod redacted;
mod shown;

pub use redacted::Redacted;
