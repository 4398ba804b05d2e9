-- Differences of the comments that count on each day against t days before, from the first day on that may
-- differ or is not there yet.
WITH start AS (
    SELECT least(
        $2,
        (SELECT max(date_stamp) + 1 FROM toba_cek_insta.user_insight_sentiment_growth WHERE user_id = $1)
    ) AS day
),
computed AS (
    SELECT
        length.days AS timeframe,
        present.date_stamp,
        present.neu - past.neu AS neu,
        present.pos - past.pos AS pos,
        present.neg - past.neg AS neg,
        CASE WHEN past.date_stamp IS NULL THEN 'no_data' END AS absence
    FROM start
    INNER JOIN toba_cek_insta.user_insight_sentiment AS present
        ON present.user_id = $1 AND present.date_stamp >= start.day
    CROSS JOIN (VALUES (7), (28)) AS length (days)
    LEFT JOIN toba_cek_insta.user_insight_sentiment AS past
        ON past.user_id = $1 AND past.date_stamp = present.date_stamp - length.days
),
-- NOT IN looks up a hash table whatever the planner believes; neither column is ever NULL.
gone AS (
    DELETE FROM toba_cek_insta.user_insight_sentiment_growth AS held
    USING start
    WHERE
        held.user_id = $1
        AND held.date_stamp >= start.day
        AND (held.timeframe, held.date_stamp) NOT IN (SELECT timeframe, date_stamp FROM computed)
)
INSERT INTO toba_cek_insta.user_insight_sentiment_growth AS held
    (user_id, timeframe, date_stamp, neu, pos, neg, absence, updated_timestamp)
SELECT
    $1, timeframe, date_stamp, neu, pos, neg, absence, $6
FROM computed
ON CONFLICT (user_id, timeframe, date_stamp) DO UPDATE SET
    neu = excluded.neu,
    pos = excluded.pos,
    neg = excluded.neg,
    absence = excluded.absence,
    updated_timestamp = excluded.updated_timestamp
WHERE
    (held.neu, held.pos, held.neg, held.absence)
    IS DISTINCT FROM
    (excluded.neu, excluded.pos, excluded.neg, excluded.absence)
