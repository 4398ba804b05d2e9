-- Likes and comments, as of each of the days, of the media published in the 7 and the 28 days up to it.
-- The windows stand by themselves, so that each is one range of the index on the day of publication.
WITH frame AS MATERIALIZED (
    SELECT day.d, length.days
    FROM unnest($4::date[]) AS day (d)
    CROSS JOIN (VALUES (7), (28)) AS length (days)
),
summed AS (
    SELECT
        frame.days AS timeframe,
        frame.d AS datestamp,
        sum(reading.like_count)::bigint AS likes_count,
        sum(reading.comments_count)::bigint AS comments_count,
        count(*)::int AS media_count,
        (count(*) FILTER (WHERE reading.is_read IS NULL))::int AS skipped_media,
        (count(*) - count(reading.like_count))::int AS skipped_likes,
        (count(*) - count(reading.comments_count))::int AS skipped_comments,
        coalesce(max(reading.absence ->> 'like_count'), 'no_data') AS no_likes,
        coalesce(max(reading.absence ->> 'comments_count'), 'no_data') AS no_comments
    FROM frame
    CROSS JOIN LATERAL pipeline.posts_of_window($1, frame.d, frame.days) AS post
    LEFT JOIN LATERAL (
        SELECT counts.*, TRUE AS is_read FROM pipeline.counts_as_of(post.media_id, frame.d) AS counts
    ) AS reading ON TRUE
    GROUP BY frame.days, frame.d
),
computed AS (
    SELECT
        summed.*,
        CASE
            WHEN likes_count IS NOT NULL OR comments_count IS NOT NULL
                THEN coalesce(likes_count, 0) + coalesce(comments_count, 0)
        END AS engagement,
        nullif(
            jsonb_strip_nulls(
                jsonb_build_object(
                    'engagement', CASE WHEN likes_count IS NULL AND comments_count IS NULL THEN no_likes END,
                    'likes_count', CASE WHEN likes_count IS NULL THEN no_likes END,
                    'comments_count', CASE WHEN comments_count IS NULL THEN no_comments END
                )
            ),
            '{}'
        ) AS absence
    FROM summed
),
-- NOT IN looks up a hash table whatever the planner believes; neither column is ever NULL.
gone AS (
    DELETE FROM toba_cek_insta.user_insight_engagement AS held
    WHERE
        held.user_id = $1
        AND (held.datestamp = ANY ($4) OR held.datestamp > $5)
        AND (held.timeframe, held.datestamp) NOT IN (SELECT timeframe, datestamp FROM computed)
)
INSERT INTO toba_cek_insta.user_insight_engagement AS held
    (user_id, timeframe, datestamp, engagement, likes_count, comments_count, media_count, skipped_media,
     skipped_likes, skipped_comments, absence, updated_timestamp)
SELECT
    $1, timeframe, datestamp, engagement, likes_count, comments_count, media_count, skipped_media,
    skipped_likes, skipped_comments, absence, $6
FROM computed
ON CONFLICT (user_id, timeframe, datestamp) DO UPDATE SET
    engagement = excluded.engagement,
    likes_count = excluded.likes_count,
    comments_count = excluded.comments_count,
    media_count = excluded.media_count,
    skipped_media = excluded.skipped_media,
    skipped_likes = excluded.skipped_likes,
    skipped_comments = excluded.skipped_comments,
    absence = excluded.absence,
    updated_timestamp = excluded.updated_timestamp
WHERE
    (held.engagement, held.likes_count, held.comments_count, held.media_count, held.skipped_media,
     held.skipped_likes, held.skipped_comments, held.absence)
    IS DISTINCT FROM
    (excluded.engagement, excluded.likes_count, excluded.comments_count, excluded.media_count,
     excluded.skipped_media, excluded.skipped_likes, excluded.skipped_comments, excluded.absence)
