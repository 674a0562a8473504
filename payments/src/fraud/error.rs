//! Why an engine cannot be, and why a payment could not be assessed.

use std::error::Error;
use std::fmt;

use steadfast::idempotent::StoreError;

use super::{Code, Verdict};

/// What is wrong with an engine, a rule or an entry of a list. It repeats nothing that it was given
/// but the program's own names.
///
/// ```
/// use std::time::Duration;
/// use steadfast_payments::fraud::{Blocklist, Velocity, WhenDown};
///
/// let wrong = Velocity::<()>::per_user(0, Duration::from_secs(3600), WhenDown::Review).unwrap_err();
/// assert_eq!(wrong.to_string(), "`max` must be at least 1: with 0 the first payment would already be too many");
///
/// let wrong = Blocklist::new().emails(["eve@mailbox.example", "mallory"]).unwrap_err();
/// assert_eq!(wrong.to_string(), "entry 1 of `emails` has no `@`: no address is equal to it, so it would block nobody");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FraudError {
    /// A setting cannot be right, for this reason.
    #[error("`{setting}` {reason}")]
    Setting {
        /// Its name.
        setting: &'static str,
        /// Why, as a sentence without its subject.
        reason: &'static str,
    },
    /// An entry of a list cannot be right, for this reason.
    #[error("entry {index} of `{list}` {reason}")]
    Entry {
        /// The list.
        list: &'static str,
        /// Which one, from 0 on.
        index: usize,
        /// Why, as a sentence without its subject.
        reason: &'static str,
    },
    /// Two rules of one engine have this name: nobody could tell their verdicts apart.
    #[error("two rules are called `{0}`: their verdicts could not be told apart, so give one of them another name")]
    DuplicateRule(Code),
    /// What should be a country is none.
    #[error("a country is two letters, as ISO 3166 has them: `DE`, `US`")]
    Country,
}

/// A payment could not be assessed: what a rule needs was not to be had, and the rule is to
/// [refuse](super::WhenDown::Refuse) then.
///
/// Nothing is known against the payment, and nothing has been done: it may be tried again.
///
/// ```
/// use steadfast_payments::fraud::Unassessed;
///
/// fn tell(error: &Unassessed) -> String {
///     format!("rule {}: {} verdicts until there", error.rule(), error.verdicts().len())
/// }
/// # let _ = tell;
/// ```
#[derive(Clone, Debug)]
pub struct Unassessed(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    engine: Code,
    verdict: Verdict,
    verdicts: Vec<Verdict>,
    source: Option<StoreError>,
}

impl Unassessed {
    pub(super) fn new(engine: Code, verdict: Verdict, verdicts: Vec<Verdict>, source: Option<StoreError>) -> Self {
        Self(Box::new(Parts { engine, verdict, verdicts, source }))
    }

    /// The engine.
    ///
    /// See [`Unassessed`] for an example.
    pub fn engine(&self) -> &Code {
        &self.0.engine
    }

    /// The rule that refused.
    ///
    /// See [`Unassessed`] for an example.
    pub fn rule(&self) -> &Code {
        self.0.verdict.rule()
    }

    /// Why, as the rule says.
    ///
    /// See [`Unassessed`] for an example.
    pub fn reason(&self) -> &Code {
        self.0.verdict.reason()
    }

    /// What all rules said, in their order. Those after the one that refused were not evaluated.
    ///
    /// See [`Unassessed`] for an example.
    pub fn verdicts(&self) -> &[Verdict] {
        &self.0.verdicts
    }
}

impl fmt::Display for Unassessed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` could not assess the payment: rule `{}` refuses ({}). Nothing was done; it may be tried again",
            self.engine(),
            self.rule(),
            self.reason()
        )
    }
}

impl Error for Unassessed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_ref().map(|source| source as _)
    }
}
