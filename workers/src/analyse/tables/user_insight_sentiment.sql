-- Comments that count on each day: running sums of sentiment_delta, from the first day on that may differ
-- or is not there yet.
WITH start AS (
    SELECT least(
        $2,
        (SELECT max(date_stamp) + 1 FROM toba_cek_insta.user_insight_sentiment WHERE user_id = $1)
    ) AS day
),
-- What there was before the first day counts as of the day before it.
change AS (
    SELECT
        greatest(delta.day, start.day - 1) AS day,
        sum(delta.pos) AS pos,
        sum(delta.neu) AS neu,
        sum(delta.neg) AS neg
    FROM start
    INNER JOIN toba_cek_insta.sentiment_delta AS delta ON delta.user_id = $1 AND delta.day <= $5
    GROUP BY greatest(delta.day, start.day - 1)
),
total AS (
    SELECT
        day.d::date AS date_stamp,
        count(change.day) OVER days AS changes,
        (sum(change.pos) OVER days)::bigint AS pos,
        (sum(change.neu) OVER days)::bigint AS neu,
        (sum(change.neg) OVER days)::bigint AS neg
    FROM start
    CROSS JOIN generate_series((start.day - 1)::timestamp, $5::date::timestamp, interval '1 day') AS day (d)
    LEFT JOIN change ON change.day = day.d::date
    WINDOW days AS (ORDER BY day.d)
),
computed AS (
    SELECT total.date_stamp, total.pos, total.neu, total.neg
    FROM start
    INNER JOIN total ON total.date_stamp >= start.day
    WHERE total.changes > 0
),
-- NOT IN looks up a hash table whatever the planner believes; the column is never NULL.
gone AS (
    DELETE FROM toba_cek_insta.user_insight_sentiment AS held
    USING start
    WHERE
        held.user_id = $1
        AND held.date_stamp >= start.day
        AND held.date_stamp NOT IN (SELECT date_stamp FROM computed)
)
INSERT INTO toba_cek_insta.user_insight_sentiment AS held
    (user_id, date_stamp, neu, pos, neg, updated_timestamp)
SELECT
    $1, date_stamp, neu, pos, neg, $6
FROM computed
ON CONFLICT (user_id, date_stamp) DO UPDATE SET
    neu = excluded.neu,
    pos = excluded.pos,
    neg = excluded.neg,
    updated_timestamp = excluded.updated_timestamp
WHERE
    (held.neu, held.pos, held.neg)
    IS DISTINCT FROM
    (excluded.neu, excluded.pos, excluded.neg)
