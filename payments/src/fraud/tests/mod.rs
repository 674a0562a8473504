//! Rules, engines and counts.

mod counting;
mod deciding;
mod engines;
mod rules;
