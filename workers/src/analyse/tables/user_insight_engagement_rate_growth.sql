-- Growth of engagement / followers of each window against the window of the same length before it.
WITH rate AS (
    SELECT
        engagement.timeframe,
        engagement.datestamp,
        CASE
            WHEN engagement.engagement IS NULL THEN engagement.absence ->> 'engagement'
            WHEN followers.followers_count IS NULL
                THEN coalesce(followers.absence ->> 'followers_count', 'no_data')
            WHEN followers.followers_count = 0 THEN 'no_data'
        END AS absence,
        engagement.engagement::float8 / nullif(followers.followers_count, 0) AS value
    FROM toba_cek_insta.user_insight_engagement AS engagement
    LEFT JOIN instagram.user_data AS followers
        ON followers.user_id = engagement.user_id AND followers.datestamp = engagement.datestamp
    WHERE engagement.user_id = $1 AND engagement.datestamp BETWEEN $2::date - 28 AND $5
),
figure AS (
    SELECT
        present.timeframe,
        present.datestamp,
        present.value AS value_now,
        past.value AS value_then,
        CASE
            WHEN present.value IS NULL THEN present.absence
            WHEN past.value IS NULL THEN coalesce(past.absence, 'no_data')
            WHEN past.value = 0 THEN 'no_data'
        END AS absence
    FROM rate AS present
    LEFT JOIN rate AS past
        ON past.timeframe = present.timeframe AND past.datestamp = present.datestamp - present.timeframe
    WHERE present.datestamp = ANY ($4)
),
computed AS (
    SELECT
        figure.*,
        CASE WHEN absence IS NULL THEN (value_now - value_then) / value_then END AS growth
    FROM figure
),
-- NOT IN looks up a hash table whatever the planner believes; neither column is ever NULL.
gone AS (
    DELETE FROM toba_cek_insta.user_insight_engagement_rate_growth AS held
    WHERE
        held.user_id = $1
        AND (held.datestamp = ANY ($4) OR held.datestamp > $5)
        AND (held.timeframe, held.datestamp) NOT IN (SELECT timeframe, datestamp FROM computed)
)
INSERT INTO toba_cek_insta.user_insight_engagement_rate_growth AS held
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
