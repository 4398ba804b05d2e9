-- Two brands with two months of figures as the workers would have written them: gaps with their reasons, posts, stories in
-- every state, comments with their sentiment, hostile text. `2026-11-25` is today; random() is seeded, so each run is the same.
SELECT setseed(0.42);

INSERT INTO pipeline.account (account_id, login, added_at) VALUES
    ('17841400000000001', 'facebook', '2026-09-01Z'), ('17841400000000002', 'instagram', '2026-09-01Z');

INSERT INTO instagram."user" (id, username, name, timezone, updated_timestamp) VALUES
    ('17841400000000001', 'kopisenja', 'Kopi Senja <Bandung>', 'Asia/Jakarta', '2026-11-25 03:40Z'),
    ('17841400000000002', 'rotipagi', 'Roti Pagi', 'Asia/Jakarta', '2026-11-25 03:40Z'),
    ('17841400000000003', 'kopitetangga', 'Kopi Tetangga', 'Asia/Jakarta', '2026-11-25 03:40Z'),
    ('17841400000000004', 'ngopidulu', 'Ngopi Dulu', 'Asia/Jakarta', '2026-11-25 03:40Z');

INSERT INTO instagram.instagram_tokens (user_id, token, flavour, state, dead_reason, expired_at, updated_timestamp) VALUES
    ('17841400000000001', 'sealed', 'facebook', 'valid', NULL, '2026-11-28 09:00Z', '2026-11-01Z'),
    ('17841400000000002', 'sealed', 'instagram', 'dead', '190/460', NULL, '2026-11-20Z');

INSERT INTO pipeline.account_quota (app_id, account_id, usage_percent, observed_at, updated_at) VALUES
    ('1', '17841400000000001', 41, '2026-11-25 03:40Z', '2026-11-25 03:40Z'),
    ('1', '17841400000000002', 92, '2026-11-25 03:40Z', '2026-11-25 03:40Z');

-- Followers: growing, with a day that was not read.
INSERT INTO instagram.user_data (user_id, followers_count, follows_count, media_count, updated_timestamp, datestamp)
SELECT account.id, account.base + n * account.pace + (random() * account.pace)::int, 120, 300 + n, day.at + interval '3 hours', day.at::date
FROM (VALUES ('17841400000000001', 48200, 61), ('17841400000000002', 6400, -3), ('17841400000000003', 52100, 22), ('17841400000000004', 9100, 9)) AS account (id, base, pace)
CROSS JOIN generate_series(0, 59) AS n
CROSS JOIN LATERAL (SELECT timestamptz '2026-09-27Z' + n * interval '1 day' AS at) AS day
WHERE NOT (account.id = '17841400000000001' AND n = 55);

-- Reach and views: the last two days are not there yet, one day in between was refused.
INSERT INTO instagram.user_insight_reach (user_id, period, value, end_time, absence, source, observed_at, updated_timestamp)
SELECT account.id, period.name, CASE WHEN told.why IS NULL THEN (account.base * period.times * (0.8 + 0.4 * random()) * (1 + n / 120.0))::int END,
    day.at, told.why, 'poll', day.at, day.at
FROM (VALUES ('17841400000000001', 5200), ('17841400000000002', 640)) AS account (id, base)
CROSS JOIN (VALUES ('day', 1.0), ('week', 4.1), ('days_28', 11.3)) AS period (name, times)
CROSS JOIN generate_series(0, 59) AS n
CROSS JOIN LATERAL (SELECT timestamptz '2026-09-28 08:00Z' + n * interval '1 day' AS at) AS day
CROSS JOIN LATERAL (SELECT CASE WHEN n >= 58 THEN 'not_yet' WHEN n = 50 AND period.name = 'day' THEN 'permission' END AS why) AS told;

INSERT INTO instagram.user_insight_impressions (user_id, metric, period, value, end_time, absence, source, observed_at, updated_timestamp)
SELECT account.id, 'views', 'day', CASE WHEN n < 58 THEN (account.base * (0.7 + 0.6 * random()))::int END,
    day.at, CASE WHEN n >= 58 THEN 'not_yet' END, 'poll', day.at, day.at
FROM (VALUES ('17841400000000001', 14800), ('17841400000000002', 1500)) AS account (id, base)
CROSS JOIN generate_series(0, 59) AS n
CROSS JOIN LATERAL (SELECT timestamptz '2026-09-28 08:00Z' + n * interval '1 day' AS at) AS day;

-- Online followers by hour: two tops a day.
INSERT INTO instagram.user_insight_online_follower (user_id, hour, value, end_time, source, observed_at, updated_timestamp)
SELECT '17841400000000001', hour, (900 + 2600 * exp(-power((((hour + 14) % 24) - 12) / 3.0, 2)) + 4100 * exp(-power((((hour + 14) % 24) - 20) / 2.5, 2)) + 400 * random())::int,
    day.at, 'poll', day.at, day.at
FROM generate_series(0, 40) AS n CROSS JOIN generate_series(0, 23) AS hour
CROSS JOIN LATERAL (SELECT timestamptz '2026-10-15 08:00Z' + n * interval '1 day' AS at) AS day;

-- Posts.
CREATE TEMPORARY TABLE draft AS
SELECT n, (17900000000000000 + n)::text AS id, timestamptz '2026-11-24 11:20Z' - n * interval '29 hours' AS at,
    (ARRAY['Menu baru: kopi susu gula aren <b>tanpa</b> gula tambahan. Coba hari ini! #kopisusu #kopisenja', 'Beli dua gratis satu, hanya akhir pekan ini. #promo #kopisenja',
        'Di balik layar: bagaimana biji kami disangrai. #kopinusantara', 'Selamat pagi, Bandung! Sudah ngopi? #kopisenja', 'Resep es kopi di rumah, simpan dulu ya #resep #kopisusu',
        'Terima kasih untuk 50 ribu teman ngopi ☕ #kopisenja'])[1 + n % 6] AS caption,
    (ARRAY['IMAGE', 'CAROUSEL_ALBUM', 'VIDEO', 'IMAGE', 'VIDEO'])[1 + n % 5] AS kind, CASE WHEN n % 5 IN (2, 4) THEN 'REELS' ELSE 'FEED' END AS product,
    (420 + 900 * random() * CASE WHEN n % 5 IN (2, 4) THEN 2.2 ELSE 1 END)::int AS likes
FROM generate_series(0, 45) AS n;

INSERT INTO instagram.media (id, user_id, media_type, media_product_type, "timestamp", caption, like_count, comments_count, permalink, first_seen_at, updated_timestamp, absence)
SELECT id, '17841400000000001', kind, product, at, caption, CASE WHEN n <> 3 THEN likes END, (likes / 14)::int,
    'https://www.instagram.com/p/' || id || '/', at, '2026-11-25 03:40Z', CASE WHEN n = 3 THEN '{"like_count": "hidden"}'::jsonb END
FROM draft;
INSERT INTO instagram.media (id, user_id, media_type, media_product_type, "timestamp", caption, like_count, comments_count, first_seen_at)
SELECT '1799' || n || id, competitor, 'IMAGE', 'FEED', timestamptz '2026-11-24 02:00Z' - n * interval '40 hours', 'x', 700 + 30 * n, 40, '2026-11-25Z'
FROM (VALUES ('17841400000000003', '3'), ('17841400000000004', '4')) AS rival (competitor, id) CROSS JOIN generate_series(1, 12) AS n;
INSERT INTO instagram.media (id, user_id, media_type, media_product_type, "timestamp", caption, like_count, comments_count, first_seen_at)
VALUES ('17988000000000002', '17841400000000002', 'IMAGE', 'FEED', '2026-11-12 02:00Z', 'Roti sobek hangat', 210, 12, '2026-11-12Z');
INSERT INTO instagram.user_competitor (user_id, competitor_id) VALUES ('17841400000000001', '17841400000000003'), ('17841400000000001', '17841400000000004');
INSERT INTO pipeline.analysed_media (user_id, media_id, published_at, published_on, hastags)
SELECT '17841400000000001', id, at, at::date, '{}' FROM draft;

INSERT INTO instagram.media_insight (id, media_id, metric, value, updated_timestamp, datestamp, source, observed_at)
SELECT draft.id || '/' || metric.name || '//' || day.at::date, draft.id, metric.name, (draft.likes * metric.times * (1 - 0.5 / (age + 1)))::int, day.at, day.at::date, 'poll', day.at
FROM draft CROSS JOIN (VALUES ('reach', 7.1), ('views', 11.8), ('saved', 0.13), ('shares', 0.06), ('likes', 1.0), ('comments', 0.07)) AS metric (name, times)
CROSS JOIN generate_series(0, 4) AS age CROSS JOIN LATERAL (SELECT draft.at + age * interval '1 day' AS at) AS day
WHERE day.at < timestamptz '2026-11-25 04:00Z' AND draft.n <> 1;
INSERT INTO instagram.media_insight (id, media_id, metric, value, absence, updated_timestamp, datestamp, source, observed_at)
SELECT id || '/reach//x', id, 'reach', NULL, 'not_yet', '2026-11-25 03:00Z', '2026-11-25', 'poll', '2026-11-25 03:00Z' FROM draft WHERE n = 1;

-- Stories: sent by Instagram, read by us, waiting, at risk, lost.
INSERT INTO instagram.media (id, user_id, media_type, media_product_type, "timestamp", caption, first_seen_at)
SELECT (17950000000000000 + n)::text, '17841400000000001', CASE WHEN n % 2 = 0 THEN 'IMAGE' ELSE 'VIDEO' END, 'STORY', timestamptz '2026-11-25 01:00Z' - n * interval '9 hours', NULL, '2026-11-25Z'
FROM generate_series(0, 40) AS n;
INSERT INTO instagram.media_insight (id, media_id, metric, breakdown, value, updated_timestamp, datestamp, source, observed_at)
SELECT medium.id || '/' || metric.name || '/' || metric.part, medium.id, metric.name, metric.part, (metric.base * (0.8 + 0.4 * random()))::int, medium."timestamp" + interval '18 hours',
    (medium."timestamp" + interval '18 hours')::date, CASE WHEN right(medium.id, 1) IN ('3', '7', '9') THEN 'webhook' ELSE 'poll' END, least(medium."timestamp" + interval '18 hours', timestamptz '2026-11-25 03:00Z')
FROM instagram.media AS medium CROSS JOIN (VALUES ('reach', '', 2100), ('views', '', 2600), ('replies', '', 14), ('navigation', 'tap_exit', 260), ('navigation', 'swipe_forward', 310), ('navigation', 'tap_forward', 900)) AS metric (name, part, base)
WHERE medium.media_product_type = 'STORY' AND medium.id NOT IN ('17950000000000000', '17950000000000002', '17950000000000006');

INSERT INTO pipeline.analysed_media (user_id, media_id, published_at, published_on, hastags)
SELECT user_id, id, "timestamp", ("timestamp" AT TIME ZONE 'Asia/Jakarta')::date, '{}'
FROM instagram.media WHERE media_product_type = 'STORY';

-- Comments and what they feel.
INSERT INTO instagram.media_comment (id, username, media_id, text, "timestamp", like_count, updated_timestamp, first_seen_at, source)
SELECT (18000000000000000 + number)::text, 'teman.' || (number * 7 % 97), draft.id,
    (ARRAY['Enak banget, jadi langganan! 😍', 'Jam berapa bukanya kak?', 'Kecewa bgt, kopinya dingin dan lama 😡', 'Mantap, rasanya pas', 'Harganya naik terus ya...', 'Ada cabang di Cimahi?',
        'Suka banget sama kemasannya', 'Pelayanannya lambat, sudah dua kali salah pesanan', 'Best coffee in town ❤️', '<img src=x onerror=alert(1)> <script>alert(1)</script> mantap'])[1 + number % 10],
    draft.at + (number % 47) * interval '1 hour', number % 9, '2026-11-25Z', draft.at, 'webhook'
FROM generate_series(0, 899) AS made (number) INNER JOIN draft ON draft.n = made.number % 46
WHERE draft.at + (number % 47) * interval '1 hour' < timestamptz '2026-11-25 04:30Z';
INSERT INTO toba_cek_insta.user_media_comment_sentiment (comment_id, media_id, sentiment, updated_timestamp, score, uncertain, language, model)
SELECT id, media_id, felt.label, '2026-11-25Z', 0.97 - (felt.n % 5) * 0.09, felt.n % 5 = 4, 'id', 'fixture'
FROM instagram.media_comment CROSS JOIN LATERAL (SELECT (right(id, 5)::int) AS n) AS number
CROSS JOIN LATERAL (SELECT number.n, (ARRAY['pos', 'neu', 'neg', 'pos', 'neg', 'neu', 'pos', 'neg', 'pos', 'pos'])[1 + number.n % 10] AS label) AS felt;
INSERT INTO toba_cek_insta.sentiment_delta (user_id, day, pos, neu, neg)
SELECT '17841400000000001', local.day, count(*) FILTER (WHERE felt.sentiment = 'pos'), count(*) FILTER (WHERE felt.sentiment = 'neu'), count(*) FILTER (WHERE felt.sentiment = 'neg')
FROM instagram.media_comment AS comment INNER JOIN toba_cek_insta.user_media_comment_sentiment AS felt ON felt.comment_id = comment.id
CROSS JOIN LATERAL (SELECT (comment."timestamp" AT TIME ZONE 'Asia/Jakarta')::date AS day) AS local
GROUP BY local.day;

-- Engagement over windows, and hashtags.
INSERT INTO toba_cek_insta.user_insight_engagement (user_id, engagement, likes_count, comments_count, timeframe, datestamp, updated_timestamp, media_count, skipped_media, skipped_likes, skipped_comments)
SELECT account.id, total.likes + total.likes / 14, total.likes, total.likes / 14, length.days, day.at::date, day.at, 5, 0, 0, 0
FROM (VALUES ('17841400000000001', 1.0), ('17841400000000002', 0.04)) AS account (id, times)
CROSS JOIN (VALUES (7), (28)) AS length (days) CROSS JOIN generate_series(0, 59) AS n
CROSS JOIN LATERAL (SELECT timestamptz '2026-09-27Z' + n * interval '1 day' AS at) AS day
CROSS JOIN LATERAL (SELECT (length.days * 800 * account.times * (0.9 + n / 300.0 + 0.12 * random()))::int AS likes) AS total
WHERE account.id = '17841400000000001' OR n < 52;
INSERT INTO toba_cek_insta.user_hastags_metrics (user_id, hastag, total_engagement, post_count, engagement_per_post, updated_timestamp, datestamp, total_reach, total_saved, reach_per_post, saved_per_post, skipped_engagement, skipped_reach, skipped_saved)
SELECT '17841400000000001', tag, posts * mean, posts, mean, '2026-11-20Z', '2026-11-20', posts * mean * 6, posts * 90, mean * 6.2, 90, 0, 0, 0
FROM (VALUES ('kopisenja', 22, 1180.0), ('kopisusu', 15, 1420.0), ('resep', 8, 1760.0), ('promo', 8, 840.0), ('kopinusantara', 8, 1010.0)) AS held (tag, posts, mean);

-- Who follows.
INSERT INTO instagram.user_insight_audience_country (user_id, country_code, value, timeframe, end_time, source, observed_at, updated_timestamp)
SELECT '17841400000000001', code, value, 'this_month', '2026-11-24 08:00Z', 'poll', '2026-11-24Z', '2026-11-24Z' FROM (VALUES ('ID', 46100), ('MY', 2300), ('SG', 910), ('AU', 420), ('NL', 160)) AS held (code, value);
INSERT INTO instagram.user_insight_audience_city (user_id, city, province, value, timeframe, end_time, source, observed_at, updated_timestamp)
SELECT '17841400000000001', city, province, value, 'this_month', '2026-11-24 08:00Z', 'poll', '2026-11-24Z', '2026-11-24Z'
FROM (VALUES ('Bandung', 'Jawa Barat', 18200), ('Jakarta', 'DKI Jakarta', 9800), ('Cimahi', 'Jawa Barat', 4100), ('Surabaya', 'Jawa Timur', 2100), ('Yogyakarta', 'DI Yogyakarta', 1900)) AS held (city, province, value);
INSERT INTO instagram.user_insight_audience_gender_age (user_id, gender, age, value, timeframe, end_time, source, observed_at, updated_timestamp)
SELECT '17841400000000001', gender, age, value, 'this_month', '2026-11-24 08:00Z', 'poll', '2026-11-24Z', '2026-11-24Z'
FROM (VALUES ('F', '18-24', 13100), ('M', '18-24', 8200), ('F', '25-34', 12400), ('M', '25-34', 7600), ('F', '35-44', 3300), ('M', '35-44', 2700)) AS held (gender, age, value);

-- The books, and what is stuck.
INSERT INTO pipeline.consumer_offset ("group", topic, partition, start, next, epoch, landed, duplicates, dead_lettered, updated_at) VALUES
    ('cekbrand.story-insights', 'instagram.story-insights.v1', 0, 0, 410, 1, 398, 12, 0, '2026-11-25 04:59:40Z'),
    ('cekbrand.comments', 'instagram.comments.v1', 0, 0, 9214, 1, 9107, 104, 3, '2026-11-25 04:59:52Z');
INSERT INTO pipeline.enrichment_task (kind, target_id, account_id, lane, due_at, wanted_at, created_at, state, reason, parked_until, last_error)
SELECT 'media', n::text, '17841400000000002', 1, '2026-11-24Z', '2026-11-23 20:00Z', '2026-11-23Z', 'parked', 'token_dead', '2026-11-26Z', 'token: error 190, subcode 460' FROM generate_series(1, 14) AS n;
INSERT INTO pipeline.enrichment_task (kind, target_id, account_id, lane, due_at, wanted_at, created_at, state, reason, parked_until)
SELECT 'media_insights', n::text, '17841400000000002', 1, '2026-11-24Z', '2026-11-25 03:00Z', '2026-11-23Z', 'parked', 'throttled', '2026-11-25 05:30Z' FROM generate_series(1, 6) AS n;
INSERT INTO pipeline.dead_letter (topic, partition, "offset", reason, error, payload, landed_at)
SELECT 'instagram.dead-letter.v1', 0, n, 'unparsable', 'no json', '', '2026-11-24 22:00Z' FROM generate_series(1, 3) AS n;
