-- How much, and when: settings dataset.accounts, .media, .comments, .days and .now of the session.
CREATE FUNCTION pg_temp.at() RETURNS timestamptz LANGUAGE sql STABLE
AS $$ SELECT current_setting('dataset.now')::timestamptz $$;
CREATE FUNCTION pg_temp.today() RETURNS date LANGUAGE sql STABLE
AS $$ SELECT (current_setting('dataset.now')::timestamptz AT TIME ZONE 'Asia/Jakarta')::date $$;

SET synchronous_commit = off;
SET work_mem = '256MB';
-- Nothing reads the notes of what came: it is scored already.
ALTER TABLE instagram.media_comment DISABLE TRIGGER USER;

CREATE TEMPORARY TABLE account AS
SELECT n, '1784' || lpad(n::text, 13, '0') AS id
FROM generate_series(1, current_setting('dataset.accounts')::int) AS n;

CREATE TEMPORARY TABLE day AS
SELECT pg_temp.today() - d AS on_day, d
FROM generate_series(0, current_setting('dataset.days')::int - 1) AS d;

ANALYZE account;
ANALYZE day;

INSERT INTO instagram."user" (id, username, name, timezone, login_flavour, updated_timestamp)
SELECT id, 'toko' || n, 'Toko ' || n, 'Asia/Jakarta', 'facebook', pg_temp.at() FROM account;

INSERT INTO pipeline.account (account_id, login, added_at)
SELECT id, 'facebook', pg_temp.at() - interval '1 year' FROM account;

INSERT INTO instagram.instagram_tokens (user_id, token, flavour, expired_at, checked_at, updated_timestamp)
SELECT id, 'sealed', 'facebook', pg_temp.at() + interval '50 days', pg_temp.at(), pg_temp.at() FROM account;

INSERT INTO instagram.user_competitor (user_id, competitor_id)
SELECT account.id, other.id
FROM account
INNER JOIN account AS other ON other.n <> account.n AND (other.n - account.n) BETWEEN 1 AND 3;

INSERT INTO instagram.user_data
    (user_id, followers_count, follows_count, media_count, updated_timestamp, datestamp, followers_count_growth)
SELECT id, 10000 + n - d * 3, 100, 40, on_day + interval '20 hours', on_day, 3 FROM account CROSS JOIN day;

INSERT INTO instagram.user_insight_reach (user_id, period, value, end_time, source, observed_at, updated_timestamp)
SELECT id, period, factor * 1000 + n % 500 + d, (on_day - 1) + interval '32 hours', 'poll', pg_temp.at(), pg_temp.at()
FROM account CROSS JOIN day CROSS JOIN (VALUES ('day', 1), ('week', 5), ('days_28', 12)) AS p (period, factor);

INSERT INTO instagram.user_insight_impressions
    (user_id, metric, period, value, end_time, source, observed_at, updated_timestamp)
SELECT id, 'views', 'day', 5000 + n % 700 + d, (on_day - 1) + interval '32 hours', 'poll', pg_temp.at(), pg_temp.at()
FROM account CROSS JOIN day;

INSERT INTO instagram.user_insight_online_follower (user_id, hour, value, end_time, source, observed_at, updated_timestamp)
SELECT id, hour, 100 + hour * 7 + n % 50, (on_day - 1) + interval '32 hours', 'poll', pg_temp.at(), pg_temp.at()
FROM account CROSS JOIN day CROSS JOIN generate_series(0, 23) AS hour
WHERE d < 14;

INSERT INTO instagram.user_insight_audience_country
    (user_id, country_code, value, timeframe, end_time, source, observed_at, updated_timestamp)
SELECT id, code, 5000 / place, 'this_month', pg_temp.today() - interval '16 hours', 'poll', pg_temp.at(), pg_temp.at()
FROM account CROSS JOIN unnest(ARRAY['ID', 'MY', 'SG', 'AU', 'US', 'NL', 'JP', 'TW']) WITH ORDINALITY AS c (code, place);

INSERT INTO instagram.user_insight_audience_city
    (user_id, city, province, value, timeframe, end_time, source, observed_at, updated_timestamp)
SELECT id, 'Kota ' || place, 'Jawa', 4000 / place, 'this_month', pg_temp.today() - interval '16 hours', 'poll', pg_temp.at(), pg_temp.at()
FROM account CROSS JOIN generate_series(1, 45) AS place;

INSERT INTO instagram.media
    (id, user_id, "timestamp", media_type, media_product_type, caption, media_hastag, like_count, comments_count, permalink,
     first_seen_at, updated_timestamp)
SELECT
    '179' || lpad(account.n::text, 6, '0') || lpad(m::text, 6, '0'), account.id,
    pg_temp.at() - m * interval '30 hours',
    CASE WHEN m % 4 = 1 THEN 'VIDEO' WHEN m % 4 = 2 THEN 'CAROUSEL_ALBUM' ELSE 'IMAGE' END,
    CASE WHEN m % 4 = 1 THEN 'REELS' WHEN m % 4 = 3 THEN 'STORY' ELSE 'FEED' END,
    'Baru datang #kopi' || m % 5, 'kopi' || m % 5, 50 + (account.n * m) % 400, 25, 'https://www.instagram.com/p/x',
    pg_temp.at() - m * interval '30 hours', pg_temp.at()
FROM account CROSS JOIN generate_series(1, current_setting('dataset.media')::int) AS m;

INSERT INTO pipeline.analysed_media (user_id, media_id, published_at, published_on, media_hastag, hastags)
SELECT user_id, id, "timestamp", ("timestamp" AT TIME ZONE 'Asia/Jakarta')::date, media_hastag, ARRAY[media_hastag]
FROM instagram.media;

INSERT INTO instagram.media_insight
    (id, media_id, metric, value, updated_timestamp, datestamp, source, observed_at)
SELECT medium.id || '/' || metric || '//' || on_day, medium.id, metric, factor * medium.like_count + d, on_day, on_day, 'poll', on_day
FROM instagram.media AS medium
CROSS JOIN (VALUES ('reach', 20), ('views', 30), ('saved', 1), ('shares', 1)) AS metric (metric, factor)
CROSS JOIN day
WHERE d < 3;

INSERT INTO instagram.media_comment
    (id, media_id, username, from_id, text, text_at, "timestamp", like_count, hidden, first_seen_at, updated_timestamp, source,
     account_id)
SELECT
    '180' || lpad(account.n::text, 6, '0') || lpad(c::text, 7, '0'),
    '179' || lpad(account.n::text, 6, '0')
    || lpad((1 + c % current_setting('dataset.media')::int)::text, 6, '0'),
    'pembeli' || c % 5000, (c % 5000)::text,
    (ARRAY['bagus banget kak', 'berapa harganya?', 'kecewa, barang rusak', 'mantap', 'ready kak?'])[1 + c % 5] || ' ' || c,
    written.at, written.at, c % 7, FALSE, written.at, written.at, 'webhook', account.id
FROM account
CROSS JOIN generate_series(1, current_setting('dataset.comments')::int) AS c
CROSS JOIN LATERAL (
    SELECT pg_temp.at() - (c * current_setting('dataset.days')::int * 1440 / current_setting('dataset.comments')::int)
        * interval '1 minute' AS at
) AS written;

INSERT INTO toba_cek_insta.user_media_comment_sentiment
    (comment_id, media_id, sentiment, updated_timestamp, score, uncertain, language, model, text_at)
SELECT id, media_id, (ARRAY['pos', 'neu', 'neg'])[1 + abs(hashtext(id) % 3)], updated_timestamp, 0.8, FALSE, 'id', 'set', text_at
FROM instagram.media_comment;

INSERT INTO toba_cek_insta.user_insight_engagement
    (user_id, engagement, likes_count, comments_count, timeframe, datestamp, updated_timestamp, media_count, skipped_media,
     skipped_likes, skipped_comments)
SELECT id, 1000 + n % 300 - d, 800, 200, t, on_day, pg_temp.at(), 10, 0, 0, 0
FROM account CROSS JOIN day CROSS JOIN (VALUES (7), (28)) AS frame (t);

INSERT INTO toba_cek_insta.user_insight_engagement_growth
    (user_id, growth, timeframe, datestamp, updated_timestamp, value_now, value_then)
SELECT id, 0.1, t, on_day, pg_temp.at(), 1100, 1000 FROM account CROSS JOIN day CROSS JOIN (VALUES (7), (28)) AS frame (t);

INSERT INTO toba_cek_insta.user_insight_engagement_rate_growth
    (user_id, growth, timeframe, datestamp, updated_timestamp, value_now, value_then)
SELECT id, 0.1, t, on_day, pg_temp.at(), 0.11, 0.1 FROM account CROSS JOIN day CROSS JOIN (VALUES (7), (28)) AS frame (t);

INSERT INTO toba_cek_insta.user_insight_follower_growth
    (user_id, growth, timeframe, date_stamp, updated_timestamp, value_now, value_then)
SELECT id, 0.01, t, on_day, pg_temp.at(), 10100, 10000 FROM account CROSS JOIN day CROSS JOIN (VALUES (7), (28)) AS frame (t);

INSERT INTO toba_cek_insta.user_insight_reach_growth
    (user_id, growth, timeframe, date_stamp, updated_timestamp, value_now, value_then)
SELECT id, 0.02, t, on_day, pg_temp.at(), 5100, 5000 FROM account CROSS JOIN day CROSS JOIN (VALUES (7), (28)) AS frame (t);

INSERT INTO toba_cek_insta.user_insight_impressions_growth
    (user_id, growth, timeframe, date_stamp, updated_timestamp, value_now, value_then, skipped_days, skipped_days_then)
SELECT id, 0.02, t, on_day, pg_temp.at(), 35000, 34000, 0, 0
FROM account CROSS JOIN day CROSS JOIN (VALUES (7), (28)) AS frame (t);

INSERT INTO toba_cek_insta.user_insight_sentiment (user_id, date_stamp, pos, neu, neg, updated_timestamp)
SELECT id, on_day, 400 - d, 300 - d, 200 - d, pg_temp.at() FROM account CROSS JOIN day;

INSERT INTO toba_cek_insta.sentiment_delta (user_id, day, pos, neu, neg)
SELECT id, on_day, 1, 1, 1 FROM account CROSS JOIN day;

INSERT INTO toba_cek_insta.user_insight_sentiment_growth
    (user_id, date_stamp, pos, neu, neg, updated_timestamp, timeframe)
SELECT id, on_day, t, t, t, pg_temp.at(), t FROM account CROSS JOIN day CROSS JOIN (VALUES (7), (28)) AS frame (t);

INSERT INTO toba_cek_insta.user_hastags_metrics
    (user_id, hastag, total_engagement, post_count, engagement_per_post, updated_timestamp, datestamp, total_reach, total_saved,
     reach_per_post, saved_per_post, skipped_engagement, skipped_reach, skipped_saved)
SELECT id, 'kopi' || tag, 1000, 8, 125, pg_temp.at(), on_day, 5000, 50, 625, 6.25, 0, 0, 0
FROM account CROSS JOIN day CROSS JOIN generate_series(0, 4) AS tag
WHERE d % 7 = 0;

INSERT INTO toba_cek_insta.user_insight_follower_online (user_id, hours, val, date_range, updated_date, day_count)
SELECT id, hour, 100 + hour, (pg_temp.today() - t + 1) || '/' || pg_temp.today(), pg_temp.at(), t
FROM account CROSS JOIN generate_series(0, 23) AS hour CROSS JOIN (VALUES (7), (28)) AS frame (t);

ALTER TABLE instagram.media_comment ENABLE TRIGGER USER;
ANALYZE;
