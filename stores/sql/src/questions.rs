//! What both databases are asked with the same values in the same order, each in its own SQL.

use std::marker::PhantomData;
use std::time::SystemTime;

use sqlx::query::Query;
use sqlx::{Database, Encode, Type};
use steadfast::idempotent::{NewClaim, RecordId, Seen, Token};

use crate::database::rows;
use crate::row::{self, StateColumns};
use crate::time::to_column;

/// A question, with its values.
pub(crate) type Asked<'q, D> = Query<'q, D, <D as Database>::Arguments<'q>>;

/// The questions to a database.
pub(crate) struct Questions<D>(PhantomData<D>);

impl<'q, D: Database> Questions<D>
where
    &'q str: Encode<'q, D> + Type<D>,
    i64: Encode<'q, D> + Type<D>,
    Option<i64>: Encode<'q, D>,
    Vec<u8>: Encode<'q, D> + Type<D>,
    Option<Vec<u8>>: Encode<'q, D>,
    &'q [u8]: Encode<'q, D> + Type<D>,
    Option<&'q [u8]>: Encode<'q, D>,
{
    /// About one record: its identity is the first three values.
    pub(crate) fn about(sql: &'q str, id: &'q RecordId) -> Asked<'q, D> {
        sqlx::query(sql).bind(id.name()).bind(row::scope(id)).bind(id.key())
    }

    /// The same, by who owns it.
    pub(crate) fn of_owner(sql: &'q str, id: &'q RecordId, token: Token) -> Asked<'q, D> {
        Self::about(sql, id).bind(token.to_bytes().to_vec())
    }

    /// A claim's record: seven values.
    pub(crate) fn claim(sql: &'q str, claim: &'q NewClaim) -> Asked<'q, D> {
        Self::about(sql, &claim.id)
            .bind(claim.fingerprint.map(|fingerprint| fingerprint.to_bytes().to_vec()))
            .bind(claim.token.to_bytes().to_vec())
            .bind(to_column(claim.claimed_at))
            .bind(to_column(claim.lease_until))
    }

    /// In place of what was seen.
    pub(crate) fn take_over(sql: &'q str, claim: &'q NewClaim, seen: Seen) -> Asked<'q, D> {
        Self::claim(sql, claim).bind(seen.token.to_bytes().to_vec()).bind(row::version(seen))
    }

    /// What its owner makes of a record in flight.
    pub(crate) fn write(sql: &'q str, id: &'q RecordId, token: Token, to: &StateColumns<'q>) -> Asked<'q, D> {
        Self::state(Self::of_owner(sql, id, token), to)
    }

    pub(crate) fn unknowns(sql: &'q str, now: SystemTime, after: Option<&'q RecordId>, limit: usize) -> Asked<'q, D> {
        sqlx::query(sql)
            .bind(to_column(now))
            .bind(after.map_or("", RecordId::name))
            .bind(after.map_or("", row::scope))
            .bind(after.map_or("", RecordId::key))
            .bind(rows(limit))
    }

    /// Of a record in the version that was seen: that it never happened.
    pub(crate) fn never_happened(sql: &'q str, id: &'q RecordId, seen: Seen) -> Asked<'q, D> {
        Self::of_owner(sql, id, seen.token).bind(row::version(seen))
    }

    /// Or how it ended, which its owner of before is not to write over.
    pub(crate) fn resolve(
        sql: &'q str,
        id: &'q RecordId,
        seen: Seen,
        to: &StateColumns<'q>,
        reason: &'q str,
    ) -> Asked<'q, D> {
        let asked = Self::never_happened(sql, id, seen).bind(Token::random().to_bytes().to_vec());
        Self::state(asked, to).bind(reason)
    }

    pub(crate) fn first_seen(
        sql: &'q str,
        space: &'q str,
        id: &'q str,
        now: SystemTime,
        until: SystemTime,
    ) -> Asked<'q, D> {
        sqlx::query(sql).bind(space).bind(id).bind(to_column(until)).bind(to_column(now))
    }

    fn state(asked: Asked<'q, D>, to: &StateColumns<'q>) -> Asked<'q, D> {
        asked.bind(to.state).bind(to.lease_until).bind(to.stored).bind(to.expires_at)
    }
}
