-- Traces: which delivery's trace a Graph read and analytics go on with, where traces are on at all.
--
-- Queries that need it: land (notes it before the batch), enrich and analyse (find it), `cekbrand dlq retry` (a dead letter goes on with the
-- trace that it came with). While traces are off no statement touches the table.

CREATE UNLOGGED TABLE pipeline.trace (
    subject bytea PRIMARY KEY CHECK (octet_length(subject) = 32),
    traceparent text NOT NULL,
    seen_at timestamptz NOT NULL
);

-- For taking away what is old: rows live for minutes.
CREATE INDEX trace_seen_at ON pipeline.trace (seen_at);

COMMENT ON TABLE pipeline.trace IS 'Which trace a read of a subject goes on with. Rows live for minutes; unlogged, as a crash costs a few traces and nothing else.';
COMMENT ON COLUMN pipeline.trace.subject IS 'SHA-256 of the account and the target of its reads, with an empty target for the account''s analytics: nobody''s id stands here.';
COMMENT ON COLUMN pipeline.trace.traceparent IS 'The span to go on from, as in W3C''s header of that name.';
COMMENT ON COLUMN pipeline.trace.seen_at IS 'When the last delivery about it was landed.';

ALTER TABLE pipeline.dead_letter ADD COLUMN traceparent text;
COMMENT ON COLUMN pipeline.dead_letter.traceparent IS 'The trace that it came with, which a retry goes on with; NULL where traces were off.';
