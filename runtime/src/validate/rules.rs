//! What the rules of one call found so far.

use std::borrow::Cow;

use super::{Validate, Violation, Violations};

/// Collects the rules that a value breaks. Nothing is allocated while there is none.
///
/// See [`Validate`] for its usual place. By itself, as in a test of one's own rules:
///
/// ```
/// use steadfast::validate::Rules;
///
/// let mut rules = Rules::new("test");
/// rules.check("amount", 1 > 0, "must be positive");
/// assert!(rules.violations().is_none());
/// ```
#[derive(Debug)]
pub struct Rules {
    name: &'static str,
    found: Vec<Violation>,
}

impl Rules {
    /// No rule is broken yet. The name is that of the function whose arguments they are.
    ///
    /// ```
    /// assert!(steadfast::validate::Rules::new("charge").violations().is_none());
    /// ```
    pub const fn new(name: &'static str) -> Self {
        Self { name, found: Vec::new() }
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// A rule: where it does not `hold`, `message` is told with `path`.
    ///
    /// The message says the rule, as a sentence without its subject. It must not have the value
    /// in it. An empty path means the whole value.
    ///
    /// ```
    /// let mut rules = steadfast::validate::Rules::new("charge");
    /// rules.check("currency", "euro".len() == 3, "must have three letters");
    /// assert_eq!(rules.violations().unwrap().to_string(), "currency: must have three letters");
    /// ```
    pub fn check(&mut self, path: impl Into<Cow<'static, str>>, holds: bool, message: impl Into<Cow<'static, str>>) {
        if !holds {
            self.found.push(Violation::new(path.into(), message.into()));
        }
    }

    /// The rules of a part that validates itself, its paths below `path`. The items of a list get
    /// their index: `items[2].amount`.
    ///
    /// ```
    /// use steadfast::validate::{Rules, Validate};
    ///
    /// struct Amount(i64);
    /// impl Validate for Amount {
    ///     fn validate(&self, rules: &mut Rules) {
    ///         rules.check("", self.0 > 0, "must be positive");
    ///     }
    /// }
    ///
    /// let mut rules = Rules::new("charge");
    /// rules.nested("amounts", &[Amount(1), Amount(-1)]);
    /// assert_eq!(rules.violations().unwrap().to_string(), "amounts[1]: must be positive");
    /// ```
    pub fn nested<T: Validate + ?Sized>(&mut self, path: &str, part: &T) {
        self.below(path, |rules| part.validate(rules));
    }

    /// The rules of an item of a list, its paths below `[index]`.
    ///
    /// ```
    /// use steadfast::validate::{Rules, Validate};
    ///
    /// struct Batch(Vec<i64>);
    /// impl Validate for Batch {
    ///     fn validate(&self, rules: &mut Rules) {
    ///         for (index, amount) in self.0.iter().enumerate() {
    ///             rules.item(index, |rules| rules.check("", *amount > 0, "must be positive"));
    ///         }
    ///     }
    /// }
    ///
    /// let mut rules = Rules::new("charge");
    /// rules.nested("batch", &Batch(vec![5, 0]));
    /// assert_eq!(rules.violations().unwrap().to_string(), "batch[1]: must be positive");
    /// ```
    pub fn item(&mut self, index: usize, check: impl FnOnce(&mut Self)) {
        let from = self.found.len();
        check(self);
        self.prefix(from, || format!("[{index}]"));
    }

    /// What was found, or `None` where every rule holds.
    ///
    /// ```
    /// assert!(steadfast::validate::Rules::new("charge").violations().is_none());
    /// ```
    pub fn violations(self) -> Option<Violations> {
        Violations::of(self.found)
    }

    pub(super) fn below(&mut self, path: &str, check: impl FnOnce(&mut Self)) {
        let from = self.found.len();
        check(self);
        self.prefix(from, || path);
    }

    /// Paths grow from the leaf to the root, so that they cost nothing while every rule holds.
    fn prefix<P: AsRef<str>>(&mut self, from: usize, parent: impl FnOnce() -> P) {
        if let Some(found) = self.found.get_mut(from..).filter(|found| !found.is_empty()) {
            let parent = parent();
            for violation in found {
                violation.below(parent.as_ref());
            }
        }
    }
}
