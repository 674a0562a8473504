//! The settings of a timeout.

use std::time::Duration;

use crate::config::{self, Configurable};
use crate::policy::checked;
use crate::registry::{Describe, Settings};
use crate::{ConfigureError, PolicyError};

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
#[derive(Debug)]
pub struct Timeout {
    name: &'static str,
    pub(super) after: Configurable<Duration>,
}

/// A limit that belongs to the call. There zero is no mistake in the program: it ends a call as soon as
/// it waits.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct TimeoutOfCall {
    name: &'static str,
    after: Duration,
}

/// What a call is held to. It is asked when the call first waits.
#[doc(hidden)]
pub trait Limit {
    fn name(&self) -> &'static str;
    fn after(&self) -> Duration;
}

impl Limit for &Timeout {
    fn name(&self) -> &'static str {
        Timeout::name(self)
    }

    fn after(&self) -> Duration {
        Timeout::after(self)
    }
}

impl Limit for TimeoutOfCall {
    fn name(&self) -> &'static str {
        self.name
    }

    fn after(&self) -> Duration {
        self.after
    }
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
        Self { name, after: Configurable::new(checked!(Self::checked(after))) }
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
    pub fn try_new(name: &'static str, after: Duration) -> Result<Self, PolicyError> {
        Ok(Self { name, after: Configurable::new(Self::checked(after)?) })
    }

    pub(super) const fn checked(after: Duration) -> Result<Duration, PolicyError> {
        if after.is_zero() {
            return Err(PolicyError::new("after", "must be longer than zero"));
        }
        Ok(after)
    }

    #[doc(hidden)]
    pub const fn of_call(name: &'static str, after: Duration) -> TimeoutOfCall {
        TimeoutOfCall { name, after }
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

    /// How long a call may take: what it was built with, unless it was configured.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use steadfast::timeout::Timeout;
    /// let limit = Duration::from_secs(2);
    /// assert_eq!(Timeout::new("gateway", limit).after(), limit);
    /// ```
    pub fn after(&self) -> Duration {
        *self.after.get()
    }
}

impl Describe for Timeout {
    fn name(&self) -> &'static str {
        self.name
    }

    fn settings(&self) -> Settings {
        Settings::from([("after", format!("{:?}", self.after()))])
    }

    fn configure(&self, settings: &serde_json::Value) -> Result<(), ConfigureError> {
        self.configure(&config::read(settings)?)
    }

    fn trial(&self) -> Option<Box<dyn Describe>> {
        Some(Box::new(Self { name: self.name, after: Configurable::new(self.after()) }))
    }

    fn limit(&self) -> Option<Duration> {
        Some(self.after())
    }
}
