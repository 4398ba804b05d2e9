-- Followers online in each hour that Meta told of, as an instant. Two statements begin with it and go on
-- with a comma. Meta numbers hours in a zone that it does not document: $7 is that zone's distance from UTC
-- in hours.
WITH zone AS MATERIALIZED (
    SELECT coalesce((SELECT timezone FROM instagram."user" WHERE id = $1), 'UTC') AS name
),
figure AS (
    -- Of two reads of one hour the one with a figure counts, then the later.
    SELECT DISTINCT ON (meta.day, held.hour)
        meta.day AS meta_day,
        (meta.day::timestamp + (held.hour - $7::int) * interval '1 hour') AT TIME ZONE 'UTC' AS start,
        held.value
    FROM generate_series(0, 23) AS hour (number)
    INNER JOIN instagram.user_insight_online_follower AS held
        ON
            held.user_id = $1
            AND held.hour = hour.number
            AND held.end_time >= ($5::date - 31)::timestamp AT TIME ZONE 'UTC'
    CROSS JOIN LATERAL (
        SELECT (held.end_time AT TIME ZONE 'America/Los_Angeles')::date - 1 AS day
    ) AS meta
    WHERE meta.day <= $5
    ORDER BY meta.day, held.hour, held.value IS NULL, held.end_time DESC
)
