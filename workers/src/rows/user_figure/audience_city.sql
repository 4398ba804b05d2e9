INSERT INTO instagram.user_insight_audience_city AS held
    (user_id, city, province, timeframe, end_time, value, absence, source, observed_at, api_version, updated_timestamp)
SELECT user_id, first, second, third, end_time, value::bigint, absence, source, observed_at, api_version, $11
FROM UNNEST(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::numeric[], $7::text[], $8::text[],
    $9::timestamptz[], $10::text[]
) AS given (user_id, first, second, third, end_time, value, absence, source, observed_at, api_version)
ORDER BY user_id, first, second, third, end_time
ON CONFLICT (user_id, city, province, timeframe, end_time) DO UPDATE SET
    value = excluded.value, absence = excluded.absence, source = excluded.source, observed_at = excluded.observed_at,
    api_version = excluded.api_version, updated_timestamp = excluded.updated_timestamp
WHERE
    (excluded.value IS NOT NULL, coalesce(array_position($12::text[], excluded.absence), 0), excluded.observed_at,
     array_position($13::text[], excluded.source), coalesce(excluded.value, 0))
    > (held.value IS NOT NULL, coalesce(array_position($12::text[], held.absence), 0), held.observed_at,
       array_position($13::text[], held.source), coalesce(held.value, 0))
    OR ($14 AND held.observed_at = excluded.observed_at AND held.source = excluded.source
        AND (held.value, held.absence, held.api_version)
            IS DISTINCT FROM (excluded.value, excluded.absence, excluded.api_version))
RETURNING user_id, end_time
