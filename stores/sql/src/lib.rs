//! Idempotency records in SQLite and PostgreSQL.
