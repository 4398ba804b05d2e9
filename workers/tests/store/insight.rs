//! The law by which observations merge, held against the SQL that applies it.

use cekbrand_devkit::servers::TestServers;
use cekbrand_schema::{Absence, Decimal, Figure, Observation, Source};
use cekbrand_workers::insight::{self, InsightKey, InsightRow};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sqlx::PgPool;

use crate::brand::{Brand, at};

/// 2026-11-21T12:00:00Z.
const NOON: i64 = 1_795_262_400;

type Row = (String, Option<Decimal>, Option<String>, String, jiff_sqlx::Timestamp);

/// Every figure that behaves differently from the others, at two instants, from every source.
fn observations() -> Vec<Observation> {
    let values = ["0", "0.37", "5", "41.26"].map(|value| Figure::Value(value.parse().unwrap()));
    let figures = values.into_iter().chain(Absence::ALL.map(Figure::Absent));
    let sources = [Source::Backfill, Source::Poll, Source::Webhook];
    let mut all = Vec::new();
    for figure in figures {
        for seconds in 0..2 {
            for source in sources {
                let observed_at = Timestamp::from_second(NOON + seconds).unwrap();
                all.push(Observation { figure, observed_at, source });
            }
        }
    }
    all
}

/// Every pair of them; each pair is about a medium of its own.
fn pairs() -> Vec<(String, Observation, Observation)> {
    let all = observations();
    let mut pairs = Vec::new();
    for first in &all {
        for second in &all {
            pairs.push((format!("{:06}", pairs.len()), *first, *second));
        }
    }
    pairs
}

fn row(media: &str, seen: Observation) -> (InsightKey, InsightRow) {
    let row = InsightRow {
        figure: seen.figure,
        source: seen.source,
        observed_at: seen.observed_at,
        api_version: None,
        api_id: None,
    };
    (InsightKey::plain(media, "reach", seen.observed_at), row)
}

async fn write(pool: &PgPool, rows: &[(InsightKey, InsightRow)]) -> u64 {
    let mut conn = pool.acquire().await.unwrap();
    let rows = rows.iter().map(|(key, row)| (key, row));
    insight::upsert(&mut conn, rows, Timestamp::UNIX_EPOCH).await.unwrap()
}

async fn held(pool: &PgPool) -> Vec<(String, Observation)> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT media_id, value, absence::text, source::text, observed_at
         FROM instagram.media_insight ORDER BY media_id",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let observation = |(media, value, absence, source, observed_at): Row| {
        let figure = match (value, absence) {
            (Some(value), None) => Figure::Value(value),
            (None, Some(absence)) => Figure::Absent(absence.parse().unwrap()),
            both => panic!("{media}: {both:?}"),
        };
        let source = serde_json::from_value(source.into()).unwrap();
        (media, Observation { figure, observed_at: observed_at.to_jiff(), source })
    };
    rows.into_iter().map(observation).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_database_keeps_is_what_the_law_says() {
    let database = TestServers::shared().unwrap().database().await.unwrap();
    let (pool, pairs) = (database.pool(), pairs());
    let first: Vec<_> = pairs.iter().map(|(media, first, _)| row(media, *first)).collect();
    let second: Vec<_> = pairs.iter().map(|(media, _, second)| row(media, *second)).collect();
    assert_eq!(write(&pool, &first).await, u64::try_from(pairs.len()).unwrap());
    let changed = write(&pool, &second).await;
    for ((media, held), (of, first, second)) in held(&pool).await.into_iter().zip(&pairs) {
        assert_eq!(&media, of);
        assert_eq!(held, first.merge(*second), "{first:?}, then {second:?}");
    }
    let better = pairs.iter().filter(|(_, first, second)| first.merge(*second) != *first).count();
    assert_eq!(changed, u64::try_from(better).unwrap(), "only what makes a difference is written");
}

#[test]
fn rows_of_one_batch_merge_by_the_same_law() {
    for (media, first, second) in pairs() {
        let ((_, mut kept), (_, other)) = (row(&media, first), row(&media, second));
        kept.merge(&other);
        let seen = Observation { figure: kept.figure, observed_at: kept.observed_at, source: kept.source };
        assert_eq!(seen, first.merge(second), "{first:?}, then {second:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_database_cannot_tell_apart_does_not_make_the_order_of_arrival_matter() {
    let database = TestServers::shared().unwrap().database().await.unwrap();
    let pool = database.pool();
    let noon = Timestamp::from_second(NOON).unwrap();
    let seen = |value: i64, nanoseconds| Observation {
        figure: Figure::count(value),
        observed_at: noon + SignedDuration::from_nanos(nanoseconds),
        source: Source::Poll,
    };
    // PostgreSQL keeps microseconds: these two are of one instant, so the larger stays.
    let (larger, later) = (seen(7, 100), seen(3, 900));
    write(&pool, &[row("a", larger)]).await;
    write(&pool, &[row("a", later)]).await;
    write(&pool, &[row("b", later)]).await;
    write(&pool, &[row("b", larger)]).await;
    for (media, first, second) in [("c", larger, later), ("d", later, larger)] {
        let ((key, mut kept), (_, other)) = (row(media, first), row(media, second));
        kept.merge(&other);
        write(&pool, &[(key, kept)]).await;
    }
    let figures: Vec<_> = held(&pool).await.into_iter().map(|(_, held)| held.figure).collect();
    assert_eq!(figures, [Figure::count(7); 4]);
}

#[tokio::test]
async fn no_figure_of_a_lifetime_is_erased_by_a_later_absence() {
    let brand = Brand::at("2026-06-20T12:00").await;
    brand.medium("1", at("2026-06-01T09:00"), "#kopi", at("2026-06-01T10:00")).await;
    brand.counts("1", Some(10), 2, at("2026-06-02T09:00")).await;
    for (metric, value) in [("reach", 100), ("saved", 4), ("views", 300)] {
        brand.figure("1", metric, Some(value), at("2026-06-02T09:00")).await;
        brand.figure("1", metric, None, at("2026-06-04T09:00")).await;
    }
    // Something that does change on the day of the absences, so that there is a row to look at.
    brand.counts("1", Some(11), 2, at("2026-06-04T09:00")).await;
    brand.settle().await;
    let totals = brand
        .table(
            "SELECT jsonb_build_array(datestamp, total_reach, total_saved, skipped_reach, skipped_saved)
             FROM toba_cek_insta.user_hastags_metrics ORDER BY datestamp DESC LIMIT 1",
        )
        .await;
    assert_eq!(totals, [json!(["2026-06-04", 100, 4, 0, 0])]);
    let spread = brand
        .table(
            "SELECT jsonb_build_array(datestamp, reach, impressions)
             FROM toba_cek_insta.user_hastags_metrics_distribution ORDER BY datestamp DESC LIMIT 1",
        )
        .await;
    assert_eq!(spread, [json!(["2026-06-04", 100, 300])]);
}
