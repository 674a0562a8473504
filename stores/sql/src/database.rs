//! What the two databases do alike, each in its own SQL.

use std::future::Future;
use std::time::{Duration, SystemTime};

use steadfast::idempotent::{Held, Record, RecordId, Resolution, Seen};

use crate::error::DatabaseError;
use crate::setup::SetupError;
use crate::step::{Done, Step};

/// How long a statement may take before its connection counts as dead. Nobody waits longer for an
/// answer with a lease of a minute, of which a renewal and each try of a completion get a third.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// Takes steps together.
pub(crate) trait Commits: Send + Sync + 'static {
    /// Takes all steps with one sync of the disk, or none of them. Steps are sorted by id; of the
    /// changes, no two have the same.
    fn commit(&self, steps: &[Step]) -> impl Future<Output = sqlx::Result<Vec<Done>>> + Send;
}

/// A pool, and the statements for it.
pub(crate) trait Database: Commits {
    /// Brings the tables to the newest version, as one of many that may do so at once.
    fn migrate(&self) -> impl Future<Output = Result<(), SetupError>> + Send;

    /// Whether tables and settings are such that records are kept.
    fn check(&self) -> impl Future<Output = Result<(), SetupError>> + Send;

    /// Takes a step whose record is locked by somebody's transaction, when that has ended.
    fn alone(&self, step: &Step) -> impl Future<Output = sqlx::Result<Done>> + Send;

    fn get(&self, id: &RecordId) -> impl Future<Output = sqlx::Result<Option<Record>>> + Send;

    fn unknowns(
        &self,
        now: SystemTime,
        after: Option<&RecordId>,
        limit: usize,
    ) -> impl Future<Output = sqlx::Result<Vec<(RecordId, Record)>>> + Send;

    fn resolve(
        &self,
        id: &RecordId,
        seen: Seen,
        resolution: Resolution,
        reason: &str,
    ) -> impl Future<Output = sqlx::Result<Held>> + Send;

    fn first_seen(
        &self,
        space: &str,
        id: &str,
        now: SystemTime,
        until: SystemTime,
    ) -> impl Future<Output = sqlx::Result<bool>> + Send;

    /// Forgets at most `limit` records that have expired, then ids up to the limit.
    fn purge(&self, now: SystemTime, limit: i64) -> impl Future<Output = sqlx::Result<u64>> + Send;
}

/// A limit on the time of an answer.
pub(crate) async fn limited<T>(answer: impl Future<Output = sqlx::Result<T>> + Send) -> Result<T, DatabaseError> {
    match tokio::time::timeout(LIMIT, answer).await {
        Ok(answer) => answer.map_err(DatabaseError::from),
        Err(_) => Err(DatabaseError::late()),
    }
}

/// A number of rows, as a database counts them.
pub(crate) fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
