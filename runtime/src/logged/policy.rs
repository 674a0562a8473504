use std::fmt;
use std::sync::OnceLock;

use tracing::{Level, Metadata};

use super::event::{FIELDS, MOST_NAMES, field_name};
use super::site::Site;
use crate::PolicyError;
use crate::outcome::End;
use crate::policy::checked;
use crate::registry::{Describe, Settings};

/// The logging of one function: where it stands, which arguments are shown, and the level of a
/// success.
///
/// [`#[logged]`](macro@crate::logged) makes one of its settings, and keeps it in a `static`, because
/// `tracing` remembers for good what it decided about it.
///
/// ```
/// use steadfast::logged::{Level, Logged};
///
/// static CHARGE: Logged =
///     Logged::new("charge", module_path!(), file!(), line!(), &["order"]).level(Level::DEBUG);
/// assert_eq!(CHARGE.function(), "charge");
/// ```
pub struct Logged {
    pub(super) function: &'static str,
    pub(super) module_path: &'static str,
    pub(super) file: &'static str,
    pub(super) line: u32,
    pub(super) names: &'static [&'static str],
    fields: OnceLock<Vec<&'static str>>,
    success: Site,
    failure: Site,
    unknown: Site,
}

impl Logged {
    /// The logging of a function at this place. `names` are those of the arguments and fields
    /// that its calls show, at most 25.
    ///
    /// # Panics
    /// With more than 25 names. In a `static` that is a compile error.
    ///
    /// See [`Logged`] for an example.
    pub const fn new(
        function: &'static str,
        module_path: &'static str,
        file: &'static str,
        line: u32,
        names: &'static [&'static str],
    ) -> Self {
        checked!(check(names));
        Self {
            function,
            module_path,
            file,
            line,
            names,
            fields: OnceLock::new(),
            success: Site::new(Level::INFO),
            failure: Site::new(Level::WARN),
            unknown: Site::new(Level::ERROR),
        }
    }

    /// As [`new`](Self::new), with an error in place of the panic.
    ///
    /// # Errors
    /// With more than 25 names.
    ///
    /// ```
    /// use steadfast::logged::Logged;
    ///
    /// let error = Logged::try_new("f", "m", "f.rs", 1, &["too"; 26]).unwrap_err();
    /// assert_eq!(error.setting(), "args");
    /// ```
    pub const fn try_new(
        function: &'static str,
        module_path: &'static str,
        file: &'static str,
        line: u32,
        names: &'static [&'static str],
    ) -> Result<Self, PolicyError> {
        match check(names) {
            Ok(()) => Ok(Self::new(function, module_path, file, line, names)),
            Err(error) => Err(error),
        }
    }

    /// The level of a call that succeeds; info unless it is said. Failures stay at warn, unknown
    /// outcomes at error.
    ///
    /// See [`Logged`] for an example.
    #[must_use]
    pub const fn level(mut self, level: Level) -> Self {
        self.success.level = level;
        self
    }

    /// The function's name, as the field `function` shows it.
    ///
    /// See [`Logged`] for an example.
    pub const fn function(&self) -> &'static str {
        self.function
    }

    /// Whether anybody may want an event of this function now.
    pub(super) fn has_listeners(&'static self) -> bool {
        [&self.unknown, &self.failure, &self.success].into_iter().any(|site| site.may_be_heard(self))
    }

    /// The metadata of the event for this end, when somebody wants it now.
    pub(super) fn wanted(&'static self, end: End) -> Option<&'static Metadata<'static>> {
        self.site(end).wanted(self)
    }

    fn site(&self, end: End) -> &Site {
        match end {
            End::Success => &self.success,
            End::Transient | End::Terminal | End::Refused | End::Failed => &self.failure,
            End::Unknown | End::Cancelled | End::Panicked => &self.unknown,
        }
    }

    /// The names of the event's fields, in the order of its values.
    pub(super) fn fields(&'static self) -> &'static [&'static str] {
        let fields = || FIELDS.into_iter().chain(self.names.iter().copied().map(field_name)).collect();
        self.fields.get_or_init(fields)
    }
}

const fn check(names: &[&str]) -> Result<(), PolicyError> {
    if names.len() > MOST_NAMES {
        return Err(PolicyError::new("args", "takes at most 25 names"));
    }
    Ok(())
}

impl fmt::Debug for Logged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logged")
            .field("function", &self.function)
            .field("names", &self.names)
            .field("level", &self.success.level)
            .finish_non_exhaustive()
    }
}

impl Describe for Logged {
    fn name(&self) -> &'static str {
        self.function()
    }

    fn settings(&self) -> Settings {
        Settings::from([("args", self.names.join(", ")), ("level", self.success.level.as_str().to_ascii_lowercase())])
    }
}
