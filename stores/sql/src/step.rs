//! What is asked of one record, and what came of it.

use steadfast::idempotent::{Claimed, Held, NewClaim, RecordId, RecordState, Token};

/// One write of one record.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Claim(NewClaim),
    Change(Change),
}

/// What its owner does to a record in flight.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) id: RecordId,
    pub(crate) token: Token,
    /// The state to be; `None` where the record goes.
    pub(crate) to: Option<RecordState>,
}

impl Change {
    /// What the change comes to where the record is the token's and has ended already: nobody writes
    /// over an end, and a second word of the same owner is harmless.
    pub(crate) fn after_the_end(&self) -> Held {
        match self.to {
            Some(_) => Held::Yes,
            None => Held::Lost,
        }
    }
}

impl Step {
    pub(crate) fn id(&self) -> &RecordId {
        match self {
            Self::Claim(claim) => &claim.id,
            Self::Change(change) => &change.id,
        }
    }

    /// Whether it is of use to nobody once its caller has gone: a claim that nobody hears of, and a
    /// lease that nobody waits for. An end is written all the same.
    pub(crate) fn is_only_for_its_caller(&self) -> bool {
        match self {
            Self::Claim(_) => true,
            Self::Change(change) => matches!(change.to, Some(RecordState::InFlight { .. })),
        }
    }
}

/// What came of a step.
#[derive(Clone, Debug)]
pub(crate) enum Done {
    Claimed(Claimed),
    Held(Held),
    /// There was a record, and it went before it could be read.
    Again,
    /// A transaction of somebody else has the record locked, and nothing was done.
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "SQLite locks no single record"))]
    Locked,
}
