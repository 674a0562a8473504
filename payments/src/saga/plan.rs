//! What a saga consists of, as far as its log has to know: names, and what each step may do.

use std::collections::HashSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use steadfast::idempotent::IdempotencyKey;

/// What becomes of a saga when a step of it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Role {
    /// It can be undone.
    Undoable,
    /// It decides: before it everything is undone, after it everything is done.
    Pivot,
    /// It is tried until it is done.
    Forward,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Planned {
    pub(super) name: String,
    pub(super) role: Role,
}

/// The steps in their order: those that can be undone, at most one pivot, those that only go forward.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    pub(super) version: u32,
    pub(super) steps: Vec<Planned>,
}

impl Plan {
    /// What makes it no plan.
    pub(super) fn flaw(&self) -> Option<DefinitionError> {
        if self.steps.is_empty() {
            return Some(DefinitionError::NoSteps);
        }
        let mut names = HashSet::new();
        self.steps.iter().find_map(|Planned { name, .. }| match IdempotencyKey::new(name) {
            Err(_) => Some(DefinitionError::Name { step: Some(name.clone()) }),
            Ok(_) if !names.insert(name) => Some(DefinitionError::Twice { step: name.clone() }),
            Ok(_) => None,
        })
    }

    /// Whether the roles stand in an order that a definition can have. The types of one see to it; what is
    /// read from a log is looked at.
    pub(super) fn is_in_order(&self) -> bool {
        let pivots = self.steps.iter().filter(|step| step.role == Role::Pivot).count();
        let rank = |step: &Planned| match step.role {
            Role::Undoable => 0,
            Role::Pivot => 1,
            Role::Forward => 2,
        };
        let forward = self.steps.iter().any(|step| step.role == Role::Forward);
        pivots <= 1 && (pivots == 1 || !forward) && self.steps.is_sorted_by_key(rank)
    }

    /// What somebody has to know who finds a saga of `self` and has the definition `other`; `None` where
    /// they agree.
    pub(super) fn difference(&self, other: &Self) -> Option<Difference> {
        let step = self.steps.iter().zip(&other.steps).position(|(was, is)| was != is);
        let shorter = self.steps.len().min(other.steps.len());
        let step = step.or_else(|| (self.steps.len() != other.steps.len()).then_some(shorter));
        let name = |plan: &Self, at: usize| plan.steps.get(at).map(ToString::to_string);
        let differs = step.is_some() || self.version != other.version;
        differs.then(|| Difference {
            versions: (self.version, other.version),
            step: step.map(|at| (at, name(self, at), name(other, at))),
        })
    }
}

impl Role {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Undoable => "can be undone",
            Self::Pivot => "pivot",
            Self::Forward => "only forward",
        }
    }
}

/// Steps as text, one a line, each with a word about it.
pub(super) fn draw<'a, W: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    steps: impl Iterator<Item = (&'a str, W)> + Clone,
) -> fmt::Result {
    let widest = steps.clone().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    (1_usize..).zip(steps).try_for_each(|(number, (name, word))| write!(f, "\n  {number}  {name:widest$}  {word}"))
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.role.as_str())
    }
}

/// What differs between the definition under which a saga began and the one that is to go on with it.
///
/// ```
/// # use steadfast_payments::saga::Difference;
/// # fn refused(difference: &Difference) {
/// // version 1 is now 2; step 2 was charge (pivot) and is now authorize (can be undone)
/// eprintln!("this process cannot go on with it: {difference}");
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    versions: (u32, u32),
    step: Option<(usize, Option<String>, Option<String>)>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (was, is) = self.versions;
        match was == is {
            true => write!(f, "version {was} is still {is}")?,
            false => write!(f, "version {was} is now {is}")?,
        }
        let Some((at, was, is)) = &self.step else { return Ok(()) };
        let (was, is) = (was.as_deref().unwrap_or("not there"), is.as_deref().unwrap_or("gone"));
        write!(f, "; step {} was {was} and is now {is}", at.saturating_add(1))
    }
}

/// What makes a definition none. It is told by [`Saga::check`](super::Saga::check), and by every run.
///
/// ```
/// use steadfast::Rejection;
/// use steadfast_payments::saga::{DefinitionError, Saga, Step};
///
/// async fn note((): (), state: u32, _: Step) -> Result<u32, Rejection> {
///     Ok(state)
/// }
///
/// let saga = Saga::new("notes", 1).pivot("note", note).forward("note", note);
/// assert_eq!(saga.check(), Err(DefinitionError::Twice { step: "note".into() }));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DefinitionError {
    /// It has no step.
    #[error("the saga has no step: there is nothing to run")]
    NoSteps,
    /// Two steps have one name, by which the log tells them apart.
    #[error("two steps have the name `{step}`, and the log tells steps apart by their names: rename one")]
    Twice {
        /// The name.
        step: String,
    },
    /// A name is none: it is 1 to 255 characters, none of them a control character.
    #[error("{}: a name has 1 to 255 characters, and no control characters", match .step {
        Some(step) => format!("the step's name {step:?} is none"),
        None => "the saga's name is none".into(),
    })]
    Name {
        /// The step; `None` where it is the saga's own name.
        step: Option<String>,
    },
    /// The lease is too short to be renewed in time.
    #[error("the lease is shorter than 10 ms: it cannot be renewed in time")]
    Lease,
}
