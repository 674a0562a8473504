//! The calls that nobody has settled: of unknown outcome, or cut in flight.

use std::collections::HashSet;
use std::time::Duration;

use steadfast::clock;
use steadfast::idempotent::{RecordId, Store, StoreError};

use crate::charge::{App, RECORDS};
use crate::gateway::Gateway;

/// When every lease of `charge_customer` has run out, and more.
const EVERY_LEASE: Duration = Duration::from_secs(60);
/// How many records are asked for at once.
const PAGE: usize = 200;

/// The keys of our account whose outcome is unknown, or will be when their leases have run out
/// because nobody renews them.
pub(crate) async fn unsettled(app: &App<Gateway>) -> Result<HashSet<String>, StoreError> {
    let by = clock::wall() + EVERY_LEASE;
    let mut keys = HashSet::new();
    let mut after: Option<RecordId> = None;
    loop {
        let page = app.records.unknowns(by, after.as_ref(), PAGE).await?;
        let ours = page.iter().map(|(id, _)| id).filter(|id| is_ours(app, id));
        keys.extend(ours.map(|id| id.key().to_owned()));
        if page.len() < PAGE {
            return Ok(keys);
        }
        after = page.into_iter().next_back().map(|(id, _)| id);
    }
}

fn is_ours(app: &App<Gateway>, id: &RecordId) -> bool {
    id.name() == RECORDS && id.scope() == Some(&app.account)
}
