//! Who computes what is marked, and when.

use std::sync::Arc;
use std::time::Duration;

use cekbrand_workers::analyse::marks::{self, Mark};
use cekbrand_workers::analyse::{AnalyseSettings, Analyser};
use jiff_sqlx::ToSqlx;
use serde_json::json;

use crate::brand::{ACCOUNT, Brand, at};

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
    let mark = Mark { account_id: ACCOUNT.to_owned(), instant: at("2026-06-20T11:00") };
    marks::mark(&mut writer, &[mark].into(), at("2026-06-20T11:00")).await.unwrap();
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
