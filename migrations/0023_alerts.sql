-- Alerts that are told, and the weekly digest.
--
-- Queries that need it: alerts (rules that are due, the figure of a rule, digests that are due), deliver (deliveries that are due), serve
-- (what fired, the receivers of an account, the log of deliveries).

-- Rules: what else people want to be told of, and what was found the last time -----------------------------------------

-- A few rules of each account, made by people: the scan is short. The new checks allow all that the old ones did.
ALTER TABLE pipeline.alert_rule
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT alert_rule_metric_check,
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT alert_rule_metric_check CHECK (
        metric IN (
            'followers', 'reach', 'views', 'engagement', 'negative_comments', 'negative_comments_today', 'token_at_risk', 'stories_at_risk'
        )
    ),
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT alert_rule_measure_check,
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT alert_rule_measure_check CHECK (measure IN ('value', 'growth', 'usual')),
    ADD COLUMN checked_at timestamptz,
    ADD COLUMN holds boolean;

-- For whichever are due.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX alert_rule_checked_at ON pipeline.alert_rule (checked_at NULLS FIRST);

COMMENT ON COLUMN pipeline.alert_rule.metric IS 'The figure: followers, reach, views, engagement, negative_comments, negative_comments_today, token_at_risk (1 or 0), stories_at_risk.';
COMMENT ON COLUMN pipeline.alert_rule.measure IS 'value, growth against the timeframe before, or usual: the change against what is usual.';
COMMENT ON COLUMN pipeline.alert_rule.checked_at IS 'When a worker last looked; NULL: not yet.';
COMMENT ON COLUMN pipeline.alert_rule.holds IS 'Whether the figure was beyond the threshold when it was last known; it is told when it turns true. NULL: never known.';

-- The figure of a rule. A value of the last timeframe with its growth against the one before and its change against what is usual: the mean of
-- the four before, where two of them are known. Of comments of today the usual is the mean of the timeframe's days before. No row where nothing
-- is known at all.
CREATE FUNCTION pipeline.account_figure(account text, wanted text, days int, at timestamptz)
RETURNS TABLE (day date, value double precision, growth double precision, usual double precision, absence text)
LANGUAGE sql STABLE ROWS 1
AS $$
    WITH today AS (
        SELECT (at AT TIME ZONE coalesce((SELECT timezone FROM instagram."user" WHERE id = account), 'UTC'))::date AS day
    ),
    series (day, value, growth, absence) AS (
        SELECT date_stamp, value_now, growth, absence::text
        FROM toba_cek_insta.user_insight_reach_growth
        WHERE wanted = 'reach' AND user_id = account AND timeframe = days
        UNION ALL
        SELECT date_stamp, value_now, growth, absence::text
        FROM toba_cek_insta.user_insight_impressions_growth
        WHERE wanted = 'views' AND user_id = account AND timeframe = days
        UNION ALL
        SELECT liked.datestamp, liked.value_now, liked.growth, liked.absence::text
        FROM toba_cek_insta.user_insight_engagement_growth AS liked
        WHERE wanted = 'engagement' AND liked.user_id = account AND liked.timeframe = days
        UNION ALL
        SELECT counts.datestamp, counts.followers_count, gained.growth, counts.absence ->> 'followers_count'
        FROM instagram.user_data AS counts
        LEFT JOIN toba_cek_insta.user_insight_follower_growth AS gained
            ON gained.user_id = account AND gained.timeframe = days AND gained.date_stamp = counts.datestamp
        WHERE wanted = 'followers' AND counts.user_id = account
    ),
    newest AS (
        SELECT series.day, series.value, series.growth, series.absence
        FROM series, today
        -- Engagement has no row where nothing was published: an old one says nothing of today.
        WHERE wanted <> 'engagement' OR series.day >= today.day - 1
        ORDER BY series.day DESC LIMIT 1
    ),
    first_felt AS (
        SELECT min(delta.day) AS day FROM toba_cek_insta.sentiment_delta AS delta WHERE delta.user_id = account
    ),
    -- How many negative comments each window of so many days added, back from today; the windows before are known from the first day on
    -- that has any comment.
    felt AS (
        SELECT past.n, coalesce(sum(delta.neg), 0)::double precision AS value
        FROM today
        CROSS JOIN first_felt
        CROSS JOIN generate_series(0, CASE WHEN wanted = 'negative_comments' THEN 4 ELSE 0 END) AS past (n)
        LEFT JOIN toba_cek_insta.sentiment_delta AS delta
            ON delta.user_id = account AND delta.day > today.day - days * (past.n + 1) AND delta.day <= today.day - days * past.n
        WHERE
            wanted = 'negative_comments'
            AND first_felt.day IS NOT NULL AND (past.n = 0 OR first_felt.day <= today.day - days * (past.n + 1) + 1)
        GROUP BY past.n
    ),
    felt_today AS (
        SELECT
            coalesce(sum(delta.neg) FILTER (WHERE delta.day = today.day), 0)::double precision AS value,
            CASE
                WHEN min(delta.day) <= today.day - days
                    THEN
                        coalesce(sum(delta.neg) FILTER (WHERE delta.day < today.day AND delta.day >= today.day - days), 0)::double precision / days
            END AS mean
        FROM today
        INNER JOIN toba_cek_insta.sentiment_delta AS delta ON delta.user_id = account
        WHERE wanted = 'negative_comments_today'
        GROUP BY today.day
    )
    SELECT
        newest.day, newest.value, newest.growth,
        (
            SELECT CASE WHEN count(*) >= 2 THEN newest.value / nullif(avg(series.value), 0) - 1 END
            FROM series
            WHERE series.value IS NOT NULL AND series.day = ANY (ARRAY(SELECT newest.day - days * n FROM generate_series(1, 4) AS n))
        ),
        newest.absence
    FROM newest
    UNION ALL
    SELECT
        today.day, now_felt.value, now_felt.value / nullif(before.value, 0) - 1,
        (SELECT CASE WHEN count(*) >= 2 THEN now_felt.value / nullif(avg(felt.value), 0) - 1 END FROM felt WHERE felt.n > 0), NULL
    FROM today
    INNER JOIN felt AS now_felt ON now_felt.n = 0
    LEFT JOIN felt AS before ON before.n = 1
    UNION ALL
    SELECT
        today.day, felt_today.value, felt_today.value / nullif(felt_today.mean, 0) - 1,
        felt_today.value / nullif(felt_today.mean, 0) - 1, NULL
    FROM today, felt_today
    UNION ALL
    SELECT
        today.day,
        CASE
            WHEN token.user_id IS NULL OR token.state = 'dead' OR token.expired_at < at + INTERVAL '7 days' THEN 1
            ELSE 0
        END,
        NULL, NULL, NULL
    FROM today
    LEFT JOIN instagram.instagram_tokens AS token ON token.user_id = account
    WHERE wanted = 'token_at_risk'
    UNION ALL
    SELECT today.day, count(medium.id), NULL, NULL, NULL
    FROM today
    LEFT JOIN instagram.media AS medium
        ON
            medium.user_id = account AND medium.media_product_type = 'STORY' AND medium.deleted_at IS NULL
            AND medium."timestamp" > at - INTERVAL '24 hours' AND medium."timestamp" <= at - INTERVAL '18 hours'
            AND NOT EXISTS (SELECT FROM instagram.media_insight AS held WHERE held.media_id = medium.id AND held.value IS NOT NULL)
    WHERE wanted = 'stories_at_risk'
    GROUP BY today.day
$$;
COMMENT ON FUNCTION pipeline.account_figure(text, text, int, timestamptz) IS
'The newest figure of an account that a rule of alerts is about, its growth, and its change against what is usual.';

-- What fired ----------------------------------------------------------------------------------------------------------

CREATE TABLE pipeline.alert_firing (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id text NOT NULL,
    rule_id bigint NOT NULL,
    period date NOT NULL,
    rule_name text NOT NULL,
    metric text NOT NULL,
    measure text NOT NULL,
    direction text NOT NULL,
    threshold double precision NOT NULL,
    timeframe int NOT NULL,
    value double precision NOT NULL,
    fired_at timestamptz NOT NULL,
    UNIQUE (account_id, rule_id, period)
);

COMMENT ON TABLE pipeline.alert_firing IS 'Each time that a rule came to hold; once a day at most.';
COMMENT ON COLUMN pipeline.alert_firing.id IS 'Number, in the order of time.';
COMMENT ON COLUMN pipeline.alert_firing.account_id IS 'The account.';
COMMENT ON COLUMN pipeline.alert_firing.rule_id IS 'pipeline.alert_rule.id, which may be gone since.';
COMMENT ON COLUMN pipeline.alert_firing.period IS 'The local day of the account on which it came to hold.';
COMMENT ON COLUMN pipeline.alert_firing.rule_name IS 'What people called the rule then.';
COMMENT ON COLUMN pipeline.alert_firing.metric IS 'As of the rule then.';
COMMENT ON COLUMN pipeline.alert_firing.measure IS 'As of the rule then.';
COMMENT ON COLUMN pipeline.alert_firing.direction IS 'As of the rule then.';
COMMENT ON COLUMN pipeline.alert_firing.threshold IS 'As of the rule then.';
COMMENT ON COLUMN pipeline.alert_firing.timeframe IS 'As of the rule then.';
COMMENT ON COLUMN pipeline.alert_firing.value IS 'The figure, or its change, that was beyond the threshold.';
COMMENT ON COLUMN pipeline.alert_firing.fired_at IS 'When it was noticed.';

-- Who is told ---------------------------------------------------------------------------------------------------------

CREATE TABLE pipeline.alert_channel (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('webhook')),
    address text NOT NULL CHECK (char_length(address) BETWEEN 1 AND 2000),
    lang text NOT NULL CHECK (lang IN ('id', 'en')),
    alerts boolean NOT NULL,
    digest boolean NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    UNIQUE (account_id, address)
);

COMMENT ON TABLE pipeline.alert_channel IS 'Who is told what about an account, and where.';
COMMENT ON COLUMN pipeline.alert_channel.id IS 'Number by which it is deleted; the secret that signs is made from it.';
COMMENT ON COLUMN pipeline.alert_channel.account_id IS 'The account.';
COMMENT ON COLUMN pipeline.alert_channel.kind IS 'How: webhook.';
COMMENT ON COLUMN pipeline.alert_channel.address IS 'Where: an address of the web.';
COMMENT ON COLUMN pipeline.alert_channel.lang IS 'In which language: id or en.';
COMMENT ON COLUMN pipeline.alert_channel.alerts IS 'Whether what fires is told.';
COMMENT ON COLUMN pipeline.alert_channel.digest IS 'Whether the weekly digest is.';
COMMENT ON COLUMN pipeline.alert_channel.created_at IS 'When it was made.';
COMMENT ON COLUMN pipeline.alert_channel.created_by IS 'Id of the API key with which.';

CREATE TABLE pipeline.alert_delivery (
    id uuid PRIMARY KEY,
    channel_id bigint NOT NULL REFERENCES pipeline.alert_channel (id) ON DELETE CASCADE,
    account_id text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('alert', 'digest', 'test')),
    occasion text NOT NULL,
    body text NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'delivered', 'given_up')),
    due_at timestamptz NOT NULL,
    attempts int NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    UNIQUE (channel_id, occasion),
    CHECK ((ended_at IS NULL) = (state IN ('waiting', 'running')))
);

-- For whichever are due.
CREATE INDEX alert_delivery_due_at ON pipeline.alert_delivery (due_at) WHERE ended_at IS NULL;
-- For the log of an account.
CREATE INDEX alert_delivery_account_id ON pipeline.alert_delivery (account_id, created_at DESC);

COMMENT ON TABLE pipeline.alert_delivery IS 'Each thing that is told to a receiver, once; its bytes stay the same however often it is sent.';
COMMENT ON COLUMN pipeline.alert_delivery.id IS 'By which the receiver knows it again.';
COMMENT ON COLUMN pipeline.alert_delivery.channel_id IS 'pipeline.alert_channel.id.';
COMMENT ON COLUMN pipeline.alert_delivery.account_id IS 'The account that it is about.';
COMMENT ON COLUMN pipeline.alert_delivery.kind IS 'alert, digest, or test.';
COMMENT ON COLUMN pipeline.alert_delivery.occasion IS 'What it tells of: a firing, or the week of a digest.';
COMMENT ON COLUMN pipeline.alert_delivery.body IS 'What is sent.';
COMMENT ON COLUMN pipeline.alert_delivery.state IS 'waiting, running (a worker has it until due_at), delivered, or given_up.';
COMMENT ON COLUMN pipeline.alert_delivery.due_at IS 'When it is sent next; while a worker has it, when another may take it over.';
COMMENT ON COLUMN pipeline.alert_delivery.attempts IS 'How often a worker took it.';
COMMENT ON COLUMN pipeline.alert_delivery.created_at IS 'When there was something to tell.';
COMMENT ON COLUMN pipeline.alert_delivery.ended_at IS 'When the receiver took it, or it was given up.';

CREATE TABLE pipeline.alert_attempt (
    delivery_id uuid NOT NULL REFERENCES pipeline.alert_delivery (id) ON DELETE CASCADE,
    number int NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    status int,
    error text,
    PRIMARY KEY (delivery_id, number)
);

COMMENT ON TABLE pipeline.alert_attempt IS 'The log of deliveries: each try.';
COMMENT ON COLUMN pipeline.alert_attempt.delivery_id IS 'pipeline.alert_delivery.id.';
COMMENT ON COLUMN pipeline.alert_attempt.number IS 'From 1.';
COMMENT ON COLUMN pipeline.alert_attempt.started_at IS 'When a worker took it.';
COMMENT ON COLUMN pipeline.alert_attempt.ended_at IS 'When it was answered, or failed; NULL: not yet, or the worker was gone before it could note it.';
COMMENT ON COLUMN pipeline.alert_attempt.status IS 'The status that the receiver answered; NULL where it did not.';
COMMENT ON COLUMN pipeline.alert_attempt.error IS 'Why it failed, in words; NULL where it did not.';
