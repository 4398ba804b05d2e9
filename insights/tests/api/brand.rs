//! Two accounts with everything that the tables can hold of them, as the workers would have written it.
//! Today is 2026-11-21 in Jakarta as well.

use anyhow::Result;

use crate::server::TestApi;

/// The account that the tests ask about.
pub(crate) const ACCOUNT: &str = "17841400000000001";
/// An account of somebody else.
pub(crate) const OTHER: &str = "17841400000000002";

const ROWS: &str = r#"
INSERT INTO instagram."user" (id, username, name, timezone, biography) VALUES
    ('17841400000000001', 'kopi', 'Kopi', 'Asia/Jakarta', '=HYPERLINK("x")'),
    ('17841400000000002', 'teh', 'Teh', NULL, NULL),
    ('17841400000000003', 'susu', 'Susu', NULL, NULL);
INSERT INTO pipeline.account (account_id, login, added_at) VALUES
    ('17841400000000001', 'facebook', '2026-10-01Z'), ('17841400000000002', 'instagram', '2026-10-01Z');
INSERT INTO instagram.user_competitor (user_id, competitor_id) VALUES ('17841400000000001', '17841400000000003');
INSERT INTO instagram.user_data
    (user_id, followers_count, follows_count, media_count, updated_timestamp, datestamp, followers_count_growth, absence)
VALUES
    ('17841400000000001', 1000, 10, 5, '2026-11-14T20:00Z', '2026-11-14', NULL, NULL),
    ('17841400000000001', 1050, 10, 5, '2026-11-20T20:00Z', '2026-11-20', 50, NULL),
    ('17841400000000001', NULL, 10, 5, '2026-11-21T03:00Z', '2026-11-21', NULL, '{"followers_count": "permission"}'),
    ('17841400000000003', 400, NULL, 3, '2026-11-20T20:00Z', '2026-11-20', NULL, '{"follows_count": "not_public"}');
INSERT INTO toba_cek_insta.user_insight_follower_growth
    (user_id, growth, timeframe, date_stamp, updated_timestamp, value_now, value_then, absence)
VALUES ('17841400000000001', 0.05, 7, '2026-11-20', '2026-11-20Z', 1050, 1000, NULL);
INSERT INTO instagram.user_insight_reach
    (user_id, period, value, absence, end_time, source, observed_at, updated_timestamp)
VALUES
    ('17841400000000001', 'day', 500, NULL, '2026-11-20T08:00Z', 'poll', '2026-11-20T09:00Z', '2026-11-20T09:00Z'),
    ('17841400000000001', 'day', NULL, 'not_yet', '2026-11-21T08:00Z', 'poll', '2026-11-21T09:00Z', '2026-11-21T09:00Z'),
    ('17841400000000001', 'week', 2500, NULL, '2026-11-20T08:00Z', 'poll', '2026-11-20T09:00Z', '2026-11-20T09:00Z');
INSERT INTO toba_cek_insta.user_insight_reach_growth
    (user_id, growth, timeframe, date_stamp, updated_timestamp, value_now, value_then, absence)
VALUES ('17841400000000001', NULL, 7, '2026-11-19', '2026-11-20Z', 2500, NULL, 'no_data');
INSERT INTO instagram.user_insight_impressions
    (user_id, metric, period, value, end_time, source, observed_at, updated_timestamp)
VALUES ('17841400000000001', 'views', 'day', 9000, '2026-11-20T08:00Z', 'poll', '2026-11-20T09:00Z', '2026-11-20T09:00Z');
INSERT INTO toba_cek_insta.user_insight_engagement
    (user_id, engagement, likes_count, comments_count, timeframe, datestamp, updated_timestamp, media_count,
     skipped_media, skipped_likes, skipped_comments, absence)
VALUES
    ('17841400000000001', 30, 20, 10, 7, '2026-11-20', '2026-11-20Z', 3, 0, 0, 0, NULL),
    ('17841400000000001', NULL, NULL, 12, 7, '2026-11-21', '2026-11-21Z', 3, 0, 3, 0,
     '{"engagement": "hidden", "likes_count": "hidden"}');
INSERT INTO toba_cek_insta.user_insight_engagement_rate_growth
    (user_id, growth, timeframe, datestamp, updated_timestamp, value_now, value_then, absence)
VALUES ('17841400000000001', NULL, 7, '2026-11-20', '2026-11-20Z', 0.028, NULL, 'no_data');
INSERT INTO toba_cek_insta.user_insight_sentiment (user_id, date_stamp, pos, neu, neg, updated_timestamp) VALUES
    ('17841400000000001', '2026-11-20', 3, 0, 1, '2026-11-20Z'), ('17841400000000001', '2026-11-21', 4, 0, 1, '2026-11-21Z');
INSERT INTO toba_cek_insta.sentiment_delta (user_id, day, pos, neu, neg) VALUES ('17841400000000001', '2026-11-21', 1, 0, 0);
INSERT INTO instagram.media
    (id, user_id, "timestamp", media_type, media_product_type, caption, media_hastag, like_count, comments_count, absence,
     parent_id, first_seen_at, updated_timestamp)
VALUES
    ('101', '17841400000000001', '2026-11-19T03:00Z', 'IMAGE', 'FEED', '=1+1', 'kopi', 40, 4, NULL, NULL, '2026-11-19Z', '2026-11-21T02:00Z'),
    ('102', '17841400000000001', '2026-11-20T03:00Z', 'VIDEO', 'REELS', 'Reel', NULL, NULL, 2, '{"like_count": "hidden"}', NULL, '2026-11-20Z', '2026-11-21T02:00Z'),
    ('103', '17841400000000001', '2026-11-21T11:00Z', 'IMAGE', 'STORY', NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-21Z', NULL),
    ('104', '17841400000000001', '2026-11-19T11:00Z', 'IMAGE', 'STORY', NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-19Z', NULL),
    ('105', '17841400000000001', '2026-11-18T11:00Z', 'IMAGE', 'STORY', NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-18Z', NULL),
    ('106', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '101', '2026-11-19Z', NULL),
    ('201', '17841400000000002', '2026-11-20T03:00Z', 'IMAGE', 'FEED', 'Teh', NULL, 1, 1, NULL, NULL, '2026-11-20Z', '2026-11-21T02:00Z');
INSERT INTO instagram.media_insight
    (id, media_id, metric, breakdown, value, absence, updated_timestamp, datestamp, source, observed_at)
VALUES
    ('a', '101', 'reach', '', 300, NULL, '2026-11-20Z', '2026-11-20', 'poll', '2026-11-20T02:00Z'),
    ('b', '101', 'reach', '', NULL, 'permission', '2026-11-21Z', '2026-11-21', 'poll', '2026-11-21T02:00Z'),
    ('c', '101', 'views', '', 450, NULL, '2026-11-20Z', '2026-11-20', 'poll', '2026-11-20T02:00Z'),
    ('d', '105', 'views', '', 100, NULL, '2026-11-19Z', '2026-11-19', 'webhook', '2026-11-19T12:00Z'),
    ('e', '105', 'taps_forward', '', 20, NULL, '2026-11-19Z', '2026-11-19', 'webhook', '2026-11-19T12:00Z'),
    ('f', '105', 'exits', '', 10, NULL, '2026-11-19Z', '2026-11-19', 'webhook', '2026-11-19T12:00Z'),
    ('g', '105', 'replies', '', NULL, 'suppressed', '2026-11-19Z', '2026-11-19', 'webhook', '2026-11-19T12:00Z'),
    ('h', '201', 'reach', '', 7, NULL, '2026-11-20Z', '2026-11-20', 'poll', '2026-11-20T02:00Z');
INSERT INTO pipeline.analysed_media (user_id, media_id, published_at, published_on, hastags)
SELECT user_id, id, "timestamp", ("timestamp" AT TIME ZONE 'Asia/Jakarta')::date, '{}'
FROM instagram.media WHERE media_product_type = 'STORY';
INSERT INTO instagram.media_comment
    (id, media_id, username, from_id, text, text_at, "timestamp", first_seen_at, updated_timestamp, source, account_id)
VALUES
    ('901', '101', 'ayu', '1', 'Bagus banget, suka!', '2026-11-20Z', '2026-11-20T01:00Z', '2026-11-20Z', '2026-11-20Z', 'webhook', '17841400000000001'),
    ('902', '106', 'budi', '2', '=cmd|kecewa 100%_', '2026-11-20Z', NULL, '2026-11-20T02:00Z', '2026-11-20Z', 'webhook', '17841400000000001'),
    ('903', '102', 'kopi', NULL, 'Terima kasih <script>alert(1)</script>', '2026-11-20Z', NULL, '2026-11-20T03:00Z', '2026-11-20Z', 'poll', NULL),
    ('904', '102', 'cici', '4', 'Mantap', '2026-11-21Z', NULL, '2026-11-21T01:00Z', '2026-11-21Z', 'webhook', '17841400000000001'),
    ('905', '201', 'dodo', '5', 'Bagus', '2026-11-20Z', NULL, '2026-11-20T03:00Z', '2026-11-20Z', 'webhook', '17841400000000002');
INSERT INTO toba_cek_insta.user_media_comment_sentiment
    (comment_id, media_id, sentiment, updated_timestamp, score, uncertain, language, model)
VALUES
    ('901', '101', 'pos', '2026-11-20Z', 0.9, FALSE, 'id', 'm'), ('902', '106', 'neg', '2026-11-20Z', 0.8, FALSE, 'id', 'm'),
    ('903', '102', 'pos', '2026-11-20Z', 0.7, FALSE, 'id', 'm'), ('905', '201', 'pos', '2026-11-20Z', 0.7, FALSE, 'id', 'm');
INSERT INTO toba_cek_insta.user_hastags_metrics
    (user_id, hastag, total_engagement, post_count, engagement_per_post, updated_timestamp, datestamp, skipped_engagement,
     skipped_reach, skipped_saved, absence)
VALUES
    ('17841400000000001', 'kopi', 10, 1, 10, '2026-11-10Z', '2026-11-10', 0, 1, 1, '{"total_reach": "not_yet", "reach_per_post": "not_yet"}'),
    ('17841400000000001', 'kopi', 44, 1, 44, '2026-11-19Z', '2026-11-19', 0, 1, 1, '{"total_reach": "not_yet", "reach_per_post": "not_yet"}'),
    ('17841400000000001', 'gone', NULL, 0, NULL, '2026-11-19Z', '2026-11-19', 0, 0, 0, NULL);
INSERT INTO instagram.user_insight_audience_country
    (user_id, country_code, value, timeframe, end_time, source, observed_at, updated_timestamp)
VALUES
    ('17841400000000001', 'ID', 75, 'this_month', '2026-11-20T08:00Z', 'poll', '2026-11-20T09:00Z', '2026-11-20Z'),
    ('17841400000000001', 'MY', 25, 'this_month', '2026-11-20T08:00Z', 'poll', '2026-11-20T09:00Z', '2026-11-20Z'),
    ('17841400000000001', 'SG', 99, 'this_month', '2026-10-20T08:00Z', 'poll', '2026-10-20T09:00Z', '2026-10-20Z');
INSERT INTO instagram.user_insight_online_follower
    (user_id, hour, value, end_time, source, observed_at, updated_timestamp)
VALUES ('17841400000000001', 5, 77, '2026-11-20T08:00Z', 'poll', '2026-11-20T09:00Z', '2026-11-20Z');
INSERT INTO toba_cek_insta.user_insight_follower_online (user_id, hours, val, date_range, updated_date, day_count) VALUES
    ('17841400000000001', 19, 77, '2026-11-15/2026-11-21', '2026-11-21Z', 1),
    ('17841400000000001', 20, 60, '2026-10-25/2026-11-21', '2026-11-21Z', 4);
"#;

/// Writes the two accounts.
pub(crate) async fn write(api: &TestApi) -> Result<()> {
    sqlx::raw_sql(ROWS).execute(&api.pool).await?;
    Ok(())
}

/// An API that knows them.
pub(crate) async fn api() -> Result<TestApi> {
    let api = TestApi::start().await?;
    write(&api).await?;
    Ok(api)
}
