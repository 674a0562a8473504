//! What a validation found.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// A rule that a value breaks: where, and which rule. The value is not in it.
///
/// ```
/// use steadfast::validate::Rules;
///
/// let mut rules = Rules::new("charge");
/// rules.check("amount", false, "must be positive");
/// let violations = rules.violations().unwrap();
/// let violation = violations.iter().next().unwrap();
/// assert_eq!((violation.path(), violation.message()), ("amount", "must be positive"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    path: Cow<'static, str>,
    message: Cow<'static, str>,
}

impl Violation {
    pub(crate) fn new(path: Cow<'static, str>, message: Cow<'static, str>) -> Self {
        Self { path, message }
    }

    /// Where, from the argument's name on: `request.items[2].amount`. Empty where the rule is
    /// about the whole.
    ///
    /// See [`Violation`] for an example.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The rule, as a sentence without its subject: `must be positive`.
    ///
    /// See [`Violation`] for an example.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The same one step further from the root.
    pub(super) fn below(&mut self, parent: &str) {
        if parent.is_empty() {
            return;
        }
        let joint = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = Cow::Owned(format!("{parent}{joint}{}", self.path));
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// All rules that a call's arguments break; there is at least one. Cheap to clone.
///
/// It serializes as a list of `{"path": .., "message": ..}`, and prints as
/// `path: message; path: message`.
///
/// ```
/// use steadfast::validate::Rules;
///
/// let mut rules = Rules::new("charge");
/// rules.check("amount", false, "must be positive");
/// rules.check("currency", false, "must have three letters");
/// let violations = rules.violations().unwrap();
/// assert_eq!(violations.iter().count(), 2);
/// assert_eq!(
///     violations.to_string(),
///     "amount: must be positive; currency: must have three letters",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violations(Arc<[Violation]>);

impl Violations {
    pub(super) fn of(found: Vec<Violation>) -> Option<Self> {
        (!found.is_empty()).then(|| Self(found.into()))
    }

    /// One by one, in the order the rules stand in.
    ///
    /// See [`Violations`] for an example.
    pub fn iter(&self) -> std::slice::Iter<'_, Violation> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Violations {
    type Item = &'a Violation;
    type IntoIter = std::slice::Iter<'a, Violation>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, violation) in self.iter().enumerate() {
            if place > 0 {
                f.write_str("; ")?;
            }
            violation.fmt(f)?;
        }
        Ok(())
    }
}

impl Serialize for Violations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}
