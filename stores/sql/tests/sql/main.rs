//! Records and sagas in SQLite and PostgreSQL, as both databases really keep them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "in tests a panic is the report")]

mod claims;
mod operating;
mod outages;
mod reconciling;
mod rows;
mod sagas;
mod schema;
mod settings;
mod support;
mod transactions;
