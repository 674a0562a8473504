//! How much of the load may be retries.

mod config;
mod decision;
#[cfg(test)]
mod tests;

pub use config::RetryBudgetConfig;

use std::sync::{OnceLock, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use self::decision::{Calls, Limits, Retries};
use crate::config::Configurable;
use crate::policy::checked;
use crate::registry::{Describe, Operation, Settings, State};
use crate::scope::{Fresh, here};
use crate::sync::Mutex;
use crate::{ConfigureError, PolicyError, clock, observe};

/// Parts are counted from a while before the first call, so that a clock may step back.
const BEFORE: Duration = Duration::from_secs(3600);

/// A limit on retries that functions share, so that a dependency that is down is not called many times
/// as often as one that is up.
///
/// Within any `window` there are at most `ratio` retries for each call, and `min_per_second` more, so that
/// a quiet service may retry as well. A call adds to the budget when it begins; a retry is taken out
/// before its pause. Where nothing is left, the attempts end with the failure that came.
///
/// | setting | default |
/// |---|---|
/// | `ratio` | 0.1 retries for each call |
/// | `min_per_second` | 10 |
/// | `window` | 10 s, counted in ten parts: the oldest goes when a new one begins |
///
/// This is the design of [Finagle's `RetryBudget`][finagle], which tower's `TpsBudget` follows, with the
/// share of one in ten that Google's SRE book gives a client.
///
/// ```
/// use steadfast::{Failure, retry, retry::RetryBudget};
///
/// static GATEWAY_RETRIES: RetryBudget = RetryBudget::new("gateway").ratio(0.2).min_per_second(1);
///
/// #[derive(Debug, Failure)]
/// #[failure(transient)]
/// struct Down;
///
/// #[retry(budget = GATEWAY_RETRIES)]
/// async fn authorize() -> Result<(), Down> {
///     Ok(())
/// }
///
/// #[retry(budget = GATEWAY_RETRIES, max_attempts = 5)]
/// async fn capture() -> Result<(), Down> {
///     Err(Down)
/// }
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// assert!(capture().await.is_err());
/// assert_eq!(GATEWAY_RETRIES.available(), 10 - 4);
/// # }
/// ```
///
/// [finagle]: https://twitter.github.io/finagle/guide/Clients.html#retries
#[derive(Debug)]
pub struct RetryBudget {
    name: &'static str,
    limits: Configurable<Limits>,
    /// From when parts of the window are counted.
    origin: OnceLock<Instant>,
    calls: Calls,
    // A retry comes after a failure, so that a lock is nothing to it.
    retries: Mutex<Retries>,
}

impl RetryBudget {
    /// A budget with the default settings. The name is for logs and metrics.
    ///
    /// See [`RetryBudget`] for an example.
    pub const fn new(name: &'static str) -> Self {
        Self::of(name, Limits::DEFAULT)
    }

    const fn of(name: &'static str, limits: Limits) -> Self {
        Self {
            name,
            limits: Configurable::new(limits),
            origin: OnceLock::new(),
            calls: Calls::new(),
            retries: Mutex::new(Retries::new()),
        }
    }

    /// The name it was given.
    ///
    /// ```
    /// assert_eq!(steadfast::retry::RetryBudget::new("gateway").name(), "gateway");
    /// ```
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// How many retries there may be for each call: 0.1 is one for ten calls. Default 0.1. At 0 there
    /// are only those of `min_per_second`.
    ///
    /// ```
    /// steadfast::retry::RetryBudget::new("gateway").ratio(0.5);
    /// ```
    ///
    /// # Panics
    /// Below 0, above 1000 or where it is not finite; and at 0 beside a `min_per_second` of 0, which
    /// would leave no retry at all. In a `static` that is a compile error.
    pub const fn ratio(mut self, ratio: f64) -> Self {
        self.limits.built = checked!(self.limits.built.ratio(ratio));
        self
    }

    /// [`ratio`](Self::ratio) for a number known at run time only.
    ///
    /// ```
    /// assert!(steadfast::retry::RetryBudget::new("gateway").try_ratio(-0.5).is_err());
    /// ```
    ///
    /// # Errors
    /// Where [`ratio`](Self::ratio) panics.
    pub fn try_ratio(mut self, ratio: f64) -> Result<Self, PolicyError> {
        self.limits.built = self.limits.built.ratio(ratio)?;
        Ok(self)
    }

    /// How many retries there may be in each second of the window, whatever the number of calls. They
    /// may come at once: 10 in a window of 10 s are 100 within it. Default 10.
    ///
    /// ```
    /// steadfast::retry::RetryBudget::new("gateway").min_per_second(1);
    /// ```
    ///
    /// # Panics
    /// At 0 beside a `ratio` of 0; in a `static` that is a compile error.
    pub const fn min_per_second(mut self, retries: u32) -> Self {
        self.limits.built = checked!(self.limits.built.min_per_second(retries));
        self
    }

    /// [`min_per_second`](Self::min_per_second) for a number known at run time only.
    ///
    /// ```
    /// use steadfast::retry::RetryBudget;
    /// assert!(RetryBudget::new("gateway").ratio(0.0).try_min_per_second(0).is_err());
    /// ```
    ///
    /// # Errors
    /// At 0 beside a `ratio` of 0.
    pub fn try_min_per_second(mut self, retries: u32) -> Result<Self, PolicyError> {
        self.limits.built = self.limits.built.min_per_second(retries)?;
        Ok(self)
    }

    /// How long calls and retries count. Default 10 s.
    ///
    /// ```
    /// use std::time::Duration;
    /// steadfast::retry::RetryBudget::new("gateway").window(Duration::from_secs(60));
    /// ```
    ///
    /// # Panics
    /// Below one second; in a `static` that is a compile error.
    pub const fn window(mut self, window: Duration) -> Self {
        self.limits.built = checked!(self.limits.built.window(window));
        self
    }

    /// [`window`](Self::window) for a duration known at run time only.
    ///
    /// ```
    /// use std::time::Duration;
    /// assert!(steadfast::retry::RetryBudget::new("gateway").try_window(Duration::ZERO).is_err());
    /// ```
    ///
    /// # Errors
    /// Below one second.
    pub fn try_window(mut self, window: Duration) -> Result<Self, PolicyError> {
        self.limits.built = self.limits.built.window(window)?;
        Ok(self)
    }

    /// How many retries could be made in this moment.
    ///
    /// See [`RetryBudget`] for an example.
    pub fn available(&self) -> u64 {
        let this = here(self);
        let (calls, retries) = this.counts(clock::mono());
        this.limits.get().retries(calls).saturating_sub(retries)
    }

    /// A call begins.
    pub(super) fn deposit(&self, now: Instant) {
        let this = here(self);
        this.calls.add(this.part(now));
    }

    /// Whether there is a retry left for a call of `policy`; then it is taken.
    pub(super) fn withdraw(&self, now: Instant, policy: &'static str) -> bool {
        let this = here(self);
        let part = this.part(now);
        let allowed = this.limits.get().retries(this.calls.sum(part));
        let taken = this.retries.lock().unwrap_or_else(PoisonError::into_inner).take(part, allowed);
        if !taken {
            observe::retry_budget_empty(this.name, policy);
        }
        taken
    }

    /// The calls and the retries that count. Only looks: who asks before the first call must not
    /// decide from when parts are counted.
    fn counts(&self, now: Instant) -> (u64, u64) {
        let Some(origin) = self.origin.get() else { return (0, 0) };
        let part = self.limits.get().part(now.saturating_duration_since(*origin));
        (self.calls.sum(part), self.retries.lock().unwrap_or_else(PoisonError::into_inner).sum(part))
    }

    fn part(&self, now: Instant) -> u32 {
        let origin = self.origin.get_or_init(|| now.checked_sub(BEFORE).unwrap_or(now));
        self.limits.get().part(now.saturating_duration_since(*origin))
    }

    fn clear(&self) {
        self.calls.clear();
        *self.retries.lock().unwrap_or_else(PoisonError::into_inner) = Retries::new();
    }
}

impl Fresh for RetryBudget {
    fn fresh(&self) -> Self {
        Self::of(self.name, *self.limits.get())
    }
}

impl Describe for RetryBudget {
    fn name(&self) -> &'static str {
        self.name
    }

    fn settings(&self) -> Settings {
        let limits = self.limits.get();
        Settings::from([
            ("ratio", format!("{:?}", limits.ratio)),
            ("min_per_second", limits.min_per_second.to_string()),
            ("window", format!("{:?}", limits.window)),
        ])
    }

    fn configure(&self, settings: &serde_json::Value) -> Result<(), ConfigureError> {
        self.configure(&crate::config::read(settings)?)
    }

    fn trial(&self) -> Option<Box<dyn Describe>> {
        Some(Box::new(self.fresh()))
    }

    fn operate(&self, operation: Operation) -> bool {
        let clears = operation == Operation::Clear;
        if clears {
            here(self).clear();
        }
        clears
    }

    fn state(&self) -> Option<State> {
        let this = here(self);
        let (calls, retries) = this.counts(clock::mono());
        Some(State::RetryBudget { name: this.name, calls, retries, available: this.available() })
    }
}
