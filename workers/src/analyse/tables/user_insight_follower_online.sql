-- Goes on from online_hours.sql: the mean of each local hour over the last 7 and 28 local days.
, computed AS (
    SELECT
        extract(hour FROM local.start)::int AS hours,
        to_char($5::date - length.days + 1, 'YYYY-MM-DD')
        || '/'
        || to_char($5::date, 'YYYY-MM-DD') AS date_range,
        round(avg(figure.value))::bigint AS val,
        count(*)::int AS day_count
    FROM figure
    CROSS JOIN zone
    CROSS JOIN LATERAL (SELECT figure.start AT TIME ZONE zone.name AS start) AS local
    INNER JOIN (VALUES (7), (28)) AS length (days)
        ON local.start::date > $5::date - length.days AND local.start::date <= $5
    WHERE figure.value IS NOT NULL
    GROUP BY extract(hour FROM local.start), length.days
),
gone AS (
    DELETE FROM toba_cek_insta.user_insight_follower_online AS held
    WHERE
        held.user_id = $1
        AND NOT EXISTS (
            SELECT FROM computed
            WHERE computed.hours = held.hours AND computed.date_range = held.date_range
        )
)
INSERT INTO toba_cek_insta.user_insight_follower_online AS held
    (user_id, hours, date_range, val, day_count, updated_date)
SELECT
    $1, hours, date_range, val, day_count, $6
FROM computed
ON CONFLICT (user_id, hours, date_range) DO UPDATE SET
    val = excluded.val,
    day_count = excluded.day_count,
    updated_date = excluded.updated_date
WHERE
    (held.val, held.day_count)
    IS DISTINCT FROM
    (excluded.val, excluded.day_count)
