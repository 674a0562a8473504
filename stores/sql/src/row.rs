//! A record as columns, and back.

use std::sync::Arc;

use sqlx::{ColumnIndex, Decode, Row, Type};
use steadfast::idempotent::{
    Fingerprint, Held, Outcome, Record, RecordId, RecordState, Resolution, Seen, Stored, Token,
};

use crate::time::{from_column, to_column};

/// A scope's column. Empty where there is none: no scope is empty.
pub(crate) fn scope(id: &RecordId) -> &str {
    id.scope().unwrap_or_default()
}

/// What a database's integers cannot hold never was a version.
pub(crate) fn version(seen: Seen) -> i64 {
    i64::try_from(seen.version).unwrap_or(-1)
}

/// Whether a statement that looks for its owner's row found it.
pub(crate) fn held(found: bool) -> Held {
    if found { Held::Yes } else { Held::Lost }
}

/// The state that a resolution leaves; `None` where the record goes.
pub(crate) fn resolved(resolution: Resolution) -> Option<RecordState> {
    match resolution {
        Resolution::NeverHappened => None,
        Resolution::Happened { stored, expires_at } => Some(RecordState::Ended(Outcome::Known { stored, expires_at })),
    }
}

const IN_FLIGHT: &str = "in_flight";
const UNKNOWN: &str = "unknown";
const VALUE: &str = "value";
const TERMINAL: &str = "terminal";

/// The columns of a record's state.
pub(crate) struct StateColumns<'a> {
    pub(crate) state: &'static str,
    pub(crate) lease_until: Option<i64>,
    pub(crate) stored: Option<&'a [u8]>,
    pub(crate) expires_at: Option<i64>,
}

impl<'a> From<&'a RecordState> for StateColumns<'a> {
    fn from(state: &'a RecordState) -> Self {
        let bare = |state| Self { state, lease_until: None, stored: None, expires_at: None };
        match state {
            RecordState::InFlight { lease_until } => {
                Self { lease_until: Some(to_column(*lease_until)), ..bare(IN_FLIGHT) }
            }
            RecordState::Ended(Outcome::Unknown) => bare(UNKNOWN),
            RecordState::Ended(Outcome::Known { stored, expires_at }) => {
                let (state, bytes) = match stored {
                    Stored::Value(bytes) => (VALUE, bytes),
                    Stored::Terminal(bytes) => (TERMINAL, bytes),
                };
                Self { stored: Some(bytes), expires_at: Some(to_column(*expires_at)), ..bare(state) }
            }
        }
    }
}

/// A row that no version of this crate wrote.
#[derive(Debug)]
pub(crate) struct Malformed {
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
}

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { table, column } = self;
        write!(f, "a row of {table} has a column `{column}` that this version cannot read")
    }
}

impl std::error::Error for Malformed {}

impl From<Malformed> for sqlx::Error {
    fn from(malformed: Malformed) -> Self {
        Self::Decode(Box::new(malformed))
    }
}

/// Of a row with the columns of a record.
pub(crate) fn record<'r, R>(row: &'r R) -> sqlx::Result<Record>
where
    R: Row,
    &'static str: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    &'r str: Decode<'r, R::Database> + Type<R::Database>,
    &'r [u8]: Decode<'r, R::Database> + Type<R::Database>,
{
    let state = match row.try_get::<&str, _>("state")? {
        IN_FLIGHT => RecordState::InFlight { lease_until: from_column(row.try_get("lease_until")?) },
        UNKNOWN => RecordState::Ended(Outcome::Unknown),
        VALUE => known(row, Stored::Value)?,
        TERMINAL => known(row, Stored::Terminal)?,
        _ => return Err(malformed("state")),
    };
    let fingerprint = row.try_get::<Option<&[u8]>, _>("fingerprint")?;
    let fingerprint = fingerprint.map(|bytes| bytes.try_into().map_err(|_| malformed("fingerprint"))).transpose()?;
    let resolved = row.try_get::<Option<&str>, _>("resolved")?;
    Ok(Record {
        fingerprint: fingerprint.map(Fingerprint::from_bytes),
        token: token(row)?,
        version: u64::try_from(row.try_get::<i64, _>("version")?).map_err(|_| malformed("version"))?,
        claimed_at: from_column(row.try_get("claimed_at")?),
        state,
        resolved: resolved.map(Arc::from),
    })
}

fn known<'r, R>(row: &'r R, kind: fn(Arc<[u8]>) -> Stored) -> sqlx::Result<RecordState>
where
    R: Row,
    &'static str: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    &'r [u8]: Decode<'r, R::Database> + Type<R::Database>,
{
    let stored = kind(row.try_get::<&[u8], _>("stored")?.into());
    let expires_at = from_column(row.try_get("expires_at")?);
    Ok(RecordState::Ended(Outcome::Known { stored, expires_at }))
}

fn token<'r, R>(row: &'r R) -> sqlx::Result<Token>
where
    R: Row,
    &'static str: ColumnIndex<R>,
    &'r [u8]: Decode<'r, R::Database> + Type<R::Database>,
{
    let bytes = row.try_get::<&[u8], _>("token")?;
    bytes.try_into().map(Token::from_bytes).map_err(|_| malformed("token"))
}

/// Of a row that has the parts of a record's identity too.
pub(crate) fn id<'r, R>(row: &'r R) -> sqlx::Result<RecordId>
where
    R: Row,
    &'static str: ColumnIndex<R>,
    &'r str: Decode<'r, R::Database> + Type<R::Database>,
{
    let scope = row.try_get::<&str, _>("scope")?;
    let scope = (!scope.is_empty()).then_some(scope);
    RecordId::new(row.try_get::<&str, _>("name")?.to_owned(), scope, row.try_get("key")?).map_err(|_| malformed("key"))
}

fn malformed(column: &'static str) -> sqlx::Error {
    Malformed { table: "steadfast_records", column }.into()
}
