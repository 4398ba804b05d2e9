//! Whose day it is, which media count, and what must not be lost between two computations.

use std::sync::Arc;
use std::time::Duration;

use cekbrand_graph::node::{MediaNode, UserNode};
use cekbrand_workers::analyse::{AnalyseSettings, Analyser};
use cekbrand_workers::rows::{self, Reading, Rows, Told};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::brand::{ACCOUNT, Brand, at};

/// Writes what a read told, as enriching does.
async fn told(brand: &Brand, told: impl FnOnce(Reading) -> Told, observed_at: Timestamp) {
    let reading = Reading { account_id: ACCOUNT.to_owned(), observed_at };
    let mut conn = brand.pool.acquire().await.unwrap();
    rows::apply(&mut conn, &Rows::of(told(reading)), observed_at).await.unwrap();
}

async fn run(brand: &Brand, statement: &'static str) {
    sqlx::raw_sql(statement).execute(&brand.pool).await.unwrap();
}

/// The leaders by engagement of the last 7 days, with the day for which they hold.
async fn leaders(brand: &Brand) -> Vec<Value> {
    brand
        .table(
            "SELECT jsonb_build_array('largest', datestamp, media_id, media_count)
             FROM toba_cek_insta.user_media_largest_engagement WHERE timeframe = 7
             UNION ALL
             SELECT jsonb_build_array('smallest', datestamp, media_id, media_count)
             FROM toba_cek_insta.user_media_smallest_engagement WHERE timeframe = 7 ORDER BY 1",
        )
        .await
}

#[tokio::test]
async fn today_is_the_accounts_own_day() {
    // Two in the morning in Jakarta; in UTC it is still the 19th.
    let brand = Brand::at("2026-06-20T02:00").await;
    brand.medium("1", at("2026-06-20T01:00"), "", at("2026-06-20T01:30")).await;
    brand.counts("1", Some(3), 0, at("2026-06-20T01:30")).await;
    brand.medium("2", at("2026-06-13T23:00"), "", at("2026-06-20T01:30")).await;
    brand.counts("2", Some(9), 0, at("2026-06-20T01:30")).await;
    brand.settle().await;
    assert_eq!(
        leaders(&brand).await,
        [json!(["largest", "2026-06-20", "1", 1]), json!(["smallest", "2026-06-20", "1", 1])]
    );
    let last =
        brand.table("SELECT to_jsonb(max(datestamp)) FROM toba_cek_insta.user_insight_engagement").await;
    assert_eq!(last, [json!("2026-06-20")]);

    // Farther west it is the 19th again, and nothing holds for the 20th any more.
    run(&brand, r#"UPDATE instagram."user" SET timezone = 'UTC'"#).await;
    brand.mark(brand.now()).await;
    brand.settle().await;
    let last =
        brand.table("SELECT to_jsonb(max(datestamp)) FROM toba_cek_insta.user_insight_engagement").await;
    assert_eq!(last, [json!("2026-06-19")]);
}

#[tokio::test]
async fn what_is_read_after_midnight_is_filed_under_the_new_local_day() {
    let brand = Brand::at("2026-06-20T12:00").await;
    let node = MediaNode {
        id: "1".to_owned(),
        owner_id: Some(ACCOUNT.to_owned()),
        timestamp: Some(at("2026-06-18T09:00")),
        media_type: Some("IMAGE".to_owned()),
        caption: Some("Pagi \u{ff03}ร้านกาแฟ #KopiSusu".to_owned()),
        like_count: Some(5),
        comments_count: Some(1),
        ..MediaNode::default()
    };
    told(&brand, |reading| Told::Media(Box::new(node), reading), at("2026-06-19T00:30")).await;
    let user = UserNode { id: ACCOUNT.to_owned(), followers_count: Some(10), ..UserNode::default() };
    told(&brand, |reading| Told::User(user, reading), at("2026-06-19T00:30")).await;
    assert_eq!(
        brand.table("SELECT to_jsonb(datestamp) FROM instagram.media_like_comment").await,
        [json!("2026-06-19")]
    );
    assert_eq!(
        brand.table("SELECT to_jsonb(datestamp) FROM instagram.user_data").await,
        [json!("2026-06-19")]
    );
    brand.settle().await;
    let engagement = brand
        .table(
            "SELECT jsonb_build_array(datestamp, engagement) FROM toba_cek_insta.user_insight_engagement
             WHERE timeframe = 7 AND datestamp <= '2026-06-19' ORDER BY datestamp",
        )
        .await;
    assert_eq!(engagement, [json!(["2026-06-18", null]), json!(["2026-06-19", 6])]);
    let hashtags = brand
        .table("SELECT DISTINCT to_jsonb(hastag) FROM toba_cek_insta.user_hastags_metrics ORDER BY 1")
        .await;
    assert_eq!(hashtags, [json!("kopisusu"), json!("ร้านกาแฟ")]);
    // What the caption shows is kept beside what is compared.
    let kept =
        brand.table("SELECT jsonb_build_array(media_hastag, media_hastag_shown) FROM instagram.media").await;
    assert_eq!(kept, [json!(["ร้านกาแฟ kopisusu", "ร้านกาแฟ KopiSusu"])]);
}

#[tokio::test]
async fn copies_of_ads_children_of_albums_and_deleted_media_are_neither_counted_nor_ranked() {
    let brand = Brand::at("2026-06-20T12:00").await;
    let seen = at("2026-06-19T10:00");
    for (media, likes) in [("1", 5), ("2", 99), ("3", 98), ("4", 0), ("5", 97)] {
        brand.medium(media, at("2026-06-18T09:00"), "#kopi", seen).await;
        brand.counts(media, Some(likes), 0, seen).await;
    }
    run(
        &brand,
        "UPDATE instagram.media SET original_media_id = '1', ad_id = '6' WHERE id = '2';
         UPDATE instagram.media SET parent_id = '1' WHERE id = '3';
         UPDATE instagram.media SET user_id = NULL WHERE id = '5'",
    )
    .await;
    brand.deleted("4", at("2026-06-20T09:00")).await;
    brand.settle().await;
    assert_eq!(
        leaders(&brand).await,
        [json!(["largest", "2026-06-20", "1", 1]), json!(["smallest", "2026-06-20", "1", 1])]
    );
    let engagement = brand
        .table(
            "SELECT jsonb_build_array(datestamp, engagement, media_count) FROM toba_cek_insta.user_insight_engagement
             WHERE timeframe = 28 AND datestamp >= '2026-06-19' ORDER BY datestamp",
        )
        .await;
    // The fourth counts until it is deleted.
    assert_eq!(engagement, [json!(["2026-06-19", 5, 2]), json!(["2026-06-20", 5, 1])]);
    let hashtags = brand
        .table(
            "SELECT jsonb_build_array(datestamp, post_count) FROM toba_cek_insta.user_hastags_metrics
             ORDER BY datestamp DESC LIMIT 1",
        )
        .await;
    assert_eq!(hashtags, [json!(["2026-06-20", 1])]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_comes_after_its_table_was_read_is_computed_later() {
    let brand = Brand::at("2026-06-20T12:00").await;
    brand.medium("1", at("2026-06-19T09:00"), "", at("2026-06-19T10:00")).await;
    brand.counts("1", Some(1), 0, at("2026-06-19T10:00")).await;
    brand.settle().await;
    brand.counts("1", Some(2), 0, at("2026-06-19T11:00")).await;

    // The analyser waits for this row, which it has computed and wants to write.
    let mut other = brand.pool.begin().await.unwrap();
    sqlx::query("SELECT FROM toba_cek_insta.user_insight_engagement FOR UPDATE")
        .execute(&mut *other)
        .await
        .unwrap();
    let analyser = brand.analyser();
    let computing = tokio::spawn(async move { analyser.tick().await });
    let waits = "SELECT to_jsonb(count(*)) FROM pg_stat_activity
                 WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let waiting = async { while brand.table(waits).await == [json!(0)] {} };
    tokio::time::timeout(Duration::from_mins(1), waiting).await.unwrap();
    brand.counts("1", Some(3), 0, at("2026-06-19T12:00")).await;
    other.rollback().await.unwrap();
    assert_eq!(computing.await.unwrap().unwrap(), 1);

    assert_eq!(brand.marks().await, 1, "the mark of the last change is still there");
    brand.settle().await;
    let likes = brand
        .table("SELECT DISTINCT to_jsonb(likes_count) FROM toba_cek_insta.user_insight_engagement WHERE datestamp = '2026-06-20'")
        .await;
    assert_eq!(likes, [json!(3)]);
}

#[tokio::test]
async fn best_hours_are_told_in_plain_sentences() {
    let brand = Brand::at("2026-06-20T12:00").await;
    // Meta's hour 0 of the 18th, taken as of UTC-7, is 14:00 in Jakarta.
    run(
        &brand,
        "INSERT INTO instagram.user_insight_online_follower
            (user_id, hour, value, end_time, source, observed_at, updated_timestamp)
         SELECT '17841400000000001', hour, CASE WHEN hour IN (5, 6, 18) THEN 90 WHEN hour IN (11, 12, 13) THEN 1 ELSE 9 END,
            '2026-06-19T07:00Z', 'poll', '2026-06-20T00:00Z', '2026-06-20T00:00Z'
         FROM generate_series(0, 23) AS hour",
    )
    .await;
    brand.mark(brand.now()).await;
    brand.settle().await;
    let sentences = brand
        .table(
            "SELECT to_jsonb(highlight_wording) FROM toba_cek_insta.user_insight_follower_online_wording
             ORDER BY highlight_type, lang",
        )
        .await;
    assert_eq!(
        sentences,
        [
            "Over the last 28 days (24 May–20 June 2026), the most followers were online at 08:00–09:00 and 19:00–21:00 \
             (time zone Asia/Jakarta).",
            "Selama 28 hari terakhir (24 Mei–20 Juni 2026), pengikut paling banyak online pada pukul 08.00–09.00 dan \
             19.00–21.00 (zona waktu Asia/Jakarta).",
            "Over the last 28 days (24 May–20 June 2026), the fewest followers were online at 01:00–04:00 (time zone \
             Asia/Jakarta).",
            "Selama 28 hari terakhir (24 Mei–20 Juni 2026), pengikut paling sedikit online pada pukul 01.00–04.00 (zona \
             waktu Asia/Jakarta).",
        ]
    );
    let best = brand
        .table(
            "SELECT jsonb_build_array(waktu_paling_aktif AT TIME ZONE 'Asia/Jakarta', value_paling_aktif)
             FROM toba_cek_insta.user_insight_most_active_time",
        )
        .await;
    assert_eq!(best, [json!(["2026-06-18T19:00:00", 90])]);
}

#[tokio::test]
async fn the_zone_of_metas_hours_is_a_setting() {
    let brand = Brand::at("2026-06-20T12:00").await;
    run(
        &brand,
        "INSERT INTO instagram.user_insight_online_follower
            (user_id, hour, value, end_time, source, observed_at, updated_timestamp)
         VALUES ('17841400000000001', 3, 90, '2026-06-19T07:00Z', 'poll', 'epoch', 'epoch')",
    )
    .await;
    let mut found = Vec::new();
    for online_hours_offset in [-7, -8, 0] {
        brand.mark(brand.now()).await;
        let settings = AnalyseSettings { online_hours_offset, ..AnalyseSettings::default() };
        let analyser = Analyser::new(brand.pool.clone(), Arc::new(brand.clock.clone()), settings);
        assert_eq!(analyser.tick().await.unwrap(), 1);
        found.extend(
            brand
                .table(
                    "SELECT jsonb_build_array(hours, waktu_paling_aktif AT TIME ZONE 'UTC')
             FROM toba_cek_insta.user_insight_follower_online
             INNER JOIN toba_cek_insta.user_insight_most_active_time USING (user_id)
             WHERE date_range = '2026-06-14/2026-06-20'",
                )
                .await,
        );
    }
    // Hour 3 of Meta's 18th is 10:00 UTC where its zone is UTC-7, and in Jakarta it is seven hours later.
    assert_eq!(
        found,
        [
            json!([17, "2026-06-18T10:00:00"]),
            json!([18, "2026-06-18T11:00:00"]),
            json!([10, "2026-06-18T03:00:00"]),
        ]
    );
}

#[tokio::test]
async fn a_competitor_grows_from_snapshot_to_snapshot_too() {
    let brand = Brand::at("2026-06-20T12:00").await;
    for (day, followers) in [("2026-06-18", 100), ("2026-06-20", 130)] {
        let user = UserNode { id: "900".to_owned(), followers_count: Some(followers), ..UserNode::default() };
        told(&brand, |reading| Told::User(user, reading), at(&format!("{day}T10:00"))).await;
    }
    brand.settle().await;
    let grown = brand
        .table(
            "SELECT jsonb_build_array(datestamp, followers_count_growth, media_count_growth)
             FROM instagram.user_data WHERE user_id = '900' ORDER BY datestamp",
        )
        .await;
    assert_eq!(grown, [json!(["2026-06-18", null, null]), json!(["2026-06-20", 30, null])]);
}

#[tokio::test]
async fn a_comment_that_comes_in_after_its_post_was_deleted_counts_up_to_that_day() {
    let brand = Brand::at("2026-06-20T12:00").await;
    brand.medium("1", at("2026-06-10T09:00"), "", at("2026-06-10T10:00")).await;
    brand.deleted("1", at("2026-06-15T09:00")).await;
    brand.settle().await;
    // Of two days before, read late; and one on an ad's copy of which nobody knew whose it was.
    run(
        &brand,
        "INSERT INTO instagram.media_comment
            (id, media_id, text, \"timestamp\", first_seen_at, from_id, source, updated_timestamp)
         VALUES ('c1', '1', 'bagus banget, suka!', '2026-06-13T03:00Z', '2026-06-18T03:00Z', '7', 'poll', 'epoch'),
            ('c2', '2', 'bagus banget, suka!', '2026-06-14T03:00Z', '2026-06-14T03:00Z', '7', 'webhook', 'epoch')",
    )
    .await;
    let positive = async || {
        brand.scorer().tick().await.unwrap();
        brand.settle().await;
        brand
            .table(
                "SELECT jsonb_build_array(date_stamp, pos) FROM toba_cek_insta.user_insight_sentiment
                 WHERE date_stamp IN ('2026-06-13', '2026-06-14', '2026-06-15', '2026-06-20') ORDER BY date_stamp",
            )
            .await
    };
    let counted = |on: [i64; 4]| {
        ["2026-06-13", "2026-06-14", "2026-06-15", "2026-06-20"]
            .iter()
            .zip(on)
            .map(|(day, pos)| json!([day, pos]))
            .collect::<Vec<_>>()
    };
    assert_eq!(positive().await, counted([1, 1, 0, 0]));
    run(
        &brand,
        "INSERT INTO instagram.media (id, original_media_id, first_seen_at) VALUES ('2', '1', 'epoch')",
    )
    .await;
    assert_eq!(positive().await, counted([1, 2, 0, 0]));
}

#[tokio::test]
async fn a_figure_whose_time_ends_within_a_day_of_meta_is_found_in_the_far_east() {
    let brand = Brand::at("2026-06-20T12:00").await;
    run(&brand, r#"UPDATE instagram."user" SET timezone = 'Pacific/Kiritimati'"#).await;
    brand.mark(brand.now()).await;
    brand.settle().await;
    // Ten in the morning of the 15th in Los Angeles, so of Meta's 14th; on Kiritimati the 16th has begun.
    run(
        &brand,
        "INSERT INTO instagram.user_insight_reach
            (user_id, period, value, end_time, source, observed_at, updated_timestamp)
         VALUES ('17841400000000001', 'week', 90, '2026-06-15T17:00Z', 'poll', 'epoch', 'epoch')",
    )
    .await;
    brand.mark("2026-06-15T17:00:00Z".parse().unwrap()).await;
    brand.settle().await;
    let reach = brand
        .table(
            "SELECT jsonb_build_array(date_stamp, value_now) FROM toba_cek_insta.user_insight_reach_growth",
        )
        .await;
    assert_eq!(reach, [json!(["2026-06-14", 90])]);
}
