//! Kills workers and servers in the middle of charges, and proves that each key was charged once.
//!
//! Several processes charge the same orders over one store, against one gateway that charges every time it is asked. They
//! and their server are killed at random moments. At the end each order is brought to its end without kills, and the
//! gateway's ledger is compared with what the clients were told.

mod charge;
mod client;
mod driver;
mod gateway;
mod journal;
mod lines;
mod order;
mod proof;
mod scenario;
mod settle;
mod store;
mod transfer;
mod worker;

pub use driver::{Plan, Report};
pub use proof::Figures;
pub use scenario::Scenario;
pub use worker::run_if_worker;
