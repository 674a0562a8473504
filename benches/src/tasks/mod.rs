//! What work beside the request must reach.

mod bus;
mod pool;

use crate::target::Target;

pub fn measure() -> Vec<Target> {
    let mut targets = pool::measure();
    targets.extend(bus::measure());
    targets
}
