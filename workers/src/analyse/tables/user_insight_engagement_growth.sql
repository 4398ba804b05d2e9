-- Growth of the engagement of each window against the window of the same length before it.
WITH figure AS (
    SELECT
        present.timeframe,
        present.datestamp,
        present.engagement AS value_now,
        past.engagement AS value_then,
        CASE
            WHEN present.engagement IS NULL THEN present.absence ->> 'engagement'
            WHEN past.engagement IS NULL THEN coalesce(past.absence ->> 'engagement', 'no_data')
            WHEN past.engagement = 0 THEN 'no_data'
        END AS absence
    FROM toba_cek_insta.user_insight_engagement AS present
    LEFT JOIN toba_cek_insta.user_insight_engagement AS past
        ON
            past.user_id = present.user_id
            AND past.timeframe = present.timeframe
            AND past.datestamp = present.datestamp - present.timeframe
    WHERE present.user_id = $1 AND present.datestamp = ANY ($4)
),
computed AS (
    SELECT
        figure.*,
        CASE WHEN absence IS NULL THEN (value_now - value_then)::float8 / value_then END AS growth
    FROM figure
),
-- NOT IN looks up a hash table whatever the planner believes; neither column is ever NULL.
gone AS (
    DELETE FROM toba_cek_insta.user_insight_engagement_growth AS held
    WHERE
        held.user_id = $1
        AND (held.datestamp = ANY ($4) OR held.datestamp > $5)
        AND (held.timeframe, held.datestamp) NOT IN (SELECT timeframe, datestamp FROM computed)
)
INSERT INTO toba_cek_insta.user_insight_engagement_growth AS held
    (user_id, timeframe, datestamp, value_now, value_then, growth, absence, updated_timestamp)
SELECT
    $1, timeframe, datestamp, value_now, value_then, growth, absence, $6
FROM computed
ON CONFLICT (user_id, timeframe, datestamp) DO UPDATE SET
    value_now = excluded.value_now,
    value_then = excluded.value_then,
    growth = excluded.growth,
    absence = excluded.absence,
    updated_timestamp = excluded.updated_timestamp
WHERE
    (held.value_now, held.value_then, held.growth, held.absence)
    IS DISTINCT FROM
    (excluded.value_now, excluded.value_then, excluded.growth, excluded.absence)
