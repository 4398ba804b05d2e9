-- What is due by time alone, and the books of the story vault.
--
-- Queries that need it: schedule (beats that are due, stories whose day is over, pages that are history), `cekbrand sync` (a run that goes on
-- after an interrupt).

CREATE TABLE pipeline.read_beat (
    account_id text NOT NULL,
    kind text NOT NULL,
    target_id text NOT NULL,
    last_at timestamptz,
    next_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, kind, target_id)
);

CREATE INDEX read_beat_next_at ON pipeline.read_beat (next_at);

COMMENT ON TABLE pipeline.read_beat IS 'Reads that are due by the clock: when each was last wanted, and when it is the next time.';
COMMENT ON COLUMN pipeline.read_beat.account_id IS 'The account whose token is used.';
COMMENT ON COLUMN pipeline.read_beat.kind IS 'The kind of read; comment_backfill: comments that were missed are looked for.';
COMMENT ON COLUMN pipeline.read_beat.target_id IS 'The account itself, or one of its competitors.';
COMMENT ON COLUMN pipeline.read_beat.last_at IS 'When it was last wanted; NULL before the first time, which asks for the past as well.';
COMMENT ON COLUMN pipeline.read_beat.next_at IS 'When it is due.';

CREATE TABLE pipeline.story_vault (
    media_id text PRIMARY KEY,
    account_id text NOT NULL,
    published_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    first_seen_at timestamptz NOT NULL,
    last_poll_at timestamptz,
    outcome text CHECK (outcome IN ('polled', 'webhook', 'both', 'lost')),
    reason text CHECK (
        reason IN (
            'no_token', 'token_dead', 'permission', 'throttled', 'backoff', 'policy_block', 'unsupported', 'gave_up', 'app_settings',
            'seen_too_late', 'unanswered'
        )
    ),
    settled_at timestamptz,
    CHECK ((outcome IS NULL) = (settled_at IS NULL)),
    CHECK (outcome IS DISTINCT FROM 'lost' OR reason IS NOT NULL)
);

-- For stories whose day is over and whose outcome is not known yet, and for lost ones that a late webhook may still bring back.
CREATE INDEX story_vault_open ON pipeline.story_vault (expires_at) WHERE outcome IS NULL;
CREATE INDEX story_vault_lost ON pipeline.story_vault (expires_at) WHERE outcome = 'lost';

COMMENT ON TABLE pipeline.story_vault IS 'Every story of a watched account that was ever seen, and how its figures came to be known before they were gone.';
COMMENT ON COLUMN pipeline.story_vault.media_id IS 'instagram.media.id.';
COMMENT ON COLUMN pipeline.story_vault.account_id IS 'Its owner.';
COMMENT ON COLUMN pipeline.story_vault.published_at IS 'When it was published.';
COMMENT ON COLUMN pipeline.story_vault.expires_at IS 'When its 24 hours end, and with them the time in which it can be read.';
COMMENT ON COLUMN pipeline.story_vault.first_seen_at IS 'When we first heard of it.';
COMMENT ON COLUMN pipeline.story_vault.last_poll_at IS 'When its figures were last read; NULL: never.';
COMMENT ON COLUMN pipeline.story_vault.outcome IS 'polled, webhook, both, or lost: nobody told; NULL while it lives, and for three hours more.';
COMMENT ON COLUMN pipeline.story_vault.reason IS 'What stood in the way of reading it at its end: why its reads waited, seen_too_late, or unanswered; NULL where nothing did.';
COMMENT ON COLUMN pipeline.story_vault.settled_at IS 'When the outcome was found.';

CREATE TABLE pipeline.sync_run (
    account_id text PRIMARY KEY,
    started_at timestamptz NOT NULL,
    calls_before bigint NOT NULL CHECK (calls_before >= 0),
    finished_at timestamptz
);

COMMENT ON TABLE pipeline.sync_run IS 'The last time that an account was synchronised by hand.';
COMMENT ON COLUMN pipeline.sync_run.account_id IS 'The account.';
COMMENT ON COLUMN pipeline.sync_run.started_at IS 'When it began.';
COMMENT ON COLUMN pipeline.sync_run.calls_before IS 'Calls that the account had cost by then.';
COMMENT ON COLUMN pipeline.sync_run.finished_at IS 'When everything was read; NULL: not yet, and the next sync goes on with it.';

-- For pages of lists that are history: each day's list has cursors of its own.
CREATE INDEX enrichment_task_page ON pipeline.enrichment_task (finished_at) WHERE cursor <> '' AND state = 'done';
-- For the progress of one account. Without those that never ended: claiming must not take it for its own.
CREATE INDEX enrichment_task_finished ON pipeline.enrichment_task (account_id, finished_at) WHERE finished_at IS NOT NULL;
