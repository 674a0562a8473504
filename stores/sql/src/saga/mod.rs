//! What sagas write ahead, whichever database it is. (Feature `payments`.)
//!
//! A saga is a row of `steadfast_sagas`, and its entries are rows of `steadfast_saga_entries`; a step writes
//! both, in one commit. The row says how many entries there are, so who writes one writes it to the place
//! behind the last, or not at all.

pub(crate) mod row;

use std::time::SystemTime;

use steadfast::idempotent::{Held, Seen, StoreError, Token};
use steadfast_payments::saga::{Claimed, NewClaim, NewEntry, SagaId, SagaLog, SagaRecord, Which};

use crate::asked::TRIES;
use crate::database::{Database, limited, rows};
use crate::error::DatabaseError;
use crate::lane::Lane;
use crate::store::{SqlStore, on};

/// What the two databases do alike about sagas.
pub(crate) trait Sagas: Database {
    /// Whether the claim is won. It takes over what was seen, or begins where there is nothing.
    fn claim_saga(&self, claim: &NewClaim) -> impl Future<Output = sqlx::Result<bool>> + Send;

    fn append(&self, id: &SagaId, token: Token, entry: &NewEntry) -> impl Future<Output = sqlx::Result<Held>> + Send;

    fn renew(
        &self,
        id: &SagaId,
        token: Token,
        lease_until: SystemTime,
    ) -> impl Future<Output = sqlx::Result<Held>> + Send;

    fn load(&self, id: &SagaId) -> impl Future<Output = sqlx::Result<Option<SagaRecord>>> + Send;

    /// In the order of the ids' bytes, those after `after`.
    fn list(
        &self,
        saga: &str,
        which: Which,
        after: &str,
        limit: i64,
    ) -> impl Future<Output = sqlx::Result<Vec<String>>> + Send;

    fn purge_sagas(&self, ended_before: SystemTime, limit: i64) -> impl Future<Output = sqlx::Result<u64>> + Send;
}

impl<D: Sagas> Lane<D> {
    async fn claim_saga(&self, claim: &NewClaim) -> Result<Claimed, DatabaseError> {
        for _ in 0..TRIES {
            if again(|| self.database.claim_saga(claim)).await? {
                return Ok(Claimed::Won);
            }
            match (again(|| self.database.load(&claim.id)).await?, claim.take_over) {
                (Some(record), _) => return Ok(Claimed::Found(record)),
                (None, Some(_)) => return Ok(Claimed::Gone),
                // It was there, and was purged.
                (None, None) => {}
            }
        }
        Err(DatabaseError::fickle())
    }
}

/// The answer to a step that changes all or nothing, and may meet another one.
async fn again<T, F: Future<Output = sqlx::Result<T>> + Send>(step: impl Fn() -> F) -> Result<T, DatabaseError> {
    let mut last = DatabaseError::fickle();
    for _ in 0..TRIES {
        match limited(step()).await {
            Err(error) if error.is_a_collision() => last = error,
            answer => return answer,
        }
    }
    Err(last)
}

/// The id behind which a page of this definition's sagas begins; `None` where it has none there.
fn begins_after<'a>(saga: &str, after: Option<&'a SagaId>) -> Option<&'a str> {
    use std::cmp::Ordering;
    match after.map(|after| (after.saga().cmp(saga), after)) {
        None | Some((Ordering::Less, _)) => Some(""),
        Some((Ordering::Equal, after)) => Some(after.id()),
        Some((Ordering::Greater, _)) => None,
    }
}

/// A version that was seen, as it is compared.
pub(crate) fn seen(seen: Seen) -> ([u8; 16], i64) {
    (seen.token.to_bytes(), crate::row::version(seen))
}

/// No saga has as many entries as a place that a database's integers cannot hold.
pub(crate) fn place(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

impl SagaLog for SqlStore {
    async fn claim(&self, claim: NewClaim) -> Result<Claimed, StoreError> {
        on!(self, lane => lane.claim_saga(&claim).await).map_err(DatabaseError::of_a_claim)
    }

    async fn append(&self, id: &SagaId, token: Token, entry: NewEntry) -> Result<Held, StoreError> {
        Ok(on!(self, lane => again(|| lane.database.append(id, token, &entry)).await)?)
    }

    async fn renew(&self, id: &SagaId, token: Token, lease_until: SystemTime) -> Result<Held, StoreError> {
        Ok(on!(self, lane => again(|| lane.database.renew(id, token, lease_until)).await)?)
    }

    async fn load(&self, id: &SagaId) -> Result<Option<SagaRecord>, StoreError> {
        Ok(on!(self, lane => again(|| lane.database.load(id)).await)?)
    }

    async fn list(
        &self,
        saga: &str,
        which: Which,
        after: Option<&SagaId>,
        limit: usize,
    ) -> Result<Vec<SagaId>, StoreError> {
        let Some(after) = begins_after(saga, after) else { return Ok(Vec::new()) };
        let limit = rows(limit);
        let listed = on!(self, lane => again(|| lane.database.list(saga, which, after, limit)).await)?;
        let ids = listed.iter().map(|id| SagaId::new(saga, id).map_err(|_| row::malformed("id")));
        Ok(ids.collect::<sqlx::Result<_>>().map_err(DatabaseError::from)?)
    }

    async fn purge(&self, ended_before: SystemTime, limit: usize) -> Result<usize, StoreError> {
        let limit = rows(limit);
        let gone = on!(self, lane => again(|| lane.database.purge_sagas(ended_before, limit)).await)?;
        Ok(usize::try_from(gone).unwrap_or(usize::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_begins_where_the_last_one_ended_in_this_definition() {
        let after = ["a", "b", "c"].map(|saga| SagaId::new(saga, "7").unwrap());
        let begins = after.each_ref().map(|after| begins_after("b", Some(after)));
        assert_eq!((begins, begins_after("b", None)), ([Some(""), Some("7"), None], Some("")));
    }
}
