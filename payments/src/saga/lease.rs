//! The lease: renewed beside the work, while its executor lives. Whoever has lost it runs nothing more.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use steadfast::clock;
use steadfast::idempotent::{Held, StoreError, Token};
use tokio::time::{Instant, sleep_until};

use super::executor::Stop;
use super::id::SagaId;
use super::log::SagaLog;
use super::time::{by, mono_after, wall, wall_after};

/// A lease as its owner counts it, from before the log was asked for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lease {
    pub(super) length: Duration,
    /// By the wall clock, for the others.
    pub(super) until: SystemTime,
    /// By the monotonic clock, for this process.
    ends: Instant,
}

impl Lease {
    pub(super) fn begin(length: Duration) -> Self {
        Self { length, until: wall_after(wall(), length), ends: mono_after(clock::mono(), length) }
    }

    /// The lease that an earlier question of this executor's was given, whose answer it never had. It ends when
    /// the log says, which is earlier than one that begins now.
    pub(super) fn granted(self, until: SystemTime) -> Self {
        let left = until.duration_since(wall()).unwrap_or_default();
        Self { until, ends: self.ends.min(mono_after(clock::mono(), left)), ..self }
    }

    /// When a step of the log's that is asked now is to be answered.
    pub(super) fn answer_by(self) -> Instant {
        mono_after(clock::mono(), self.length / 3)
    }
}

/// The work, for as long as the lease is held.
pub(super) async fn beside<L: SagaLog, T>(
    lease: Lease,
    log: &L,
    id: &SagaId,
    token: Token,
    work: impl Future<Output = Result<T, Stop>>,
) -> Result<T, Stop> {
    let (mut work, mut keep) = (pin!(work), pin!(keep(lease, log, id, token)));
    poll_fn(|cx| match keep.as_mut().poll(cx) {
        // First, so that who has lost it is not polled once more.
        Poll::Ready(stop) => Poll::Ready(Err(stop)),
        Poll::Pending => work.as_mut().poll(cx),
    })
    .await
}

/// Renews until that is no longer possible.
async fn keep<L: SagaLog>(lease: Lease, log: &L, id: &SagaId, token: Token) -> Stop {
    let (mut ends, length) = (lease.ends, lease.length);
    let mut renew_at = mono_after(clock::mono(), length / 3).min(ends);
    loop {
        sleep_until(renew_at).await;
        let next = Lease::begin(length);
        let limit = next.answer_by().min(ends);
        match by(limit, log.renew(id, token, next.until)).await {
            Ok(Held::Yes) => {
                ends = next.ends;
                renew_at = mono_after(clock::mono(), length / 3).min(ends);
            }
            Ok(Held::Lost) => return Stop::Lost,
            Err(error) if clock::mono() >= ends => return lost(id, error),
            Err(_) => renew_at = mono_after(clock::mono(), length / 12).min(ends),
        }
    }
}

fn lost(id: &SagaId, error: StoreError) -> Stop {
    tracing::error!(saga = id.saga(), %error, "a saga's lease could not be renewed: it stops here");
    Stop::Log(error)
}
