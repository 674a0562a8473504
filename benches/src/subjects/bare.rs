//! The function without a layer: what every other one is on top of.

use super::gateway::{self, Unreachable};

pub async fn call(request: u64) -> Result<u64, Unreachable> {
    gateway::ask(request).await
}
