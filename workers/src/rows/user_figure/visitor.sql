-- Keyed by Meta's day, not by the instant at which it ended: of two windows that end on one day the better
-- observation stays, by the same rank as below, and of equal ones the later end.
INSERT INTO instagram.user_insight_visitor AS held
    (user_id, datestamp, end_time, value, absence, source, observed_at, api_version, updated_timestamp)
SELECT DISTINCT ON (user_id, day.datestamp)
    user_id, day.datestamp, end_time, value::bigint, absence, source, observed_at, api_version, $11
FROM UNNEST(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::numeric[], $7::text[], $8::text[],
    $9::timestamptz[], $10::text[]
) AS given (user_id, first, second, third, end_time, value, absence, source, observed_at, api_version)
CROSS JOIN LATERAL (SELECT (given.end_time AT TIME ZONE 'America/Los_Angeles')::date - 1 AS datestamp) AS day
ORDER BY user_id, day.datestamp, value IS NULL, coalesce(array_position($12::text[], absence), 0) DESC, observed_at DESC,
    array_position($13::text[], source) DESC, coalesce(value, 0) DESC, end_time DESC
ON CONFLICT (user_id, datestamp) DO UPDATE SET
    end_time = excluded.end_time,
    value = excluded.value, absence = excluded.absence, source = excluded.source, observed_at = excluded.observed_at,
    api_version = excluded.api_version, updated_timestamp = excluded.updated_timestamp
WHERE
    (excluded.value IS NOT NULL, coalesce(array_position($12::text[], excluded.absence), 0), excluded.observed_at,
     array_position($13::text[], excluded.source), coalesce(excluded.value, 0), excluded.end_time)
    > (held.value IS NOT NULL, coalesce(array_position($12::text[], held.absence), 0), held.observed_at,
       array_position($13::text[], held.source), coalesce(held.value, 0), held.end_time)
    OR ($14 AND held.observed_at = excluded.observed_at AND held.source = excluded.source
        AND (held.value, held.absence, held.api_version)
            IS DISTINCT FROM (excluded.value, excluded.absence, excluded.api_version))
RETURNING user_id, end_time
