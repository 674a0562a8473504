//! The table of kinds: what each layer does with each failure and each refusal.
//!
//! It is data, so that the layers, the documentation and a test per cell read the same rows.

use std::time::Duration;

use crate::{Kind, Rejection};

/// How a call ended, as far as the layers distinguish it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The function's error is transient.
    Transient,
    /// The function's error is terminal.
    Terminal,
    /// The function's error leaves the outcome unknown.
    Unknown,
    /// The function's error is a refusal by a layer of a function it called.
    Refused,
    /// The circuit below is open.
    Open,
    /// A limiter below is exhausted.
    Limited,
    /// A bulkhead below is full.
    Full,
    /// A timeout below fired after work began.
    TimedOut,
    /// The work was done, its record could not be written.
    Unrecorded,
    /// Any other refusal: invalid, too costly, conflict, in flight, no key, store down.
    Final,
}

/// What a retry does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// Tries again.
    Yes,
    /// Tries again when the refusal says how long to wait, and the wait is no longer than a pause may
    /// be and fits the time left.
    IfTheWaitIsKnown,
    /// Tries again after a pause of its own: a refusal whose end nobody knows.
    AfterAPause,
    /// Tries again only where the function says that running it twice is safe.
    IfRepeatable,
    /// Gives up.
    No,
}

/// What a circuit breaker does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    /// Counts it as a failure of the dependency.
    Counts,
    /// Learns nothing from it.
    Neutral,
}

/// What becomes of the idempotency record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// The key is free again: a later call with it runs.
    Released,
    /// The failure is stored and replayed.
    Stored,
    /// The record stays unknown until somebody resolves it.
    Unknown,
}

/// What a fallback does, where the attribute does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stand {
    /// Stands in.
    In,
    /// Leaves it as it is: it is an answer, or a mistake that the caller has to hear of.
    Aside,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// Stands in the row so that the table reads as one, and a test finds a row out of order.
    #[cfg_attr(not(test), expect(dead_code, reason = "the rows are found by their place"))]
    pub(crate) ending: Ending,
    pub(crate) again: Again,
    pub(crate) health: Health,
    pub(crate) keep: Keep,
    pub(crate) stand: Stand,
}

const fn row(ending: Ending, again: Again, health: Health, keep: Keep, stand: Stand) -> Row {
    Row { ending, again, health, keep, stand }
}

/// The table, in the order of [`Ending`].
pub(crate) const TABLE: [Row; 10] = [
    row(Ending::Transient, Again::Yes, Health::Counts, Keep::Released, Stand::In),
    row(Ending::Terminal, Again::No, Health::Neutral, Keep::Stored, Stand::Aside),
    row(Ending::Unknown, Again::IfRepeatable, Health::Counts, Keep::Unknown, Stand::In),
    row(Ending::Refused, Again::IfTheWaitIsKnown, Health::Neutral, Keep::Released, Stand::In),
    row(Ending::Open, Again::IfTheWaitIsKnown, Health::Neutral, Keep::Released, Stand::In),
    row(Ending::Limited, Again::IfTheWaitIsKnown, Health::Neutral, Keep::Released, Stand::In),
    row(Ending::Full, Again::AfterAPause, Health::Neutral, Keep::Released, Stand::In),
    row(Ending::TimedOut, Again::IfRepeatable, Health::Counts, Keep::Unknown, Stand::In),
    row(Ending::Unrecorded, Again::No, Health::Counts, Keep::Unknown, Stand::Aside),
    row(Ending::Final, Again::No, Health::Neutral, Keep::Released, Stand::Aside),
];

impl Ending {
    pub(crate) const fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }

    pub(crate) const fn of_kind(kind: Kind) -> Self {
        match kind {
            Kind::Transient => Self::Transient,
            Kind::Terminal => Self::Terminal,
            Kind::Unknown => Self::Unknown,
            Kind::Refused => Self::Refused,
        }
    }

    /// What is known of a call that ended so.
    pub(crate) const fn kind(self) -> Kind {
        match self {
            Self::Transient => Kind::Transient,
            Self::Terminal => Kind::Terminal,
            Self::Unknown | Self::TimedOut | Self::Unrecorded => Kind::Unknown,
            Self::Refused | Self::Open | Self::Limited | Self::Full | Self::Final => Kind::Refused,
        }
    }
}

/// How a call ended, and how long the one who ended it asks to wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    pub(crate) ending: Ending,
    pub(crate) retry_after: Option<Duration>,
}

impl From<crate::Signal> for Ended {
    fn from(signal: crate::Signal) -> Self {
        Self { ending: Ending::of_kind(signal.kind), retry_after: signal.retry_after }
    }
}

impl From<&Rejection> for Ended {
    fn from(rejection: &Rejection) -> Self {
        Self { ending: rejection.reason().ending(), retry_after: rejection.retry_after() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table as semantics has it, cell by cell.
    #[test]
    fn every_cell() {
        use {Again as A, Ending as E, Health as H, Keep as K, Stand as S};
        let cells = [
            (E::Transient, A::Yes, H::Counts, K::Released, S::In),
            (E::Terminal, A::No, H::Neutral, K::Stored, S::Aside),
            (E::Unknown, A::IfRepeatable, H::Counts, K::Unknown, S::In),
            (E::Refused, A::IfTheWaitIsKnown, H::Neutral, K::Released, S::In),
            (E::Open, A::IfTheWaitIsKnown, H::Neutral, K::Released, S::In),
            (E::Limited, A::IfTheWaitIsKnown, H::Neutral, K::Released, S::In),
            (E::Full, A::AfterAPause, H::Neutral, K::Released, S::In),
            (E::TimedOut, A::IfRepeatable, H::Counts, K::Unknown, S::In),
            (E::Unrecorded, A::No, H::Counts, K::Unknown, S::Aside),
            (E::Final, A::No, H::Neutral, K::Released, S::Aside),
        ];
        assert_eq!(cells.len(), TABLE.len());
        for (ending, again, health, keep, stand) in cells {
            let row = ending.row();
            assert_eq!((row.ending, row.again, row.health, row.keep, row.stand), (ending, again, health, keep, stand));
        }
    }

    #[test]
    fn every_kind_has_its_row() {
        assert_eq!(Ending::of_kind(Kind::Transient), Ending::Transient);
        assert_eq!(Ending::of_kind(Kind::Terminal), Ending::Terminal);
        assert_eq!(Ending::of_kind(Kind::Unknown), Ending::Unknown);
        assert_eq!(Ending::of_kind(Kind::Refused), Ending::Refused);
        for kind in [Kind::Transient, Kind::Terminal, Kind::Unknown, Kind::Refused] {
            assert_eq!(Ending::of_kind(kind).kind(), kind);
        }
    }
}
