//! The work: ready at once, so that all there is to count is the layers.

use std::hint::black_box;

/// The gateway could not be reached.
#[derive(Clone, Copy, Debug)]
pub struct Unreachable;

/// Answers at once. The compiler does not know that it cannot fail.
pub async fn ask(request: u64) -> Result<u64, Unreachable> {
    if black_box(request) == u64::MAX { Err(Unreachable) } else { Ok(request + 1) }
}
