-- An account that is large (a1: two years, 1,500 media, 30,000 comments) among 200 that are not.
INSERT INTO instagram."user" (id, username, timezone)
SELECT 'a' || account, 'u' || account, 'Asia/Jakarta' FROM generate_series(1, 200) AS account;

INSERT INTO pipeline.analysed_account (account_id, timezone) SELECT id, timezone FROM instagram."user";

INSERT INTO instagram.media
    (id, user_id, "timestamp", media_type, media_product_type, first_seen_at, media_hastag, media_hastag_shown)
SELECT
    'm1_' || number, 'a1', timestamptz '2026-06-20T00:00Z' - number * interval '11 hours', 'IMAGE',
    (ARRAY['FEED', 'REELS', 'STORY'])[number % 3 + 1], '2026-06-20T00:00Z', 'kopi', 'Kopi'
FROM generate_series(0, 1499) AS number;

INSERT INTO instagram.media
    (id, user_id, "timestamp", media_type, media_product_type, first_seen_at, media_hastag, media_hastag_shown)
SELECT
    'm' || account || '_' || number, 'a' || account, timestamptz '2026-06-20T00:00Z' - number * interval '1 day',
    'IMAGE', (ARRAY['FEED', 'REELS', 'STORY'])[number % 3 + 1], '2026-06-20T00:00Z', 'kopi', 'Kopi'
FROM generate_series(2, 200) AS account, generate_series(0, 59) AS number;

INSERT INTO pipeline.analysed_media (user_id, media_id, published_at, published_on, media_hastag, hastags)
SELECT user_id, id, "timestamp", ("timestamp" AT TIME ZONE 'Asia/Jakarta')::date, media_hastag, '{kopi}'
FROM instagram.media;

-- Children of albums.
INSERT INTO instagram.media (id, user_id, parent_id, first_seen_at)
SELECT 'p' || child || id, user_id, id, '2026-06-20T00:00Z'
FROM instagram.media, generate_series(1, 3) AS child
WHERE id LIKE '%7';

INSERT INTO instagram.media_like_comment (media_id, like_count, comments_count, updated_timestamp, datestamp)
SELECT id, day, day, '2026-06-20T00:00Z', ("timestamp" + day * interval '1 day')::date
FROM instagram.media, generate_series(0, 2) AS day WHERE parent_id IS NULL;

INSERT INTO instagram.media_insight (id, media_id, metric, value, updated_timestamp, datestamp, source, observed_at)
SELECT
    concat_ws('/', media.id, metric), media.id, metric, 10, '2026-06-20T00:00Z', "timestamp"::date, 'poll', "timestamp"
FROM instagram.media, unnest(ARRAY['reach', 'views', 'saved', 'total_interactions']) AS metric
WHERE parent_id IS NULL;

INSERT INTO instagram.media_comment
    (id, media_id, text, "timestamp", first_seen_at, source, updated_timestamp, from_id)
SELECT
    'c' || number || id, id, 'bagus', "timestamp" + number * interval '1 minute', '2026-06-20T00:00Z', 'webhook',
    '2026-06-20T00:00Z', '77'
FROM instagram.media, generate_series(1, 20) AS number
WHERE parent_id IS NULL AND (user_id = 'a1' OR number = 1);

INSERT INTO toba_cek_insta.user_media_comment_sentiment
    (comment_id, media_id, sentiment, updated_timestamp, score, uncertain, language, model)
SELECT id, media_id, (ARRAY['pos', 'neu', 'neg'])[length(id) % 3 + 1], '2026-06-20T00:00Z', 0.9, FALSE, 'id', 'm'
FROM instagram.media_comment;

INSERT INTO instagram.user_data
    (user_id, datestamp, followers_count, follows_count, media_count, updated_timestamp)
SELECT id, day::date, 1000, 1, 2, day
FROM instagram."user", generate_series('2024-08-20'::timestamp, '2026-06-20', interval '1 day') AS day
WHERE id = 'a1' OR day > '2026-03-20';

INSERT INTO instagram.user_insight_reach
    (user_id, period, value, end_time, source, observed_at, updated_timestamp)
SELECT user_id, period, 9, (datestamp + 1)::timestamp AT TIME ZONE 'America/Los_Angeles', 'poll', datestamp, datestamp
FROM instagram.user_data, unnest(ARRAY['day', 'week', 'days_28']) AS period;

INSERT INTO instagram.user_insight_impressions
    (user_id, metric, period, value, end_time, source, observed_at, updated_timestamp)
SELECT user_id, 'views', 'day', 9, (datestamp + 1)::timestamp AT TIME ZONE 'America/Los_Angeles', 'poll', datestamp, datestamp
FROM instagram.user_data;

INSERT INTO instagram.user_insight_visitor
    (user_id, value, end_time, datestamp, source, observed_at, updated_timestamp)
SELECT user_id, 9, datestamp + 1, datestamp, 'poll', datestamp, datestamp FROM instagram.user_data;

INSERT INTO instagram.user_insight_online_follower
    (user_id, hour, value, end_time, source, observed_at, updated_timestamp)
SELECT user_id, hour, 9, (datestamp + 1)::timestamp AT TIME ZONE 'America/Los_Angeles', 'poll', datestamp, datestamp
FROM instagram.user_data, generate_series(0, 23) AS hour
WHERE datestamp > '2026-05-20' OR user_id = 'a1';

INSERT INTO instagram.user_insight_audience_city
    (user_id, city, value, timeframe, end_time, source, observed_at, updated_timestamp)
SELECT
    user_id, 'c' || city, city, 'this_month', (datestamp + 1)::timestamp AT TIME ZONE 'America/Los_Angeles', 'poll',
    datestamp, datestamp
FROM instagram.user_data, generate_series(1, 20) AS city WHERE user_id IN ('a1', 'a2', 'a3');

INSERT INTO instagram.user_insight_audience_country
    (user_id, country_code, value, timeframe, end_time, source, observed_at, updated_timestamp)
SELECT user_id, city, value, timeframe, end_time, source, observed_at, updated_timestamp
FROM instagram.user_insight_audience_city;

INSERT INTO instagram.user_insight_audience_gender_age
    (user_id, gender, age, value, timeframe, end_time, source, observed_at, updated_timestamp)
SELECT user_id, 'U', city, value, timeframe, end_time, source, observed_at, updated_timestamp
FROM instagram.user_insight_audience_city;

INSERT INTO instagram.user_competitor (user_id, competitor_id)
SELECT 'a' || account, 'a' || account + 1 FROM generate_series(1, 199) AS account;

INSERT INTO toba_cek_insta.user_insight_follower_growth
    (user_id, growth, timeframe, date_stamp, updated_timestamp)
SELECT user_id, 0, days, datestamp, datestamp FROM instagram.user_data, unnest(ARRAY[7, 28]) AS days;

INSERT INTO toba_cek_insta.user_insight_reach_growth (user_id, growth, timeframe, date_stamp, updated_timestamp)
SELECT user_id, growth, timeframe, date_stamp, updated_timestamp FROM toba_cek_insta.user_insight_follower_growth;

INSERT INTO toba_cek_insta.user_insight_impressions_growth
    (user_id, growth, timeframe, date_stamp, updated_timestamp, skipped_days, skipped_days_then)
SELECT user_id, growth, timeframe, date_stamp, updated_timestamp, 0, 0
FROM toba_cek_insta.user_insight_follower_growth;

INSERT INTO toba_cek_insta.user_insight_engagement
    (user_id, engagement, timeframe, datestamp, updated_timestamp, media_count, skipped_media, skipped_likes, skipped_comments)
SELECT user_id, 3, timeframe, date_stamp, updated_timestamp, 1, 0, 0, 0
FROM toba_cek_insta.user_insight_follower_growth;

INSERT INTO toba_cek_insta.user_insight_engagement_growth (user_id, growth, timeframe, datestamp, updated_timestamp)
SELECT user_id, growth, timeframe, date_stamp, updated_timestamp FROM toba_cek_insta.user_insight_follower_growth;

INSERT INTO toba_cek_insta.user_insight_engagement_rate_growth
    (user_id, growth, timeframe, datestamp, updated_timestamp)
SELECT user_id, growth, timeframe, date_stamp, updated_timestamp FROM toba_cek_insta.user_insight_follower_growth;

INSERT INTO toba_cek_insta.sentiment_delta (user_id, day, pos, neu, neg)
SELECT user_id, datestamp, 1, 1, 1 FROM instagram.user_data;

INSERT INTO toba_cek_insta.user_insight_sentiment (user_id, date_stamp, neu, pos, neg, updated_timestamp)
SELECT user_id, datestamp, 3, 3, 3, datestamp FROM instagram.user_data;

INSERT INTO toba_cek_insta.user_insight_sentiment_growth
    (user_id, date_stamp, timeframe, neu, pos, neg, updated_timestamp)
SELECT user_id, datestamp, days, 3, 3, 3, datestamp FROM instagram.user_data, unnest(ARRAY[7, 28]) AS days;

INSERT INTO toba_cek_insta.user_hastags_metrics
    (user_id, hastag, post_count, updated_timestamp, datestamp, skipped_engagement, skipped_reach, skipped_saved)
SELECT user_id, 'kopi', 3, datestamp, datestamp, 0, 0, 0 FROM instagram.user_data;

INSERT INTO toba_cek_insta.user_hastags_metrics_distribution
    (user_id, media_id, hastag, media_timestamp, datestamp, updated_timestamp)
SELECT user_id, id, 'kopi', "timestamp", ("timestamp" + day * interval '1 day')::date, "timestamp"
FROM instagram.media, generate_series(0, 1) AS day WHERE parent_id IS NULL;

INSERT INTO toba_cek_insta.user_media_largest_engagement
    (user_id, media_id, timeframe, engagement_count, updated_timestamp, datestamp, media_count, skipped_media)
SELECT 'a' || account, 'm', days, 1, '2026-06-20T00:00Z', '2026-06-20', 1, 0
FROM generate_series(1, 2000) AS account, unnest(ARRAY[7, 28]) AS days;

INSERT INTO toba_cek_insta.user_media_smallest_engagement
    (user_id, media_id, timeframe, engagement_count, updated_timestamp, datestamp, media_count, skipped_media)
SELECT user_id, media_id, timeframe, 1, updated_timestamp, datestamp, 1, 0
FROM toba_cek_insta.user_media_largest_engagement;

INSERT INTO toba_cek_insta.user_media_largest_reach
    (user_id, media_id, timeframe, reach_count, updated_timestamp, datestamp, media_count, skipped_media)
SELECT user_id, media_id, timeframe, 1, updated_timestamp, datestamp, 1, 0
FROM toba_cek_insta.user_media_largest_engagement;

INSERT INTO toba_cek_insta.user_media_most_positive
    (user_id, media_id, timeframe, positive_count, updated_timestamp, datestamp)
SELECT user_id, media_id, timeframe, 1, updated_timestamp, datestamp
FROM toba_cek_insta.user_media_largest_engagement;

INSERT INTO toba_cek_insta.user_media_most_negative
    (user_id, media_id, timeframe, negative_count, updated_timestamp, datestamp)
SELECT user_id, media_id, timeframe, 1, updated_timestamp, datestamp
FROM toba_cek_insta.user_media_largest_engagement;

INSERT INTO toba_cek_insta.user_insight_follower_online
    (user_id, hours, val, date_range, updated_date, day_count)
SELECT 'a' || account, hour, 1, '2026-05-24/2026-06-20', '2026-06-20T00:00Z', 1
FROM generate_series(1, 500) AS account, generate_series(0, 23) AS hour;

INSERT INTO toba_cek_insta.user_insight_follower_online_wording
    (user_id, highlight_wording, highlight_type, date_range, lang, updated_date)
SELECT 'a' || account, 'x', 'best_hours', '2026-06-20', lang, '2026-06-20T00:00Z'
FROM generate_series(1, 2000) AS account, unnest(ARRAY['id', 'en']) AS lang;

INSERT INTO toba_cek_insta.user_insight_most_active_time
    (user_id, waktu_paling_aktif, value_paling_aktif, updated_date)
SELECT 'a' || account, '2026-06-20T00:00Z', 1, '2026-06-20T00:00Z' FROM generate_series(1, 4000) AS account;

ANALYZE;
