//! The two ledgers, and one of something for each.

use std::ops::{Index, IndexMut};

/// Which of the two ledgers.
///
/// ```
/// use steadfast_payments::reconciliation::Side;
///
/// assert_eq!((Side::Internal.as_str(), Side::Internal.other()), ("internal", Side::Gateway));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// What our own books say.
    Internal,
    /// What the gateway reports.
    Gateway,
}

impl Side {
    /// Both, our own first.
    ///
    /// See [`Side`] for an example.
    pub const BOTH: [Self; 2] = [Self::Internal, Self::Gateway];

    /// In lower case: `internal`, `gateway`.
    ///
    /// See [`Side`] for an example.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Gateway => "gateway",
        }
    }

    /// The one that it is compared with.
    ///
    /// See [`Side`] for an example.
    pub const fn other(self) -> Self {
        match self {
            Self::Internal => Self::Gateway,
            Self::Gateway => Self::Internal,
        }
    }
}

/// One for each side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sides<T> {
    pub(super) internal: T,
    pub(super) gateway: T,
}

impl<T> Sides<T> {
    pub(super) fn each(mut make: impl FnMut(Side) -> T) -> Self {
        Self { internal: make(Side::Internal), gateway: make(Side::Gateway) }
    }
}

impl<T> Index<Side> for Sides<T> {
    type Output = T;

    fn index(&self, side: Side) -> &T {
        match side {
            Side::Internal => &self.internal,
            Side::Gateway => &self.gateway,
        }
    }
}

impl<T> IndexMut<Side> for Sides<T> {
    fn index_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Internal => &mut self.internal,
            Side::Gateway => &mut self.gateway,
        }
    }
}
