//! What the worker pool and the batcher have in common: a bounded queue, the workers at its other end,
//! and what those who submit get to hear.
//!
//! `line`, `intake` and `seats` decide, are pure and are told the time; `state` holds them, and
//! `desk` puts it behind one lock.

mod crew;
mod desk;
mod error;
mod handle;
mod intake;
mod line;
mod observe;
mod place;
mod refused;
mod report;
mod run;
mod seat;
mod seats;
mod settings;
mod state;
mod stats;
#[cfg(test)]
mod tests;
mod when_full;

pub(crate) use crew::{Begin, Crew};
pub use error::{Panicked, TaskError};
pub use handle::Handle;
pub(crate) use line::Entry;
pub use refused::NotTaken;
pub use report::Stopped;
pub(crate) use run::{Ran, caught, quietly, run};
pub(crate) use seat::{Look, Seat};
pub(crate) use seats::Doing;
pub use settings::BuildError;
pub(crate) use settings::{Settings, Workers};
pub(crate) use state::{Job, Outcome, State, Tell, Waker, wake};
pub use stats::Stats;
pub use when_full::WhenFull;
