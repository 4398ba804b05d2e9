-- toba_cek_insta.user_insight_engagement of one account for the given days.
-- $1 account, $2 days, $3 now
WITH reading AS (
    SELECT
        day.d,
        medium.published_on,
        snapshot.media_id IS NOT NULL AS is_read,
        snapshot.like_count,
        snapshot.comments_count,
        snapshot.absence
    FROM unnest($2::date[]) AS day (d)
    INNER JOIN pipeline.analysed_media AS medium
        ON
            medium.user_id = $1
            AND medium.published_on BETWEEN day.d - 27 AND day.d
            AND (medium.deleted_on IS NULL OR medium.deleted_on > day.d)
    LEFT JOIN LATERAL (
        SELECT media_id, like_count, comments_count, absence
        FROM instagram.media_like_comment
        WHERE media_id = medium.media_id AND datestamp <= day.d
        ORDER BY datestamp DESC
        LIMIT 1
    ) AS snapshot ON TRUE
),
summed AS (
    SELECT
        frame.days AS timeframe,
        reading.d AS datestamp,
        sum(reading.like_count)::bigint AS likes_count,
        sum(reading.comments_count)::bigint AS comments_count,
        count(*)::int AS media_count,
        (count(*) FILTER (WHERE NOT reading.is_read))::int AS skipped_media,
        (count(*) - count(reading.like_count))::int AS skipped_likes,
        (count(*) - count(reading.comments_count))::int AS skipped_comments,
        coalesce(max(reading.absence ->> 'like_count'), 'no_data') AS no_likes,
        coalesce(max(reading.absence ->> 'comments_count'), 'no_data') AS no_comments
    FROM reading
    INNER JOIN (VALUES (7), (28)) AS frame (days) ON reading.published_on > reading.d - frame.days
    GROUP BY frame.days, reading.d
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
gone AS (
    DELETE FROM toba_cek_insta.user_insight_engagement AS held
    WHERE
        held.user_id = $1
        AND held.datestamp = ANY ($2)
        AND NOT EXISTS (
            SELECT FROM computed
            WHERE computed.timeframe = held.timeframe AND computed.datestamp = held.datestamp
        )
)
INSERT INTO toba_cek_insta.user_insight_engagement AS held
    (user_id, timeframe, datestamp, engagement, likes_count, comments_count, media_count, skipped_media,
     skipped_likes, skipped_comments, absence, updated_timestamp)
SELECT
    $1, timeframe, datestamp, engagement, likes_count, comments_count, media_count, skipped_media,
    skipped_likes, skipped_comments, absence, $3
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
    (excluded.engagement, excluded.likes_count, excluded.comments_count, excluded.media_count, excluded.skipped_media,
     excluded.skipped_likes, excluded.skipped_comments, excluded.absence)
