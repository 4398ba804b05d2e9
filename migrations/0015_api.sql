-- What people add through the API: notes, labels, rules of alerts, links to share, corrected sentiment; and which accounts a key may see.
--
-- Queries that need it: serve (lists of an account; a share by its public part; the newest figure of a medium),
-- scoring (corrections of the comments that changed).

ALTER TABLE pipeline.api_key ADD COLUMN accounts text[] CHECK (cardinality(accounts) > 0);
COMMENT ON COLUMN pipeline.api_key.accounts IS 'The accounts that it may see; NULL: all of them, and the pipeline.';

-- Notes ---------------------------------------------------------------------------------------------------------------

CREATE TABLE pipeline.note (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id text NOT NULL,
    day date NOT NULL,
    text text NOT NULL CHECK (char_length(text) BETWEEN 1 AND 500),
    created_at timestamptz NOT NULL,
    created_by text NOT NULL
);

CREATE INDEX note_account_id ON pipeline.note (account_id, day);

COMMENT ON TABLE pipeline.note IS 'What people noted on a day of an account''s time axis.';
COMMENT ON COLUMN pipeline.note.id IS 'Number by which it is deleted.';
COMMENT ON COLUMN pipeline.note.account_id IS 'The account.';
COMMENT ON COLUMN pipeline.note.day IS 'The local day of the account that it is about.';
COMMENT ON COLUMN pipeline.note.text IS 'What was noted.';
COMMENT ON COLUMN pipeline.note.created_at IS 'When.';
COMMENT ON COLUMN pipeline.note.created_by IS 'Id of the API key with which.';

-- Labels --------------------------------------------------------------------------------------------------------------

CREATE TABLE pipeline.label (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id text NOT NULL,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 60),
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    UNIQUE (account_id, name)
);

COMMENT ON TABLE pipeline.label IS 'Names, of campaigns for one, under which people gather media of an account.';
COMMENT ON COLUMN pipeline.label.id IS 'Number by which it is changed.';
COMMENT ON COLUMN pipeline.label.account_id IS 'The account.';
COMMENT ON COLUMN pipeline.label.name IS 'Its name.';
COMMENT ON COLUMN pipeline.label.created_at IS 'When it was made.';
COMMENT ON COLUMN pipeline.label.created_by IS 'Id of the API key with which.';

CREATE TABLE pipeline.label_media (
    label_id bigint NOT NULL REFERENCES pipeline.label (id) ON DELETE CASCADE,
    media_id text NOT NULL,
    labelled_at timestamptz NOT NULL,
    PRIMARY KEY (label_id, media_id)
);

CREATE INDEX label_media_media_id ON pipeline.label_media (media_id);

COMMENT ON TABLE pipeline.label_media IS 'Which media have which labels.';
COMMENT ON COLUMN pipeline.label_media.label_id IS 'pipeline.label.id.';
COMMENT ON COLUMN pipeline.label_media.media_id IS 'instagram.media.id.';
COMMENT ON COLUMN pipeline.label_media.labelled_at IS 'Since when.';

-- Rules of alerts -----------------------------------------------------------------------------------------------------

CREATE TABLE pipeline.alert_rule (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id text NOT NULL,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 60),
    metric text NOT NULL CHECK (metric IN ('followers', 'reach', 'views', 'engagement', 'negative_comments')),
    measure text NOT NULL CHECK (measure IN ('value', 'growth')),
    direction text NOT NULL CHECK (direction IN ('above', 'below')),
    threshold double precision NOT NULL,
    timeframe int NOT NULL CHECK (timeframe IN (7, 28)),
    created_at timestamptz NOT NULL,
    created_by text NOT NULL
);

CREATE INDEX alert_rule_account_id ON pipeline.alert_rule (account_id);

COMMENT ON TABLE pipeline.alert_rule IS 'What people want to be told of: a figure of an account, or its change, above or below a threshold.';
COMMENT ON COLUMN pipeline.alert_rule.id IS 'Number by which it is deleted.';
COMMENT ON COLUMN pipeline.alert_rule.account_id IS 'The account.';
COMMENT ON COLUMN pipeline.alert_rule.name IS 'What people call it.';
COMMENT ON COLUMN pipeline.alert_rule.metric IS 'The figure: followers, reach, views, engagement, or negative_comments.';
COMMENT ON COLUMN pipeline.alert_rule.measure IS 'value, or growth against the timeframe before.';
COMMENT ON COLUMN pipeline.alert_rule.direction IS 'above or below the threshold.';
COMMENT ON COLUMN pipeline.alert_rule.threshold IS 'The threshold, itself neither above nor below; a growth of 5 % is 0.05.';
COMMENT ON COLUMN pipeline.alert_rule.timeframe IS 'Days that the figure is of: 7 or 28.';
COMMENT ON COLUMN pipeline.alert_rule.created_at IS 'When it was made.';
COMMENT ON COLUMN pipeline.alert_rule.created_by IS 'Id of the API key with which.';

-- Shares --------------------------------------------------------------------------------------------------------------

CREATE TABLE pipeline.share (
    id text PRIMARY KEY CHECK (id <> ''),
    token_hash bytea NOT NULL CHECK (octet_length(token_hash) = 32),
    account_id text NOT NULL,
    from_day date NOT NULL,
    to_day date NOT NULL,
    timeframe int NOT NULL CHECK (timeframe IN (7, 28)),
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CHECK (from_day <= to_day),
    CHECK (expires_at > created_at)
);

CREATE INDEX share_account_id ON pipeline.share (account_id);

COMMENT ON TABLE pipeline.share IS 'Links by which people without a key read one account''s page over one range of days.';
COMMENT ON COLUMN pipeline.share.id IS 'Public part of the link''s token.';
COMMENT ON COLUMN pipeline.share.token_hash IS 'SHA-256 of its secret part; the token itself is kept nowhere.';
COMMENT ON COLUMN pipeline.share.account_id IS 'The account.';
COMMENT ON COLUMN pipeline.share.from_day IS 'First day that it shows.';
COMMENT ON COLUMN pipeline.share.to_day IS 'Last day that it shows.';
COMMENT ON COLUMN pipeline.share.timeframe IS 'Days of the windows that it shows: 7 or 28.';
COMMENT ON COLUMN pipeline.share.created_at IS 'When it was made.';
COMMENT ON COLUMN pipeline.share.created_by IS 'Id of the API key with which.';
COMMENT ON COLUMN pipeline.share.expires_at IS 'From when on it shows nothing.';
COMMENT ON COLUMN pipeline.share.revoked_at IS 'Since when it shows nothing; NULL unless somebody revoked it.';

-- Corrected sentiment -------------------------------------------------------------------------------------------------

CREATE TABLE pipeline.sentiment_correction (
    comment_id text PRIMARY KEY,
    sentiment text NOT NULL CHECK (sentiment IN ('pos', 'neu', 'neg')),
    corrected_at timestamptz NOT NULL,
    corrected_by text NOT NULL
);

COMMENT ON TABLE pipeline.sentiment_correction IS 'What a person says that a comment feels. It outlives every model: scoring takes it over its own.';
COMMENT ON COLUMN pipeline.sentiment_correction.comment_id IS 'The comment.';
COMMENT ON COLUMN pipeline.sentiment_correction.sentiment IS 'pos, neu or neg.';
COMMENT ON COLUMN pipeline.sentiment_correction.corrected_at IS 'When.';
COMMENT ON COLUMN pipeline.sentiment_correction.corrected_by IS 'Id of the API key with which.';

ALTER TABLE toba_cek_insta.user_media_comment_sentiment ADD COLUMN corrected boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN toba_cek_insta.user_media_comment_sentiment.corrected IS 'A person said so: see pipeline.sentiment_correction.';
COMMENT ON COLUMN toba_cek_insta.user_media_comment_sentiment.sentiment IS 'pos, neu or neg: what a person said, else the most probable class.';
COMMENT ON COLUMN toba_cek_insta.user_media_comment_sentiment.score IS 'Calibrated probability that the model gives this class, 0 to 1; 1 where a person said so.';

-- The newest figure of a medium ---------------------------------------------------------------------------------------

CREATE FUNCTION pipeline.latest_figure(medium text, name text, part text DEFAULT '')
RETURNS TABLE (value bigint, absence text, source text, observed_at timestamptz)
LANGUAGE sql STABLE ROWS 1
AS $$
    SELECT insight.value::bigint, insight.absence::text, insight.source::text, insight.observed_at
    FROM instagram.media_insight AS insight
    WHERE insight.media_id = medium AND insight.metric = name AND insight.breakdown = part
    ORDER BY insight.value IS NULL, insight.datestamp DESC
    LIMIT 1
$$;
COMMENT ON FUNCTION pipeline.latest_figure(text, text, text) IS 'The newest known value of a count of a medium, or where there is none the newest absence. It is one of a lifetime: what was known once stays known.';
