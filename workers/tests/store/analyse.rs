//! Analytics are what the raw tables say, in whatever order these were written and however often they are
//! computed.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use cekbrand_workers::analyse::{AnalyseSettings, Analyser};
use jiff::{Timestamp, ToSpan};
use jiff_sqlx::ToSqlx;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::json;

use crate::brand::{ACCOUNT, Brand, at};

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

#[tokio::test]
async fn marks_are_kept_for_whoever_holds_the_account_or_comes_later() {
    let brand = Brand::at("2026-06-20T12:00").await;
    brand.medium("1", at("2026-06-01T09:00"), "#kopi", at("2026-06-01T10:00")).await;

    let mut other = brand.pool.begin().await.unwrap();
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('cekbrand.analyse/' || $1, 0))")
        .bind(ACCOUNT)
        .execute(&mut *other)
        .await
        .unwrap();
    assert_eq!(brand.analyser().tick().await.unwrap(), 0);
    assert_eq!(brand.marks().await, 1);
    other.rollback().await.unwrap();

    // A write that commits, mark and all, while its account is being computed.
    let mut writer = brand.pool.begin().await.unwrap();
    sqlx::query("UPDATE instagram.media SET media_hastag = 'batik'").execute(&mut *writer).await.unwrap();
    cekbrand_workers::analyse::marks::mark(
        &mut writer,
        &[(ACCOUNT.to_owned(), at("2026-06-20T11:00"))],
        at("2026-06-20T11:00"),
    )
    .await
    .unwrap();
    assert_eq!(brand.analyser().tick().await.unwrap(), 1);
    assert_eq!(brand.rows().await["hashtags"][0]["hastag"], "kopi");
    writer.commit().await.unwrap();
    assert_eq!(brand.marks().await, 1);
    brand.settle().await;
    assert_eq!(brand.rows().await["hashtags"][0]["hastag"], "batik");
}

#[tokio::test]
async fn an_account_that_cannot_be_computed_keeps_its_marks_and_holds_up_nobody() {
    let brand = Brand::at("2026-06-20T12:00").await;
    sqlx::query(
        "INSERT INTO instagram.media (id, user_id, timestamp, first_seen_at)
         SELECT 'big' || n, 'bad', $1, $1 FROM generate_series(1, 2) AS n",
    )
    .bind(at("2026-06-19T09:00").to_sqlx())
    .execute(&brand.pool)
    .await
    .unwrap();
    for media in ["big1", "big2"] {
        brand.counts(media, Some(i64::MAX), 0, at("2026-06-19T10:00")).await;
    }
    sqlx::query("UPDATE pipeline.dirty_mark SET account_id = 'bad'").execute(&brand.pool).await.unwrap();
    brand.medium("1", at("2026-06-19T09:00"), "#kopi", at("2026-06-19T10:00")).await;

    let error = brand.analyser().tick().await.unwrap_err();
    assert_eq!(error.to_string(), "cannot compute the analytics of account bad");
    assert_eq!(brand.rows().await["hashtags"][0]["hastag"], "kopi");
    assert!(brand.marks().await > 0);
}

#[tokio::test]
async fn the_loop_computes_what_is_marked_and_ends_when_told() {
    let brand = Brand::at("2026-06-20T12:00").await;
    let shutdown = tokio_util::sync::CancellationToken::new();
    let running = tokio::spawn({
        let (analyser, shutdown) = (brand.analyser(), shutdown.clone());
        async move { analyser.run(shutdown).await }
    });
    brand.medium("1", at("2026-06-19T09:00"), "#kopi", at("2026-06-19T10:00")).await;
    let computed = async {
        while brand.rows().await["hashtags"].is_null() {
            brand.clock.advance(Duration::from_secs(2));
        }
    };
    tokio::time::timeout(Duration::from_mins(1), computed).await.unwrap();
    shutdown.cancel();
    running.await.unwrap();
}

/// Something that is written once, at an instant.
#[derive(Debug, Clone)]
enum Write {
    Medium { media: u8, published: Timestamp, hashtags: &'static str },
    Deleted { media: u8 },
    Counts { media: u8, likes: Option<i64>, comments: i64 },
    Figure { media: u8, metric: &'static str, value: Option<i64> },
    Followers(i64),
}

const START: &str = "2026-03-01T00:00";
const HOURS: i64 = 24 * 75;

fn writes() -> impl Strategy<Value = Vec<(Timestamp, Write)>> {
    let hour = 0..HOURS;
    let instant = hour.prop_map(|hour| at(START) + hour.hours());
    let value = || prop_oneof![3 => (0i64..50).prop_map(Some), 1 => Just(None)];
    let hashtags = prop_oneof![Just(""), Just("#kopi"), Just("#kopi #batik"), Just("#batik #senja")];
    let metric = prop_oneof![Just("reach"), Just("saved"), Just("views"), Just("impressions")];
    let media = || 0u8..4;
    let write = prop_oneof![
        4 => (media(), 0..HOURS / 2, hashtags).prop_map(|(media, hour, hashtags)| {
            Write::Medium { media, published: at(START) + hour.hours(), hashtags }
        }),
        1 => media().prop_map(|media| Write::Deleted { media }),
        8 => (media(), value(), 0i64..9).prop_map(|(media, likes, comments)| Write::Counts { media, likes, comments }),
        8 => (media(), metric, value()).prop_map(|(media, metric, value)| Write::Figure { media, metric, value }),
        2 => (0i64..9).prop_map(Write::Followers),
    ];
    prop::collection::vec((instant, write), 10..50).prop_map(once_each)
}

/// Keeps the first write of each key, since raw rows merge by rules of their own, and nothing that is older
/// than its medium.
fn once_each(writes: Vec<(Timestamp, Write)>) -> Vec<(Timestamp, Write)> {
    let mut known = HashSet::new();
    let mut born = HashMap::new();
    for (_, write) in &writes {
        if let Write::Medium { media, published, .. } = write {
            born.entry(*media).or_insert(*published);
        }
    }
    let is_possible = |(instant, write): &(Timestamp, Write)| match write {
        Write::Followers(_) => true,
        Write::Medium { media, .. }
        | Write::Deleted { media }
        | Write::Counts { media, .. }
        | Write::Figure { media, .. } => born.get(media).is_none_or(|born| born <= instant),
    };
    let key = |(instant, write): &(Timestamp, Write)| {
        // Days of Jakarta and of UTC.
        let day = |offset: i64| (instant.as_second() + offset * 3600) / 86400;
        match write {
            Write::Medium { media, .. } => format!("medium {media}"),
            Write::Deleted { media } => format!("deleted {media}"),
            Write::Counts { media, .. } => format!("counts {media} {}", day(7)),
            Write::Figure { media, metric, .. } => format!("figure {media} {metric} {}", day(0)),
            Write::Followers(_) => format!("followers {}", day(7)),
        }
    };
    writes.into_iter().filter(|write| known.insert(key(write)) && is_possible(write)).collect()
}

async fn apply(brand: &Brand, instant: Timestamp, write: &Write) {
    let name = |media: &u8| format!("1790{media}");
    match write {
        Write::Medium { media, published, hashtags } => {
            brand.medium(&name(media), *published, hashtags, instant).await;
        }
        Write::Deleted { media } => brand.deleted(&name(media), instant).await,
        Write::Counts { media, likes, comments } => {
            brand.counts(&name(media), *likes, *comments, instant).await;
        }
        Write::Figure { media, metric, value } => brand.figure(&name(media), metric, *value, instant).await,
        Write::Followers(followers) => brand.followers(*followers, instant).await,
    }
}

/// Marks the midnights that have passed, as the scheduler does; returns the next one.
async fn pass_midnights(brand: &Brand, mut next: Timestamp, now: Timestamp) -> Timestamp {
    while next <= now {
        brand.mark(next).await;
        next += 24.hours();
    }
    next
}

/// Ends the story at the same instant for everybody.
async fn end(brand: &Brand) {
    let end = at(START) + (HOURS + 24).hours();
    brand.clock.set(end);
    brand.mark(end).await;
    brand.settle().await;
}

#[test]
fn analytics_do_not_depend_on_the_order_of_arrival() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut runner =
        TestRunner::new(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() });
    let shuffled = writes().prop_flat_map(|writes| {
        let ticks = prop::collection::vec(any::<bool>(), writes.len());
        (Just(writes.clone()), Just(writes).prop_shuffle(), ticks)
    });
    let outcome = runner.run(&shuffled, |(mut writes, shuffled, ticks)| {
        writes.sort_by_key(|(instant, _)| *instant);
        let (live, late) = runtime.block_on(async {
            // As it happens, day by day, computed now and then.
            let live = Brand::at(START).await;
            let mut midnight = at(START);
            for ((instant, write), tick) in writes.iter().zip(&ticks) {
                live.clock.set(*instant);
                apply(&live, *instant, write).await;
                if *tick {
                    midnight = pass_midnights(&live, midnight, *instant).await;
                    live.analyser().tick().await.unwrap();
                }
            }
            pass_midnights(&live, midnight, at(START) + (HOURS + 24).hours()).await;
            end(&live).await;
            // All afterwards, in any order.
            let late = Brand::at(START).await;
            late.clock.set(at(START) + HOURS.hours());
            for ((instant, write), tick) in shuffled.iter().zip(&ticks) {
                apply(&late, *instant, write).await;
                if *tick {
                    late.analyser().tick().await.unwrap();
                }
            }
            end(&late).await;
            (live.rows().await, late.rows().await)
        });
        for (table, rows) in live.as_object().unwrap() {
            let (rows, others) = (rows.as_array(), late[table].as_array());
            let (rows, others) = (rows.map_or(&[][..], Vec::as_slice), others.map_or(&[][..], Vec::as_slice));
            prop_assert_eq!(
                rows.iter().find(|row| !others.contains(row)),
                None,
                "{} only as it happened",
                table
            );
            prop_assert_eq!(others.iter().find(|row| !rows.contains(row)), None, "{} only afterwards", table);
        }
        Ok(())
    });
    outcome.unwrap();
}

#[tokio::test]
async fn computing_twice_changes_no_row() {
    let brand = Brand::at("2026-06-30T12:00").await;
    for (media, day) in
        (1i8..).zip(["2026-05-20T09:00", "2026-06-10T09:00", "2026-06-28T23:30", "2026-06-29T09:00"])
    {
        let (name, published) = (media.to_string(), at(day));
        brand.medium(&name, published, "#kopi #batik #senja", published).await;
        for hours in [1i32, 5, 26, 50, 300] {
            let (likes, hours) = (i64::from(media) + i64::from(hours), hours.hours());
            brand.counts(&name, Some(likes).filter(|_| media != 2), likes / 3, published + hours).await;
            brand.figure(&name, "reach", Some(likes * 9).filter(|_| media != 1), published + hours).await;
            brand.figure(&name, "saved", Some(3), published + hours).await;
            brand.followers(likes, published + hours).await;
        }
    }
    brand.settle().await;
    let before = brand.versions().await;
    assert!(before.as_array().unwrap().len() > 150, "{before}");

    for day in 0..60 {
        brand.mark(at("2026-05-10T12:00") + (day * 24).hours()).await;
    }
    brand.settle().await;
    assert_eq!(brand.versions().await, before);
}

/// A thousand accounts with something to compute, a worker that stands still in the middle of one of them,
/// and another whose statements wait for nobody: it computes all the others.
#[tokio::test(flavor = "multi_thread")]
async fn workers_do_not_wait_for_each_others_accounts() {
    let brand = Brand::at("2026-06-20T12:00").await;
    sqlx::raw_sql(THOUSAND).execute(&brand.pool).await.unwrap();
    while brand.analyser().tick().await.unwrap() > 0 {}
    let changed = "UPDATE instagram.media_like_comment SET like_count = 9;
        INSERT INTO pipeline.dirty_mark (account_id, day, marked_at)
        SELECT account_id, '2026-06-19', '2026-06-20' FROM pipeline.account WHERE account_id LIKE '5%'";
    sqlx::raw_sql(changed).execute(&brand.pool).await.unwrap();

    let mut other = brand.pool.begin().await.unwrap();
    let held = "SELECT FROM toba_cek_insta.user_insight_engagement WHERE user_id = '5030' FOR UPDATE";
    sqlx::query(held).execute(&mut *other).await.unwrap();
    let analyser = brand.analyser();
    let stuck = tokio::spawn(async move { analyser.tick().await });
    let waits = "SELECT to_jsonb(count(*)) FROM pg_stat_activity
                 WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let waiting = async { while brand.table(waits).await == [json!(0)] {} };
    tokio::time::timeout(Duration::from_mins(1), waiting).await.unwrap();

    let patience = brand.pool.connect_options().as_ref().clone().options([("lock_timeout", "100ms")]);
    let impatient = sqlx::PgPool::connect_with(patience).await.unwrap();
    let clock = Arc::new(brand.clock.clone());
    let settings = AnalyseSettings { accounts_per_tick: 1000, ..AnalyseSettings::default() };
    let free = Analyser::new(impatient, clock, settings);
    while free.tick().await.unwrap() > 0 {}
    let left = brand.table("SELECT DISTINCT to_jsonb(account_id) FROM pipeline.dirty_mark").await;
    assert_eq!(left, [json!("5030")]);
    other.rollback().await.unwrap();
    stuck.await.unwrap().unwrap();
    assert_eq!(brand.marks().await, 0);
}

const THOUSAND: &str = r#"
    INSERT INTO instagram."user" (id, timezone) SELECT number::text, 'Asia/Jakarta' FROM generate_series(5000, 5999) AS number;
    INSERT INTO pipeline.account (account_id, login, added_at)
    SELECT number::text, 'facebook', '2026-06-01' FROM generate_series(5000, 5999) AS number;
    INSERT INTO instagram.media (id, user_id, "timestamp", first_seen_at)
    SELECT '1' || number, number::text, '2026-06-19', '2026-06-19' FROM generate_series(5000, 5999) AS number;
    INSERT INTO instagram.media_like_comment (media_id, like_count, comments_count, datestamp, updated_timestamp)
    SELECT '1' || number, 1, 2, '2026-06-19', '2026-06-19' FROM generate_series(5000, 5999) AS number;
    INSERT INTO pipeline.dirty_mark (account_id, day, marked_at) VALUES ('5030', '2026-06-19', '2026-06-20')"#;
