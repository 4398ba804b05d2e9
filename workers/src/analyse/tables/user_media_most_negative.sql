-- The medium of the last 7 and 28 days with the most negative comments, for the present day.
WITH zone AS MATERIALIZED (
    SELECT coalesce((SELECT timezone FROM instagram."user" WHERE id = $1), 'UTC') AS name
),
counted AS (
    SELECT post.media_id, post.published_at, count(*) AS value
    FROM pipeline.posts_of_window($1, $5, 28) AS post
    CROSS JOIN LATERAL (
        SELECT part_id FROM pipeline.post_part WHERE user_id = $1 AND post_id = post.media_id OFFSET 0
    ) AS part
    CROSS JOIN LATERAL pipeline.comments_that_feel($1, part.part_id, 'neg') AS felt
    CROSS JOIN zone
    WHERE
        (felt.at AT TIME ZONE zone.name)::date <= $5
        AND (felt.deleted_at IS NULL OR (felt.deleted_at AT TIME ZONE zone.name)::date > $5)
    GROUP BY post.media_id, post.published_at
),
figure AS (
    SELECT frame.days AS timeframe, counted.media_id, counted.published_at, counted.value
    FROM (VALUES (7), (28)) AS frame (days)
    CROSS JOIN LATERAL pipeline.posts_of_window($1, $5, frame.days) AS post
    INNER JOIN counted ON counted.media_id = post.media_id
),
-- Ids are decimal numbers: the shorter is the smaller.
first AS (
    SELECT DISTINCT ON (timeframe) timeframe, media_id, value
    FROM figure
    ORDER BY timeframe, value DESC, published_at, length(media_id), media_id COLLATE "C"
),
gone AS (
    DELETE FROM toba_cek_insta.user_media_most_negative AS held
    WHERE held.user_id = $1 AND NOT EXISTS (SELECT FROM first WHERE first.timeframe = held.timeframe)
)
INSERT INTO toba_cek_insta.user_media_most_negative AS held
    (user_id, timeframe, datestamp, media_id, negative_count, updated_timestamp)
SELECT
    $1, timeframe, $5, media_id, value, $6
FROM first
ON CONFLICT (user_id, timeframe) DO UPDATE SET
    datestamp = excluded.datestamp,
    media_id = excluded.media_id,
    negative_count = excluded.negative_count,
    updated_timestamp = excluded.updated_timestamp
WHERE
    (held.datestamp, held.media_id, held.negative_count)
    IS DISTINCT FROM
    (excluded.datestamp, excluded.media_id, excluded.negative_count)
