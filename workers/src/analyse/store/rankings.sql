-- toba_cek_insta.user_media_largest_engagement and user_media_smallest_engagement of one account for its present day.
-- $1 account, $2 today, $3 now
WITH reading AS (
    SELECT
        medium.media_id,
        medium.published_at,
        medium.published_on,
        snapshot.engagement
    FROM pipeline.analysed_media AS medium
    LEFT JOIN LATERAL (
        -- Hidden likes make the sum unknown, which takes the medium out.
        SELECT like_count + comments_count AS engagement
        FROM instagram.media_like_comment
        WHERE media_id = medium.media_id AND datestamp <= $2
        ORDER BY datestamp DESC
        LIMIT 1
    ) AS snapshot ON TRUE
    WHERE
        medium.user_id = $1
        AND medium.published_on BETWEEN $2::date - 27 AND $2
        AND (medium.deleted_on IS NULL OR medium.deleted_on > $2)
),
ranked AS (
    -- Ids are decimal numbers: the shorter is the smaller.
    SELECT
        frame.days AS timeframe,
        reading.media_id,
        reading.engagement,
        (count(*) OVER frame_media)::int AS media_count,
        (count(*) FILTER (WHERE reading.engagement IS NULL) OVER frame_media)::int AS skipped_media,
        row_number() OVER (
            PARTITION BY frame.days
            ORDER BY
                reading.engagement DESC NULLS LAST,
                reading.published_at,
                length(reading.media_id),
                reading.media_id COLLATE "C"
        ) AS from_largest,
        row_number() OVER (
            PARTITION BY frame.days
            ORDER BY
                reading.engagement ASC NULLS LAST,
                reading.published_at,
                length(reading.media_id),
                reading.media_id COLLATE "C"
        ) AS from_smallest
    FROM reading
    INNER JOIN (VALUES (7), (28)) AS frame (days) ON reading.published_on > $2::date - frame.days
    WINDOW frame_media AS (PARTITION BY frame.days)
),
largest AS (
    SELECT * FROM ranked WHERE from_largest = 1 AND engagement IS NOT NULL
),
smallest AS (
    SELECT * FROM ranked WHERE from_smallest = 1 AND engagement IS NOT NULL
),
largest_gone AS (
    DELETE FROM toba_cek_insta.user_media_largest_engagement AS held
    WHERE held.user_id = $1 AND NOT EXISTS (SELECT FROM largest WHERE largest.timeframe = held.timeframe)
),
smallest_gone AS (
    DELETE FROM toba_cek_insta.user_media_smallest_engagement AS held
    WHERE held.user_id = $1 AND NOT EXISTS (SELECT FROM smallest WHERE smallest.timeframe = held.timeframe)
),
largest_written AS (
    INSERT INTO toba_cek_insta.user_media_largest_engagement AS held
        (user_id, timeframe, datestamp, media_id, engagement_count, media_count, skipped_media, updated_timestamp)
    SELECT $1, timeframe, $2, media_id, engagement, media_count, skipped_media, $3
    FROM largest
    ON CONFLICT (user_id, timeframe) DO UPDATE SET
        datestamp = excluded.datestamp,
        media_id = excluded.media_id,
        engagement_count = excluded.engagement_count,
        media_count = excluded.media_count,
        skipped_media = excluded.skipped_media,
        updated_timestamp = excluded.updated_timestamp
    WHERE
        (held.datestamp, held.media_id, held.engagement_count, held.media_count, held.skipped_media)
        IS DISTINCT FROM
        (excluded.datestamp, excluded.media_id, excluded.engagement_count, excluded.media_count, excluded.skipped_media)
)
INSERT INTO toba_cek_insta.user_media_smallest_engagement AS held
    (user_id, timeframe, datestamp, media_id, engagement_count, media_count, skipped_media, updated_timestamp)
SELECT $1, timeframe, $2, media_id, engagement, media_count, skipped_media, $3
FROM smallest
ON CONFLICT (user_id, timeframe) DO UPDATE SET
    datestamp = excluded.datestamp,
    media_id = excluded.media_id,
    engagement_count = excluded.engagement_count,
    media_count = excluded.media_count,
    skipped_media = excluded.skipped_media,
    updated_timestamp = excluded.updated_timestamp
WHERE
    (held.datestamp, held.media_id, held.engagement_count, held.media_count, held.skipped_media)
    IS DISTINCT FROM
    (excluded.datestamp, excluded.media_id, excluded.engagement_count, excluded.media_count, excluded.skipped_media)
