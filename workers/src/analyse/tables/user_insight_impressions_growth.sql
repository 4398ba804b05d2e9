-- Growth of the sum of the daily impressions of t days against the t days before. D is a day of Meta.
WITH daily AS (
    -- Of several figures of one day the known one counts, then the successor, then the later.
    SELECT DISTINCT ON (meta.day) meta.day, held.metric, held.value, held.absence
    FROM instagram.user_insight_impressions AS held
    CROSS JOIN LATERAL (
        SELECT (held.end_time AT TIME ZONE 'America/Los_Angeles')::date - 1 AS day
    ) AS meta
    WHERE
        held.user_id = $1
        AND held.metric IN ('impressions', 'views')
        AND held.period = 'day'
        AND held.end_time >= ($2::date - 56)::timestamp AT TIME ZONE 'UTC'
        AND meta.day <= $5
    ORDER BY meta.day, held.value IS NULL, held.metric DESC, held.end_time DESC
),
-- Every day, so that so many rows before one are so many days.
told AS (
    SELECT
        day.d::date AS day,
        daily.day IS NOT NULL AS is_told,
        daily.value,
        CASE WHEN daily.value IS NOT NULL THEN daily.metric END AS metric,
        daily.absence
    FROM generate_series(($2::date - 56)::timestamp, $5::date::timestamp, interval '1 day') AS day (d)
    LEFT JOIN daily ON daily.day = day.d::date
),
summed AS (
    SELECT
        7 AS timeframe,
        day AS date_stamp,
        bool_or(is_told) OVER frame AS is_told,
        (count(value) OVER frame)::int AS known,
        min(metric) OVER frame AS metric,
        max(metric) OVER frame AS last_metric,
        (sum(value) OVER frame)::bigint AS value,
        max(absence) OVER frame AS absence
    FROM told
    WINDOW frame AS (ORDER BY day ROWS 6 PRECEDING)
    UNION ALL
    SELECT
        28,
        day,
        bool_or(is_told) OVER frame,
        (count(value) OVER frame)::int,
        min(metric) OVER frame,
        max(metric) OVER frame,
        (sum(value) OVER frame)::bigint,
        max(absence) OVER frame
    FROM told
    WINDOW frame AS (ORDER BY day ROWS 27 PRECEDING)
),
figure AS (
    SELECT
        present.timeframe,
        present.date_stamp,
        CASE WHEN present.metric = present.last_metric THEN present.value END AS value_now,
        CASE WHEN past.metric = past.last_metric THEN past.value END AS value_then,
        present.timeframe - present.known AS skipped_days,
        present.timeframe - coalesce(past.known, 0) AS skipped_days_then,
        CASE
            WHEN present.known = 0 THEN present.absence
            WHEN present.metric <> present.last_metric THEN 'metric_changed'
            WHEN coalesce(past.known, 0) = 0 THEN coalesce(past.absence, 'no_data')
            WHEN past.metric <> past.last_metric OR past.metric <> present.metric THEN 'metric_changed'
            WHEN past.value = 0 THEN 'no_data'
        END AS absence
    FROM summed AS present
    LEFT JOIN summed AS past
        ON
            past.timeframe = present.timeframe
            AND past.date_stamp = present.date_stamp - present.timeframe
    WHERE present.date_stamp = ANY ($4) AND present.is_told
),
computed AS (
    SELECT
        figure.*,
        CASE WHEN absence IS NULL THEN (value_now - value_then)::float8 / value_then END AS growth
    FROM figure
),
-- NOT IN looks up a hash table whatever the planner believes; neither column is ever NULL.
gone AS (
    DELETE FROM toba_cek_insta.user_insight_impressions_growth AS held
    WHERE
        held.user_id = $1
        AND (held.date_stamp = ANY ($4) OR held.date_stamp > $5)
        AND (held.timeframe, held.date_stamp) NOT IN (SELECT timeframe, date_stamp FROM computed)
)
INSERT INTO toba_cek_insta.user_insight_impressions_growth AS held
    (user_id, timeframe, date_stamp, value_now, value_then, growth, skipped_days, skipped_days_then,
     absence, updated_timestamp)
SELECT
    $1, timeframe, date_stamp, value_now, value_then, growth, skipped_days, skipped_days_then,
    absence, $6
FROM computed
ON CONFLICT (user_id, timeframe, date_stamp) DO UPDATE SET
    value_now = excluded.value_now,
    value_then = excluded.value_then,
    growth = excluded.growth,
    skipped_days = excluded.skipped_days,
    skipped_days_then = excluded.skipped_days_then,
    absence = excluded.absence,
    updated_timestamp = excluded.updated_timestamp
WHERE
    (held.value_now, held.value_then, held.growth, held.skipped_days, held.skipped_days_then,
     held.absence)
    IS DISTINCT FROM
    (excluded.value_now, excluded.value_then, excluded.growth, excluded.skipped_days,
     excluded.skipped_days_then, excluded.absence)
