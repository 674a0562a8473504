//! One pattern at a time: written by hand, by its peers, and as our attribute. The first of each
//! group that is written by hand is its floor.

pub mod breaker;
pub mod cache;
pub mod fingerprint;
pub mod keyed;
pub mod limiter;
pub mod replay;
pub mod retry;
pub mod timeout;

use crate::drive::Group;

pub static PATTERNS: [Group; 8] = [
    retry::GROUP,
    breaker::GROUP,
    limiter::GROUP,
    keyed::GROUP,
    timeout::GROUP,
    cache::GROUP,
    fingerprint::GROUP,
    replay::GROUP,
];
