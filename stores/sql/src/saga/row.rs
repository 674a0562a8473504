//! A saga as columns, and back.

use std::time::SystemTime;

use sqlx::{ColumnIndex, Decode, Row, Type};
use steadfast::idempotent::Token;
use steadfast_payments::saga::{SagaRecord, Status, Then};

use crate::row::Malformed;
use crate::time::{from_column, to_column};

const OPEN: &str = "open";
const STUCK: &str = "stuck";
const ENDED: &str = "ended";

/// What an entry makes of its saga's columns.
pub(crate) struct ThenColumns {
    pub(crate) status: &'static str,
    pub(crate) ended_at: Option<i64>,
}

impl From<Then> for ThenColumns {
    fn from(then: Then) -> Self {
        match then {
            Then::GoesOn => Self { status: OPEN, ended_at: None },
            Then::Stuck => Self { status: STUCK, ended_at: None },
            Then::Ended { at } => Self { status: ENDED, ended_at: Some(to_column(at)) },
        }
    }
}

/// Of rows with the columns of one saga, and an entry each, in their order.
pub(crate) fn record<'r, R>(rows: &'r [R]) -> sqlx::Result<Option<SagaRecord>>
where
    R: Row,
    &'static str: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    &'r str: Decode<'r, R::Database> + Type<R::Database>,
    &'r [u8]: Decode<'r, R::Database> + Type<R::Database>,
{
    let Some(saga) = rows.first() else { return Ok(None) };
    let token = saga.try_get::<&[u8], _>("token")?;
    let time = |column| Ok::<SystemTime, sqlx::Error>(from_column(saga.try_get(column)?));
    let status = match saga.try_get::<&str, _>("status")? {
        OPEN => Status::Open { lease_until: time("lease_until")? },
        STUCK => Status::Stuck,
        ENDED => Status::Ended { at: time("ended_at")? },
        _ => return Err(malformed("status")),
    };
    Ok(Some(SagaRecord {
        token: token.try_into().map(Token::from_bytes).map_err(|_| malformed("token"))?,
        version: u64::try_from(saga.try_get::<i64, _>("version")?).map_err(|_| malformed("version"))?,
        status,
        entries: entries(rows, saga.try_get("entries")?)?,
    }))
}

/// As many as the saga has, each in its place: a log that has lost some must not look like a shorter one.
fn entries<'r, R>(rows: &'r [R], count: i64) -> sqlx::Result<Vec<Vec<u8>>>
where
    R: Row,
    &'static str: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    &'r [u8]: Decode<'r, R::Database> + Type<R::Database>,
{
    let mut entries = Vec::with_capacity(rows.len());
    for (row, place) in rows.iter().zip(0_i64..) {
        match (row.try_get::<Option<i64>, _>("seq")?, row.try_get::<Option<&[u8]>, _>("entry")?) {
            (Some(seq), Some(entry)) if seq == place => entries.push(entry.to_vec()),
            _ => return Err(malformed("entries")),
        }
    }
    if i64::try_from(entries.len()) == Ok(count) { Ok(entries) } else { Err(malformed("entries")) }
}

pub(crate) fn malformed(column: &'static str) -> sqlx::Error {
    Malformed { table: "steadfast_sagas", column }.into()
}
