//! What the core asks, whichever database it is.

use std::sync::Arc;
use std::time::SystemTime;

use steadfast::first_seen::FirstSeen;
use steadfast::idempotent::{
    Claimed, Held, NewClaim, Outcome, Record, RecordId, RecordState, Resolution, Seen, Store, StoreError, Token,
};

use crate::database::{Database, limited};
use crate::error::DatabaseError;
use crate::lane::Lane;
use crate::step::{Change, Done, Step};
use crate::store::{SqlStore, on};

/// So often a step is taken again that met another one.
pub(crate) const TRIES: u32 = 16;

impl<D: Database> Lane<D> {
    /// Takes the step until something came of it.
    async fn done(self: &Arc<Self>, step: Step) -> Result<Done, DatabaseError> {
        let mut last = DatabaseError::fickle();
        for _ in 0..TRIES {
            let done = match self.step(step.clone()).await {
                Ok(Done::Locked) => limited(self.database.alone(&step)).await,
                done => done,
            };
            match done {
                Ok(Done::Again | Done::Locked) => {}
                Err(error) if error.is_a_collision() => last = error,
                done => return done,
            }
        }
        Err(last)
    }

    async fn claim(self: &Arc<Self>, claim: NewClaim) -> Result<Claimed, StoreError> {
        match self.done(Step::Claim(claim)).await {
            Ok(Done::Claimed(claimed)) => Ok(claimed),
            Ok(_) => Err(DatabaseError::fickle().into()),
            Err(error) => Err(error.of_a_claim()),
        }
    }

    async fn change(self: &Arc<Self>, change: Change) -> Result<Held, StoreError> {
        match self.done(Step::Change(change)).await? {
            Done::Held(held) => Ok(held),
            _ => Err(DatabaseError::fickle().into()),
        }
    }
}

impl Store for SqlStore {
    async fn claim(&self, claim: NewClaim) -> Result<Claimed, StoreError> {
        on!(self, lane => lane.claim(claim).await)
    }

    async fn complete(&self, id: &RecordId, token: Token, outcome: Outcome) -> Result<Held, StoreError> {
        let change = Change { id: id.clone(), token, to: Some(RecordState::Ended(outcome)) };
        on!(self, lane => lane.change(change).await)
    }

    async fn release(&self, id: &RecordId, token: Token) -> Result<Held, StoreError> {
        let change = Change { id: id.clone(), token, to: None };
        on!(self, lane => lane.change(change).await)
    }

    async fn extend(&self, id: &RecordId, token: Token, lease_until: SystemTime) -> Result<Held, StoreError> {
        let change = Change { id: id.clone(), token, to: Some(RecordState::InFlight { lease_until }) };
        on!(self, lane => lane.change(change).await)
    }

    async fn get(&self, id: &RecordId) -> Result<Option<Record>, StoreError> {
        Ok(on!(self, lane => limited(lane.database.get(id)).await)?)
    }

    async fn unknowns(
        &self,
        now: SystemTime,
        after: Option<&RecordId>,
        limit: usize,
    ) -> Result<Vec<(RecordId, Record)>, StoreError> {
        Ok(on!(self, lane => limited(lane.database.unknowns(now, after, limit)).await)?)
    }

    async fn resolve(
        &self,
        id: &RecordId,
        seen: Seen,
        resolution: Resolution,
        reason: &str,
    ) -> Result<Held, StoreError> {
        let goes = matches!(resolution, Resolution::NeverHappened);
        let held = on!(self, lane => limited(lane.database.resolve(id, seen, resolution, reason)).await)?;
        if goes && held == Held::Yes {
            tracing::info!(name = id.name(), reason, "an unknown outcome is resolved: it never happened");
        }
        Ok(held)
    }
}

impl FirstSeen for SqlStore {
    async fn first_seen(&self, space: &str, id: &str, now: SystemTime, until: SystemTime) -> Result<bool, StoreError> {
        let first = on!(self, lane => limited(lane.database.first_seen(space, id, now, until)).await);
        // As a claim: what did not land is not remembered.
        first.map_err(DatabaseError::of_a_claim)
    }
}
