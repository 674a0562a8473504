//! A checkout: a file of orders, a function under a stack of steadfast's attributes, a gateway
//! that fails, and a proof from the gateway's own ledger that each order was charged once.
//!
//! Read `charge.rs` first: it is what a payment service would write. The rest is the world around
//! it, and the report.

mod charge;
mod cli;
mod clients;
mod counts;
mod gateway;
mod money;
mod orders;
mod progress;
mod proof;
mod report;
mod run;
mod text;

pub use cli::{Command, HELP, Options, UsageError};
pub use counts::Metrics;
pub use orders::{Broken, LoadError, Orders};
pub use progress::Progress;
pub use proof::Proof;
pub use report::{Endings, Report, introduction};
pub use run::run;

/// Which function the clients call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stack {
    /// `charge_customer`, with the whole stack.
    Whole,
    /// The same without `idempotent` and its key.
    WithoutIdempotent,
}
