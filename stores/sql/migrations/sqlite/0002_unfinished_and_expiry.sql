-- What operators list (calls of unknown outcome, and those in flight whose lease may have run out),
-- and what `purge` looks for.

CREATE INDEX steadfast_records_unfinished ON steadfast_records (name, scope, key)
    WHERE state IN ('in_flight', 'unknown');

CREATE INDEX steadfast_records_expiry ON steadfast_records (expires_at)
    WHERE expires_at IS NOT NULL;

CREATE INDEX steadfast_first_seen_until ON steadfast_first_seen (until);

INSERT INTO steadfast_schema (version) VALUES (2);
