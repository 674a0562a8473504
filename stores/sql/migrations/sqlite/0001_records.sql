-- The records of idempotent calls, and the ids that were seen first.
--
-- Times are nanoseconds since 1970, UTC: datetime(claimed_at / 1000000000, 'unixepoch').

CREATE TABLE steadfast_schema (
    version INTEGER NOT NULL PRIMARY KEY,
    applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) STRICT;

CREATE TABLE steadfast_records (
    name TEXT NOT NULL,
    -- Empty where there is none: a scope is never empty.
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BLOB,
    -- The owner, 16 bytes.
    token BLOB NOT NULL,
    version INTEGER NOT NULL,
    claimed_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('in_flight', 'unknown', 'value', 'terminal')),
    lease_until INTEGER,
    -- What the function returned, as its codec wrote it.
    stored BLOB,
    expires_at INTEGER,
    -- The reason an operator gave.
    resolved TEXT,
    PRIMARY KEY (name, scope, key),
    CHECK ((state = 'in_flight') = (lease_until IS NOT NULL)),
    CHECK ((state IN ('value', 'terminal')) = (stored IS NOT NULL)),
    CHECK ((state IN ('value', 'terminal')) = (expires_at IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE steadfast_first_seen (
    space TEXT NOT NULL,
    id TEXT NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (space, id)
) STRICT, WITHOUT ROWID;

INSERT INTO steadfast_schema (version) VALUES (1);
