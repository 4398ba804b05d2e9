//! Who follows, and whom else one could follow: audience and competitors.

use serde_json::json;

use super::{measured, run};
use crate::brand::ACCOUNT;

#[tokio::test]
async fn an_audience_is_the_newest_list_up_to_the_day() {
    let brand = measured().await;
    run(
        &brand,
        "INSERT INTO instagram.user_insight_audience_city
            (user_id, city, province, value, absence, timeframe, end_time, source, observed_at, updated_timestamp)
         SELECT '17841400000000001', city, province, value, absence, timeframe,
            (day::date + 1)::timestamp AT TIME ZONE 'America/Los_Angeles', 'poll', day::timestamp, day::timestamp
         FROM (VALUES
            ('Bandung', 'Jawa Barat', 30, NULL, 'this_month', '2026-06-05'),
            ('Medan', 'Sumatera Utara', 10, NULL, 'this_month', '2026-06-05'),
            ('Bandung', 'Jawa Barat', 60, NULL, 'this_month', '2026-06-12'),
            ('', '', NULL, 'permission', 'this_month', '2026-06-15'),
            ('', '', NULL, 'too_few_followers', 'this_week', '2026-06-15')
         ) AS told (city, province, value, absence, timeframe, day)",
    )
    .await;
    let cities = brand
        .table(
            "SELECT jsonb_build_array(datestamp, timeframe, observed_on, city, followers, share, absence)
             FROM toba_cek_insta.audience_city
             WHERE user_id = '17841400000000001' AND datestamp IN ('2026-06-04', '2026-06-11', '2026-06-18')
             ORDER BY datestamp, timeframe, city",
        )
        .await;
    assert_eq!(
        cities,
        [
            json!(["2026-06-11", "this_month", "2026-06-05", "Bandung", 30, 0.75, null]),
            json!(["2026-06-11", "this_month", "2026-06-05", "Medan", 10, 0.25, null]),
            json!(["2026-06-18", "this_month", "2026-06-12", "Bandung", 60, 1, null]),
            json!(["2026-06-18", "this_week", "2026-06-15", "", null, null, "too_few_followers"]),
        ]
    );
}

#[tokio::test]
async fn competitors_stand_beside_the_account() {
    let brand = measured().await;
    run(
        &brand,
        r#"INSERT INTO instagram."user" (id, username) VALUES ('900', 'teh');
        INSERT INTO instagram.user_competitor (user_id, competitor_id) VALUES ('17841400000000001', '900');
        INSERT INTO instagram.user_data (user_id, datestamp, followers_count, media_count, updated_timestamp)
        VALUES ('900', '2026-06-11', 100, 5, 'epoch'), ('900', '2026-06-18', 150, 6, 'epoch');
        INSERT INTO instagram.media (id, user_id, timestamp, first_seen_at, media_product_type)
        VALUES ('91', '900', '2026-06-17T00:00Z', 'epoch', NULL), ('92', '900', '2026-06-16T00:00Z', 'epoch', NULL),
            -- In Jakarta it is the 19th already; a story of one's own has no counterpart.
            ('93', '900', '2026-06-18T18:00Z', 'epoch', NULL),
            ('94', '17841400000000001', '2026-06-17T00:00Z', 'epoch', 'STORY');
        INSERT INTO instagram.media_like_comment (media_id, datestamp, like_count, comments_count, absence, updated_timestamp)
        VALUES ('91', '2026-06-17', 20, 10, NULL, 'epoch'), ('92', '2026-06-17', NULL, 1, '{"like_count": "hidden"}', 'epoch')"#,
    )
    .await;
    let sides = brand
        .table(
            "SELECT to_jsonb(o) - '{user_id,datestamp,timeframe,username}'::text[] FROM toba_cek_insta.competitor_overview AS o
             WHERE user_id = '17841400000000001' AND datestamp = '2026-06-18' AND timeframe = 7 ORDER BY is_self",
        )
        .await;
    assert_eq!(
        sides,
        [
            json!({"competitor_id": "900", "is_self": false, "followers_count": 150, "followers_count_previous": 100,
                "followers_growth": 0.5, "media_count": 6, "posts": 2, "engagement": 30, "engagement_per_post": 30,
                "engagement_rate_per_post": 0.2, "skipped_posts": 1, "absence": null}),
            json!({"competitor_id": ACCOUNT, "is_self": true, "followers_count": 118, "followers_count_previous": 111,
                "followers_growth": 7.0 / 111.0, "media_count": 3, "posts": 0, "engagement": null,
                "engagement_per_post": null, "engagement_rate_per_post": null, "skipped_posts": 0,
                "absence": {"engagement": "no_data", "engagement_per_post": "no_data",
                    "engagement_rate_per_post": "no_data"}}),
        ]
    );
}
