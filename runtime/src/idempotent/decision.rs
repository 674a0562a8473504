//! What a call does about the record it finds. Told the time; reads nothing, changes nothing.

use std::time::{Duration, SystemTime};

use super::choices::OnUnknown;
use super::fingerprint::Fingerprint;
use super::record::{AtHand, Outcome, Record, RecordState, Seen, Stored, Token};

/// What the call brings along.
pub(super) struct Ask {
    pub(super) fingerprint: Option<Fingerprint>,
    pub(super) token: Token,
    pub(super) now: SystemTime,
    pub(super) lease: Duration,
    pub(super) on_unknown: OnUnknown,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The record is the call's own: its claim had landed before.
    Own,
    /// The record counts no more; claim the key in its place.
    Replace(Seen),
    /// It may have happened, and the function wants it run again, or somebody asked; claim the key
    /// in its place.
    TakeOver { seen: Seen, since: SystemTime },
    /// Answer with the result of before.
    Replay(Stored),
    /// The key was used with another payload.
    Conflict,
    /// Another call is running.
    InFlight { retry_after: Duration },
    /// It may have happened.
    Unknown { since: SystemTime },
}

pub(super) fn decide(record: &Record, ask: &Ask) -> Verdict {
    if record.is_expired(ask.now) {
        return Verdict::Replace(record.seen());
    }
    if differ(&record.fingerprint, &ask.fingerprint) {
        return Verdict::Conflict;
    }
    match &record.state {
        RecordState::InFlight { .. } if record.token == ask.token => Verdict::Own,
        RecordState::InFlight { lease_until } if *lease_until > ask.now => {
            let left = lease_until.duration_since(ask.now).unwrap_or_default();
            // A clock that jumped back would make it a wait without end.
            Verdict::InFlight { retry_after: left.min(ask.lease) }
        }
        RecordState::Ended(Outcome::Known { stored, .. }) => Verdict::Replay(stored.clone()),
        RecordState::InFlight { .. } | RecordState::Ended(Outcome::Unknown) => match ask.on_unknown {
            OnUnknown::Refuse => Verdict::Unknown { since: record.claimed_at },
            OnUnknown::Rerun | OnUnknown::Recover => {
                Verdict::TakeOver { seen: record.seen(), since: record.claimed_at }
            }
        },
    }
}

/// The result that a call is answered with, and no claim is needed for: [`decide`] would say
/// [`Verdict::Replay`].
pub(super) fn replayed(known: AtHand, fingerprint: &Option<Fingerprint>, now: SystemTime) -> Option<Stored> {
    let answers = known.expires_at > now && !differ(&known.fingerprint, fingerprint);
    answers.then_some(known.stored)
}

/// Where one side knows no payload (`payload = none`, now or when the record was made) there is
/// nothing to compare.
fn differ(one: &Option<Fingerprint>, other: &Option<Fingerprint>) -> bool {
    matches!((one, other), (Some(one), Some(other)) if one != other)
}
