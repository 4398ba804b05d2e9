-- Replay, dead letters and retention: how far a replay got, when a comment was last read, and what prunes the books.
--
-- Queries that need it: `cekbrand replay` (its runs, a share for each partition), rows of comments (an answer older than the last one
-- changes nothing).

-- Answers go through the row writers again when they are replayed: an older one must not undo a newer one.
ALTER TABLE instagram.media_comment ADD COLUMN read_at timestamptz;
UPDATE instagram.media_comment SET read_at = updated_timestamp WHERE "timestamp" IS NOT NULL;
COMMENT ON COLUMN instagram.media_comment.read_at IS 'When the answer came that likes, hiding and time were last taken from; NULL until read. Source: read.';

-- How far each partition of a replay got.
CREATE TABLE pipeline.replay_partition (
    run_id bigint NOT NULL REFERENCES pipeline.replay_run (id) ON DELETE CASCADE,
    partition int NOT NULL CHECK (partition >= 0),
    next bigint NOT NULL,
    until bigint NOT NULL,
    PRIMARY KEY (run_id, partition),
    CHECK (next <= until)
);

COMMENT ON TABLE pipeline.replay_partition IS 'Which records of a partition a replay goes through, and how far it got: where an interrupted run goes on.';
COMMENT ON COLUMN pipeline.replay_partition.run_id IS 'The run.';
COMMENT ON COLUMN pipeline.replay_partition.partition IS 'Kafka partition.';
COMMENT ON COLUMN pipeline.replay_partition.next IS 'Offset to be gone through next.';
COMMENT ON COLUMN pipeline.replay_partition.until IS 'Offset at which the run ends.';

ALTER TABLE pipeline.replay_run
    ADD COLUMN total bigint NOT NULL DEFAULT 0 CHECK (total >= 0),
    ADD COLUMN events_until timestamptz,
    ADD COLUMN answers_until bigint NOT NULL DEFAULT 0,
    DROP COLUMN position;

COMMENT ON COLUMN pipeline.replay_run.from_time IS 'Start of the range, inclusive: of the time at which Kafka took the record, or of received_at of an event.';
COMMENT ON COLUMN pipeline.replay_run.to_time IS 'End of the range, exclusive.';
COMMENT ON COLUMN pipeline.replay_run.total IS 'Records that are to be gone through.';
COMMENT ON COLUMN pipeline.replay_run.seen IS 'Records gone through so far.';
COMMENT ON COLUMN pipeline.replay_run.changed IS 'Rows that it changed so far, or would change in a dry run; a row that several batches change counts each time.';
COMMENT ON COLUMN pipeline.replay_run.events_until IS 'Up to where events were gone through, by received_at, inclusive; NULL before the first, or where Kafka is the source.';
COMMENT ON COLUMN pipeline.replay_run.answers_until IS 'Up to where recorded answers were gone through, by id, inclusive.';

-- An event is found by its id through event_key, which knows its day: the random key of 32 bytes need not be indexed twice.
ALTER TABLE pipeline.event DROP CONSTRAINT event_pkey;

COMMENT ON COLUMN pipeline.event_key.received_at IS 'received_at of the event''s row: the day in which to look for it.';

-- Dropped one at a time, each in a transaction of its own; whoever writes another day waits for a moment. The books' rows are taken
-- before the table's lock, as landing does.
CREATE FUNCTION pipeline.drop_partition(parent text, day date) RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
    name text := format('%s_%s', parent, to_char(day, 'YYYYMMDD'));
BEGIN
    IF parent NOT IN ('event', 'graph_response') OR to_regclass(format('pipeline.%I', name)) IS NULL THEN
        RETURN false;
    END IF;
    IF parent = 'event' THEN
        EXECUTE format('LOCK TABLE pipeline.%I IN SHARE MODE', name);
        EXECUTE format(
            'UPDATE pipeline.consumer_offset AS held SET events_pruned = held.events_pruned + gone.n '
            'FROM (SELECT topic, partition, count(*) AS n FROM pipeline.%I GROUP BY topic, partition) AS gone '
            'WHERE held.topic = gone.topic AND held.partition = gone.partition', name
        );
    END IF;
    EXECUTE format('DROP TABLE pipeline.%I', name);
    RETURN true;
END
$$;

COMMENT ON FUNCTION pipeline.drop_partition(text, date) IS
'Drops the partition of one UTC day of event or graph_response with all its rows, and notes in the books how many events those were; whether there was one.';

-- Rows are pruned, counts are not: with what was pruned they can still be compared.
ALTER TABLE pipeline.consumer_offset
    ADD COLUMN events_pruned bigint NOT NULL DEFAULT 0 CHECK (events_pruned >= 0),
    ADD COLUMN dead_letters_pruned bigint NOT NULL DEFAULT 0 CHECK (dead_letters_pruned >= 0);

COMMENT ON COLUMN pipeline.consumer_offset.events_pruned IS 'Of what landed: events that retention has taken since.';
COMMENT ON COLUMN pipeline.consumer_offset.dead_letters_pruned IS 'Of what was dead-lettered: dead letters that retention has taken since.';
