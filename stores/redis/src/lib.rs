//! Shared state in Redis and Valkey.
