-- What analyse asks again and again, each question once: what a day knew of a medium, and which comments changed since they were last looked at.
--
-- Queries that need it: analyse (every table of schema toba_cek_insta), scoring (comments that changed, rows of another model).
--
-- The functions are plain enough for the planner to put their bodies in place of the call.

CREATE FUNCTION pipeline.counts_as_of(medium text, day date)
RETURNS TABLE (like_count bigint, comments_count bigint, absence instagram.absences)
LANGUAGE sql STABLE ROWS 1
AS $$
    SELECT snapshot.like_count, snapshot.comments_count, snapshot.absence
    FROM instagram.media_like_comment AS snapshot
    WHERE snapshot.media_id = medium AND snapshot.datestamp <= day
    ORDER BY snapshot.datestamp DESC
    LIMIT 1
$$;
COMMENT ON FUNCTION pipeline.counts_as_of(text, date) IS 'Likes and comments of a medium as of a day: those of the last snapshot up to it; no row where there is none.';

CREATE FUNCTION pipeline.figure_as_of(medium text, name text, day date)
RETURNS TABLE (value bigint)
LANGUAGE sql STABLE ROWS 1
AS $$
    SELECT insight.value
    FROM instagram.media_insight AS insight
    WHERE
        insight.media_id = medium AND insight.metric = name AND insight.breakdown = ''
        AND insight.datestamp <= day AND insight.value IS NOT NULL
    ORDER BY insight.datestamp DESC
    LIMIT 1
$$;
COMMENT ON FUNCTION pipeline.figure_as_of(text, text, date) IS 'A figure of a medium as of a day. It is one of a lifetime: what was known once stays known when a later read is refused.';

CREATE FUNCTION pipeline.absence_as_of(medium text, name text, day date)
RETURNS TABLE (absence instagram.absence)
LANGUAGE sql STABLE ROWS 1
AS $$
    SELECT insight.absence
    FROM instagram.media_insight AS insight
    WHERE
        insight.media_id = medium AND insight.metric = name AND insight.breakdown = ''
        AND insight.datestamp <= day
    ORDER BY insight.datestamp DESC
    LIMIT 1
$$;
COMMENT ON FUNCTION pipeline.absence_as_of(text, text, date) IS 'Why a figure of a medium is not known as of a day: what the last read up to it said.';

CREATE FUNCTION pipeline.posts_of_window(account text, day date, days int)
RETURNS TABLE (media_id text, published_at timestamptz)
LANGUAGE sql STABLE
AS $$
    SELECT medium.media_id, medium.published_at
    FROM pipeline.analysed_media AS medium
    WHERE
        medium.user_id = account
        AND medium.published_on > day - days AND medium.published_on <= day
        AND (medium.deleted_on IS NULL OR medium.deleted_on > day)
$$;
COMMENT ON FUNCTION pipeline.posts_of_window(text, date, int) IS 'The media of an account that were published in (day - days, day] and not deleted on or before the day.';

-- Comments that changed -----------------------------------------------------------------------------------------------

CREATE TABLE pipeline.changed_comment (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    comment_id text NOT NULL,
    media_id text,
    at timestamptz NOT NULL
);

COMMENT ON TABLE pipeline.changed_comment IS 'Comments to score, and instants whose sums they change. Only ever appended to, by triggers, so that no writer can forget it; scoring deletes what it takes.';
COMMENT ON COLUMN pipeline.changed_comment.id IS 'Surrogate key, in the order of writing.';
COMMENT ON COLUMN pipeline.changed_comment.comment_id IS 'The comment.';
COMMENT ON COLUMN pipeline.changed_comment.media_id IS 'Its medium, before or after the change; NULL: not known.';
COMMENT ON COLUMN pipeline.changed_comment.at IS 'When it was made or deleted, before or after the change.';

CREATE FUNCTION pipeline.note_comments() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO pipeline.changed_comment (comment_id, media_id, at)
    SELECT touched.id, touched.media_id, said.at
    FROM touched
    CROSS JOIN LATERAL (
        VALUES (coalesce(touched."timestamp", touched.first_seen_at)), (touched.deleted_at)
    ) AS said (at)
    WHERE touched.text IS NOT NULL AND said.at IS NOT NULL;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION pipeline.note_comments() IS 'Notes comments that came or went.';

CREATE FUNCTION pipeline.note_comment_changes() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO pipeline.changed_comment (comment_id, media_id, at)
    SELECT DISTINCT after.id, said.media_id, said.at
    FROM before
    INNER JOIN after ON after.id = before.id
    CROSS JOIN LATERAL (
        VALUES
        (before.media_id, coalesce(before."timestamp", before.first_seen_at)),
        (before.media_id, before.deleted_at),
        (after.media_id, coalesce(after."timestamp", after.first_seen_at)),
        (after.media_id, after.deleted_at)
    ) AS said (media_id, at)
    WHERE
        said.at IS NOT NULL
        AND (before.text, before.text_at, before.media_id, before."timestamp", before.first_seen_at, before.deleted_at,
             before.from_id, before.username)
        IS DISTINCT FROM
        (after.text, after.text_at, after.media_id, after."timestamp", after.first_seen_at, after.deleted_at,
         after.from_id, after.username);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION pipeline.note_comment_changes() IS 'Notes comments whose text, author, medium or times are no longer what they were.';

CREATE FUNCTION pipeline.note_comments_of_medium() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO pipeline.changed_comment (comment_id, media_id, at)
    SELECT comment.id, comment.media_id, said.at
    FROM instagram.media_comment AS comment
    CROSS JOIN LATERAL (
        VALUES (coalesce(comment."timestamp", comment.first_seen_at)), (comment.deleted_at)
    ) AS said (at)
    WHERE comment.media_id = new.id AND comment.text IS NOT NULL AND said.at IS NOT NULL;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION pipeline.note_comments_of_medium() IS 'Notes the comments of a medium that turned out to be a part of another.';

CREATE TRIGGER comments_came AFTER INSERT ON instagram.media_comment
REFERENCING NEW TABLE AS touched
FOR EACH STATEMENT EXECUTE FUNCTION pipeline.note_comments();

CREATE TRIGGER comments_changed AFTER UPDATE ON instagram.media_comment
REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION pipeline.note_comment_changes();

CREATE TRIGGER comments_went AFTER DELETE ON instagram.media_comment
REFERENCING OLD TABLE AS touched
FOR EACH STATEMENT EXECUTE FUNCTION pipeline.note_comments();

CREATE TRIGGER medium_is_part AFTER UPDATE ON instagram.media
FOR EACH ROW
WHEN ((old.parent_id, old.original_media_id) IS DISTINCT FROM (new.parent_id, new.original_media_id))
EXECUTE FUNCTION pipeline.note_comments_of_medium();

-- What is there already and not scored, once.
INSERT INTO pipeline.changed_comment (comment_id, media_id, at)
SELECT comment.id, comment.media_id, coalesce(comment."timestamp", comment.first_seen_at)
FROM instagram.media_comment AS comment
WHERE
    comment.text IS NOT NULL
    AND NOT EXISTS (
        SELECT FROM toba_cek_insta.user_media_comment_sentiment AS held
        WHERE
            held.comment_id = comment.id
            AND (held.media_id, held.text_at) IS NOT DISTINCT FROM (comment.media_id, comment.text_at)
    );

-- For rows of another model than the present one.
CREATE INDEX user_media_comment_sentiment_model ON toba_cek_insta.user_media_comment_sentiment (model);

-- It served a sweep over all comments that no longer takes place.
DROP INDEX instagram.media_comment_updated_timestamp;
