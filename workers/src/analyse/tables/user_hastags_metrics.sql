-- Goes on from hashtag_states.sql: totals and means of each hashtag, from the first day on.
-- They are those of its last row before that day, which holds, plus running sums of the differences.
, difference AS (
    SELECT
        hastags,
        day,
        counts::int - lag(counts::int) OVER steps AS posts,
        coalesce(engagement, 0) - lag(coalesce(engagement, 0)) OVER steps AS engagement,
        (engagement IS NOT NULL)::int - lag((engagement IS NOT NULL)::int) OVER steps AS engagement_known,
        coalesce(reach, 0) - lag(coalesce(reach, 0)) OVER steps AS reach,
        (reach IS NOT NULL)::int - lag((reach IS NOT NULL)::int) OVER steps AS reach_known,
        coalesce(saved, 0) - lag(coalesce(saved, 0)) OVER steps AS saved,
        (saved IS NOT NULL)::int - lag((saved IS NOT NULL)::int) OVER steps AS saved_known
    FROM state
    WINDOW steps AS (PARTITION BY media_id ORDER BY day)
),
daily AS (
    SELECT
        tag.hastag,
        difference.day,
        sum(difference.posts) AS posts,
        sum(difference.engagement) AS engagement,
        sum(difference.engagement_known) AS engagement_known,
        sum(difference.reach) AS reach,
        sum(difference.reach_known) AS reach_known,
        sum(difference.saved) AS saved,
        sum(difference.saved_known) AS saved_known
    FROM difference
    CROSS JOIN unnest(difference.hastags) AS tag (hastag)
    WHERE difference.day >= $2
    GROUP BY tag.hastag, difference.day
),
held_before AS (
    SELECT
        tag.hastag,
        held.post_count AS posts,
        coalesce(held.total_engagement, 0) AS engagement,
        held.post_count - held.skipped_engagement AS engagement_known,
        coalesce(held.total_reach, 0) AS reach,
        held.post_count - held.skipped_reach AS reach_known,
        coalesce(held.total_saved, 0) AS saved,
        held.post_count - held.skipped_saved AS saved_known
    FROM (SELECT DISTINCT hastag FROM daily) AS tag
    CROSS JOIN LATERAL (
        SELECT *
        FROM toba_cek_insta.user_hastags_metrics
        WHERE user_id = $1 AND hastag = tag.hastag AND datestamp < $2
        ORDER BY datestamp DESC
        LIMIT 1
    ) AS held
),
total AS (
    SELECT
        hastag,
        day,
        (sum(posts) OVER days)::int AS posts,
        (sum(engagement) OVER days)::bigint AS engagement,
        (sum(engagement_known) OVER days)::int AS engagement_known,
        (sum(reach) OVER days)::bigint AS reach,
        (sum(reach_known) OVER days)::int AS reach_known,
        (sum(saved) OVER days)::bigint AS saved,
        (sum(saved_known) OVER days)::int AS saved_known,
        -- A day on which all differences are 0 changes nothing.
        posts <> 0 OR engagement <> 0 OR engagement_known <> 0 OR reach <> 0 OR reach_known <> 0
        OR saved <> 0 OR saved_known <> 0 AS is_change
    FROM (
        SELECT * FROM daily
        UNION ALL
        SELECT
            hastag, $2::date - 1, posts, engagement, engagement_known, reach, reach_known, saved, saved_known
        FROM held_before
    ) AS change
    WINDOW days AS (PARTITION BY hastag ORDER BY day)
),
metric AS (
    SELECT
        hastag,
        day AS datestamp,
        posts AS post_count,
        CASE WHEN posts = 0 OR engagement_known > 0 THEN engagement END AS total_engagement,
        engagement::float8 / nullif(engagement_known, 0) AS engagement_per_post,
        CASE WHEN posts = 0 OR reach_known > 0 THEN reach END AS total_reach,
        reach::float8 / nullif(reach_known, 0) AS reach_per_post,
        CASE WHEN posts = 0 OR saved_known > 0 THEN saved END AS total_saved,
        saved::float8 / nullif(saved_known, 0) AS saved_per_post,
        posts - engagement_known AS skipped_engagement,
        posts - reach_known AS skipped_reach,
        posts - saved_known AS skipped_saved,
        nullif(
            jsonb_strip_nulls(
                jsonb_build_object(
                    'total_engagement', CASE WHEN posts > 0 AND engagement_known = 0 THEN 'no_data' END,
                    'engagement_per_post', CASE WHEN engagement_known = 0 THEN 'no_data' END,
                    'total_reach', CASE WHEN posts > 0 AND reach_known = 0 THEN 'no_data' END,
                    'reach_per_post', CASE WHEN reach_known = 0 THEN 'no_data' END,
                    'total_saved', CASE WHEN posts > 0 AND saved_known = 0 THEN 'no_data' END,
                    'saved_per_post', CASE WHEN saved_known = 0 THEN 'no_data' END
                )
            ),
            '{}'
        ) AS absence
    FROM total
    WHERE day >= $2 AND is_change
),
-- NOT IN looks up a hash table whatever the planner believes; none of these columns is ever NULL.
gone AS (
    DELETE FROM toba_cek_insta.user_hastags_metrics
    WHERE
        user_id = $1
        AND datestamp >= $2
        AND (hastag, datestamp) NOT IN (SELECT hastag, datestamp FROM metric)
)
INSERT INTO toba_cek_insta.user_hastags_metrics AS held
    (user_id, hastag, datestamp, post_count, total_engagement, engagement_per_post, total_reach,
     reach_per_post, total_saved, saved_per_post, skipped_engagement, skipped_reach, skipped_saved, absence,
     updated_timestamp)
SELECT
    $1, hastag, datestamp, post_count, total_engagement, engagement_per_post, total_reach, reach_per_post,
    total_saved, saved_per_post, skipped_engagement, skipped_reach, skipped_saved, absence, $6
FROM metric
ON CONFLICT (user_id, hastag, datestamp) DO UPDATE SET
    post_count = excluded.post_count,
    total_engagement = excluded.total_engagement,
    engagement_per_post = excluded.engagement_per_post,
    total_reach = excluded.total_reach,
    reach_per_post = excluded.reach_per_post,
    total_saved = excluded.total_saved,
    saved_per_post = excluded.saved_per_post,
    skipped_engagement = excluded.skipped_engagement,
    skipped_reach = excluded.skipped_reach,
    skipped_saved = excluded.skipped_saved,
    absence = excluded.absence,
    updated_timestamp = excluded.updated_timestamp
WHERE
    (held.post_count, held.total_engagement, held.engagement_per_post, held.total_reach, held.reach_per_post,
     held.total_saved, held.saved_per_post, held.skipped_engagement, held.skipped_reach, held.skipped_saved,
     held.absence)
    IS DISTINCT FROM
    (excluded.post_count, excluded.total_engagement, excluded.engagement_per_post, excluded.total_reach,
     excluded.reach_per_post, excluded.total_saved, excluded.saved_per_post, excluded.skipped_engagement,
     excluded.skipped_reach, excluded.skipped_saved, excluded.absence)
