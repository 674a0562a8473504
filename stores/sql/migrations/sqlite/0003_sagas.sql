-- What sagas write ahead.
--
-- Times are nanoseconds since 1970, UTC: datetime(ended_at / 1000000000, 'unixepoch').

CREATE TABLE steadfast_sagas (
    saga TEXT NOT NULL,
    id TEXT NOT NULL,
    -- The owner, 16 bytes.
    token BLOB NOT NULL,
    version INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('open', 'stuck', 'ended')),
    lease_until INTEGER,
    ended_at INTEGER,
    -- How many there are. An owner writes to the place behind the last, and to no other.
    entries INTEGER NOT NULL,
    PRIMARY KEY (saga, id),
    CHECK ((status = 'open') = (lease_until IS NOT NULL)),
    CHECK ((status = 'ended') = (ended_at IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE steadfast_saga_entries (
    saga TEXT NOT NULL,
    id TEXT NOT NULL,
    -- From 0.
    seq INTEGER NOT NULL,
    -- JSON: what happened, and the state that a step left.
    entry BLOB NOT NULL,
    PRIMARY KEY (saga, id, seq)
) STRICT;

-- What executors and operators look for, and what a purge does. Leases are in no index, so that a
-- renewal changes none.

CREATE INDEX steadfast_sagas_open ON steadfast_sagas (saga, id) WHERE status = 'open';

CREATE INDEX steadfast_sagas_stuck ON steadfast_sagas (saga, id) WHERE status = 'stuck';

CREATE INDEX steadfast_sagas_ended ON steadfast_sagas (ended_at, saga, id) WHERE status = 'ended';

INSERT INTO steadfast_schema (version) VALUES (3);
