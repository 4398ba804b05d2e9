-- workers/src/clock.rs
SELECT clock_timestamp()
;
-- workers/src/database.rs
SELECT current_setting('transaction_read_only') = 'off'
;
-- workers/src/insight.rs
INSERT INTO instagram.media_insight AS held
        (id, media_id, metric, breakdown, datestamp, value, absence, source, observed_at, api_version, api_id, updated_timestamp)
    SELECT id, media_id, metric, breakdown, datestamp, value, absence, source, observed_at, api_version, api_id, $12
    FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::date[], $6::numeric[], $7::text[], $8::text[],
                $9::timestamptz[], $10::text[], $11::text[])
        AS given (id, media_id, metric, breakdown, datestamp, value, absence, source, observed_at, api_version, api_id)
    ORDER BY media_id, metric, breakdown, datestamp
    ON CONFLICT (media_id, metric, breakdown, datestamp) DO UPDATE SET
        value = excluded.value, absence = excluded.absence, source = excluded.source, observed_at = excluded.observed_at,
        api_version = excluded.api_version, api_id = excluded.api_id, updated_timestamp = excluded.updated_timestamp
    WHERE (excluded.value IS NOT NULL,
           coalesce(array_position($13::text[], excluded.absence), 0),
           excluded.observed_at,
           array_position($14::text[], excluded.source),
           coalesce(excluded.value, 0))
        > (held.value IS NOT NULL,
           coalesce(array_position($13::text[], held.absence), 0),
           held.observed_at,
           array_position($14::text[], held.source),
           coalesce(held.value, 0))
       OR ($15 AND held.observed_at = excluded.observed_at AND held.source = excluded.source
           AND (held.value, held.absence, held.api_version, held.api_id)
               IS DISTINCT FROM (excluded.value, excluded.absence, excluded.api_version, excluded.api_id))
;
-- workers/src/analyse/first_day.sql
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
;
-- workers/src/analyse/marks.rs
INSERT INTO pipeline.dirty_mark (account_id, day, marked_at)
    SELECT DISTINCT
        given.account_id, (given.at AT TIME ZONE coalesce(account.timezone, 'UTC'))::date, $3::timestamptz
    FROM UNNEST($1::text[], $2::timestamptz[]) AS given (account_id, at)
    LEFT JOIN instagram."user" AS account ON account.id = given.account_id
    WHERE given.account_id <> ''
;
-- workers/src/analyse/store.rs
SELECT account_id FROM pipeline.dirty_mark GROUP BY account_id ORDER BY min(id) LIMIT $1
;
-- workers/src/analyse/store.rs
SELECT pg_try_advisory_xact_lock(hashtextextended('cekbrand.analyse/' || $1, 0))
;
-- workers/src/analyse/store.rs
SELECT pg_advisory_xact_lock(hashtextextended('cekbrand.analyse/' || $1, 0))
;
-- workers/src/analyse/store.rs
SELECT set_config('statement_timeout', '0', TRUE), set_config('lock_timeout', '0', TRUE)
;
-- workers/src/analyse/store.rs
DELETE FROM pipeline.dirty_mark WHERE account_id = $1 RETURNING day
;
-- workers/src/analyse/store.rs
SELECT ($2::timestamptz AT TIME ZONE
        coalesce((SELECT timezone FROM instagram."user" WHERE id = $1), 'UTC'))::date
;
-- workers/src/analyse/sync_media.sql
WITH zone AS (
    SELECT coalesce((SELECT timezone FROM instagram."user" WHERE id = $1), 'UTC') AS name
),
held AS MATERIALIZED (
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
;
-- workers/src/analyse/sentiment/store.rs
SELECT pg_try_advisory_xact_lock(hashtextextended('cekbrand.sentiment', 0))
;
-- workers/src/analyse/sentiment/store.rs
DELETE FROM pipeline.changed_comment
    WHERE id = ANY (ARRAY(SELECT id FROM pipeline.changed_comment ORDER BY id LIMIT $1))
    RETURNING comment_id, media_id, at
;
-- workers/src/analyse/sentiment/store.rs
SELECT held.comment_id, comment.media_id, said.at
    FROM (
        (SELECT comment_id FROM toba_cek_insta.user_media_comment_sentiment WHERE model < $1 LIMIT $2)
        UNION ALL
        (SELECT comment_id FROM toba_cek_insta.user_media_comment_sentiment WHERE model > $1 LIMIT $2)
    ) AS held
    LEFT JOIN instagram.media_comment AS comment ON comment.id = held.comment_id
    CROSS JOIN LATERAL (
        SELECT coalesce(comment."timestamp", comment.first_seen_at, 'epoch') AS at
        UNION
        SELECT comment.deleted_at WHERE comment.deleted_at IS NOT NULL
    ) AS said
;
-- workers/src/analyse/sentiment/store.rs
SELECT comment.id, comment.media_id, comment.text, comment.text_at
    FROM instagram.media_comment AS comment
    LEFT JOIN toba_cek_insta.user_media_comment_sentiment AS held ON held.comment_id = comment.id
    LEFT JOIN pipeline.sentiment_correction AS person ON person.comment_id = comment.id
    WHERE
        comment.id = ANY ($2)
        AND comment.text IS NOT NULL
        AND (
            held.model, held.media_id, held.text_at, held.corrected,
            CASE WHEN person.comment_id IS NOT NULL THEN held.sentiment END
        )
        IS DISTINCT FROM
        ($1, comment.media_id, comment.text_at, person.comment_id IS NOT NULL, person.sentiment)
    ORDER BY comment.id
;
-- workers/src/analyse/sentiment/store.rs
SELECT comment.id
    FROM (
        SELECT id FROM instagram.media WHERE user_id = $1
        UNION
        SELECT part.id
        FROM instagram.media AS whole
        INNER JOIN instagram.media AS part ON coalesce(part.original_media_id, part.parent_id) = whole.id
        WHERE whole.user_id = $1
    ) AS medium
    INNER JOIN instagram.media_comment AS comment ON comment.media_id = medium.id
    LEFT JOIN toba_cek_insta.user_media_comment_sentiment AS held ON held.comment_id = comment.id
    WHERE
        comment.text IS NOT NULL
        AND (held.model, held.media_id, held.text_at) IS DISTINCT FROM ($2, comment.media_id, comment.text_at)
    ORDER BY comment.id
;
-- workers/src/analyse/sentiment/store.rs
INSERT INTO toba_cek_insta.user_media_comment_sentiment AS held
        (comment_id, media_id, sentiment, score, uncertain, corrected, language, text_at, model, updated_timestamp)
    SELECT
        given.comment_id, given.media_id, coalesce(person.sentiment, given.sentiment),
        CASE WHEN person.comment_id IS NULL THEN given.score ELSE 1 END,
        person.comment_id IS NULL AND given.uncertain, person.comment_id IS NOT NULL,
        given.language, given.text_at, $8, $9
    FROM UNNEST(
        $1::text[], $2::text[], $3::text[], $4::real[], $5::boolean[], $6::text[], $7::timestamptz[]
    ) AS given (comment_id, media_id, sentiment, score, uncertain, language, text_at)
    LEFT JOIN pipeline.sentiment_correction AS person ON person.comment_id = given.comment_id
    ON CONFLICT (comment_id) DO UPDATE SET
        media_id = excluded.media_id, sentiment = excluded.sentiment, score = excluded.score,
        uncertain = excluded.uncertain, corrected = excluded.corrected, language = excluded.language,
        text_at = excluded.text_at, model = excluded.model, updated_timestamp = excluded.updated_timestamp
;
-- workers/src/analyse/sentiment/store.rs
DELETE FROM toba_cek_insta.user_media_comment_sentiment AS held
    WHERE
        held.comment_id = ANY ($1)
        AND NOT EXISTS (
            SELECT FROM instagram.media_comment AS comment
            WHERE comment.id = held.comment_id AND comment.text IS NOT NULL
        )
;
-- workers/src/analyse/sentiment/store.rs
INSERT INTO pipeline.dirty_mark (account_id, day, marked_at)
    SELECT DISTINCT
        account.account_id, (said.at AT TIME ZONE coalesce(owner.timezone, 'UTC'))::date, $3::timestamptz
    FROM UNNEST($1::text[], $2::timestamptz[]) AS given (media_id, at)
    INNER JOIN instagram.media AS medium ON medium.id = given.media_id
    INNER JOIN instagram.media AS post
        ON post.id = coalesce(medium.original_media_id, medium.parent_id, medium.id)
    INNER JOIN pipeline.account ON account.account_id = post.user_id AND account.removed_at IS NULL
    LEFT JOIN instagram."user" AS owner ON owner.id = post.user_id
    CROSS JOIN LATERAL (VALUES (given.at), (post.deleted_at)) AS said (at)
    WHERE said.at IS NOT NULL
;
-- workers/src/enrich/store/catalogue.rs
INSERT INTO instagram.fetch_catalogue AS c (fetch_id, fetch_name)
SELECT given.fetch_id, given.fetch_name
FROM UNNEST($1::text[], $2::text[]) AS given (fetch_id, fetch_name)
ORDER BY given.fetch_id
ON CONFLICT (fetch_id) DO UPDATE SET fetch_name = EXCLUDED.fetch_name
WHERE c.fetch_name <> EXCLUDED.fetch_name
;
-- workers/src/enrich/store/quota.rs
INSERT INTO pipeline.account_quota AS q (app_id, account_id, granted, updated_at)
SELECT $1, $2, $4, $3
WHERE NOT EXISTS (
    SELECT 1 FROM pipeline.account_quota app
    WHERE app.app_id = $1 AND app.account_id = '' AND app.blocked_until > $3)
ON CONFLICT (app_id, account_id) DO UPDATE SET
    granted = q.granted + CASE WHEN q.usage_percent >= $5 THEN 1 ELSE EXCLUDED.granted END,
    updated_at = EXCLUDED.updated_at
WHERE COALESCE(q.blocked_until <= EXCLUDED.updated_at, TRUE)
RETURNING CASE WHEN q.usage_percent >= $5 THEN 1 ELSE $4 END
;
-- workers/src/enrich/store/quota.rs
SELECT q.blocked_until, q.block_reason FROM pipeline.account_quota q
WHERE q.app_id = $1 AND q.account_id IN ($2, '') AND q.blocked_until > $3
ORDER BY q.blocked_until DESC LIMIT 1
;
-- workers/src/enrich/store/quota.rs
INSERT INTO pipeline.account_quota AS q
    (app_id, account_id, call_count, usage_percent, usage, observed_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (app_id, account_id) DO UPDATE SET
    call_count = q.call_count + EXCLUDED.call_count,
    usage_percent = CASE WHEN EXCLUDED.observed_at >= COALESCE(q.observed_at, '-infinity')
        THEN EXCLUDED.usage_percent ELSE q.usage_percent END,
    usage = CASE WHEN EXCLUDED.observed_at >= COALESCE(q.observed_at, '-infinity')
        THEN COALESCE(q.usage, '{}') || EXCLUDED.usage ELSE q.usage END,
    observed_at = GREATEST(q.observed_at, EXCLUDED.observed_at),
    updated_at = EXCLUDED.updated_at
;
-- workers/src/enrich/store/quota.rs
SELECT q.blocked_until, q.block_seconds FROM pipeline.account_quota q
WHERE q.app_id = $1 AND q.account_id = $2
FOR UPDATE
;
-- workers/src/enrich/store/quota.rs
INSERT INTO pipeline.account_quota AS q (app_id, account_id, blocked_until, block_reason, block_seconds, updated_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (app_id, account_id) DO UPDATE SET
    blocked_until = GREATEST(q.blocked_until, EXCLUDED.blocked_until),
    block_reason = EXCLUDED.block_reason,
    block_seconds = EXCLUDED.block_seconds,
    updated_at = EXCLUDED.updated_at
RETURNING q.blocked_until
;
-- workers/src/enrich/store/response.rs
INSERT INTO pipeline.graph_response
    (fetch_id, account_id, target_id, request, status, body, error_code, error_subcode, usage, observed_at,
     api_version, duration_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
;
-- workers/src/enrich/store/stop.rs
SELECT s.reason, s.until FROM pipeline.read_stop s
WHERE s.account_id = $1 AND s.kind IN ('', $2) AND s.until > $3
ORDER BY s.until DESC LIMIT 1
;
-- workers/src/enrich/store/stop.rs
INSERT INTO pipeline.read_stop AS s (account_id, kind, reason, until, set_at)
SELECT $1, $2, $3, $4, $5
WHERE $6::text IS NOT DISTINCT FROM (SELECT t.token FROM instagram.instagram_tokens t WHERE t.user_id = $1)
ON CONFLICT (account_id, kind) DO UPDATE SET reason = EXCLUDED.reason, until = EXCLUDED.until, set_at = EXCLUDED.set_at
;
-- workers/src/enrich/store/stop.rs
WITH refused AS (
    INSERT INTO pipeline.read_refusal AS r (account_id, kind, target_id, refused_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (account_id, kind, target_id) DO UPDATE SET refused_at = EXCLUDED.refused_at
)
SELECT 1 + count(*) FROM pipeline.read_refusal r
WHERE r.account_id = $1 AND r.kind = $2 AND r.target_id <> $3 AND r.refused_at > $5
;
-- workers/src/enrich/store/stop.rs
DELETE FROM pipeline.read_refusal r WHERE r.account_id = $1 AND r.kind = $2
;
-- workers/src/erase/duty.rs
SELECT EXISTS (SELECT FROM pipeline.deletion_request WHERE finished_at IS NULL)
;
-- workers/src/erase/duty.rs
SELECT pg_try_advisory_lock(hashtextextended('cekbrand.eraser', 0))
;
-- workers/src/erase/duty.rs
SELECT pg_advisory_unlock(hashtextextended('cekbrand.eraser', 0))
;
-- workers/src/erase/duty.rs
SELECT confirmation_code, kind, app_scoped_id FROM pipeline.deletion_request
WHERE finished_at IS NULL ORDER BY requested_at, confirmation_code LIMIT 100
;
-- workers/src/erase/duty.rs
UPDATE pipeline.deletion_request SET state = 'running' WHERE confirmation_code = $1
;
-- workers/src/erase/duty.rs
UPDATE pipeline.deletion_request SET erased = coalesce((
    SELECT jsonb_object_agg(sums.name, sums.n)
    FROM (
        SELECT each.key AS name, sum(each.value::bigint) AS n
        FROM (
            SELECT key, value FROM jsonb_each_text(erased)
            UNION ALL SELECT key, value FROM jsonb_each_text($2::jsonb)
        ) AS each
        GROUP BY each.key
        HAVING sum(each.value::bigint) > 0
    ) AS sums), '{}')
WHERE confirmation_code = $1
;
-- workers/src/erase/duty.rs
SELECT erased <> '{}' FROM pipeline.deletion_request WHERE confirmation_code = $1
;
-- workers/src/erase/duty.rs
UPDATE pipeline.deletion_request SET
    state = CASE WHEN $2 THEN 'done' ELSE 'nothing_held' END, finished_at = GREATEST($3, requested_at)
WHERE confirmation_code = $1
;
-- workers/src/erase/duty.rs
UPDATE pipeline.deletion_request SET app_scoped_id = '', account_id = NULL
WHERE finished_at IS NOT NULL AND (app_scoped_id = ANY ($1) OR account_id = ANY ($1))
;
-- workers/src/erase/duty.rs
DELETE FROM pipeline.event WHERE object = 'signed_request' AND account_id = ANY ($1)
;
-- workers/src/erase/duty.rs
UPDATE pipeline.audit SET target = '(erased)', detail = '{}'
WHERE target = ANY ($1) OR detail::text ~ $2
;
-- workers/src/erase/duty.rs
UPDATE pipeline.replay_run SET account_id = '(erased)' WHERE account_id = ANY ($1)
;
-- workers/src/erase/duty.rs
INSERT INTO pipeline.audit (at, actor, action, target, detail)
SELECT $2, 'worker', 'erase', confirmation_code, erased FROM pipeline.deletion_request
WHERE confirmation_code = $1
;
-- workers/src/erase/request.rs
INSERT INTO pipeline.deletion_request (confirmation_code, kind, app_scoped_id, state, requested_at)
VALUES ($1, $2, $3, 'received', $4)
ON CONFLICT (confirmation_code) DO NOTHING
;
-- workers/src/erase/store.rs
SELECT id, app_scoped_id, username FROM instagram."user"
WHERE id = $1 OR app_scoped_id = $1
    OR id IN (SELECT account_id FROM pipeline.token_upkeep WHERE meta_user_id = $1)
;
-- workers/src/erase/store.rs
SELECT DISTINCT username FROM instagram.media_comment WHERE from_id = ANY ($1) AND username <> ''
;
-- workers/src/erase/store.rs
WITH own AS (
    SELECT id FROM instagram.media
    WHERE user_id = ANY ($1) OR owner_id = ANY ($1) OR (user_id IS NULL AND username = ANY ($2))
)
SELECT id FROM own
UNION
SELECT part.id FROM instagram.media AS part
JOIN own ON coalesce(part.original_media_id, part.parent_id) = own.id
;
-- workers/src/erase/store.rs
SELECT id FROM instagram.media_comment
WHERE from_id = ANY ($1) OR media_id = ANY ($3) OR account_id = ANY ($1)
    OR (from_id IS NULL AND username = ANY ($2))
UNION
SELECT subject_id FROM pipeline.event
WHERE field IN ('comments', 'live_comments') AND subject_id IS NOT NULL AND raw ~ $4
;
-- workers/src/erase/store.rs
SELECT account_id FROM pipeline.account WHERE account_id = ANY ($1) ORDER BY account_id FOR UPDATE
;
-- workers/src/erase/store.rs
INSERT INTO pipeline.suppression AS held (kind, subject_id, confirmation_code, created_at)
SELECT given.kind, pipeline.subject_hash(given.subject), $3, $4
FROM UNNEST($1::text[], $2::text[]) AS given (kind, subject)
ON CONFLICT (kind, subject_id) DO UPDATE
SET lifted_at = NULL, confirmation_code = excluded.confirmation_code, created_at = excluded.created_at
WHERE held.lifted_at IS NOT NULL
;
-- workers/src/erase/store.rs
SELECT pg_advisory_xact_lock(hashtextextended('cekbrand.erase', 0))
;
-- workers/src/erase/store.rs
DELETE FROM pipeline.enrichment_task
WHERE account_id = ANY ($1) OR target_id = ANY ($1) OR target_id = ANY ($2) OR target_id = ANY ($3)
;
-- workers/src/erase/store.rs
SELECT pg_advisory_xact_lock(hashtextextended('cekbrand.sentiment', 0))
;
-- workers/src/erase/store.rs
SELECT pg_advisory_xact_lock(hashtextextended('cekbrand.analyse/' || $1, 0))
;
-- workers/src/erase/store.rs
INSERT INTO pipeline.dirty_mark (account_id, day, marked_at)
SELECT DISTINCT
    account.account_id, (said.at AT TIME ZONE coalesce(owner.timezone, 'UTC'))::date, $3::timestamptz
FROM instagram.media_comment AS comment
CROSS JOIN LATERAL (
    VALUES (coalesce(comment."timestamp", comment.first_seen_at)), (comment.deleted_at)
) AS said (at)
INNER JOIN instagram.media AS medium ON medium.id = comment.media_id
INNER JOIN instagram.media AS post
    ON post.id = coalesce(medium.original_media_id, medium.parent_id, medium.id)
INNER JOIN pipeline.account ON account.account_id = post.user_id AND account.removed_at IS NULL
LEFT JOIN instagram."user" AS owner ON owner.id = post.user_id
WHERE comment.id = ANY ($1) AND said.at IS NOT NULL AND account.account_id <> ALL ($2)
;
-- workers/src/erase/store.rs
SELECT pipeline.erase_rows($1, $2, $3)
;
-- workers/src/erase/suppress.rs
SELECT pg_advisory_xact_lock_shared(hashtextextended('cekbrand.erase', 0))
;
-- workers/src/erase/suppress.rs
SELECT EXISTS (SELECT FROM pipeline.suppression)
;
-- workers/src/erase/suppress.rs
SELECT DISTINCT given.place
FROM UNNEST($1::bigint[], $2::text[], $3::timestamptz[]) AS given (place, subject, received_at)
JOIN pipeline.suppression AS held ON held.subject_id = pipeline.subject_hash(given.subject)
WHERE held.lifted_at IS NULL OR given.received_at < held.lifted_at
;
-- workers/src/erase/texts.rs
SELECT day::date FROM (
    SELECT generate_series(min(at), max(at), INTERVAL '1 day') AS day
    FROM (
        SELECT date_trunc('day', received_at AT TIME ZONE 'UTC') AS at FROM pipeline.event
        UNION ALL
        SELECT date_trunc('day', observed_at AT TIME ZONE 'UTC') FROM pipeline.graph_response
    ) AS held
) AS days
;
-- workers/src/erase/texts.rs
DELETE FROM pipeline.event
WHERE received_at >= $1::date::timestamp AT TIME ZONE 'UTC'
    AND received_at < ($1::date + 1)::timestamp AT TIME ZONE 'UTC'
    AND object <> 'signed_request'
    AND (account_id = ANY ($2) OR subject_id = ANY ($3) OR subject_id = ANY ($4) OR raw ~ $5 OR extra ~ $5)
;
-- workers/src/erase/texts.rs
DELETE FROM pipeline.graph_response
WHERE observed_at >= $1::date::timestamp AT TIME ZONE 'UTC'
    AND observed_at < ($1::date + 1)::timestamp AT TIME ZONE 'UTC'
    AND (account_id = ANY ($2) OR target_id = ANY ($2) OR target_id = ANY ($3) OR target_id = ANY ($4)
         OR body ~ $5 OR request ~ $6)
;
-- workers/src/erase/texts.rs
WITH meant AS (
    SELECT letter.id, letter.event_id FROM pipeline.dead_letter AS letter
    WHERE letter.account_id = ANY ($1)
        OR EXISTS (
            SELECT FROM UNNEST($2::bytea[]) AS needle (bytes)
            WHERE position(needle.bytes IN letter.payload) > 0)
        OR EXISTS (
            SELECT FROM pipeline.dead_letter_part AS part, UNNEST($2::bytea[]) AS needle (bytes)
            WHERE part.event_id = letter.event_id AND position(needle.bytes IN part.payload) > 0)
),
parts AS (DELETE FROM pipeline.dead_letter_part WHERE event_id IN (SELECT event_id FROM meant))
DELETE FROM pipeline.dead_letter WHERE id IN (SELECT id FROM meant)
;
-- workers/src/land/books.rs
SELECT partition, epoch, next FROM pipeline.consumer_offset
    WHERE "group" = $1 AND topic = $2 AND partition = ANY($3)
    ORDER BY partition FOR UPDATE
;
-- workers/src/land/books.rs
UPDATE pipeline.consumer_offset AS held SET
        next = given.next,
        landed = held.landed + given.landed,
        duplicates = held.duplicates + given.duplicates,
        dead_lettered = held.dead_lettered + given.dead_lettered,
        continued = held.continued + given.continued,
        expired = held.expired + given.expired,
        updated_at = $10
    FROM UNNEST($3::int[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[])
        AS given (partition, next, landed, duplicates, dead_lettered, continued, expired)
    WHERE held."group" = $1 AND held.topic = $2 AND held.partition = given.partition
;
-- workers/src/land/books.rs
SELECT expired FROM pipeline.consumer_offset
    WHERE "group" = $1 AND topic = $2 AND partition = $3 FOR UPDATE
;
-- workers/src/land/books.rs
INSERT INTO pipeline.consumer_offset AS held
        ("group", topic, partition, topic_id, start, next, epoch, expired, updated_at)
    VALUES ($1, $2, $3, $4, 0, $5, 1, $5, $6)
    ON CONFLICT ("group", topic, partition) DO UPDATE SET
        topic_id = coalesce(held.topic_id, excluded.topic_id),
        epoch = held.epoch + 1,
        expired = held.expired + greatest($5 - held.next, 0),
        next = greatest(held.next, $5),
        updated_at = $6
    RETURNING topic_id, next, epoch, expired
;
-- workers/src/land/books.rs
SELECT count(*) FROM pipeline.ledger WHERE NOT closed
;
-- workers/src/land/store.rs
INSERT INTO pipeline.event_key (event_id, received_at)
    SELECT event_id, received_at FROM UNNEST($1::bytea[], $2::timestamptz[]) AS given (event_id, received_at)
    ORDER BY event_id
    ON CONFLICT (event_id) DO NOTHING
    RETURNING event_id
;
-- workers/src/land/store.rs
INSERT INTO pipeline.event
        (event_id, is_test, subject_id, object, field, account_id, raw, entry_time, received_at, landed_at,
         topic, partition, "offset", secret_label, schema_version, extra)
    SELECT event_id, is_test, subject_id, object, field, account_id, raw, entry_time, received_at, $12, $13, partition, "offset", secret_label, 1, extra
    FROM UNNEST($1::bytea[], $2::boolean[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[],
                $9::timestamptz[], $10::int[], $11::bigint[], $14::text[], $15::text[])
        AS given (event_id, is_test, subject_id, object, field, account_id, raw, entry_time, received_at, partition, "offset", secret_label, extra)
;
-- workers/src/land/store.rs
INSERT INTO pipeline.dead_letter
        (event_id, topic, partition, "offset", reason, error, payload, parts, account_id, field, secret_label, received_at, landed_at,
         attempts)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    ON CONFLICT (topic, partition, "offset") DO NOTHING
;
-- workers/src/land/store.rs
INSERT INTO pipeline.dead_letter_part (event_id, part, payload) VALUES ($1, $2, $3)
    ON CONFLICT (event_id, part) DO NOTHING
;
-- workers/src/replay/changes.rs
SELECT schemaname || '.' || relname, n_tup_ins + n_tup_upd + n_tup_del
    FROM pg_stat_xact_user_tables
    WHERE schemaname IN ('instagram', 'toba_cek_insta') AND n_tup_ins + n_tup_upd + n_tup_del > 0
;
-- workers/src/replay/store.rs
INSERT INTO pipeline.replay_run
        (source, topic, from_time, to_time, account_id, enrich, dry_run, state, total, started_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, 'running', $8, $9, $9)
    RETURNING id
;
-- workers/src/replay/store.rs
INSERT INTO pipeline.replay_partition (run_id, partition, next, until)
    SELECT $1, partition, next, until
    FROM UNNEST($2::int[], $3::bigint[], $4::bigint[]) AS given (partition, next, until)
;
-- workers/src/replay/store.rs
SELECT source, topic, from_time, to_time, account_id, enrich, dry_run, total, seen, events_until, answers_until
    FROM pipeline.replay_run
    WHERE id = $1
;
-- workers/src/replay/store.rs
SELECT partition, next, until FROM pipeline.replay_partition WHERE run_id = $1 ORDER BY partition
;
-- workers/src/replay/store.rs
UPDATE pipeline.replay_run SET state = 'running', finished_at = NULL, error = NULL, updated_at = $2
    WHERE id = $1 AND state <> 'done'
;
-- workers/src/replay/store.rs
UPDATE pipeline.replay_run SET
        state = CASE WHEN $2 THEN 'done' WHEN $3::text IS NULL THEN 'stopped' ELSE 'failed' END,
        error = $3, finished_at = $4, updated_at = $4
    WHERE id = $1
;
-- workers/src/replay/store.rs
SELECT pg_try_advisory_lock(hashtextextended('cekbrand.replay.' || $1::bigint, 0))
;
-- workers/src/replay/store.rs
UPDATE pipeline.replay_run SET
        seen = seen + $2, changed = changed + $3, events_until = coalesce($4, events_until), updated_at = $5
    WHERE id = $1
;
-- workers/src/replay/store.rs
UPDATE pipeline.replay_partition AS held SET next = given.next
    FROM UNNEST($2::int[], $3::bigint[]) AS given (partition, next)
    WHERE held.run_id = $1 AND held.partition = given.partition
;
-- workers/src/replay/store.rs
UPDATE pipeline.replay_run SET
        seen = seen + $2, changed = changed + $3, answers_until = $4, updated_at = $5
    WHERE id = $1
;
-- workers/src/replay/store.rs
SELECT event_id, received_at FROM pipeline.event_key WHERE event_id = ANY($1)
;
-- workers/src/replay/store.rs
SELECT EXISTS (SELECT 1 FROM pipeline.account WHERE account_id = $1)
        OR EXISTS (SELECT 1 FROM instagram."user" WHERE id = $1)
;
-- workers/src/replay/store.rs
SELECT EXISTS (SELECT 1 FROM pipeline.event WHERE account_id = $1)
;
-- workers/src/replay/store.rs
SELECT count(*) FROM pipeline.event
    WHERE received_at >= $1 AND received_at < $2 AND topic = $3 AND ($4::text IS NULL OR account_id = $4)
;
-- workers/src/replay/store.rs
SELECT count(*) FROM pipeline.graph_response
    WHERE observed_at >= $1 AND observed_at < $2 AND ($3::text IS NULL OR account_id = $3)
;
-- workers/src/replay/store.rs
SELECT id, fetch_id, account_id, target_id, request, status, body, api_version, observed_at
    FROM pipeline.graph_response
    WHERE observed_at >= $1 AND observed_at < $2 AND ($3::text IS NULL OR account_id = $3) AND id > $4
    ORDER BY id
    LIMIT $5
;
-- workers/src/replay/source/events.rs
SELECT event_id, is_test, subject_id, object, field, account_id, raw, entry_time, received_at, secret_label, extra
    FROM pipeline.event
    WHERE received_at >= $1 AND received_at < $2 AND received_at > $3 AND topic = $4
        AND ($5::text IS NULL OR account_id = $5)
    ORDER BY received_at, event_id
;
-- workers/src/replay/source/events.rs
SELECT set_config('statement_timeout', '0', true)
;
-- workers/src/replay/source/events.rs
SELECT min(received_at), max(received_at) FROM pipeline.event
    WHERE received_at >= $1 AND received_at < $2 AND topic = $3
;
-- workers/src/retention/store.rs
SELECT pg_try_advisory_lock(hashtextextended('cekbrand.retention', 0))
;
-- workers/src/retention/store.rs
SELECT day FROM (
        SELECT to_date(right(part.relname, 8), 'YYYYMMDD') AS day
        FROM pg_inherits
        JOIN pg_class AS part ON part.oid = inhrelid
        WHERE inhparent = ('pipeline.' || $1)::regclass AND part.relname ~ '_\d{8}$'
    ) AS days
    WHERE day < $2
    ORDER BY day
;
-- workers/src/retention/store.rs
SELECT set_config('lock_timeout', '2s', true)
;
-- workers/src/retention/store.rs
SELECT pipeline.drop_partition($1, $2)
;
-- workers/src/retention/store.rs
DELETE FROM pipeline.event_key
        WHERE ctid = ANY(ARRAY(SELECT ctid FROM pipeline.event_key WHERE received_at < $1 LIMIT $2))
;
-- workers/src/retention/store.rs
DELETE FROM pipeline.enrichment_task
        WHERE id = ANY(ARRAY(
            SELECT id FROM pipeline.enrichment_task
            WHERE state = 'done' AND greatest(finished_at, fresh_until, wanted_at) < $1
            LIMIT $2 FOR UPDATE SKIP LOCKED))
;
-- workers/src/retention/store.rs
WITH gone AS (
            DELETE FROM pipeline.dead_letter
            WHERE id = ANY(ARRAY(
                SELECT id FROM pipeline.dead_letter WHERE resolved_at < $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED))
            RETURNING event_id, topic, partition
        ),
        parts AS (
            DELETE FROM pipeline.dead_letter_part USING gone WHERE dead_letter_part.event_id = gone.event_id
        ),
        noted AS (
            UPDATE pipeline.consumer_offset AS held SET dead_letters_pruned = held.dead_letters_pruned + summed.n
            FROM (SELECT topic, partition, count(*) AS n FROM gone GROUP BY topic, partition) AS summed
            WHERE held.topic = summed.topic AND held.partition = summed.partition
        )
        SELECT event_id FROM gone
;
-- workers/src/retention/store.rs
DELETE FROM pipeline.audit
        WHERE id = ANY(ARRAY(SELECT id FROM pipeline.audit WHERE at < $1 LIMIT $2))
;
-- workers/src/retention/store.rs
DELETE FROM pipeline.replay_run
        WHERE id = ANY(ARRAY(SELECT id FROM pipeline.replay_run WHERE finished_at < $1 LIMIT $2))
;
-- workers/src/retention/store.rs
DELETE FROM pipeline.session
        WHERE token_hash = ANY(ARRAY(SELECT token_hash FROM pipeline.session WHERE expires_at < $1 LIMIT $2))
;
-- workers/src/rows/account.rs
SELECT d.followers_count FROM instagram.user_data d
WHERE d.user_id = $1 AND d.followers_count IS NOT NULL AND d.updated_timestamp > $2
ORDER BY d.datestamp DESC LIMIT 1
;
-- workers/src/rows/account.rs
SELECT u.username FROM instagram."user" u
WHERE u.id = $1
    AND NOT EXISTS (SELECT 1 FROM pipeline.account a WHERE a.account_id = u.id AND a.removed_at IS NULL)
;
-- workers/src/rows/account.rs
SELECT r.metric FROM pipeline.refused_metric r WHERE r.account_id = $1 AND r.refused_at > $2
;
-- workers/src/rows/account.rs
INSERT INTO pipeline.refused_metric AS r (account_id, metric, refused_at)
SELECT $1, given.metric, $3 FROM UNNEST($2::text[]) AS given (metric) ORDER BY given.metric
ON CONFLICT (account_id, metric) DO UPDATE SET refused_at = GREATEST(r.refused_at, EXCLUDED.refused_at)
;
-- workers/src/rows/child.rs
WITH child AS (
    UPDATE instagram.media m SET parent_id = $2
    WHERE m.id = $1 AND m.parent_id IS NULL AND m.id <> $2
    RETURNING m.id
)
UPDATE instagram.media_comment below SET media_id = $2
FROM child
WHERE below.media_id = child.id
;
-- workers/src/rows/comment.rs
INSERT INTO instagram.media_comment AS c
    (id, username, from_id, media_id, parent_id, text, text_at, timestamp, like_count, hidden, account_id, source,
     read_at, first_seen_at, updated_timestamp)
SELECT n.id, n.username, n.from_id, n.media_id, n.parent_id, n.text,
    CASE WHEN n.text IS NOT NULL THEN $11::timestamptz END, n.timestamp, n.like_count, n.hidden, $10, $12, $11, $11, $11
FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::bigint[],
            $9::boolean[])
    AS n (id, username, from_id, media_id, parent_id, text, timestamp, like_count, hidden)
ORDER BY n.id
ON CONFLICT (id) DO UPDATE SET
    username = COALESCE(c.username, EXCLUDED.username),
    from_id = COALESCE(c.from_id, EXCLUDED.from_id),
    media_id = COALESCE(EXCLUDED.media_id, c.media_id),
    parent_id = COALESCE(c.parent_id, EXCLUDED.parent_id),
    text = CASE WHEN EXCLUDED.text_at > COALESCE(c.text_at, '-infinity') OR $13 AND EXCLUDED.text_at = c.text_at
        THEN EXCLUDED.text ELSE c.text END,
    text_at = GREATEST(c.text_at, EXCLUDED.text_at),
    timestamp = COALESCE(EXCLUDED.timestamp, c.timestamp),
    like_count = COALESCE(EXCLUDED.like_count, c.like_count),
    hidden = COALESCE(EXCLUDED.hidden, c.hidden),
    deleted_at = NULL,
    read_at = EXCLUDED.read_at,
    updated_timestamp = GREATEST(c.updated_timestamp, EXCLUDED.updated_timestamp)
WHERE COALESCE(c.read_at <= EXCLUDED.read_at, TRUE) AND COALESCE(c.deleted_at <= EXCLUDED.read_at, TRUE)
    AND ((c.username, c.from_id, c.media_id, c.parent_id, c.text_at, c.timestamp, c.like_count, c.hidden, c.deleted_at)
    IS DISTINCT FROM
    (COALESCE(c.username, EXCLUDED.username), COALESCE(c.from_id, EXCLUDED.from_id),
     COALESCE(EXCLUDED.media_id, c.media_id), COALESCE(c.parent_id, EXCLUDED.parent_id),
     GREATEST(c.text_at, EXCLUDED.text_at), COALESCE(EXCLUDED.timestamp, c.timestamp),
     COALESCE(EXCLUDED.like_count, c.like_count), COALESCE(EXCLUDED.hidden, c.hidden), NULL::timestamptz)
    OR $13 AND EXCLUDED.text_at = c.text_at AND EXCLUDED.text IS DISTINCT FROM c.text)
RETURNING c.id
;
-- workers/src/rows/comment.rs
INSERT INTO instagram.media (id, first_seen_at)
SELECT DISTINCT n.id, $2::timestamptz FROM UNNEST($1::text[]) AS n (id) WHERE n.id IS NOT NULL ORDER BY n.id
ON CONFLICT (id) DO NOTHING
;
-- workers/src/rows/comment.rs
WITH child AS (
    UPDATE instagram.media m SET parent_id = n.media_id
    FROM UNNEST($1::text[], $2::text[]) AS n (id, media_id)
    JOIN instagram.media_comment c ON c.id = n.id
    WHERE m.id = c.media_id AND m.id <> n.media_id AND m.parent_id IS NULL
        AND m.ad_id IS NULL AND m.original_media_id IS NULL
    RETURNING m.id, m.parent_id
)
UPDATE instagram.media_comment below SET media_id = child.parent_id
FROM child
WHERE below.media_id = child.id
;
-- workers/src/rows/comment.rs
UPDATE instagram.media_comment c SET deleted_at = $2, updated_timestamp = GREATEST(c.updated_timestamp, $2)
WHERE c.id = $1 AND c.deleted_at IS NULL
RETURNING c.id
;
-- workers/src/rows/comment.rs
SELECT a.account_id, COALESCE(c.timestamp, c.first_seen_at) AS written
FROM instagram.media_comment c
JOIN instagram.media m ON m.id = c.media_id
JOIN pipeline.account a ON a.account_id = m.user_id AND a.removed_at IS NULL
WHERE c.id = ANY($1)
;
-- workers/src/rows/competitor.rs
SELECT EXISTS (SELECT 1 FROM pipeline.account a WHERE a.account_id = $1 AND a.removed_at IS NULL)
;
-- workers/src/rows/competitor.rs
UPDATE instagram."user" u SET has_problems = TRUE, updated_timestamp = $2
WHERE u.id = $1
    AND NOT EXISTS (SELECT 1 FROM pipeline.account a WHERE a.account_id = u.id AND a.removed_at IS NULL)
;
-- workers/src/rows/competitor.rs
INSERT INTO instagram.user_data (user_id, datestamp, absence, updated_timestamp)
SELECT $1, ($2 AT TIME ZONE COALESCE(
        (SELECT u.timezone FROM instagram."user" u WHERE u.id = $1), 'UTC'))::date,
    '{"followers_count": "not_public", "follows_count": "not_public", "media_count": "not_public"}', $2
ON CONFLICT (user_id, datestamp) DO NOTHING
;
-- workers/src/rows/facts.rs
SELECT m.user_id, m.timestamp, m.first_seen_at, m.media_product_type, m.media_hastag, m.parent_id,
    CASE WHEN m.media_type IS NOT NULL THEN m.updated_timestamp END AS read_at,
    m.deleted_at IS NOT NULL OR m.lost_at IS NOT NULL AS is_gone,
    a.account_id IS NOT NULL AS is_ours, u.region
FROM instagram.media m
LEFT JOIN pipeline.account a ON a.account_id = m.user_id AND a.removed_at IS NULL
LEFT JOIN instagram."user" u ON u.id = m.user_id
WHERE m.id = $1
;
-- workers/src/rows/facts.rs
SELECT i.metric, bool_or(i.value IS NOT NULL) AS has_value,
    COALESCE((array_agg(i.absence::text ORDER BY i.observed_at DESC))[1] = 'unsupported', FALSE)
        AND max(i.observed_at) > $2 AS is_refused
FROM instagram.media_insight i
WHERE i.media_id = $1 AND i.breakdown = ''
GROUP BY i.metric
;
-- workers/src/rows/facts.rs
SELECT c.id FROM instagram.media_comment c
WHERE c.media_id = $1 AND c.source = 'webhook' ORDER BY c.first_seen_at LIMIT 1
;
-- workers/src/rows/facts.rs
SELECT m.user_id, given.observed_at
FROM UNNEST($1::text[], $2::timestamptz[]) AS given (media_id, observed_at)
JOIN instagram.media m ON m.id = given.media_id
JOIN pipeline.account a ON a.account_id = m.user_id AND a.removed_at IS NULL
;
-- workers/src/rows/media.rs
SELECT 1 FROM instagram.media m WHERE m.id = $1 FOR UPDATE
;
-- workers/src/rows/media.rs
SELECT EXISTS (
    SELECT 1 FROM instagram."user" u
    WHERE u.id = $1 AND (lower(u.username) = lower($2) OR u.app_scoped_id = $3)
) OR EXISTS (
    SELECT 1 FROM pipeline.account a
    WHERE a.account_id = $1 AND a.login = 'instagram' AND $3::text IS NOT NULL
)
;
-- workers/src/rows/media.rs
INSERT INTO instagram.media AS m
    (id, user_id, owner_id, username, media_type, media_product_type, timestamp, caption, media_hastag, permalink,
     shortcode, media_url, thumbnail_url, is_comment_enabled, is_shared_to_feed, like_count, comments_count, absence,
     first_seen_at, media_hastag_shown, datestamp, updated_timestamp)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
    ($19 AT TIME ZONE COALESCE((SELECT u.timezone FROM instagram."user" u WHERE u.id = $2), 'UTC'))::date, $19)
ON CONFLICT (id) DO UPDATE SET
    user_id = COALESCE(EXCLUDED.user_id, m.user_id),
    owner_id = COALESCE(EXCLUDED.owner_id, m.owner_id),
    username = COALESCE(EXCLUDED.username, m.username),
    media_type = COALESCE(EXCLUDED.media_type, m.media_type),
    media_product_type = COALESCE(EXCLUDED.media_product_type, m.media_product_type),
    timestamp = COALESCE(EXCLUDED.timestamp, m.timestamp),
    caption = EXCLUDED.caption,
    media_hastag = EXCLUDED.media_hastag,
    media_hastag_shown = EXCLUDED.media_hastag_shown,
    permalink = COALESCE(EXCLUDED.permalink, m.permalink),
    shortcode = COALESCE(EXCLUDED.shortcode, m.shortcode),
    media_url = COALESCE(EXCLUDED.media_url, m.media_url),
    thumbnail_url = COALESCE(EXCLUDED.thumbnail_url, m.thumbnail_url),
    is_comment_enabled = COALESCE(EXCLUDED.is_comment_enabled, m.is_comment_enabled),
    is_shared_to_feed = COALESCE(EXCLUDED.is_shared_to_feed, m.is_shared_to_feed),
    like_count = EXCLUDED.like_count,
    comments_count = EXCLUDED.comments_count,
    absence = EXCLUDED.absence,
    deleted_at = NULL,
    lost_at = NULL,
    datestamp = EXCLUDED.datestamp,
    updated_timestamp = EXCLUDED.updated_timestamp
WHERE (COALESCE(m.updated_timestamp <= EXCLUDED.updated_timestamp, TRUE) OR m.media_type IS NULL)
    AND COALESCE(GREATEST(m.deleted_at, m.lost_at) <= EXCLUDED.updated_timestamp, TRUE)
    AND (m.user_id, m.owner_id, m.username, m.media_type, m.media_product_type, m.timestamp, m.caption,
         m.media_hastag, m.permalink, m.shortcode, m.media_url, m.thumbnail_url, m.is_comment_enabled,
         m.is_shared_to_feed, m.like_count, m.comments_count, m.absence, m.datestamp, m.deleted_at, m.lost_at,
         m.media_hastag_shown)
        IS DISTINCT FROM
        (COALESCE(EXCLUDED.user_id, m.user_id), COALESCE(EXCLUDED.owner_id, m.owner_id),
         COALESCE(EXCLUDED.username, m.username), COALESCE(EXCLUDED.media_type, m.media_type),
         COALESCE(EXCLUDED.media_product_type, m.media_product_type), COALESCE(EXCLUDED.timestamp, m.timestamp),
         EXCLUDED.caption, EXCLUDED.media_hastag, COALESCE(EXCLUDED.permalink, m.permalink),
         COALESCE(EXCLUDED.shortcode, m.shortcode), COALESCE(EXCLUDED.media_url, m.media_url),
         COALESCE(EXCLUDED.thumbnail_url, m.thumbnail_url),
         COALESCE(EXCLUDED.is_comment_enabled, m.is_comment_enabled),
         COALESCE(EXCLUDED.is_shared_to_feed, m.is_shared_to_feed), EXCLUDED.like_count, EXCLUDED.comments_count,
         EXCLUDED.absence, EXCLUDED.datestamp, NULL::timestamptz, NULL::timestamptz,
         EXCLUDED.media_hastag_shown)
;
-- workers/src/rows/media.rs
INSERT INTO instagram.media_like_comment AS c
    (media_id, datestamp, like_count, comments_count, absence, updated_timestamp)
SELECT $1, ($2 AT TIME ZONE COALESCE(
        (SELECT u.timezone FROM instagram.media m JOIN instagram."user" u ON u.id = m.user_id WHERE m.id = $1),
        'UTC'))::date, $3, $4, $5, $2
ON CONFLICT (media_id, datestamp) DO UPDATE SET
    like_count = EXCLUDED.like_count, comments_count = EXCLUDED.comments_count, absence = EXCLUDED.absence,
    updated_timestamp = EXCLUDED.updated_timestamp
WHERE COALESCE(c.updated_timestamp <= EXCLUDED.updated_timestamp, TRUE)
    AND (c.like_count, c.comments_count, c.absence)
        IS DISTINCT FROM (EXCLUDED.like_count, EXCLUDED.comments_count, EXCLUDED.absence)
;
-- workers/src/rows/media.rs
UPDATE instagram.media m SET
    lost_at = CASE WHEN m.media_product_type = 'STORY' AND COALESCE(m.timestamp <= $3, TRUE) THEN $2::timestamptz END,
    deleted_at = CASE WHEN m.media_product_type = 'STORY' AND COALESCE(m.timestamp <= $3, TRUE) THEN NULL ELSE $2::timestamptz END
WHERE m.id = $1 AND m.deleted_at IS NULL AND m.lost_at IS NULL AND COALESCE(m.user_id = $4, TRUE)
;
-- workers/src/rows/stub.rs
INSERT INTO instagram.media AS held (id, media_product_type, ad_id, original_media_id, first_seen_at, updated_timestamp)
    SELECT id, media_product_type, ad_id, original_media_id, first_seen_at, $6
    FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
        AS given (id, media_product_type, ad_id, original_media_id, first_seen_at)
    ORDER BY id
    ON CONFLICT (id) DO UPDATE SET
        media_product_type = coalesce(held.media_product_type, excluded.media_product_type),
        ad_id = coalesce(held.ad_id, excluded.ad_id),
        original_media_id = coalesce(held.original_media_id, excluded.original_media_id),
        updated_timestamp = excluded.updated_timestamp
    WHERE (held.media_product_type IS NULL AND excluded.media_product_type IS NOT NULL)
       OR (held.ad_id IS NULL AND excluded.ad_id IS NOT NULL)
       OR (held.original_media_id IS NULL AND excluded.original_media_id IS NOT NULL)
;
-- workers/src/rows/user.rs
INSERT INTO instagram."user" AS u
    (id, username, name, biography, profile_picture_url, website, app_scoped_id, has_problems, is_userid_valid,
    updated_timestamp)
VALUES ($1, $2, $3, $4, $5, $6, $8, FALSE, TRUE, $7)
ON CONFLICT (id) DO UPDATE SET
    username = COALESCE(EXCLUDED.username, u.username), name = EXCLUDED.name, biography = EXCLUDED.biography,
    profile_picture_url = COALESCE(EXCLUDED.profile_picture_url, u.profile_picture_url), website = EXCLUDED.website,
    app_scoped_id = COALESCE(EXCLUDED.app_scoped_id, u.app_scoped_id),
    has_problems = FALSE, is_userid_valid = TRUE, updated_timestamp = EXCLUDED.updated_timestamp
WHERE COALESCE(u.updated_timestamp <= EXCLUDED.updated_timestamp, TRUE)
    AND (u.username, u.name, u.biography, u.profile_picture_url, u.website, u.app_scoped_id, u.has_problems,
         u.is_userid_valid)
        IS DISTINCT FROM (COALESCE(EXCLUDED.username, u.username), EXCLUDED.name, EXCLUDED.biography,
            COALESCE(EXCLUDED.profile_picture_url, u.profile_picture_url), EXCLUDED.website,
            COALESCE(EXCLUDED.app_scoped_id, u.app_scoped_id), FALSE, TRUE)
;
-- workers/src/rows/user.rs
INSERT INTO instagram.user_data AS d
    (user_id, datestamp, followers_count, follows_count, media_count, absence, updated_timestamp)
SELECT $1, ($2 AT TIME ZONE COALESCE(
        (SELECT u.timezone FROM instagram."user" u WHERE u.id = $1), 'UTC'))::date, $3, $4, $5, $6, $2
ON CONFLICT (user_id, datestamp) DO UPDATE SET
    followers_count = EXCLUDED.followers_count, follows_count = EXCLUDED.follows_count,
    media_count = EXCLUDED.media_count, absence = EXCLUDED.absence, updated_timestamp = EXCLUDED.updated_timestamp
WHERE COALESCE(d.updated_timestamp <= EXCLUDED.updated_timestamp, TRUE)
    AND (d.followers_count, d.follows_count, d.media_count, d.absence)
        IS DISTINCT FROM (EXCLUDED.followers_count, EXCLUDED.follows_count, EXCLUDED.media_count, EXCLUDED.absence)
;
-- workers/src/rows/user.rs
UPDATE instagram."user" u SET has_problems = TRUE, is_userid_valid = u.is_userid_valid AND $2, updated_timestamp = $3
WHERE u.id = $1 AND (u.has_problems, u.is_userid_valid) IS DISTINCT FROM (TRUE, u.is_userid_valid AND $2)
;
-- workers/src/rows/webhook_comment.rs
INSERT INTO instagram.media_comment AS held
        (id, username, media_id, text, text_at, parent_id, from_id, account_id, first_seen_at, source, raw_event_id,
         updated_timestamp)
    SELECT given.id, given.username, coalesce(child.parent_id, given.media_id), given.text,
        CASE WHEN given.text IS NOT NULL THEN given.said_at END, given.parent_id, given.from_id, given.account_id,
        given.first_seen_at, $11, given.raw_event_id, given.said_at
    FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[],
                $9::bytea[], $10::timestamptz[])
        AS given (id, username, media_id, text, parent_id, from_id, account_id, first_seen_at, raw_event_id, said_at)
    LEFT JOIN instagram.media AS child ON child.id = given.media_id AND child.parent_id IS NOT NULL
    ORDER BY given.id
    ON CONFLICT (id) DO UPDATE SET
        (text, text_at) = (
            SELECT said.text, said.text_at
            FROM (VALUES (held.text, held.text_at), (excluded.text, excluded.text_at)) AS said (text, text_at)
            ORDER BY said.text_at DESC NULLS LAST, said.text DESC
            LIMIT 1),
        username = greatest(held.username, excluded.username),
        media_id = coalesce(CASE WHEN held."timestamp" IS NOT NULL THEN held.media_id END,
            greatest(held.media_id, excluded.media_id)),
        parent_id = greatest(held.parent_id, excluded.parent_id),
        from_id = greatest(held.from_id, excluded.from_id),
        account_id = greatest(held.account_id, excluded.account_id),
        first_seen_at = least(held.first_seen_at, excluded.first_seen_at),
        raw_event_id = greatest(held.raw_event_id, excluded.raw_event_id),
        updated_timestamp = greatest(held.updated_timestamp, excluded.updated_timestamp)
    WHERE held.text_at IS NULL AND excluded.text_at IS NOT NULL
       OR (excluded.text_at, excluded.text) > (held.text_at, held.text)
       OR (held.username, held.media_id, held.parent_id, held.from_id, held.account_id, held.first_seen_at, held.raw_event_id,
           held.updated_timestamp)
        IS DISTINCT FROM
          (greatest(held.username, excluded.username),
           coalesce(CASE WHEN held."timestamp" IS NOT NULL THEN held.media_id END, greatest(held.media_id, excluded.media_id)),
           greatest(held.parent_id, excluded.parent_id), greatest(held.from_id, excluded.from_id),
           greatest(held.account_id, excluded.account_id), least(held.first_seen_at, excluded.first_seen_at),
           greatest(held.raw_event_id, excluded.raw_event_id), greatest(held.updated_timestamp, excluded.updated_timestamp))
;
-- workers/src/rows/webhook_comment.rs
UPDATE instagram.media_comment AS held SET
        text = CASE WHEN held.text_at = given.said_at AND given.text IS NOT NULL THEN given.text ELSE held.text END,
        username = CASE WHEN held.raw_event_id = given.raw_event_id THEN coalesce(given.username, held.username) ELSE held.username END,
        parent_id = CASE WHEN held.raw_event_id = given.raw_event_id THEN coalesce(given.parent_id, held.parent_id) ELSE held.parent_id END,
        from_id = CASE WHEN held.raw_event_id = given.raw_event_id THEN coalesce(given.from_id, held.from_id) ELSE held.from_id END,
        account_id = CASE WHEN held.raw_event_id = given.raw_event_id THEN coalesce(given.account_id, held.account_id)
            ELSE held.account_id END,
        media_id = CASE WHEN held.raw_event_id = given.raw_event_id AND held."timestamp" IS NULL
            THEN coalesce(given.media_id, held.media_id) ELSE held.media_id END
    FROM (
        SELECT event.id, event.username, coalesce(child.parent_id, event.media_id) AS media_id, event.text, event.parent_id,
            event.from_id, event.account_id, event.raw_event_id, event.said_at
        FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bytea[], $9::timestamptz[])
            AS event (id, username, media_id, text, parent_id, from_id, account_id, raw_event_id, said_at)
        LEFT JOIN instagram.media AS child ON child.id = event.media_id AND child.parent_id IS NOT NULL
    ) AS given
    WHERE held.id = given.id
        AND (held.text_at = given.said_at AND given.text IS NOT NULL AND held.text IS DISTINCT FROM given.text
            OR held.raw_event_id = given.raw_event_id
                AND (held.username, held.parent_id, held.from_id, held.account_id)
                    IS DISTINCT FROM (coalesce(given.username, held.username), coalesce(given.parent_id, held.parent_id),
                        coalesce(given.from_id, held.from_id), coalesce(given.account_id, held.account_id))
            OR held.raw_event_id = given.raw_event_id AND held."timestamp" IS NULL
                AND held.media_id IS DISTINCT FROM coalesce(given.media_id, held.media_id))
;
-- workers/src/rows/user_figure/audience_city.sql
INSERT INTO instagram.user_insight_audience_city AS held
    (user_id, city, province, timeframe, end_time, value, absence, source, observed_at, api_version, updated_timestamp)
SELECT user_id, first, second, third, end_time, value::bigint, absence, source, observed_at, api_version, $11
FROM UNNEST(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::numeric[], $7::text[], $8::text[],
    $9::timestamptz[], $10::text[]
) AS given (user_id, first, second, third, end_time, value, absence, source, observed_at, api_version)
ORDER BY user_id, first, second, third, end_time
ON CONFLICT (user_id, city, province, timeframe, end_time) DO UPDATE SET
    value = excluded.value, absence = excluded.absence, source = excluded.source, observed_at = excluded.observed_at,
    api_version = excluded.api_version, updated_timestamp = excluded.updated_timestamp
WHERE
    (excluded.value IS NOT NULL, coalesce(array_position($12::text[], excluded.absence), 0), excluded.observed_at,
     array_position($13::text[], excluded.source), coalesce(excluded.value, 0))
    > (held.value IS NOT NULL, coalesce(array_position($12::text[], held.absence), 0), held.observed_at,
       array_position($13::text[], held.source), coalesce(held.value, 0))
RETURNING user_id, end_time
;
-- workers/src/rows/user_figure/audience_country.sql
INSERT INTO instagram.user_insight_audience_country AS held
    (user_id, country_code, timeframe, end_time, value, absence, source, observed_at, api_version, updated_timestamp)
SELECT user_id, first, second, end_time, value::bigint, absence, source, observed_at, api_version, $11
FROM UNNEST(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::numeric[], $7::text[], $8::text[],
    $9::timestamptz[], $10::text[]
) AS given (user_id, first, second, third, end_time, value, absence, source, observed_at, api_version)
ORDER BY user_id, first, second, end_time
ON CONFLICT (user_id, country_code, timeframe, end_time) DO UPDATE SET
    value = excluded.value, absence = excluded.absence, source = excluded.source, observed_at = excluded.observed_at,
    api_version = excluded.api_version, updated_timestamp = excluded.updated_timestamp
WHERE
    (excluded.value IS NOT NULL, coalesce(array_position($12::text[], excluded.absence), 0), excluded.observed_at,
     array_position($13::text[], excluded.source), coalesce(excluded.value, 0))
    > (held.value IS NOT NULL, coalesce(array_position($12::text[], held.absence), 0), held.observed_at,
       array_position($13::text[], held.source), coalesce(held.value, 0))
RETURNING user_id, end_time
;
-- workers/src/rows/user_figure/audience_gender_age.sql
INSERT INTO instagram.user_insight_audience_gender_age AS held
    (user_id, gender, age, timeframe, end_time, value, absence, source, observed_at, api_version, updated_timestamp)
SELECT user_id, first, second, third, end_time, value::bigint, absence, source, observed_at, api_version, $11
FROM UNNEST(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::numeric[], $7::text[], $8::text[],
    $9::timestamptz[], $10::text[]
) AS given (user_id, first, second, third, end_time, value, absence, source, observed_at, api_version)
ORDER BY user_id, first, second, third, end_time
ON CONFLICT (user_id, gender, age, timeframe, end_time) DO UPDATE SET
    value = excluded.value, absence = excluded.absence, source = excluded.source, observed_at = excluded.observed_at,
    api_version = excluded.api_version, updated_timestamp = excluded.updated_timestamp
WHERE
    (excluded.value IS NOT NULL, coalesce(array_position($12::text[], excluded.absence), 0), excluded.observed_at,
     array_position($13::text[], excluded.source), coalesce(excluded.value, 0))
    > (held.value IS NOT NULL, coalesce(array_position($12::text[], held.absence), 0), held.observed_at,
       array_position($13::text[], held.source), coalesce(held.value, 0))
RETURNING user_id, end_time
;
-- workers/src/rows/user_figure/audience_locale.sql
INSERT INTO instagram.user_insight_audience_locale AS held
    (user_id, locale_code, end_time, value, absence, source, observed_at, api_version, updated_timestamp)
SELECT user_id, first, end_time, value::bigint, absence, source, observed_at, api_version, $11
FROM UNNEST(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::numeric[], $7::text[], $8::text[],
    $9::timestamptz[], $10::text[]
) AS given (user_id, first, second, third, end_time, value, absence, source, observed_at, api_version)
ORDER BY user_id, first, end_time
ON CONFLICT (user_id, locale_code, end_time) DO UPDATE SET
    value = excluded.value, absence = excluded.absence, source = excluded.source, observed_at = excluded.observed_at,
    api_version = excluded.api_version, updated_timestamp = excluded.updated_timestamp
WHERE
    (excluded.value IS NOT NULL, coalesce(array_position($12::text[], excluded.absence), 0), excluded.observed_at,
     array_position($13::text[], excluded.source), coalesce(excluded.value, 0))
    > (held.value IS NOT NULL, coalesce(array_position($12::text[], held.absence), 0), held.observed_at,
       array_position($13::text[], held.source), coalesce(held.value, 0))
RETURNING user_id, end_time
;
-- workers/src/rows/user_figure/impressions.sql
INSERT INTO instagram.user_insight_impressions AS held
    (user_id, metric, period, end_time, value, absence, source, observed_at, api_version, updated_timestamp)
SELECT user_id, first, second, end_time, value::bigint, absence, source, observed_at, api_version, $11
FROM UNNEST(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::numeric[], $7::text[], $8::text[],
    $9::timestamptz[], $10::text[]
) AS given (user_id, first, second, third, end_time, value, absence, source, observed_at, api_version)
ORDER BY user_id, first, second, end_time
ON CONFLICT (user_id, metric, period, end_time) DO UPDATE SET
    value = excluded.value, absence = excluded.absence, source = excluded.source, observed_at = excluded.observed_at,
    api_version = excluded.api_version, updated_timestamp = excluded.updated_timestamp
WHERE
    (excluded.value IS NOT NULL, coalesce(array_position($12::text[], excluded.absence), 0), excluded.observed_at,
     array_position($13::text[], excluded.source), coalesce(excluded.value, 0))
    > (held.value IS NOT NULL, coalesce(array_position($12::text[], held.absence), 0), held.observed_at,
       array_position($13::text[], held.source), coalesce(held.value, 0))
RETURNING user_id, end_time
;
-- workers/src/rows/user_figure/metric.sql
INSERT INTO instagram.user_insight_metric AS held
    (user_id, metric, breakdown, period, end_time, value, absence, source, observed_at, api_version, updated_timestamp)
SELECT user_id, first, second, third, end_time, value, absence, source, observed_at, api_version, $11
FROM UNNEST(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::numeric[], $7::text[], $8::text[],
    $9::timestamptz[], $10::text[]
) AS given (user_id, first, second, third, end_time, value, absence, source, observed_at, api_version)
ORDER BY user_id, first, second, third, end_time
ON CONFLICT (user_id, metric, breakdown, period, end_time) DO UPDATE SET
    value = excluded.value, absence = excluded.absence, source = excluded.source, observed_at = excluded.observed_at,
    api_version = excluded.api_version, updated_timestamp = excluded.updated_timestamp
WHERE
    (excluded.value IS NOT NULL, coalesce(array_position($12::text[], excluded.absence), 0), excluded.observed_at,
     array_position($13::text[], excluded.source), coalesce(excluded.value, 0))
    > (held.value IS NOT NULL, coalesce(array_position($12::text[], held.absence), 0), held.observed_at,
       array_position($13::text[], held.source), coalesce(held.value, 0))
RETURNING user_id, end_time
;
-- workers/src/rows/user_figure/online_follower.sql
INSERT INTO instagram.user_insight_online_follower AS held
    (user_id, hour, end_time, value, absence, source, observed_at, api_version, updated_timestamp)
SELECT user_id, first::int, end_time, value::bigint, absence, source, observed_at, api_version, $11
FROM UNNEST(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::numeric[], $7::text[], $8::text[],
    $9::timestamptz[], $10::text[]
) AS given (user_id, first, second, third, end_time, value, absence, source, observed_at, api_version)
ORDER BY user_id, first::int, end_time
ON CONFLICT (user_id, hour, end_time) DO UPDATE SET
    value = excluded.value, absence = excluded.absence, source = excluded.source, observed_at = excluded.observed_at,
    api_version = excluded.api_version, updated_timestamp = excluded.updated_timestamp
WHERE
    (excluded.value IS NOT NULL, coalesce(array_position($12::text[], excluded.absence), 0), excluded.observed_at,
     array_position($13::text[], excluded.source), coalesce(excluded.value, 0))
    > (held.value IS NOT NULL, coalesce(array_position($12::text[], held.absence), 0), held.observed_at,
       array_position($13::text[], held.source), coalesce(held.value, 0))
RETURNING user_id, end_time
;
-- workers/src/rows/user_figure/reach.sql
INSERT INTO instagram.user_insight_reach AS held
    (user_id, period, end_time, value, absence, source, observed_at, api_version, updated_timestamp)
SELECT user_id, first, end_time, value::bigint, absence, source, observed_at, api_version, $11
FROM UNNEST(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::numeric[], $7::text[], $8::text[],
    $9::timestamptz[], $10::text[]
) AS given (user_id, first, second, third, end_time, value, absence, source, observed_at, api_version)
ORDER BY user_id, first, end_time
ON CONFLICT (user_id, period, end_time) DO UPDATE SET
    value = excluded.value, absence = excluded.absence, source = excluded.source, observed_at = excluded.observed_at,
    api_version = excluded.api_version, updated_timestamp = excluded.updated_timestamp
WHERE
    (excluded.value IS NOT NULL, coalesce(array_position($12::text[], excluded.absence), 0), excluded.observed_at,
     array_position($13::text[], excluded.source), coalesce(excluded.value, 0))
    > (held.value IS NOT NULL, coalesce(array_position($12::text[], held.absence), 0), held.observed_at,
       array_position($13::text[], held.source), coalesce(held.value, 0))
RETURNING user_id, end_time
;
-- workers/src/rows/user_figure/visitor.sql
INSERT INTO instagram.user_insight_visitor AS held
    (user_id, datestamp, end_time, value, absence, source, observed_at, api_version, updated_timestamp)
SELECT DISTINCT ON (user_id, day.datestamp)
    user_id, day.datestamp, end_time, value::bigint, absence, source, observed_at, api_version, $11
FROM UNNEST(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::numeric[], $7::text[], $8::text[],
    $9::timestamptz[], $10::text[]
) AS given (user_id, first, second, third, end_time, value, absence, source, observed_at, api_version)
CROSS JOIN LATERAL (SELECT (given.end_time AT TIME ZONE 'America/Los_Angeles')::date - 1 AS datestamp) AS day
ORDER BY user_id, day.datestamp, value IS NULL, end_time DESC
ON CONFLICT (user_id, datestamp) DO UPDATE SET
    end_time = excluded.end_time,
    value = excluded.value, absence = excluded.absence, source = excluded.source, observed_at = excluded.observed_at,
    api_version = excluded.api_version, updated_timestamp = excluded.updated_timestamp
WHERE
    (excluded.value IS NOT NULL, coalesce(array_position($12::text[], excluded.absence), 0), excluded.observed_at,
     array_position($13::text[], excluded.source), coalesce(excluded.value, 0))
    > (held.value IS NOT NULL, coalesce(array_position($12::text[], held.absence), 0), held.observed_at,
       array_position($13::text[], held.source), coalesce(held.value, 0))
RETURNING user_id, end_time
;
-- workers/src/schedule/partitions.rs
SELECT parent, day
    FROM (
        SELECT parent, day::date AS day
        FROM (VALUES ('event'), ('graph_response')) AS parents (parent),
            generate_series($1::date::timestamp, $2::date::timestamp, interval '1 day') AS days (day)
        UNION
        SELECT 'event', (received_at AT TIME ZONE 'UTC')::date FROM pipeline.event_default
        UNION
        SELECT 'graph_response', (observed_at AT TIME ZONE 'UTC')::date FROM pipeline.graph_response_default
    ) AS wanted
    WHERE to_regclass(format('pipeline.%I', format('%s_%s', parent, to_char(day, 'YYYYMMDD')))) IS NULL
    ORDER BY day > $3 DESC, day DESC, parent
    LIMIT 64
;
-- workers/src/schedule/partitions.rs
SELECT set_config('lock_timeout', '2s', true)
;
-- workers/src/schedule/partitions.rs
SELECT pipeline.make_partition($1, $2)
;
-- workers/src/schedule/store/backfill.rs
SELECT m.id
FROM instagram.media m
WHERE m.user_id = $1 AND m.parent_id IS NULL AND m.ad_id IS NULL AND m.deleted_at IS NULL AND m.lost_at IS NULL
    AND m.comments_count > (
        SELECT count(*) FROM instagram.media_comment c WHERE c.media_id = m.id AND c.deleted_at IS NULL)
ORDER BY m.timestamp DESC NULLS LAST, m.id
LIMIT 500
;
-- workers/src/schedule/store/backfill.rs
DELETE FROM pipeline.enrichment_task t
WHERE t.cursor <> '' AND t.state = 'done' AND t.finished_at < $1
;
-- workers/src/schedule/store/beats.rs
INSERT INTO pipeline.read_beat (account_id, kind, target_id, next_at)
SELECT a.account_id, given.kind, target.id, $3
FROM pipeline.account a
CROSS JOIN UNNEST($1::text[], $2::boolean[]) AS given (kind, is_of_competitors)
CROSS JOIN LATERAL (
    SELECT a.account_id AS id WHERE NOT given.is_of_competitors
    UNION ALL
    SELECT c.competitor_id FROM instagram.user_competitor c
    WHERE c.user_id = a.account_id AND given.is_of_competitors
) AS target
WHERE a.removed_at IS NULL AND ($4::text IS NULL OR a.account_id = $4)
    AND NOT EXISTS (
        SELECT 1 FROM pipeline.read_beat held
        WHERE held.account_id = a.account_id AND held.kind = given.kind AND held.target_id = target.id)
ON CONFLICT DO NOTHING
;
-- workers/src/schedule/store/beats.rs
SELECT b.account_id, b.kind, b.target_id, b.last_at IS NULL AS is_first, COALESCE(u.timezone, 'UTC') AS timezone
FROM pipeline.read_beat b
JOIN pipeline.account a ON a.account_id = b.account_id AND a.removed_at IS NULL
LEFT JOIN instagram."user" u ON u.id = b.account_id
WHERE b.next_at <= $1 AND b.kind = ANY($2) AND ($4::text IS NULL OR b.account_id = $4)
ORDER BY b.next_at LIMIT $3
FOR UPDATE OF b
;
-- workers/src/schedule/store/beats.rs
UPDATE pipeline.read_beat b SET last_at = $5, next_at = given.next_at
FROM UNNEST($1::text[], $2::text[], $3::text[], $4::timestamptz[]) AS given (account_id, kind, target_id, next_at)
WHERE b.account_id = given.account_id AND b.kind = given.kind AND b.target_id = given.target_id
;
-- workers/src/schedule/store/beats.rs
UPDATE pipeline.read_beat b SET last_at = NULL, next_at = $2
WHERE b.account_id = $1
;
-- workers/src/schedule/store/mod.rs
SELECT pg_try_advisory_xact_lock(hashtextextended('cekbrand.schedule', 0))
;
-- workers/src/schedule/store/mod.rs
WITH due AS (
        SELECT account.account_id, account.midnight_marked_on, today.day
        FROM pipeline.account
        LEFT JOIN instagram."user" ON "user".id = account.account_id
        CROSS JOIN LATERAL (
            SELECT ($1::timestamptz AT TIME ZONE coalesce("user".timezone, 'UTC'))::date AS day
        ) AS today
        WHERE
            account.removed_at IS NULL
            AND (account.midnight_marked_on IS NULL OR account.midnight_marked_on < today.day)
        FOR UPDATE OF account
    ),
    noted AS (
        UPDATE pipeline.account SET midnight_marked_on = due.day
        FROM due
        WHERE account.account_id = due.account_id
        RETURNING account.account_id
    ),
    marked AS (
        INSERT INTO pipeline.dirty_mark (account_id, day, marked_at)
        SELECT due.account_id, passed.day::date, $1
        FROM due
        CROSS JOIN LATERAL generate_series(
            coalesce(due.midnight_marked_on + 1, due.day)::timestamp, due.day::timestamp, interval '1 day'
        ) AS passed (day)
    )
    SELECT count(*) FROM noted
;
-- workers/src/schedule/store/vault.rs
INSERT INTO pipeline.story_vault AS v (media_id, account_id, published_at, expires_at, first_seen_at)
SELECT m.id, m.user_id, m.timestamp, m.timestamp + INTERVAL '24 hours', m.first_seen_at
FROM pipeline.account a
JOIN instagram.media m ON m.user_id = a.account_id
WHERE a.removed_at IS NULL AND m.timestamp > $1::timestamptz - INTERVAL '7 days' AND m.media_product_type = 'STORY'
    AND NOT EXISTS (SELECT 1 FROM pipeline.story_vault held WHERE held.media_id = m.id)
ON CONFLICT (media_id) DO NOTHING
RETURNING v.media_id, v.account_id, v.expires_at
;
-- workers/src/schedule/store/vault.rs
UPDATE pipeline.story_vault v SET reason = t.reason
FROM pipeline.enrichment_task t
WHERE v.outcome IS NULL AND v.expires_at BETWEEN $1::timestamptz - INTERVAL '3 hours' AND $1::timestamptz + INTERVAL '5 minutes'
    AND t.kind = $2 AND t.target_id = v.media_id AND t.account_id = v.account_id AND t.variant = '' AND t.cursor = ''
    AND t.state = 'parked' AND t.reason <> 'fresh' AND v.reason IS DISTINCT FROM t.reason
;
-- workers/src/schedule/store/vault.rs
SELECT v.media_id, v.account_id, v.published_at, v.expires_at, v.first_seen_at, v.reason, seen.last_poll_at,
    COALESCE(seen.has_webhook, FALSE) AS has_webhook
FROM pipeline.story_vault v
CROSS JOIN LATERAL (
    SELECT max(i.observed_at) FILTER (WHERE i.source <> 'webhook') AS last_poll_at,
        bool_or(i.source = 'webhook') AS has_webhook
    FROM instagram.media_insight i
    WHERE i.media_id = v.media_id AND (i.absence IS NULL OR i.absence NOT IN ('lost', 'permission'))
) AS seen
WHERE v.outcome IS NULL AND v.expires_at <= $1
ORDER BY v.expires_at LIMIT 500
FOR UPDATE OF v
;
-- workers/src/schedule/store/vault.rs
UPDATE pipeline.story_vault v SET
    outcome = given.outcome, reason = given.reason, last_poll_at = given.last_poll_at, settled_at = $5
FROM UNNEST($1::text[], $2::text[], $3::text[], $4::timestamptz[]) AS given (media_id, outcome, reason, last_poll_at)
WHERE v.media_id = given.media_id
;
-- workers/src/schedule/store/vault.rs
WITH back AS (
    UPDATE pipeline.story_vault v SET outcome = 'webhook', settled_at = $1
    WHERE v.outcome = 'lost' AND v.expires_at > $1::timestamptz - INTERVAL '7 days' AND EXISTS (
        SELECT 1 FROM instagram.media_insight i WHERE i.media_id = v.media_id AND i.source = 'webhook')
    RETURNING v.media_id
)
UPDATE instagram.media m SET lost_at = NULL
FROM back
WHERE m.id = back.media_id AND m.lost_at IS NOT NULL
;
-- workers/src/tasks/store/claim.rs
SELECT EXISTS (SELECT 1 FROM pipeline.enrichment_task WHERE state <> 'done' AND due_at <= $1)
;
-- workers/src/tasks/store/claim.rs
WITH RECURSIVE account (id) AS (
    (SELECT t.account_id FROM pipeline.enrichment_task t WHERE t.state <> 'done' ORDER BY t.account_id LIMIT 1)
    UNION ALL
    SELECT (SELECT t.account_id FROM pipeline.enrichment_task t
            WHERE t.state <> 'done' AND t.account_id > a.id ORDER BY t.account_id LIMIT 1)
    FROM account a WHERE a.id IS NOT NULL
),
open_account AS (
    SELECT a.id,
        CASE WHEN usage.percent >= $9 THEN 1 ELSE 3 END AS last_lane,
        CASE WHEN usage.percent >= $13 THEN LEAST($5, 1) ELSE $5 END - COALESCE(busy.calls, 0) AS room
    FROM account a
    LEFT JOIN pipeline.account_quota own ON own.app_id = $2 AND own.account_id = a.id
    LEFT JOIN pipeline.account_quota app ON app.app_id = $2 AND app.account_id = ''
    LEFT JOIN UNNEST($6::text[], $7::int[]) AS busy (id, calls) ON busy.id = a.id
    CROSS JOIN LATERAL (
        SELECT GREATEST(
            CASE WHEN own.observed_at > $8 THEN own.usage_percent END,
            CASE WHEN app.observed_at > $8 THEN app.usage_percent END) AS percent
    ) AS usage
    WHERE a.id IS NOT NULL
        AND COALESCE(own.blocked_until <= $1, TRUE)
        AND COALESCE(app.blocked_until <= $1, TRUE)
),
due AS (
    SELECT DISTINCT ON (o.id) o.id, o.room, lane.number AS lane, first.due_at
    FROM open_account o
    JOIN (VALUES (0), (1), (2), (3)) AS lane (number) ON lane.number <= o.last_lane
    CROSS JOIN LATERAL (
        SELECT t.due_at FROM pipeline.enrichment_task t
        WHERE t.account_id = o.id AND t.state <> 'done' AND t.lane = lane.number AND t.due_at <= $1 AND t.kind = ANY($12)
            AND (t.waits_for IS NULL OR COALESCE((
                SELECT f.state = 'done' OR (f.state = 'parked' AND f.due_at > $1) FROM pipeline.enrichment_task f
                WHERE f.kind = t.waits_for AND f.target_id = t.target_id AND f.account_id = t.account_id
                    AND f.variant = '' AND f.cursor = ''), TRUE))
        ORDER BY t.due_at LIMIT 1
    ) AS first
    WHERE o.room > 0
    ORDER BY o.id, lane.number
),
urgent AS (
    SELECT d.id, d.room, d.lane, d.due_at FROM due d ORDER BY d.lane, d.due_at LIMIT $3
),
picked AS (
    SELECT task.id
    FROM urgent u
    CROSS JOIN LATERAL (
        SELECT t.id FROM pipeline.enrichment_task t
        WHERE t.account_id = u.id AND t.state <> 'done' AND t.lane = u.lane AND t.due_at <= $1 AND t.kind = ANY($12)
            AND (t.waits_for IS NULL OR COALESCE((
                SELECT f.state = 'done' OR (f.state = 'parked' AND f.due_at > $1) FROM pipeline.enrichment_task f
                WHERE f.kind = t.waits_for AND f.target_id = t.target_id AND f.account_id = t.account_id
                    AND f.variant = '' AND f.cursor = ''), TRUE))
        ORDER BY t.due_at LIMIT u.room
        FOR UPDATE SKIP LOCKED
    ) AS task
    ORDER BY u.lane, u.due_at
    LIMIT $4
)
UPDATE pipeline.enrichment_task t SET
    state = 'running', reason = NULL, parked_until = NULL, started_at = $1, attempts = t.attempts + 1,
    lease_id = $10, lease_until = $11, due_at = $11
FROM picked p
WHERE t.id = p.id
RETURNING t.id, t.kind, t.target_id, t.account_id, t.variant, t.cursor, t.lane, t.deadline, t.attempts,
    t.last_answer, t.gone_since
;
-- workers/src/tasks/store/enqueue.rs
INSERT INTO pipeline.enrichment_task AS t
    (kind, target_id, account_id, variant, cursor, waits_for, lane, due_at, deadline, wanted_at, state, reason,
    parked_until, created_at)
SELECT n.kind, n.target_id, n.account_id, n.variant, n.cursor, n.waits_for, n.lane, COALESCE(stop.until, $9), n.deadline,
    $9, CASE WHEN stop.until IS NULL THEN 'waiting' ELSE 'parked' END, stop.reason, stop.until, $9
FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::smallint[], $8::timestamptz[])
    AS n (kind, target_id, account_id, variant, cursor, waits_for, lane, deadline)
LEFT JOIN LATERAL (
    SELECT s.reason, s.until FROM pipeline.read_stop s
    WHERE s.account_id = n.account_id AND s.kind IN ('', n.kind) AND s.until > $9
    ORDER BY s.until DESC LIMIT 1
) AS stop ON TRUE
ON CONFLICT (kind, target_id, account_id, variant, cursor) DO UPDATE SET
    wanted_at = CASE t.state
        WHEN 'running' THEN GREATEST(EXCLUDED.wanted_at, t.started_at + INTERVAL '1 microsecond')
        ELSE GREATEST(t.wanted_at, EXCLUDED.wanted_at) END,
    waits_for = EXCLUDED.waits_for,
    lane = CASE t.state WHEN 'done' THEN EXCLUDED.lane ELSE LEAST(t.lane, EXCLUDED.lane) END,
    deadline = CASE t.state WHEN 'done' THEN EXCLUDED.deadline ELSE LEAST(t.deadline, EXCLUDED.deadline) END,
    (state, reason, parked_until, due_at) = (
        SELECT next.state, next.reason, next.parked_until, next.due_at
        FROM (VALUES
            ('stopped', 'parked', EXCLUDED.reason, EXCLUDED.parked_until, EXCLUDED.parked_until),
            ('fresh', 'parked', 'fresh', t.fresh_until, t.fresh_until),
            ('due', 'waiting', NULL, NULL, $9),
            ('sooner', 'waiting', NULL, NULL, LEAST(t.due_at, $9)),
            ('as it is', t.state, t.reason, t.parked_until, t.due_at)
        ) AS next (step, state, reason, parked_until, due_at)
        WHERE next.step = CASE
            WHEN t.state = 'done' AND EXCLUDED.state = 'parked' THEN 'stopped'
            WHEN t.state = 'done' AND t.fresh_until > EXCLUDED.wanted_at THEN 'fresh'
            WHEN t.state = 'done' THEN 'due'
            WHEN t.state = 'waiting' THEN 'sooner'
            WHEN t.state = 'parked' AND t.reason = 'fresh' AND t.fresh_until < t.due_at
                THEN CASE WHEN t.fresh_until > EXCLUDED.wanted_at THEN 'fresh' ELSE 'due' END
            WHEN t.state = 'parked' AND t.last_answer = 'gone' AND t.reason = 'backoff'
                AND t.started_at < EXCLUDED.wanted_at - INTERVAL '10 minutes' THEN 'due'
            ELSE 'as it is' END)
;
-- workers/src/tasks/store/enqueue.rs
SELECT n.place
FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY
    AS n (kind, target_id, account_id, variant, cursor, place)
LEFT JOIN pipeline.enrichment_task t ON t.kind = n.kind AND t.target_id = n.target_id AND t.account_id = n.account_id
    AND t.variant = n.variant AND t.cursor = n.cursor
WHERE t.id IS NULL OR (t.state = 'done' AND COALESCE(t.fresh_until <= $6, TRUE))
ORDER BY n.place
;
-- workers/src/tasks/store/look.rs
SELECT t.state, t.reason, t.parked_until, t.finished_at IS NOT NULL AS was_done
FROM pipeline.enrichment_task t
WHERE t.kind = $1 AND t.target_id = $2 AND t.account_id = $3 AND t.variant = $4 AND t.cursor = $5
;
-- workers/src/tasks/store/look.rs
SELECT EXISTS (
    SELECT 1 FROM instagram.media m
    JOIN pipeline.enrichment_task t ON t.kind = 'media' AND t.target_id = m.id AND t.account_id = m.user_id
    WHERE m.id = $1 AND m.user_id <> $2 AND t.finished_at > $3)
;
-- workers/src/tasks/store/look.rs
SELECT t.state, t.reason, count(*) AS number FROM pipeline.enrichment_task t
WHERE t.state <> 'done' GROUP BY t.state, t.reason
;
-- workers/src/tasks/store/settle.rs
UPDATE pipeline.enrichment_task t SET
    state = CASE WHEN next.due_at IS NULL THEN 'done' ELSE 'parked' END,
    reason = CASE WHEN next.due_at IS NOT NULL THEN 'fresh' END,
    parked_until = next.due_at,
    due_at = COALESCE(next.due_at, $3),
    lane = CASE WHEN next.is_wanted OR next.due_at IS NULL OR t.lane = 0 THEN t.lane ELSE 2 END,
    fresh_until = $4, finished_at = $3, attempts = 0, last_answer = $5, last_error = $6, gone_since = NULL,
    lease_id = NULL, lease_until = NULL
FROM (
    SELECT h.id, h.wanted_at > h.started_at AS is_wanted,
        CASE WHEN h.wanted_at > h.started_at THEN LEAST($4::timestamptz, $7::timestamptz) ELSE $7 END AS due_at
    FROM pipeline.enrichment_task h WHERE h.id = $1
    FOR UPDATE
) AS next
WHERE t.id = next.id AND t.lease_id = $2 AND t.state = 'running'
;
-- workers/src/tasks/store/settle.rs
UPDATE pipeline.enrichment_task t SET
    state = 'parked', reason = $3, parked_until = $4, due_at = $4, last_error = $5, lease_id = NULL, lease_until = NULL,
    attempts = CASE $6 WHEN 'count' THEN t.attempts WHEN 'reset' THEN 0 ELSE GREATEST(t.attempts - 1, 0) END,
    last_answer = COALESCE($7, t.last_answer),
    gone_since = CASE $7 WHEN 'gone' THEN COALESCE(t.gone_since, $8) ELSE t.gone_since END
WHERE t.id = $1 AND t.lease_id = $2 AND t.state = 'running'
;
-- workers/src/tasks/store/settle.rs
UPDATE pipeline.enrichment_task t SET lease_until = $3, due_at = $3
WHERE t.id = $1 AND t.lease_id = $2 AND t.state = 'running'
;
-- workers/src/tasks/store/settle.rs
UPDATE pipeline.enrichment_task t SET
    state = 'parked', reason = $3, parked_until = $4, due_at = $4, lease_id = NULL, lease_until = NULL
FROM (
    SELECT w.id FROM pipeline.enrichment_task w
    WHERE w.account_id = $1 AND w.state <> 'done' AND w.due_at <= $5 AND ($2::text IS NULL OR w.kind = $2)
    FOR UPDATE SKIP LOCKED
) AS waiting
WHERE t.id = waiting.id
;
-- workers/src/tasks/store/settle.rs
UPDATE pipeline.enrichment_task t SET
    state = 'parked', reason = waiting.reason, parked_until = waiting.until, due_at = waiting.until,
    lease_id = NULL, lease_until = NULL
FROM (
    SELECT task.id, stop.reason, stop.until
    FROM (
        SELECT q.account_id, q.blocked_until AS until, 0 AS first_lane,
            COALESCE(q.block_reason, 'throttled') AS reason
        FROM pipeline.account_quota q
        WHERE q.app_id = $1 AND q.account_id <> '' AND q.blocked_until > $2
        UNION ALL
        SELECT q.account_id, q.observed_at + ($2 - $3), 2, 'throttled'
        FROM pipeline.account_quota q
        WHERE q.app_id = $1 AND q.account_id <> '' AND q.usage_percent >= $4 AND q.observed_at > $3
            AND COALESCE(q.blocked_until <= $2, TRUE)
    ) AS stop
    CROSS JOIN LATERAL (
        SELECT w.id FROM pipeline.enrichment_task w
        WHERE w.account_id = stop.account_id AND w.lane >= stop.first_lane AND w.state <> 'done' AND w.due_at <= $2
        LIMIT $5
        FOR UPDATE SKIP LOCKED
    ) AS task
) AS waiting
WHERE t.id = waiting.id
;
-- workers/src/tasks/store/settle.rs
UPDATE pipeline.enrichment_task t SET
    state = 'parked', reason = waiting.reason, parked_until = waiting.until, due_at = waiting.until,
    lease_id = NULL, lease_until = NULL
FROM (
    SELECT task.id, stop.reason, stop.until
    FROM (
        SELECT CASE WHEN q.blocked_until > $2 THEN q.blocked_until ELSE q.observed_at + ($2 - $3) END AS until,
            CASE WHEN q.blocked_until > $2 THEN COALESCE(q.block_reason, 'throttled') ELSE 'throttled' END AS reason,
            CASE WHEN q.blocked_until > $2 THEN 0 ELSE 2 END AS first_lane
        FROM pipeline.account_quota q
        WHERE q.app_id = $1 AND q.account_id = ''
            AND (q.blocked_until > $2 OR (q.usage_percent >= $4 AND q.observed_at > $3))
    ) AS stop
    CROSS JOIN LATERAL (
        SELECT w.id FROM pipeline.enrichment_task w
        WHERE w.lane >= stop.first_lane AND w.state <> 'done' AND w.due_at <= $2
        ORDER BY w.due_at LIMIT $5
        FOR UPDATE SKIP LOCKED
    ) AS task
) AS waiting
WHERE t.id = waiting.id
;
-- workers/src/tasks/store/settle.rs
WITH forgotten AS (DELETE FROM pipeline.read_refusal WHERE account_id = $1)
DELETE FROM pipeline.read_stop WHERE account_id = $1
;
-- workers/src/tasks/store/settle.rs
UPDATE pipeline.enrichment_task t SET
    state = 'waiting', reason = NULL, parked_until = NULL, due_at = $2, attempts = 0
FROM (
    SELECT w.id FROM pipeline.enrichment_task w
    WHERE w.account_id = $1 AND (
        (w.state = 'parked' AND w.reason IN ('no_token', 'token_dead', 'permission'))
        OR (w.kind = 'user' AND (w.state = 'done' OR w.reason = 'fresh')))
    ORDER BY w.kind, w.target_id
    FOR UPDATE
) AS parked
WHERE t.id = parked.id
;
-- workers/src/token/store/alert.rs
INSERT INTO pipeline.operator_alert AS a (account_id, kind, detail, raised_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (account_id, kind) WHERE resolved_at IS NULL DO UPDATE SET detail = EXCLUDED.detail
WHERE a.detail IS DISTINCT FROM EXCLUDED.detail
RETURNING a.xmax = 0
;
-- workers/src/token/store/alert.rs
UPDATE pipeline.operator_alert a SET resolved_at = GREATEST(a.raised_at, $3)
WHERE a.account_id = $1 AND a.kind = ANY($2) AND a.resolved_at IS NULL
;
-- workers/src/token/store/alert.rs
SELECT account_id, kind, detail, raised_at FROM pipeline.operator_alert
WHERE resolved_at IS NULL AND ($1::text IS NULL OR account_id = $1)
ORDER BY raised_at, id
;
-- workers/src/token/store/alert.rs
SELECT k.kind, count(a.id) AS number
FROM UNNEST($1::text[]) AS k (kind)
LEFT JOIN pipeline.operator_alert a ON a.kind = k.kind AND a.resolved_at IS NULL
GROUP BY k.kind
;
-- workers/src/token/store/mod.rs
SELECT t.token, t.flavour, t.state, t.expired_at, t.issued_at
FROM instagram.instagram_tokens t
WHERE t.user_id = $1
;
-- workers/src/token/store/mod.rs
DELETE FROM instagram.instagram_tokens
WHERE user_id = $1
;
-- workers/src/token/store/mod.rs
INSERT INTO instagram.instagram_tokens
    (user_id, token, token_secret, expired_at, flavour, scopes, checked_at, data_access_expires_at, state, dead_reason,
    updated_timestamp)
SELECT account_id, $2, NULL, $3, login, '{}', NULL, NULL, 'valid', NULL, $4
FROM pipeline.account
WHERE account_id = $1 AND removed_at IS NULL
ON CONFLICT (user_id) DO UPDATE
SET token = excluded.token, token_secret = NULL, expired_at = excluded.expired_at, flavour = excluded.flavour,
    scopes = excluded.scopes, checked_at = NULL, data_access_expires_at = NULL, issued_at = NULL, state = 'valid',
    dead_reason = NULL, updated_timestamp = excluded.updated_timestamp
;
-- workers/src/token/store/mod.rs
DELETE FROM pipeline.token_upkeep
WHERE account_id = $1
;
-- workers/src/token/store/mod.rs
UPDATE instagram.instagram_tokens t SET state = 'dead', dead_reason = $2, checked_at = $3, updated_timestamp = $3
WHERE t.user_id = $1 AND t.token = $4 AND t.state IS DISTINCT FROM 'dead'
;
-- workers/src/token/store/mod.rs
SELECT pg_advisory_xact_lock(hashtextextended('cekbrand.token/' || $1, 0))
;
-- workers/src/token/store/mod.rs
SELECT $2::text IS NOT DISTINCT FROM (SELECT t.token FROM instagram.instagram_tokens t WHERE t.user_id = $1)
;
-- workers/src/token/store/upkeep.rs
INSERT INTO pipeline.token_upkeep AS k (account_id, next_at)
SELECT t.user_id, $2
FROM instagram.instagram_tokens t
JOIN pipeline.account a ON a.account_id = t.user_id AND a.removed_at IS NULL
LEFT JOIN pipeline.token_upkeep h ON h.account_id = t.user_id
WHERE t.state = 'valid' AND COALESCE(h.next_at <= $1, TRUE) AND NOT EXISTS (
    SELECT 1 FROM pipeline.account_quota q
    WHERE q.app_id = $3 AND q.account_id IN (t.user_id, '') AND q.blocked_until > $1)
ORDER BY h.next_at NULLS FIRST, t.user_id
LIMIT $4
ON CONFLICT (account_id) DO UPDATE SET next_at = EXCLUDED.next_at WHERE k.next_at <= $1
RETURNING k.account_id
;
-- workers/src/token/store/upkeep.rs
UPDATE instagram.instagram_tokens t SET
    scopes = COALESCE($3, t.scopes), checked_at = $4, expired_at = COALESCE($5, t.expired_at),
    issued_at = COALESCE($6, t.issued_at), data_access_expires_at = COALESCE($7, t.data_access_expires_at)
WHERE t.user_id = $1 AND t.token = $2
;
-- workers/src/token/store/upkeep.rs
UPDATE instagram.instagram_tokens t SET
    token = $3, expired_at = $4, issued_at = $5, checked_at = $5, updated_timestamp = $5
WHERE t.user_id = $1 AND t.token = $2 AND t.state = 'valid'
;
-- workers/src/token/store/upkeep.rs
UPDATE pipeline.token_upkeep k SET
    next_at = $2, last_error = $3, meta_user_id = COALESCE($4, k.meta_user_id)
WHERE k.account_id = $1
;
-- workers/src/token/store/upkeep.rs
INSERT INTO pipeline.token_upkeep AS k (account_id, next_at) VALUES ($1, $2)
ON CONFLICT (account_id) DO UPDATE SET next_at = LEAST(k.next_at, EXCLUDED.next_at)
;
-- workers/src/token/store/upkeep.rs
SELECT EXISTS (
    SELECT 1 FROM pipeline.read_stop s WHERE s.account_id = $1 AND s.kind = '' AND s.reason = 'permission')
;
-- workers/src/token/store/upkeep.rs
SELECT a.account_id, t.token AS sealed
FROM pipeline.account a
JOIN instagram.instagram_tokens t ON t.user_id = a.account_id
LEFT JOIN instagram."user" u ON u.id = a.account_id
LEFT JOIN pipeline.token_upkeep k ON k.account_id = a.account_id
WHERE a.removed_at IS NULL AND t.state = 'valid' AND t.updated_timestamp <= $2
    AND (a.account_id = ANY($1) OR u.app_scoped_id = ANY($1) OR u.social_account_id = ANY($1)
        OR k.meta_user_id = ANY($1))
ORDER BY a.account_id
;
-- insights/src/query/account.rs
SELECT account.account_id, owner.username, owner.name, owner.biography, owner.website, owner.region, account.login,
    account.added_at, COALESCE(owner.timezone, 'UTC') AS timezone,
    ($2::timestamptz AT TIME ZONE COALESCE(owner.timezone, 'UTC'))::date AS today
FROM pipeline.account AS account
LEFT JOIN instagram."user" AS owner ON owner.id = account.account_id
WHERE account.account_id = $1 AND account.removed_at IS NULL
;
-- insights/src/query/api_key.rs
SELECT key_hash, accounts, expires_at, revoked_at, last_used_at
FROM pipeline.api_key
WHERE id = $1
;
-- insights/src/query/api_key.rs
UPDATE pipeline.api_key
SET last_used_at = $2
WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)
;
-- insights/src/query/api_key.rs
INSERT INTO pipeline.api_key (id, name, key_hash, expires_at, created_at, accounts)
VALUES ($1, $2, $3, $4, $5, $6)
;
-- insights/src/query/api_key.rs
SELECT id, name, accounts, created_at, expires_at, revoked_at, last_used_at
FROM pipeline.api_key
ORDER BY created_at, id
;
-- insights/src/query/api_key.rs
UPDATE pipeline.api_key
SET revoked_at = $2
WHERE id = $1 AND revoked_at IS NULL
;
-- insights/src/query/audience.rs
SELECT 'country' AS dimension, country_code AS name, NULL::text AS detail, value AS followers,
    absence::text AS followers_absence, source::text AS followers_source, observed_at AS followers_at,
    timeframe, end_time
FROM instagram.user_insight_audience_country AS held
WHERE
    user_id = $1
    AND (timeframe, end_time) = (
        SELECT timeframe, end_time FROM instagram.user_insight_audience_country
        WHERE user_id = $1 AND end_time < ($2::date + 2)::timestamp AT TIME ZONE 'America/Los_Angeles'
        ORDER BY value IS NULL, end_time DESC, timeframe LIMIT 1
    )
ORDER BY value DESC NULLS LAST, country_code
;
-- insights/src/query/audience.rs
SELECT 'city' AS dimension, city AS name, NULLIF(province, '') AS detail, value AS followers,
    absence::text AS followers_absence, source::text AS followers_source, observed_at AS followers_at,
    timeframe, end_time
FROM instagram.user_insight_audience_city AS held
WHERE
    user_id = $1
    AND (timeframe, end_time) = (
        SELECT timeframe, end_time FROM instagram.user_insight_audience_city
        WHERE user_id = $1 AND end_time < ($2::date + 2)::timestamp AT TIME ZONE 'America/Los_Angeles'
        ORDER BY value IS NULL, end_time DESC, timeframe LIMIT 1
    )
ORDER BY value DESC NULLS LAST, city, province
;
-- insights/src/query/audience.rs
SELECT 'gender_age' AS dimension, gender AS name, age AS detail, value AS followers,
    absence::text AS followers_absence, source::text AS followers_source, observed_at AS followers_at,
    timeframe, end_time
FROM instagram.user_insight_audience_gender_age AS held
WHERE
    user_id = $1
    AND (timeframe, end_time) = (
        SELECT timeframe, end_time FROM instagram.user_insight_audience_gender_age
        WHERE user_id = $1 AND end_time < ($2::date + 2)::timestamp AT TIME ZONE 'America/Los_Angeles'
        ORDER BY value IS NULL, end_time DESC, timeframe LIMIT 1
    )
ORDER BY gender, age
;
-- insights/src/query/books.rs
SELECT "group", topic, COUNT(*) AS partitions, BOOL_AND(closed) AS closed, SUM(next - start)::bigint AS read,
    SUM(landed)::bigint AS landed, SUM(duplicates)::bigint AS duplicates, SUM(dead_lettered)::bigint AS dead_lettered,
    SUM(expired)::bigint AS expired, SUM(continued)::bigint AS continued
FROM pipeline.ledger
GROUP BY "group", topic
ORDER BY "group", topic
;
-- insights/src/query/books.rs
SELECT kind, state, reason, COUNT(*) AS count, MIN(due_at) AS first_due_at
FROM pipeline.enrichment_task
WHERE state <> 'done'
GROUP BY kind, state, reason
ORDER BY kind, state, reason
;
-- insights/src/query/books.rs
SELECT COUNT(*) AS count, MIN(marked_at) AS oldest_at
FROM pipeline.dirty_mark
;
-- insights/src/query/books.rs
SELECT reason, COUNT(*) AS count
FROM pipeline.dead_letter
WHERE resolution IS NULL
GROUP BY reason
ORDER BY reason
;
-- insights/src/query/books.rs
SELECT app_id, account_id, usage_percent, blocked_until, block_reason
FROM pipeline.account_quota
WHERE blocked_until > $1
ORDER BY app_id, account_id
;
-- insights/src/query/books.rs
INSERT INTO pipeline.enrichment_task
            (kind, target_id, account_id, lane, due_at, wanted_at, created_at, state, finished_at)
        SELECT 'media', n::text, '1784', 1, to_timestamp(n), to_timestamp(n), to_timestamp(n), 'done', to_timestamp(n)
        FROM GENERATE_SERIES(1, 20000) AS n
;
-- insights/src/query/books.rs
INSERT INTO pipeline.dead_letter
            (topic, partition, "offset", reason, error, payload, landed_at, resolution, resolved_at)
        SELECT 'instagram.dead-letter.v1', 0, n, 'unparsable', 'no json', '', to_timestamp(n), 'dropped', to_timestamp(n)
        FROM GENERATE_SERIES(1, 20000) AS n
;
-- insights/src/query/comments.rs
WITH part AS (
    SELECT medium.id AS post_id, medium.id AS part_id
    FROM instagram.media AS medium
    WHERE medium.user_id = $1 AND medium.original_media_id IS NULL AND medium.parent_id IS NULL
    UNION ALL
    SELECT post.id, copy.id
    FROM instagram.media AS post
    CROSS JOIN LATERAL (
        SELECT held.id
        FROM instagram.media AS held
        WHERE COALESCE(held.original_media_id, held.parent_id) = post.id
        OFFSET 0
    ) AS copy
    WHERE post.user_id = $1
)
SELECT said.id, part.post_id AS media_id, said.parent_id, said.username, said.text, said.at, said.like_count AS likes,
    NULL::text AS likes_absence, NULL::text AS likes_source, said.updated_timestamp AS likes_at,
    said.hidden, said.source, said.first_seen_at, said.is_own,
    said.sentiment, said.score, said.uncertain, said.language, said.model, said.corrected
FROM part
CROSS JOIN LATERAL (
    SELECT comment.id, comment.parent_id, comment.username, comment.text, comment.like_count, comment.hidden,
        comment.source::text AS source, comment.first_seen_at, comment.updated_timestamp,
        COALESCE(comment."timestamp", comment.first_seen_at) AS at,
        COALESCE(
            comment.from_id = $1 OR comment.from_id = $2 OR (comment.from_id IS NULL AND comment.username = $3), FALSE
        ) AS is_own,
        felt.sentiment, felt.score, felt.uncertain, felt.language, felt.model, felt.corrected
    FROM instagram.media_comment AS comment
    LEFT JOIN toba_cek_insta.user_media_comment_sentiment AS felt ON felt.comment_id = comment.id
    WHERE
        comment.media_id = part.part_id AND comment.deleted_at IS NULL
        AND COALESCE(comment."timestamp", comment.first_seen_at) >= $4::date::timestamp AT TIME ZONE $6
        AND COALESCE(comment."timestamp", comment.first_seen_at) < ($5::date + 1)::timestamp AT TIME ZONE $6
        AND ($8::text IS NULL OR felt.sentiment = $8)
        AND ($9::text IS NULL OR POSITION(LOWER($9) IN LOWER(comment.text)) > 0)
        AND (
            $10::timestamptz IS NULL OR COALESCE(comment."timestamp", comment.first_seen_at) < $10
            OR (COALESCE(comment."timestamp", comment.first_seen_at) = $10 AND comment.id > $11)
        )
    ORDER BY COALESCE(comment."timestamp", comment.first_seen_at) DESC, comment.id
    LIMIT $12
) AS said
WHERE $7::text IS NULL OR part.post_id = $7 OR part.part_id = $7
ORDER BY said.at DESC, said.id
LIMIT $12
;
-- insights/src/query/comments.rs
SELECT app_scoped_id, username FROM instagram."user" WHERE id = $1
;
-- insights/src/query/competitors.rs
SELECT side.id, side.id = $1 AS is_self, known.username, known.name,
    counts.followers_count AS followers, counts.absence ->> 'followers_count' AS followers_absence,
    NULL::text AS followers_source, counts.updated_timestamp AS followers_at,
    counts.media_count AS media, counts.absence ->> 'media_count' AS media_absence,
    NULL::text AS media_source, counts.updated_timestamp AS media_at,
    before.followers_count AS followers_before, before.absence ->> 'followers_count' AS followers_before_absence,
    published.posts, published.engagement, published.engagement_absence, published.engagement_per_post,
    published.engagement_absence AS engagement_per_post_absence, published.skipped_posts
FROM (
    SELECT $1::text AS id
    UNION ALL
    SELECT competitor_id FROM instagram.user_competitor WHERE user_id = $1
) AS side
LEFT JOIN instagram."user" AS known ON known.id = side.id
LEFT JOIN LATERAL (
    SELECT followers_count, media_count, absence, updated_timestamp FROM instagram.user_data
    WHERE user_id = side.id AND datestamp <= $3 ORDER BY datestamp DESC LIMIT 1
) AS counts ON TRUE
LEFT JOIN LATERAL (
    SELECT followers_count, absence FROM instagram.user_data
    WHERE user_id = side.id AND datestamp <= $2 ORDER BY datestamp DESC LIMIT 1
) AS before ON TRUE
CROSS JOIN LATERAL (
    SELECT COUNT(*)::int AS posts, SUM(medium.like_count + medium.comments_count)::bigint AS engagement,
        AVG(medium.like_count + medium.comments_count)::float8 AS engagement_per_post,
        MAX(medium.absence ->> 'like_count') AS engagement_absence,
        COUNT(*)::int - COUNT(medium.like_count + medium.comments_count)::int AS skipped_posts
    FROM instagram.media AS medium
    WHERE
        medium.user_id = side.id AND medium.parent_id IS NULL AND medium.original_media_id IS NULL
        AND medium.deleted_at IS NULL AND medium.media_product_type IS DISTINCT FROM 'STORY'
        AND medium."timestamp" >= $2::date::timestamp AT TIME ZONE $4
        AND medium."timestamp" < ($3::date + 1)::timestamp AT TIME ZONE $4
) AS published
ORDER BY side.id <> $1, counts.followers_count DESC NULLS LAST, side.id
;
-- insights/src/query/correction.rs
SELECT comment.media_id, COALESCE(comment."timestamp", comment.first_seen_at) AS at, comment.deleted_at,
    post.user_id AS account_id
FROM instagram.media_comment AS comment
INNER JOIN instagram.media AS medium ON medium.id = comment.media_id
INNER JOIN instagram.media AS post ON post.id = COALESCE(medium.original_media_id, medium.parent_id, medium.id)
INNER JOIN pipeline.account AS account ON account.account_id = post.user_id AND account.removed_at IS NULL
WHERE comment.id = $1 AND comment.text IS NOT NULL AND ($2::text[] IS NULL OR post.user_id = ANY ($2))
;
-- insights/src/query/correction.rs
INSERT INTO pipeline.sentiment_correction (comment_id, sentiment, corrected_at, corrected_by)
VALUES ($1, $2, $3, $4)
ON CONFLICT (comment_id) DO UPDATE SET
    sentiment = excluded.sentiment, corrected_at = excluded.corrected_at, corrected_by = excluded.corrected_by
;
-- insights/src/query/correction.rs
UPDATE toba_cek_insta.user_media_comment_sentiment
SET sentiment = $2, score = 1, uncertain = FALSE, corrected = TRUE, updated_timestamp = $3
WHERE comment_id = $1
;
-- insights/src/query/correction.rs
DELETE FROM pipeline.sentiment_correction
WHERE comment_id = $1
;
-- insights/src/query/correction.rs
INSERT INTO pipeline.changed_comment (comment_id, media_id, at)
SELECT $1, $2, given.at FROM UNNEST($3::timestamptz[]) AS given (at)
;
-- insights/src/query/correction.rs
INSERT INTO pipeline.dirty_mark (account_id, day, marked_at)
SELECT DISTINCT $1, (given.at AT TIME ZONE COALESCE(owner.timezone, 'UTC'))::date, $3::timestamptz
FROM UNNEST($2::timestamptz[]) AS given (at)
LEFT JOIN instagram."user" AS owner ON owner.id = $1
;
-- insights/src/query/deletion.rs
SELECT state FROM pipeline.deletion_request
WHERE confirmation_code = $1 AND kind = 'data_deletion'
;
-- insights/src/query/engagement.rs
SELECT day.d::date AS day,
    held.engagement, held.absence ->> 'engagement' AS engagement_absence,
    held.likes_count AS likes, held.absence ->> 'likes_count' AS likes_absence,
    held.comments_count AS comments, held.absence ->> 'comments_count' AS comments_absence,
    held.media_count, held.skipped_media, held.updated_timestamp AS computed_at,
    growth.growth, growth.absence AS growth_absence,
    rate.value_now AS rate, rate.absence AS rate_absence, rate.growth AS rate_growth, rate.absence AS rate_growth_absence
FROM GENERATE_SERIES($2::date, $3::date, INTERVAL '1 day') AS day (d)
LEFT JOIN toba_cek_insta.user_insight_engagement AS held
    ON held.user_id = $1 AND held.timeframe = $4 AND held.datestamp = day.d::date
LEFT JOIN toba_cek_insta.user_insight_engagement_growth AS growth
    ON growth.user_id = $1 AND growth.timeframe = $4 AND growth.datestamp = day.d::date
LEFT JOIN toba_cek_insta.user_insight_engagement_rate_growth AS rate
    ON rate.user_id = $1 AND rate.timeframe = $4 AND rate.datestamp = day.d::date
ORDER BY day.d
;
-- insights/src/query/figure.rs
SELECT DISTINCT ON (metric, value IS NULL) metric, value, absence, source, observed_at
FROM instagram.media_insight
WHERE media_id = $1 AND breakdown = ''
ORDER BY metric, value IS NULL, datestamp DESC
;
-- insights/src/query/figure.rs
SELECT DISTINCT ON (breakdown, value IS NULL) breakdown, value, absence, source, observed_at
FROM instagram.media_insight
WHERE media_id = $1 AND metric = $2 AND breakdown <> ''
ORDER BY breakdown, value IS NULL, datestamp DESC
;
-- insights/src/query/followers.rs
SELECT day.d::date AS day,
    held.followers_count AS followers, held.absence ->> 'followers_count' AS followers_absence,
    NULL::text AS followers_source, held.updated_timestamp AS followers_at,
    held.follows_count AS follows, held.absence ->> 'follows_count' AS follows_absence,
    NULL::text AS follows_source, held.updated_timestamp AS follows_at,
    held.media_count AS media, held.absence ->> 'media_count' AS media_absence,
    NULL::text AS media_source, held.updated_timestamp AS media_at,
    held.followers_count_growth AS gained, NULL::text AS gained_absence,
    growth.growth, growth.absence AS growth_absence
FROM GENERATE_SERIES($2::date, $3::date, INTERVAL '1 day') AS day (d)
LEFT JOIN instagram.user_data AS held ON held.user_id = $1 AND held.datestamp = day.d::date
LEFT JOIN toba_cek_insta.user_insight_follower_growth AS growth
    ON growth.user_id = $1 AND growth.timeframe = $4 AND growth.date_stamp = day.d::date
ORDER BY day.d
;
-- insights/src/query/formats.rs
SELECT kind.format, COUNT(*)::int AS posts,
    SUM(medium.like_count + medium.comments_count)::bigint AS engagement, MAX(medium.absence ->> 'like_count') AS engagement_absence,
    AVG(medium.like_count + medium.comments_count)::float8 AS engagement_per_post,
    MAX(medium.absence ->> 'like_count') AS engagement_per_post_absence,
    COUNT(*)::int - COUNT(medium.like_count + medium.comments_count)::int AS skipped_engagement,
    SUM(seen.value)::bigint AS views, MAX(seen.absence) AS views_absence,
    AVG(seen.value)::float8 AS views_per_post, MAX(seen.absence) AS views_per_post_absence,
    COUNT(*)::int - COUNT(seen.value)::int AS skipped_views,
    AVG(reach.value)::float8 AS reach_per_post, MAX(reach.absence) AS reach_per_post_absence,
    MAX(reach.value) AS largest_reach, MAX(reach.absence) AS largest_reach_absence,
    COUNT(*)::int - COUNT(reach.value)::int AS skipped_reach
FROM instagram.media AS medium
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'reach') AS reach ON TRUE
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'views') AS seen ON TRUE
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN medium.media_product_type = 'STORY' THEN 'stories'
        WHEN medium.media_product_type = 'REELS' THEN 'reels'
        WHEN medium.media_product_type = 'FEED' AND medium.media_type = 'CAROUSEL_ALBUM' THEN 'carousels'
        WHEN medium.media_product_type = 'FEED' AND medium.media_type IS NOT NULL THEN 'feed'
        ELSE 'unknown'
    END AS format
) AS kind
WHERE
    medium.user_id = $1 AND medium.parent_id IS NULL AND medium.original_media_id IS NULL AND medium.deleted_at IS NULL
    AND medium."timestamp" >= $2::date::timestamp AT TIME ZONE $4
    AND medium."timestamp" < ($3::date + 1)::timestamp AT TIME ZONE $4
GROUP BY kind.format
ORDER BY posts DESC, kind.format
;
-- insights/src/query/hashtags.rs
SELECT * FROM (
    SELECT DISTINCT ON (hastag) hastag AS hashtag, datestamp AS day, post_count,
        total_engagement AS engagement, absence ->> 'total_engagement' AS engagement_absence,
        total_reach AS reach, absence ->> 'total_reach' AS reach_absence,
        total_saved AS saved, absence ->> 'total_saved' AS saved_absence,
        engagement_per_post, absence ->> 'engagement_per_post' AS engagement_per_post_absence,
        reach_per_post, absence ->> 'reach_per_post' AS reach_per_post_absence,
        saved_per_post, absence ->> 'saved_per_post' AS saved_per_post_absence,
        skipped_engagement, skipped_reach, skipped_saved
    FROM toba_cek_insta.user_hastags_metrics
    WHERE user_id = $1 AND datestamp <= $2
    ORDER BY hastag, datestamp DESC
) AS held
WHERE post_count > 0
ORDER BY
    CASE $3 WHEN 'engagement' THEN engagement_per_post WHEN 'reach' THEN reach_per_post
        WHEN 'saved' THEN saved_per_post ELSE post_count END DESC NULLS LAST,
    post_count DESC, hashtag
LIMIT $4 OFFSET $5
;
-- insights/src/query/hours.rs
SELECT held.hours AS hour, held.val AS online, held.day_count, held.date_range
FROM toba_cek_insta.user_insight_follower_online AS held
WHERE
    held.user_id = $1
    AND SPLIT_PART(held.date_range, '/', 2)::date - SPLIT_PART(held.date_range, '/', 1)::date + 1 = $2
ORDER BY SPLIT_PART(held.date_range, '/', 2) DESC, held.hours
LIMIT 24
;
-- insights/src/query/hours.rs
WITH figure AS (
    SELECT DISTINCT ON (meta.day, held.hour)
        (meta.day::timestamp + (held.hour + 7) * INTERVAL '1 hour') AT TIME ZONE 'UTC' AS start, held.value
    FROM instagram.user_insight_online_follower AS held
    CROSS JOIN LATERAL (SELECT (held.end_time AT TIME ZONE 'America/Los_Angeles')::date - 1 AS day) AS meta
    WHERE
        held.user_id = $1 AND held.hour BETWEEN 0 AND 23
        AND held.end_time >= ($2::date - 1)::timestamp AT TIME ZONE 'UTC'
        AND held.end_time < ($3::date + 4)::timestamp AT TIME ZONE 'UTC'
    ORDER BY meta.day, held.hour, held.value IS NULL, held.end_time DESC
)
SELECT EXTRACT(ISODOW FROM local.start)::int AS weekday, EXTRACT(HOUR FROM local.start)::int AS hour,
    ROUND(AVG(figure.value))::bigint AS online, COUNT(*)::int AS day_count
FROM figure
CROSS JOIN LATERAL (SELECT figure.start AT TIME ZONE $4 AS start) AS local
WHERE figure.value IS NOT NULL AND local.start::date BETWEEN $2 AND $3
GROUP BY 1, 2
ORDER BY 1, 2
;
-- insights/src/query/hours.rs
SELECT DISTINCT ON (lang, highlight_type) lang, highlight_type, highlight_wording
FROM toba_cek_insta.user_insight_follower_online_wording
WHERE user_id = $1
ORDER BY lang, highlight_type, date_range DESC
;
-- insights/src/query/hours.rs
SELECT waktu_paling_aktif AS at, value_paling_aktif AS online
FROM toba_cek_insta.user_insight_most_active_time
WHERE user_id = $1
;
-- insights/src/query/impressions.rs
WITH held AS (
    SELECT DISTINCT ON (meta.day) meta.day, seen.metric, seen.value, seen.absence, seen.source, seen.observed_at
    FROM instagram.user_insight_impressions AS seen
    CROSS JOIN LATERAL (SELECT (seen.end_time AT TIME ZONE 'America/Los_Angeles')::date - 1 AS day) AS meta
    WHERE
        seen.user_id = $1 AND seen.metric IN ('impressions', 'views') AND seen.period = 'day'
        AND seen.end_time >= $2::date::timestamp AT TIME ZONE 'UTC'
        AND seen.end_time < ($3::date + 3)::timestamp AT TIME ZONE 'UTC'
    ORDER BY meta.day, seen.value IS NULL, seen.metric DESC, seen.end_time DESC
)
SELECT day.d::date AS day, held.metric,
    held.value AS impressions, held.absence::text AS impressions_absence, held.source::text AS impressions_source,
    held.observed_at AS impressions_at,
    growth.value_now AS window_impressions, growth.absence AS window_impressions_absence, growth.skipped_days,
    growth.growth, growth.absence AS growth_absence
FROM GENERATE_SERIES($2::date, $3::date, INTERVAL '1 day') AS day (d)
LEFT JOIN held ON held.day = day.d::date
LEFT JOIN toba_cek_insta.user_insight_impressions_growth AS growth
    ON growth.user_id = $1 AND growth.timeframe = $4 AND growth.date_stamp = day.d::date
ORDER BY day.d
;
-- insights/src/query/labels.rs
SELECT label.id, label.name, label.created_at,
    COALESCE(ARRAY_AGG(medium.id ORDER BY medium.id) FILTER (WHERE medium.id IS NOT NULL), '{}') AS media_ids,
    SUM(medium.like_count + medium.comments_count)::bigint AS engagement,
    MAX(medium.absence ->> 'like_count') AS engagement_absence,
    AVG(medium.like_count + medium.comments_count)::float8 AS engagement_per_post,
    MAX(medium.absence ->> 'like_count') AS engagement_per_post_absence,
    SUM(seen.value)::bigint AS views, MAX(seen.absence) AS views_absence,
    AVG(reach.value)::float8 AS reach_per_post, MAX(reach.absence) AS reach_per_post_absence
FROM pipeline.label AS label
LEFT JOIN pipeline.label_media AS labelled ON labelled.label_id = label.id
LEFT JOIN instagram.media AS medium ON medium.id = labelled.media_id
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'reach') AS reach ON TRUE
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'views') AS seen ON TRUE
WHERE label.account_id = $1
GROUP BY label.id
ORDER BY label.name
;
-- insights/src/query/labels.rs
SELECT label.name
FROM pipeline.label_media AS labelled
INNER JOIN pipeline.label AS label ON label.id = labelled.label_id
WHERE labelled.media_id = $1
ORDER BY label.name
;
-- insights/src/query/labels.rs
INSERT INTO pipeline.label (account_id, name, created_at, created_by)
VALUES ($1, $2, $3, $4)
ON CONFLICT (account_id, name) DO NOTHING
RETURNING id, name, created_at
;
-- insights/src/query/labels.rs
DELETE FROM pipeline.label
WHERE account_id = $1 AND id = $2
;
-- insights/src/query/labels.rs
INSERT INTO pipeline.label_media (label_id, media_id, labelled_at)
SELECT label.id, medium.id, $4
FROM pipeline.label AS label
INNER JOIN instagram.media AS medium ON medium.user_id = label.account_id
WHERE label.account_id = $1 AND label.id = $2 AND medium.id = $3
ON CONFLICT (label_id, media_id) DO UPDATE SET labelled_at = label_media.labelled_at
;
-- insights/src/query/labels.rs
DELETE FROM pipeline.label_media AS labelled
USING pipeline.label AS label
WHERE label.id = labelled.label_id AND label.account_id = $1 AND label.id = $2 AND labelled.media_id = $3
;
-- insights/src/query/medium.rs
SELECT user_id, media_product_type, first_seen_at, deleted_at, lost_at
FROM instagram.media
WHERE id = $1
;
-- insights/src/query/medium.rs
SELECT state, dead_reason, flavour, expired_at, checked_at
FROM instagram.instagram_tokens
WHERE user_id = $1
;
-- insights/src/query/medium.rs
SELECT kind, account_id, state, reason, parked_until, attempts, wanted_at, finished_at
FROM pipeline.enrichment_task
WHERE kind IN ('media', 'media_insights', 'mentioned_media') AND target_id = $1
ORDER BY kind, account_id
;
-- insights/src/query/medium.rs
SELECT
    EXISTS (SELECT FROM instagram.media WHERE id = $1 AND user_id = ANY ($2))
    OR (
        NOT EXISTS (SELECT FROM instagram.media WHERE id = $1 AND user_id IS NOT NULL)
        AND EXISTS (
            SELECT FROM pipeline.enrichment_task
            WHERE kind IN ('media', 'media_insights', 'mentioned_media') AND target_id = $1 AND account_id = ANY ($2)
        )
    )
;
-- insights/src/query/mod.rs
SELECT 1
;
-- insights/src/query/notes.rs
SELECT id, day, NULL::date AS until, 'person' AS kind, text, created_at, created_by
FROM pipeline.note
WHERE account_id = $1 AND day BETWEEN $2 AND $3
ORDER BY day, id
;
-- insights/src/query/notes.rs
SELECT NULL::bigint AS id, gap.last + 1 AS day, gap.next - 1 AS until, 'gap' AS kind,
    'No figures of these days were read.' AS text, NULL::timestamptz AS created_at, NULL::text AS created_by
FROM (
    SELECT datestamp AS last, LEAD(datestamp) OVER (ORDER BY datestamp) AS next
    FROM instagram.user_data
    WHERE user_id = $1
) AS gap
WHERE gap.next > gap.last + 1 AND gap.last + 1 <= $3 AND gap.next - 1 >= $2
ORDER BY gap.last
;
-- insights/src/query/notes.rs
SELECT NULL::bigint AS id, (token.updated_timestamp AT TIME ZONE COALESCE(owner.timezone, 'UTC'))::date AS day,
    NULL::date AS until, 'token_dead' AS kind, 'The token died: nothing is read until there is another.' AS text,
    token.updated_timestamp AS created_at, NULL::text AS created_by
FROM instagram.instagram_tokens AS token
LEFT JOIN instagram."user" AS owner ON owner.id = token.user_id
WHERE
    token.user_id = $1 AND token.state = 'dead'
    AND (token.updated_timestamp AT TIME ZONE COALESCE(owner.timezone, 'UTC'))::date BETWEEN $2 AND $3
;
-- insights/src/query/notes.rs
INSERT INTO pipeline.note (account_id, day, text, created_at, created_by)
VALUES ($1, $2, $3, $4, $5)
RETURNING id, day, NULL::date AS until, 'person' AS kind, text, created_at, created_by
;
-- insights/src/query/notes.rs
DELETE FROM pipeline.note
WHERE account_id = $1 AND id = $2
;
-- insights/src/query/portfolio.rs
SELECT account.account_id, owner.username, owner.name, COALESCE(owner.timezone, 'UTC') AS timezone,
    counts.datestamp AS followers_day, counts.followers_count AS followers,
    counts.absence ->> 'followers_count' AS followers_absence, NULL::text AS followers_source,
    counts.updated_timestamp AS followers_at,
    gained.growth AS followers_growth, gained.absence AS followers_growth_absence,
    reach.date_stamp AS reach_day, reach.value_now AS reach, reach.absence AS reach_absence,
    reach.growth AS reach_growth, reach.absence AS reach_growth_absence,
    seen.date_stamp AS views_day, seen.value_now AS views, seen.absence AS views_absence,
    seen.growth AS views_growth, seen.absence AS views_growth_absence,
    liked.datestamp AS engagement_day, liked.value_now AS engagement, liked.absence AS engagement_absence,
    liked.growth AS engagement_growth, liked.absence AS engagement_growth_absence,
    felt.date_stamp AS sentiment_day, felt.pos, felt.neu, felt.neg,
    token.state AS token_state, token.dead_reason, token.expired_at, token.checked_at,
    COALESCE(story.live, 0) AS stories_live, COALESCE(story.at_risk, 0) AS stories_at_risk,
    quota.usage_percent, quota.blocked_until
FROM pipeline.account AS account
LEFT JOIN instagram."user" AS owner ON owner.id = account.account_id
LEFT JOIN LATERAL (
    SELECT datestamp, followers_count, absence, updated_timestamp
    FROM instagram.user_data
    WHERE user_id = account.account_id
    ORDER BY datestamp DESC LIMIT 1
) AS counts ON TRUE
LEFT JOIN toba_cek_insta.user_insight_follower_growth AS gained
    ON gained.user_id = account.account_id AND gained.timeframe = $4 AND gained.date_stamp = counts.datestamp
LEFT JOIN LATERAL (
    SELECT date_stamp, value_now, growth, absence
    FROM toba_cek_insta.user_insight_reach_growth
    WHERE user_id = account.account_id AND timeframe = $4
    ORDER BY date_stamp DESC LIMIT 1
) AS reach ON TRUE
LEFT JOIN LATERAL (
    SELECT date_stamp, value_now, growth, absence
    FROM toba_cek_insta.user_insight_impressions_growth
    WHERE user_id = account.account_id AND timeframe = $4
    ORDER BY date_stamp DESC LIMIT 1
) AS seen ON TRUE
LEFT JOIN LATERAL (
    SELECT datestamp, value_now, growth, absence
    FROM toba_cek_insta.user_insight_engagement_growth
    WHERE
        user_id = account.account_id AND timeframe = $4
        AND datestamp >= ($5::timestamptz AT TIME ZONE COALESCE(owner.timezone, 'UTC'))::date - 1
    ORDER BY datestamp DESC LIMIT 1
) AS liked ON TRUE
LEFT JOIN LATERAL (
    SELECT date_stamp, pos, neu, neg
    FROM toba_cek_insta.user_insight_sentiment
    WHERE user_id = account.account_id
    ORDER BY date_stamp DESC LIMIT 1
) AS felt ON TRUE
LEFT JOIN instagram.instagram_tokens AS token ON token.user_id = account.account_id
LEFT JOIN LATERAL (
    SELECT COUNT(*)::int AS live,
        COUNT(*) FILTER (
            WHERE NOT EXISTS (
                SELECT FROM instagram.media_insight AS held WHERE held.media_id = medium.id AND held.value IS NOT NULL
            )
            AND medium."timestamp" <= $5::timestamptz - INTERVAL '18 hours'
        )::int AS at_risk
    FROM instagram.media AS medium
    WHERE
        medium.user_id = account.account_id AND medium.media_product_type = 'STORY' AND medium.deleted_at IS NULL
        AND medium."timestamp" > $5::timestamptz - INTERVAL '24 hours' AND medium."timestamp" <= $5
) AS story ON TRUE
LEFT JOIN LATERAL (
    SELECT MAX(usage_percent) AS usage_percent, MAX(blocked_until) AS blocked_until
    FROM pipeline.account_quota
    WHERE account_id = account.account_id
) AS quota ON TRUE
WHERE
    account.removed_at IS NULL
    AND ($1::text[] IS NULL OR account.account_id = ANY ($1))
    AND ($2::text IS NULL OR account.account_id > $2)
ORDER BY account.account_id
LIMIT $3
;
-- insights/src/query/post.rs
SELECT medium.id, medium.user_id AS account_id, medium.media_type, medium.media_product_type, medium.permalink,
    medium.caption, medium.media_hastag, medium."timestamp" AS published_at, medium.is_comment_enabled,
    medium.parent_id, medium.original_media_id, medium.first_seen_at, medium.updated_timestamp, medium.deleted_at,
    medium.lost_at, COALESCE(owner.timezone, 'UTC') AS timezone,
    medium.like_count AS likes, medium.absence ->> 'like_count' AS likes_absence, NULL::text AS likes_source,
    medium.updated_timestamp AS likes_at,
    medium.comments_count AS comments, medium.absence ->> 'comments_count' AS comments_absence,
    NULL::text AS comments_source, medium.updated_timestamp AS comments_at,
    felt.pos, felt.neu, felt.neg
FROM instagram.media AS medium
INNER JOIN pipeline.account AS account ON account.account_id = medium.user_id AND account.removed_at IS NULL
LEFT JOIN instagram."user" AS owner ON owner.id = medium.user_id
LEFT JOIN LATERAL (
    SELECT COUNT(*) FILTER (WHERE scored.sentiment = 'pos') AS pos,
        COUNT(*) FILTER (WHERE scored.sentiment = 'neu') AS neu,
        COUNT(*) FILTER (WHERE scored.sentiment = 'neg') AS neg
    FROM toba_cek_insta.user_media_comment_sentiment AS scored
    WHERE scored.media_id = medium.id
) AS felt ON TRUE
WHERE medium.id = $1 AND ($2::text[] IS NULL OR medium.user_id = ANY ($2))
;
-- insights/src/query/post.rs
SELECT metric, breakdown, datestamp AS day, value, absence::text AS absence, source::text AS source, observed_at
FROM instagram.media_insight
WHERE media_id = $1
ORDER BY metric, breakdown, datestamp
LIMIT 20000
;
-- insights/src/query/posts.rs
SELECT medium.id, medium."timestamp" AS published_at, medium.media_type, medium.media_product_type, medium.permalink,
    medium.caption, medium.like_count AS likes, medium.absence ->> 'like_count' AS likes_absence,
    NULL::text AS likes_source, medium.updated_timestamp AS likes_at,
    medium.comments_count AS comments, medium.absence ->> 'comments_count' AS comments_absence,
    NULL::text AS comments_source, medium.updated_timestamp AS comments_at,
    reach.value AS reach, reach.absence AS reach_absence, reach.source AS reach_source, reach.observed_at AS reach_at,
    seen.value AS views, seen.absence AS views_absence, seen.source AS views_source, seen.observed_at AS views_at,
    saved.value AS saved, saved.absence AS saved_absence, saved.source AS saved_source, saved.observed_at AS saved_at,
    shares.value AS shares, shares.absence AS shares_absence, shares.source AS shares_source,
    shares.observed_at AS shares_at
FROM instagram.media AS medium
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'reach') AS reach ON TRUE
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'views') AS seen ON TRUE
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'saved') AS saved ON TRUE
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'shares') AS shares ON TRUE
CROSS JOIN LATERAL (
    SELECT CASE $5
        WHEN 'engagement' THEN medium.like_count + medium.comments_count
        WHEN 'likes' THEN medium.like_count
        WHEN 'comments' THEN medium.comments_count
        WHEN 'reach' THEN reach.value
        WHEN 'views' THEN seen.value
        WHEN 'saved' THEN saved.value
        ELSE EXTRACT(EPOCH FROM medium."timestamp")::bigint
    END AS value
) AS key
WHERE
    medium.user_id = $1 AND medium.parent_id IS NULL AND medium.original_media_id IS NULL AND medium.deleted_at IS NULL
    AND medium."timestamp" >= $2::date::timestamp AT TIME ZONE $4
    AND medium."timestamp" < ($3::date + 1)::timestamp AT TIME ZONE $4
ORDER BY CASE WHEN $6 THEN key.value ELSE -key.value END NULLS LAST, medium."timestamp", medium.id
LIMIT $7 OFFSET $8
;
-- insights/src/query/posts.rs
SELECT 'most_engagement' AS place, media_id, engagement_count AS value, datestamp
FROM toba_cek_insta.user_media_largest_engagement WHERE user_id = $1 AND timeframe = $2
UNION ALL
SELECT 'least_engagement', media_id, engagement_count, datestamp
FROM toba_cek_insta.user_media_smallest_engagement WHERE user_id = $1 AND timeframe = $2
UNION ALL
SELECT 'largest_reach', media_id, reach_count, datestamp
FROM toba_cek_insta.user_media_largest_reach WHERE user_id = $1 AND timeframe = $2
UNION ALL
SELECT 'most_positive', media_id, positive_count, datestamp
FROM toba_cek_insta.user_media_most_positive WHERE user_id = $1 AND timeframe = $2
UNION ALL
SELECT 'most_negative', media_id, negative_count, datestamp
FROM toba_cek_insta.user_media_most_negative WHERE user_id = $1 AND timeframe = $2
;
-- insights/src/query/reach.rs
WITH held AS (
    SELECT DISTINCT ON (reach.period, meta.day)
        reach.period, meta.day, reach.value, reach.absence, reach.source, reach.observed_at
    FROM instagram.user_insight_reach AS reach
    CROSS JOIN LATERAL (SELECT (reach.end_time AT TIME ZONE 'America/Los_Angeles')::date - 1 AS day) AS meta
    WHERE
        reach.user_id = $1 AND reach.period IN ('day', $5)
        AND reach.end_time >= $2::date::timestamp AT TIME ZONE 'UTC'
        AND reach.end_time < ($3::date + 3)::timestamp AT TIME ZONE 'UTC'
    ORDER BY reach.period, meta.day, reach.value IS NULL, reach.end_time DESC
)
SELECT day.d::date AS day,
    daily.value AS reach, daily.absence::text AS reach_absence, daily.source::text AS reach_source,
    daily.observed_at AS reach_at,
    long.value AS window_reach, long.absence::text AS window_reach_absence, long.source::text AS window_reach_source,
    long.observed_at AS window_reach_at, growth.growth, growth.absence AS growth_absence
FROM GENERATE_SERIES($2::date, $3::date, INTERVAL '1 day') AS day (d)
LEFT JOIN held AS daily ON daily.period = 'day' AND daily.day = day.d::date
LEFT JOIN held AS long ON long.period = $5 AND long.day = day.d::date
LEFT JOIN toba_cek_insta.user_insight_reach_growth AS growth
    ON growth.user_id = $1 AND growth.timeframe = $4 AND growth.date_stamp = day.d::date
ORDER BY day.d
;
-- insights/src/query/rules.rs
SELECT id, name, metric, measure, direction, threshold, timeframe, created_at
FROM pipeline.alert_rule
WHERE account_id = $1
ORDER BY id
;
-- insights/src/query/rules.rs
INSERT INTO pipeline.alert_rule
    (account_id, name, metric, measure, direction, threshold, timeframe, created_at, created_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
RETURNING id, name, metric, measure, direction, threshold, timeframe, created_at
;
-- insights/src/query/rules.rs
DELETE FROM pipeline.alert_rule
WHERE account_id = $1 AND id = $2
;
-- insights/src/query/rules.rs
SELECT
    CASE WHEN COUNT(*) > 0
        THEN COALESCE(SUM(neg) FILTER (WHERE day > $2::date - $3::int AND day <= $2), 0)::bigint
    END AS now,
    CASE WHEN COUNT(*) > 0
        THEN COALESCE(SUM(neg) FILTER (WHERE day > $2::date - 2 * $3::int AND day <= $2::date - $3::int), 0)::bigint
    END AS before
FROM toba_cek_insta.sentiment_delta
WHERE user_id = $1
;
-- insights/src/query/sentiment.rs
SELECT day.d::date AS day, held.pos, held.neu, held.neg, held.updated_timestamp AS computed_at,
    CASE WHEN held.user_id IS NOT NULL THEN COALESCE(added.pos, 0) END AS pos_added,
    CASE WHEN held.user_id IS NOT NULL THEN COALESCE(added.neu, 0) END AS neu_added,
    CASE WHEN held.user_id IS NOT NULL THEN COALESCE(added.neg, 0) END AS neg_added,
    growth.pos AS pos_change, growth.neu AS neu_change, growth.neg AS neg_change, growth.absence AS pos_change_absence
FROM GENERATE_SERIES($2::date, $3::date, INTERVAL '1 day') AS day (d)
LEFT JOIN toba_cek_insta.user_insight_sentiment AS held
    ON held.user_id = $1 AND held.date_stamp = day.d::date
LEFT JOIN toba_cek_insta.sentiment_delta AS added ON added.user_id = $1 AND added.day = day.d::date
LEFT JOIN toba_cek_insta.user_insight_sentiment_growth AS growth
    ON growth.user_id = $1 AND growth.timeframe = $4 AND growth.date_stamp = day.d::date
ORDER BY day.d
;
-- insights/src/query/session.rs
SELECT session.api_key_id, api_key.name, api_key.accounts, session.csrf_hash, session.last_seen_at
FROM pipeline.session
INNER JOIN pipeline.api_key ON api_key.id = session.api_key_id
WHERE
    session.token_hash = $1 AND session.expires_at > $2 AND session.last_seen_at > $3
    AND api_key.revoked_at IS NULL AND (api_key.expires_at IS NULL OR api_key.expires_at > $2)
;
-- insights/src/query/session.rs
UPDATE pipeline.session
SET last_seen_at = $2
WHERE token_hash = $1 AND last_seen_at < $2
;
-- insights/src/query/session.rs
INSERT INTO pipeline.session (token_hash, api_key_id, csrf_hash, created_at, expires_at, last_seen_at)
VALUES ($1, $2, $3, $4, $5, $4)
;
-- insights/src/query/session.rs
DELETE FROM pipeline.session
WHERE token_hash = $1
;
-- insights/src/query/session.rs
DELETE FROM pipeline.session
WHERE expires_at <= $1
;
-- insights/src/query/shares.rs
SELECT id, token_hash, account_id, from_day, to_day, timeframe, created_at, created_by, expires_at, revoked_at
FROM pipeline.share
WHERE $1::text[] IS NULL OR account_id = ANY ($1)
ORDER BY created_at, id
;
-- insights/src/query/shares.rs
SELECT id, token_hash, account_id, from_day, to_day, timeframe, created_at, created_by, expires_at, revoked_at
FROM pipeline.share
WHERE id = $1 AND revoked_at IS NULL AND expires_at > $2
;
-- insights/src/query/shares.rs
INSERT INTO pipeline.share (id, token_hash, account_id, from_day, to_day, timeframe, created_at, created_by, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
RETURNING id, token_hash, account_id, from_day, to_day, timeframe, created_at, created_by, expires_at, revoked_at
;
-- insights/src/query/shares.rs
UPDATE pipeline.share
SET revoked_at = $3
WHERE id = $1 AND revoked_at IS NULL AND ($2::text[] IS NULL OR account_id = ANY ($2))
;
-- insights/src/query/stories.rs
SELECT medium.id, medium."timestamp" AS published_at, medium."timestamp" + INTERVAL '24 hours' AS ends_at,
    medium.permalink, medium.deleted_at, medium.lost_at, kept.saved_by, kept.saved_at, kept.readings,
    COALESCE(views.value, shown.value) AS views, COALESCE(views.absence, shown.absence) AS views_absence,
    COALESCE(views.source, shown.source) AS views_source, COALESCE(views.observed_at, shown.observed_at) AS views_at,
    reach.value AS reach, reach.absence AS reach_absence, reach.source AS reach_source, reach.observed_at AS reach_at,
    replies.value AS replies, replies.absence AS replies_absence, replies.source AS replies_source,
    replies.observed_at AS replies_at,
    shares.value AS shares, shares.absence AS shares_absence, shares.source AS shares_source,
    shares.observed_at AS shares_at,
    COALESCE(forward.value, tapped.value) AS taps_forward, COALESCE(forward.absence, tapped.absence) AS taps_forward_absence,
    COALESCE(forward.source, tapped.source) AS taps_forward_source,
    COALESCE(forward.observed_at, tapped.observed_at) AS taps_forward_at,
    COALESCE(back.value, tapped_back.value) AS taps_back, COALESCE(back.absence, tapped_back.absence) AS taps_back_absence,
    COALESCE(back.source, tapped_back.source) AS taps_back_source,
    COALESCE(back.observed_at, tapped_back.observed_at) AS taps_back_at,
    COALESCE(left_it.value, exits.value) AS exits, COALESCE(left_it.absence, exits.absence) AS exits_absence,
    COALESCE(left_it.source, exits.source) AS exits_source, COALESCE(left_it.observed_at, exits.observed_at) AS exits_at,
    swiped.value AS swipes_forward, swiped.absence AS swipes_forward_absence, swiped.source AS swipes_forward_source,
    swiped.observed_at AS swipes_forward_at
FROM instagram.media AS medium
LEFT JOIN LATERAL (
    SELECT (ARRAY_AGG(held.source::text ORDER BY held.observed_at DESC))[1] AS saved_by,
        MAX(held.observed_at) AS saved_at, COUNT(DISTINCT held.observed_at)::int AS readings
    FROM instagram.media_insight AS held
    WHERE held.media_id = medium.id AND held.value IS NOT NULL
) AS kept ON TRUE
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'views') AS views ON TRUE
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'impressions') AS shown ON views.value IS NULL
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'reach') AS reach ON TRUE
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'replies') AS replies ON TRUE
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'shares') AS shares ON TRUE
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'navigation', 'tap_forward') AS forward ON TRUE
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'navigation', 'tap_back') AS back ON TRUE
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'navigation', 'tap_exit') AS left_it ON TRUE
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'navigation', 'swipe_forward') AS swiped ON TRUE
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'taps_forward') AS tapped ON forward.value IS NULL
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'taps_back') AS tapped_back ON back.value IS NULL
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'exits') AS exits ON left_it.value IS NULL
WHERE
    medium.user_id = $1 AND medium.media_product_type = 'STORY'
    AND medium."timestamp" >= $2::date::timestamp AT TIME ZONE $4
    AND medium."timestamp" < ($3::date + 1)::timestamp AT TIME ZONE $4
ORDER BY medium."timestamp" DESC, medium.id
LIMIT $5 OFFSET $6
;
-- insights/src/query/pages/audience.rs
WITH newest AS (
    SELECT end_time, timeframe
    FROM instagram.user_insight_audience_country
    WHERE user_id = $1
    ORDER BY value IS NULL, end_time DESC, timeframe
    LIMIT 1
)
SELECT held.country_code AS name, '' AS part, held.value, held.absence::text AS absence, held.end_time
FROM instagram.user_insight_audience_country AS held
INNER JOIN newest ON newest.end_time = held.end_time AND newest.timeframe = held.timeframe
WHERE held.user_id = $1
ORDER BY held.value DESC NULLS LAST, held.country_code
LIMIT 8
;
-- insights/src/query/pages/audience.rs
WITH newest AS (
    SELECT end_time, timeframe
    FROM instagram.user_insight_audience_city
    WHERE user_id = $1
    ORDER BY value IS NULL, end_time DESC, timeframe
    LIMIT 1
)
SELECT held.city AS name, held.province AS part, held.value, held.absence::text AS absence, held.end_time
FROM instagram.user_insight_audience_city AS held
INNER JOIN newest ON newest.end_time = held.end_time AND newest.timeframe = held.timeframe
WHERE held.user_id = $1
ORDER BY held.value DESC NULLS LAST, held.city
LIMIT 8
;
-- insights/src/query/pages/audience.rs
WITH newest AS (
    SELECT end_time, timeframe
    FROM instagram.user_insight_audience_gender_age
    WHERE user_id = $1
    ORDER BY value IS NULL, end_time DESC, timeframe
    LIMIT 1
)
SELECT held.age AS name, held.gender AS part, held.value, held.absence::text AS absence, held.end_time
FROM instagram.user_insight_audience_gender_age AS held
INNER JOIN newest ON newest.end_time = held.end_time AND newest.timeframe = held.timeframe
WHERE held.user_id = $1
ORDER BY held.age, held.gender
;
-- insights/src/query/pages/comments.rs
SELECT
    comment.id,
    comment.username,
    comment.text,
    coalesce(comment."timestamp", comment.first_seen_at) AS at,
    comment.like_count,
    part.post_id,
    medium.caption AS post,
    held.sentiment,
    held.score,
    held.uncertain,
    held.corrected
FROM pipeline.post_part AS part
INNER JOIN instagram.media_comment AS comment ON comment.media_id = part.part_id
LEFT JOIN instagram.media AS medium ON medium.id = part.post_id
LEFT JOIN toba_cek_insta.user_media_comment_sentiment AS held ON held.comment_id = comment.id
WHERE
    part.user_id = $1
    AND comment.deleted_at IS NULL AND comment.text IS NOT NULL
    AND (coalesce(comment."timestamp", comment.first_seen_at) AT TIME ZONE $2)::date BETWEEN $3 AND $4
    AND ($5 = '' OR part.post_id = $5)
    AND ($6 = '' OR held.sentiment = $6)
    AND ($7 = '' OR position(lower($7) IN lower(comment.text)) > 0)
ORDER BY at DESC, comment.id
LIMIT $8 OFFSET $9
;
-- insights/src/query/pages/glance.rs
SELECT
    watched.account_id AS id,
    owner.username,
    owner.name,
    coalesce(owner.timezone, 'UTC') AS timezone,
    token.state AS token_state,
    least(token.expired_at, token.data_access_expires_at) AS token_ends_at,
    quota.usage_percent,
    quota.blocked_until,
    post.at AS last_post_at,
    story.at_risk AS stories_at_risk,
    figure.observed_at
FROM pipeline.account AS watched
LEFT JOIN instagram."user" AS owner ON owner.id = watched.account_id
LEFT JOIN instagram.instagram_tokens AS token ON token.user_id = watched.account_id
LEFT JOIN LATERAL (
    SELECT max(held.usage_percent) AS usage_percent, max(held.blocked_until) AS blocked_until
    FROM pipeline.account_quota AS held
    WHERE held.account_id = watched.account_id
) AS quota ON true
LEFT JOIN LATERAL (
    SELECT max(medium."timestamp") AS at
    FROM instagram.media AS medium
    WHERE medium.user_id = watched.account_id AND medium."timestamp" <= $2
) AS post ON true
LEFT JOIN LATERAL (
    SELECT count(*) AS at_risk
    FROM instagram.media AS medium
    WHERE
        medium.user_id = watched.account_id
        AND medium.media_product_type = 'STORY'
        AND medium."timestamp" > $2 - interval '24 hours' AND medium."timestamp" <= $2 - interval '16 hours'
        AND NOT EXISTS (
            SELECT FROM instagram.media_insight AS held
            WHERE held.media_id = medium.id AND held.value IS NOT NULL
        )
) AS story ON true
LEFT JOIN LATERAL (
    SELECT max(held.updated_timestamp) AS observed_at
    FROM instagram.user_data AS held
    WHERE held.user_id = watched.account_id
) AS figure ON true
WHERE
    watched.removed_at IS NULL
    AND ($1::text IS NULL OR watched.account_id = $1)
    AND ($3::text[] IS NULL OR watched.account_id = ANY($3))
ORDER BY owner.username NULLS LAST, watched.account_id
;
-- insights/src/query/pages/hashtags.rs
SELECT hastag, post_count, total_engagement, engagement_per_post, reach_per_post
FROM toba_cek_insta.user_hastags_metrics_carried
WHERE user_id = $1 AND datestamp <= $2 AND (carried_until IS NULL OR carried_until > $2) AND post_count > 0
ORDER BY engagement_per_post DESC NULLS LAST, post_count DESC, hastag
LIMIT 15
;
-- insights/src/query/pages/hours.rs
WITH figure AS (
    SELECT DISTINCT ON (meta.day, held.hour)
        (meta.day::timestamp + (held.hour + 7) * interval '1 hour') AT TIME ZONE 'UTC' AS start, held.value
    FROM instagram.user_insight_online_follower AS held
    CROSS JOIN LATERAL (SELECT (held.end_time AT TIME ZONE 'America/Los_Angeles')::date - 1 AS day) AS meta
    WHERE held.user_id = $1 AND meta.day BETWEEN $3::date - 1 AND $4
    ORDER BY meta.day, held.hour, held.value IS NULL, held.end_time DESC
)
SELECT
    extract(isodow FROM local.start)::int AS weekday,
    extract(hour FROM local.start)::int AS hour,
    avg(figure.value)::float8 AS mean,
    count(DISTINCT local.start::date)::int AS days
FROM figure
CROSS JOIN LATERAL (SELECT figure.start AT TIME ZONE $2 AS start) AS local
WHERE figure.value IS NOT NULL AND local.start::date BETWEEN $3 AND $4
GROUP BY 1, 2
ORDER BY 1, 2
;
-- insights/src/query/pages/medium.rs
SELECT
    medium.user_id,
    medium.media_product_type AS product,
    medium.media_type AS kind,
    medium.caption,
    medium."timestamp" AS at,
    medium.permalink,
    medium.deleted_at
FROM instagram.media AS medium
WHERE medium.id = $1 AND medium.user_id IS NOT NULL
;
-- insights/src/query/pages/medium.rs
SELECT metric, datestamp AS day, value::float8 AS value, absence::text AS absence, source::text AS source, observed_at
FROM instagram.media_insight
WHERE media_id = $1 AND breakdown = ''
ORDER BY metric, datestamp
;
-- insights/src/query/pages/posts.rs
SELECT
    medium.id,
    medium.media_product_type AS product,
    medium.media_type AS kind,
    medium.caption,
    medium."timestamp" AS at,
    medium.like_count,
    medium.comments_count,
    medium.absence ->> 'like_count' AS likes_absence,
    reach.value AS reach,
    reach_absence.absence::text AS reach_absence,
    saved.value AS saved,
    felt.pos,
    felt.neg
FROM instagram.media AS medium
LEFT JOIN LATERAL pipeline.figure_as_of(medium.id, 'reach', 'infinity') AS reach ON true
LEFT JOIN LATERAL pipeline.absence_as_of(medium.id, 'reach', 'infinity') AS reach_absence ON true
LEFT JOIN LATERAL pipeline.figure_as_of(medium.id, 'saved', 'infinity') AS saved ON true
CROSS JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE held.sentiment = 'pos') AS pos,
        count(*) FILTER (WHERE held.sentiment = 'neg') AS neg
    FROM instagram.media_comment AS comment
    INNER JOIN toba_cek_insta.user_media_comment_sentiment AS held ON held.comment_id = comment.id
    WHERE comment.media_id = medium.id AND comment.deleted_at IS NULL
) AS felt
WHERE
    medium.user_id = $1
    AND medium.media_product_type IS DISTINCT FROM 'STORY'
    AND medium.parent_id IS NULL AND medium.ad_id IS NULL AND medium.deleted_at IS NULL
    AND medium."timestamp" >= ($3::date - 1)::timestamp AT TIME ZONE 'UTC'
    AND (medium."timestamp" AT TIME ZONE $2)::date BETWEEN $3 AND $4
ORDER BY medium."timestamp" DESC, medium.id
LIMIT $5
;
-- insights/src/query/pages/rivals.rs
SELECT
    side.id,
    owner.username,
    side.id = $1 AS is_self,
    latest.followers_count AS followers,
    earlier.followers_count AS followers_before,
    posts.published,
    posts.engagement_per_post
FROM (
    SELECT $1 AS id
    UNION ALL
    SELECT competitor_id FROM instagram.user_competitor WHERE user_id = $1
) AS side
LEFT JOIN instagram."user" AS owner ON owner.id = side.id
LEFT JOIN LATERAL (
    SELECT held.followers_count
    FROM instagram.user_data AS held
    WHERE held.user_id = side.id AND held.datestamp <= $4 AND held.followers_count IS NOT NULL
    ORDER BY held.datestamp DESC
    LIMIT 1
) AS latest ON true
LEFT JOIN LATERAL (
    SELECT held.followers_count
    FROM instagram.user_data AS held
    WHERE held.user_id = side.id AND held.datestamp < $3 AND held.followers_count IS NOT NULL
    ORDER BY held.datestamp DESC
    LIMIT 1
) AS earlier ON true
CROSS JOIN LATERAL (
    SELECT count(*) AS published, avg(medium.like_count + medium.comments_count)::float8 AS engagement_per_post
    FROM instagram.media AS medium
    WHERE
        medium.user_id = side.id
        AND medium.media_product_type IS DISTINCT FROM 'STORY'
        AND medium.parent_id IS NULL AND medium.ad_id IS NULL AND medium.deleted_at IS NULL
        AND medium."timestamp" >= ($3::date - 1)::timestamp AT TIME ZONE 'UTC'
        AND (medium."timestamp" AT TIME ZONE $2)::date BETWEEN $3 AND $4
) AS posts
ORDER BY is_self DESC, followers DESC NULLS LAST, side.id
;
-- insights/src/query/pages/series.rs
SELECT user_id, datestamp AS day, followers_count::float8 AS value, absence ->> 'followers_count' AS absence
FROM instagram.user_data
WHERE user_id = ANY($1) AND datestamp BETWEEN $2 AND $3
ORDER BY user_id, datestamp
;
-- insights/src/query/pages/series.rs
SELECT DISTINCT ON (held.user_id, meta.day)
    held.user_id, meta.day, held.value::float8 AS value, held.absence::text AS absence
FROM instagram.user_insight_reach AS held
CROSS JOIN LATERAL (SELECT (held.end_time AT TIME ZONE 'America/Los_Angeles')::date - 1 AS day) AS meta
WHERE held.user_id = ANY($1) AND held.period = $4 AND meta.day BETWEEN $2 AND $3
ORDER BY held.user_id, meta.day, held.value IS NULL, held.end_time DESC
;
-- insights/src/query/pages/series.rs
SELECT DISTINCT ON (held.user_id, meta.day)
    held.user_id, meta.day, held.value::float8 AS value, held.absence::text AS absence
FROM instagram.user_insight_impressions AS held
CROSS JOIN LATERAL (SELECT (held.end_time AT TIME ZONE 'America/Los_Angeles')::date - 1 AS day) AS meta
WHERE
    held.user_id = ANY($1) AND held.metric = 'views' AND held.period = 'day'
    AND meta.day BETWEEN $2 AND $3
ORDER BY held.user_id, meta.day, held.value IS NULL, held.end_time DESC
;
-- insights/src/query/pages/series.rs
SELECT user_id, datestamp AS day, engagement::float8 AS value, absence ->> 'engagement' AS absence
FROM toba_cek_insta.user_insight_engagement
WHERE user_id = ANY($1) AND timeframe = $4 AND datestamp BETWEEN $2 AND $3
ORDER BY user_id, datestamp
;
-- insights/src/query/pages/series.rs
SELECT user_id, day, pos, neu, neg
FROM toba_cek_insta.sentiment_delta
WHERE user_id = ANY($1) AND day BETWEEN $2 AND $3
ORDER BY user_id, day
;
-- insights/src/query/pages/series.rs
SELECT
    medium.user_id,
    local.day,
    count(*) AS published,
    count(*) FILTER (WHERE known.is_saved) AS saved,
    count(*) FILTER (WHERE NOT known.is_saved AND medium."timestamp" <= $4::timestamptz - interval '24 hours') AS lost
FROM instagram.media AS medium
LEFT JOIN instagram."user" AS owner ON owner.id = medium.user_id
CROSS JOIN LATERAL (
    SELECT (medium."timestamp" AT TIME ZONE coalesce(owner.timezone, 'UTC'))::date AS day
) AS local
CROSS JOIN LATERAL (
    SELECT EXISTS (
        SELECT FROM instagram.media_insight AS held
        WHERE held.media_id = medium.id AND held.value IS NOT NULL
    ) AS is_saved
) AS known
WHERE
    medium.user_id = ANY($1) AND medium.media_product_type = 'STORY' AND medium.parent_id IS NULL
    AND medium."timestamp" >= ($2::date - 1)::timestamp AT TIME ZONE 'UTC'
    AND local.day BETWEEN $2 AND $3
GROUP BY medium.user_id, local.day
ORDER BY medium.user_id, local.day
;
-- insights/src/query/pages/stories.rs
SELECT
    medium.media_type AS kind,
    medium.caption,
    medium."timestamp" AS at,
    reach.value AS reach,
    reach_absence.absence::text AS reach_absence,
    views.value AS views,
    replies.value AS replies,
    replies_absence.absence::text AS replies_absence,
    taps.exits,
    taps.skips,
    taps.taps_forward,
    last.source::text AS source,
    last.observed_at
FROM instagram.media AS medium
LEFT JOIN LATERAL pipeline.figure_as_of(medium.id, 'reach', 'infinity') AS reach ON true
LEFT JOIN LATERAL pipeline.absence_as_of(medium.id, 'reach', 'infinity') AS reach_absence ON true
LEFT JOIN LATERAL pipeline.figure_as_of(medium.id, 'views', 'infinity') AS views ON true
LEFT JOIN LATERAL pipeline.figure_as_of(medium.id, 'replies', 'infinity') AS replies ON true
LEFT JOIN LATERAL pipeline.absence_as_of(medium.id, 'replies', 'infinity') AS replies_absence ON true
CROSS JOIN LATERAL (
    SELECT
        max(held.value) FILTER (WHERE held.breakdown = 'tap_exit')::bigint AS exits,
        max(held.value) FILTER (WHERE held.breakdown = 'swipe_forward')::bigint AS skips,
        max(held.value) FILTER (WHERE held.breakdown = 'tap_forward')::bigint AS taps_forward
    FROM instagram.media_insight AS held
    WHERE held.media_id = medium.id AND held.metric = 'navigation' AND held.breakdown <> ''
) AS taps
LEFT JOIN LATERAL (
    SELECT held.source, held.observed_at
    FROM instagram.media_insight AS held
    WHERE held.media_id = medium.id AND held.value IS NOT NULL
    ORDER BY held.observed_at DESC
    LIMIT 1
) AS last ON true
WHERE
    medium.user_id = $1
    AND medium.media_product_type = 'STORY' AND medium.parent_id IS NULL
    AND medium."timestamp" >= ($3::date - 1)::timestamp AT TIME ZONE 'UTC'
    AND (medium."timestamp" AT TIME ZONE $2)::date BETWEEN $3 AND $4
ORDER BY medium."timestamp" DESC, medium.id
LIMIT 60
;
-- insights/src/query/pages/stuck.rs
SELECT
    (SELECT count(*) FROM pipeline.event_key AS key WHERE key.received_at > $1::timestamptz - interval '5 minutes') AS events,
    (
        SELECT
            (percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM event.landed_at - event.received_at)))::float8
        FROM (
            SELECT key.event_id, key.received_at
            FROM pipeline.event_key AS key
            WHERE key.received_at > $1::timestamptz - interval '5 minutes'
            LIMIT 2000
        ) AS recent
        INNER JOIN pipeline.event AS event
            ON event.event_id = recent.event_id AND event.received_at = recent.received_at
    ) AS p99_seconds,
    (SELECT max(held.updated_at) FROM pipeline.consumer_offset AS held) AS last_step_at
;
-- insights/src/query/pages/stuck.rs
SELECT reason, count(*) AS count, min(wanted_at) AS since, min(parked_until) AS until, min(account_id) AS account_id,
    count(DISTINCT account_id) AS accounts
FROM pipeline.enrichment_task
WHERE state = 'parked'
GROUP BY reason
ORDER BY count DESC, reason
;
-- insights/src/query/pages/stuck.rs
SELECT account_id, usage_percent, blocked_until, block_reason
FROM pipeline.account_quota
ORDER BY usage_percent DESC NULLS LAST, account_id
LIMIT 20
;
-- insights/src/query/pages/stuck.rs
SELECT last_error AS error, count(*) AS count, max(started_at) AS last_at
FROM pipeline.enrichment_task
WHERE state <> 'done' AND last_error IS NOT NULL
GROUP BY last_error
ORDER BY count DESC, last_error
LIMIT 10
;
-- insights/src/query/pages/stuck.rs
SELECT reason, count(*) AS count, min(landed_at) AS since, min(id) AS first_id
FROM pipeline.dead_letter
WHERE resolution IS NULL
GROUP BY reason
ORDER BY count DESC, reason
;
