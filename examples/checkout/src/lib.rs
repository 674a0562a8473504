//! A checkout: a file of orders, a function under a stack of steadfast's attributes, a gateway
//! that fails, and a proof from the gateway's own ledger that each order was charged once, however
//! often the process was killed meanwhile.
//!
//! Read `charge.rs` first, then `shop.rs`: they are what a payment service would write, a function that
//! charges and the saga around it. `scenarios` shows both when something goes wrong, a file for each. The
//! rest is the run of the orders, the world around it, and the report.
#![forbid(unsafe_code)]

mod charge;
mod cli;
mod clients;
mod counts;
mod fresh;
mod gateway;
mod orders;
mod place;
mod progress;
mod proof;
mod report;
mod run;
pub mod scenarios;
mod shop;
mod stores;
mod sums;
mod text;
mod unsettled;
mod world;

pub use cli::{Command, Faults, HELP, Keeps, Options, UsageError};
pub use counts::Metrics;
pub use fresh::NotOurs;
pub use gateway::LedgerError;
pub use orders::{Broken, LoadError, Orders};
pub use place::{Place, Url};
pub use progress::Progress;
pub use proof::Proof;
pub use report::{Endings, Report, introduction};
pub use run::run;
pub use shop::Deed;
pub use stores::Unusable;
pub use world::{World, WorldError};

/// Which function the clients call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stack {
    /// `charge_customer`, with the whole stack.
    Whole,
    /// The same without `idempotent` and its key.
    WithoutIdempotent,
}
