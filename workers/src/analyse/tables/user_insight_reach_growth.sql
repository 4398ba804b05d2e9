-- Growth of the reach of t days, which is read as such, against t days before. D is a day of Meta.
WITH reach AS (
    -- Of two reads of one day the one with a figure counts, then the later.
    SELECT DISTINCT ON (held.period, meta.day)
        CASE held.period WHEN 'week' THEN 7 ELSE 28 END AS timeframe,
        meta.day AS date_stamp,
        held.value,
        held.absence
    FROM instagram.user_insight_reach AS held
    CROSS JOIN LATERAL (
        SELECT (held.end_time AT TIME ZONE 'America/Los_Angeles')::date - 1 AS day
    ) AS meta
    WHERE
        held.user_id = $1
        AND held.period IN ('week', 'days_28')
        AND held.end_time >= ($2::date - 28)::timestamp AT TIME ZONE 'UTC'
        AND meta.day <= $5
    ORDER BY held.period, meta.day, held.value IS NULL, held.end_time DESC
),
figure AS (
    SELECT
        present.timeframe,
        present.date_stamp,
        present.value AS value_now,
        past.value AS value_then,
        CASE
            WHEN present.value IS NULL THEN present.absence
            WHEN past.value IS NULL THEN coalesce(past.absence, 'no_data')
            WHEN past.value = 0 THEN 'no_data'
        END AS absence
    FROM reach AS present
    LEFT JOIN reach AS past
        ON past.timeframe = present.timeframe AND past.date_stamp = present.date_stamp - present.timeframe
    WHERE present.date_stamp = ANY ($4)
),
computed AS (
    SELECT
        figure.*,
        CASE WHEN absence IS NULL THEN (value_now - value_then)::float8 / value_then END AS growth
    FROM figure
),
-- NOT IN looks up a hash table whatever the planner believes; neither column is ever NULL.
gone AS (
    DELETE FROM toba_cek_insta.user_insight_reach_growth AS held
    WHERE
        held.user_id = $1
        AND (held.date_stamp = ANY ($4) OR held.date_stamp > $5)
        AND (held.timeframe, held.date_stamp) NOT IN (SELECT timeframe, date_stamp FROM computed)
)
INSERT INTO toba_cek_insta.user_insight_reach_growth AS held
    (user_id, timeframe, date_stamp, value_now, value_then, growth, absence, updated_timestamp)
SELECT
    $1, timeframe, date_stamp, value_now, value_then, growth, absence, $6
FROM computed
ON CONFLICT (user_id, timeframe, date_stamp) DO UPDATE SET
    value_now = excluded.value_now,
    value_then = excluded.value_then,
    growth = excluded.growth,
    absence = excluded.absence,
    updated_timestamp = excluded.updated_timestamp
WHERE
    (held.value_now, held.value_then, held.growth, held.absence)
    IS DISTINCT FROM
    (excluded.value_now, excluded.value_then, excluded.growth, excluded.absence)
