//! What PostgreSQL is asked.

/// All columns of a record but its identity.
macro_rules! columns {
    ($of:literal) => {
        concat!(
            $of,
            "fingerprint, ",
            $of,
            "token, ",
            $of,
            "version, ",
            $of,
            "claimed_at, ",
            $of,
            "state, ",
            $of,
            "lease_until, ",
            $of,
            "stored, ",
            $of,
            "expires_at, ",
            $of,
            "resolved"
        )
    };
}

/// A row for each claim: whether it is won, else the record that stands in its way; neither, where
/// that came or went meanwhile.
//
// What is there is looked for first. An insert would stop at a row that an open transaction has
// changed, and wait for its end; a look sees the row as it was committed.
//
// Rows are looked up one by one, in a LATERAL that OFFSET 0 keeps as it is. A join may be planned while
// the table is empty, as one that reads all of it, and a prepared statement keeps its plan while the
// table grows.
pub(super) const CLAIM: &str = concat!(
    "WITH asked AS (\
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::bytea[], $6::bigint[], $7::bigint[]) \
       WITH ORDINALITY AS a (name, scope, key, fingerprint, token, claimed_at, lease_until, place)\
     ), present AS (\
       SELECT a.place, ",
    columns!("r."),
    " FROM asked a CROSS JOIN LATERAL (\
         SELECT * FROM steadfast_records WHERE name = a.name AND scope = a.scope AND key = a.key OFFSET 0\
       ) r\
     ), won AS (\
       INSERT INTO steadfast_records (name, scope, key, fingerprint, token, version, claimed_at, state, lease_until) \
       SELECT name, scope, key, fingerprint, token, 0, claimed_at, 'in_flight', lease_until FROM asked a \
       WHERE NOT EXISTS (SELECT FROM present p WHERE p.place = a.place) ORDER BY place \
       ON CONFLICT (name, scope, key) DO NOTHING RETURNING token\
     ) \
     SELECT w.token IS NOT NULL AS won, p.place IS NOT NULL AS found, ",
    columns!("p."),
    " FROM asked a LEFT JOIN won w ON w.token = a.token LEFT JOIN present p ON p.place = a.place ORDER BY a.place"
);

/// A lone claim, as plain as it can be: changes a row where it is won, and stops at no row that a
/// transaction holds; only for somebody who inserts the same key in this moment.
pub(super) const LONE_CLAIM: &str = "INSERT INTO steadfast_records \
       (name, scope, key, fingerprint, token, version, claimed_at, state, lease_until) \
     SELECT $1, $2, $3, $4, $5, 0, $6, 'in_flight', $7 \
     WHERE NOT EXISTS (SELECT FROM steadfast_records WHERE name = $1 AND scope = $2 AND key = $3) \
     ON CONFLICT (name, scope, key) DO NOTHING";

/// A row where the claim is won in place of the version that was seen. A locked one is left alone.
pub(super) const TAKE_OVER: &str = "WITH free AS (\
       SELECT FROM steadfast_records WHERE name = $1 AND scope = $2 AND key = $3 AND token = $8 AND version = $9 \
       FOR UPDATE SKIP LOCKED\
     ) \
     UPDATE steadfast_records SET fingerprint = $4, token = $5, version = 0, claimed_at = $6, state = 'in_flight', \
       lease_until = $7, stored = NULL, expires_at = NULL, resolved = NULL \
     WHERE name = $1 AND scope = $2 AND key = $3 AND token = $8 AND version = $9 AND EXISTS (SELECT FROM free)";

/// The same, and waits where the row is locked.
pub(super) const TAKE_OVER_WAITING: &str = "UPDATE steadfast_records SET fingerprint = $4, token = $5, version = 0, \
       claimed_at = $6, state = 'in_flight', lease_until = $7, stored = NULL, expires_at = NULL, resolved = NULL \
     WHERE name = $1 AND scope = $2 AND key = $3 AND token = $8 AND version = $9";

/// The owner's record, in flight and locked by nobody else.
macro_rules! own {
    () => {
        "WITH own AS (\
           SELECT FROM steadfast_records \
           WHERE name = $1 AND scope = $2 AND key = $3 AND token = $4 AND state = 'in_flight' FOR UPDATE SKIP LOCKED\
         ) "
    };
}

/// A lone write, and a lone removal: each changes a row, or does not tell why it did not.
pub(super) const LONE_WRITE: &str = concat!(
    own!(),
    "UPDATE steadfast_records SET version = version + 1, state = $5, lease_until = $6, stored = $7, expires_at = $8 \
     WHERE name = $1 AND scope = $2 AND key = $3 AND token = $4 AND state = 'in_flight' AND EXISTS (SELECT FROM own)"
);
pub(super) const LONE_RELEASE: &str = concat!(
    own!(),
    "DELETE FROM steadfast_records \
     WHERE name = $1 AND scope = $2 AND key = $3 AND token = $4 AND state = 'in_flight' AND EXISTS (SELECT FROM own)"
);

/// Writes and removals by owners. A row for each: whether there is a record, and of one that could be
/// locked, whether it is the owner's and was in flight, which is when it is changed.
//
// The writing is an insert that always meets its row, because an insert looks by the index alone: see
// `CLAIM` for what an update that joins may do.
macro_rules! change {
    ($locked:literal) => {
        concat!(
            "WITH asked AS (\
               SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::bigint[], \
                 $7::bytea[], $8::bigint[]) \
               WITH ORDINALITY AS a (name, scope, key, token, state, lease_until, stored, expires_at, place)\
             ), held AS (\
               SELECT a.place, r.token = a.token AS mine, r.state = 'in_flight' AS in_flight \
               FROM asked a CROSS JOIN LATERAL (\
                 SELECT token, state FROM steadfast_records \
                 WHERE name = a.name AND scope = a.scope AND key = a.key FOR UPDATE ",
            $locked,
            ") r\
             ), due AS (\
               SELECT a.* FROM asked a JOIN held h ON h.place = a.place WHERE h.mine AND h.in_flight\
             ), written AS (\
               INSERT INTO steadfast_records AS r \
                 (name, scope, key, token, version, claimed_at, state, lease_until, stored, expires_at) \
               SELECT name, scope, key, token, 0, 0, state, lease_until, stored, expires_at FROM due \
               WHERE state IS NOT NULL \
               ON CONFLICT (name, scope, key) DO UPDATE SET version = r.version + 1, state = excluded.state, \
                 lease_until = excluded.lease_until, stored = excluded.stored, expires_at = excluded.expires_at\
             ), gone AS (\
               DELETE FROM steadfast_records r USING due d \
               WHERE r.name = d.name AND r.scope = d.scope AND r.key = d.key AND d.state IS NULL\
             ) \
             SELECT h.place IS NULL AND r.name IS NOT NULL AS locked, coalesce(h.mine, false) AS mine, \
               coalesce(h.in_flight, false) AS in_flight \
             FROM asked a LEFT JOIN held h ON h.place = a.place \
             LEFT JOIN LATERAL (\
               SELECT name FROM steadfast_records \
               WHERE h.place IS NULL AND name = a.name AND scope = a.scope AND key = a.key OFFSET 0\
             ) r ON TRUE ORDER BY a.place"
        )
    };
}
pub(super) const CHANGE: &str = change!("SKIP LOCKED");
pub(super) const CHANGE_WAITING: &str = change!("");

pub(super) const GET: &str =
    concat!("SELECT ", columns!(""), " FROM steadfast_records WHERE name = $1 AND scope = $2 AND key = $3");

/// Inside somebody's transaction.
pub(super) const COMPLETE: &str = "UPDATE steadfast_records \
     SET version = version + 1, state = $5, lease_until = $6, stored = $7, expires_at = $8 \
     WHERE name = $1 AND scope = $2 AND key = $3 AND token = $4 AND state = 'in_flight'";

pub(super) const IS_OURS: &str = "SELECT token = $4 FROM steadfast_records WHERE name = $1 AND scope = $2 AND key = $3";

/// The first condition is the index's.
pub(super) const UNKNOWNS: &str = concat!(
    "SELECT name, scope, key, ",
    columns!(""),
    " FROM steadfast_records WHERE state IN ('in_flight', 'unknown') AND (state = 'unknown' OR lease_until <= $1) \
     AND (name, scope, key) > ($2, $3, $4) ORDER BY name, scope, key LIMIT $5"
);

pub(super) const RESOLVE: &str = "UPDATE steadfast_records SET version = version + 1, token = $6, state = $7, \
     lease_until = $8, stored = $9, expires_at = $10, resolved = $11 \
     WHERE name = $1 AND scope = $2 AND key = $3 AND token = $4 AND version = $5";

pub(super) const NEVER_HAPPENED: &str = "DELETE FROM steadfast_records \
     WHERE name = $1 AND scope = $2 AND key = $3 AND token = $4 AND version = $5";

pub(super) const PURGE: &str = "DELETE FROM steadfast_records WHERE (name, scope, key) IN (\
     SELECT name, scope, key FROM steadfast_records WHERE expires_at IS NOT NULL AND expires_at <= $1 \
     ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)";

pub(super) const PURGE_SEEN: &str = "DELETE FROM steadfast_first_seen WHERE (space, id) IN (\
     SELECT space, id FROM steadfast_first_seen WHERE until <= $1 ORDER BY until LIMIT $2 FOR UPDATE SKIP LOCKED)";

/// Changes a row where the id is new, or was seen so long ago that it is new again.
pub(super) const FIRST_SEEN: &str = "INSERT INTO steadfast_first_seen AS seen (space, id, until) VALUES ($1, $2, $3) \
     ON CONFLICT (space, id) DO UPDATE SET until = excluded.until WHERE seen.until <= $4";

#[cfg(test)]
mod tests {
    use sqlx::{Connection, Executor, PgConnection, Row};

    use super::*;
    use crate::SqlStore;

    /// A plan that is kept from when the table was empty must not read the table when it is large.
    #[tokio::test]
    async fn batches_look_rows_up_even_when_they_are_planned_on_an_empty_table() {
        let Some(database) = steadfast_servers::postgres("the plan of a batch") else { return };
        SqlStore::connect(database.url()).await.unwrap().migrate().await.unwrap();
        let mut connection = PgConnection::connect(database.url()).await.unwrap();
        connection.execute("SET plan_cache_mode = force_generic_plan").await.unwrap();
        for (name, sql, arguments) in [("claim", CLAIM, 7), ("change", CHANGE, 8), ("waiting", CHANGE_WAITING, 8)] {
            connection.execute(format!("PREPARE {name} AS {sql}").as_str()).await.unwrap();
            let nothing = vec!["NULL"; arguments].join(", ");
            let plan = connection.fetch_all(format!("EXPLAIN EXECUTE {name} ({nothing})").as_str()).await.unwrap();
            let plan: Vec<String> = plan.iter().map(|line| line.get(0)).collect();
            assert!(plan.iter().any(|line| line.contains("Index Scan")), "{name}: {plan:#?}");
            assert!(!plan.iter().any(|line| line.contains("Seq Scan")), "{name}: {plan:#?}");
        }
    }
}
