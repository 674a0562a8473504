//! Records in SQLite and PostgreSQL, as both databases really keep them.

mod claims;
mod operating;
mod outages;
mod rows;
mod schema;
mod settings;
mod support;
mod transactions;
