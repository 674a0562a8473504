//! What a merge has found.

use std::fmt;

use super::super::class::Class;
use super::super::found::Found;
use super::super::row::Row;
use super::super::side::{Side, Sides};

/// Rows of one reference that have found their class.
///
/// See [`Merge`](super::Merge) for an example.
#[derive(Clone, Copy)]
pub struct Finding<'a> {
    pub(in super::super) item: u64,
    pub(in super::super) class: Class,
    pub(in super::super) internal: &'a [Row],
    pub(in super::super) gateway: &'a [Row],
    pub(in super::super) counts: Sides<u64>,
}

impl<'a> Finding<'a> {
    /// What they are.
    ///
    /// See [`Merge`](super::Merge) for an example.
    pub fn class(&self) -> Class {
        self.class
    }

    /// The how-manieth finding of this run it is, counted from 1.
    ///
    /// See [`Found`] for an example.
    pub fn item(&self) -> u64 {
        self.item
    }

    /// The reference that they share.
    ///
    /// See [`Merge`](super::Merge) for an example.
    pub fn reference(&self) -> &'a str {
        self.internal.first().or(self.gateway.first()).map_or("", Row::reference)
    }

    /// The rows of a side; of [`Class::TooMany`], the first of them.
    ///
    /// See [`Found`] for an example.
    pub fn rows(&self, side: Side) -> &'a [Row] {
        match side {
            Side::Internal => self.internal,
            Side::Gateway => self.gateway,
        }
    }

    /// How many rows of a side: as many as [`rows`](Self::rows) has, but for [`Class::TooMany`].
    ///
    /// See [`Found`] for an example.
    pub fn count(&self, side: Side) -> u64 {
        self.counts[side]
    }

    /// The same, to be kept.
    ///
    /// See [`Found`] for an example.
    pub fn to_found(&self) -> Found {
        Found::of(self)
    }
}

impl fmt::Debug for Finding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finding")
            .field("class", &self.class)
            .field("internal", &self.internal)
            .field("gateway", &self.gateway)
            .finish_non_exhaustive()
    }
}
