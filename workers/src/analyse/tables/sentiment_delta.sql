-- What the days that changed add to the account's sentiment: comments made on them, less those that went.
-- A comment goes with its own deletion or its post's; one that went before it came never counted.
WITH zone AS MATERIALIZED (
    SELECT coalesce((SELECT timezone FROM instagram."user" WHERE id = $1), 'UTC') AS name
),
-- Days in a row are one range of instants, a little wider than they are: where clocks change, midnight is not
-- one instant, and the day itself decides afterwards.
span AS MATERIALIZED (
    SELECT
        min(run.d)::timestamp AT TIME ZONE zone.name - interval '3 hours' AS start,
        (max(run.d) + 1)::timestamp AT TIME ZONE zone.name + interval '3 hours' AS until
    FROM (
        SELECT d, d - (row_number() OVER (ORDER BY d))::int AS place FROM unnest($3::date[]) AS day (d)
    ) AS run
    CROSS JOIN zone
    GROUP BY run.place, zone.name
),
touched AS (
    SELECT felt.*, part.deleted_on
    FROM pipeline.post_part AS part
    CROSS JOIN span
    CROSS JOIN LATERAL pipeline.felt_comments($1, part.part_id, span.start, span.until) AS felt
    WHERE part.user_id = $1
    UNION
    SELECT felt.*, part.deleted_on
    FROM pipeline.post_part AS part
    CROSS JOIN span
    CROSS JOIN LATERAL (
        SELECT coalesce(comment."timestamp", comment.first_seen_at) AS at
        FROM instagram.media_comment AS comment
        WHERE
            comment.media_id = part.part_id
            AND comment.deleted_at >= span.start
            AND comment.deleted_at < span.until
        OFFSET 0
    ) AS went
    CROSS JOIN LATERAL
        pipeline.felt_comments($1, part.part_id, went.at, went.at + interval '1 microsecond') AS felt
    WHERE part.user_id = $1
    UNION
    SELECT felt.*, part.deleted_on
    FROM pipeline.post_part AS part
    CROSS JOIN LATERAL pipeline.felt_comments($1, part.part_id, '-infinity', 'infinity') AS felt
    WHERE part.user_id = $1 AND part.deleted_on = ANY ($3)
),
stay AS (
    SELECT
        touched.sentiment,
        (touched.at AT TIME ZONE zone.name)::date AS came_on,
        least((touched.deleted_at AT TIME ZONE zone.name)::date, touched.deleted_on) AS went_on
    FROM touched
    CROSS JOIN zone
),
change AS (
    SELECT came_on AS day, sentiment, 1 AS comments FROM stay WHERE went_on IS NULL OR went_on > came_on
    UNION ALL
    SELECT went_on, sentiment, -1 FROM stay WHERE went_on > came_on
),
summed AS (
    SELECT
        day,
        coalesce(sum(comments) FILTER (WHERE sentiment = 'pos'), 0) AS pos,
        coalesce(sum(comments) FILTER (WHERE sentiment = 'neu'), 0) AS neu,
        coalesce(sum(comments) FILTER (WHERE sentiment = 'neg'), 0) AS neg
    FROM change
    WHERE day = ANY ($3)
    GROUP BY day
),
computed AS (
    SELECT * FROM summed WHERE pos <> 0 OR neu <> 0 OR neg <> 0
),
gone AS (
    DELETE FROM toba_cek_insta.sentiment_delta AS held
    WHERE
        held.user_id = $1
        AND (held.day = ANY ($3) OR held.day > $5)
        AND NOT EXISTS (SELECT FROM computed WHERE computed.day = held.day)
)
INSERT INTO toba_cek_insta.sentiment_delta AS held
    (user_id, day, pos, neu, neg)
SELECT
    $1, day, pos, neu, neg
FROM computed
ON CONFLICT (user_id, day) DO UPDATE SET
    pos = excluded.pos,
    neu = excluded.neu,
    neg = excluded.neg
WHERE
    (held.pos, held.neu, held.neg)
    IS DISTINCT FROM
    (excluded.pos, excluded.neu, excluded.neg)
