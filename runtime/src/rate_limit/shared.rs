//! A limiter whose state several processes share.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::backend::{Answer, Backend, Limit, Receipt};
use super::queue::{InLine, Queues};
use super::scheme::{Asks, Scheme, SchemeOfKey};
use super::upper::{Pending, Upper};
use super::{Quota, RateLimiter};
use crate::idempotent::best_effort::best_effort;
use crate::idempotent::json::exact;
use crate::key::Key;
use crate::keyed::View;
use crate::moment::Moment;
use crate::shared::{Outage, WhenDown};
use crate::{Layer, RecordError, Rejection, clock};

/// How much longer than `max_wait` one may wait, because timers are late.
const SLACK: Duration = Duration::from_millis(10);

/// The state of a [`RateLimiter`] that lies behind a [`Backend`], where all processes see it.
///
/// [`RateLimiter::shared`] makes a limiter with it; the type is of use for a field:
///
/// ```
/// use steadfast::rate_limit::{Backend, RateLimiter, Shared};
///
/// struct App<B: Backend> {
///     gateway_calls: RateLimiter<Shared<B>>,
/// }
/// ```
#[derive(Debug)]
pub struct Shared<B> {
    pub(super) backend: B,
    pub(super) outage: Outage,
    pub(super) queues: Queues,
}

impl<B: Backend> Shared<B> {
    pub(super) fn new(backend: B, when_down: WhenDown) -> Self {
        Self { backend, outage: Outage::new(Layer::RateLimit, when_down), queues: Queues::default() }
    }
}

/// # Shared by several processes
impl RateLimiter {
    /// The same limit, counted behind a backend: all processes that use the same backend and the same
    /// name keep within it together. What it does with calls while the backend does not answer has to
    /// be [chosen](crate::shared).
    ///
    /// Each call asks the backend once, and once more for every time that it waited. The answers are
    /// those of a limiter in one process: a window is never exceeded in any period, whichever processes
    /// the calls come from, and a refusal says the wait. With [`max_wait`](Self::max_wait) those who wait
    /// in one process stand in line, first come, first served; between processes whoever asks first
    /// goes first. Only the first in line knows its wait, so the others are refused beforehand only
    /// when the first will not even have asked again by then.
    ///
    /// A call that is dropped while its question is under way may have taken its part, so that less
    /// goes through, never more.
    ///
    /// See [`Backend`] for an example.
    pub fn shared<B: Backend>(self, backend: B, when_down: WhenDown) -> RateLimiter<Shared<B>> {
        RateLimiter { name: self.name, terms: self.terms, state: Shared::new(backend, when_down) }
    }
}

impl<B: Backend> RateLimiter<Shared<B>> {
    pub(super) fn quota(&self) -> Quota {
        self.terms.get().quota
    }
}

/// A key as the backend gets it: none, its JSON, or why it has none.
type Encoded = Option<Result<Arc<[u8]>, RecordError>>;

/// A call at a shared limiter.
#[derive(Debug)]
pub struct OfShared<'a, B: Backend> {
    limiter: &'a RateLimiter<Shared<B>>,
    key: Encoded,
    quota: Quota,
    cost: u32,
}

impl<'a, B: Backend> OfShared<'a, B> {
    pub(super) fn new(limiter: &'a RateLimiter<Shared<B>>, cost: u32) -> Self {
        Self { limiter, key: None, quota: limiter.quota(), cost }
    }

    pub(super) fn with_key<K: Serialize>(
        limiter: &'a RateLimiter<Shared<B>>,
        key: &K,
        own: Option<Quota>,
        cost: u32,
    ) -> Self {
        let key = Some(exact(key).map(Arc::from));
        Self { limiter, key, quota: own.unwrap_or_else(|| limiter.quota()), cost }
    }

    /// Lets the call through, and says what it took, or why not.
    async fn admit(self) -> Result<BackOfShared<B>, Rejection> {
        let Self { limiter, key, quota, cost } = self;
        let outage = &limiter.state.outage;
        let key = match key.transpose() {
            Ok(key) => key,
            Err(unwritable) => {
                outage.answer(limiter.name, unwritable)?;
                return Ok(BackOfShared::nothing());
            }
        };
        let call = Call { limiter, key, quota, cost };
        let receipt = call.admit().await?;
        Ok(receipt.map_or_else(BackOfShared::nothing, |receipt| call.back(receipt)))
    }
}

/// A call whose key could be written.
struct Call<'a, B: Backend> {
    limiter: &'a RateLimiter<Shared<B>>,
    key: Option<Arc<[u8]>>,
    quota: Quota,
    cost: u32,
}

impl<B: Backend> Call<'_, B> {
    async fn admit(&self) -> Result<Option<Receipt>, Rejection> {
        if self.cost == 0 {
            return Ok(None);
        }
        let most = self.quota.most();
        if self.cost > most {
            return Err(self.limiter.too_costly(self.cost, most));
        }
        let max_wait = self.limiter.terms.get().max_wait;
        if max_wait.is_zero() {
            return self.ask().await?.map_err(|wait| self.limiter.limited(wait));
        }
        let come = clock::mono();
        let until = later(come, max_wait);
        let queues = &self.limiter.state.queues;
        let ticket = queues.ticket();
        match queues.next(self.key.as_ref(), come) {
            // Nobody is overtaken.
            None => match self.ask().await? {
                Ok(receipt) => return Ok(receipt),
                Err(wait) if later(clock::mono(), wait) > until => return Err(self.limiter.limited(wait)),
                Err(_) => {}
            },
            Some(next) if next > until => return Err(self.limiter.limited(next.saturating_duration_since(come))),
            Some(_) => {}
        }
        self.in_line(queues.join(self.key.clone(), ticket), later(until, SLACK)).await
    }

    /// Waits for its turn, and then for the limit.
    async fn in_line(&self, line: InLine<'_>, until: Instant) -> Result<Option<Receipt>, Rejection> {
        loop {
            if timeout_at(until, line.turn()).await.is_err() {
                let next = line.next().map(|next| next.saturating_duration_since(clock::mono()));
                return Err(self.limiter.limited(next.unwrap_or_default()));
            }
            let wait = match self.ask().await? {
                Ok(receipt) => return Ok(receipt),
                Err(wait) => wait,
            };
            let next = later(clock::mono(), wait);
            if next > until {
                return Err(self.limiter.limited(wait));
            }
            line.asks_next(next);
            sleep_until(next).await;
        }
    }

    /// Asks the backend once: what the call took, or how long it would have to wait.
    async fn ask(&self) -> Result<Result<Option<Receipt>, Duration>, Rejection> {
        let Shared { backend, outage, .. } = &self.limiter.state;
        let limit = Limit::new(self.limiter.name, self.key.as_deref(), self.quota);
        match backend.take(&limit, self.cost).await {
            Ok(answer) => {
                outage.over(self.limiter.name);
                Ok(match answer {
                    Answer::Admitted(receipt) => Ok(Some(receipt)),
                    Answer::Wait(wait) => Err(wait),
                })
            }
            Err(error) => outage.answer(self.limiter.name, error).map(|()| Ok(None)),
        }
    }

    fn back(self, receipt: Receipt) -> BackOfShared<B> {
        let Self { limiter, key, quota, cost } = self;
        let backend = limiter.state.backend.clone();
        BackOfShared(Some(Given { backend, name: limiter.name, key, quota, cost, receipt }))
    }
}

/// Far in the future where there is no such time.
fn later(at: Instant, wait: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 3600);
    at.checked_add(wait).or_else(|| at.checked_add(FAR)).unwrap_or(at)
}

impl<B: Backend> Asks for OfShared<'_, B> {
    type Back = BackOfShared<B>;

    #[inline]
    fn passes(&self, _: Moment) -> bool {
        false
    }

    async fn ask<U: Upper>(self, upper: U) -> Option<Rejection> {
        self.take(upper).await.err()
    }

    async fn take<U: Upper>(self, upper: U) -> Result<(Self::Back, Option<U>), Rejection> {
        // Gives it back when this is refused, or dropped.
        let mut upper = Pending::new(upper);
        let back = self.admit().await?;
        Ok((back, upper.take()))
    }
}

/// A call that was let through, as it is given back: nobody waits for that.
#[derive(Debug)]
pub struct BackOfShared<B: Backend>(Option<Given<B>>);

#[derive(Debug)]
struct Given<B> {
    backend: B,
    name: &'static str,
    key: Option<Arc<[u8]>>,
    quota: Quota,
    cost: u32,
    receipt: Receipt,
}

impl<B: Backend> BackOfShared<B> {
    fn nothing() -> Self {
        Self(None)
    }
}

impl<B: Backend> Upper for BackOfShared<B> {
    fn refund(self) {
        let Some(Given { backend, name, key, quota, cost, receipt }) = self.0 else { return };
        best_effort(async move {
            let limit = Limit::new(name, key.as_deref(), quota);
            untold(name, "given_back", backend.give_back(&limit, cost, receipt).await);
        });
    }
}

pub(super) fn untold<E: Error>(name: &'static str, what: &'static str, told: Result<(), E>) {
    if let Err(error) = told {
        crate::observe::shared_state_untold(Layer::RateLimit, name, what, &error);
    }
}

impl<B: Backend> Scheme for Shared<B> {
    type Unit<'a> = OfShared<'a, B>;
    type Weighted<'a> = OfShared<'a, B>;

    fn unit(limiter: &RateLimiter<Self>) -> OfShared<'_, B> {
        OfShared::new(limiter, 1)
    }

    fn weighted(limiter: &RateLimiter<Self>, cost: u32) -> OfShared<'_, B> {
        OfShared::new(limiter, cost)
    }
}

impl<B: Backend, Q: Key<Owned: Serialize>> SchemeOfKey<Q> for Shared<B> {
    type OfKey<'a>
        = OfShared<'a, B>
    where
        Q: 'a;

    fn of_key<'a>(view: View<'a, Q::Owned, RateLimiter<Self>>, key: Q, cost: u32) -> OfShared<'a, B>
    where
        Q: 'a,
    {
        let key = key.to_owned_key();
        OfShared::with_key(view.policy(), &key, view.own(&key), cost)
    }
}
