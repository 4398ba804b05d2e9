-- The service's own books (schema pipeline): what arrived, how far each partition was read, the work still to do, every Graph answer,
-- quota, dead letters, dirty marks, access, deletion duties; and instagram.fetch_catalogue, which recorded answers refer to.
--
-- Queries that need it: land (event_key's verdict, one UNNEST batch per table, the conditional step of consumer_offset), enrich (claim by
-- account, lane and due time; the budget), analyse (marks by account), schedule (partitions ahead, midnight marks), serve
-- (key by its public part, ledger, task_state), `cekbrand ledger`, `account`, `key` and `dlq`.

CREATE SCHEMA pipeline;
CREATE SCHEMA instagram;

COMMENT ON SCHEMA pipeline IS 'The service''s own books. Not a contract: readers outside use schemas instagram and toba_cek_insta.';
COMMENT ON SCHEMA instagram IS 'Raw data as Instagram gives it. Table and column names are a published contract, spelling included.';

CREATE TABLE instagram.fetch_catalogue (
    fetch_id text PRIMARY KEY CHECK (fetch_id <> ''),
    fetch_name text NOT NULL UNIQUE
);

COMMENT ON TABLE instagram.fetch_catalogue IS 'Every kind of Graph read that the service can do. Recorded answers refer to it.';
COMMENT ON COLUMN instagram.fetch_catalogue.fetch_id IS 'Short name of the read, also its label in metrics. Source: this service.';
COMMENT ON COLUMN instagram.fetch_catalogue.fetch_name IS 'What is read, in words. Source: this service.';

INSERT INTO instagram.fetch_catalogue (fetch_id, fetch_name)
VALUES
    ('ig_user', 'Instagram user node'),
    ('ig_media', 'Instagram media node'),
    ('ig_comment', 'Instagram comment node'),
    ('ig_media_insights', 'Instagram media insights'),
    ('ig_media_insights_breakdown', 'Instagram media insights, one metric split by a breakdown'),
    ('ig_mentioned_comment', 'comment that mentions the account'),
    ('ig_mentioned_media', 'media that mentions the account'),
    ('ig_user_media', 'media of an Instagram user'),
    ('ig_user_stories', 'live stories of an Instagram user'),
    ('ig_media_comments', 'comments of an Instagram media'),
    ('ig_comment_replies', 'replies to an Instagram comment'),
    ('ig_media_children', 'children of an Instagram album'),
    ('ig_user_insights', 'Instagram user insights'),
    ('ig_business_discovery', 'another business''s Instagram user and media'),
    ('debug_token', 'state of a token'),
    ('refresh_token', 'longer life for a token');

-- Accounts ------------------------------------------------------------------------------------------------------------

CREATE TABLE pipeline.account (
    account_id text PRIMARY KEY CHECK (account_id <> ''),
    app_id text NOT NULL DEFAULT '',
    login text NOT NULL CHECK (login IN ('facebook', 'instagram')),
    added_at timestamptz NOT NULL,
    removed_at timestamptz,
    midnight_marked_on date
);

COMMENT ON TABLE pipeline.account IS 'The accounts that are watched.';
COMMENT ON COLUMN pipeline.account.account_id IS 'Instagram professional account id, the webhook''s entry.id. Source: operator.';
COMMENT ON COLUMN pipeline.account.app_id IS 'Meta app whose quota the account''s reads draw on; empty: the only one. Source: operator.';
COMMENT ON COLUMN pipeline.account.login IS 'Login flavour, facebook or instagram: decides host and features. Source: operator.';
COMMENT ON COLUMN pipeline.account.added_at IS 'When the operator added it.';
COMMENT ON COLUMN pipeline.account.removed_at IS 'When the operator removed it; NULL while it is watched.';
COMMENT ON COLUMN pipeline.account.midnight_marked_on IS 'Last local day of the account for which the midnight mark was set; NULL before the first.';

-- What arrived --------------------------------------------------------------------------------------------------------

CREATE TABLE pipeline.event (
    event_id bytea NOT NULL CHECK (octet_length(event_id) = 32),
    is_test boolean NOT NULL,
    subject_id text,
    object text NOT NULL,
    field text NOT NULL,
    account_id text NOT NULL,
    raw text NOT NULL,
    entry_time timestamptz,
    received_at timestamptz NOT NULL,
    landed_at timestamptz NOT NULL,
    topic text NOT NULL,
    partition int NOT NULL,
    "offset" bigint NOT NULL,
    secret_label text NOT NULL,
    schema_version smallint NOT NULL,
    extra text,
    PRIMARY KEY (event_id, received_at)
) PARTITION BY RANGE (received_at);

CREATE TABLE pipeline.event_default PARTITION OF pipeline.event DEFAULT;

COMMENT ON TABLE pipeline.event IS 'Every change that arrived, once, as received. Immutable; one partition for each UTC day of received_at.';
COMMENT ON COLUMN pipeline.event.event_id IS 'SHA-256 of the canonical change: its identity.';
COMMENT ON COLUMN pipeline.event.is_test IS 'A test of the dashboard or a canary: kept here and nowhere else.';
COMMENT ON COLUMN pipeline.event.subject_id IS 'Id of the thing the change is about (comment, medium, message); NULL where the field has none.';
COMMENT ON COLUMN pipeline.event.object IS 'The delivery''s object: instagram, page, permissions.';
COMMENT ON COLUMN pipeline.event.field IS 'The webhook field: comments, story_insights, mentions, ...';
COMMENT ON COLUMN pipeline.event.account_id IS 'The webhook''s entry.id; empty where the delivery named none.';
COMMENT ON COLUMN pipeline.event.raw IS 'The change''s value, byte by byte as Meta sent it. Text, because json refuses NUL and lone surrogates.';
COMMENT ON COLUMN pipeline.event.entry_time IS 'When Meta says that it sent the notification; NULL where it does not say.';
COMMENT ON COLUMN pipeline.event.received_at IS 'When the receiver had the delivery.';
COMMENT ON COLUMN pipeline.event.landed_at IS 'When the row was written.';
COMMENT ON COLUMN pipeline.event.topic IS 'Kafka topic it came by.';
COMMENT ON COLUMN pipeline.event.partition IS 'Kafka partition it came by.';
COMMENT ON COLUMN pipeline.event."offset" IS 'Kafka offset of the record that landed first.';
COMMENT ON COLUMN pipeline.event.secret_label IS 'Label of the app secret whose signature matched; never the secret.';
COMMENT ON COLUMN pipeline.event.schema_version IS 'Version of the envelope.';
COMMENT ON COLUMN pipeline.event.extra IS 'Members of the delivery that have no column, as a JSON object in text; NULL where there are none.';

CREATE TABLE pipeline.event_key (
    event_id bytea PRIMARY KEY CHECK (octet_length(event_id) = 32),
    received_at timestamptz NOT NULL
);

-- For pruning by age: rows come nearly in the order of time.
CREATE INDEX event_key_received_at ON pipeline.event_key USING brin (received_at);

COMMENT ON TABLE pipeline.event_key IS 'The dedupe index: one row for each event id, whatever its day. Pruned after the longer of Kafka''s retention and 40 days.';
COMMENT ON COLUMN pipeline.event_key.event_id IS 'SHA-256 of the canonical change.';
COMMENT ON COLUMN pipeline.event_key.received_at IS 'received_at of the event''s row: with event_id the key of pipeline.event.';

-- The books -----------------------------------------------------------------------------------------------------------

CREATE TABLE pipeline.consumer_offset (
    "group" text NOT NULL,
    topic text NOT NULL,
    partition int NOT NULL CHECK (partition >= 0),
    start bigint NOT NULL CHECK (start >= 0),
    next bigint NOT NULL,
    epoch bigint NOT NULL,
    landed bigint NOT NULL DEFAULT 0 CHECK (landed >= 0),
    duplicates bigint NOT NULL DEFAULT 0 CHECK (duplicates >= 0),
    dead_lettered bigint NOT NULL DEFAULT 0 CHECK (dead_lettered >= 0),
    expired bigint NOT NULL DEFAULT 0 CHECK (expired >= 0),
    continued bigint NOT NULL DEFAULT 0 CHECK (continued >= 0),
    updated_at timestamptz NOT NULL,
    PRIMARY KEY ("group", topic, partition),
    CHECK (next >= start)
);

COMMENT ON TABLE pipeline.consumer_offset IS 'How far each partition was read and what became of its records; changed in the landing transaction.';
COMMENT ON COLUMN pipeline.consumer_offset."group" IS 'Consumer group, one for each lane.';
COMMENT ON COLUMN pipeline.consumer_offset.topic IS 'Kafka topic.';
COMMENT ON COLUMN pipeline.consumer_offset.partition IS 'Kafka partition.';
COMMENT ON COLUMN pipeline.consumer_offset.start IS 'First offset that this group was responsible for.';
COMMENT ON COLUMN pipeline.consumer_offset.next IS 'Offset to be read next.';
COMMENT ON COLUMN pipeline.consumer_offset.epoch IS 'Raised with each assignment: a worker with an older epoch commits nothing.';
COMMENT ON COLUMN pipeline.consumer_offset.landed IS 'Records written as events.';
COMMENT ON COLUMN pipeline.consumer_offset.duplicates IS 'Records whose event id was known already.';
COMMENT ON COLUMN pipeline.consumer_offset.dead_lettered IS 'Records written to dead_letter.';
COMMENT ON COLUMN pipeline.consumer_offset.expired IS 'Offsets that were gone before they were read: above 0 is an alarm.';
COMMENT ON COLUMN pipeline.consumer_offset.continued IS 'Further parts of a dead-lettered body, which counts with its first part.';
COMMENT ON COLUMN pipeline.consumer_offset.updated_at IS 'When the row last changed.';

CREATE VIEW pipeline.ledger AS
SELECT
    "group",
    topic,
    partition,
    start,
    next,
    landed,
    duplicates,
    dead_lettered,
    expired,
    continued,
    next - start = landed + duplicates + dead_lettered + expired + continued AS closed
FROM pipeline.consumer_offset;

COMMENT ON VIEW pipeline.ledger IS 'The books: for each partition, every offset read is accounted for exactly once.';
COMMENT ON COLUMN pipeline.ledger."group" IS 'Consumer group.';
COMMENT ON COLUMN pipeline.ledger.topic IS 'Kafka topic.';
COMMENT ON COLUMN pipeline.ledger.partition IS 'Kafka partition.';
COMMENT ON COLUMN pipeline.ledger.start IS 'First offset the group was responsible for.';
COMMENT ON COLUMN pipeline.ledger.next IS 'Offset to be read next.';
COMMENT ON COLUMN pipeline.ledger.landed IS 'Records written as events.';
COMMENT ON COLUMN pipeline.ledger.duplicates IS 'Records already known.';
COMMENT ON COLUMN pipeline.ledger.dead_lettered IS 'Records set aside.';
COMMENT ON COLUMN pipeline.ledger.expired IS 'Offsets gone before they were read.';
COMMENT ON COLUMN pipeline.ledger.continued IS 'Further parts of set-aside bodies.';
COMMENT ON COLUMN pipeline.ledger.closed IS 'Whether the sum equals next - start.';

CREATE TABLE pipeline.dead_letter (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id bytea,
    topic text NOT NULL,
    partition int NOT NULL,
    "offset" bigint NOT NULL,
    reason text NOT NULL,
    error text NOT NULL,
    payload bytea NOT NULL,
    parts int NOT NULL DEFAULT 1 CHECK (parts >= 1),
    account_id text,
    field text,
    secret_label text,
    received_at timestamptz,
    landed_at timestamptz NOT NULL,
    attempts int NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    resolution text CHECK (resolution IN ('retried', 'dropped')),
    resolved_at timestamptz,
    UNIQUE (topic, partition, "offset"),
    CHECK ((resolution IS NULL) = (resolved_at IS NULL))
);

-- For listing what is open.
CREATE INDEX dead_letter_open ON pipeline.dead_letter (id) WHERE resolution IS NULL;

COMMENT ON TABLE pipeline.dead_letter IS 'What could not be parsed or written, as bytes, until somebody retries or drops it.';
COMMENT ON COLUMN pipeline.dead_letter.id IS 'Number for the operator''s commands.';
COMMENT ON COLUMN pipeline.dead_letter.event_id IS 'Event id of the change, or that of the whole body where it could not be read; NULL where the record has neither.';
COMMENT ON COLUMN pipeline.dead_letter.topic IS 'Kafka topic it came by.';
COMMENT ON COLUMN pipeline.dead_letter.partition IS 'Kafka partition it came by.';
COMMENT ON COLUMN pipeline.dead_letter."offset" IS 'Kafka offset of its (first) record.';
COMMENT ON COLUMN pipeline.dead_letter.reason IS 'Class of the failure, for counting.';
COMMENT ON COLUMN pipeline.dead_letter.error IS 'What went wrong, in words; never the content.';
COMMENT ON COLUMN pipeline.dead_letter.payload IS 'The bytes; of a body in parts, part 0.';
COMMENT ON COLUMN pipeline.dead_letter.parts IS 'Into how many parts the body was cut.';
COMMENT ON COLUMN pipeline.dead_letter.account_id IS 'The account, where it could be read.';
COMMENT ON COLUMN pipeline.dead_letter.field IS 'The webhook field, where it could be read.';
COMMENT ON COLUMN pipeline.dead_letter.secret_label IS 'Label of the app secret whose signature matched.';
COMMENT ON COLUMN pipeline.dead_letter.received_at IS 'When the receiver had the delivery, where known.';
COMMENT ON COLUMN pipeline.dead_letter.landed_at IS 'When the row was written.';
COMMENT ON COLUMN pipeline.dead_letter.attempts IS 'How often it was retried.';
COMMENT ON COLUMN pipeline.dead_letter.resolution IS 'retried or dropped; NULL while open.';
COMMENT ON COLUMN pipeline.dead_letter.resolved_at IS 'When it was resolved.';

CREATE TABLE pipeline.dead_letter_part (
    event_id bytea NOT NULL,
    part int NOT NULL CHECK (part >= 0),
    payload bytea NOT NULL,
    PRIMARY KEY (event_id, part)
);

COMMENT ON TABLE pipeline.dead_letter_part IS 'Further parts of dead-lettered bodies that are too large for one record.';
COMMENT ON COLUMN pipeline.dead_letter_part.event_id IS 'event_id of the dead letter.';
COMMENT ON COLUMN pipeline.dead_letter_part.part IS 'Number of the part, from 0.';
COMMENT ON COLUMN pipeline.dead_letter_part.payload IS 'The part''s bytes.';

CREATE TABLE pipeline.replay_run (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL CHECK (source IN ('kafka', 'events')),
    topic text NOT NULL,
    from_time timestamptz NOT NULL,
    to_time timestamptz,
    account_id text,
    enrich text NOT NULL CHECK (enrich IN ('recorded', 'fresh', 'none')),
    dry_run boolean NOT NULL DEFAULT false,
    state text NOT NULL CHECK (state IN ('running', 'done', 'failed', 'stopped')),
    position jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(position) = 'object'),
    seen bigint NOT NULL DEFAULT 0 CHECK (seen >= 0),
    changed bigint NOT NULL DEFAULT 0 CHECK (changed >= 0),
    error text,
    started_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    finished_at timestamptz,
    CHECK (to_time IS NULL OR to_time > from_time),
    CHECK ((state = 'running') = (finished_at IS NULL))
);

COMMENT ON TABLE pipeline.replay_run IS 'Each reprocessing of past changes, and how far it got.';
COMMENT ON COLUMN pipeline.replay_run.id IS 'Number for the operator''s commands.';
COMMENT ON COLUMN pipeline.replay_run.source IS 'Read from kafka or from pipeline.event (events).';
COMMENT ON COLUMN pipeline.replay_run.topic IS 'Topic that is replayed.';
COMMENT ON COLUMN pipeline.replay_run.from_time IS 'Start of the range of received_at, inclusive.';
COMMENT ON COLUMN pipeline.replay_run.to_time IS 'End of the range, exclusive; NULL: up to the start of the run.';
COMMENT ON COLUMN pipeline.replay_run.account_id IS 'Only this account; NULL: all.';
COMMENT ON COLUMN pipeline.replay_run.enrich IS 'recorded answers, fresh reads, or none.';
COMMENT ON COLUMN pipeline.replay_run.dry_run IS 'Whether it only counts.';
COMMENT ON COLUMN pipeline.replay_run.state IS 'running, done, failed, stopped.';
COMMENT ON COLUMN pipeline.replay_run.position IS 'Next offset of each partition, as {partition: offset}: where an interrupted run goes on.';
COMMENT ON COLUMN pipeline.replay_run.seen IS 'Changes read so far.';
COMMENT ON COLUMN pipeline.replay_run.changed IS 'Rows that it changed so far.';
COMMENT ON COLUMN pipeline.replay_run.error IS 'Why it failed; NULL otherwise.';
COMMENT ON COLUMN pipeline.replay_run.started_at IS 'When it began.';
COMMENT ON COLUMN pipeline.replay_run.updated_at IS 'When it last reported.';
COMMENT ON COLUMN pipeline.replay_run.finished_at IS 'When it ended; NULL while it runs.';

-- Work to do ----------------------------------------------------------------------------------------------------------

CREATE TABLE pipeline.enrichment_task (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind <> ''),
    target_id text NOT NULL,
    account_id text NOT NULL,
    lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 3),
    due_at timestamptz NOT NULL,
    deadline timestamptz,
    wanted_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    lease_id uuid,
    lease_until timestamptz,
    attempts int NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    state text NOT NULL CHECK (state IN ('waiting', 'running', 'parked', 'done')),
    reason text CHECK (
        reason IN (
            'no_token', 'token_dead', 'permission', 'throttled', 'backoff', 'fresh', 'policy_block', 'unsupported', 'gave_up'
        )
    ),
    parked_until timestamptz,
    last_error text,
    created_at timestamptz NOT NULL,
    UNIQUE (kind, target_id, account_id),
    CHECK ((state = 'parked') = (reason IS NOT NULL)),
    CHECK ((state = 'parked') = (parked_until IS NOT NULL)),
    CHECK (state <> 'running' OR (lease_id IS NOT NULL AND lease_until IS NOT NULL))
);

-- For claiming within an account, and for finding accounts with due work.
CREATE INDEX enrichment_task_claim ON pipeline.enrichment_task (account_id, lane, due_at) WHERE state <> 'done';
CREATE INDEX enrichment_task_due ON pipeline.enrichment_task (due_at) WHERE state <> 'done';

COMMENT ON TABLE pipeline.enrichment_task IS 'Graph reads that are wanted: one row for each thing to read, however often it is asked for.';
COMMENT ON COLUMN pipeline.enrichment_task.id IS 'Surrogate key.';
COMMENT ON COLUMN pipeline.enrichment_task.kind IS 'What is read: user, media, comment, media_insights, mentioned_media, mentioned_comment.';
COMMENT ON COLUMN pipeline.enrichment_task.target_id IS 'Id of what is read.';
COMMENT ON COLUMN pipeline.enrichment_task.account_id IS 'Account whose token and quota are used.';
COMMENT ON COLUMN pipeline.enrichment_task.lane IS 'Urgency: 0 live and story, 1 new comments'' media, 2 daily, 3 back-fill.';
COMMENT ON COLUMN pipeline.enrichment_task.due_at IS 'When it may be claimed next: waiting: then; parked: parked_until; running: lease_until.';
COMMENT ON COLUMN pipeline.enrichment_task.deadline IS 'When the figures are gone (a story''s end); NULL: never.';
COMMENT ON COLUMN pipeline.enrichment_task.wanted_at IS 'When it was last asked for; later than started_at: wanted again.';
COMMENT ON COLUMN pipeline.enrichment_task.started_at IS 'When it was last claimed.';
COMMENT ON COLUMN pipeline.enrichment_task.finished_at IS 'When it last succeeded.';
COMMENT ON COLUMN pipeline.enrichment_task.lease_id IS 'The claim that may finish it.';
COMMENT ON COLUMN pipeline.enrichment_task.lease_until IS 'When the claim ends by itself.';
COMMENT ON COLUMN pipeline.enrichment_task.attempts IS 'Attempts since the last success.';
COMMENT ON COLUMN pipeline.enrichment_task.state IS 'waiting, running, parked (with a reason and an end), done.';
COMMENT ON COLUMN pipeline.enrichment_task.reason IS 'Why it is parked; NULL otherwise.';
COMMENT ON COLUMN pipeline.enrichment_task.parked_until IS 'Until when it is parked; NULL otherwise.';
COMMENT ON COLUMN pipeline.enrichment_task.last_error IS 'Last failure in words, without secrets.';
COMMENT ON COLUMN pipeline.enrichment_task.created_at IS 'When it was first asked for.';

CREATE VIEW pipeline.task_state AS
SELECT
    kind,
    state,
    reason,
    count(*) AS n,
    min(due_at) AS due_at
FROM pipeline.enrichment_task
GROUP BY kind, state, reason;

COMMENT ON VIEW pipeline.task_state IS 'How many tasks are in which state.';
COMMENT ON COLUMN pipeline.task_state.kind IS 'What is read.';
COMMENT ON COLUMN pipeline.task_state.state IS 'waiting, running, parked, done.';
COMMENT ON COLUMN pipeline.task_state.reason IS 'Why parked; NULL otherwise.';
COMMENT ON COLUMN pipeline.task_state.n IS 'Number of tasks.';
COMMENT ON COLUMN pipeline.task_state.due_at IS 'The earliest time at which one of them may be claimed.';

CREATE TABLE pipeline.graph_response (
    id bigint GENERATED ALWAYS AS IDENTITY,
    fetch_id text NOT NULL REFERENCES instagram.fetch_catalogue (fetch_id),
    account_id text NOT NULL,
    target_id text NOT NULL,
    request text NOT NULL,
    status int NOT NULL,
    body text NOT NULL,
    error_code int,
    error_subcode int,
    usage jsonb,
    observed_at timestamptz NOT NULL,
    api_version text NOT NULL,
    duration_ms int NOT NULL CHECK (duration_ms >= 0),
    PRIMARY KEY (id, observed_at)
) PARTITION BY RANGE (observed_at);

CREATE TABLE pipeline.graph_response_default PARTITION OF pipeline.graph_response DEFAULT;

COMMENT ON TABLE pipeline.graph_response IS 'Every Graph answer as received; one partition for each UTC day. Answers about tokens are never recorded.';
COMMENT ON COLUMN pipeline.graph_response.id IS 'Surrogate key.';
COMMENT ON COLUMN pipeline.graph_response.fetch_id IS 'What kind of read it was.';
COMMENT ON COLUMN pipeline.graph_response.account_id IS 'Account whose token was used.';
COMMENT ON COLUMN pipeline.graph_response.target_id IS 'Id of what was read.';
COMMENT ON COLUMN pipeline.graph_response.request IS 'Path and query, without token and proof.';
COMMENT ON COLUMN pipeline.graph_response.status IS 'HTTP status; 0 where no answer came.';
COMMENT ON COLUMN pipeline.graph_response.body IS 'Body as received; the query strings of paging URLs are dropped, because they hold the token.';
COMMENT ON COLUMN pipeline.graph_response.error_code IS 'Meta''s error code; NULL for a success.';
COMMENT ON COLUMN pipeline.graph_response.error_subcode IS 'Meta''s error subcode, where there is one.';
COMMENT ON COLUMN pipeline.graph_response.usage IS 'Both usage headers, as JSON; NULL where none came.';
COMMENT ON COLUMN pipeline.graph_response.observed_at IS 'When the answer came.';
COMMENT ON COLUMN pipeline.graph_response.api_version IS 'Version of the Graph API that was asked.';
COMMENT ON COLUMN pipeline.graph_response.duration_ms IS 'How long the call took, in milliseconds.';

CREATE TABLE pipeline.account_quota (
    app_id text NOT NULL,
    account_id text NOT NULL,
    usage_percent int CHECK (usage_percent >= 0),
    call_count bigint NOT NULL DEFAULT 0 CHECK (call_count >= 0),
    granted bigint NOT NULL DEFAULT 0 CHECK (granted >= 0),
    blocked_until timestamptz,
    block_reason text,
    usage jsonb,
    observed_at timestamptz,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (app_id, account_id)
);

COMMENT ON TABLE pipeline.account_quota IS 'The budget that all workers share, for each app and account.';
COMMENT ON COLUMN pipeline.account_quota.app_id IS 'Meta app; empty: the only one.';
COMMENT ON COLUMN pipeline.account_quota.account_id IS 'Account; empty: the app as a whole.';
COMMENT ON COLUMN pipeline.account_quota.usage_percent IS 'Highest of the percentages in the usage headers; NULL before the first header.';
COMMENT ON COLUMN pipeline.account_quota.call_count IS 'Calls made.';
COMMENT ON COLUMN pipeline.account_quota.granted IS 'Calls granted to workers since the last header.';
COMMENT ON COLUMN pipeline.account_quota.blocked_until IS 'No call before this instant; NULL: not blocked.';
COMMENT ON COLUMN pipeline.account_quota.block_reason IS 'Why it is blocked.';
COMMENT ON COLUMN pipeline.account_quota.usage IS 'The last usage headers, as JSON.';
COMMENT ON COLUMN pipeline.account_quota.observed_at IS 'When the last usage header came.';
COMMENT ON COLUMN pipeline.account_quota.updated_at IS 'When the row last changed.';

CREATE TABLE pipeline.dirty_mark (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id text NOT NULL,
    day date NOT NULL,
    marked_at timestamptz NOT NULL
);

CREATE INDEX dirty_mark_account_day ON pipeline.dirty_mark (account_id, day);

COMMENT ON TABLE pipeline.dirty_mark IS 'Days whose analytics are to be computed again. Only ever appended to; analyse deletes what it takes.';
COMMENT ON COLUMN pipeline.dirty_mark.id IS 'Surrogate key, in the order of marking.';
COMMENT ON COLUMN pipeline.dirty_mark.account_id IS 'Account whose raw rows changed.';
COMMENT ON COLUMN pipeline.dirty_mark.day IS 'Local day of the account that the changed rows belong to.';
COMMENT ON COLUMN pipeline.dirty_mark.marked_at IS 'When the mark was set.';

CREATE TABLE pipeline.analysed_media (
    user_id text NOT NULL,
    media_id text NOT NULL,
    published_at timestamptz NOT NULL,
    published_on date NOT NULL,
    deleted_on date,
    media_hastag text,
    hastags text[] NOT NULL,
    PRIMARY KEY (user_id, media_id)
);

-- For the media of a window of days.
CREATE INDEX analysed_media_published_on ON pipeline.analysed_media (user_id, published_on);

COMMENT ON TABLE pipeline.analysed_media IS 'The media that count in an account''s analytics, as last analysed. A difference from instagram.media makes days dirty, whoever wrote it.';
COMMENT ON COLUMN pipeline.analysed_media.user_id IS 'Owner of the medium.';
COMMENT ON COLUMN pipeline.analysed_media.media_id IS 'The medium.';
COMMENT ON COLUMN pipeline.analysed_media.published_at IS 'When it was published.';
COMMENT ON COLUMN pipeline.analysed_media.published_on IS 'Local day of the owner on which it was published.';
COMMENT ON COLUMN pipeline.analysed_media.deleted_on IS 'Local day from which it no longer counts; NULL: it still does.';
COMMENT ON COLUMN pipeline.analysed_media.media_hastag IS 'instagram.media.media_hastag as last read.';
COMMENT ON COLUMN pipeline.analysed_media.hastags IS 'The same as a sorted list, lower case, without the # sign.';

-- Access and duties ---------------------------------------------------------------------------------------------------

CREATE TABLE pipeline.audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    target text NOT NULL,
    detail jsonb NOT NULL DEFAULT '{}'
);

CREATE INDEX audit_at ON pipeline.audit USING brin (at);

COMMENT ON TABLE pipeline.audit IS 'Who did what: operator''s commands, logins, deletions. Never holds a secret.';
COMMENT ON COLUMN pipeline.audit.id IS 'Surrogate key.';
COMMENT ON COLUMN pipeline.audit.at IS 'When.';
COMMENT ON COLUMN pipeline.audit.actor IS 'Who: the operating system''s user, an API key''s public part, or a role of the service.';
COMMENT ON COLUMN pipeline.audit.action IS 'What, as subcommand and verb: account.add, key.revoke.';
COMMENT ON COLUMN pipeline.audit.target IS 'To what it was done.';
COMMENT ON COLUMN pipeline.audit.detail IS 'Parameters of the action, without secrets.';

CREATE TABLE pipeline.api_key (
    id text PRIMARY KEY CHECK (id <> ''),
    name text NOT NULL,
    key_hash bytea NOT NULL CHECK (octet_length(key_hash) = 32),
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz
);

COMMENT ON TABLE pipeline.api_key IS 'Keys to the read API.';
COMMENT ON COLUMN pipeline.api_key.id IS 'Public part of the key.';
COMMENT ON COLUMN pipeline.api_key.name IS 'What it is for, in the operator''s words.';
COMMENT ON COLUMN pipeline.api_key.key_hash IS 'SHA-256 of the secret part, which is random and long: no slow hash is needed.';
COMMENT ON COLUMN pipeline.api_key.created_at IS 'When it was made.';
COMMENT ON COLUMN pipeline.api_key.expires_at IS 'When it ends by itself; NULL: never.';
COMMENT ON COLUMN pipeline.api_key.revoked_at IS 'When it was revoked; NULL: it was not.';
COMMENT ON COLUMN pipeline.api_key.last_used_at IS 'About when it was last used.';

CREATE TABLE pipeline.session (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    api_key_id text NOT NULL REFERENCES pipeline.api_key (id) ON DELETE CASCADE,
    csrf_hash bytea NOT NULL CHECK (octet_length(csrf_hash) = 32),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL
);

CREATE INDEX session_expires_at ON pipeline.session (expires_at);

COMMENT ON TABLE pipeline.session IS 'Browsers that logged in with an API key.';
COMMENT ON COLUMN pipeline.session.token_hash IS 'SHA-256 of the cookie''s value.';
COMMENT ON COLUMN pipeline.session.api_key_id IS 'Key that was used to log in; revoking it ends the session.';
COMMENT ON COLUMN pipeline.session.csrf_hash IS 'SHA-256 of the token that forms must bring along.';
COMMENT ON COLUMN pipeline.session.created_at IS 'When the login was.';
COMMENT ON COLUMN pipeline.session.expires_at IS 'When the session ends.';
COMMENT ON COLUMN pipeline.session.last_seen_at IS 'About when it was last used.';

CREATE TABLE pipeline.deletion_request (
    confirmation_code text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('deauthorize', 'data_deletion')),
    app_scoped_id text NOT NULL,
    account_id text,
    state text NOT NULL CHECK (state IN ('received', 'running', 'done', 'nothing_held')),
    erased jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(erased) = 'object'),
    requested_at timestamptz NOT NULL,
    finished_at timestamptz,
    CHECK ((state IN ('done', 'nothing_held')) = (finished_at IS NOT NULL))
);

-- For the work that is open.
CREATE INDEX deletion_request_open ON pipeline.deletion_request (requested_at) WHERE finished_at IS NULL;

COMMENT ON TABLE pipeline.deletion_request IS 'Duties to forget that Meta passed on, and their state, which is public by code.';
COMMENT ON COLUMN pipeline.deletion_request.confirmation_code IS 'Random code that Meta shows to the person; the key of the public status page.';
COMMENT ON COLUMN pipeline.deletion_request.kind IS 'deauthorize or data_deletion.';
COMMENT ON COLUMN pipeline.deletion_request.app_scoped_id IS 'The person''s id for this app, from the signed request.';
COMMENT ON COLUMN pipeline.deletion_request.account_id IS 'The account it belongs to; NULL where none is known.';
COMMENT ON COLUMN pipeline.deletion_request.state IS 'received, running, done, nothing_held.';
COMMENT ON COLUMN pipeline.deletion_request.erased IS 'Rows erased, as {table: count}.';
COMMENT ON COLUMN pipeline.deletion_request.requested_at IS 'When the request came.';
COMMENT ON COLUMN pipeline.deletion_request.finished_at IS 'When it was fulfilled; NULL while open.';

CREATE TABLE pipeline.suppression (
    kind text NOT NULL CHECK (kind IN ('account', 'user', 'media', 'comment')),
    subject_id text NOT NULL,
    confirmation_code text REFERENCES pipeline.deletion_request (confirmation_code),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (kind, subject_id)
);

COMMENT ON TABLE pipeline.suppression IS 'Subjects that were erased and must not come back, by webhook, read or replay.';
COMMENT ON COLUMN pipeline.suppression.kind IS 'What the subject is: account, user, media, comment.';
COMMENT ON COLUMN pipeline.suppression.subject_id IS 'Its id.';
COMMENT ON COLUMN pipeline.suppression.confirmation_code IS 'The request that asked for it; NULL: the operator did.';
COMMENT ON COLUMN pipeline.suppression.created_at IS 'Since when.';

-- Partitions ----------------------------------------------------------------------------------------------------------

-- A partition is filled first and attached after: attaching waits for no insert into the other days.
CREATE FUNCTION pipeline.ensure_partitions(from_day date, to_day date) RETURNS int
LANGUAGE plpgsql
AS $$
DECLARE
    part record;
    made int := 0;
BEGIN
    FOR part IN
        SELECT
            parent.name AS parent,
            parent.time_column,
            format('%s_%s', parent.name, to_char(day.at, 'YYYYMMDD')) AS name,
            (day.at AT TIME ZONE 'UTC') AS lower,
            ((day.at + interval '1 day') AT TIME ZONE 'UTC') AS upper
        FROM
            (VALUES ('event', 'received_at'), ('graph_response', 'observed_at')) AS parent (name, time_column),
            generate_series(from_day::timestamp, to_day::timestamp, interval '1 day') AS day (at)
        ORDER BY 1, 3
    LOOP
        CONTINUE WHEN to_regclass(format('pipeline.%I', part.name)) IS NOT NULL;
        -- One at a time, and look again: somebody else may have made it meanwhile.
        PERFORM pg_advisory_xact_lock(hashtextextended('pipeline.ensure_partitions', 0));
        CONTINUE WHEN to_regclass(format('pipeline.%I', part.name)) IS NOT NULL;

        EXECUTE format(
            'CREATE TABLE pipeline.%I (LIKE pipeline.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part.name, part.parent
        );
        -- Rows that came before their partition did.
        EXECUTE format(
            'WITH moved AS (DELETE FROM pipeline.%I WHERE %I >= %L AND %I < %L RETURNING *) '
            'INSERT INTO pipeline.%I SELECT * FROM moved',
            part.parent || '_default', part.time_column, part.lower, part.time_column, part.upper, part.name
        );
        EXECUTE format(
            'ALTER TABLE pipeline.%I ATTACH PARTITION pipeline.%I FOR VALUES FROM (%L) TO (%L)',
            part.parent, part.name, part.lower, part.upper
        );
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;

COMMENT ON FUNCTION pipeline.ensure_partitions(date, date) IS
'Creates the missing UTC day partitions of event and graph_response from from_day to to_day, both inclusive, and moves rows there that the default partition caught; returns how many it made.';
