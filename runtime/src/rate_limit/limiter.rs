//! The limiter: a quota, what was let through so far, and the line of those who wait.

use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::Instant;

use super::books::{Account, Tally, idle_in};
use super::quota::{Counted, Quota};
use crate::config::Configurable;
use crate::keyed::PerKey;
use crate::registry::{Describe, Operation, Settings, State};
use crate::scope::{Fresh, here};
use crate::sync::{Mutex, MutexGuard};
use crate::{ConfigureError, Layer, Reason, Rejection, clock};

/// A rate limiter: its settings and its state.
///
/// It is built in a `static` or a field, and every function that names it shares its limit. See
/// the [module](mod@crate::rate_limit) for what it does, and [`Keyed`](crate::keyed::Keyed) for a
/// limit for each tenant or account.
///
/// ```
/// use std::time::Duration;
/// use steadfast::rate_limit::RateLimiter;
///
/// static GATEWAY_CALLS: RateLimiter =
///     RateLimiter::window("gateway_calls", 100, Duration::from_secs(60));
///
/// assert_eq!(GATEWAY_CALLS.name(), "gateway_calls");
/// ```
///
/// `S` is where its state is: in this process ([`Local`]), or where all processes see it
/// ([`Shared`](super::Shared), from [`shared`](RateLimiter::shared)).
#[derive(Debug)]
pub struct RateLimiter<S = Local> {
    pub(super) name: &'static str,
    pub(super) terms: Configurable<Terms>,
    pub(super) state: S,
}

/// The state of a [`RateLimiter`] that each process has for itself.
///
/// ```
/// use std::time::Duration;
/// use steadfast::rate_limit::{Local, RateLimiter};
///
/// let limiter: RateLimiter<Local> = RateLimiter::window("gateway_calls", 100, Duration::from_secs(60));
/// # drop(limiter);
/// ```
#[derive(Debug)]
pub struct Local {
    account: Mutex<Account>,
}

impl Local {
    const fn new() -> Self {
        Self { account: Mutex::new(Account::new()) }
    }
}

/// The settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) quota: Quota,
    pub(super) max_wait: Duration,
    pub(super) downstream: bool,
}

impl RateLimiter {
    pub(super) const fn new(name: &'static str, quota: Quota) -> Self {
        Self::with(name, Terms { quota, max_wait: Duration::ZERO, downstream: false })
    }

    pub(super) const fn with(name: &'static str, terms: Terms) -> Self {
        Self { name, terms: Configurable::new(terms), state: Local::new() }
    }

    #[inline]
    pub(super) fn account(&self) -> MutexGuard<'_, Account> {
        self.state.account.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what was let through. Who waits first is told, and asks again.
    fn clear(&self) {
        let first = {
            let mut account = self.account();
            account.arrival = 0;
            account.page.window.clear();
            account.page.line.first()
        };
        if let Some(waker) = first {
            waker.wake();
        }
    }
}

impl<S> RateLimiter<S> {
    /// The name it was given.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::rate_limit::RateLimiter;
    ///
    /// let limiter = RateLimiter::window("gateway_calls", 100, Duration::from_secs(60));
    /// assert_eq!(limiter.name(), "gateway_calls");
    /// ```
    pub const fn name(&self) -> &'static str {
        self.name
    }

    #[cold]
    pub(super) fn limited(&self, retry_after: Duration) -> Rejection {
        let rejection = Rejection::new(Layer::RateLimit, self.name, Reason::Limited { retry_after });
        if self.terms.get().downstream { rejection.downstream() } else { rejection }
    }

    #[cold]
    pub(super) fn too_costly(&self, cost: u32, most: u32) -> Rejection {
        Rejection::new(Layer::RateLimit, self.name, Reason::TooCostly { cost, most })
    }
}

impl Terms {
    pub(super) fn settings(&self) -> Settings {
        let mut settings = match self.quota.0 {
            Counted::Window { max_calls, period } => {
                Settings::from([("max_calls", max_calls.to_string()), ("period", format!("{period:?}"))])
            }
            Counted::Rate { calls, per, burst, .. } => {
                Settings::from([("rate", format!("{calls}/{per:?}")), ("burst", burst.to_string())])
            }
        };
        settings.insert("max_wait", format!("{:?}", self.max_wait));
        settings.insert("downstream", self.downstream.to_string());
        settings
    }
}

impl Fresh for RateLimiter {
    fn fresh(&self) -> Self {
        Self::with(self.name, *self.terms.get())
    }
}

impl Describe for RateLimiter {
    fn name(&self) -> &'static str {
        self.name
    }

    fn settings(&self) -> Settings {
        self.terms.get().settings()
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
        let now = clock::mono();
        let account = this.account();
        let admitted = match this.terms.get().quota.0 {
            Counted::Window { period, .. } => Some(account.page.window.within(period, now)),
            Counted::Rate { .. } => None,
        };
        Some(State::RateLimit { admitted, waiting: account.page.line.len() as u64 })
    }
}

impl PerKey for RateLimiter {
    type State = Tally;
    type Own = Quota;
    const MAX_KEYS: u32 = 100_000;

    fn new_state(&self) -> Tally {
        Tally::default()
    }

    fn idle_in(&self, tally: &Tally, own: Option<Quota>, now: Instant) -> Option<Duration> {
        idle_in(tally, &own.unwrap_or(self.terms.get().quota), now)
    }

    fn busy(tally: &Tally) -> u64 {
        tally.waiting() as u64
    }

    fn clear(tally: &mut Tally) -> bool {
        tally.clear()
    }
}
