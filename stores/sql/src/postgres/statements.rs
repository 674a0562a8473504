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
pub(super) const CLAIM: &str = concat!(
    "WITH asked AS (\
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::bytea[], $6::bigint[], $7::bigint[]) \
       WITH ORDINALITY AS a (name, scope, key, fingerprint, token, claimed_at, lease_until, place)\
     ), present AS (\
       SELECT a.place, ",
    columns!("r."),
    " FROM asked a JOIN steadfast_records r ON r.name = a.name AND r.scope = a.scope AND r.key = a.key\
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
macro_rules! change {
    ($locked:literal) => {
        concat!(
            "WITH asked AS (\
               SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::bigint[], \
                 $7::bytea[], $8::bigint[]) \
               WITH ORDINALITY AS a (name, scope, key, token, state, lease_until, stored, expires_at, place)\
             ), held AS (\
               SELECT a.place, r.token = a.token AS mine, r.state = 'in_flight' AS in_flight \
               FROM asked a JOIN steadfast_records r ON r.name = a.name AND r.scope = a.scope AND r.key = a.key \
               ORDER BY a.place FOR UPDATE OF r ",
            $locked,
            "), due AS (\
               SELECT a.* FROM asked a JOIN held h ON h.place = a.place WHERE h.mine AND h.in_flight\
             ), written AS (\
               UPDATE steadfast_records r SET version = r.version + 1, state = d.state, lease_until = d.lease_until, \
                 stored = d.stored, expires_at = d.expires_at \
               FROM due d WHERE r.name = d.name AND r.scope = d.scope AND r.key = d.key AND d.state IS NOT NULL\
             ), gone AS (\
               DELETE FROM steadfast_records r USING due d \
               WHERE r.name = d.name AND r.scope = d.scope AND r.key = d.key AND d.state IS NULL\
             ) \
             SELECT h.place IS NULL AND r.name IS NOT NULL AS locked, coalesce(h.mine, false) AS mine, \
               coalesce(h.in_flight, false) AS in_flight \
             FROM asked a LEFT JOIN held h ON h.place = a.place \
             LEFT JOIN steadfast_records r ON r.name = a.name AND r.scope = a.scope AND r.key = a.key \
             ORDER BY a.place"
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
