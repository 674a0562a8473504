//! What a step that failed means for its saga: one table.
//!
//! The error's kind is that of all attempts together: where one of them may have happened, and no later one
//! got a definite answer, it is unknown.

use steadfast::Kind;

use super::plan::Role;

/// Which of a saga's functions failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The action of a step that can be undone, or of the pivot.
    Undecided,
    /// The action of a step after the pivot.
    Forward,
    /// An undo.
    Undo,
}

impl Place {
    pub(super) const fn of(role: Role, undo: bool) -> Self {
        match role {
            _ if undo => Self::Undo,
            Role::Undoable | Role::Pivot => Self::Undecided,
            Role::Forward => Self::Forward,
        }
    }
}

/// What follows, once the attempts are used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It has not happened: the saga goes back.
    GoBack,
    /// It may have happened, and going back without knowing would leave it: it is run again with the
    /// same key, as patiently as what must be done.
    Insist,
    /// The saga can go neither on nor back.
    Stuck,
}

/// The table. `insisted` says that the patient attempts are used up, too.
pub(super) const fn verdict(place: Place, kind: Kind, insisted: bool) -> Verdict {
    match (place, kind) {
        (Place::Undecided, Kind::Transient | Kind::Terminal | Kind::Refused) => Verdict::GoBack,
        (Place::Undecided, Kind::Unknown) if insisted => Verdict::Stuck,
        (Place::Undecided, Kind::Unknown) => Verdict::Insist,
        (Place::Forward | Place::Undo, _) => Verdict::Stuck,
    }
}

/// The kind of several attempts together: what surely did nothing says nothing about an attempt before it
/// that may have happened; a definite answer under the same key does.
pub(super) const fn together(last: Kind, in_doubt: bool) -> Kind {
    match last {
        Kind::Transient | Kind::Refused if in_doubt => Kind::Unknown,
        last => last,
    }
}
