//! A shared breaker without an attribute, by hand, and what it tells of itself.

use std::future::Future;
use std::time::Duration;

use super::backend::{Backend, Seen};
use super::call::Begun;
use super::describe::settings;
use super::future::Answer;
use super::scheme::Scheme;
use super::shared::{Memory, Shared};
use super::{BreakerState, CircuitBreaker, CircuitBreakerConfig, Control};
use crate::config::{self, Configurable};
use crate::idempotent::best_effort::best_effort;
use crate::registry::{Describe, Operation, Settings, State};
use crate::{__rt, ConfigureError, Failure, Layer, PolicyError, Rejection, Signal, observe};

/// # Shared by several processes
///
/// Made by [`CircuitBreaker::shared`]. Functions name it like any other, `#[circuit_breaker(app.gateway)]`.
impl<B: Backend> CircuitBreaker<Shared<B>> {
    /// How long a probe holds its place at most: a process may die with it. Default 60 s.
    ///
    /// # Errors
    ///
    /// When it is zero.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::PolicyError;
    /// use steadfast::circuit_breaker::{Backend, CircuitBreaker, Shared};
    /// use steadfast::shared::WhenDown;
    ///
    /// fn gateway<B: Backend>(backend: B) -> Result<CircuitBreaker<Shared<B>>, PolicyError> {
    ///     CircuitBreaker::new("gateway").shared(backend, WhenDown::Admit).probe_lease(Duration::from_secs(10))
    /// }
    /// ```
    pub fn probe_lease(mut self, lease: Duration) -> Result<Self, PolicyError> {
        if lease.is_zero() {
            return Err(PolicyError::new("probe_lease", "must be longer than zero"));
        }
        self.state.probe_lease = lease;
        Ok(self)
    }

    /// Runs the function if the circuit lets it through; see [`CircuitBreaker::call`], which does it for
    /// a circuit of one process.
    ///
    /// # Errors
    ///
    /// The function's own, and the breaker's refusal as one of them.
    pub fn call<T, E, F, U>(&self, function: F) -> impl Future<Output = Result<T, E>>
    where
        F: FnOnce() -> U,
        U: Future<Output = Result<T, E>>,
        E: Failure + From<Rejection>,
    {
        self.called(__rt::own_word, function)
    }

    /// [`call`](Self::call) where a function says which errors count; see [`CircuitBreaker::call_when`].
    ///
    /// # Errors
    ///
    /// The function's own, and the breaker's refusal as one of them.
    pub fn call_when<T, E, P, F, U>(&self, counts: P, function: F) -> impl Future<Output = Result<T, E>>
    where
        P: Fn(&E) -> bool,
        F: FnOnce() -> U,
        U: Future<Output = Result<T, E>>,
        E: From<Rejection>,
    {
        self.called(move |result: &Result<T, E>| __rt::as_matched(result, &counts, |_| None), function)
    }

    async fn called<T, E, F, U, C>(&self, of: C, function: F) -> Result<T, E>
    where
        F: FnOnce() -> U,
        U: Future<Output = Result<T, E>>,
        C: Fn(&Result<T, E>) -> Option<Signal>,
        E: From<Rejection>,
    {
        let ended: Answer<T, E> = Shared::guard(self, of, Begun::not(function)).await;
        ended.unwrap_or_else(|refusal| Err(E::from(refusal)))
    }

    /// How the circuit stands now. The backend is asked.
    ///
    /// # Errors
    ///
    /// When it does not answer.
    pub async fn look(&self) -> Result<Seen, B::Error> {
        let seen = self.state.backend.look(&self.circuit()).await?;
        self.state.memory.learn(seen);
        Ok(seen)
    }

    /// The state as this process last heard of it, with a call or by [`look`](Self::look); closed at
    /// first.
    pub fn last_seen(&self) -> BreakerState {
        self.state.memory.seen().state
    }

    /// Refuses every call, in all processes, until [`reset`](Self::reset).
    ///
    /// See [`Backend`] for an example.
    ///
    /// # Errors
    ///
    /// When the backend does not answer. It may have been done.
    pub async fn force_open(&self) -> Result<(), B::Error> {
        self.put(Control::ForcedOpen).await
    }

    /// Lets every call through, in all processes, and learns nothing from them, until
    /// [`reset`](Self::reset).
    ///
    /// # Errors
    ///
    /// When the backend does not answer. It may have been done.
    pub async fn disable(&self) -> Result<(), B::Error> {
        self.put(Control::Disabled).await
    }

    /// Lets every call through, in all processes, and goes on deciding for the record, until
    /// [`reset`](Self::reset); see [`CircuitBreaker::metrics_only`].
    ///
    /// # Errors
    ///
    /// When the backend does not answer. It may have been done.
    pub async fn metrics_only(&self) -> Result<(), B::Error> {
        self.put(Control::MetricsOnly).await
    }

    /// Decides by itself again. It begins closed, and as if nothing had happened.
    ///
    /// # Errors
    ///
    /// When the backend does not answer. It may have been done.
    pub async fn reset(&self) -> Result<(), B::Error> {
        self.put(Control::Automatic).await
    }

    async fn put(&self, control: Control) -> Result<(), B::Error> {
        let seen = self.state.backend.put(&self.circuit(), control).await?;
        self.state.memory.learn(seen);
        Ok(())
    }

    /// Puts the given settings in force over those it was built with, in this process; see
    /// [`CircuitBreaker::configure`]. What the circuit has learnt stays.
    ///
    /// # Errors
    ///
    /// A setting that has a value it cannot have, and a breaker that was configured before.
    pub fn configure(&self, config: &CircuitBreakerConfig) -> Result<(), ConfigureError> {
        self.policy.configure(config.over(self.policy.built)?)
    }
}

impl<B: Backend> Describe for CircuitBreaker<Shared<B>> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn settings(&self) -> Settings {
        let mut settings = settings(self.policy.get());
        settings.insert("probe_lease", format!("{:?}", self.state.probe_lease));
        settings.insert("when_down", self.state.outage.when_down.as_str().to_owned());
        settings
    }

    fn configure(&self, settings: &serde_json::Value) -> Result<(), ConfigureError> {
        self.configure(&config::read(settings)?)
    }

    fn trial(&self) -> Option<Box<dyn Describe>> {
        let state = Shared { memory: Memory::new(self.name), ..self.state.again() };
        Some(Box::new(Self { name: self.name, policy: Configurable::new(*self.policy.get()), state }))
    }

    /// The backend is told, and so all processes. Nobody waits for it: a failure is an event.
    fn operate(&self, operation: Operation) -> bool {
        let control = match operation {
            Operation::ForceOpen => Control::ForcedOpen,
            Operation::Disable => Control::Disabled,
            Operation::MetricsOnly => Control::MetricsOnly,
            Operation::Reset => Control::Automatic,
            _ => return false,
        };
        let (state, name, circuit) = (self.state.again(), self.name, self.circuit());
        best_effort(async move {
            match state.backend.put(&circuit, control).await {
                Ok(seen) => state.memory.learn(seen),
                Err(error) => observe::shared_state_untold(Layer::CircuitBreaker, name, "operated", &error),
            }
        });
        true
    }

    fn state(&self) -> Option<State> {
        let seen = self.state.memory.seen();
        Some(State::CircuitBreaker {
            state: seen.state.as_str(),
            failures: seen.failures,
            retry_after: seen.retry_after.map(|wait| wait.as_secs_f64()),
            calls: None,
            failure_rate: None,
            slow_rate: None,
            would_be: seen.would_be.map(BreakerState::as_str),
        })
    }
}
