//! The settings of a retry.

use std::time::Duration;

use super::{Jitter, Retrying, Schedule};
use crate::PolicyError;
use crate::config::Configurable;
use crate::policy::checked;

mod read;
mod settings;

pub(super) use settings::{Delays, MAX_DELAY, Plan, Settings};

/// How often a failed call is tried again, and after which pauses.
///
/// | setting | default |
/// |---|---|
/// | `max_attempts` | 3, the first call included |
/// | `delay`, `backoff`, `max_delay` | 100 ms, 2.0, 5 s |
/// | `delays` | none; a list stands in place of the three above |
/// | `schedule` | none; pauses of your own, see [`Schedule`] |
/// | `jitter` | full |
/// | `max_elapsed` | 30 s from the first attempt's start |
/// | `repeatable` | no |
/// | `on_retry` | none |
///
/// [`#[retry]`](macro@crate::retry) makes one of its settings, of the same names, and keeps it in a
/// `static`. Functions share one by naming it: `#[retry(GATEWAY)]`. Code without attributes uses it by
/// [`call`](Self::call). Its settings may come from outside: [`from_config`](Self::from_config),
/// [`configure`](Self::configure).
///
/// The builder steps work in a `static`, where a setting that cannot be right is a compile error.
/// Elsewhere they panic; for values that are known at run time only, each has a `try_` twin. The
/// steps may come in any order.
///
/// ```
/// use std::time::Duration;
/// use steadfast::retry::RetryPolicy;
///
/// static GATEWAY: RetryPolicy = RetryPolicy::new("gateway")
///     .max_attempts(5)
///     .delay(Duration::from_millis(200))
///     .max_delay(Duration::from_secs(2));
/// ```
///
/// ```compile_fail
/// use steadfast::retry::RetryPolicy;
///
/// static GATEWAY: RetryPolicy = RetryPolicy::new("gateway").max_attempts(0);
/// ```
#[derive(Debug)]
pub struct RetryPolicy {
    name: &'static str,
    settings: Configurable<Settings>,
    repeatable: bool,
    on_retry: Option<fn(&Retrying<'_>)>,
}

impl RetryPolicy {
    /// A policy with the defaults. The name is for logs and metrics; the attribute gives it the
    /// function's.
    ///
    /// ```
    /// let policy = steadfast::retry::RetryPolicy::new("gateway");
    /// assert_eq!(policy.name(), "gateway");
    /// ```
    pub const fn new(name: &'static str) -> Self {
        let settings = Configurable::new(Settings::DEFAULT);
        Self { name, settings, repeatable: false, on_retry: None }
    }

    /// The policy's name.
    ///
    /// ```
    /// assert_eq!(steadfast::retry::RetryPolicy::new("gateway").name(), "gateway");
    /// ```
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// How many calls there are at most, the first one included. 1 never tries again. Default 3.
    ///
    /// ```
    /// steadfast::retry::RetryPolicy::new("gateway").max_attempts(5);
    /// ```
    ///
    /// # Panics
    /// On 0; in a `static` that is a compile error.
    pub const fn max_attempts(mut self, calls: u32) -> Self {
        self.settings.built.plan = checked!(self.settings.built.plan.max_attempts(calls));
        self
    }

    /// [`max_attempts`](Self::max_attempts) for a number known at run time only.
    ///
    /// ```
    /// let error = steadfast::retry::RetryPolicy::new("gateway").try_max_attempts(0).unwrap_err();
    /// assert_eq!(error.setting(), "max_attempts");
    /// ```
    ///
    /// # Errors
    /// On 0.
    pub fn try_max_attempts(mut self, calls: u32) -> Result<Self, PolicyError> {
        self.settings.built.plan = self.settings.built.plan.max_attempts(calls)?;
        Ok(self)
    }

    /// The pause after the first attempt, before jitter. Default 100 ms, or `max_delay` where that
    /// is shorter. Zero is allowed: it lets other tasks run and tries again.
    ///
    /// ```
    /// use std::time::Duration;
    /// steadfast::retry::RetryPolicy::new("gateway").delay(Duration::from_millis(50));
    /// ```
    ///
    /// # Panics
    /// Where it is longer than a `max_delay` that was set, or beside `delays` or `schedule`; in a `static` that
    /// is a compile error.
    pub const fn delay(mut self, delay: Duration) -> Self {
        self.settings.built.plan = checked!(self.settings.built.plan.delay(delay));
        self
    }

    /// [`delay`](Self::delay) for a duration known at run time only.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::retry::RetryPolicy;
    ///
    /// let short = RetryPolicy::new("gateway").max_delay(Duration::from_secs(1));
    /// assert!(short.try_delay(Duration::from_secs(2)).is_err());
    /// ```
    ///
    /// # Errors
    /// Where it is longer than a `max_delay` that was set, or beside `delays`.
    pub fn try_delay(mut self, delay: Duration) -> Result<Self, PolicyError> {
        self.settings.built.plan = self.settings.built.plan.delay(delay)?;
        Ok(self)
    }

    /// What each pause is multiplied by to give the next one. Default 2.0; 1.0 keeps them equal.
    ///
    /// ```
    /// steadfast::retry::RetryPolicy::new("gateway").backoff(1.5);
    /// ```
    ///
    /// # Panics
    /// Below 1, where it is not finite, or beside `delays`; in a `static` that is a compile error.
    pub const fn backoff(mut self, factor: f64) -> Self {
        self.settings.built.plan = checked!(self.settings.built.plan.backoff(factor));
        self
    }

    /// [`backoff`](Self::backoff) for a factor known at run time only.
    ///
    /// ```
    /// assert!(steadfast::retry::RetryPolicy::new("gateway").try_backoff(0.5).is_err());
    /// ```
    ///
    /// # Errors
    /// Below 1, where it is not finite, or beside `delays`.
    pub fn try_backoff(mut self, factor: f64) -> Result<Self, PolicyError> {
        self.settings.built.plan = self.settings.built.plan.backoff(factor)?;
        Ok(self)
    }

    /// The longest pause that is computed; jitter does not go beyond it. A pause that the failure
    /// asks for may be longer.
    ///
    /// Where it is not set it is 5 s, or `delay` where that is longer.
    ///
    /// ```
    /// use std::time::Duration;
    /// steadfast::retry::RetryPolicy::new("gateway").max_delay(Duration::from_secs(1));
    /// ```
    ///
    /// # Panics
    /// Where it is shorter than a `delay` that was set, or beside `delays`; in a `static` that is
    /// a compile error.
    pub const fn max_delay(mut self, longest: Duration) -> Self {
        self.settings.built.plan = checked!(self.settings.built.plan.max_delay(longest));
        self
    }

    /// [`max_delay`](Self::max_delay) for a duration known at run time only.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::retry::RetryPolicy;
    ///
    /// let slow = RetryPolicy::new("gateway").delay(Duration::from_secs(2));
    /// assert!(slow.try_max_delay(Duration::from_secs(1)).is_err());
    /// ```
    ///
    /// # Errors
    /// Where it is shorter than a `delay` that was set, or beside `delays`.
    pub fn try_max_delay(mut self, longest: Duration) -> Result<Self, PolicyError> {
        self.settings.built.plan = self.settings.built.plan.max_delay(longest)?;
        Ok(self)
    }

    /// The pauses one by one, in place of `delay`, `backoff` and `max_delay`. Where there are
    /// more pauses than the list has, the last one repeats. Jitter applies to them: say
    /// [`Jitter::None`] where they are meant exactly.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::retry::{Jitter, RetryPolicy};
    ///
    /// static GATEWAY: RetryPolicy = RetryPolicy::new("gateway")
    ///     .delays(&[Duration::from_millis(100), Duration::from_secs(1)])
    ///     .jitter(Jitter::None);
    /// ```
    ///
    /// # Panics
    /// Where the list is empty, beside one of the three it stands for, or beside
    /// [`Jitter::Decorrelated`], which computes its own; in a `static` that is a compile error.
    pub const fn delays(mut self, delays: &'static [Duration]) -> Self {
        self.settings.built.plan = checked!(self.settings.built.plan.delays(delays));
        self
    }

    /// [`delays`](Self::delays) for a list known at run time only.
    ///
    /// ```
    /// assert!(steadfast::retry::RetryPolicy::new("gateway").try_delays(&[]).is_err());
    /// ```
    ///
    /// # Errors
    /// Where the list is empty, beside one of the three it stands for, or beside
    /// [`Jitter::Decorrelated`].
    pub fn try_delays(mut self, delays: &'static [Duration]) -> Result<Self, PolicyError> {
        self.settings.built.plan = self.settings.built.plan.delays(delays)?;
        Ok(self)
    }

    /// How chance changes the computed pauses. Default [`Jitter::Full`].
    ///
    /// ```
    /// use steadfast::retry::{Jitter, RetryPolicy};
    /// RetryPolicy::new("gateway").jitter(Jitter::Equal);
    /// ```
    ///
    /// # Panics
    /// On [`Jitter::Decorrelated`] beside `delays`, or on any beside `schedule`; in a `static` that is a compile error.
    pub const fn jitter(mut self, jitter: Jitter) -> Self {
        self.settings.built.plan = checked!(self.settings.built.plan.jitter(jitter));
        self
    }

    /// [`jitter`](Self::jitter) for a choice known at run time only.
    ///
    /// ```
    /// use steadfast::retry::{Jitter, RetryPolicy};
    /// assert!(RetryPolicy::new("gateway").try_jitter(Jitter::Decorrelated).is_ok());
    /// ```
    ///
    /// # Errors
    /// On [`Jitter::Decorrelated`] beside `delays`, or on any beside `schedule`.
    pub fn try_jitter(mut self, jitter: Jitter) -> Result<Self, PolicyError> {
        self.settings.built.plan = self.settings.built.plan.jitter(jitter)?;
        Ok(self)
    }

    /// Pauses of your own, in place of `delay`, `backoff`, `delays` and `jitter`. `max_delay` still caps
    /// them where it is set, `max_attempts` and `max_elapsed` hold, and what a failure asks for
    /// (`Retry-After`) goes before them. Default: none. See [`Schedule`] for what can be one.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::retry::RetryPolicy;
    ///
    /// static GATEWAY: RetryPolicy = RetryPolicy::new("gateway")
    ///     .schedule(&|| [5, 50, 500].into_iter().map(Duration::from_millis));
    /// ```
    ///
    /// # Panics
    /// Beside one of the four it stands for; in a `static` that is a compile error.
    pub const fn schedule(mut self, schedule: &'static dyn Schedule) -> Self {
        self.settings.built.plan = checked!(self.settings.built.plan.schedule(schedule));
        self
    }

    /// [`schedule`](Self::schedule) where the other settings are known at run time only.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::retry::RetryPolicy;
    ///
    /// let growing = RetryPolicy::new("gateway").backoff(3.0);
    /// assert!(growing.try_schedule(&|| std::iter::repeat(Duration::from_secs(1))).is_err());
    /// ```
    ///
    /// # Errors
    /// Beside one of the four it stands for.
    pub fn try_schedule(mut self, schedule: &'static dyn Schedule) -> Result<Self, PolicyError> {
        self.settings.built.plan = self.settings.built.plan.schedule(schedule)?;
        Ok(self)
    }

    /// How long after the start of the first attempt another may begin. Default 30 s. A pause that
    /// cannot end before that is not begun. It ends no attempt that runs; that is what a timeout is
    /// for.
    ///
    /// ```
    /// use std::time::Duration;
    /// steadfast::retry::RetryPolicy::new("gateway").max_elapsed(Duration::from_secs(3));
    /// ```
    ///
    /// # Panics
    /// On zero; in a `static` that is a compile error.
    pub const fn max_elapsed(mut self, limit: Duration) -> Self {
        self.settings.built.plan = checked!(self.settings.built.plan.max_elapsed(limit));
        self
    }

    /// [`max_elapsed`](Self::max_elapsed) for a duration known at run time only.
    ///
    /// ```
    /// use std::time::Duration;
    /// assert!(steadfast::retry::RetryPolicy::new("gateway").try_max_elapsed(Duration::ZERO).is_err());
    /// ```
    ///
    /// # Errors
    /// On zero.
    pub fn try_max_elapsed(mut self, limit: Duration) -> Result<Self, PolicyError> {
        self.settings.built.plan = self.settings.built.plan.max_elapsed(limit)?;
        Ok(self)
    }

    /// No limit on the total time. A failure may then ask for a pause of any length. The attribute
    /// has no word for it.
    ///
    /// ```
    /// steadfast::retry::RetryPolicy::new("batch").no_max_elapsed();
    /// ```
    pub const fn no_max_elapsed(mut self) -> Self {
        self.settings.built.plan.max_elapsed = None;
        self
    }

    /// Says that running the call twice is safe, because it only reads, or because the other side
    /// gets the same key with every attempt. Calls whose outcome is unknown are then tried again.
    /// Default: they are not.
    ///
    /// ```
    /// steadfast::retry::RetryPolicy::new("rates").repeatable();
    /// ```
    pub const fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// What is told before each pause. Default: nobody. It is called on the task of the call, so it
    /// must not block.
    ///
    /// ```
    /// use steadfast::retry::{RetryPolicy, Retrying};
    ///
    /// fn tell(event: &Retrying<'_>) {
    ///     eprintln!("attempt {} of {} failed", event.attempt(), event.name());
    /// }
    /// static GATEWAY: RetryPolicy = RetryPolicy::new("gateway").on_retry(tell);
    /// ```
    pub const fn on_retry(mut self, hook: fn(&Retrying<'_>)) -> Self {
        self.on_retry = Some(hook);
        self
    }

    /// The settings in force.
    #[inline]
    pub(super) fn in_force(&self) -> &Settings {
        self.settings.get()
    }

    /// The settings it was built with.
    pub(super) fn built(&self) -> &Settings {
        &self.settings.built
    }

    /// A policy of that name with settings that were checked.
    pub(super) const fn of(name: &'static str, settings: Settings) -> Self {
        Self { name, settings: Configurable::new(settings), repeatable: false, on_retry: None }
    }

    pub(super) fn put_in_force(&self, settings: Settings) -> Result<(), crate::ConfigureError> {
        self.settings.configure(settings)
    }

    pub(super) fn may_repeat(&self) -> bool {
        self.repeatable
    }

    pub(super) fn hook(&self) -> Option<fn(&Retrying<'_>)> {
        self.on_retry
    }
}
