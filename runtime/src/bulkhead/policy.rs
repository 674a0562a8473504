//! How many calls may run at once, and how long others may wait.

use std::time::Duration;

use tokio::sync::Semaphore;

use super::state::Places;
use crate::PolicyError;
use crate::config::Configurable;
use crate::policy::checked;

/// Settings that cannot be wrong, apart from any state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Policy {
    pub(super) max_concurrent: u32,
    pub(super) max_wait: Duration,
}

impl Policy {
    pub(super) const fn new(max_concurrent: u32) -> Result<Self, PolicyError> {
        if max_concurrent == 0 {
            return Err(PolicyError::new("max_concurrent", "must be at least 1"));
        }
        // Where a word has 32 bits the semaphore counts to fewer.
        if max_concurrent as usize > Semaphore::MAX_PERMITS {
            return Err(PolicyError::new("max_concurrent", "is more than can be counted"));
        }
        Ok(Self { max_concurrent, max_wait: Duration::ZERO })
    }
}

/// A bulkhead: its settings and its state.
///
/// It is built in a `static` or a field, and every function that names it shares its places. See the
/// [module](mod@crate::bulkhead) for what it does.
///
/// ```
/// use std::time::Duration;
/// use steadfast::bulkhead::Bulkhead;
///
/// static REPORTS: Bulkhead = Bulkhead::new("reports", 10).max_wait(Duration::from_secs(2));
///
/// assert_eq!(REPORTS.name(), "reports");
/// ```
#[derive(Debug)]
pub struct Bulkhead {
    pub(super) name: &'static str,
    pub(super) settings: Configurable<Policy>,
    pub(super) places: Places,
}

/// # Settings
impl Bulkhead {
    /// At most `max_concurrent` calls at once; a call more is refused. `name` is what refusals, logs
    /// and metrics call it.
    ///
    /// # Panics
    ///
    /// On zero; in a `static` that is a compile error. See [`try_new`](Self::try_new) for a value known
    /// at run time.
    ///
    /// ```
    /// use steadfast::bulkhead::Bulkhead;
    ///
    /// static REPORTS: Bulkhead = Bulkhead::new("reports", 10);
    /// # REPORTS.name();
    /// ```
    pub const fn new(name: &'static str, max_concurrent: u32) -> Self {
        Self::of(name, checked!(Policy::new(max_concurrent)))
    }

    /// [`new`](Self::new) for a value known at run time.
    ///
    /// # Errors
    ///
    /// On zero.
    ///
    /// ```
    /// use steadfast::bulkhead::Bulkhead;
    ///
    /// let error = Bulkhead::try_new("reports", 0).unwrap_err();
    /// assert_eq!(error.to_string(), "`max_concurrent` must be at least 1");
    /// ```
    pub fn try_new(name: &'static str, max_concurrent: u32) -> Result<Self, PolicyError> {
        Policy::new(max_concurrent).map(|policy| Self::of(name, policy))
    }

    pub(super) const fn of(name: &'static str, policy: Policy) -> Self {
        Self { name, places: Places::new(policy.max_concurrent), settings: Configurable::new(policy) }
    }

    /// How long a call may wait for a place. Default zero: it is refused at once. Any length is right.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::bulkhead::Bulkhead;
    ///
    /// static REPORTS: Bulkhead = Bulkhead::new("reports", 10).max_wait(Duration::from_millis(500));
    /// # REPORTS.name();
    /// ```
    pub const fn max_wait(mut self, max_wait: Duration) -> Self {
        self.settings.built.max_wait = max_wait;
        self
    }

    /// The name it was given.
    ///
    /// ```
    /// use steadfast::bulkhead::Bulkhead;
    ///
    /// assert_eq!(Bulkhead::new("reports", 10).name(), "reports");
    /// ```
    pub const fn name(&self) -> &'static str {
        self.name
    }
}
