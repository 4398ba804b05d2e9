-- Graph reads: a task says in columns what its next try depends on, and stops of an account's reads outlive the worker that
-- found them.
--
-- Queries that need it: land and enrich (enqueue by key; parks at once what a stop forbids), enrich (claim; finish and park;
-- the length of the last block; whether a missing permission concerns more than one object).

ALTER TABLE pipeline.enrichment_task
    ADD COLUMN variant text NOT NULL DEFAULT '',
    ADD COLUMN cursor text NOT NULL DEFAULT '',
    ADD COLUMN waits_for text,
    ADD COLUMN fresh_until timestamptz,
    ADD COLUMN last_answer text CHECK (
        last_answer IN ('answered', 'nothing_to_ask', 'gone', 'final', 'refused', 'failed')
    ),
    ADD COLUMN gone_since timestamptz;

COMMENT ON COLUMN pipeline.enrichment_task.kind IS 'What is read: a kind in the list of reads, such as media or media_insights.';
COMMENT ON COLUMN pipeline.enrichment_task.variant IS 'Which of several reads of the target: a breakdown, a window; empty where there is one.';
COMMENT ON COLUMN pipeline.enrichment_task.cursor IS 'The page; empty for the first.';
COMMENT ON COLUMN pipeline.enrichment_task.waits_for IS 'Kind of the read of the same target that goes first; NULL: none.';
COMMENT ON COLUMN pipeline.enrichment_task.fresh_until IS 'Until when the last answer need not be asked for again; NULL before the first.';
COMMENT ON COLUMN pipeline.enrichment_task.last_answer IS 'What the last call was answered with: answered, nothing_to_ask (no call), gone, final (refused for ever), refused, failed (no answer); NULL before the first.';
COMMENT ON COLUMN pipeline.enrichment_task.gone_since IS 'Since when the target seems to be gone; NULL while it does not.';
COMMENT ON COLUMN pipeline.enrichment_task.last_error IS 'Last failure in words, without secrets; nothing depends on it.';

-- What words said so far.
UPDATE pipeline.enrichment_task SET
    waits_for = CASE kind WHEN 'media_insights' THEN 'media' END,
    fresh_until = CASE
        WHEN last_error LIKE 'final: %' THEN finished_at + interval '30 days'
        ELSE finished_at + CASE WHEN kind IN ('media', 'media_insights') THEN interval '1 hour' ELSE interval '1 day' END
    END,
    last_answer = CASE
        WHEN last_error LIKE 'gone: %' THEN 'gone'
        WHEN last_error LIKE 'final: %' THEN 'final'
        WHEN state = 'done' AND last_error IS NULL THEN 'answered'
    END,
    gone_since = CASE WHEN last_error LIKE 'gone: %' THEN started_at END,
    last_error = regexp_replace(last_error, '^(gone|final): ', '');

ALTER TABLE pipeline.enrichment_task DROP CONSTRAINT enrichment_task_kind_target_id_account_id_key;
ALTER TABLE pipeline.enrichment_task ADD UNIQUE (kind, target_id, account_id, variant, cursor);

ALTER TABLE pipeline.enrichment_task DROP CONSTRAINT enrichment_task_reason_check;
ALTER TABLE pipeline.enrichment_task ADD CONSTRAINT enrichment_task_reason_check CHECK (
    reason IN (
        'no_token', 'token_dead', 'permission', 'throttled', 'backoff', 'fresh', 'policy_block', 'unsupported', 'gave_up',
        'app_settings'
    )
);

CREATE TABLE pipeline.read_stop (
    account_id text NOT NULL,
    kind text NOT NULL,
    reason text NOT NULL CHECK (reason IN ('no_token', 'token_dead', 'permission')),
    until timestamptz NOT NULL,
    set_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, kind)
);

COMMENT ON TABLE pipeline.read_stop IS 'Stops of an account''s reads, until a new token lifts them or their time is over.';
COMMENT ON COLUMN pipeline.read_stop.account_id IS 'The account.';
COMMENT ON COLUMN pipeline.read_stop.kind IS 'The kind of read; empty: all of them.';
COMMENT ON COLUMN pipeline.read_stop.reason IS 'no_token, token_dead, permission.';
COMMENT ON COLUMN pipeline.read_stop.until IS 'Until when.';
COMMENT ON COLUMN pipeline.read_stop.set_at IS 'Since when.';

CREATE TABLE pipeline.read_refusal (
    account_id text NOT NULL,
    kind text NOT NULL,
    target_id text NOT NULL,
    refused_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, kind, target_id)
);

COMMENT ON TABLE pipeline.read_refusal IS 'Objects that an account may not read: several, with none answered in between, stop the whole kind of read.';
COMMENT ON COLUMN pipeline.read_refusal.account_id IS 'The account.';
COMMENT ON COLUMN pipeline.read_refusal.kind IS 'The kind of read.';
COMMENT ON COLUMN pipeline.read_refusal.target_id IS 'The object.';
COMMENT ON COLUMN pipeline.read_refusal.refused_at IS 'When it was last refused.';

ALTER TABLE pipeline.account_quota ADD COLUMN block_seconds bigint CHECK (block_seconds >= 0);
COMMENT ON COLUMN pipeline.account_quota.block_seconds IS 'How long the last block was set for, in seconds: the next one grows from it; NULL before the first.';

UPDATE pipeline.account_quota SET
    block_seconds = (usage ->> 'block_seconds')::bigint,
    usage = NULLIF(usage - 'block_seconds', '{}')
WHERE usage ? 'block_seconds';
