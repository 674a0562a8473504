//! Records in SQLite and PostgreSQL, as both databases really keep them.

mod claims;
mod support;
