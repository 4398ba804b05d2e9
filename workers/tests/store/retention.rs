//! What is old goes, the books stay: a clock that goes on for 500 days.

use std::sync::Arc;
use std::time::Duration;

use cekbrand_workers::retention::{Retention, RetentionSettings};
use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::brand::{Brand, at};

/// What a day leaves behind, in each table that retention looks after.
const DAY: &str = "
    WITH landed AS (
        INSERT INTO pipeline.event
            (event_id, is_test, object, field, account_id, raw, received_at, landed_at, topic, partition, \"offset\",
             secret_label, schema_version)
        SELECT sha256(convert_to($2::text || '.' || n, 'UTF8')), false, 'instagram', 'comments', '1', '{}', $1, $1, 't', 0,
            $2 * 3 + n, 'app', 1
        FROM generate_series(0, 2) AS n
        RETURNING event_id
    ),
    known AS (
        INSERT INTO pipeline.event_key (event_id, received_at) SELECT event_id, $1 FROM landed
    ),
    dead AS (
        INSERT INTO pipeline.dead_letter
            (event_id, topic, partition, \"offset\", reason, error, payload, parts, landed_at, resolution, resolved_at)
        VALUES (sha256(convert_to('dead' || $2::text, 'UTF8')), 't', 0, -$2, 'r', 'e', 'x', 2, $1, 'dropped', $1)
        RETURNING event_id
    ),
    part AS (
        INSERT INTO pipeline.dead_letter_part (event_id, part, payload) SELECT event_id, 1, 'y' FROM dead
    ),
    answer AS (
        INSERT INTO pipeline.graph_response
            (fetch_id, account_id, target_id, request, status, body, observed_at, api_version, duration_ms)
        VALUES ('ig_media', '1', 'm', 'm', 200, '{}', $1, 'v25.0', 1)
    ),
    task AS (
        INSERT INTO pipeline.enrichment_task
            (kind, target_id, account_id, lane, due_at, wanted_at, finished_at, fresh_until, state, created_at)
        VALUES ('media', $2::text, '1', 1, $1, $1, $1, $1, 'done', $1)
    ),
    audited AS (
        INSERT INTO pipeline.audit (at, actor, action, target) VALUES ($1, 'a', 'b', 'c')
    ),
    replayed AS (
        INSERT INTO pipeline.replay_run
            (source, topic, from_time, to_time, enrich, state, started_at, updated_at, finished_at)
        VALUES ('kafka', 't', $1, $1::timestamptz + interval '1 second', 'none', 'done', $1, $1, $1)
    )
    UPDATE pipeline.consumer_offset SET next = next + 4, landed = landed + 3, dead_lettered = dead_lettered + 1";

#[tokio::test]
async fn after_500_days_the_tables_hold_what_their_knobs_say_and_the_books_close() {
    let brand = Brand::at("2026-01-01T12:00").await;
    sqlx::query(
        r#"INSERT INTO pipeline.consumer_offset ("group", topic, partition, start, next, epoch, updated_at)
           VALUES ('g', 't', 0, 0, 0, 1, 'epoch')"#,
    )
    .execute(&brand.pool)
    .await
    .unwrap();
    let open = r#"INSERT INTO pipeline.dead_letter (topic, partition, "offset", reason, error, payload, landed_at)
                  VALUES ('t', 0, 9999999, 'r', 'e', 'x', 'epoch')"#;
    sqlx::query(open).execute(&brand.pool).await.unwrap();
    sqlx::query("UPDATE pipeline.consumer_offset SET next = 1, dead_lettered = 1")
        .execute(&brand.pool)
        .await
        .unwrap();
    let clock = Arc::new(brand.clock.clone());
    let retention =
        Retention::new(brand.pool.clone(), clock, RetentionSettings::default(), CancellationToken::new());
    let start = brand.now();
    for day in 0..=500_i32 {
        let now = start + SignedDuration::from_hours(24 * i64::from(day));
        brand.clock.set(now);
        // The scheduler is away for weeks at a time: what it has not made is caught.
        if day % 25 == 0 {
            brand.scheduler().tick().await.unwrap();
        }
        sqlx::query(DAY).bind(now.to_sqlx()).bind(day).execute(&brand.pool).await.unwrap();
        if day % 25 == 0 {
            retention.round().await.unwrap();
        }
    }
    while brand.scheduler().tick().await.unwrap()
        != (cekbrand_workers::schedule::Tick::Done { partitions: 0, midnights: 0 })
    {}
    retention.round().await.unwrap();

    // A partition goes when its whole UTC day is older than 400 days, so that a day more is there.
    let held = async |sql: &'static str| brand.table(sql).await[0].as_i64().unwrap();
    assert_eq!(held("SELECT to_jsonb(count(*)) FROM pipeline.event").await, 3 * 401);
    assert_eq!(held("SELECT to_jsonb(count(*)) FROM pipeline.graph_response").await, 91);
    let parts = "SELECT to_jsonb(count(*)) FROM pg_inherits WHERE inhparent = 'pipeline.event'::regclass";
    assert!(held(parts).await <= 401 + 7 + 1, "{}", held(parts).await);
    for (table, kept) in [
        ("SELECT to_jsonb(count(*)) FROM pipeline.event_key", 3 * 41),
        ("SELECT to_jsonb(count(*)) FROM pipeline.enrichment_task WHERE state = 'done'", 91),
        ("SELECT to_jsonb(count(*)) FROM pipeline.dead_letter WHERE resolution IS NOT NULL", 91),
        ("SELECT to_jsonb(count(*)) FROM pipeline.dead_letter_part", 91),
        ("SELECT to_jsonb(count(*)) FROM pipeline.audit", 401),
        ("SELECT to_jsonb(count(*)) FROM pipeline.replay_run", 91),
        ("SELECT to_jsonb(count(*)) FROM pipeline.dead_letter WHERE resolution IS NULL", 1),
    ] {
        assert_eq!(held(table).await, kept, "{table}");
    }
    let books = brand
        .table(
            "SELECT jsonb_build_array(closed, ledger.landed, ledger.dead_lettered, events_pruned, dead_letters_pruned)
             FROM pipeline.ledger JOIN pipeline.consumer_offset USING (topic, partition)",
        )
        .await;
    assert_eq!(books, [json!([true, 1503, 502, 1503 - 3 * 401, 501 - 91])]);
    let oldest = brand.table("SELECT to_jsonb(min(received_at)) FROM pipeline.event").await;
    let oldest: Timestamp = oldest[0].as_str().unwrap().parse().unwrap();
    let age = brand.now().duration_since(oldest);
    assert!(age.as_hours() < 24 * 401, "{age}");
}

/// What somebody still asks for is not old, however long ago it was done.
#[tokio::test]
async fn what_is_open_or_wanted_again_is_not_taken_away() {
    let brand = Brand::at("2026-06-20T12:00").await;
    let long_ago = at("2025-01-01T00:00");
    let task = "
        INSERT INTO pipeline.enrichment_task
            (kind, target_id, account_id, lane, due_at, wanted_at, finished_at, fresh_until, state, created_at)
        VALUES ('media', 'waits', '1', 1, $1, $1, $1, $1, 'waiting', $1), ('media', 'fresh', '1', 1, $1, $1, $1, $2, 'done', $1),
            ('media', 'old', '1', 1, $1, $1, $1, $1, 'done', $1)";
    sqlx::query(task)
        .bind(long_ago.to_sqlx())
        .bind(brand.now().to_sqlx())
        .execute(&brand.pool)
        .await
        .unwrap();
    let stop = CancellationToken::new();
    let settings = RetentionSettings { tasks: Duration::from_hours(24), ..RetentionSettings::default() };
    let retention = Retention::new(brand.pool.clone(), Arc::new(brand.clock.clone()), settings, stop);
    let pruned = retention.round().await.unwrap();
    assert_eq!(pruned.get("enrichment_task"), Some(&1), "{pruned:?}");
    let left = "SELECT to_jsonb(target_id) FROM pipeline.enrichment_task ORDER BY target_id";
    assert_eq!(brand.table(left).await, [json!("fresh"), json!("waits")]);
}

#[tokio::test]
async fn one_round_at_a_time_gets_through() {
    let brand = Brand::at("2026-06-20T12:00").await;
    let mut other = brand.pool.acquire().await.unwrap();
    sqlx::query("SELECT pg_advisory_lock(hashtextextended('cekbrand.retention', 0))")
        .execute(&mut *other)
        .await
        .unwrap();
    sqlx::query("INSERT INTO pipeline.audit (at, actor, action, target) VALUES ('epoch', 'a', 'b', 'c')")
        .execute(&brand.pool)
        .await
        .unwrap();
    let clock = Arc::new(brand.clock.clone());
    let retention =
        Retention::new(brand.pool.clone(), clock, RetentionSettings::default(), CancellationToken::new());
    assert!(retention.round().await.unwrap().is_empty());
    sqlx::query("SELECT pg_advisory_unlock(hashtextextended('cekbrand.retention', 0))")
        .execute(&mut *other)
        .await
        .unwrap();
    let pruned = retention.round().await.unwrap();
    assert_eq!(pruned.get("audit"), Some(&1));
}
