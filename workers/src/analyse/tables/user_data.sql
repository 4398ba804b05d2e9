-- Growth columns of the account's snapshots from the first day on: the difference from the snapshot before.
UPDATE instagram.user_data AS held SET
    followers_count_growth = computed.followers_count_growth,
    media_count_growth = computed.media_count_growth
FROM (
    SELECT
        snapshot.id,
        snapshot.followers_count - before.followers_count AS followers_count_growth,
        snapshot.media_count - before.media_count AS media_count_growth
    FROM instagram.user_data AS snapshot
    LEFT JOIN LATERAL (
        SELECT earlier.followers_count, earlier.media_count
        FROM instagram.user_data AS earlier
        WHERE earlier.user_id = snapshot.user_id AND earlier.datestamp < snapshot.datestamp
        ORDER BY earlier.datestamp DESC
        LIMIT 1
    ) AS before ON TRUE
    WHERE snapshot.user_id = $1 AND snapshot.datestamp >= $2
) AS computed
WHERE
    held.id = computed.id
    AND (held.followers_count_growth, held.media_count_growth)
    IS DISTINCT FROM (computed.followers_count_growth, computed.media_count_growth)
