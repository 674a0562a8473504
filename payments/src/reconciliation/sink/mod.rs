//! Where findings are written as they are made.

mod csv;
mod json;
mod text;

use std::io;

pub use csv::CsvSink;
pub use json::JsonSink;
pub use text::TextSink;

use super::decision::Finding;
use super::handlers::HandlerFailure;
use super::read::BadRow;
use super::side::Side;

/// Something to be written down.
///
/// See [`Found`](super::Found) for an example.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Rows that are not simply matched.
    Found(&'a Finding<'a>),
    /// A row of this side that cannot be read.
    BadRow(Side, &'a BadRow),
    /// A handler failed for this finding, which was written before.
    HandlerFailed(&'a Finding<'a>, &'a HandlerFailure),
}

/// Where findings are written as they are made: nothing keeps them afterwards.
///
/// A closure is one. [`TextSink`], [`JsonSink`] and [`CsvSink`] write files, [`Discard`] nothing.
///
/// See [`Found`](super::Found) for an example.
pub trait Sink {
    /// Writes one down.
    ///
    /// # Errors
    /// When it cannot be written. The reconciliation then ends, with
    /// [`ReconcileError::Sink`](super::ReconcileError::Sink): findings that nobody can read are worse than none.
    ///
    /// See [`Found`](super::Found) for an example.
    fn write(&mut self, event: Event<'_>) -> io::Result<()>;

    /// There is no more: what is buffered must be written.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    ///
    /// See [`TextSink`] for an example.
    fn end(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<F: FnMut(Event<'_>) -> io::Result<()>> Sink for F {
    fn write(&mut self, event: Event<'_>) -> io::Result<()> {
        self(event)
    }
}

/// Writes nothing: the counts and sums of the report are enough.
///
/// See [`Reconciliation::on`](super::Reconciliation::on) for an example.
#[derive(Clone, Copy, Debug, Default)]
pub struct Discard;

impl Sink for Discard {
    fn write(&mut self, _: Event<'_>) -> io::Result<()> {
        Ok(())
    }
}
