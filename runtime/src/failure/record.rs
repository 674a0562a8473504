//! The private record of a terminal failure: what an idempotency store keeps and replays.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::Failure;

/// An error whose terminal failures can be stored and given back as the same type and value.
///
/// [`#[derive(Failure)]`](derive@crate::Failure) writes it for every error whose *terminal*
/// variants hold values that serde can store; the other variants may hold anything
/// (`std::io::Error`, `sqlx::Error`), because they are never stored.
///
/// By hand, with a [`Record`] or in any form of one's own:
///
/// ```
/// use steadfast::{Failure, Kind, Record, RecordError, ReplayFailure};
///
/// #[derive(Debug, PartialEq)]
/// struct HttpError { status: u16, body: String }
///
/// impl Failure for HttpError {
///     fn kind(&self) -> Kind {
///         match self.status {
///             429 | 503 => Kind::Transient,
///             500.. => Kind::Unknown,
///             _ => Kind::Terminal,
///         }
///     }
/// }
///
/// impl ReplayFailure for HttpError {
///     fn to_record(&self) -> Option<Result<Vec<u8>, RecordError>> {
///         let record = || Record::new("HttpError").with("status", &self.status)?.with("body", &self.body)?.into_bytes();
///         (self.kind() == Kind::Terminal).then(record)
///     }
///
///     fn from_record(record: &[u8]) -> Result<Self, RecordError> {
///         let mut record = Record::parse(record)?;
///         match record.variant() {
///             "HttpError" => Ok(Self { status: record.take("status")?, body: record.take("body")? }),
///             _ => Err(record.unheard_of()),
///         }
///     }
/// }
///
/// let declined = HttpError { status: 402, body: "no funds".into() };
/// let record = declined.to_record().expect("a terminal failure has one")?;
/// assert_eq!(HttpError::from_record(&record)?, declined);
/// assert!(HttpError { status: 503, body: String::new() }.to_record().is_none());
/// # Ok::<(), RecordError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a terminal failure of type `{Self}` cannot be stored and replayed",
    label = "`idempotent` hands a terminal failure out again as the same value",
    note = "derive it: `#[derive(steadfast::Failure)]`, and let serde store the fields of every `terminal` variant"
)]
pub trait ReplayFailure: Failure + Sized {
    /// The record of a terminal failure; `None` for a failure of another kind.
    ///
    /// # Errors
    /// When a field cannot be written exactly. The caller still gets the error; the outcome is kept
    /// as unknown.
    ///
    /// See [`ReplayFailure`] for an example.
    fn to_record(&self) -> Option<Result<Vec<u8>, RecordError>>;

    /// The failure that a record was made of.
    ///
    /// # Errors
    /// When the record was not written by this type, or by a version of it that differs too much.
    ///
    /// See [`ReplayFailure`] for an example.
    fn from_record(record: &[u8]) -> Result<Self, RecordError>;
}

/// Why a record could not be written or read. It never holds what the record holds.
///
/// ```
/// use steadfast::idempotent::Replay;
///
/// let error = u32::from_record(br#""4111111111111111""#).unwrap_err();
/// assert_eq!(error.to_string(), "the record does not fit the type (line 1, column 18)");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordError(Box<str>);

impl RecordError {
    /// An error with a reason, for implementations by hand.
    ///
    /// ```
    /// let error = steadfast::RecordError::new("not a record of mine");
    /// assert_eq!(error.to_string(), "not a record of mine");
    /// ```
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into().into_boxed_str())
    }

    /// What serde said, without the value it said it of.
    pub(crate) fn from_json(error: &serde_json::Error) -> Self {
        use serde_json::error::Category;
        let what = match error.classify() {
            Category::Io => "could not be written",
            Category::Syntax => "is not JSON",
            Category::Data => "does not fit the type",
            Category::Eof => "ends too early",
        };
        Self(format!("the record {what} (line {}, column {})", error.line(), error.column()).into())
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RecordError {}

/// A terminal failure in the making, or read back: a variant's name and its fields, as JSON. What
/// `#[derive(Failure)]` calls; of use to an implementation of [`ReplayFailure`] by hand.
///
/// ```
/// use steadfast::Record;
///
/// let bytes = Record::new("Declined").with("code", &51)?.into_bytes()?;
/// let mut record = Record::parse(&bytes)?;
/// assert_eq!(record.variant(), "Declined");
/// assert_eq!(record.take::<u32>("code")?, 51);
///
/// // A field that a later version of the type has added.
/// assert_eq!(record.take::<Option<String>>("reason")?, None);
/// # Ok::<(), steadfast::RecordError>(())
/// ```
pub struct Record {
    variant: String,
    fields: BTreeMap<String, Box<RawValue>>,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Written {
    variant: String,
    fields: BTreeMap<String, Box<RawValue>>,
}

impl Record {
    /// The record of a variant, without fields yet.
    ///
    /// See [`Record`] for an example.
    pub fn new(variant: &str) -> Self {
        Self { variant: variant.to_owned(), fields: BTreeMap::new() }
    }

    /// Adds a field.
    ///
    /// # Errors
    /// When the value cannot be written exactly as JSON: a number that is not finite, a map whose
    /// keys have no text.
    ///
    /// See [`Record`] for an example.
    pub fn with<T: Serialize + ?Sized>(mut self, name: &str, value: &T) -> Result<Self, RecordError> {
        let bytes = crate::idempotent::json::exact(value)?;
        self.insert(name, bytes)?;
        Ok(self)
    }

    /// Adds a field that is itself a record (of a `transparent` variant).
    ///
    /// # Errors
    /// When the inner failure cannot be written, or is not terminal.
    ///
    /// ```
    /// use steadfast::{Failure, Record, ReplayFailure};
    ///
    /// #[derive(Debug, PartialEq, Failure)]
    /// enum CardError {
    ///     #[failure(terminal)]
    ///     Declined(u32),
    ///     #[failure(transient)]
    ///     Busy,
    /// }
    ///
    /// let bytes = Record::new("Card").nested("0", &CardError::Declined(51))?.into_bytes()?;
    /// let mut record = Record::parse(&bytes)?;
    /// assert_eq!(record.take_nested::<CardError>("0")?, CardError::Declined(51));
    ///
    /// assert!(Record::new("Card").nested("0", &CardError::Busy).is_err());
    /// # Ok::<(), steadfast::RecordError>(())
    /// ```
    pub fn nested<E: ReplayFailure>(mut self, name: &str, inner: &E) -> Result<Self, RecordError> {
        let bytes = inner.to_record().ok_or_else(|| RecordError::new("the failure is not terminal"))??;
        self.insert(name, bytes)?;
        Ok(self)
    }

    fn insert(&mut self, name: &str, json: Vec<u8>) -> Result<(), RecordError> {
        let text = String::from_utf8(json).map_err(|_| RecordError::new("the record is not UTF-8"))?;
        let raw = RawValue::from_string(text).map_err(|e| RecordError::from_json(&e))?;
        self.fields.insert(name.to_owned(), raw);
        Ok(())
    }

    /// The record as bytes.
    ///
    /// # Errors
    /// When it cannot be written.
    ///
    /// See [`Record`] for an example.
    pub fn into_bytes(self) -> Result<Vec<u8>, RecordError> {
        let written = Written { variant: self.variant, fields: self.fields };
        serde_json::to_vec(&written).map_err(|e| RecordError::from_json(&e))
    }

    /// Reads a record.
    ///
    /// # Errors
    /// When the bytes are not a record.
    ///
    /// ```
    /// assert!(steadfast::Record::parse(b"no record").is_err());
    /// ```
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordError> {
        let Written { variant, fields } = serde_json::from_slice(bytes).map_err(|e| RecordError::from_json(&e))?;
        Ok(Self { variant, fields })
    }

    /// The variant's name.
    ///
    /// See [`Record`] for an example.
    pub fn variant(&self) -> &str {
        &self.variant
    }

    /// Takes a field out of the record. A field that is missing reads as JSON's `null`, so that
    /// an `Option` added to a variant later does not make old records unreadable.
    ///
    /// # Errors
    /// When the field does not fit the type.
    ///
    /// See [`Record`] for an example.
    pub fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, RecordError> {
        let raw = self.raw(name);
        serde_json::from_str(&raw).map_err(|e| RecordError::from_json(&e))
    }

    /// Takes a field that is itself a record.
    ///
    /// # Errors
    /// When the inner record cannot be read.
    ///
    /// See [`nested`](Self::nested) for an example.
    pub fn take_nested<E: ReplayFailure>(&mut self, name: &str) -> Result<E, RecordError> {
        E::from_record(self.raw(name).as_bytes())
    }

    /// The error for a variant that this version of the type does not have.
    ///
    /// ```
    /// use steadfast::Record;
    ///
    /// let error = Record::new("Retired").unheard_of();
    /// assert_eq!(error.to_string(), "the record is of a variant `Retired` that this version does not replay");
    /// ```
    pub fn unheard_of(&self) -> RecordError {
        RecordError::new(format!("the record is of a variant `{}` that this version does not replay", self.variant))
    }

    fn raw(&mut self, name: &str) -> Box<str> {
        self.fields.remove(name).map_or_else(|| "null".into(), Into::into)
    }
}
