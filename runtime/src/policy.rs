//! What is wrong with a policy's settings.

use std::fmt;

/// A setting that a policy cannot have, by name, with the reason.
///
/// ```
/// use steadfast::circuit_breaker::CircuitBreaker;
///
/// let error = CircuitBreaker::new("gateway").try_failure_threshold(0).unwrap_err();
/// assert_eq!((error.setting(), error.reason()), ("failure_threshold", "must be at least 1"));
/// assert_eq!(error.to_string(), "`failure_threshold` must be at least 1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    setting: &'static str,
    reason: &'static str,
}

impl PolicyError {
    /// A mistake in that setting, for who builds policies of their own. The reason is a sentence without
    /// its subject.
    ///
    /// ```
    /// let error = steadfast::PolicyError::new("workers", "must be at least 1");
    /// assert_eq!(error.to_string(), "`workers` must be at least 1");
    /// ```
    pub const fn new(setting: &'static str, reason: &'static str) -> Self {
        Self { setting, reason }
    }

    /// The setting's name, as on the attribute.
    ///
    /// See [`PolicyError`] for an example.
    pub const fn setting(&self) -> &'static str {
        self.setting
    }

    /// Why the value is refused, as a sentence without its subject.
    ///
    /// See [`PolicyError`] for an example.
    pub const fn reason(&self) -> &'static str {
        self.reason
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.setting, self.reason)
    }
}

impl std::error::Error for PolicyError {}

/// The value of a checked builder step, or a panic that names the setting. In a `static`, where
/// policies stand, the panic is a compile error.
macro_rules! checked {
    ($step:expr) => {
        match $step {
            Ok(value) => value,
            #[allow(clippy::panic, reason = "in a static this is the compile error the user sees")]
            Err(error) => panic!("{}", error.reason()),
        }
    };
}
pub(crate) use checked;
