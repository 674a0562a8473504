//! What the payments toolkit must reach.

mod reconciliation;
mod redaction;
mod webhooks;

use crate::target::Target;

pub fn measure() -> Vec<Target> {
    let mut targets = redaction::measure();
    targets.extend(webhooks::measure());
    targets.extend(reconciliation::measure());
    targets
}
