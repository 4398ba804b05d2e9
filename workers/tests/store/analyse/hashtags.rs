//! Hashtags, summed over all media up to a day.

use serde_json::json;

use crate::brand::{Brand, at};

#[tokio::test]
async fn hashtags_sum_over_all_media_up_to_the_day_with_a_row_for_each_change() {
    let brand = Brand::at("2026-06-20T12:00").await;
    brand.medium("1", at("2026-06-01T09:00"), "Pagi #kopi, #Batik!", at("2026-06-01T10:00")).await;
    brand.medium("2", at("2026-06-03T09:00"), "#kopi #Kopi", at("2026-06-03T10:00")).await;
    brand.counts("1", Some(10), 2, at("2026-06-02T09:00")).await;
    brand.counts("1", Some(10), 2, at("2026-06-04T09:00")).await;
    brand.counts("2", Some(30), 0, at("2026-06-04T09:00")).await;
    brand.figure("1", "reach", None, at("2026-06-02T09:00")).await;
    brand.figure("1", "reach", Some(100), at("2026-06-05T09:00")).await;
    brand.figure("1", "reach", None, at("2026-06-06T09:00")).await;
    brand.figure("1", "views", Some(300), at("2026-06-05T09:00")).await;
    brand.figure("2", "saved", Some(4), at("2026-06-05T09:00")).await;
    brand.deleted("2", at("2026-06-10T09:00")).await;
    brand.settle().await;

    let metrics = brand
        .table(
            "SELECT jsonb_build_array(hastag, datestamp, post_count, total_engagement, engagement_per_post, total_reach,
                    reach_per_post, total_saved, saved_per_post, skipped_engagement, skipped_reach, skipped_saved)
             FROM toba_cek_insta.user_hastags_metrics ORDER BY hastag, datestamp",
        )
        .await;
    assert_eq!(
        metrics,
        [
            json!(["batik", "2026-06-01", 1, null, null, null, null, null, null, 1, 1, 1]),
            json!(["batik", "2026-06-02", 1, 12, 12, null, null, null, null, 0, 1, 1]),
            json!(["batik", "2026-06-05", 1, 12, 12, 100, 100, null, null, 0, 0, 1]),
            json!(["kopi", "2026-06-01", 1, null, null, null, null, null, null, 1, 1, 1]),
            json!(["kopi", "2026-06-02", 1, 12, 12, null, null, null, null, 0, 1, 1]),
            json!(["kopi", "2026-06-03", 2, 12, 12, null, null, null, null, 1, 2, 2]),
            json!(["kopi", "2026-06-04", 2, 42, 21, null, null, null, null, 0, 2, 2]),
            json!(["kopi", "2026-06-05", 2, 42, 21, 100, 100, 4, 4, 0, 1, 1]),
            json!(["kopi", "2026-06-10", 1, 12, 12, 100, 100, null, null, 0, 0, 1]),
        ]
    );
    let spread = brand
        .table(
            "SELECT jsonb_build_array(media_id, hastag, datestamp, engagement, reach, impressions, absence)
             FROM toba_cek_insta.user_hastags_metrics_distribution
             WHERE hastag = 'kopi' ORDER BY media_id, datestamp",
        )
        .await;
    assert_eq!(
        spread,
        [
            json!(["1", "kopi", "2026-06-02", 12, null, null, {"reach": "not_enough_viewers", "impressions": "no_data"}]),
            json!(["1", "kopi", "2026-06-05", 12, 100, 300, null]),
            json!(["2", "kopi", "2026-06-04", 30, null, null, {"reach": "no_data", "impressions": "no_data"}]),
        ]
    );
    let carried = brand
        .table(
            "SELECT jsonb_build_array(hastag, post_count, carried_until) FROM toba_cek_insta.user_hastags_metrics_carried
             WHERE datestamp <= '2026-06-08' AND (carried_until IS NULL OR carried_until > '2026-06-08') ORDER BY hastag",
        )
        .await;
    assert_eq!(carried, [json!(["batik", 1, null]), json!(["kopi", 2, "2026-06-10"])]);
}

/// What is counted is what the caption links, whatever the database's own idea of a letter or of case.
#[tokio::test]
async fn hashtags_of_any_script_are_counted_as_the_caption_links_them() {
    let brand = Brand::at("2026-06-20T12:00").await;
    let captions = [
        "Buka #ร้านกาแฟ hari ini #हिन्दी #தமிழ்",
        "#黒髪ロンク\u{3099} #ꦄꦏ꧀ꦱꦫ #cafe\u{301} dan #CAFÉ #col·lecció",
        "Pagi #kopi☕ #😍 #cinta❤️ #👨\u{200d}👩\u{200d}👧 #hijau🌿daun, #kopi!",
        "#STRASSE #straße #Ꮳꮃꭹ #نمی\u{200c}خواهم https://toko.example/#bukan",
    ];
    for (id, caption) in (1u8..).zip(captions) {
        let at = at("2026-06-19T09:00");
        brand.medium(&id.to_string(), at, caption, at).await;
    }
    brand.settle().await;
    let mut counted = brand.table("SELECT to_jsonb(hastag) FROM toba_cek_insta.user_hastags_metrics").await;
    counted.sort_by_key(ToString::to_string);
    let mut linked = [
        "ร้านกาแฟ",
        "हिन्दी",
        "தமிழ்",
        "黒髪ロン\u{30b0}",
        "ꦄꦏ꧀ꦱꦫ",
        "caf\u{e9}",
        "col·lecció",
        "kopi☕",
        "😍",
        "cinta❤\u{fe0f}",
        "👨\u{200d}👩\u{200d}👧",
        "hijau🌿daun",
        "kopi",
        "strasse",
        "ᏣᎳᎩ",
        "نمی\u{200c}خواهم",
    ]
    .map(|hashtag| json!(hashtag));
    linked.sort_by_key(ToString::to_string);
    assert_eq!(counted, linked);
}
