//! One reading of the clock for all layers of a stack that a call reaches at once.

use tokio::time::Instant;

use crate::clock;

/// When a call came, as a layer above has read it. The expansion hands it down as far as nothing
/// lies between that takes time: neither a wait nor the user's code.
#[derive(Clone, Copy, Debug)]
pub struct Moment(Option<Instant>);

impl Moment {
    /// Each layer reads the clock by itself.
    pub(crate) const UNREAD: Self = Self(None);

    /// Reads the clock.
    #[inline]
    pub fn now() -> Self {
        Self(Some(clock::mono()))
    }

    #[inline]
    pub(crate) const fn of(read: Option<Instant>) -> Self {
        Self(read)
    }

    #[inline]
    pub(crate) fn or_now(self) -> Instant {
        self.0.unwrap_or_else(clock::mono)
    }

    /// As a [count](clock::count).
    #[inline]
    pub(crate) fn count(self) -> u64 {
        match self.0 {
            Some(read) => clock::count_at(read),
            None => clock::count(),
        }
    }
}
