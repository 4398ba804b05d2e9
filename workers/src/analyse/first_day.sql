-- The first day of which anything is held of an account, raw or computed; NULL where there is nothing.
-- $1 account
SELECT least(
    (SELECT min(datestamp) FROM instagram.user_data WHERE user_id = $1),
    (SELECT min(published_on) FROM pipeline.analysed_media WHERE user_id = $1),
    (
        SELECT min(first.datestamp)
        FROM pipeline.analysed_media AS post
        CROSS JOIN LATERAL (
            SELECT datestamp FROM instagram.media_like_comment WHERE media_id = post.media_id
            ORDER BY datestamp LIMIT 1
        ) AS first
        WHERE post.user_id = $1
    ),
    -- A day earlier, so that it is one of any zone.
    (
        SELECT (min(first.at) AT TIME ZONE 'UTC')::date - 1
        FROM pipeline.post_part AS part
        CROSS JOIN LATERAL (
            SELECT coalesce("timestamp", first_seen_at) AS at
            FROM instagram.media_comment
            WHERE media_id = part.part_id
            ORDER BY coalesce("timestamp", first_seen_at)
            LIMIT 1
        ) AS first
        WHERE part.user_id = $1
    ),
    -- A day of Meta ends up to two local days after it began.
    (
        SELECT (min(end_time) AT TIME ZONE 'UTC')::date - 2
        FROM instagram.user_insight_reach
        WHERE user_id = $1
    ),
    (
        SELECT (min(end_time) AT TIME ZONE 'UTC')::date - 2
        FROM instagram.user_insight_impressions
        WHERE user_id = $1
    ),
    (SELECT min(day) FROM toba_cek_insta.sentiment_delta WHERE user_id = $1),
    (SELECT min(datestamp) FROM toba_cek_insta.user_hastags_metrics WHERE user_id = $1),
    (SELECT min(datestamp) FROM toba_cek_insta.user_hastags_metrics_distribution WHERE user_id = $1),
    (SELECT min(datestamp) FROM toba_cek_insta.account_day WHERE user_id = $1)
)
