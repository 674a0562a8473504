//! Several steps in several systems that are all done, or all undone.

#[cfg(feature = "conformance")]
pub mod conformance;
mod definition;
mod entry;
mod error;
mod execution;
mod executor;
mod id;
mod lease;
mod log;
mod memory;
mod operate;
mod plan;
mod record;
mod resume;
mod run;

mod step;
mod story;
mod time;
mod verdict;

pub use definition::{AfterPivot, BeforePivot, Decided, Open, Saga};
pub use entry::Why;
pub use error::{Impossible, SagaError};
pub use execution::{Execution, Progress};
pub use id::SagaId;
pub use log::{Claimed, NewClaim, NewEntry, SagaLog, SagaRecord, Status, Then, Which};
pub use memory::MemorySagaLog;
pub use operate::{OperateError, Resolution};
pub use plan::{DefinitionError, Difference};
pub use resume::Resumed;
pub use step::Step;

#[cfg(test)]
mod tests;
