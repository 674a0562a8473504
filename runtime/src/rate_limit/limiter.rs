//! The limiter: a quota, what was let through so far, and the line of those who wait.

use std::sync::{OnceLock, PoisonError};
use std::task::Waker;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::Instant;

use super::decision::Window;
use super::gcra::Gcra;
use super::line::Line;
use super::policy::Quota;
use crate::moment::Moment;
use crate::registry::{Describe, Settings, State};
use crate::sync::{Mutex, MutexGuard};
use crate::{Layer, Reason, Rejection, clock};

/// How much longer than `max_wait` one in the line may stay. Timers are late by a millisecond or
/// so, and each round of waiters inherits the lateness of the one before: without this, calls
/// that were promised a turn would be refused in the end.
const SLACK: Duration = Duration::from_millis(10);

/// A rate limiter: its settings and its state.
///
/// It is built in a `static` or a field, and every function that names it shares its limit. See
/// the [module](mod@crate::rate_limit) for what it does.
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
#[derive(Debug)]
pub struct RateLimiter {
    name: &'static str,
    quota: Quota,
    pub(super) max_wait: Duration,
    window: Mutex<Window>,
    /// Built at the first call: it reads the clock.
    gcra: OnceLock<Gcra>,
    line: Line,
}

/// What becomes of a call that comes.
pub(super) enum Arrival<'a> {
    Admitted,
    Refused(Duration),
    InLine(Place<'a>),
}

/// What a call in the line has to do.
pub(super) enum Turn {
    Admitted,
    Refused(Duration),
    Wait { until: Instant },
}

/// A place in the line. Dropping it leaves the line.
#[derive(Debug)]
pub(super) struct Place<'a> {
    limiter: &'a RateLimiter,
    ticket: u64,
    joined: Instant,
}

impl RateLimiter {
    pub(super) const fn new(name: &'static str, quota: Quota) -> Self {
        Self {
            name,
            quota,
            max_wait: Duration::ZERO,
            window: Mutex::new(Window::new()),
            gcra: OnceLock::new(),
            line: Line::new(),
        }
    }

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

    /// Lets a call through when it need not wait. The short way of [`arrive`](Self::arrive) for
    /// most calls.
    pub(super) fn pass(&self, moment: Moment) -> bool {
        if self.line.waiting() != 0 {
            return false;
        }
        let Quota::Window { max_calls, period } = &self.quota else {
            return self.admit().is_ok();
        };
        let now = moment.or_now();
        self.locked().pass(*max_calls, period, now)
    }

    pub(super) fn arrive(&self) -> Arrival<'_> {
        if self.line.waiting() == 0 {
            match self.admit() {
                Ok(()) => return Arrival::Admitted,
                Err(wait) if wait > self.max_wait => return Arrival::Refused(wait),
                Err(_) => {}
            }
        }
        self.join()
    }

    /// The answer to a call that cannot wait, whatever the limiter allows.
    #[cold]
    pub(super) fn ask_now(&self) -> Option<Rejection> {
        let wait = match self.line.waiting() {
            0 => self.admit().err()?,
            ahead => self.wait(ahead),
        };
        Some(self.refuse(wait))
    }

    #[cold]
    fn join(&self) -> Arrival<'_> {
        self.line.hold(|queue| {
            // It may have become empty, and the time have come, since we looked.
            if queue.len() == 0 && self.admit().is_ok() {
                return Arrival::Admitted;
            }
            let wait = self.wait(queue.len());
            if wait > self.max_wait || Handle::try_current().is_err() {
                return Arrival::Refused(wait);
            }
            Arrival::InLine(Place { limiter: self, ticket: queue.join(), joined: clock::mono() })
        })
    }

    /// Lets a call through, or says how long until one could be.
    #[inline(never)] // Or it crowds `pass`.
    fn admit(&self) -> Result<(), Duration> {
        match self.quota {
            Quota::Window { max_calls, period } => {
                let now = clock::mono();
                self.locked().admit(max_calls, period, now)
            }
            Quota::Rate { interval, burst, .. } => self.gcra(interval, burst).admit(),
        }
    }

    /// How long a call that comes now has to wait behind `ahead` others.
    fn wait(&self, ahead: usize) -> Duration {
        match self.quota {
            Quota::Window { max_calls, period } => {
                let now = clock::mono();
                self.locked().wait(max_calls, period, ahead, now)
            }
            Quota::Rate { interval, burst, .. } => self.gcra(interval, burst).wait(ahead),
        }
    }

    fn locked(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn gcra(&self, interval: Duration, burst: u32) -> &Gcra {
        self.gcra.get_or_init(|| Gcra::new(interval, burst))
    }

    #[cold]
    pub(super) fn refuse(&self, retry_after: Duration) -> Rejection {
        Rejection::new(Layer::RateLimit, self.name, Reason::Limited { retry_after })
    }
}

impl<'a> Place<'a> {
    pub(super) fn limiter(&self) -> &'a RateLimiter {
        self.limiter
    }

    pub(super) fn joined(&self) -> Instant {
        self.joined
    }

    /// Asks whether it is this one's turn. The waker is called when it becomes the first.
    pub(super) fn turn(&self, waker: Waker) -> Turn {
        let (turn, _waker) = self.limiter.line.hold(|queue| {
            let (ahead, before) = queue.ahead(self.ticket, waker);
            (self.turn_behind(ahead), before)
        });
        turn
    }

    fn turn_behind(&self, ahead: usize) -> Turn {
        let now = clock::mono();
        let patience = self.limiter.max_wait.saturating_add(SLACK);
        let left = patience.saturating_sub(now.saturating_duration_since(self.joined));
        let wait = match ahead {
            0 => match self.limiter.admit() {
                Ok(()) => return Turn::Admitted,
                Err(wait) if wait > left => return Turn::Refused(wait),
                Err(wait) => wait,
            },
            _ if left.is_zero() => return Turn::Refused(self.limiter.wait(ahead)),
            _ => left,
        };
        let until = after(now, wait);
        Turn::Wait { until }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.limiter.line.leave(self.ticket);
    }
}

/// Far in the future where there is no such time.
fn after(now: Instant, wait: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 3600);
    now.checked_add(wait).or_else(|| now.checked_add(FAR)).unwrap_or(now)
}

impl Describe for RateLimiter {
    fn name(&self) -> &'static str {
        self.name
    }

    fn settings(&self) -> Settings {
        let mut settings = match self.quota {
            Quota::Window { max_calls, period } => {
                Settings::from([("max_calls", max_calls.to_string()), ("period", format!("{period:?}"))])
            }
            Quota::Rate { calls, per, burst, .. } => {
                Settings::from([("rate", format!("{calls}/{per:?}")), ("burst", burst.to_string())])
            }
        };
        settings.insert("max_wait", format!("{:?}", self.max_wait));
        settings
    }

    fn state(&self) -> Option<State> {
        let admitted = match self.quota {
            Quota::Window { period, .. } => {
                let now = clock::mono();
                Some(self.locked().within(period, now) as u64)
            }
            Quota::Rate { .. } => None,
        };
        let waiting = self.line.waiting() as u64;
        Some(State::RateLimit { admitted, waiting })
    }
}
