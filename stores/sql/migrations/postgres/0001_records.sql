-- The records of idempotent calls, and the ids that were seen first.
--
-- Times are nanoseconds since 1970, UTC: to_timestamp(claimed_at / 1e9).
-- Texts compare by their bytes, whatever the database's locale is.

CREATE TABLE steadfast_schema (
    version BIGINT NOT NULL PRIMARY KEY,
    applied_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE steadfast_records (
    name TEXT COLLATE "C" NOT NULL,
    -- Empty where there is none: a scope is never empty.
    scope TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    fingerprint BYTEA,
    -- The owner, 16 bytes.
    token BYTEA NOT NULL,
    version BIGINT NOT NULL,
    claimed_at BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('in_flight', 'unknown', 'value', 'terminal')),
    lease_until BIGINT,
    -- What the function returned, as its codec wrote it.
    stored BYTEA,
    expires_at BIGINT,
    -- The reason an operator gave.
    resolved TEXT,
    PRIMARY KEY (name, scope, key),
    CHECK ((state = 'in_flight') = (lease_until IS NOT NULL)),
    CHECK ((state IN ('value', 'terminal')) = (stored IS NOT NULL)),
    CHECK ((state IN ('value', 'terminal')) = (expires_at IS NOT NULL))
);

CREATE TABLE steadfast_first_seen (
    space TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (space, id)
);

INSERT INTO steadfast_schema (version) VALUES (1);
