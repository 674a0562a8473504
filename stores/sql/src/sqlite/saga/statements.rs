//! What SQLite is asked about sagas. A step that changes a saga and writes an entry is a transaction.

/// Changes a row where the saga begins.
pub(super) const BEGIN: &str = "INSERT INTO steadfast_sagas (saga, id, token, version, status, lease_until, entries) \
     VALUES (?1, ?2, ?3, 0, 'open', ?4, 1) ON CONFLICT (saga, id) DO NOTHING";

/// The same, in place of the version that was seen.
pub(super) const TAKE_OVER: &str = "UPDATE steadfast_sagas SET token = ?3, version = version + 1, status = 'open', \
     lease_until = ?4, ended_at = NULL, entries = entries + 1 \
     WHERE saga = ?1 AND id = ?2 AND token = ?5 AND version = ?6";

/// Changes a row where the entry is the owner's next one. An entry that closes the saga ends the lease.
pub(super) const APPEND: &str = "UPDATE steadfast_sagas SET version = version + 1, status = ?5, ended_at = ?6, \
     entries = entries + 1, lease_until = CASE WHEN ?5 = 'open' THEN lease_until END \
     WHERE saga = ?1 AND id = ?2 AND token = ?3 AND status = 'open' AND entries = ?4";

/// The entry of the step before, in its place.
pub(super) const ENTRY: &str = "INSERT INTO steadfast_saga_entries (saga, id, seq, entry) \
     SELECT saga, id, entries - 1, ?3 FROM steadfast_sagas WHERE saga = ?1 AND id = ?2";

pub(super) const RENEW: &str = "UPDATE steadfast_sagas SET version = version + 1, lease_until = ?4 \
     WHERE saga = ?1 AND id = ?2 AND token = ?3 AND status = 'open'";

/// Whether the saga is the token's, and has entries behind that place.
pub(super) const IS_BEHIND: &str =
    "SELECT token = ?3 AND entries > ?4 FROM steadfast_sagas WHERE saga = ?1 AND id = ?2";

pub(super) const IS_OURS: &str = "SELECT token = ?3 FROM steadfast_sagas WHERE saga = ?1 AND id = ?2";

/// A row for each entry, and one without where there is none.
pub(super) const LOAD: &str = "SELECT s.token, s.version, s.status, s.lease_until, s.ended_at, s.entries, \
       e.seq, e.entry \
     FROM steadfast_sagas s LEFT JOIN steadfast_saga_entries e ON e.saga = ?1 AND e.id = ?2 \
     WHERE s.saga = ?1 AND s.id = ?2 ORDER BY e.seq";

/// The first condition is the index's.
pub(super) const ABANDONED: &str = "SELECT id FROM steadfast_sagas \
     WHERE status = 'open' AND saga = ?1 AND id > ?2 AND lease_until <= ?4 ORDER BY id LIMIT ?3";
pub(super) const STUCK: &str =
    "SELECT id FROM steadfast_sagas WHERE status = 'stuck' AND saga = ?1 AND id > ?2 ORDER BY id LIMIT ?3";

/// Those that go: the same ones for both statements.
macro_rules! ended {
    () => {
        " WHERE (saga, id) IN (SELECT saga, id FROM steadfast_sagas WHERE status = 'ended' AND ended_at < ?1 \
         ORDER BY ended_at, saga, id LIMIT ?2)"
    };
}
pub(super) const PURGE_ENTRIES: &str = concat!("DELETE FROM steadfast_saga_entries", ended!());
pub(super) const PURGE: &str = concat!("DELETE FROM steadfast_sagas", ended!());

#[cfg(test)]
mod tests {
    use sqlx::{Connection, Row, SqliteConnection};

    use super::*;
    use crate::SqlStore;

    #[tokio::test]
    async fn sagas_are_looked_up_by_an_index() {
        let folder = steadfast_servers::temp_dir();
        let url = format!("sqlite:{}", folder.join("plan.db").display());
        SqlStore::connect(&url).await.unwrap().migrate().await.unwrap();
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        for sql in [TAKE_OVER, APPEND, ENTRY, RENEW, LOAD, ABANDONED, STUCK, PURGE_ENTRIES, PURGE] {
            let plan = sqlx::query(&format!("EXPLAIN QUERY PLAN {sql}")).fetch_all(&mut connection).await.unwrap();
            let plan: Vec<String> = plan.iter().map(|line| line.get("detail")).collect();
            assert!(plan.iter().any(|line| line.starts_with("SEARCH")), "{sql}: {plan:#?}");
            assert!(!plan.iter().any(|line| line.starts_with("SCAN") || line.contains("ORDER BY")), "{sql}: {plan:#?}");
        }
    }
}
