//! What is due by time is done once, by whichever worker comes first.

use cekbrand_workers::schedule::Tick;
use jiff_sqlx::ToSqlx;
use serde_json::json;

use crate::brand::{Brand, at};

#[tokio::test]
async fn partitions_exist_from_yesterday_to_a_week_ahead_and_take_what_the_default_caught() {
    let brand = Brand::at("2026-06-20T12:00").await;
    let insert = "
        INSERT INTO pipeline.event
            (event_id, is_test, object, field, account_id, raw, received_at, landed_at, topic, partition, \"offset\",
             secret_label, schema_version)
        VALUES (sha256(convert_to($2::text, 'UTF8')), false, 'instagram', 'comments', '1', '{}', $1, $1, 't', 0, $2, 'app', 1)";
    for (number, received) in
        (0i64..).zip([at("2026-06-20T06:59"), at("2026-06-20T07:00"), at("2026-01-01T00:00")])
    {
        sqlx::query(insert).bind(received.to_sqlx()).bind(number).execute(&brand.pool).await.unwrap();
    }
    assert_eq!(brand.scheduler().tick().await.unwrap(), Tick::Done { partitions: 18, midnights: 1 });
    let places = brand
        .table(r#"SELECT jsonb_build_array("offset", tableoid::regclass::text) FROM pipeline.event ORDER BY "offset""#)
        .await;
    assert_eq!(
        places,
        [
            json!([0, "pipeline.event_20260619"]),
            json!([1, "pipeline.event_20260620"]),
            json!([2, "pipeline.event_default"]),
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
