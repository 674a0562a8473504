-- What sagas write ahead.
--
-- Times are nanoseconds since 1970, UTC: to_timestamp(ended_at / 1e9).

CREATE TABLE steadfast_sagas (
    saga TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    -- The owner, 16 bytes.
    token BYTEA NOT NULL,
    version BIGINT NOT NULL,
    status TEXT COLLATE "C" NOT NULL CHECK (status IN ('open', 'stuck', 'ended')),
    lease_until BIGINT,
    ended_at BIGINT,
    -- How many there are. An owner writes to the place behind the last, and to no other.
    entries BIGINT NOT NULL,
    PRIMARY KEY (saga, id),
    CHECK ((status = 'open') = (lease_until IS NOT NULL)),
    CHECK ((status = 'ended') = (ended_at IS NOT NULL))
);

CREATE TABLE steadfast_saga_entries (
    saga TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    -- From 0.
    seq BIGINT NOT NULL,
    -- JSON: what happened, and the state that a step left.
    entry BYTEA NOT NULL,
    PRIMARY KEY (saga, id, seq)
);

-- What executors and operators look for, and what a purge does. Leases are in no index, so that a
-- renewal changes none.

CREATE INDEX steadfast_sagas_open ON steadfast_sagas (saga, id) WHERE status = 'open';

CREATE INDEX steadfast_sagas_stuck ON steadfast_sagas (saga, id) WHERE status = 'stuck';

CREATE INDEX steadfast_sagas_ended ON steadfast_sagas (ended_at, saga, id) WHERE status = 'ended';

INSERT INTO steadfast_schema (version) VALUES (3);
