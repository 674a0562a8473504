//! What is wrong with a configuration, all of it.

use std::fmt;

/// Everything that is wrong with a configuration; none of it was put in force.
///
/// It prints as one line for each mistake.
///
/// ```
/// use steadfast::Configuration;
///
/// let vars = [("APP__CIRCUIT_BRAKER__GATEWAY__RECOVERY_TIMEOUT", "10s")];
/// let errors = steadfast::configure(&Configuration::from_vars("APP", vars)).unwrap_err();
/// let first = errors.iter().next().unwrap();
/// assert_eq!(first.section(), "APP__CIRCUIT_BRAKER__GATEWAY__RECOVERY_TIMEOUT");
/// assert!(first.to_string().contains("no attribute is called `circuit_braker` (did you mean `circuit_breaker`?)"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigureErrors(pub(super) Vec<SectionError>);

/// One mistake in a configuration, and where.
///
/// See [`ConfigureErrors`] for an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionError {
    pub(super) section: String,
    pub(super) message: String,
}

impl ConfigureErrors {
    /// The mistakes, in the order of the configuration.
    ///
    /// See [`ConfigureErrors`] for an example.
    pub fn iter(&self) -> impl Iterator<Item = &SectionError> {
        self.0.iter()
    }
}

impl SectionError {
    /// The section, such as `circuit_breaker.gateway`, or the variable.
    ///
    /// See [`ConfigureErrors`] for an example.
    pub fn section(&self) -> &str {
        &self.section
    }

    /// What is wrong with it, without its name.
    ///
    /// ```
    /// let empty: steadfast::Configuration = serde_json::from_str(r#"{"retry": {"docs-nobody": {}}}"#)?;
    /// let errors = steadfast::configure(&empty).unwrap_err();
    /// assert!(errors.iter().next().unwrap().message().starts_with("no retry is called `docs-nobody`"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for SectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.section, self.message)
    }
}

impl fmt::Display for ConfigureErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigureErrors {}
impl std::error::Error for SectionError {}
