-- The plain aggregate: what came in on one day, each row of it read once, nothing compared and nothing written.
-- $1 day
SELECT
    (
        SELECT jsonb_build_array(
            count(*) FILTER (WHERE felt.sentiment = 'pos'), count(*) FILTER (WHERE felt.sentiment = 'neu'),
            count(*) FILTER (WHERE felt.sentiment = 'neg')
        )
        FROM instagram.media AS medium
        CROSS JOIN LATERAL (
            SELECT id FROM instagram.media_comment
            WHERE
                media_id = medium.id
                AND coalesce("timestamp", first_seen_at) >= $1::timestamp AT TIME ZONE 'Asia/Jakarta'
                AND coalesce("timestamp", first_seen_at) < ($1::date + 1)::timestamp AT TIME ZONE 'Asia/Jakarta'
            OFFSET 0
        ) AS comment
        INNER JOIN toba_cek_insta.user_media_comment_sentiment AS felt ON felt.comment_id = comment.id
        WHERE medium.user_id = '1'
    ) AS sentiment,
    (
        SELECT jsonb_build_array(sum(snapshot.like_count), sum(snapshot.comments_count))
        FROM instagram.media AS medium
        INNER JOIN instagram.media_like_comment AS snapshot
            ON snapshot.media_id = medium.id AND snapshot.datestamp = $1
        WHERE medium.user_id = '1'
    ) AS counts,
    (
        SELECT jsonb_object_agg(told.metric, told.value)
        FROM (
            SELECT insight.metric, sum(insight.value) AS value
            FROM instagram.media AS medium
            INNER JOIN instagram.media_insight AS insight
                ON insight.media_id = medium.id AND insight.datestamp = $1
            WHERE medium.user_id = '1'
            GROUP BY insight.metric
        ) AS told
    ) AS figures,
    (SELECT followers_count FROM instagram.user_data WHERE user_id = '1' AND datestamp = $1) AS followers
