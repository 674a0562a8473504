//! What PostgreSQL is asked about sagas.
//!
//! Each step is one statement, and so one commit: it writes the entry where it has changed the saga, and
//! nothing where it has not. Two that meet at one row are ordered by its lock; the second looks at the row
//! anew, as the first has left it.

/// Changes a row where the saga begins. What is there is looked for first, as for a record.
pub(super) const BEGIN: &str = "WITH won AS (\
       INSERT INTO steadfast_sagas (saga, id, token, version, status, lease_until, entries) \
       SELECT $1, $2, $3, 0, 'open', $4, 1 \
       WHERE NOT EXISTS (SELECT FROM steadfast_sagas WHERE saga = $1 AND id = $2) \
       ON CONFLICT (saga, id) DO NOTHING RETURNING saga, id\
     ) \
     INSERT INTO steadfast_saga_entries (saga, id, seq, entry) SELECT saga, id, 0, $5 FROM won";

/// The same, in place of the version that was seen.
pub(super) const TAKE_OVER: &str = "WITH won AS (\
       UPDATE steadfast_sagas SET token = $3, version = version + 1, status = 'open', lease_until = $4, \
         ended_at = NULL, entries = entries + 1 \
       WHERE saga = $1 AND id = $2 AND token = $6 AND version = $7 RETURNING saga, id, entries - 1 AS seq\
     ) \
     INSERT INTO steadfast_saga_entries (saga, id, seq, entry) SELECT saga, id, seq, $5 FROM won";

/// Changes a row where the entry is the owner's next one. An entry that closes the saga ends the lease.
pub(super) const APPEND: &str = "WITH held AS (\
       UPDATE steadfast_sagas SET version = version + 1, status = $6, ended_at = $7, entries = entries + 1, \
         lease_until = CASE WHEN $6 = 'open' THEN lease_until END \
       WHERE saga = $1 AND id = $2 AND token = $3 AND status = 'open' AND entries = $4 RETURNING saga, id\
     ) \
     INSERT INTO steadfast_saga_entries (saga, id, seq, entry) SELECT saga, id, $4, $5 FROM held";

pub(super) const RENEW: &str = "UPDATE steadfast_sagas SET version = version + 1, lease_until = $4 \
     WHERE saga = $1 AND id = $2 AND token = $3 AND status = 'open'";

/// Whether the saga is the token's, and has entries behind that place.
pub(super) const IS_BEHIND: &str =
    "SELECT token = $3 AND entries > $4 FROM steadfast_sagas WHERE saga = $1 AND id = $2";

pub(super) const IS_OURS: &str = "SELECT token = $3 FROM steadfast_sagas WHERE saga = $1 AND id = $2";

/// A row for each entry, and one without where there is none.
pub(super) const LOAD: &str = "SELECT s.token, s.version, s.status, s.lease_until, s.ended_at, s.entries, \
       e.seq, e.entry \
     FROM steadfast_sagas s LEFT JOIN steadfast_saga_entries e ON e.saga = $1 AND e.id = $2 \
     WHERE s.saga = $1 AND s.id = $2 ORDER BY e.seq";

/// The first condition is the index's.
pub(super) const ABANDONED: &str = "SELECT id FROM steadfast_sagas \
     WHERE status = 'open' AND saga = $1 AND id > $2 AND lease_until <= $4 ORDER BY id LIMIT $3";
pub(super) const STUCK: &str =
    "SELECT id FROM steadfast_sagas WHERE status = 'stuck' AND saga = $1 AND id > $2 ORDER BY id LIMIT $3";

/// The sagas, each locked until its entries are gone too.
pub(super) const PURGE: &str = "DELETE FROM steadfast_sagas WHERE (saga, id) IN (\
       SELECT saga, id FROM steadfast_sagas WHERE status = 'ended' AND ended_at < $1 \
       ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED\
     ) RETURNING saga, id";

/// Their entries. To be planned each time: a plan that was made while the table was empty reads all of it.
pub(super) const PURGE_ENTRIES: &str = "DELETE FROM steadfast_saga_entries WHERE ctid = ANY (ARRAY(\
       SELECT e.ctid FROM unnest($1::text[], $2::text[]) AS gone (saga, id) CROSS JOIN LATERAL (\
         SELECT ctid FROM steadfast_saga_entries WHERE saga = gone.saga AND id = gone.id OFFSET 0\
       ) e\
     ))";

#[cfg(test)]
mod tests {
    use sqlx::{Connection, Executor, PgConnection, Row};

    use super::*;
    use crate::SqlStore;

    /// A plan that is kept from when the tables were empty must not read them when they are large.
    #[tokio::test]
    async fn sagas_are_looked_up_even_when_it_is_planned_on_an_empty_table() {
        let Some(database) = steadfast_servers::postgres("the plans of sagas") else { return };
        SqlStore::connect(database.url()).await.unwrap().migrate().await.unwrap();
        let mut connection = PgConnection::connect(database.url()).await.unwrap();
        connection.execute("SET plan_cache_mode = force_generic_plan").await.unwrap();
        for (name, sql, arguments) in [
            ("begin_saga", BEGIN, 5),
            ("take_over", TAKE_OVER, 7),
            ("append", APPEND, 7),
            ("renew", RENEW, 4),
            ("load_saga", LOAD, 2),
            ("abandoned", ABANDONED, 4),
            ("stuck", STUCK, 3),
            ("purge", PURGE, 2),
        ] {
            connection.execute(format!("PREPARE {name} AS {sql}").as_str()).await.unwrap();
            let nothing = vec!["NULL"; arguments].join(", ");
            let plan = connection.fetch_all(format!("EXPLAIN EXECUTE {name} ({nothing})").as_str()).await.unwrap();
            let plan: Vec<String> = plan.iter().map(|line| line.get(0)).collect();
            assert!(plan.iter().any(|line| line.contains("Index") && line.contains("Scan")), "{name}: {plan:#?}");
            assert!(!plan.iter().any(|line| line.contains("Seq Scan")), "{name}: {plan:#?}");
        }
    }
    #[tokio::test]
    async fn entries_that_go_are_looked_up_when_the_table_is_large() {
        let Some(database) = steadfast_servers::postgres("the plan of a purge") else { return };
        SqlStore::connect(database.url()).await.unwrap().migrate().await.unwrap();
        let mut connection = PgConnection::connect(database.url()).await.unwrap();
        let fill = "INSERT INTO steadfast_saga_entries SELECT 'checkout', 'order-' || n, 0, '{}' \
                    FROM generate_series(1, 20000) AS n";
        connection.execute(fill).await.unwrap();
        let sagas = vec!["checkout"; 100];
        let ids: Vec<String> = (0..100).map(|number| format!("order-{number}")).collect();
        let explained = format!("EXPLAIN {PURGE_ENTRIES}");
        let plan = sqlx::query(&explained).bind(sagas).bind(ids).fetch_all(&mut connection).await.unwrap();
        let plan: Vec<String> = plan.iter().map(|line| line.get(0)).collect();
        assert!(plan.iter().any(|line| line.contains("Tid Scan")), "{plan:#?}");
        assert!(!plan.iter().any(|line| line.contains("Seq Scan")), "{plan:#?}");
    }
}
