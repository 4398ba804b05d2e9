-- Comments that count on each day: running sums of sentiment_delta, from the first day on that may differ
-- or is not there yet.
WITH start AS (
    SELECT least(
        $2,
        (SELECT max(date_stamp) + 1 FROM toba_cek_insta.user_insight_sentiment WHERE user_id = $1)
    ) AS day
),
computed AS (
    SELECT
        day.d::date AS date_stamp,
        sum(delta.pos)::bigint AS pos,
        sum(delta.neu)::bigint AS neu,
        sum(delta.neg)::bigint AS neg
    FROM start
    CROSS JOIN generate_series(start.day::timestamp, $5::date::timestamp, interval '1 day') AS day (d)
    INNER JOIN toba_cek_insta.sentiment_delta AS delta ON delta.user_id = $1 AND delta.day <= day.d
    GROUP BY day.d
),
gone AS (
    DELETE FROM toba_cek_insta.user_insight_sentiment AS held
    USING start
    WHERE
        held.user_id = $1
        AND held.date_stamp >= start.day
        AND NOT EXISTS (SELECT FROM computed WHERE computed.date_stamp = held.date_stamp)
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
