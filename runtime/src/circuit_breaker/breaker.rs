//! The breaker: a policy, the state behind a lock, and beside it a hint that spares the lock.

use std::sync::{OnceLock, PoisonError};

use tokio::sync::watch;
use tokio::time::Instant;

use super::BreakerState;
use super::decision::{At, Change, Control, Core, Elsewhere, Ended, Outcome, Passing, Verdict};
use super::future::Ticket;
use super::policy::{Policy, Rate};
use super::stripes::{self, Stripes};
use super::tally::Counts;
use crate::clock::Granule;
use crate::config::Configurable;
use crate::scope::{Fresh, here};
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use crate::{Rejection, clock, observe};

/// A circuit breaker: its settings and its state.
///
/// It is built in a `static` or a field, and every function that names it shares its state. See
/// the [module](mod@crate::circuit_breaker) for what it does.
///
/// ```
/// use std::time::Duration;
/// use steadfast::circuit_breaker::CircuitBreaker;
///
/// static GATEWAY: CircuitBreaker = CircuitBreaker::new("gateway")
///     .failure_threshold(3)
///     .recovery_timeout(Duration::from_secs(10))
///     .half_open_max_calls(2)
///     .success_threshold(4);
///
/// assert_eq!(GATEWAY.name(), "gateway");
/// ```
///
/// `S` is where its state is: in this process ([`Local`]), or where all processes see it
/// ([`Shared`](super::Shared), from [`shared`](CircuitBreaker::shared)).
#[derive(Debug)]
pub struct CircuitBreaker<S = Local> {
    pub(super) name: &'static str,
    pub(super) policy: Configurable<Policy>,
    pub(super) state: S,
}

/// The state of a [`CircuitBreaker`] that each process has for itself.
///
/// ```
/// use steadfast::circuit_breaker::{CircuitBreaker, Local};
///
/// let breaker: CircuitBreaker<Local> = CircuitBreaker::new("gateway");
/// # drop(breaker);
/// ```
#[derive(Debug)]
pub struct Local {
    /// A [`Hint`], written under the lock. Relaxed is enough: no other memory is read on its word,
    /// and who reads an old value acts as if it had come a moment earlier.
    pub(super) hint: AtomicU64,
    /// From which part of the window on a success has to look whether it opens the breaker.
    alert: AtomicU64,
    /// The core's, for those who may look without the lock.
    control: AtomicU8,
    stripes: OnceLock<Stripes>,
    how_many_stripes: Option<usize>,
    /// One of many in a map of keys.
    is_for_key: bool,
    core: Mutex<Core>,
    pub(super) watch: OnceLock<watch::Sender<BreakerState>>,
}

impl Local {
    const fn new(by_rate: bool, control: Control) -> Self {
        Self {
            hint: Hint::of_new(by_rate).atomic(),
            alert: AtomicU64::new(u64::MAX),
            control: AtomicU8::new(control as u8),
            stripes: OnceLock::new(),
            how_many_stripes: None,
            is_for_key: false,
            core: Mutex::new(Core::under(control)),
            watch: OnceLock::new(),
        }
    }
}

/// What a call may know without the lock, and in which generation: in one number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hint(u64);

impl Hint {
    const COUNTS: u64 = 1 << 32;
    const ASKS: u64 = u64::MAX;

    /// Of a breaker that was just made.
    pub(super) const fn of_new(by_rate: bool) -> Self {
        Self(if by_rate { Self::COUNTS } else { 0 })
    }

    pub(super) const fn atomic(self) -> AtomicU64 {
        AtomicU64::new(self.0)
    }

    fn of(core: &Core, policy: &Policy) -> Self {
        let generation = u64::from(core.generation());
        Self(match core.passing(policy) {
            Passing::Clean => generation,
            Passing::Counts => Self::COUNTS | generation,
            Passing::Asks => Self::ASKS,
        })
    }
}

impl CircuitBreaker {
    /// A closed breaker with the default settings. `name` is what refusals, logs and metrics call
    /// it: the dependency's name.
    ///
    /// ```
    /// use steadfast::circuit_breaker::CircuitBreaker;
    ///
    /// static GATEWAY: CircuitBreaker = CircuitBreaker::new("gateway");
    /// assert_eq!(GATEWAY.name(), "gateway");
    /// ```
    pub const fn new(name: &'static str) -> Self {
        Self::under(name, Control::Automatic)
    }

    /// One that somebody else decides for.
    pub(super) const fn under(name: &'static str, control: Control) -> Self {
        Self { name, policy: Configurable::new(Policy::DEFAULT), state: Local::new(false, control) }
    }

    /// One of the same settings, for one of many keys.
    pub(super) fn for_key(&self) -> Self {
        // Its calls are apart from those of other keys already.
        let mut one = Self::of(self.name, *self.policy.get());
        one.state.how_many_stripes = Some(1);
        one.state.is_for_key = true;
        one
    }

    /// A breaker of those settings, in which nothing has happened yet.
    pub(super) fn of(name: &'static str, policy: Policy) -> Self {
        let state = Local::new(policy.rate.is_some(), Control::Automatic);
        Self { name, policy: Configurable::new(policy), state }
    }

    /// The state in this moment. An open breaker stays `Open` after its recovery timeout until
    /// the next call asks, which it then lets through as a probe.
    ///
    /// ```
    /// use steadfast::circuit_breaker::{BreakerState, CircuitBreaker};
    ///
    /// assert_eq!(CircuitBreaker::new("gateway").state(), BreakerState::Closed);
    /// ```
    pub fn state(&self) -> BreakerState {
        here(self).read(|core| core.state())
    }

    /// The generation, when a call goes through and only a failure of it would change anything:
    /// then it needs no [`admit`](Self::admit).
    #[inline]
    pub(super) fn pass(&self) -> Option<u32> {
        u32::try_from(self.state.hint.load(Ordering::Relaxed)).ok()
    }

    /// Lets a call through, or not. Its ticket is given before anybody is told of a change, so that
    /// nothing they do can lose it.
    #[inline]
    pub(super) fn admit(&self, give: impl FnOnce(Ticket)) -> Result<Ticket, Rejection> {
        self.admit_at(give, clock::mono)
    }

    #[inline]
    pub(super) fn admit_at(&self, give: impl FnOnce(Ticket), clock: impl Fn() -> Instant) -> Result<Ticket, Rejection> {
        let hint = self.state.hint.load(Ordering::Relaxed);
        if hint & !u64::from(u32::MAX) == Hint::COUNTS {
            return Ok(Ticket { generation: hint as u32, started: self.started(self.policy.get(), &clock) });
        }
        self.ask(give, clock())
    }

    #[cold]
    fn ask(&self, give: impl FnOnce(Ticket), now: Instant) -> Result<Ticket, Rejection> {
        let policy = self.policy.get();
        match self.update(|core| core.admit(policy, now)) {
            Verdict::Admitted { generation, change } => {
                let ticket = Ticket { generation, started: self.started(policy, || now) };
                give(ticket);
                self.tell(change);
                Ok(ticket)
            }
            Verdict::Refused { retry_after } => Err(Rejection::open(self.name, retry_after)),
            Verdict::ForcedOpen => Err(Rejection::forced_open(self.name)),
        }
    }

    /// When a call began, where that is of interest.
    fn started(&self, policy: &Policy, clock: impl FnOnce() -> Instant) -> u64 {
        match policy.rate {
            Some(Rate { slow_call: Some(_), .. }) => {
                let now = clock();
                self.stripes(now).nanos(now)
            }
            _ => 0,
        }
    }

    /// Whether there is nothing in it for the breaker to [`learn`](Self::learn).
    #[inline]
    pub(super) fn changes_nothing(&self, generation: u32, outcome: Outcome) -> bool {
        outcome != Outcome::Failure && self.state.hint.load(Ordering::Relaxed) == u64::from(generation)
    }

    #[inline(never)]
    pub(super) fn learn(&self, ticket: Ticket, outcome: Outcome) {
        self.learn_at(ticket, outcome, clock::granule, clock::mono);
    }

    #[inline]
    pub(super) fn learn_at(
        &self,
        ticket: Ticket,
        outcome: Outcome,
        granule: impl FnOnce() -> Option<Granule>,
        clock: impl FnOnce() -> Instant,
    ) {
        let policy = self.policy.get();
        let (at, ended) = match &policy.rate {
            None => (At { now: clock(), tick: 0 }, Ended { outcome, slow: false, counted: false }),
            Some(rate) => match self.count(rate, ticket, outcome, granule, clock) {
                Some(rest) => rest,
                None => return,
            },
        };
        self.decide(policy, ticket, ended, at);
    }

    #[cold]
    fn decide(&self, policy: &Policy, ticket: Ticket, ended: Ended, at: At) {
        let step = |core: &mut Core| core.record(policy, ticket.generation, ended, at, &self.state.stripes);
        self.tell(self.update(step));
    }

    /// Counts what can be counted without the lock; gives back what is left to be told under it.
    #[inline]
    fn count(
        &self,
        rate: &Rate,
        ticket: Ticket,
        outcome: Outcome,
        granule: impl FnOnce() -> Option<Granule>,
        clock: impl FnOnce() -> Instant,
    ) -> Option<(At, Ended)> {
        let generation = ticket.generation;
        let closed = self.state.hint.load(Ordering::Relaxed) == Hint::COUNTS | u64::from(generation);
        let success = closed && outcome == Outcome::Success;
        let granule = if success && rate.takes_granules() { granule() } else { None };
        // The precise time is dear. Who counts without it needs it only to see whether that opens the breaker.
        let counted = self.succeed_within(generation, granule);
        if counted && self.state.alert.load(Ordering::Relaxed) == u64::MAX {
            return None;
        }
        let now = clock();
        let stripes = self.stripes(now);
        let nanos = stripes.nanos(now);
        let tick = rate.bucket().map_or(0, |bucket| nanos / bucket);
        let took_long = |limit| nanos.saturating_sub(ticket.started) >= clock::nanos(limit);
        let slow = outcome != Outcome::Refused && rate.slow_call.is_some_and(took_long);
        let rest = |counted| Some((At { now, tick }, Ended { outcome, slow, counted }));
        match outcome {
            Outcome::Neutral | Outcome::Refused if closed && !slow => None,
            Outcome::Success if success && !slow && rate.bucket().is_some() => {
                if !counted {
                    stripes.succeed(generation, tick, granule);
                }
                // Who raises the alarm does so before they look into the stripes. So either they
                // found this success there, or counting it has shown us the alarm.
                let alert = self.state.alert.load(Ordering::Relaxed);
                if tick < alert { None } else { rest(true) }
            }
            _ => rest(false),
        }
    }

    #[inline]
    fn succeed_within(&self, generation: u32, granule: Option<Granule>) -> bool {
        match (granule, self.state.stripes.get()) {
            (Some(granule), Some(stripes)) => stripes.succeed_within(generation, granule),
            _ => false,
        }
    }

    #[inline]
    pub(super) fn stripes(&self, now: Instant) -> &Stripes {
        self.state.stripes.get_or_init(|| Stripes::new(self.state.how_many_stripes.unwrap_or_else(stripes::many), now))
    }

    /// The number of the window's part.
    pub(super) fn tick(&self, policy: &Policy, now: Instant) -> u64 {
        let nanos = self.state.stripes.get().map_or(0, |stripes| stripes.nanos(now));
        policy.rate.and_then(|rate| rate.bucket()).map_or(0, |bucket| nanos / bucket)
    }

    /// What the window holds.
    pub(super) fn in_window(&self, tick: u64) -> Counts {
        self.read(|core| {
            let mut window = core.window(tick);
            window.add(self.state.stripes.successes(core.generation(), tick));
            window
        })
    }

    /// Who decides.
    pub(super) fn control(&self) -> Control {
        Control::of(self.state.control.load(Ordering::Relaxed))
    }

    /// Whether nothing would be lost if it were forgotten, where a new one has that in charge.
    pub(super) fn is_clean(&self, control: Control, now: Instant) -> bool {
        let tick = self.tick(self.policy.get(), now);
        self.read(|core| core.control() == control && core.is_clean(tick))
    }

    pub(super) fn update<T>(&self, step: impl FnOnce(&mut Core) -> T) -> T {
        let mut core = self.state.core.lock().unwrap_or_else(PoisonError::into_inner);
        // A success that comes while the step looks into the stripes must look, too.
        self.state.alert.store(0, Ordering::Relaxed);
        let answer = step(&mut core);
        self.state.alert.store(core.alert(), Ordering::Relaxed);
        self.state.control.store(core.control() as u8, Ordering::Relaxed);
        self.state.hint.store(Hint::of(&core, self.policy.get()).0, Ordering::Relaxed);
        answer
    }

    pub(super) fn read<T>(&self, look: impl FnOnce(&Core) -> T) -> T {
        look(&self.state.core.lock().unwrap_or_else(PoisonError::into_inner))
    }

    #[cfg(test)]
    pub(super) fn while_locked(&self, step: impl FnOnce()) {
        self.read(|_| step());
    }

    /// Tells whoever listens. Not under the lock: what they do is their own affair.
    pub(super) fn tell(&self, change: Option<Change>) {
        let Some(Change { from, to, only_metrics }) = change else { return };
        if only_metrics {
            observe::breaker_would_change(self.name, from.as_str(), to.as_str());
            return;
        }
        observe::breaker_changed(self.name, from.as_str(), to.as_str());
        self.show();
    }
}

impl<S> CircuitBreaker<S> {
    /// The name it was given.
    ///
    /// ```
    /// use steadfast::circuit_breaker::CircuitBreaker;
    ///
    /// assert_eq!(CircuitBreaker::new("gateway").name(), "gateway");
    /// ```
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

impl Elsewhere for OnceLock<Stripes> {
    fn successes(&self, generation: u32, tick: u64) -> Counts {
        self.get().map(|stripes| stripes.sum(generation, tick)).unwrap_or_default()
    }
}

impl Fresh for CircuitBreaker {
    fn fresh(&self) -> Self {
        let mut fresh = Self::of(self.name, *self.policy.get());
        fresh.state.how_many_stripes = self.state.how_many_stripes;
        fresh
    }

    fn is_part(&self) -> bool {
        self.state.is_for_key
    }
}
