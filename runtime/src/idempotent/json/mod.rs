//! One serializer of our own, in two modes, that writes JSON without a tree of values.
//!
//! *Canonical* is what a fingerprint hashes: RFC 8785, except that integers beyond 2^53 are
//! written exactly, because the RFC would round two payloads to one text. *Exact* is what a
//! record keeps: the order of maps stays, a float stays a float. Both refuse what JSON cannot say.

mod number;
mod object;
mod raw;
mod serializer;
mod text;

use std::fmt;

use serde::Serialize;

use crate::RecordError;
use object::Entries;
pub(crate) use object::Mark;

/// The value as a record keeps it.
pub(crate) fn exact<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, RecordError> {
    write(value, Mode::Exact)
}

/// The value as a fingerprint hashes it.
pub(crate) fn canonical<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, RecordError> {
    write(value, Mode::Canonical)
}

fn write<T: Serialize + ?Sized>(value: &T, mode: Mode) -> Result<Vec<u8>, RecordError> {
    let mut writer = Writer::new(mode);
    value.serialize(&mut writer)?;
    Ok(writer.out)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Canonical,
    Exact,
}

/// What is written so far.
pub(crate) struct Writer {
    mode: Mode,
    out: Vec<u8>,
    entries: Entries,
    scratch: Vec<u8>,
    depth: usize,
}

/// As deep as serde_json reads, so that what is written can be read.
const MAX_DEPTH: usize = 127;

impl Writer {
    pub(crate) fn new(mode: Mode) -> Self {
        // Room for a payload as they are, so that it is made once.
        Self { mode, out: Vec::with_capacity(512), entries: Entries::default(), scratch: Vec::new(), depth: 0 }
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    #[inline]
    fn put(&mut self, text: &[u8]) {
        self.out.extend_from_slice(text);
    }

    fn display(&mut self, value: impl fmt::Display) {
        use std::io::Write as _;
        // Writing to a vector cannot fail.
        let _ = write!(self.out, "{value}");
    }

    fn deeper(&mut self) -> Result<(), Error> {
        if self.depth == MAX_DEPTH {
            return Err(Error::new("the value is nested too deep"));
        }
        self.depth += 1;
        Ok(())
    }

    fn up(&mut self) {
        self.depth -= 1;
    }
}

/// What a value cannot be written for. It never holds the value.
#[derive(Debug)]
pub(crate) struct Error(RecordError);

impl Error {
    fn new(reason: &str) -> Self {
        Self(RecordError::new(reason))
    }
}

impl From<Error> for RecordError {
    fn from(error: Error) -> Self {
        error.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Error {}

impl serde::ser::Error for Error {
    /// The type's own words are dropped: they may quote the value.
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::new("a value says that it cannot be written")
    }
}
