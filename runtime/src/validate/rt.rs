//! What the expansion calls.

pub use super::Rules;
#[cfg(feature = "garde")]
pub use super::types::Garde;
pub use super::types::ValidateSelf;
pub use super::types::{Inside, Own};

use crate::{Layer, Reason, Rejection};

impl Rules {
    /// The rules of a value that validates itself, its paths below `path`.
    #[doc(hidden)]
    pub fn own<M, T: ValidateSelf<M> + ?Sized>(&mut self, path: &'static str, value: &T) {
        self.below(path, |rules| value.validate_self(rules));
    }

    /// The refusal, where a rule is broken.
    #[doc(hidden)]
    pub fn refuse(self) -> Option<Rejection> {
        let name = self.name();
        let violations = self.violations()?;
        Some(Rejection::new(Layer::Validate, name, Reason::Invalid(violations)))
    }
}
