//! The migrations: the published names are there, everything is explained, and no statement asks the server
//! what time it is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cekbrand_devkit::servers::{TestDatabase, TestServers};
use cekbrand_schema::Absence;
use sqlx::PgPool;
use sqlx::migrate::Migrator;

use crate::published::PUBLISHED;
use crate::source::{literals, sources};

pub(crate) static MIGRATOR: Migrator = sqlx::migrate!("../migrations");

/// Columns that may stay empty whatever the service does; each says why in its comment.
const EXCEPTIONS: [&str; 14] = [
    "instagram.instagram_tokens.token_secret",
    "instagram.media.is_archieved",
    "instagram.user.app_scoped_id",
    "instagram.user.region",
    "instagram.user_insight_audience_locale.absence",
    "instagram.user_insight_audience_locale.api_version",
    "instagram.user_insight_audience_locale.end_time",
    "instagram.user_insight_audience_locale.id",
    "instagram.user_insight_audience_locale.locale_code",
    "instagram.user_insight_audience_locale.observed_at",
    "instagram.user_insight_audience_locale.source",
    "instagram.user_insight_audience_locale.updated_timestamp",
    "instagram.user_insight_audience_locale.user_id",
    "instagram.user_insight_audience_locale.value",
];

async fn database() -> TestDatabase {
    TestServers::shared().unwrap().database().await.unwrap()
}

/// Every column of the three schemas with its comment, partitions aside.
const COLUMNS: &str = "
    SELECT nspname || '.' || relname, attname::text, col_description(pg_class.oid, attnum), obj_description(pg_class.oid, 'pg_class')
    FROM pg_attribute
    JOIN pg_class ON pg_class.oid = attrelid
    JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname IN ('instagram', 'toba_cek_insta', 'pipeline') AND relkind IN ('r', 'p', 'v') AND NOT relispartition
        AND attnum > 0 AND NOT attisdropped";

async fn columns(pool: &PgPool) -> Vec<(String, String, Option<String>, Option<String>)> {
    sqlx::query_as(COLUMNS).fetch_all(pool).await.unwrap()
}

#[tokio::test]
async fn every_published_name_exists() {
    let database = database().await;
    let mut tables: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (table, column, ..) in columns(&database.pool()).await {
        tables.entry(table).or_default().insert(column);
    }
    for (table, published) in PUBLISHED {
        let columns = tables.get(table).unwrap_or_else(|| panic!("{table} is missing"));
        for column in published.split(' ') {
            assert!(columns.contains(column), "{table}.{column} is missing");
        }
    }
    assert!(tables.contains_key("instagram.user_insight_metric"));
}

#[tokio::test]
async fn every_table_and_column_is_explained_and_the_exceptions_are_the_held_ones() {
    let database = database().await;
    let mut exceptions = Vec::new();
    for (table, column, comment, table_comment) in columns(&database.pool()).await {
        assert!(table_comment.is_some(), "{table} has no comment");
        let comment = comment.unwrap_or_else(|| panic!("{table}.{column} has no comment"));
        assert!(comment.ends_with('.') && comment.len() > 3, "{table}.{column}: {comment:?}");
        if comment.contains("Exception: ") {
            exceptions.push(format!("{table}.{column}"));
        }
    }
    exceptions.sort();
    assert_eq!(exceptions, EXCEPTIONS);
}

#[tokio::test]
async fn migrating_again_changes_nothing() {
    let database = database().await;
    MIGRATOR.run(&database.pool()).await.unwrap();
    MIGRATOR.run(&database.pool()).await.unwrap();
    let applied: i64 = sqlx::query_scalar("SELECT count(*) FROM _sqlx_migrations WHERE success")
        .fetch_one(&database.pool())
        .await
        .unwrap();
    assert_eq!(usize::try_from(applied).unwrap(), MIGRATOR.iter().count());
}

#[tokio::test]
async fn partitions_are_made_once() {
    let database = database().await;
    let make = "
        SELECT count(*) FILTER (WHERE pipeline.make_partition(parent, day::date))
        FROM unnest(ARRAY['event', 'graph_response']) AS parent,
            generate_series('2026-02-27', '2026-03-02'::timestamp, interval '1 day') AS day";
    for made in [8, 0] {
        assert_eq!(sqlx::query_scalar::<_, i64>(make).fetch_one(&database.pool()).await.unwrap(), made);
    }
    // A partition has the indexes and keys of its table.
    let keys: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_constraint
         WHERE conrelid = 'pipeline.graph_response_20260302'::regclass AND contype IN ('p', 'f')",
    )
    .fetch_one(&database.pool())
    .await
    .unwrap();
    assert_eq!(keys, 2);
}

#[tokio::test]
async fn absences_are_the_closed_list() {
    let database = database().await;
    let pool = database.pool();
    for absence in Absence::ALL.map(Absence::as_str) {
        sqlx::query(
            "SELECT $1::text::instagram.absence, jsonb_build_object('a', $1::text)::instagram.absences",
        )
        .bind(absence)
        .execute(&pool)
        .await
        .unwrap();
    }
    for wrong in
        ["'zero'::instagram.absence", "'{\"a\": \"zero\"}'::instagram.absences", "'[]'::instagram.absences"]
    {
        let refused =
            sqlx::query(sqlx::AssertSqlSafe(format!("SELECT {wrong}"))).execute(&pool).await.unwrap_err();
        let code = refused.as_database_error().unwrap().code().unwrap().into_owned();
        assert_eq!(code, "23514", "{wrong}");
    }
    let names: String = sqlx::query_scalar(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contypid = 'instagram.absence'::regtype",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(names.matches("::text").count(), Absence::ALL.len(), "{names}");
}

#[tokio::test]
async fn the_books_close_exactly_when_every_offset_is_accounted_for() {
    let database = database().await;
    sqlx::query(
        r#"INSERT INTO pipeline.consumer_offset
            ("group", topic, partition, start, next, epoch, landed, duplicates, dead_lettered, expired, continued, updated_at)
        VALUES ('g', 't', 0, 10, 25, 1, 5, 4, 3, 2, 1, 'epoch'), ('g', 't', 1, 10, 26, 1, 5, 4, 3, 2, 1, 'epoch')"#,
    )
    .execute(&database.pool())
    .await
    .unwrap();
    let closed: Vec<bool> = sqlx::query_scalar("SELECT closed FROM pipeline.ledger ORDER BY partition")
        .fetch_all(&database.pool())
        .await
        .unwrap();
    assert_eq!(closed, [true, false]);
}

#[test]
fn no_statement_asks_the_server_what_time_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut statements = 0;
    for folder in ["workers/src", "insights/src", "devkit/src", "src", "migrations"] {
        for file in sources(&root.join(folder)) {
            let text = std::fs::read_to_string(&file).unwrap();
            let is_rust = file.extension().is_some_and(|extension| extension == "rs");
            let found = if is_rust { literals(&text) } else { vec![text] };
            for statement in found.iter().filter(|literal| is_statement(literal)) {
                statements += 1;
                // The clock that all workers go by is the database's, and asks in one place.
                let asks = asked(statement).filter(|_| !file.ends_with("workers/src/clock.rs"));
                assert!(asks.is_none(), "{} uses {}: {statement}", file.display(), asks.unwrap_or_default());
            }
        }
    }
    assert!(statements > 50, "found only {statements} statements");
}

#[test]
fn the_search_for_server_time_finds_it() {
    let source = r##"let it = r#"UPDATE t SET "at" = NOW ( )"#; // "SELECT now()"
        let other = "SELECT \"x\", now"; let quote = '"'; let now = clock.now();"##;
    let statements: Vec<_> = literals(source).into_iter().filter(|literal| is_statement(literal)).collect();
    assert_eq!(statements, [r#"UPDATE t SET "at" = NOW ( )"#, r#"SELECT \"x\", now"#]);
    assert_eq!(asked(&statements[0]), Some("now("));
    assert_eq!(asked(&statements[1]), None);
    assert_eq!(asked("SELECT LOCALTIMESTAMP"), Some("localtimestamp"));
}

fn is_statement(literal: &str) -> bool {
    ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "CREATE "]
        .iter()
        .any(|word| literal.contains(word))
}

/// The first way in which a statement asks for the server's time.
fn asked(statement: &str) -> Option<&'static str> {
    let squeezed: String =
        statement.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ").replace(" (", "(");
    let words = [
        "now(",
        "current_timestamp",
        "current_date",
        "current_time",
        "localtimestamp",
        "localtime",
        "clock_timestamp",
        "statement_timestamp",
        "transaction_timestamp",
        "timeofday(",
    ];
    words.into_iter().find(|word| {
        squeezed
            .match_indices(word)
            .any(|(place, _)| !squeezed[..place].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
    })
}
