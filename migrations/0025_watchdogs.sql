-- Watchdogs: accounts that used to speak and are silent.
--
-- Queries that need it: schedule (who spoke since the last look, who is silent for longer than usual), gauges and both portfolios (open alerts,
-- among them the new kind).

-- The table has a row for each account at most that somebody has to look at: its lock is held for a moment, and every
-- kind of the older version is one of the newer.
-- squawk-ignore ban-drop-constraint
ALTER TABLE pipeline.operator_alert DROP CONSTRAINT operator_alert_kind_check;
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE pipeline.operator_alert ADD CONSTRAINT operator_alert_kind_check
CHECK (kind IN ('token_dead', 'token_dying', 'permission_missing', 'not_subscribed', 'no_webhooks'));
COMMENT ON COLUMN pipeline.operator_alert.kind IS 'token_dead, token_dying, permission_missing, not_subscribed, no_webhooks.';

CREATE TABLE pipeline.account_voice (
    account_id text PRIMARY KEY CHECK (account_id <> ''),
    last_at timestamptz NOT NULL,
    gaps bigint NOT NULL CHECK (gaps >= 0),
    gap_hours double precision NOT NULL CHECK (gap_hours >= 0),
    gap_hours_squared double precision NOT NULL CHECK (gap_hours_squared >= 0)
);

COMMENT ON TABLE pipeline.account_voice IS 'How often webhooks of an account come, by the hours in which any came. Its usual gap is gap_hours_squared / gap_hours: that in which a moment taken at random lies, so that a burst of comments does not make it short.';
COMMENT ON COLUMN pipeline.account_voice.account_id IS 'The account.';
COMMENT ON COLUMN pipeline.account_voice.last_at IS 'When its last webhook arrived.';
COMMENT ON COLUMN pipeline.account_voice.gaps IS 'How many gaps between such hours were seen, ever.';
COMMENT ON COLUMN pipeline.account_voice.gap_hours IS 'Their hours together; what is older counts less, half of it after two weeks.';
COMMENT ON COLUMN pipeline.account_voice.gap_hours_squared IS 'The sum of their squares, older ones counting less as well.';

CREATE TABLE pipeline.watch (
    name text PRIMARY KEY,
    looked_at timestamptz NOT NULL
);

COMMENT ON TABLE pipeline.watch IS 'When something was last looked through that is looked through now and then, by one worker for all.';
COMMENT ON COLUMN pipeline.watch.name IS 'What: voices.';
COMMENT ON COLUMN pipeline.watch.looked_at IS 'Up to when it was looked through.';
