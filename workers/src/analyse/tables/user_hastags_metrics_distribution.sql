-- Goes on from hashtag_states.sql: figures of each medium with a hashtag, from the first day on.
, step AS (
    SELECT state.*, lag(figures) OVER (PARTITION BY media_id ORDER BY day) AS figures_before
    FROM state
),
spread AS (
    SELECT
        step.media_id,
        tag.hastag,
        step.published_at,
        step.day AS datestamp,
        step.like_count,
        step.comments_count,
        step.engagement,
        step.reach,
        step.impressions,
        nullif(
            jsonb_strip_nulls(
                jsonb_build_object(
                    'like_count', CASE WHEN step.like_count IS NULL THEN reason.likes END,
                    'comments_count', CASE WHEN step.comments_count IS NULL THEN reason.comments END,
                    'engagement',
                    CASE
                        WHEN step.like_count IS NULL THEN reason.likes
                        WHEN step.comments_count IS NULL THEN reason.comments
                    END,
                    'reach', CASE WHEN step.reach IS NULL THEN coalesce(no_reach.absence, 'no_data') END,
                    'impressions',
                    CASE WHEN step.impressions IS NULL THEN coalesce(no_views.absence, 'no_data') END
                )
            ),
            '{}'
        ) AS absence
    FROM step
    CROSS JOIN unnest(step.hastags) AS tag (hastag)
    CROSS JOIN LATERAL (
        SELECT
            coalesce(step.absence ->> 'like_count', 'no_data') AS likes,
            coalesce(step.absence ->> 'comments_count', 'no_data') AS comments
    ) AS reason
    LEFT JOIN LATERAL pipeline.absence_as_of(step.media_id, 'reach', step.day) AS no_reach
        ON step.reach IS NULL
    LEFT JOIN LATERAL pipeline.absence_as_of(step.media_id, 'views', step.day) AS no_views
        ON step.impressions IS NULL
    WHERE step.day >= $2 AND step.counts AND step.figures IS DISTINCT FROM step.figures_before
),
-- NOT IN looks up a hash table whatever the planner believes; none of these columns is ever NULL.
gone AS (
    DELETE FROM toba_cek_insta.user_hastags_metrics_distribution
    WHERE
        user_id = $1
        AND datestamp >= $2
        AND (media_id, hastag, media_timestamp, datestamp)
        NOT IN (SELECT media_id, hastag, published_at, datestamp FROM spread)
)
INSERT INTO toba_cek_insta.user_hastags_metrics_distribution AS held
    (user_id, media_id, hastag, media_timestamp, datestamp, engagement, reach, impressions, comments_count,
     like_count, absence, updated_timestamp)
SELECT
    $1, media_id, hastag, published_at, datestamp, engagement, reach, impressions, comments_count, like_count,
    absence, $6
FROM spread
ON CONFLICT (media_id, hastag, media_timestamp, datestamp) DO UPDATE SET
    user_id = excluded.user_id,
    engagement = excluded.engagement,
    reach = excluded.reach,
    impressions = excluded.impressions,
    comments_count = excluded.comments_count,
    like_count = excluded.like_count,
    absence = excluded.absence,
    updated_timestamp = excluded.updated_timestamp
WHERE
    (held.user_id, held.engagement, held.reach, held.impressions, held.comments_count, held.like_count,
     held.absence)
    IS DISTINCT FROM
    (excluded.user_id, excluded.engagement, excluded.reach, excluded.impressions, excluded.comments_count,
     excluded.like_count, excluded.absence)
