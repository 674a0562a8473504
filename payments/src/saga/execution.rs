//! A saga as people look at it: what happened to each step.

use std::fmt;

use super::entry::Why;
use super::id::SagaId;
use super::log::{SagaRecord, Status};
use super::plan::{Planned, draw};
use super::story::{At, Story};

/// What happened to a saga, step by step. It holds nothing of the states and errors of its steps.
///
/// See [`Saga::execution`](super::Saga::execution) for an example.
#[derive(Clone, Debug)]
pub struct Execution {
    id: SagaId,
    status: Status,
    version: u32,
    steps: Vec<(String, Progress)>,
    resumed: usize,
    reasons: Vec<String>,
}

/// What happened to a step.
///
/// See [`Saga::execution`](super::Saga::execution) for an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// Nothing.
    Waiting,
    /// Its action may have run; it is not known to have ended.
    Started,
    /// It is done.
    Done,
    /// Its undo may have run; it is not known to have ended.
    Undoing,
    /// It was done, and is undone.
    Undone,
    /// It failed, which turned the saga back.
    Failed(Why),
    /// Its action failed for good, and an operator has to look.
    Stuck(Why),
    /// Its undo failed for good, and an operator has to look.
    StuckUndoing(Why),
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting => f.write_str("waiting"),
            Self::Started => f.write_str("started"),
            Self::Done => f.write_str("done"),
            Self::Undoing => f.write_str("undoing"),
            Self::Undone => f.write_str("undone"),
            Self::Failed(why) => write!(f, "failed: {why}"),
            Self::Stuck(why) => write!(f, "stuck: {why}"),
            Self::StuckUndoing(why) => write!(f, "stuck, undoing it: {why}"),
        }
    }
}

impl Execution {
    pub(super) fn of(id: SagaId, record: &SagaRecord, story: &Story) -> Self {
        let progress = |(at, step): (usize, &Planned)| (step.name.clone(), progress(story, at));
        Self {
            id,
            status: record.status,
            version: story.plan.version,
            steps: story.plan.steps.iter().enumerate().map(progress).collect(),
            resumed: story.resumed,
            reasons: story.reasons.clone(),
        }
    }

    /// The saga.
    ///
    /// See [`Saga::execution`](super::Saga::execution) for an example.
    pub fn id(&self) -> &SagaId {
        &self.id
    }

    /// Whether it is open, stuck or ended.
    ///
    /// See [`Saga::execution`](super::Saga::execution) for an example.
    pub fn status(&self) -> Status {
        self.status
    }

    /// The version of the definition under which it began.
    ///
    /// See [`Saga::execution`](super::Saga::execution) for an example.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Its steps in their order, by name.
    ///
    /// See [`Saga::execution`](super::Saga::execution) for an example.
    pub fn steps(&self) -> impl Iterator<Item = (&str, Progress)> {
        self.steps.iter().map(|(name, progress)| (name.as_str(), *progress))
    }

    /// How often another executor went on with it.
    ///
    /// See [`Saga::execution`](super::Saga::execution) for an example.
    pub fn resumed(&self) -> usize {
        self.resumed
    }

    /// The reasons that operators gave, in their order.
    ///
    /// See [`Saga::resolve`](super::Saga::resolve) for an example.
    pub fn reasons(&self) -> impl Iterator<Item = &str> {
        self.reasons.iter().map(String::as_str)
    }
}

fn progress(story: &Story, step: usize) -> Progress {
    let failed = story.failed.as_ref();
    match failed {
        Some(failed) if step > failed.step => return Progress::Waiting,
        Some(failed) if step == failed.step => return Progress::Failed(failed.why),
        _ => {}
    }
    let (here, undo, word) = match &story.at {
        At::Done => return Progress::Done,
        At::Undone => return Progress::Undone,
        At::Forward { step, started } => (*step, false, if *started { Progress::Started } else { Progress::Waiting }),
        At::Back { step, started } => (*step, true, if *started { Progress::Undoing } else { Progress::Done }),
        At::Stuck { step, undo, why, .. } | At::Told { step, undo, why, .. } => {
            (*step, *undo, if *undo { Progress::StuckUndoing(*why) } else { Progress::Stuck(*why) })
        }
    };
    match step.cmp(&here) {
        std::cmp::Ordering::Less => Progress::Done,
        std::cmp::Ordering::Equal => word,
        std::cmp::Ordering::Greater if undo => Progress::Undone,
        std::cmp::Ordering::Greater => Progress::Waiting,
    }
}

/// The path, a step a line.
impl fmt::Display for Execution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = match self.status {
            Status::Open { .. } => "open",
            Status::Stuck => "stuck",
            Status::Ended { .. } if self.steps.iter().all(|(_, step)| *step == Progress::Done) => "done",
            Status::Ended { .. } => "undone",
        };
        write!(f, "{}, version {}: {status}", self.id, self.version)?;
        draw(f, self.steps.iter().map(|(name, progress)| (name.as_str(), progress)))?;
        self.reasons.iter().try_for_each(|reason| write!(f, "\n  resolved by an operator: {reason}"))
    }
}
