-- toba_cek_insta.user_hastags_metrics and user_hastags_metrics_distribution of one account from a day on.
-- $1 account, $2 first day, $3 today, $4 now
--
-- The state of a medium is looked up on the day before the first and on each day on which it may have changed. A hashtag's totals are those of
-- its last row before the first day, which holds, plus running sums of the differences. So the cost follows what changed, not what there is.
WITH point AS (
    SELECT media_id, published_at, published_on, deleted_on, hastags, published_on AS day
    FROM pipeline.analysed_media
    WHERE user_id = $1 AND hastags <> '{}' AND published_on BETWEEN $2 AND $3
    UNION
    SELECT media_id, published_at, published_on, deleted_on, hastags, deleted_on
    FROM pipeline.analysed_media
    WHERE user_id = $1 AND hastags <> '{}' AND published_on <= $3 AND deleted_on BETWEEN $2 AND $3
    UNION
    SELECT
        medium.media_id, medium.published_at, medium.published_on, medium.deleted_on, medium.hastags,
        greatest(snapshot.datestamp, medium.published_on)
    FROM pipeline.analysed_media AS medium
    INNER JOIN instagram.media_like_comment AS snapshot
        ON snapshot.media_id = medium.media_id AND snapshot.datestamp BETWEEN $2 AND $3
    WHERE medium.user_id = $1 AND medium.hastags <> '{}' AND medium.published_on <= $3
    UNION
    SELECT
        medium.media_id, medium.published_at, medium.published_on, medium.deleted_on, medium.hastags,
        greatest(insight.datestamp, medium.published_on)
    FROM pipeline.analysed_media AS medium
    INNER JOIN instagram.media_insight AS insight
        ON
            insight.media_id = medium.media_id
            AND insight.metric IN ('reach', 'saved', 'views', 'impressions')
            AND insight.breakdown = ''
            AND insight.datestamp BETWEEN $2 AND $3
    WHERE medium.user_id = $1 AND medium.hastags <> '{}' AND medium.published_on <= $3
),
looked_at AS (
    SELECT media_id, published_at, published_on, deleted_on, hastags, day
    FROM point
    UNION
    SELECT media_id, published_at, published_on, deleted_on, hastags, $2::date - 1
    FROM point
),
state AS MATERIALIZED (
    SELECT
        looked_at.media_id,
        looked_at.published_at,
        looked_at.hastags,
        looked_at.day,
        present.counts,
        snapshot.like_count,
        snapshot.comments_count,
        snapshot.like_count + snapshot.comments_count AS engagement,
        snapshot.absence,
        reach.value AS reach,
        saved.value AS saved,
        coalesce(views.value, impressions.value) AS impressions,
        ROW(snapshot.like_count, snapshot.comments_count, reach.value, coalesce(views.value, impressions.value)) AS figures
    FROM looked_at
    CROSS JOIN LATERAL (
        SELECT
            looked_at.published_on <= looked_at.day
            AND (looked_at.deleted_on IS NULL OR looked_at.deleted_on > looked_at.day) AS counts
    ) AS present
    LEFT JOIN LATERAL (
        SELECT like_count, comments_count, absence
        FROM instagram.media_like_comment
        WHERE media_id = looked_at.media_id AND datestamp <= looked_at.day
        ORDER BY datestamp DESC
        LIMIT 1
    ) AS snapshot ON present.counts
    -- Figures of a lifetime: what was known once stays known when a later read is refused.
    LEFT JOIN LATERAL (
        SELECT value
        FROM instagram.media_insight
        WHERE
            media_id = looked_at.media_id AND metric = 'reach' AND breakdown = ''
            AND datestamp <= looked_at.day AND value IS NOT NULL
        ORDER BY datestamp DESC
        LIMIT 1
    ) AS reach ON present.counts
    LEFT JOIN LATERAL (
        SELECT value
        FROM instagram.media_insight
        WHERE
            media_id = looked_at.media_id AND metric = 'saved' AND breakdown = ''
            AND datestamp <= looked_at.day AND value IS NOT NULL
        ORDER BY datestamp DESC
        LIMIT 1
    ) AS saved ON present.counts
    LEFT JOIN LATERAL (
        SELECT value
        FROM instagram.media_insight
        WHERE
            media_id = looked_at.media_id AND metric = 'views' AND breakdown = ''
            AND datestamp <= looked_at.day AND value IS NOT NULL
        ORDER BY datestamp DESC
        LIMIT 1
    ) AS views ON present.counts
    LEFT JOIN LATERAL (
        SELECT value
        FROM instagram.media_insight
        WHERE
            media_id = looked_at.media_id AND metric = 'impressions' AND breakdown = ''
            AND datestamp <= looked_at.day AND value IS NOT NULL
        ORDER BY datestamp DESC
        LIMIT 1
    ) AS impressions ON present.counts AND views.value IS NULL
),
difference AS (
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
        SELECT hastag, $2::date - 1, posts, engagement, engagement_known, reach, reach_known, saved, saved_known
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
step AS (
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
                    'impressions', CASE WHEN step.impressions IS NULL THEN coalesce(no_views.absence, 'no_data') END
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
    LEFT JOIN LATERAL (
        SELECT absence
        FROM instagram.media_insight
        WHERE media_id = step.media_id AND metric = 'reach' AND breakdown = '' AND datestamp <= step.day
        ORDER BY datestamp DESC
        LIMIT 1
    ) AS no_reach ON step.reach IS NULL
    LEFT JOIN LATERAL (
        SELECT absence
        FROM instagram.media_insight
        WHERE media_id = step.media_id AND metric = 'views' AND breakdown = '' AND datestamp <= step.day
        ORDER BY datestamp DESC
        LIMIT 1
    ) AS no_views ON step.impressions IS NULL
    WHERE step.day >= $2 AND step.counts AND step.figures IS DISTINCT FROM step.figures_before
),
-- NOT IN looks up a hash table whatever the planner believes; none of these columns is ever NULL.
metric_gone AS (
    DELETE FROM toba_cek_insta.user_hastags_metrics
    WHERE user_id = $1 AND datestamp >= $2 AND (hastag, datestamp) NOT IN (SELECT hastag, datestamp FROM metric)
),
spread_gone AS (
    DELETE FROM toba_cek_insta.user_hastags_metrics_distribution
    WHERE
        user_id = $1
        AND datestamp >= $2
        AND (media_id, hastag, media_timestamp, datestamp)
        NOT IN (SELECT media_id, hastag, published_at, datestamp FROM spread)
),
metric_written AS (
    INSERT INTO toba_cek_insta.user_hastags_metrics AS held
        (user_id, hastag, datestamp, post_count, total_engagement, engagement_per_post, total_reach, reach_per_post,
         total_saved, saved_per_post, skipped_engagement, skipped_reach, skipped_saved, absence, updated_timestamp)
    SELECT
        $1, hastag, datestamp, post_count, total_engagement, engagement_per_post, total_reach, reach_per_post,
        total_saved, saved_per_post, skipped_engagement, skipped_reach, skipped_saved, absence, $4
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
)
INSERT INTO toba_cek_insta.user_hastags_metrics_distribution AS held
    (user_id, media_id, hastag, media_timestamp, datestamp, engagement, reach, impressions, comments_count,
     like_count, absence, updated_timestamp)
SELECT
    $1, media_id, hastag, published_at, datestamp, engagement, reach, impressions, comments_count, like_count,
    absence, $4
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
    (held.user_id, held.engagement, held.reach, held.impressions, held.comments_count, held.like_count, held.absence)
    IS DISTINCT FROM
    (excluded.user_id, excluded.engagement, excluded.reach, excluded.impressions, excluded.comments_count,
     excluded.like_count, excluded.absence)
