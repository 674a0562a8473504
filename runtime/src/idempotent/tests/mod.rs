//! The rules of idempotency, one by one.

mod any;
mod calls;
mod cancel;
mod decision;
mod faults;
mod json;
mod keys;
mod memory;
mod operate;
mod policies;
mod replays;
mod sequences;
mod support;
