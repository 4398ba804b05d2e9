-- Brings pipeline.analysed_media and analysed_account up to date for one account and returns the days that what
-- differs concerns, before and after: of publication, of deletion, and of the comments that came or went with a
-- medium. What a hashtag is, and how it is compared, was decided where the caption was written.
-- $1 account
WITH zone AS (
    SELECT coalesce((SELECT timezone FROM instagram."user" WHERE id = $1), 'UTC') AS name
),
held AS MATERIALIZED (
    -- Album children are part of their album, an ad's copy is the organic medium again.
    SELECT
        medium.id AS media_id,
        medium."timestamp" AS published_at,
        (medium."timestamp" AT TIME ZONE zone.name)::date AS published_on,
        (medium.deleted_at AT TIME ZONE zone.name)::date AS deleted_on,
        medium.media_hastag
    FROM instagram.media AS medium
    CROSS JOIN zone
    WHERE
        medium.user_id = $1
        AND medium."timestamp" IS NOT NULL
        AND medium.parent_id IS NULL
        AND medium.original_media_id IS NULL
),
-- A full join is never done by a loop over both sides, whatever the planner believes about a table just filled.
difference AS MATERIALIZED (
    SELECT
        coalesce(held.media_id, before.media_id) AS media_id,
        held.media_id IS NULL AS is_gone,
        held.published_at,
        held.published_on,
        held.deleted_on,
        held.media_hastag,
        before.published_on AS was_published_on,
        before.deleted_on AS was_deleted_on,
        held.media_id IS NULL OR before.media_id IS NULL AS is_other
    FROM held
    FULL JOIN (SELECT * FROM pipeline.analysed_media WHERE user_id = $1) AS before
        ON before.media_id = held.media_id
    WHERE
        held.media_id IS NULL
        OR before.media_id IS NULL
        OR (before.published_at, before.published_on, before.deleted_on, before.media_hastag)
        IS DISTINCT FROM (held.published_at, held.published_on, held.deleted_on, held.media_hastag)
),
gone AS (
    DELETE FROM pipeline.analysed_media AS before
    USING difference
    WHERE before.user_id = $1 AND before.media_id = difference.media_id AND difference.is_gone
),
written AS (
    INSERT INTO pipeline.analysed_media AS before
        (user_id, media_id, published_at, published_on, deleted_on, media_hastag, hastags)
    SELECT
        $1,
        media_id,
        published_at,
        published_on,
        deleted_on,
        media_hastag,
        ARRAY(
            SELECT DISTINCT hastag
            FROM regexp_split_to_table(coalesce(media_hastag, ''), '[ ,#]+') AS hastag
            WHERE hastag <> ''
            ORDER BY hastag
        )
    FROM difference
    WHERE NOT is_gone
    ON CONFLICT (user_id, media_id) DO UPDATE SET
        published_at = excluded.published_at,
        published_on = excluded.published_on,
        deleted_on = excluded.deleted_on,
        media_hastag = excluded.media_hastag,
        hastags = excluded.hastags
),
-- Another zone moves comments that no medium moves with.
moved AS MATERIALIZED (
    SELECT zone.name
    FROM zone
    LEFT JOIN pipeline.analysed_account AS before ON before.account_id = $1
    WHERE zone.name IS DISTINCT FROM before.timezone
),
account_written AS (
    INSERT INTO pipeline.analysed_account AS before (account_id, timezone)
    SELECT $1, name
    FROM moved
    ON CONFLICT (account_id) DO UPDATE SET timezone = excluded.timezone
),
-- Media whose comments have to be counted again: all of them, or those from the day of a deletion on.
recounted AS (
    SELECT media_id, min(since) AS since
    FROM (
        SELECT media_id, '-infinity'::date AS since FROM difference WHERE is_other
        UNION ALL
        SELECT media_id, least(deleted_on, was_deleted_on) FROM difference
        WHERE NOT is_other AND deleted_on IS DISTINCT FROM was_deleted_on
        UNION ALL
        SELECT held.media_id, '-infinity'::date FROM held CROSS JOIN moved
    ) AS any_reason
    GROUP BY media_id
),
comment_day AS (
    SELECT day.d
    FROM recounted
    CROSS JOIN zone
    CROSS JOIN LATERAL (
        SELECT recounted.media_id AS id
        UNION ALL
        SELECT part.id
        FROM instagram.media AS part
        WHERE coalesce(part.original_media_id, part.parent_id) = recounted.media_id
    ) AS part
    -- OFFSET 0 keeps it a loop over an index, however many the planner believes to differ.
    CROSS JOIN LATERAL (
        SELECT "timestamp", first_seen_at, deleted_at
        FROM instagram.media_comment
        WHERE media_id = part.id
        OFFSET 0
    ) AS comment
    CROSS JOIN LATERAL (
        VALUES
        ((coalesce(comment."timestamp", comment.first_seen_at) AT TIME ZONE zone.name)::date),
        ((comment.deleted_at AT TIME ZONE zone.name)::date)
    ) AS day (d)
    WHERE day.d >= recounted.since
)
SELECT published_on AS day FROM difference WHERE published_on IS NOT NULL
UNION
SELECT was_published_on FROM difference WHERE was_published_on IS NOT NULL
UNION
SELECT deleted_on FROM difference WHERE deleted_on IS NOT NULL
UNION
SELECT was_deleted_on FROM difference WHERE was_deleted_on IS NOT NULL
UNION
SELECT d FROM comment_day
UNION
SELECT delta.day FROM toba_cek_insta.sentiment_delta AS delta CROSS JOIN moved WHERE delta.user_id = $1
