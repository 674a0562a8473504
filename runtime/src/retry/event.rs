//! What the hook of a retry is told.

use std::time::Duration;

use super::RetryPolicy;
use crate::Kind;
use crate::kinds::Ending;

/// An attempt failed and another follows: what the hook of
/// [`on_retry`](RetryPolicy::on_retry) is told before the pause.
///
/// ```
/// use steadfast::retry::{RetryPolicy, Retrying};
///
/// fn tell(event: &Retrying<'_>) {
///     eprintln!(
///         "{}: attempt {} ended {}, the next one in {:?}",
///         event.name(),
///         event.attempt(),
///         event.kind().as_str(),
///         event.pause(),
///     );
/// }
///
/// static GATEWAY: RetryPolicy = RetryPolicy::new("gateway").on_retry(tell);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Retrying<'a> {
    pub(super) policy: &'a RetryPolicy,
    pub(super) attempt: u32,
    pub(super) pause: Duration,
    pub(super) ending: Ending,
}

impl Retrying<'_> {
    /// The policy's name; under the attribute, the function's.
    ///
    /// See [`Retrying`] for an example.
    pub fn name(&self) -> &'static str {
        self.policy.name()
    }

    /// Which attempt failed; 1 is the first call.
    ///
    /// See [`Retrying`] for an example.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// How long it waits before the next attempt.
    ///
    /// See [`Retrying`] for an example.
    pub fn pause(&self) -> Duration {
        self.pause
    }

    /// What is known of the attempt that failed.
    ///
    /// See [`Retrying`] for an example.
    pub fn kind(&self) -> Kind {
        self.ending.kind()
    }
}
