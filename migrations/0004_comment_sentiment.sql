-- Sentiment of each comment, scored in process by the bundled model (schema toba_cek_insta).
--
-- Queries that need it: analyse (comments without a row of the current model, by the time of their last change; upserts by comment), readers by medium.

CREATE TABLE toba_cek_insta.user_media_comment_sentiment (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    comment_id text NOT NULL UNIQUE,
    media_id text,
    sentiment text NOT NULL CHECK (sentiment IN ('pos', 'neu', 'neg')),
    updated_timestamp timestamptz NOT NULL,
    score real NOT NULL CHECK (score BETWEEN 0 AND 1),
    uncertain boolean NOT NULL,
    language text NOT NULL,
    model text NOT NULL,
    text_at timestamptz
);

CREATE INDEX user_media_comment_sentiment_media_id ON toba_cek_insta.user_media_comment_sentiment (media_id);

COMMENT ON TABLE toba_cek_insta.user_media_comment_sentiment IS 'What each comment that has a text feels about the brand or the post.';
COMMENT ON COLUMN toba_cek_insta.user_media_comment_sentiment.id IS 'Surrogate key.';
COMMENT ON COLUMN toba_cek_insta.user_media_comment_sentiment.comment_id IS 'instagram.media_comment.id.';
COMMENT ON COLUMN toba_cek_insta.user_media_comment_sentiment.media_id IS 'instagram.media_comment.media_id; NULL until it is known.';
COMMENT ON COLUMN toba_cek_insta.user_media_comment_sentiment.sentiment IS 'pos, neu or neg: the most probable class.';
COMMENT ON COLUMN toba_cek_insta.user_media_comment_sentiment.updated_timestamp IS 'When the row last changed.';
COMMENT ON COLUMN toba_cek_insta.user_media_comment_sentiment.score IS 'Calibrated probability of that class, 0 to 1.';
COMMENT ON COLUMN toba_cek_insta.user_media_comment_sentiment.uncertain IS 'The probability is too low to build on, or nothing in the comment is known to the model.';
COMMENT ON COLUMN toba_cek_insta.user_media_comment_sentiment.language IS 'id, en, mixed, or und where no word tells.';
COMMENT ON COLUMN toba_cek_insta.user_media_comment_sentiment.model IS 'Version of the model; comments with another one are scored anew.';
COMMENT ON COLUMN toba_cek_insta.user_media_comment_sentiment.text_at IS 'instagram.media_comment.text_at of the text that was scored.';

CREATE INDEX media_comment_updated_timestamp ON instagram.media_comment (updated_timestamp);
