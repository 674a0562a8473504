//! The same function under a breaker, a retry, a limiter and timing, by each of those who offer
//! them. What they share: 3 attempts with jitter, 5 failures in a row open the circuit for 30 s,
//! a limit that is never reached, one histogram.

pub mod bare;
pub mod gateway;
pub mod glued;
pub mod hand;
pub mod ours;
pub mod tower;
