//! What SQLite is asked.

/// All columns of a record but its identity.
macro_rules! columns {
    () => {
        "fingerprint, token, version, claimed_at, state, lease_until, stored, expires_at, resolved"
    };
}

macro_rules! insert {
    () => {
        "INSERT INTO steadfast_records (name, scope, key, fingerprint, token, version, claimed_at, state, lease_until) \
         VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, 'in_flight', ?7) ON CONFLICT (name, scope, key) "
    };
}

/// Changes a row where the claim is won.
//
// No `RETURNING`: sqlx resets a statement after the row that it was asked for, and the commit, which
// comes with the reset, may fail unheard.
pub(super) const CLAIM: &str = concat!(insert!(), "DO NOTHING");

/// Claims of free keys, one for each row of values between these two; a row of nothing is none.
pub(super) const CLAIMS: &str = "INSERT INTO steadfast_records \
     (name, scope, key, fingerprint, token, version, claimed_at, state, lease_until) \
     SELECT column1, column2, column3, column4, column5, 0, column6, 'in_flight', column7 FROM (";
pub(super) const WON: &str = ") WHERE column1 IS NOT NULL ON CONFLICT (name, scope, key) DO NOTHING";

/// The same, also in place of the version that was seen.
pub(super) const TAKE_OVER: &str = concat!(
    insert!(),
    "DO UPDATE SET fingerprint = excluded.fingerprint, token = excluded.token, version = 0, \
     claimed_at = excluded.claimed_at, state = 'in_flight', lease_until = excluded.lease_until, \
     stored = NULL, expires_at = NULL, resolved = NULL \
     WHERE token = ?8 AND version = ?9"
);

pub(super) const GET: &str =
    concat!("SELECT ", columns!(), " FROM steadfast_records WHERE name = ?1 AND scope = ?2 AND key = ?3");

pub(super) const IS_OURS: &str = "SELECT token = ?4 FROM steadfast_records WHERE name = ?1 AND scope = ?2 AND key = ?3";

pub(super) const WRITE: &str = "UPDATE steadfast_records \
     SET version = version + 1, state = ?5, lease_until = ?6, stored = ?7, expires_at = ?8 \
     WHERE name = ?1 AND scope = ?2 AND key = ?3 AND token = ?4 AND state = 'in_flight'";

/// What owners write, in the same way.
//
// Behind a plus, a condition does not count when SQLite chooses where to begin: else it may read the
// whole table, and look each of its rows up in the values.
pub(super) const WRITES: &str = "UPDATE steadfast_records AS r SET version = r.version + 1, state = w.column5, \
     lease_until = w.column6, stored = w.column7, expires_at = w.column8 FROM (";
pub(super) const WRITTEN: &str = ") AS w WHERE r.name = w.column1 AND r.scope = w.column2 AND r.key = w.column3 \
     AND +r.token = w.column4 AND +r.state = 'in_flight'";

pub(super) const RELEASE: &str = "DELETE FROM steadfast_records \
     WHERE name = ?1 AND scope = ?2 AND key = ?3 AND token = ?4 AND state = 'in_flight'";

/// The first condition is the index's.
pub(super) const UNKNOWNS: &str = concat!(
    "SELECT name, scope, key, ",
    columns!(),
    " FROM steadfast_records WHERE state IN ('in_flight', 'unknown') AND (state = 'unknown' OR lease_until <= ?1) \
     AND (name, scope, key) > (?2, ?3, ?4) ORDER BY name, scope, key LIMIT ?5"
);

pub(super) const RESOLVE: &str = "UPDATE steadfast_records SET version = version + 1, token = ?6, state = ?7, \
     lease_until = ?8, stored = ?9, expires_at = ?10, resolved = ?11 \
     WHERE name = ?1 AND scope = ?2 AND key = ?3 AND token = ?4 AND version = ?5";

pub(super) const NEVER_HAPPENED: &str = "DELETE FROM steadfast_records \
     WHERE name = ?1 AND scope = ?2 AND key = ?3 AND token = ?4 AND version = ?5";

pub(super) const PURGE: &str = "DELETE FROM steadfast_records WHERE (name, scope, key) IN (\
     SELECT name, scope, key FROM steadfast_records WHERE expires_at IS NOT NULL AND expires_at <= ?1 \
     ORDER BY expires_at LIMIT ?2)";

pub(super) const PURGE_SEEN: &str = "DELETE FROM steadfast_first_seen WHERE (space, id) IN (\
     SELECT space, id FROM steadfast_first_seen WHERE until <= ?1 ORDER BY until LIMIT ?2)";

/// Changes a row where the id is new, or was seen so long ago that it is new again.
pub(super) const FIRST_SEEN: &str = "INSERT INTO steadfast_first_seen AS seen (space, id, until) VALUES (?1, ?2, ?3) \
     ON CONFLICT (space, id) DO UPDATE SET until = excluded.until WHERE seen.until <= ?4";
