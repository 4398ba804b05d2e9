-- The medium of the last 7 and 28 days with the largest reach, for the present day.
WITH figure AS (
    SELECT
        frame.days AS timeframe,
        post.media_id,
        post.published_at,
        reach.value AS value
    FROM (VALUES (7), (28)) AS frame (days)
    CROSS JOIN LATERAL pipeline.posts_of_window($1, $5, frame.days) AS post
    LEFT JOIN LATERAL pipeline.figure_as_of(post.media_id, 'reach', $5) AS reach ON TRUE
),
ranked AS (
    SELECT
        timeframe,
        media_id,
        value,
        (count(*) OVER frame_media)::int AS media_count,
        (count(*) FILTER (WHERE value IS NULL) OVER frame_media)::int AS skipped_media,
        -- Ids are decimal numbers: the shorter is the smaller.
        row_number() OVER (
            PARTITION BY timeframe
            ORDER BY value DESC NULLS LAST, published_at, length(media_id), media_id COLLATE "C"
        ) AS place
    FROM figure
    WINDOW frame_media AS (PARTITION BY timeframe)
),
first AS (
    SELECT * FROM ranked WHERE place = 1 AND value IS NOT NULL
),
gone AS (
    DELETE FROM toba_cek_insta.user_media_largest_reach AS held
    WHERE held.user_id = $1 AND NOT EXISTS (SELECT FROM first WHERE first.timeframe = held.timeframe)
)
INSERT INTO toba_cek_insta.user_media_largest_reach AS held
    (user_id, timeframe, datestamp, media_id, reach_count, media_count, skipped_media, updated_timestamp)
SELECT $1, timeframe, $5, media_id, value, media_count, skipped_media, $6
FROM first
ON CONFLICT (user_id, timeframe) DO UPDATE SET
    datestamp = excluded.datestamp,
    media_id = excluded.media_id,
    reach_count = excluded.reach_count,
    media_count = excluded.media_count,
    skipped_media = excluded.skipped_media,
    updated_timestamp = excluded.updated_timestamp
WHERE
    (held.datestamp, held.media_id, held.reach_count, held.media_count, held.skipped_media)
    IS DISTINCT FROM
    (excluded.datestamp, excluded.media_id, excluded.reach_count, excluded.media_count,
     excluded.skipped_media)
