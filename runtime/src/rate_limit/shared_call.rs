//! A shared limiter without an attribute, and what it tells of itself.

use std::borrow::ToOwned;
use std::future::Future;
use std::hash::Hash;

use serde::Serialize;
use tokio::time::Instant;

use super::backend::{Backend, Limit};
use super::limiter::Terms;
use super::scheme::Asks;
use super::shared::{OfShared, Shared, untold};
use super::{Quota, RateLimiter, RateLimiterConfig};
use crate::config::{self, Configurable};
use crate::idempotent::best_effort::best_effort;
use crate::keyed::{Keyed, PerKey};
use crate::registry::{Describe, Operation, Settings, State};
use crate::scope::{Fresh, here};
use crate::{ConfigureError, Rejection};

/// # Shared by several processes
///
/// Made by [`RateLimiter::shared`]. Functions name it like any other, `#[rate_limit(app.gateway_calls)]`.
impl<B: Backend> RateLimiter<Shared<B>> {
    /// Makes a call within the limit; see [`RateLimiter::call`], which does it for a limit of one
    /// process.
    ///
    /// # Errors
    ///
    /// The closure's own, or a refusal by the limiter as one of them.
    pub fn call<F, Fut, T, E>(&self, work: F) -> impl Future<Output = Result<T, E>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: From<Rejection>,
    {
        called(OfShared::new(self, 1), work)
    }

    /// Takes so much of the limit for work that is not one call, waiting for it up to `max_wait`.
    /// Nothing is given back.
    ///
    /// See [`Backend`] for an example.
    ///
    /// # Errors
    ///
    /// [`Limited`](crate::Reason::Limited) when it would have to wait for longer than it may,
    /// [`TooCostly`](crate::Reason::TooCostly) when the limit never has so much free,
    /// [`SharedStateUnavailable`](crate::Reason::SharedStateUnavailable) when the backend does not
    /// answer and the limiter is told to refuse then.
    pub fn acquire(&self, cost: u32) -> impl Future<Output = Result<(), Rejection>> {
        acquired(OfShared::new(self, cost))
    }

    /// Forgets what was let through, for all processes. A limiter for each key forgets that of no key.
    ///
    /// # Errors
    ///
    /// When the backend does not answer.
    pub async fn clear(&self) -> Result<(), B::Error> {
        self.state.backend.clear(&Limit::new(self.name, None, self.quota())).await
    }

    /// Puts the settings that are there in force over those it was built with, in this process; see
    /// [`RateLimiter::configure`].
    ///
    /// # Errors
    ///
    /// When a setting has a value that it cannot have, or the limiter was configured before.
    pub fn configure(&self, config: &RateLimiterConfig) -> Result<(), ConfigureError> {
        config.without_keys()?;
        self.terms.configure(config.terms(Some(self.terms.get()))?)
    }
}

/// # Limits for each key, shared by several processes
///
/// The key's JSON is a part of what the processes share, so it is `Serialize`. The backend forgets
/// what is idle; nothing is kept in the process, and `max_keys` is not for it.
impl<K, B> Keyed<K, RateLimiter<Shared<B>>>
where
    K: Hash + Eq + Serialize + Send + Sync + 'static,
    B: Backend,
{
    /// Makes a call within the limit of a key.
    ///
    /// # Errors
    ///
    /// The closure's own, or a refusal by the limiter as one of them.
    pub fn call<'a, Q, F, Fut, T, E>(
        &'a self,
        key: &Q,
        work: F,
    ) -> impl Future<Output = Result<T, E>> + use<'a, K, B, Q, F, Fut, T, E>
    where
        Q: ToOwned<Owned = K> + ?Sized,
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: From<Rejection>,
    {
        called(self.desk(key, 1), work)
    }

    /// Takes so much of the limit of a key, waiting for it up to `max_wait`.
    ///
    /// # Errors
    ///
    /// As [`RateLimiter::acquire`] of a shared limiter.
    pub fn acquire<'a, Q>(
        &'a self,
        key: &Q,
        cost: u32,
    ) -> impl Future<Output = Result<(), Rejection>> + use<'a, K, B, Q>
    where
        Q: ToOwned<Owned = K> + ?Sized,
    {
        acquired(self.desk(key, cost))
    }

    fn desk<Q: ToOwned<Owned = K> + ?Sized>(&self, key: &Q, cost: u32) -> OfShared<'_, B> {
        let (this, key) = (here(self), key.to_owned());
        OfShared::with_key(&this.policy, &key, this.own.map(|own| own(&key)), cost)
    }
}

async fn called<A, F, Fut, T, E>(desk: A, work: F) -> Result<T, E>
where
    A: Asks,
    F: FnOnce() -> Fut,
    Fut: Future<Output = Result<T, E>>,
    E: From<Rejection>,
{
    acquired(desk).await?;
    work().await
}

async fn acquired<A: Asks>(desk: A) -> Result<(), Rejection> {
    desk.ask(()).await.map_or(Ok(()), Err)
}

/// The state is the backend's, so a copy has the same.
impl<B: Backend> Fresh for RateLimiter<Shared<B>> {
    fn fresh(&self) -> Self {
        let Shared { backend, outage, .. } = &self.state;
        let state = Shared::new(backend.clone(), outage.when_down);
        Self { name: self.name, terms: Configurable::new(*self.terms.get()), state }
    }
}

impl<B: Backend> Describe for RateLimiter<Shared<B>> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn settings(&self) -> Settings {
        let mut settings = Terms::settings(self.terms.get());
        settings.insert("when_down", self.state.outage.when_down.as_str().to_owned());
        settings
    }

    fn configure(&self, settings: &serde_json::Value) -> Result<(), ConfigureError> {
        self.configure(&config::read(settings)?)
    }

    fn trial(&self) -> Option<Box<dyn Describe>> {
        Some(Box::new(self.fresh()))
    }

    fn operate(&self, operation: Operation) -> bool {
        let clears = operation == Operation::Clear;
        if clears {
            let (backend, name, quota) = (self.state.backend.clone(), self.name, self.quota());
            best_effort(async move {
                untold(name, "operated", backend.clear(&Limit::new(name, None, quota)).await);
            });
        }
        clears
    }

    fn state(&self) -> Option<State> {
        Some(State::RateLimit { admitted: None, waiting: self.state.queues.waiting() })
    }
}

/// What is kept for a key is kept by the backend.
impl<B: Backend> PerKey for RateLimiter<Shared<B>> {
    type State = ();
    type Own = Quota;
    const MAX_KEYS: u32 = 0;
    const KEPT_HERE: bool = false;

    fn new_state(&self) {}

    fn idle_in(&self, (): &(), _: Option<Quota>, _: Instant) -> Option<std::time::Duration> {
        Some(std::time::Duration::ZERO)
    }

    fn busy((): &()) -> u64 {
        0
    }

    fn clear((): &mut ()) -> bool {
        true
    }
}
