//! What is due by time is done once, by whichever worker comes first.

use cekbrand_workers::reads::Kind;
use cekbrand_workers::schedule::{self, Tick};
use jiff_sqlx::ToSqlx;
use serde_json::json;

use crate::brand::{ACCOUNT, Brand, at};

const INSERT: &str = "
    INSERT INTO pipeline.event
        (event_id, is_test, object, field, account_id, raw, received_at, landed_at, topic, partition, \"offset\",
         secret_label, schema_version)
    VALUES (sha256(convert_to($2::text, 'UTF8')), false, 'instagram', 'comments', '1', '{}', $1, $1, 't', 0, $2, 'app', 1)";

#[tokio::test]
async fn partitions_exist_from_yesterday_to_a_week_ahead_and_for_older_days_that_the_default_caught() {
    let brand = Brand::at("2026-06-20T12:00").await;
    for (number, received) in
        (0i64..).zip([at("2026-06-20T06:59"), at("2026-06-20T07:00"), at("2026-01-01T00:00")])
    {
        sqlx::query(INSERT).bind(received.to_sqlx()).bind(number).execute(&brand.pool).await.unwrap();
    }
    assert_eq!(brand.scheduler().tick().await.unwrap(), Tick::Done { partitions: 19, midnights: 1 });
    let places = brand
        .table(r#"SELECT jsonb_build_array("offset", tableoid::regclass::text) FROM pipeline.event ORDER BY "offset""#)
        .await;
    assert_eq!(
        places,
        [
            json!([0, "pipeline.event_20260619"]),
            json!([1, "pipeline.event_20260620"]),
            json!([2, "pipeline.event_20251231"]),
        ]
    );
    assert_eq!(brand.scheduler().tick().await.unwrap(), Tick::Done { partitions: 0, midnights: 0 });
    let last =
        brand.table("SELECT to_jsonb(to_regclass('pipeline.graph_response_20260627') IS NOT NULL)").await;
    assert_eq!(last, [json!(true)]);
}

#[tokio::test]
async fn each_local_midnight_is_marked_once_and_a_pause_leaves_no_gap() {
    let brand = Brand::at("2026-06-20T23:59").await;
    let marks = "SELECT to_jsonb(day) FROM pipeline.dirty_mark ORDER BY day";
    brand.scheduler().tick().await.unwrap();
    brand.scheduler().tick().await.unwrap();
    assert_eq!(brand.table(marks).await, [json!("2026-06-20")]);

    brand.clock.set(at("2026-06-21T00:00"));
    brand.scheduler().tick().await.unwrap();
    assert_eq!(brand.table(marks).await, [json!("2026-06-20"), json!("2026-06-21")]);

    brand.clock.set(at("2026-06-24T05:00"));
    brand.scheduler().tick().await.unwrap();
    let days = ["2026-06-20", "2026-06-21", "2026-06-22", "2026-06-23", "2026-06-24"].map(|day| json!(day));
    assert_eq!(brand.table(marks).await, days);

    sqlx::query("UPDATE pipeline.account SET removed_at = added_at").execute(&brand.pool).await.unwrap();
    brand.clock.set(at("2026-06-25T05:00"));
    brand.scheduler().tick().await.unwrap();
    assert_eq!(brand.table(marks).await, days);
}

/// `[kind, variant, lane]` of every read that is wanted.
const WANTED: &str = "
    SELECT jsonb_build_array(kind, variant, lane) FROM pipeline.enrichment_task
    WHERE kind IN ('user', 'user_media', 'user_stories', 'live_media', 'user_tags')
    ORDER BY kind, variant";

#[tokio::test]
async fn an_accounts_first_beat_asks_for_its_past_and_the_next_ones_for_what_is_new() {
    let brand = Brand::at("2026-06-20T12:00").await;
    brand.scheduler().tick().await.unwrap();
    let first = [
        json!(["live_media", "", 0]),
        json!(["user", "", 2]),
        json!(["user_media", "", 1]),
        json!(["user_stories", "", 0]),
        json!(["user_tags", "", 3]),
    ];
    assert_eq!(brand.table(WANTED).await, first);
    brand.scheduler().tick().await.unwrap();
    assert_eq!(brand.table(WANTED).await, first, "once is enough");

    // All is read; then the night of the account's own day comes.
    let read = "UPDATE pipeline.enrichment_task SET state = 'done', fresh_until = created_at, finished_at = created_at";
    sqlx::query(read).execute(&brand.pool).await.unwrap();
    brand.clock.set(at("2026-06-21T00:59"));
    brand.scheduler().tick().await.unwrap();
    let open = "SELECT to_jsonb(kind) FROM pipeline.enrichment_task WHERE state <> 'done' AND kind <> 'comments' ORDER BY kind, variant";
    let polled = [json!("live_media"), json!("user_stories")];
    let of_mine = |kinds: Vec<serde_json::Value>| -> Vec<serde_json::Value> {
        let mine = ["user", "user_media", "user_stories", "live_media", "user_tags"];
        kinds.into_iter().filter(|kind| mine.contains(&kind.as_str().unwrap())).collect()
    };
    assert_eq!(of_mine(brand.table(open).await), polled, "every four hours");
    brand.clock.set(at("2026-06-21T05:00"));
    brand.scheduler().tick().await.unwrap();
    let nightly =
        [json!("live_media"), json!("user"), json!("user_media"), json!("user_stories"), json!("user_tags")];
    assert_eq!(of_mine(brand.table(open).await), nightly);
    let recent =
        "SELECT to_jsonb(variant) FROM pipeline.enrichment_task WHERE kind = 'user_media' ORDER BY variant";
    assert_eq!(brand.table(recent).await, [json!(""), json!("recent")]);
}

/// The figures of a day settle within two days; unique people of 7 and 28 days cannot be summed up, so that
/// those windows are read by themselves, and once for what growth is measured against.
#[tokio::test]
async fn an_accounts_figures_are_due_daily_with_the_last_days_again_and_demographics_weekly() {
    let brand = Brand::at("2026-06-20T12:00").await;
    let wanted = "
        SELECT jsonb_agg(variant ORDER BY variant) FROM pipeline.enrichment_task
        WHERE state = 'waiting' AND kind IN ('user_series', 'user_totals', 'user_breakdown', 'online_followers', 'demographics')
        GROUP BY kind ORDER BY kind";
    brand.scheduler().tick().await.unwrap();
    let breakdowns = [
        "follows_and_unfollows:day",
        "follows_and_unfollows:day-2",
        "profile_links_taps:day",
        "profile_links_taps:day-2",
    ];
    let first = [
        json!(["age_gender", "city", "country", "locale"]),
        json!(["days_30"]),
        json!(breakdowns),
        json!(["days_30"]),
        json!(["day", "day-2", "days_28", "days_28-28", "week", "week-7"]),
    ];
    assert_eq!(brand.table(wanted).await, first);
    let read = "UPDATE pipeline.enrichment_task SET state = 'done', fresh_until = created_at, finished_at = created_at";
    sqlx::query(read).execute(&brand.pool).await.unwrap();
    brand.clock.set(at("2026-06-21T05:00"));
    brand.scheduler().tick().await.unwrap();
    let daily =
        [json!(["days_3"]), json!(breakdowns), json!(["days_3"]), json!(["day", "day-2", "days_28", "week"])];
    assert_eq!(brand.table(wanted).await, daily);
    sqlx::query(read).execute(&brand.pool).await.unwrap();
    brand.clock.set(at("2026-06-27T05:00"));
    brand.scheduler().tick().await.unwrap();
    assert_eq!(brand.table(wanted).await.len(), 5, "a week later");
}

#[tokio::test]
async fn an_account_that_starts_over_is_asked_for_its_past_again() {
    let brand = Brand::at("2026-06-20T12:00").await;
    brand.scheduler().tick().await.unwrap();
    sqlx::query("DELETE FROM pipeline.enrichment_task").execute(&brand.pool).await.unwrap();
    let mut conn = brand.pool.acquire().await.unwrap();
    schedule::start_over(&mut conn, ACCOUNT, brand.now()).await.unwrap();
    assert_eq!(brand.table(WANTED).await.len(), 5);
    let whole =
        "SELECT to_jsonb(count(*)) FROM pipeline.enrichment_task WHERE kind = 'user_media' AND variant = ''";
    assert_eq!(brand.table(whole).await, [json!(1)]);
}

#[tokio::test]
async fn comments_are_looked_for_where_instagram_counts_more_of_them() {
    let brand = Brand::at("2026-06-20T12:00").await;
    for (media, counted) in [("more", 2_i64), ("same", 1), ("none", 0)] {
        brand.medium(media, at("2026-06-19T12:00"), "", brand.now()).await;
        let sql = "UPDATE instagram.media SET comments_count = $2 WHERE id = $1";
        sqlx::query(sql).bind(media).bind(counted).execute(&brand.pool).await.unwrap();
    }
    let comment = "
        INSERT INTO instagram.media_comment (id, media_id, first_seen_at, updated_timestamp, source)
        VALUES ('a', 'more', to_timestamp(0), to_timestamp(0), 'webhook'), ('b', 'same', to_timestamp(0), to_timestamp(0), 'webhook')";
    sqlx::query(comment).execute(&brand.pool).await.unwrap();
    let mut conn = brand.pool.acquire().await.unwrap();
    let found = schedule::backfill_comments(&mut conn, ACCOUNT, brand.now()).await.unwrap();
    // This version may have no read of the comments below a medium.
    assert_eq!(found, usize::from("comments".parse::<Kind>().is_ok()));
}

#[tokio::test]
async fn one_worker_at_a_time_gets_through() {
    let brand = Brand::at("2026-06-20T12:00").await;
    let mut other = brand.pool.begin().await.unwrap();
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('cekbrand.schedule', 0))")
        .execute(&mut *other)
        .await
        .unwrap();
    assert_eq!(brand.scheduler().tick().await.unwrap(), Tick::Elsewhere);
    assert_eq!(brand.marks().await, 0);
}

/// Each writer holds a lock on the default partition while it writes the day for which a partition is wanted,
/// and wants another one.
#[tokio::test(flavor = "multi_thread")]
async fn a_days_partition_is_made_while_the_day_is_being_written() {
    let brand = Brand::at("2026-06-20T12:00").await;
    let stop = tokio_util::sync::CancellationToken::new();
    let writers: Vec<_> = (0..4_i64)
        .map(|writer| tokio::spawn(write(brand.pool.clone(), writer << 32, stop.clone())))
        .collect();
    let caught = "SELECT to_jsonb(count(*)) FROM pipeline.event_default";
    while brand.table(caught).await[0].as_i64().unwrap() < 100 {
        tokio::task::yield_now().await;
    }
    let ticked = brand.scheduler().tick().await;
    stop.cancel();
    let mut written = 0;
    for writer in writers {
        written += writer.await.unwrap();
    }
    assert_eq!(ticked.unwrap(), Tick::Done { partitions: 18, midnights: 1 });
    assert_eq!(brand.table("SELECT to_jsonb(count(*)) FROM pipeline.event").await, [json!(written)]);
    assert_eq!(brand.table(caught).await, [json!(0)]);
}

/// Writes two rows of the day in each transaction until it is stopped; returns how many stayed.
async fn write(pool: sqlx::PgPool, first: i64, stop: tokio_util::sync::CancellationToken) -> i64 {
    let (mut number, mut written) = (first, 0);
    while !stop.is_cancelled() {
        let mut transaction = pool.begin().await.unwrap();
        let mut whole = true;
        for _ in 0..2 {
            let insert = sqlx::query(INSERT).bind(at("2026-06-20T12:00").to_sqlx()).bind(number);
            number += 1;
            if let Err(error) = insert.execute(&mut *transaction).await {
                // The row was on its way into the default partition when the day's took its place: the next
                // try finds it.
                let code = error
                    .as_database_error()
                    .and_then(sqlx::error::DatabaseError::code)
                    .unwrap()
                    .into_owned();
                assert_eq!(code, "23514", "{error}");
                whole = false;
                break;
            }
        }
        if whole {
            transaction.commit().await.unwrap();
            written += 2;
        }
    }
    written
}
