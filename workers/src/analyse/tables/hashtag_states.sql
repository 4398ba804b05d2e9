-- What was known of each medium with hashtags: on the day before the first, and on each day on which it may
-- have changed. Two statements begin with it and go on with a comma. The cost follows what changed, not
-- what is held.
WITH point AS (
    SELECT media_id, published_at, published_on, deleted_on, hastags, published_on AS day
    FROM pipeline.analysed_media
    WHERE user_id = $1 AND hastags <> '{}' AND published_on BETWEEN $2 AND $5
    UNION
    SELECT media_id, published_at, published_on, deleted_on, hastags, deleted_on
    FROM pipeline.analysed_media
    WHERE user_id = $1 AND hastags <> '{}' AND published_on <= $5 AND deleted_on BETWEEN $2 AND $5
    UNION
    SELECT
        medium.media_id, medium.published_at, medium.published_on, medium.deleted_on, medium.hastags,
        greatest(snapshot.datestamp, medium.published_on)
    FROM pipeline.analysed_media AS medium
    -- OFFSET 0 keeps it a range of the index for each medium, however many there are.
    CROSS JOIN LATERAL (
        SELECT held.datestamp
        FROM instagram.media_like_comment AS held
        WHERE held.media_id = medium.media_id AND held.datestamp BETWEEN $2 AND $5
        OFFSET 0
    ) AS snapshot
    WHERE medium.user_id = $1 AND medium.hastags <> '{}' AND medium.published_on <= $5
    UNION
    SELECT
        medium.media_id, medium.published_at, medium.published_on, medium.deleted_on, medium.hastags,
        greatest(insight.datestamp, medium.published_on)
    FROM pipeline.analysed_media AS medium
    CROSS JOIN LATERAL (
        SELECT held.datestamp
        FROM instagram.media_insight AS held
        WHERE
            held.media_id = medium.media_id
            AND held.metric IN ('reach', 'saved', 'views', 'impressions')
            AND held.breakdown = ''
            AND held.datestamp BETWEEN $2 AND $5
        OFFSET 0
    ) AS insight
    WHERE medium.user_id = $1 AND medium.hastags <> '{}' AND medium.published_on <= $5
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
        ROW(
            snapshot.like_count, snapshot.comments_count, reach.value,
            coalesce(views.value, impressions.value)
        ) AS figures
    FROM looked_at
    CROSS JOIN LATERAL (
        SELECT
            looked_at.published_on <= looked_at.day
            AND (looked_at.deleted_on IS NULL OR looked_at.deleted_on > looked_at.day) AS counts
    ) AS present
    LEFT JOIN LATERAL pipeline.counts_as_of(looked_at.media_id, looked_at.day) AS snapshot ON present.counts
    LEFT JOIN LATERAL pipeline.figure_as_of(looked_at.media_id, 'reach', looked_at.day) AS reach
        ON present.counts
    LEFT JOIN LATERAL pipeline.figure_as_of(looked_at.media_id, 'saved', looked_at.day) AS saved
        ON present.counts
    LEFT JOIN LATERAL pipeline.figure_as_of(looked_at.media_id, 'views', looked_at.day) AS views
        ON present.counts
    LEFT JOIN LATERAL pipeline.figure_as_of(looked_at.media_id, 'impressions', looked_at.day) AS impressions
        ON present.counts AND views.value IS NULL
)
