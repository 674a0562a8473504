//! The pure core: what a saga's entries say has happened, and what comes next. It is told everything, reads
//! no clock, and does nothing.

use serde_json::value::RawValue;
use steadfast::idempotent::Fingerprint;

use super::entry::{By, Event, Why};
use super::plan::{Plan, Role};

/// A saga as its entries tell it.
#[derive(Clone, Debug)]
pub(super) struct Story {
    pub(super) plan: Plan,
    pub(super) fingerprint: Fingerprint,
    input: Box<RawValue>,
    /// What the finished steps left, in their order.
    states: Vec<Box<RawValue>>,
    /// Which step turned the saga back, and why.
    pub(super) failed: Option<Failed>,
    pub(super) at: At,
    /// How often another executor went on with it.
    pub(super) resumed: usize,
    /// What operators gave as their reasons.
    pub(super) reasons: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Failed {
    pub(super) step: usize,
    pub(super) why: Why,
    pub(super) error: Option<String>,
}

/// Where a saga stands.
#[derive(Clone, Debug)]
pub(super) enum At {
    /// This step is next. Where it was `started`, it may have run already.
    Forward { step: usize, started: bool },
    /// This step is the next to be undone.
    Back { step: usize, started: bool },
    /// This step, or its undo, failed for good.
    Stuck { step: usize, undo: bool, why: Why, error: Option<String> },
    /// An operator has said what became of it, which is to be written.
    Told { step: usize, undo: bool, why: Why, error: Option<String>, by: By },
    /// All is done.
    Done,
    /// All is undone.
    Undone,
}

/// What an executor does next.
#[derive(Clone, Debug)]
pub(super) enum Next {
    /// Run this step's action.
    Act { step: usize, in_doubt: bool },
    /// Run this step's undo.
    Undo { step: usize },
    /// Write what is known already.
    Write(Event),
    /// Nothing: it is done, undone or stuck.
    Rest,
}

/// What is wrong with an event where it stands.
type Flaw = &'static str;

impl Story {
    /// The story of these entries, or which of them cannot be, and why.
    pub(super) fn read<'a>(entries: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, (usize, Flaw)> {
        let mut entries = entries.into_iter().map(Event::read).enumerate();
        let at = |entry| move |flaw| (entry, flaw);
        let mut story = match entries.next() {
            Some((_, Ok(first))) => Self::begin(first).map_err(at(0))?,
            Some((_, Err(flaw))) => return Err((0, flaw)),
            None => return Err((0, "there is none, and a saga begins with one")),
        };
        for (entry, event) in entries {
            story.tell(event.map_err(at(entry))?).map_err(at(entry))?;
        }
        Ok(story)
    }

    pub(super) fn begin(first: Event) -> Result<Self, Flaw> {
        let Event::Begun { plan, fingerprint, input } = first else {
            return Err("a saga's first entry says what began");
        };
        if plan.flaw().is_some() || !plan.is_in_order() {
            return Err("no saga can have these steps");
        }
        let at = At::Forward { step: 0, started: false };
        Ok(Self { plan, fingerprint, input, states: Vec::new(), failed: None, at, resumed: 0, reasons: Vec::new() })
    }

    /// One event more.
    pub(super) fn tell(&mut self, event: Event) -> Result<(), Flaw> {
        match event {
            Event::Begun { .. } => Err("a saga begins once"),
            Event::Resumed => match self.at {
                At::Done | At::Undone | At::Stuck { .. } => Err("nobody goes on with a saga that rests"),
                At::Forward { .. } | At::Back { .. } | At::Told { .. } => {
                    self.resumed += 1;
                    Ok(())
                }
            },
            Event::Started { step } => self.started(&step, false),
            Event::UndoStarted { step } => self.started(&step, true),
            Event::Done { step, state } => {
                let step = self.act_of(&step)?;
                if matches!(self.at, At::Told { by: By::Undone, .. }) {
                    return Err("an operator has said that the step is not done");
                }
                self.done(step, state);
                Ok(())
            }
            Event::Failed { step, why, error } => self.fail(&step, why, error),
            Event::Undone { step } => {
                let step = self.undo_of(&step)?;
                self.undone(step);
                Ok(())
            }
            Event::Stuck { step, why, error } => self.stuck(&step, why, error),
            Event::Resolved { by, reason } => {
                self.resolved(by)?;
                self.reasons.push(reason);
                Ok(())
            }
        }
    }

    fn started(&mut self, name: &str, undone: bool) -> Result<(), Flaw> {
        let names = |step: usize| self.plan.steps.get(step).is_some_and(|planned| planned.name == name);
        match &mut self.at {
            At::Forward { step, started } if !undone && names(*step) => *started = true,
            At::Back { step, started } if undone && names(*step) => *started = true,
            _ => return Err("another step was next, or none"),
        }
        Ok(())
    }

    /// The step of this name, whose action may be said to have ended.
    fn act_of(&self, name: &str) -> Result<usize, Flaw> {
        match self.at {
            At::Forward { step, started: true } | At::Told { step, undo: false, .. } if self.is(step, name) => Ok(step),
            _ => Err("a step ended that had not started"),
        }
    }

    fn undo_of(&self, name: &str) -> Result<usize, Flaw> {
        match self.at {
            At::Back { step, started: true } | At::Told { step, undo: true, .. } if self.is(step, name) => Ok(step),
            _ => Err("an undo ended that had not started"),
        }
    }

    fn is(&self, step: usize, name: &str) -> bool {
        self.plan.steps.get(step).is_some_and(|planned| planned.name == name)
    }

    fn done(&mut self, step: usize, state: Box<RawValue>) {
        self.states.push(state);
        let next = step + 1;
        self.at = if next == self.plan.steps.len() { At::Done } else { At::Forward { step: next, started: false } };
    }

    fn undone(&mut self, step: usize) {
        self.at = step.checked_sub(1).map_or(At::Undone, |step| At::Back { step, started: false });
    }

    fn fail(&mut self, name: &str, why: Why, error: Option<String>) -> Result<(), Flaw> {
        let step = self.act_of(name)?;
        if self.role(step) == Role::Forward {
            return Err("what comes after the pivot does not turn a saga back");
        }
        if matches!(self.at, At::Told { by: By::Done { .. }, .. }) {
            return Err("an operator has said that the step is done");
        }
        let told = matches!(self.at, At::Told { .. });
        if !told && matches!(why, Why::Unknown | Why::Unrecordable) {
            return Err("a step that may have happened does not turn a saga back");
        }
        self.failed = Some(Failed { step, why, error });
        self.undone(step);
        Ok(())
    }

    fn stuck(&mut self, name: &str, why: Why, error: Option<String>) -> Result<(), Flaw> {
        let (step, undo) = match self.act_of(name) {
            Ok(step) => (step, false),
            Err(_) => (self.undo_of(name)?, true),
        };
        if matches!(self.at, At::Told { .. }) {
            return Err("what an operator has resolved is stuck again without a try");
        }
        self.at = At::Stuck { step, undo, why, error };
        Ok(())
    }

    fn resolved(&mut self, by: By) -> Result<(), Flaw> {
        let At::Stuck { step, undo, why, error } = &self.at else {
            return Err("only what is stuck is resolved");
        };
        self.may_be_resolved(&by)?;
        let (step, undo, why, error) = (*step, *undo, *why, error.clone());
        self.at = match by {
            By::Again if undo => At::Back { step, started: true },
            By::Again => At::Forward { step, started: true },
            by => At::Told { step, undo, why, error, by },
        };
        Ok(())
    }

    /// What an operator may not say, and why.
    pub(super) fn may_be_resolved(&self, by: &By) -> Result<(), Flaw> {
        let At::Stuck { step, undo, .. } = &self.at else {
            return Err("only what is stuck is resolved");
        };
        match by {
            By::Done { .. } if *undo => {
                Err("the saga is going back, so a step whose undo failed is resolved as undone, or tried again")
            }
            By::Undone if !*undo && self.role(*step) == Role::Forward => {
                Err("after the pivot a saga only goes forward, so the step is resolved as done, or tried again")
            }
            _ => Ok(()),
        }
    }

    pub(super) fn role(&self, step: usize) -> Role {
        self.plan.steps.get(step).map_or(Role::Forward, |planned| planned.role)
    }

    pub(super) fn name(&self, step: usize) -> String {
        self.plan.steps.get(step).map(|planned| planned.name.clone()).unwrap_or_default()
    }

    /// The state that a step's action gets: what the one before it left.
    pub(super) fn before(&self, step: usize) -> &RawValue {
        step.checked_sub(1).map_or(&self.input, |before| self.after(before))
    }

    /// The state that a step left.
    pub(super) fn after(&self, step: usize) -> &RawValue {
        self.states.get(step).unwrap_or(&self.input)
    }

    /// What comes next.
    pub(super) fn next(&self) -> Next {
        match &self.at {
            At::Forward { step, started } => Next::Act { step: *step, in_doubt: *started },
            At::Back { step, .. } => Next::Undo { step: *step },
            At::Told { step, undo, why, error, by } => {
                let name = self.name(*step);
                Next::Write(match by {
                    By::Done { state } => Event::Done { step: name, state: state.clone() },
                    _ if *undo => Event::Undone { step: name },
                    _ => Event::Failed { step: name, why: *why, error: error.clone() },
                })
            }
            At::Stuck { .. } | At::Done | At::Undone => Next::Rest,
        }
    }
}
