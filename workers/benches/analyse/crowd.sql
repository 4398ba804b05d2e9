-- $1 brands with 30 media over 90 days before 20 June 2026, readings of them, figures of each day, and 200 comments.
-- $1 accounts, $2 model of the comments' sentiment
WITH account AS (
    INSERT INTO instagram."user" (id, username, timezone)
    SELECT number::text, 'kopi' || number, 'Asia/Jakarta' FROM generate_series(1, $1::int) AS number
    RETURNING id
),
watched AS (
    INSERT INTO pipeline.account (account_id, login, added_at)
    SELECT id, 'facebook', '2026-03-20T00:00Z' FROM account
),
medium AS (
    INSERT INTO instagram.media (id, user_id, "timestamp", media_type, media_product_type, media_hastag, first_seen_at)
    SELECT
        account.id || to_char(number, 'FM00'), account.id, timestamptz '2026-06-20T00:00Z' - number * interval '3 days',
        'IMAGE', 'FEED', CASE WHEN number % 4 = 0 THEN 'kopi' END,
        timestamptz '2026-06-20T00:00Z' - number * interval '3 days'
    FROM account, generate_series(0, 29) AS number
    RETURNING id, "timestamp"
),
snapshot AS (
    INSERT INTO instagram.media_like_comment (media_id, like_count, comments_count, updated_timestamp, datestamp)
    SELECT id, 10 + day, day, '2026-06-20T00:00Z', ("timestamp" + day * interval '1 day')::date
    FROM medium, generate_series(0, 6) AS day
),
figure AS (
    INSERT INTO instagram.media_insight
        (id, media_id, metric, value, datestamp, source, observed_at, updated_timestamp)
    SELECT
        concat_ws('/', id, metric, '', ("timestamp" + day * interval '1 day')::date), id, metric, 100 + day,
        ("timestamp" + day * interval '1 day')::date, 'poll', "timestamp", "timestamp"
    FROM medium, generate_series(0, 2) AS day, unnest(ARRAY['reach', 'views', 'saved']) AS metric
),
comment AS (
    INSERT INTO instagram.media_comment (id, media_id, text, "timestamp", first_seen_at, source, updated_timestamp, from_id)
    SELECT
        'c' || number || '_' || medium.id, medium.id, 'bagus', medium."timestamp" + number * interval '3 hours',
        medium."timestamp", 'webhook', medium."timestamp", '7'
    FROM medium, generate_series(1, 7) AS number
    RETURNING id, media_id
),
felt AS (
    INSERT INTO toba_cek_insta.user_media_comment_sentiment
        (comment_id, media_id, sentiment, updated_timestamp, score, uncertain, language, model)
    SELECT id, media_id, (ARRAY['pos', 'neu', 'neg'])[length(id) % 3 + 1], '2026-06-20T00:00Z', 0.9, FALSE, 'id', $2
    FROM comment
),
day AS (
    SELECT account.id, day::date AS d, (day::date + 1)::timestamp AT TIME ZONE 'America/Los_Angeles' AS end_time
    FROM account, generate_series('2026-03-20'::timestamp, '2026-06-22', interval '1 day') AS day
),
followers AS (
    INSERT INTO instagram.user_data (user_id, datestamp, followers_count, media_count, updated_timestamp)
    SELECT id, d, 1000 + (d - date '2026-03-20'), 10, end_time FROM day
),
reach AS (
    INSERT INTO instagram.user_insight_reach (user_id, period, value, end_time, source, observed_at, updated_timestamp)
    SELECT id, period, 500, end_time, 'poll', end_time, end_time FROM day, unnest(ARRAY['day', 'week', 'days_28']) AS period
)
INSERT INTO instagram.user_insight_impressions
    (user_id, metric, period, value, end_time, source, observed_at, updated_timestamp)
SELECT id, 'views', 'day', 900, end_time, 'poll', end_time, end_time FROM day
