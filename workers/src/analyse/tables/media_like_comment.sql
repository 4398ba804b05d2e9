-- Growth columns of the snapshots of the account's media from the first day on: the difference from the one
-- before.
UPDATE instagram.media_like_comment AS held SET
    like_count_growth = computed.like_count_growth,
    comments_count_growth = computed.comments_count_growth
FROM (
    SELECT
        snapshot.id,
        snapshot.like_count - before.like_count AS like_count_growth,
        snapshot.comments_count - before.comments_count AS comments_count_growth
    FROM instagram.media AS medium
    -- OFFSET 0 keeps it a range of the index for each medium, however many there are.
    CROSS JOIN LATERAL (
        SELECT held.id, held.media_id, held.datestamp, held.like_count, held.comments_count
        FROM instagram.media_like_comment AS held
        WHERE held.media_id = medium.id AND held.datestamp >= $2
        OFFSET 0
    ) AS snapshot
    LEFT JOIN LATERAL (
        SELECT earlier.like_count, earlier.comments_count
        FROM instagram.media_like_comment AS earlier
        WHERE earlier.media_id = snapshot.media_id AND earlier.datestamp < snapshot.datestamp
        ORDER BY earlier.datestamp DESC
        LIMIT 1
    ) AS before ON TRUE
    WHERE medium.user_id = $1
) AS computed
WHERE
    held.id = computed.id
    AND (held.like_count_growth, held.comments_count_growth)
    IS DISTINCT FROM (computed.like_count_growth, computed.comments_count_growth)
