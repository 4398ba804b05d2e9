-- What lists told of media, so that nobody asks for it again one by one.
--
-- Queries that need it: enrich (is a medium's node, or are its newest comments, known from a list; how many media of an account were wanted
-- lately), schedule (comments that were missed: not where Instagram was seen to count more than it lists).

CREATE TABLE pipeline.media_read (
    media_id text PRIMARY KEY CHECK (media_id <> ''),
    node_at timestamptz,
    comments_at timestamptz,
    comments_unlisted bigint CHECK (comments_unlisted >= 0)
);

COMMENT ON TABLE pipeline.media_read IS 'When media were last read, by themselves or in a list, whether or not that told anything new.';
COMMENT ON COLUMN pipeline.media_read.media_id IS 'instagram.media.id.';
COMMENT ON COLUMN pipeline.media_read.node_at IS 'When its node was last told; NULL: not yet.';
COMMENT ON COLUMN pipeline.media_read.comments_at IS 'When all comments of the last hours were last told; NULL: not yet.';
COMMENT ON COLUMN pipeline.media_read.comments_unlisted IS 'How many more comments Instagram counted than it listed when all of them were last read; NULL: they were not. Only a larger number makes them be read again.';

COMMENT ON TABLE instagram.user_insight_audience_locale IS 'Followers by language. Meta retired audience_locale on 2023-12-11 without a successor: a row without a locale says so (unsupported); besides there is imported history.';
COMMENT ON COLUMN instagram.user_insight_audience_locale.locale_code IS 'Locale, as id_ID; empty: why the list as a whole is missing. Source: audience_locale. Exception: the metric is retired.';
