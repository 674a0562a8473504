//! Before the work: the claim, or what stands in its way.

use std::future::{Future, Ready};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, Sleep, sleep_until};

use super::call::{Call, refusal, unavailable};
use super::choices::OnUnknown;
use super::decision::{Ask, Verdict, decide, replayed};
use super::fingerprint::Fingerprint;
use super::owner::{Fate, Owner};
use super::record::{Seen, Stored};
use super::store::{Claimed, NewClaim, Store, StoreError};
use super::time::Moment;
use super::within::within;
use crate::{Reason, Rejection, clock};

/// What to do.
#[allow(clippy::large_enum_variant, reason = "moved once; a box would cost every claim an allocation")]
pub(super) enum Go<S: Store> {
    /// Run the body; the key is claimed.
    Claimed(Owner<S>),
    /// Run the body; there is no key.
    Keyless,
    /// Answer with what was stored.
    Replay(Stored),
}

/// How the claim went.
pub(super) type Engaged<S> = Result<Go<S>, Rejection>;

/// What comes before the body.
pub(super) trait Engage<S: Store>: Future<Output = Engaged<S>> {
    /// The result of before, where the store has it at hand: then the claim need not be polled. It is
    /// asked for apart, because what a claim answers has room for an owner and is dear to move.
    fn at_hand(&self) -> Option<Stored>;
}

/// It is known already how the claim went.
impl<S: Store> Engage<S> for Ready<Engaged<S>> {
    fn at_hand(&self) -> Option<Stored> {
        None
    }
}

/// The claim of a call.
pub(super) struct Engaging<S: Store>(Stage<S>);

enum Stage<S: Store> {
    New {
        call: Call,
        store: S,
        on_unknown: OnUnknown,
    },
    /// In a box, so that a replay does not make room for it.
    Claiming(Pin<Box<dyn Future<Output = Engaged<S>> + Send>>),
    Done,
}

impl<S: Store> Engaging<S> {
    /// `on_unknown` is the policy's, as far as this call can follow it.
    pub(super) fn new(call: Call, store: S, on_unknown: OnUnknown) -> Self {
        Self(Stage::New { call, store, on_unknown })
    }

    /// The result of before, or else the claim.
    pub(super) async fn engaged(self) -> Engaged<S> {
        match self.at_hand() {
            Some(stored) => Ok(Go::Replay(stored)),
            None => self.await,
        }
    }
}

impl<S: Store> Engage<S> for Engaging<S> {
    fn at_hand(&self) -> Option<Stored> {
        let Self(Stage::New { call, store, .. }) = self else { return None };
        let (id, fingerprint) = call.wanted()?;
        replayed(store.at_hand(id)?, fingerprint, clock::wall())
    }
}

/// Nothing in it is pinned but what is in the box.
impl<S: Store> Unpin for Engaging<S> {}

impl<S: Store> Future for Engaging<S> {
    type Output = Engaged<S>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self(stage) = self.get_mut();
        let mut claiming = match std::mem::replace(stage, Stage::Done) {
            Stage::New { call, store, on_unknown } => Box::pin(engage(call, store, on_unknown)),
            Stage::Claiming(claiming) => claiming,
            Stage::Done => return Poll::Pending,
        };
        let engaged = claiming.as_mut().poll(cx);
        if engaged.is_pending() {
            *stage = Stage::Claiming(claiming);
        }
        engaged
    }
}

/// So often may somebody else be quicker in taking a record over.
const TAKE_OVERS: u32 = 16;

async fn engage<S: Store>(call: Call, store: S, on_unknown: OnUnknown) -> Result<Go<S>, Rejection> {
    let policy = call.policy();
    let handle = call.claimed_as().cloned();
    let checked = call.checked().map_err(|reason| refusal(policy, reason))?;
    let Some((id, fingerprint)) = checked else {
        return Ok(Go::Keyless);
    };

    let mut at = Moment::now();
    let mut owner = Owner::new(store, id, policy, handle, at);
    let mut queue = Queue::new(policy.terms().in_flight.patience());
    let mut take_over = None;
    let mut taken_over = 0;
    while taken_over < TAKE_OVERS {
        let claimed = claim(&mut owner, at, fingerprint, take_over).await;
        let record = match claimed.map_err(|error| unavailable(policy, error))? {
            Claimed::Won => return Ok(Go::Claimed(owner)),
            Claimed::Found(record) => record,
        };
        take_over = match decide(&record, &ask(&owner, at, fingerprint, on_unknown)) {
            Verdict::Own => {
                owner.fate = Fate::Released;
                return Ok(Go::Claimed(owner));
            }
            Verdict::Replay(stored) => return Ok(Go::Replay(stored)),
            Verdict::Conflict => return Err(refusal(policy, Reason::Conflict)),
            Verdict::Unknown { since } => {
                return Err(refusal(policy, Reason::OutcomeUnknown { since }));
            }
            Verdict::InFlight { retry_after } => {
                let Some(turn) = queue.turn() else {
                    return Err(refusal(policy, Reason::InFlight { retry_after }));
                };
                turn.await;
                None
            }
            Verdict::Replace(seen) => Some((seen, None)),
            Verdict::TakeOver { seen, since } => Some((seen, Some(since))),
        };
        taken_over += u32::from(take_over.is_some());
        at = Moment::now();
    }
    let endless = StoreError::new("a record that may be taken over is always somebody else's");
    Err(unavailable(policy, endless))
}

/// Asks for the key. Whoever drops this, or gets an error, cannot know whether the claim landed,
/// so the owner releases it when it goes. What it takes over has expired, or is unknown since a
/// moment.
async fn claim<S: Store>(
    owner: &mut Owner<S>,
    at: Moment,
    fingerprint: Option<Fingerprint>,
    take_over: Option<(Seen, Option<SystemTime>)>,
) -> Result<Claimed, StoreError> {
    owner.lease.begins(at);
    owner.doubt = take_over.and_then(|(_, since)| since);
    owner.fate = Fate::Released;
    let claim = NewClaim {
        id: owner.id.clone(),
        fingerprint,
        token: owner.token,
        now: at.wall,
        // A doubt does not get younger by being looked at.
        claimed_at: owner.doubt.unwrap_or(at.wall),
        lease_until: at.wall_after(owner.lease.length()),
        take_over: take_over.map(|(seen, _)| seen),
    };
    let claimed = within(owner.lease.ends, owner.store.claim(claim)).await;
    match &claimed {
        // Somebody else may believe already that the owner is dead.
        Ok(Claimed::Won) if clock::mono() >= owner.lease.ends => return Err(StoreError::late()),
        Ok(Claimed::Won) => {}
        Ok(Claimed::Found(_)) => owner.fate = Fate::Nothing,
        Err(error) if error.is_full() => owner.fate = Fate::Nothing,
        Err(_) => {}
    }
    claimed
}

fn ask<S: Store>(owner: &Owner<S>, at: Moment, fingerprint: Option<Fingerprint>, on_unknown: OnUnknown) -> Ask {
    Ask { fingerprint, token: owner.token, now: at.wall, lease: owner.lease.length(), on_unknown }
}

/// Waiting for another call's result, with growing pauses.
struct Queue {
    patience: Duration,
    until: Option<Instant>,
    pause: Duration,
}

impl Queue {
    const LONGEST: Duration = Duration::from_millis(200);

    fn new(patience: Duration) -> Self {
        Self { patience, until: None, pause: Duration::from_millis(5) }
    }

    /// The pause before the next look; `None` when patience is at its end.
    fn turn(&mut self) -> Option<Sleep> {
        let now = Moment::now();
        let until = *self.until.get_or_insert_with(|| now.mono_after(self.patience));
        if now.mono >= until {
            return None;
        }
        let wake = now.mono_after(self.pause).min(until);
        self.pause = (self.pause * 2).min(Self::LONGEST);
        Some(sleep_until(wake))
    }
}
