//! The second tier, on real servers. Two caches with two tiers are two processes; one test has a
//! second process indeed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "in tests a panic is the report")]

mod attribute;
mod down;
mod invalidation;
mod process;
mod sharing;
mod world;
