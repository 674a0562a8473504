//! The second tier, on real servers. Two caches with two tiers are two processes; one test has a
//! second process indeed.

mod attribute;
mod down;
mod invalidation;
mod process;
mod sharing;
mod world;
