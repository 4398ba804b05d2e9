//! The views that people and other tools read: what they say, that they say why they do not, and that their
//! names stay.

mod audience;
mod interface;
mod reader;
mod stories;

use serde_json::{Value, json};

use crate::brand::{ACCOUNT, Brand, at};

/// Runs statements as they stand.
pub(crate) async fn run(brand: &Brand, statements: &'static str) {
    sqlx::raw_sql(statements).execute(&brand.pool).await.unwrap();
}

/// A brand on 20 June with two weeks of followers, reach, views and profile views.
async fn measured() -> Brand {
    let brand = Brand::at("2026-06-20T12:00").await;
    run(
        &brand,
        "INSERT INTO instagram.user_data (user_id, datestamp, followers_count, media_count, absence, updated_timestamp)
         SELECT '17841400000000001', day::date, CASE WHEN day < '2026-06-20' THEN 100 + extract(day FROM day)::int END,
            3, CASE WHEN day = '2026-06-20' THEN '{\"followers_count\": \"permission\"}'::jsonb END, day
         FROM generate_series('2026-06-01'::timestamp, '2026-06-20', interval '1 day') AS day;
         INSERT INTO instagram.user_insight_reach
            (user_id, period, value, absence, end_time, source, observed_at, updated_timestamp)
         SELECT '17841400000000001', period, value, absence,
            (day::date + 1)::timestamp AT TIME ZONE 'America/Los_Angeles', 'poll', day, day
         FROM generate_series('2026-06-01'::timestamp, '2026-06-19', interval '1 day') AS day
         CROSS JOIN LATERAL (
            VALUES ('day', 50::bigint, NULL), ('week', CASE WHEN day < '2026-06-19' THEN 90 END,
                CASE WHEN day = '2026-06-19' THEN 'not_yet' END)
         ) AS told (period, value, absence);
         INSERT INTO instagram.user_insight_impressions
            (user_id, metric, period, value, end_time, source, observed_at, updated_timestamp)
         SELECT '17841400000000001', 'views', 'day', 7,
            (day::date + 1)::timestamp AT TIME ZONE 'America/Los_Angeles', 'poll', day, day
         FROM generate_series('2026-06-01'::timestamp, '2026-06-19', interval '1 day') AS day
         WHERE day <> '2026-06-15';
         INSERT INTO instagram.user_insight_visitor
            (user_id, value, absence, end_time, datestamp, source, observed_at, updated_timestamp)
         SELECT '17841400000000001', CASE WHEN day <> '2026-06-16' THEN 4 END,
            CASE WHEN day = '2026-06-16' THEN 'not_yet' END,
            (day::date + 1)::timestamp AT TIME ZONE 'America/Los_Angeles', day::date, 'poll', day, day
         FROM generate_series('2026-06-13'::timestamp, '2026-06-19', interval '1 day') AS day",
    )
    .await;
    for day in 1..=20 {
        brand.mark(at(&format!("2026-06-{day:02}T12:00"))).await;
    }
    brand.settle().await;
    brand
}

async fn overview(brand: &Brand, day: &str) -> Value {
    let statement = "SELECT to_jsonb(o) FROM toba_cek_insta.account_overview AS o
         WHERE user_id = $1 AND timeframe = 7 AND datestamp = $2::text::date";
    sqlx::query_scalar(statement).bind(ACCOUNT).bind(day).fetch_one(&brand.pool).await.unwrap()
}

#[tokio::test]
async fn an_account_stands_beside_its_own_past() {
    let brand = measured().await;
    brand.medium("1", at("2026-06-17T09:00"), "#kopi", at("2026-06-17T10:00")).await;
    brand.counts("1", Some(10), 2, at("2026-06-17T10:00")).await;
    brand.medium("2", at("2026-06-10T09:00"), "", at("2026-06-10T10:00")).await;
    brand.counts("2", Some(3), 1, at("2026-06-10T10:00")).await;
    brand.settle().await;
    let row = overview(&brand, "2026-06-18").await;
    for (column, expected) in [
        ("username", json!("kopi")),
        ("previous_datestamp", json!("2026-06-11")),
        ("followers_count", json!(118)),
        ("followers_count_previous", json!(111)),
        ("followers_growth", json!(7.0 / 111.0)),
        ("views", json!(42)),
        ("views_skipped_days", json!(1)),
        ("views_previous", json!(49)),
        ("profile_views", json!(20)),
        ("profile_views_skipped_days", json!(2)),
        ("media_count", json!(1)),
        ("media_count_previous", json!(1)),
        ("engagement", json!(12)),
        ("engagement_previous", json!(4)),
        ("engagement_growth", json!(2)),
        ("engagement_rate", json!(12.0 / 118.0)),
    ] {
        assert_eq!(row[column], expected, "{column} of {row:#}");
    }
    // A day without a snapshot that has a figure: unknown, with the reason that was told.
    let row = overview(&brand, "2026-06-20").await;
    assert_eq!(
        (&row["followers_count"], &row["absence"]["followers_count"]),
        (&json!(null), &json!("permission"))
    );
    assert_eq!(row["absence"]["sentiment_balance"], json!("no_data"));
    assert_eq!(row["media_count"], json!(1));
}

#[tokio::test]
async fn unique_reach_is_never_a_sum_of_days() {
    let brand = measured().await;
    // Seven days of 50 people each, and 90 different ones in all.
    let row = overview(&brand, "2026-06-18").await;
    assert_eq!((&row["reach"], &row["reach_previous"]), (&json!(90), &json!(90)));
    // Of the next day the days are known and the week is not.
    let row = overview(&brand, "2026-06-19").await;
    assert_eq!((&row["reach"], &row["absence"]["reach"]), (&json!(null), &json!("not_yet")));
    let row = overview(&brand, "2026-06-20").await;
    assert_eq!((&row["reach"], &row["absence"]["reach"]), (&json!(null), &json!("no_data")));
}

#[tokio::test]
async fn formats_are_compared_by_means_of_what_is_known() {
    let brand = Brand::at("2026-06-20T12:00").await;
    let seen = at("2026-06-18T10:00");
    for (media, likes) in
        [("1", Some(10)), ("2", Some(20)), ("3", None), ("4", Some(7)), ("5", None), ("6", Some(1))]
    {
        brand.medium(media, at("2026-06-18T09:00"), "", seen).await;
        brand.counts(media, likes, 2, seen).await;
    }
    run(
        &brand,
        "UPDATE instagram.media SET media_product_type = 'FEED', media_type = 'IMAGE' WHERE id IN ('1', '2', '3');
         UPDATE instagram.media SET media_product_type = 'FEED', media_type = 'CAROUSEL_ALBUM' WHERE id = '4';
         UPDATE instagram.media SET media_product_type = 'STORY' WHERE id = '5'",
    )
    .await;
    for (media, value) in [("1", Some(100)), ("2", Some(200)), ("3", None)] {
        brand.figure(media, "reach", value, seen).await;
        brand.figure(media, "views", value.map(|value| value * 2), seen).await;
    }
    brand.settle().await;
    let formats = brand
        .table(
            "SELECT jsonb_build_array(format, posts, reach_per_post, largest_reach, skipped_reach, views,
                views_per_post, engagement, engagement_per_post, skipped_engagement, absence ->> 'reach_per_post',
                absence ->> 'engagement')
             FROM toba_cek_insta.format_performance
             WHERE user_id = '17841400000000001' AND datestamp = '2026-06-20' AND timeframe = 7 ORDER BY format",
        )
        .await;
    assert_eq!(
        formats,
        [
            json!(["carousels", 1, null, null, 1, null, null, 9, 9, 0, "no_data", null]),
            json!(["feed", 3, 150, 200, 1, 600, 300, 34, 17, 1, null, null]),
            json!(["stories", 1, null, null, 1, null, null, null, null, 1, "no_data", "hidden"]),
            json!(["unknown", 1, null, null, 1, null, null, 3, 3, 0, "no_data", null]),
        ]
    );
}

#[tokio::test]
async fn comments_are_told_with_what_they_feel() {
    let brand = Brand::at("2026-06-20T12:00").await;
    brand.medium("1", at("2026-06-18T09:00"), "", at("2026-06-18T10:00")).await;
    run(
        &brand,
        "INSERT INTO instagram.media (id, original_media_id, first_seen_at) VALUES ('2', '1', 'epoch');
         INSERT INTO instagram.media_comment
            (id, media_id, text, from_id, username, first_seen_at, deleted_at, source, updated_timestamp)
         VALUES ('c1', '1', 'bagus banget, suka!', '7', 'a', '2026-06-18T03:00Z', NULL, 'webhook', 'epoch'),
            ('c2', '2', 'bagus banget, suka!', '8', 'b', '2026-06-18T04:00Z', NULL, 'webhook', 'epoch'),
            ('c3', '1', 'kecewa berat, barang rusak', '9', 'c', '2026-06-18T05:00Z', NULL, 'webhook', 'epoch'),
            ('c4', '1', 'kecewa berat, barang rusak', '9', 'c', '2026-06-18T06:00Z', '2026-06-19T00:00Z', 'webhook', 'epoch'),
            ('c5', '1', 'bagus banget, suka!', '17841400000000001', 'kopi', '2026-06-18T07:00Z', NULL, 'webhook', 'epoch'),
            ('c6', '1', NULL, '9', 'c', '2026-06-18T08:00Z', NULL, 'webhook', 'epoch')",
    )
    .await;
    brand.scorer().tick().await.unwrap();
    brand.settle().await;
    let media = brand
        .table(
            "SELECT jsonb_build_array(media_id, comments, own_comments, deleted_comments, pos, neu, neg, unscored, balance,
                comments_count, absence ->> 'comments_count')
             FROM toba_cek_insta.media_comment_overview WHERE user_id = '17841400000000001'",
        )
        .await;
    assert_eq!(media, [json!(["1", 5, 1, 1, 2, 0, 1, 1, 1.0 / 3.0, null, "no_data"])]);
    let comments = brand
        .table(
            "SELECT jsonb_build_array(comment_id, part_id, sentiment, is_own, absence)
             FROM toba_cek_insta.comment_sentiment WHERE media_id = '1' ORDER BY comment_id",
        )
        .await;
    assert_eq!(
        comments,
        [
            json!(["c1", "1", "pos", false, null]),
            json!(["c2", "2", "pos", false, null]),
            json!(["c3", "1", "neg", false, null]),
            json!(["c4", "1", "neg", false, null]),
            json!(["c5", "1", "pos", true, null]),
            json!(["c6", "1", null, false, "no_data"]),
        ]
    );
}

#[tokio::test]
async fn a_hashtag_is_shown_as_captions_show_it_most() {
    let brand = Brand::at("2026-06-20T12:00").await;
    let seen = at("2026-06-18T10:00");
    for (media, caption) in [("1", "#KopiSusu #teh"), ("2", "#KopiSusu"), ("3", "#kopisusu"), ("4", "#TEH")] {
        brand.medium(media, at(&format!("2026-06-1{media}T09:00")), caption, seen).await;
    }
    // One that was parsed before the spelling was kept.
    run(&brand, "UPDATE instagram.media SET media_hastag_shown = NULL WHERE id = '1'").await;
    brand.settle().await;
    let spelt = brand
        .table(
            "SELECT jsonb_build_array(hastag, shown, posts) FROM toba_cek_insta.hashtag_spelling
             WHERE user_id = '17841400000000001' ORDER BY hastag",
        )
        .await;
    assert_eq!(spelt, [json!(["kopisusu", "kopisusu", 2]), json!(["teh", "TEH", 1])]);
}
