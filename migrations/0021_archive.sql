-- Before a day is dropped its rows may be written to a file: until both are done nobody may add one.
--
-- Queries that need it: retention (holds the partition that it keeps and drops).

CREATE FUNCTION pipeline.hold_partition(parent text, day date) RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
    name text := format('%s_%s', parent, to_char(day, 'YYYYMMDD'));
BEGIN
    IF parent NOT IN ('event', 'graph_response') OR to_regclass(format('pipeline.%I', name)) IS NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('LOCK TABLE pipeline.%I IN SHARE MODE', name);
    RETURN true;
END
$$;

COMMENT ON FUNCTION pipeline.hold_partition(text, date) IS
'Keeps everybody from writing the partition of one UTC day of event or graph_response until the transaction ends; whether there is one.';
