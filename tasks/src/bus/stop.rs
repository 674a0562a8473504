//! What was left when a bus stopped.

use super::line::Count;
use super::sub::About;

/// How a bus stopped.
///
/// See [`Bus::stop`](super::Bus::stop) for an example.
#[derive(Debug)]
#[must_use = "what was left is told to nobody else"]
pub struct Stopped {
    pub(super) left: Vec<Left>,
}

/// What one handler had not done when the time was over.
///
/// See [`Bus::stop`](super::Bus::stop) for an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Left {
    /// The event's type.
    pub event: &'static str,
    /// The handler's name.
    pub handler: &'static str,
    /// Events that it never saw, those that waited for room included.
    pub queued: usize,
    /// Events that it was at work on. It ends at its next await.
    pub running: usize,
}

impl Stopped {
    /// Whether every event that was published was handled to its end.
    ///
    /// See [`Bus::stop`](super::Bus::stop) for an example.
    pub fn is_clean(&self) -> bool {
        self.left.is_empty()
    }

    /// The handlers that had not done all, with what was left of each.
    ///
    /// See [`Bus::stop`](super::Bus::stop) for an example.
    pub fn left(&self) -> &[Left] {
        &self.left
    }
}

impl Left {
    pub(super) fn of(about: About, count: Count) -> Option<Self> {
        let Count { queued, running } = count;
        let left = Self { event: about.event, handler: about.handler, queued, running };
        (queued > 0 || running > 0).then_some(left)
    }
}
