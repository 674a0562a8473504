//! The lease: kept alive beside the body, and only while the body lives.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use super::record::{RecordId, Token};
use super::store::{Held, Store, StoreError};
use super::time::Moment;
use super::within::within;
use crate::observe;

/// No renewal comes sooner after the one before.
const BREATH: Duration = Duration::from_millis(1);

/// A claim's lease, as its owner knows it.
pub(super) struct Lease {
    length: Duration,
    /// When it ends, if nobody renews it.
    pub(super) ends: Instant,
    renew_at: Instant,
    lost: bool,
    timer: Option<Pin<Box<Sleep>>>,
    renewal: Option<Renewal>,
}

struct Renewal {
    /// When the lease ends if it succeeds.
    ends: Instant,
    renew_at: Instant,
    answer: Pin<Box<dyn Future<Output = Result<Held, StoreError>> + Send>>,
}

impl Lease {
    pub(super) fn new(length: Duration, from: Moment) -> Self {
        Self {
            length,
            ends: from.mono_after(length),
            renew_at: from.mono_after(third(length)),
            lost: false,
            timer: None,
            renewal: None,
        }
    }

    /// Moves its begin, for a claim that is tried again.
    pub(super) fn begins(&mut self, at: Moment) {
        *self = Self::new(self.length, at);
    }

    pub(super) fn third(&self) -> Duration {
        third(self.length)
    }

    pub(super) fn length(&self) -> Duration {
        self.length
    }

    pub(super) fn poll<S: Store>(
        &mut self,
        cx: &mut Context<'_>,
        store: &S,
        id: &RecordId,
        token: Token,
        name: &'static str,
    ) {
        while !self.lost {
            let Some(renewal) = &mut self.renewal else {
                if self.wait(cx).is_pending() {
                    return;
                }
                self.renewal = Some(self.renew(store.clone(), id.clone(), token));
                continue;
            };
            let Poll::Ready(answer) = renewal.answer.as_mut().poll(cx) else {
                return;
            };
            let renewal = self.renewal.take();
            self.settle(answer, renewal, name);
        }
    }

    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(self.renew_at)));
        if timer.deadline() != self.renew_at {
            timer.as_mut().reset(self.renew_at);
        }
        timer.as_mut().poll(cx)
    }

    fn renew<S: Store>(&self, store: S, id: RecordId, token: Token) -> Renewal {
        let now = Moment::now();
        let lease_until = now.wall_after(self.length);
        let limit = now.mono_after(self.third());
        let answer = async move { within(limit, store.extend(&id, token, lease_until)).await };
        Renewal { ends: now.mono_after(self.length), renew_at: now.mono_after(self.third()), answer: Box::pin(answer) }
    }

    fn settle(&mut self, answer: Result<Held, StoreError>, renewal: Option<Renewal>, name: &'static str) {
        match (answer, renewal) {
            (Ok(Held::Yes), Some(renewal)) => {
                self.ends = renewal.ends;
                self.renew_at = renewal.renew_at;
            }
            (Ok(_), _) => {
                self.lost = true;
                observe::record_trouble(name, "lease_lost", &"somebody else has the key");
            }
            (Err(error), _) => {
                let now = Moment::now();
                self.renew_at = now.mono_after((self.length / 12).max(BREATH));
                self.lost = now.mono >= self.ends;
                let what = if self.lost { "lease_lost" } else { "lease_not_renewed" };
                observe::record_trouble(name, what, &error);
            }
        }
    }
}

fn third(length: Duration) -> Duration {
    (length / 3).max(BREATH)
}
