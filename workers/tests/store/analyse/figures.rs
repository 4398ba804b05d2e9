//! What the window holds as of a day, whoever told it late.

use serde_json::json;

use crate::brand::{Brand, at};

#[tokio::test]
async fn engagement_is_likes_and_comments_of_what_the_window_holds_as_of_its_day() {
    let brand = Brand::at("2026-06-20T12:00").await;
    brand.medium("1", at("2026-06-01T09:00"), "", at("2026-06-01T10:00")).await;
    brand.medium("2", at("2026-06-05T00:30"), "", at("2026-06-05T10:00")).await;
    brand.counts("1", Some(10), 1, at("2026-06-02T09:00")).await;
    brand.counts("1", Some(15), 2, at("2026-06-06T09:00")).await;
    brand.counts("2", None, 5, at("2026-06-06T09:00")).await;
    brand.settle().await;

    let rows = brand
        .table(
            "SELECT jsonb_build_array(datestamp, engagement, likes_count, comments_count, media_count, skipped_media,
                    skipped_likes, skipped_comments, absence)
             FROM toba_cek_insta.user_insight_engagement WHERE timeframe = 7 ORDER BY datestamp",
        )
        .await;
    let no_data = json!({"engagement": "no_data", "likes_count": "no_data", "comments_count": "no_data"});
    let hidden = json!({"likes_count": "hidden"});
    assert_eq!(
        rows,
        [
            // The first medium unread, then read; on the 5th the second one is published.
            json!(["2026-06-01", null, null, null, 1, 1, 1, 1, no_data]),
            json!(["2026-06-02", 11, 10, 1, 1, 0, 0, 0, null]),
            json!(["2026-06-03", 11, 10, 1, 1, 0, 0, 0, null]),
            json!(["2026-06-04", 11, 10, 1, 1, 0, 0, 0, null]),
            json!(["2026-06-05", 11, 10, 1, 2, 1, 1, 1, null]),
            // 15 + 2 of the first, 5 comments of the second, whose likes are hidden.
            json!(["2026-06-06", 22, 15, 7, 2, 0, 1, 0, null]),
            json!(["2026-06-07", 22, 15, 7, 2, 0, 1, 0, null]),
            // The first has left the window; the second leaves it after the 11th.
            json!(["2026-06-08", 5, null, 5, 1, 0, 1, 0, hidden]),
            json!(["2026-06-09", 5, null, 5, 1, 0, 1, 0, hidden]),
            json!(["2026-06-10", 5, null, 5, 1, 0, 1, 0, hidden]),
            json!(["2026-06-11", 5, null, 5, 1, 0, 1, 0, hidden]),
        ]
    );
    let four_weeks = brand
        .table(
            "SELECT jsonb_build_array(min(datestamp), max(datestamp), count(*))
             FROM toba_cek_insta.user_insight_engagement WHERE timeframe = 28",
        )
        .await;
    assert_eq!(four_weeks, [json!(["2026-06-01", "2026-06-20", 20])]);
    let growth = brand
        .table(
            "SELECT jsonb_build_array(media_id, datestamp, like_count_growth, comments_count_growth)
             FROM instagram.media_like_comment ORDER BY media_id, datestamp",
        )
        .await;
    assert_eq!(
        growth,
        [
            json!(["1", "2026-06-02", null, null]),
            json!(["1", "2026-06-06", 5, 1]),
            json!(["2", "2026-06-06", null, null]),
        ]
    );
}

#[tokio::test]
async fn rankings_leave_out_hidden_likes_and_break_ties_by_age_then_id() {
    let brand = Brand::at("2026-06-20T12:00").await;
    let seen = at("2026-06-19T10:00");
    for (media, published, likes) in [
        ("9", "2026-06-16T09:00", Some(50)),
        ("10", "2026-06-16T09:00", Some(50)),
        ("8", "2026-06-17T09:00", Some(50)),
        ("7", "2026-06-18T09:00", None),
        ("6", "2026-06-15T09:00", Some(20)),
        ("5", "2026-06-14T09:00", Some(20)),
        ("4", "2026-06-13T23:59", Some(99)),
        ("3", "2026-05-24T00:00", Some(1)),
        ("2", "2026-05-23T23:59", Some(0)),
    ] {
        brand.medium(media, at(published), "", seen).await;
        brand.counts(media, likes, 0, seen).await;
    }
    brand.medium("1", at("2026-06-19T09:00"), "", seen).await;
    brand.settle().await;

    let tables = brand
        .table(
            "SELECT jsonb_build_array('largest', timeframe, media_id, engagement_count, datestamp, media_count, skipped_media)
             FROM toba_cek_insta.user_media_largest_engagement
             UNION ALL
             SELECT jsonb_build_array('smallest', timeframe, media_id, engagement_count, datestamp, media_count, skipped_media)
             FROM toba_cek_insta.user_media_smallest_engagement ORDER BY 1",
        )
        .await;
    assert_eq!(
        tables,
        [
            json!(["largest", 7, "9", 50, "2026-06-20", 7, 2]),
            json!(["largest", 28, "4", 99, "2026-06-20", 9, 2]),
            json!(["smallest", 7, "5", 20, "2026-06-20", 7, 2]),
            json!(["smallest", 28, "3", 1, "2026-06-20", 9, 2]),
        ]
    );

    // A month later nothing is in the window.
    brand.clock.set(at("2026-07-20T00:00"));
    brand.scheduler().tick().await.unwrap();
    brand.settle().await;
    let left =
        brand.table("SELECT to_jsonb(media_id) FROM toba_cek_insta.user_media_largest_engagement").await;
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn a_medium_whose_owner_becomes_known_late_counts_from_its_first_day() {
    let brand = Brand::at("2026-06-20T12:00").await;
    brand.counts("1", Some(10), 2, at("2026-06-02T09:00")).await;
    brand.mark(at("2026-06-02T09:00")).await;
    brand.settle().await;
    assert_eq!(brand.rows().await["engagement"], json!(null));

    brand.medium("1", at("2026-06-02T08:00"), "#kopi", at("2026-06-19T10:00")).await;
    brand.settle().await;
    let rows = brand.rows().await;
    assert_eq!(rows["engagement"][0]["datestamp"], "2026-06-02");
    assert_eq!(rows["engagement"][0]["engagement"], 12);
    assert_eq!(rows["hashtags"].as_array().unwrap().len(), 1);

    // And when it turns out to be a part of an album it does not count at all.
    sqlx::query("UPDATE instagram.media SET parent_id = '99'").execute(&brand.pool).await.unwrap();
    brand.mark(at("2026-06-20T09:00")).await;
    brand.settle().await;
    let rows = brand.rows().await;
    assert_eq!(
        (&rows["engagement"], &rows["hashtags"], &rows["distribution"]),
        (&json!(null), &json!(null), &json!(null))
    );
}

#[tokio::test]
async fn a_figure_of_the_early_morning_is_found_under_the_utc_day_before() {
    let brand = Brand::at("2026-06-20T12:00").await;
    brand.medium("1", at("2026-06-10T09:00"), "#kopi", at("2026-06-10T10:00")).await;
    brand.settle().await;
    brand.figure("1", "reach", Some(7), at("2026-06-20T06:00")).await;
    brand.settle().await;
    let days = brand
        .table("SELECT jsonb_build_array(datestamp, reach) FROM toba_cek_insta.user_hastags_metrics_distribution")
        .await;
    assert_eq!(days, [json!(["2026-06-19", 7])]);
}

#[tokio::test]
async fn a_new_time_zone_moves_every_day() {
    let brand = Brand::at("2026-06-20T12:00").await;
    brand.medium("1", at("2026-01-02T06:30"), "#kopi", at("2026-01-02T10:00")).await;
    brand.settle().await;
    assert_eq!(brand.rows().await["hashtags"][0]["datestamp"], "2026-01-02");

    sqlx::query(r#"UPDATE instagram."user" SET timezone = 'UTC'"#).execute(&brand.pool).await.unwrap();
    brand.mark(at("2026-06-20T12:00")).await;
    brand.settle().await;
    let rows = brand.rows().await;
    assert_eq!(rows["hashtags"][0]["datestamp"], "2026-01-01");
    assert_eq!(rows["hashtags"].as_array().unwrap().len(), 1);
    assert_eq!(rows["engagement"][0]["datestamp"], "2026-01-01");
}
