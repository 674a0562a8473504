//! The settings of a timeout.

use std::time::Duration;

use crate::PolicyError;
use crate::policy::checked;
use crate::registry::{Describe, Settings};

/// How long a call may take. [`#[timeout]`](macro@crate::timeout) makes one of its duration.
///
/// ```
/// use std::time::Duration;
/// use steadfast::timeout::Timeout;
///
/// static GATEWAY: Timeout = Timeout::new("gateway", Duration::from_secs(2));
/// assert_eq!((GATEWAY.name(), GATEWAY.after()), ("gateway", Duration::from_secs(2)));
/// ```
///
/// ```compile_fail
/// use std::time::Duration;
/// use steadfast::timeout::Timeout;
///
/// static GATEWAY: Timeout = Timeout::new("gateway", Duration::ZERO);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Timeout {
    name: &'static str,
    after: Duration,
}

impl Timeout {
    /// A limit of that length. The name is for refusals, logs and metrics; the attribute gives it
    /// the function's.
    ///
    /// See [`Timeout`] for an example.
    ///
    /// # Panics
    /// On zero; in a `static` that is a compile error.
    pub const fn new(name: &'static str, after: Duration) -> Self {
        checked!(Self::try_new(name, after))
    }

    /// [`new`](Self::new) for a duration known at run time only.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::timeout::Timeout;
    ///
    /// let error = Timeout::try_new("gateway", Duration::ZERO).unwrap_err();
    /// assert_eq!(error.setting(), "after");
    /// ```
    ///
    /// # Errors
    /// On zero.
    pub const fn try_new(name: &'static str, after: Duration) -> Result<Self, PolicyError> {
        if after.is_zero() {
            return Err(PolicyError::new("after", "must be longer than zero"));
        }
        Ok(Self { name, after })
    }

    /// A limit that belongs to the call. There zero is no mistake in the program: it ends a call
    /// as soon as it waits.
    #[doc(hidden)]
    pub const fn of_call(name: &'static str, after: Duration) -> Self {
        Self { name, after }
    }

    /// The name, as refusals carry it.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use steadfast::timeout::Timeout;
    /// assert_eq!(Timeout::new("gateway", Duration::from_secs(2)).name(), "gateway");
    /// ```
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// How long a call may take.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use steadfast::timeout::Timeout;
    /// let limit = Duration::from_secs(2);
    /// assert_eq!(Timeout::new("gateway", limit).after(), limit);
    /// ```
    pub const fn after(&self) -> Duration {
        self.after
    }
}

impl Describe for Timeout {
    fn name(&self) -> &'static str {
        self.name
    }

    fn settings(&self) -> Settings {
        Settings::from([("after", format!("{:?}", self.after))])
    }
}
