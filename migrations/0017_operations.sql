-- Tokens' upkeep, and what an operator has to know.
--
-- Queries that need it: token upkeep (who is due, half of a token's life), land (whose permission was revoked), alerts (one open row for each
-- account and kind), `cekbrand account show`, `doctor` and `support-bundle` (open alerts).

ALTER TABLE instagram.instagram_tokens ADD COLUMN issued_at timestamptz;
COMMENT ON COLUMN instagram.instagram_tokens.issued_at IS 'When the token was given out; NULL: not told yet. Source: debug_token, refresh.';

CREATE TABLE pipeline.token_upkeep (
    account_id text PRIMARY KEY CHECK (account_id <> ''),
    next_at timestamptz NOT NULL,
    meta_user_id text,
    last_error text
);

-- For whoever is due; a row for each account.
CREATE INDEX token_upkeep_next_at ON pipeline.token_upkeep (next_at);

COMMENT ON TABLE pipeline.token_upkeep IS 'When each account''s token is looked at next. No row: at once.';
COMMENT ON COLUMN pipeline.token_upkeep.account_id IS 'The account.';
COMMENT ON COLUMN pipeline.token_upkeep.next_at IS 'When it is due; while it is being looked at, when another worker may.';
COMMENT ON COLUMN pipeline.token_upkeep.meta_user_id IS 'Id of the person who granted the token, by which Meta tells of revoked permissions; NULL: not told.';
COMMENT ON COLUMN pipeline.token_upkeep.last_error IS 'Why the last look failed; NULL where it did not.';

CREATE TABLE pipeline.operator_alert (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id text NOT NULL CHECK (account_id <> ''),
    kind text NOT NULL CHECK (kind IN ('token_dead', 'token_dying', 'permission_missing', 'not_subscribed')),
    detail text NOT NULL,
    raised_at timestamptz NOT NULL,
    resolved_at timestamptz,
    CHECK (resolved_at >= raised_at)
);

-- One open alert of a kind: raising it again changes its words at most.
CREATE UNIQUE INDEX operator_alert_open ON pipeline.operator_alert (account_id, kind) WHERE resolved_at IS NULL;

COMMENT ON TABLE pipeline.operator_alert IS 'What a person has to do something about, by account; open until it is mended.';
COMMENT ON COLUMN pipeline.operator_alert.id IS 'Number.';
COMMENT ON COLUMN pipeline.operator_alert.account_id IS 'The account.';
COMMENT ON COLUMN pipeline.operator_alert.kind IS 'token_dead, token_dying, permission_missing, not_subscribed.';
COMMENT ON COLUMN pipeline.operator_alert.detail IS 'What is wrong and what to do, in words; never a secret.';
COMMENT ON COLUMN pipeline.operator_alert.raised_at IS 'When it was noticed.';
COMMENT ON COLUMN pipeline.operator_alert.resolved_at IS 'When it was mended; NULL while it is open.';
