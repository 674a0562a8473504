//! What a pool and a batcher are built with.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use steadfast::PolicyError;

use super::when_full::WhenFull;

/// More than this is taken for a mistake: it is beyond what memory has.
const MOST: usize = u32::MAX as usize;
const CAPACITY: usize = 1024;
const AGEING: Duration = Duration::from_secs(10);

/// Settings, right once they are checked.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// `pool` or `batcher`, for metrics.
    pub(crate) what: &'static str,
    pub(crate) name: &'static str,
    /// What the user calls `workers`.
    pub(crate) workers: Workers,
    pub(crate) capacity: usize,
    pub(crate) when_full: WhenFull,
    pub(crate) ageing: Duration,
    /// How many items make a worker look: 1 in a pool.
    pub(crate) batch: usize,
}

/// How many workers, and the name of that setting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Workers(pub(crate) &'static str, pub(crate) usize);

impl Settings {
    pub(crate) const fn new(what: &'static str, name: &'static str, workers: Workers, batch: usize) -> Self {
        // Who sets only the size of a batch has not set a capacity that is too small for it.
        let capacity = if batch > CAPACITY { batch } else { CAPACITY };
        Self { what, name, workers, capacity, when_full: WhenFull::Wait, ageing: AGEING, batch }
    }

    pub(crate) fn check(&self) -> Result<(), PolicyError> {
        self.workers.check()?;
        check("max_size", self.batch)?;
        check("capacity", self.capacity)?;
        if self.capacity < self.batch {
            return Err(PolicyError::new("capacity", "must be at least `max_size`, or no batch ever gets full"));
        }
        if self.ageing.is_zero() {
            return Err(PolicyError::new("ageing", "must be more than zero, or a priority would be worth nothing"));
        }
        Ok(())
    }
}

impl Workers {
    pub(crate) fn check(self) -> Result<(), PolicyError> {
        check(self.0, self.1)
    }
}

fn check(setting: &'static str, value: usize) -> Result<(), PolicyError> {
    match value {
        0 => Err(PolicyError::new(setting, "must be at least 1")),
        value if value > MOST => Err(PolicyError::new(setting, "is more than can be")),
        _ => Ok(()),
    }
}

/// Why a pool or a batcher was not built.
///
/// ```
/// use steadfast_tasks::BuildError;
/// use steadfast_tasks::pool::Pool;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let built = Pool::builder("mails", 0, |to: u32| async move { Ok::<_, std::io::Error>(to) }).build();
/// let Err(BuildError::Setting(error)) = built else { unreachable!() };
/// assert_eq!(error.setting(), "workers");
/// assert_eq!(error.to_string(), "`workers` must be at least 1");
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuildError {
    /// A setting that cannot be, with its name.
    Setting(PolicyError),
    /// There is no tokio runtime here for the workers to run on.
    NoRuntime,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting(error) => error.fmt(f),
            Self::NoRuntime => f.write_str(
                "no tokio runtime to run the workers on: build it inside one, or enter it (`runtime.enter()`)",
            ),
        }
    }
}

impl Error for BuildError {}

impl From<PolicyError> for BuildError {
    fn from(error: PolicyError) -> Self {
        Self::Setting(error)
    }
}
