//! Who holds a key: what becomes of the record in whatever way the owner goes.

use std::task::Context;
use std::time::SystemTime;

use super::best_effort::best_effort;
use super::claim::Claim;
use super::lease::Lease;
use super::policy::Idempotency;
use super::record::{Outcome, RecordId, Token};
use super::store::{Held, Store, StoreError};
use super::time::Moment;

/// What the record is to become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Not ours, or done.
    Nothing,
    /// Nothing happened.
    Released,
    /// It ended.
    Ended(Outcome),
}

/// The holder of a token. Dropped, it tells the store the record's fate, best effort.
pub(super) struct Owner<S: Store> {
    pub(super) store: S,
    pub(super) id: RecordId,
    pub(super) token: Token,
    pub(super) policy: &'static Idempotency,
    pub(super) lease: Lease,
    pub(super) fate: Fate,
    /// Since when an outcome is unknown whose place the claim took. A run that comes to nothing does
    /// not resolve it.
    pub(super) doubt: Option<SystemTime>,
    /// What the body knows of it, where it knows anything.
    pub(super) claim: Option<Claim>,
}

impl<S: Store> Owner<S> {
    pub(super) fn new(store: S, id: RecordId, policy: &'static Idempotency, claim: Option<Claim>, at: Moment) -> Self {
        let (token, lease) = (Token::random(), Lease::new(policy.terms().lease, at));
        if let Some(claim) = &claim {
            claim.hold(token);
        }
        Self { store, id, token, policy, lease, fate: Fate::Nothing, doubt: None, claim }
    }

    /// From here on, only the body's own word says what happened.
    pub(super) fn begin(&mut self) {
        self.fate = Fate::Ended(Outcome::Unknown);
    }

    /// Renews the lease when it is time. Called while the body is pending.
    pub(super) fn renew(&mut self, cx: &mut Context<'_>) {
        self.lease.poll(cx, &self.store, &self.id, self.token, self.policy.name());
    }

    /// The fate as the store is told it.
    pub(super) fn last_word(&self) -> Fate {
        match &self.fate {
            Fate::Released if self.doubt.is_some() => Fate::Ended(Outcome::Unknown),
            fate => fate.clone(),
        }
    }
}

/// Tells the store.
pub(super) async fn tell<S: Store>(store: &S, id: &RecordId, token: Token, fate: Fate) -> Result<Held, StoreError> {
    match fate {
        Fate::Nothing => Ok(Held::Yes),
        Fate::Released => store.release(id, token).await,
        Fate::Ended(outcome) => store.complete(id, token, outcome).await,
    }
}

impl<S: Store> Drop for Owner<S> {
    fn drop(&mut self) {
        let fate = self.last_word();
        if fate == Fate::Nothing {
            return;
        }
        let (store, id, token) = (self.store.clone(), self.id.clone(), self.token);
        best_effort(async move {
            // Nobody is left to hear of a failure; the lease ends by itself.
            let _ = tell(&store, &id, token, fate).await;
        });
    }
}
