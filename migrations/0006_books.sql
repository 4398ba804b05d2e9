-- The books keep the id of the topic that they are of; partitions are made one at a time, under a lock that is taken first.
--
-- Queries that need it: land (taking a partition compares the id), `cekbrand migrate` (topics that the books know), schedule and `cekbrand migrate`
-- (one partition a transaction).

ALTER TABLE pipeline.consumer_offset ADD COLUMN topic_id text CHECK (topic_id <> '');

COMMENT ON COLUMN pipeline.consumer_offset.topic_id IS 'Kafka''s id of the topic that the books are of: another topic under the same name has another one; NULL where no broker told it.';
COMMENT ON COLUMN pipeline.consumer_offset.start IS 'First offset that this group is responsible for: 0, or where books that are older than this rule began.';

DROP FUNCTION pipeline.ensure_partitions(date, date);

-- The default partition is locked before anything else is: whoever writes into it now is waited for, and whoever comes later waits. Without
-- that, moving its rows takes a lock that attaching has to raise, which two writers of that day turn into a deadlock.
CREATE FUNCTION pipeline.make_partition(parent text, day date) RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
    time_column text := CASE parent WHEN 'event' THEN 'received_at' WHEN 'graph_response' THEN 'observed_at' END;
    name text := format('%s_%s', parent, to_char(day, 'YYYYMMDD'));
    lower timestamptz := day::timestamp AT TIME ZONE 'UTC';
    upper timestamptz := (day + 1)::timestamp AT TIME ZONE 'UTC';
BEGIN
    IF to_regclass(format('pipeline.%I', name)) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('LOCK TABLE pipeline.%I IN ACCESS EXCLUSIVE MODE', parent || '_default');
    -- Somebody else may have made it while this one waited.
    IF to_regclass(format('pipeline.%I', name)) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format(
        'CREATE TABLE pipeline.%I (LIKE pipeline.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name, parent
    );
    EXECUTE format(
        'WITH moved AS (DELETE FROM pipeline.%I WHERE %I >= %L AND %I < %L RETURNING *) '
        'INSERT INTO pipeline.%I SELECT * FROM moved',
        parent || '_default', time_column, lower, time_column, upper, name
    );
    EXECUTE format(
        'ALTER TABLE pipeline.%I ATTACH PARTITION pipeline.%I FOR VALUES FROM (%L) TO (%L)', parent, name, lower, upper
    );
    RETURN true;
END
$$;

COMMENT ON FUNCTION pipeline.make_partition(text, date) IS
'Makes the partition of one UTC day of event or graph_response, unless it is there, and moves rows into it that the default partition caught; whether it made one.';
