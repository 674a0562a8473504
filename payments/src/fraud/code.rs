//! Names and reasons that may stand in logs.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The name of a rule or of an engine, or a reason: a text of the program itself.
///
/// It is made from a `&'static str` only, so nothing of a payment can get into it: it may stand in
/// logs, metrics, errors and audits. An audit that is read back has its codes as they were written.
///
/// ```
/// use steadfast_payments::fraud::Code;
///
/// const NIGHT: Code = Code::new("at_night");
/// assert_eq!(NIGHT, "at_night");
/// assert_eq!(NIGHT.to_string(), "at_night");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Code(Cow<'static, str>);

impl Code {
    /// The code of a text. By custom it is lower case with underscores.
    ///
    /// See [`Code`] for an example.
    pub const fn new(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// The text.
    ///
    /// ```
    /// assert_eq!(steadfast_payments::fraud::Code::new("cvv_mismatch").as_str(), "cvv_mismatch");
    /// ```
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, if it is the program's own and not one that was read back.
    pub(super) fn fixed(&self) -> Option<&'static str> {
        if let Cow::Borrowed(text) = self.0 { Some(text) } else { None }
    }

    /// As a label of a metric.
    pub(super) fn label(&self) -> Cow<'static, str> {
        self.0.clone()
    }
}

impl From<&'static str> for Code {
    fn from(text: &'static str) -> Self {
        Self::new(text)
    }
}

impl PartialEq<str> for Code {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Code {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}
