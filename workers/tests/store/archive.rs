//! What retention drops is in a file first, whole and readable; what is not in a file stays.

use std::path::Path;
use std::sync::Arc;

use cekbrand_workers::retention::{Archive, ArchiveError, Retention, RetentionError, RetentionSettings};
use jiff_sqlx::ToSqlx;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};
use tokio_util::sync::CancellationToken;

use crate::brand::{Brand, at};

/// More than one group of rows, with everything that a column may hold: 20,000 rows are one.
const EVENTS: &str = r#"
    INSERT INTO pipeline.event
        (event_id, is_test, subject_id, object, field, account_id, raw, entry_time, received_at, landed_at, topic, partition,
         "offset", secret_label, schema_version, extra)
    SELECT sha256(convert_to('event ' || n, 'UTF8')), n % 7 = 0, CASE WHEN n % 2 = 0 THEN 's' || n END, 'instagram', 'comments',
        '1', '{"text":"kopi ☕ ' || n || '"}', CASE WHEN n % 3 = 0 THEN $1::timestamptz END, $1::timestamptz + n * interval '1 millisecond',
        $1, 't', n % 12, n, 'app', 1, CASE WHEN n % 5 = 0 THEN '{}' END
    FROM generate_series(1, $2) AS n"#;

const ANSWERS: &str = "
    INSERT INTO pipeline.graph_response
        (fetch_id, account_id, target_id, request, status, body, error_code, usage, observed_at, api_version, duration_ms)
    SELECT 'ig_media', '1', 'm' || n, 'm?fields=id', 200, repeat('x', 1000), CASE WHEN n = 2 THEN 100 END,
        CASE WHEN n = 3 THEN '{\"a\": 1}'::jsonb END, $1, 'v25.0', n
    FROM generate_series(1, 3) AS n";

async fn fill(brand: &Brand, day: &str, events: i64) {
    let noon = at(day).to_sqlx();
    brand.scheduler().tick().await.unwrap();
    sqlx::query("SELECT pipeline.make_partition('event', $1::timestamptz::date), pipeline.make_partition('graph_response', $1::timestamptz::date)")
        .bind(noon)
        .execute(&brand.pool)
        .await
        .unwrap();
    sqlx::query(EVENTS).bind(noon).bind(events).execute(&brand.pool).await.unwrap();
    sqlx::query(ANSWERS).bind(noon).execute(&brand.pool).await.unwrap();
}

fn retention(brand: &Brand, archive: Archive) -> Retention {
    let (clock, stop) = (Arc::new(brand.clock.clone()), CancellationToken::new());
    let retention = Retention::new(brand.pool.clone(), clock, RetentionSettings::default(), stop);
    retention.with_archive(Some(archive))
}

fn rows(path: &Path) -> Vec<Row> {
    let reader = SerializedFileReader::new(std::fs::File::open(path).unwrap()).unwrap();
    reader.get_row_iter(None).unwrap().map(Result::unwrap).collect()
}

fn field<'a>(row: &'a Row, name: &str) -> &'a Field {
    row.get_column_iter().find(|(column, _)| *column == name).unwrap().1
}

async fn count(brand: &Brand, sql: &'static str) -> i64 {
    brand.table(sql).await[0].as_i64().unwrap()
}

const EVENTS_LEFT: &str = "SELECT to_jsonb(count(*)) FROM pipeline.event";

#[tokio::test(flavor = "multi_thread")]
async fn days_that_are_dropped_are_files_that_hold_every_row() {
    let brand = Brand::at("2026-06-20T12:00").await;
    fill(&brand, "2025-01-02T12:00", 45_000).await;
    fill(&brand, "2026-06-19T12:00", 10).await;
    let directory = tempfile::tempdir().unwrap();
    let expected: Vec<serde_json::Value> = brand
        .table(
            "SELECT to_jsonb(e) - 'event_id' || jsonb_build_object('event_id', encode(event_id, 'hex'),
            'received_at', (extract(epoch FROM received_at) * 1000000)::bigint) FROM pipeline.event e
            WHERE received_at < '2026-01-01' ORDER BY e.received_at",
        )
        .await;
    // What an earlier try left behind is no file yet.
    std::fs::create_dir_all(directory.path().join("event")).unwrap();
    std::fs::write(directory.path().join("event/event_20250102.parquet.part"), "torn").unwrap();

    let pruned = retention(&brand, Archive::open(directory.path()).unwrap()).round().await.unwrap();
    assert_eq!(pruned.get("event"), Some(&1));
    assert_eq!(pruned.get("graph_response"), Some(&1));
    assert_eq!(count(&brand, EVENTS_LEFT).await, 10, "the other day stays");
    let mut names: Vec<String> = walk(directory.path());
    names.sort();
    assert_eq!(names, ["event/event_20250102.parquet", "graph_response/graph_response_20250102.parquet"]);

    let found = rows(&directory.path().join(&names[0]));
    assert_eq!(found.len(), 45_000);
    for (row, expected) in found.iter().zip(&expected) {
        let Field::Bytes(id) = field(row, "event_id") else { panic!("{row:?}") };
        assert_eq!(const_hex::encode(id.data()), expected["event_id"].as_str().unwrap());
        assert_eq!(
            field(row, "received_at"),
            &Field::TimestampMicros(expected["received_at"].as_i64().unwrap())
        );
        for name in ["subject_id", "extra", "raw", "topic", "secret_label"] {
            let told = expected[name].as_str().map_or(Field::Null, |text| Field::Str(text.to_owned()));
            assert_eq!(field(row, name), &told, "{name}");
        }
        assert_eq!(field(row, "is_test"), &Field::Bool(expected["is_test"].as_bool().unwrap()));
        assert_eq!(field(row, "offset"), &Field::Long(expected["offset"].as_i64().unwrap()));
        assert_eq!(field(row, "entry_time") == &Field::Null, expected["entry_time"].is_null());
    }
    let answers = rows(&directory.path().join(&names[1]));
    let codes: Vec<&Field> = answers.iter().map(|row| field(row, "error_code")).collect();
    assert_eq!(codes, [&Field::Null, &Field::Int(100), &Field::Null]);
    assert_eq!(field(&answers[2], "usage"), &Field::Str("{\"a\": 1}".to_owned()));
}

fn walk(directory: &Path) -> Vec<String> {
    let folders = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    let files = folders.flat_map(|folder| {
        let files = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name());
        files
            .map(move |file| format!("{}/{}", folder.file_name().display(), file.display()))
            .collect::<Vec<_>>()
    });
    files.collect()
}

/// A file's rows are gone from the database: it is never written over.
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_later_for_a_day_that_was_dropped_gets_a_file_of_its_own() {
    let brand = Brand::at("2026-06-20T12:00").await;
    let directory = tempfile::tempdir().unwrap();
    let archive = Archive::open(directory.path()).unwrap();
    for events in [20, 7] {
        fill(&brand, "2025-01-02T12:00", events).await;
        retention(&brand, archive.clone()).round().await.unwrap();
        assert_eq!(count(&brand, EVENTS_LEFT).await, 0);
    }
    let of = |name: &str| rows(&directory.path().join("event").join(name)).len();
    assert_eq!((of("event_20250102.parquet"), of("event_20250102_2.parquet")), (20, 7));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_kept_is_not_dropped() {
    let brand = Brand::at("2026-06-20T12:00").await;
    fill(&brand, "2025-01-02T12:00", 20).await;
    sqlx::query("INSERT INTO pipeline.audit (at, actor, action, target) VALUES ('epoch', 'a', 'b', 'c')")
        .execute(&brand.pool)
        .await
        .unwrap();
    let directory = tempfile::tempdir().unwrap();
    let archive = Archive::open(directory.path()).unwrap();
    // A directory stands where the file is written.
    let place = directory.path().join("event/event_20250102.parquet");
    let part = directory.path().join("event/event_20250102.parquet.part");
    std::fs::create_dir_all(&part).unwrap();
    let error = retention(&brand, archive.clone()).round().await.unwrap_err();
    assert!(matches!(&error, RetentionError::Archive(ArchiveError::Disk(..))), "{error:?}");
    assert_eq!(count(&brand, EVENTS_LEFT).await, 20);
    assert_eq!(
        count(&brand, "SELECT to_jsonb(count(*)) FROM pipeline.graph_response").await,
        0,
        "the rest goes on"
    );
    assert_eq!(count(&brand, "SELECT to_jsonb(count(*)) FROM pipeline.audit").await, 0);

    std::fs::remove_dir_all(&part).unwrap();
    retention(&brand, archive).round().await.unwrap();
    assert_eq!((count(&brand, EVENTS_LEFT).await, rows(&place).len()), (0, 20));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_adds_to_a_day_while_it_is_kept() {
    let brand = Brand::at("2026-06-20T12:00").await;
    fill(&brand, "2025-01-02T12:00", 1).await;
    let mut holder = brand.pool.begin().await.unwrap();
    sqlx::query("SELECT pipeline.hold_partition('event', '2025-01-02')").execute(&mut *holder).await.unwrap();
    let mut writer = brand.pool.begin().await.unwrap();
    sqlx::query("SET LOCAL lock_timeout = '100ms'").execute(&mut *writer).await.unwrap();
    let refused =
        sqlx::query(EVENTS).bind(at("2025-01-02T13:00").to_sqlx()).bind(1_i64).execute(&mut *writer).await;
    let code = refused.unwrap_err().as_database_error().unwrap().code().unwrap().into_owned();
    assert_eq!(code, "55P03");
}

#[test]
fn a_directory_that_cannot_be_written_is_refused_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = Archive::open(&file).unwrap_err();
    assert!(matches!(error, ArchiveError::Disk(..)), "{error:?}");
    assert!(error.to_string().contains("--archive"), "{error}");
}
