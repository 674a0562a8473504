//! Rules that are ready to use.

mod blocklist;
mod card_checks;
mod country_mismatch;
mod high_amount;
mod velocity;

pub use blocklist::Blocklist;
pub use card_checks::CardChecks;
pub use country_mismatch::CountryMismatch;
pub use high_amount::HighAmount;
pub use velocity::{Velocity, WhenDown};

use super::{Code, Decision, Opinion};

/// What a rule says when it has found what it looks for.
#[derive(Clone, Copy, Debug)]
struct Found {
    decision: Decision,
    score: u32,
}

impl Found {
    const fn new(decision: Decision, score: u32) -> Self {
        Self { decision, score }
    }

    fn because(self, why: Code) -> Opinion {
        Opinion::new(self.decision, self.score, why)
    }
}
