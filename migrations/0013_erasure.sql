-- Erasure: what Meta asks to forget leaves every table, and does not come back with what Kafka still holds.
--
-- Queries that need it: land (whether a record is about a subject that was erased), enrich and replay (the same of rows), erase (rows of a
-- subject in every table that names it), `cekbrand account add` (an account that is watched again).

CREATE FUNCTION pipeline.subject_hash(subject text) RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
    SELECT encode(sha256(convert_to(subject, 'UTF8')), 'hex')
$$;
COMMENT ON FUNCTION pipeline.subject_hash(text) IS 'What is remembered of an erased subject: enough to know it again, not enough to read it.';

ALTER TABLE pipeline.suppression
    DROP CONSTRAINT suppression_kind_check,
    ADD CONSTRAINT suppression_kind_check CHECK (kind IN ('account', 'user', 'username', 'media', 'comment')),
    ADD COLUMN lifted_at timestamptz;

UPDATE pipeline.suppression SET subject_id = pipeline.subject_hash(subject_id);

CREATE INDEX suppression_subject_id ON pipeline.suppression (subject_id);

COMMENT ON COLUMN pipeline.suppression.kind IS 'What the subject is: account, user, username, media, comment.';
COMMENT ON COLUMN pipeline.suppression.subject_id IS 'pipeline.subject_hash of its id, or of @ and its name.';
COMMENT ON COLUMN pipeline.suppression.lifted_at IS 'Since when it may be held again, because an operator watches it anew; what was received before stays erased. NULL: it may not.';
COMMENT ON COLUMN pipeline.deletion_request.app_scoped_id IS 'The id in the signed request; empty once its data are erased.';
COMMENT ON COLUMN pipeline.consumer_offset.duplicates IS 'Records that were known already: by their event id, or because they are about a subject that was erased.';
COMMENT ON VIEW pipeline.ledger IS 'The books: for each partition, every offset read is accounted for exactly once.';

-- Every table that names an account, a medium or a comment in a column of the usual name, whoever adds it. What needs more care has statements
-- of its own: texts that may mention a subject, and the duties themselves.
CREATE FUNCTION pipeline.erase_rows(accounts text[], media text[], comments text[]) RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    part record;
    erased jsonb := '{}';
    rows bigint;
BEGIN
    FOR part IN
        SELECT
            pg_namespace.nspname || '.' || pg_class.relname AS name,
            format(
                'DELETE FROM %I.%I WHERE %I = ANY ($%s)', pg_namespace.nspname, pg_class.relname, pg_attribute.attname,
                CASE
                    WHEN pg_class.oid = 'instagram.media'::regclass AND pg_attribute.attname = 'id' THEN 2
                    WHEN pg_class.oid = 'instagram.media_comment'::regclass AND pg_attribute.attname = 'id' THEN 3
                    WHEN pg_attribute.attname IN ('media_id', 'parent_id', 'original_media_id') THEN 2
                    WHEN pg_attribute.attname = 'comment_id' THEN 3
                    WHEN pg_attribute.attname = 'target_id' THEN 4
                    ELSE 1
                END
            ) AS statement
        FROM pg_attribute
        INNER JOIN pg_class ON pg_class.oid = pg_attribute.attrelid
        INNER JOIN pg_namespace ON pg_namespace.oid = pg_class.relnamespace
        WHERE
            pg_namespace.nspname IN ('instagram', 'toba_cek_insta', 'pipeline')
            AND pg_class.relkind IN ('r', 'p') AND NOT pg_class.relispartition
            AND NOT pg_attribute.attisdropped AND pg_attribute.atttypid = 'text'::regtype
            AND (
                pg_attribute.attname IN ('user_id', 'account_id', 'competitor_id', 'media_id', 'comment_id', 'target_id')
                OR (
                    pg_attribute.attname = 'id'
                    AND pg_class.oid IN ('instagram.media'::regclass, 'instagram.media_comment'::regclass, 'instagram."user"'::regclass)
                )
            )
            AND pg_class.oid NOT IN (
                'pipeline.event'::regclass, 'pipeline.graph_response'::regclass, 'pipeline.dead_letter'::regclass,
                'pipeline.deletion_request'::regclass, 'pipeline.suppression'::regclass, 'pipeline.audit'::regclass,
                'pipeline.replay_run'::regclass, 'pipeline.changed_comment'::regclass
            )
        -- What others refer to comes last; so does what triggers note.
        ORDER BY
            pg_class.oid IN ('instagram."user"'::regclass, 'pipeline.account'::regclass), pg_class.relname, pg_attribute.attname
    LOOP
        EXECUTE part.statement USING accounts, media, comments, accounts || media || comments;
        GET DIAGNOSTICS rows = ROW_COUNT;
        IF rows > 0 THEN
            erased := erased || jsonb_build_object(part.name, coalesce((erased ->> part.name)::bigint, 0) + rows);
        END IF;
    END LOOP;
    -- The days of these comments are marked already, and nothing else is to be remembered of them.
    DELETE FROM pipeline.changed_comment AS noted WHERE noted.comment_id = ANY (comments);
    RETURN erased;
END
$$;
COMMENT ON FUNCTION pipeline.erase_rows(text[], text[], text[]) IS
'Deletes the rows of accounts (and persons), media and comments from every table that names them; returns how many, by table.';
