-- Growth of the followers of each day against t days before.
WITH figure AS (
    SELECT
        length.days AS timeframe,
        present.datestamp AS date_stamp,
        present.followers_count AS value_now,
        past.followers_count AS value_then,
        CASE
            WHEN present.followers_count IS NULL
                THEN coalesce(present.absence ->> 'followers_count', 'no_data')
            WHEN past.followers_count IS NULL
                THEN coalesce(past.absence ->> 'followers_count', 'no_data')
            WHEN past.followers_count = 0 THEN 'no_data'
        END AS absence
    FROM instagram.user_data AS present
    CROSS JOIN (VALUES (7), (28)) AS length (days)
    LEFT JOIN instagram.user_data AS past
        ON past.user_id = present.user_id AND past.datestamp = present.datestamp - length.days
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
    DELETE FROM toba_cek_insta.user_insight_follower_growth AS held
    WHERE
        held.user_id = $1
        AND (held.date_stamp = ANY ($4) OR held.date_stamp > $5)
        AND (held.timeframe, held.date_stamp) NOT IN (SELECT timeframe, date_stamp FROM computed)
)
INSERT INTO toba_cek_insta.user_insight_follower_growth AS held
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
