-- Comments of a medium that feel one way, found by what they feel: a ranking of media needs no others, and most
-- comments feel nothing.
--
-- Queries that need it: analyse (user_media_most_positive, user_media_most_negative).

CREATE FUNCTION pipeline.comments_that_feel(account text, medium text, feeling text)
RETURNS TABLE (at timestamptz, deleted_at timestamptz)
LANGUAGE sql STABLE
AS $$
    SELECT coalesce(comment."timestamp", comment.first_seen_at), comment.deleted_at
    FROM toba_cek_insta.user_media_comment_sentiment AS felt
    INNER JOIN instagram.media_comment AS comment
        ON comment.id = felt.comment_id AND comment.media_id = medium
    WHERE
        felt.media_id = medium
        AND felt.sentiment = feeling
        AND comment.from_id IS DISTINCT FROM account
        AND NOT EXISTS (
            SELECT FROM instagram."user" AS owner
            WHERE
                owner.id = account
                AND (
                    owner.app_scoped_id = comment.from_id
                    OR (comment.from_id IS NULL AND owner.username = comment.username)
                )
        )
    OFFSET 0
$$;
COMMENT ON FUNCTION pipeline.comments_that_feel(text, text, text) IS 'The comments of a medium that feel like this, but for those of the account itself.';
