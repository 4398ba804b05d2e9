//! The migrations: the published names are there, everything is explained, and no statement asks the server
//! what time it is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cekbrand_devkit::servers::{TestDatabase, TestServers};
use cekbrand_schema::Absence;
use sqlx::PgPool;
use sqlx::migrate::Migrator;

use crate::source::{literals, sources};

pub(crate) static MIGRATOR: Migrator = sqlx::migrate!("../migrations");

/// The names that readers rely on.
#[rustfmt::skip]
const PUBLISHED: [(&str, &str); 36] = [
    ("instagram.user", "id username name biography profile_picture_url website social_account_id updated_timestamp has_problems is_userid_valid"),
    ("instagram.user_data", "id user_id followers_count follows_count media_count updated_timestamp datestamp followers_count_growth media_count_growth"),
    ("instagram.user_competitor", "id user_id competitor_id"),
    ("instagram.user_insight_audience_city", "id user_id city province value"),
    ("instagram.user_insight_audience_country", "id user_id country_code value end_time updated_timestamp"),
    ("instagram.user_insight_audience_gender_age", "id user_id gender age value end_time updated_timestamp"),
    ("instagram.user_insight_audience_locale", "id user_id locale_code value end_time updated_timestamp"),
    ("instagram.user_insight_impressions", "id user_id period value end_time updated_timestamp"),
    ("instagram.user_insight_online_follower", "id user_id hour value end_time updated_timestamp"),
    ("instagram.user_insight_reach", "id user_id period value end_time updated_timestamp"),
    ("instagram.media", "id user_id permalink media_type timestamp username caption is_comment_enabled comments_count like_count media_url thumbnail_url shortcode owner_id media_hastag is_archieved updated_timestamp datestamp"),
    ("instagram.media_comment", "id username media_id text timestamp like_count hidden updated_timestamp"),
    ("instagram.media_like_comment", "id media_id like_count comments_count updated_timestamp datestamp comments_count_growth like_count_growth"),
    ("instagram.media_insight", "id media_id metric value updated_timestamp datestamp"),
    ("instagram.instagram_tokens", "user_id token token_secret expired_at"),
    ("instagram.fetch_catalogue", "fetch_id fetch_name"),
    ("instagram.user_insight_visitor", "user_id value end_time datestamp id updated_timestamp"),
    ("toba_cek_insta.user_insight_engagement", "id user_id engagement likes_count comments_count timeframe datestamp updated_timestamp"),
    ("toba_cek_insta.user_media_largest_engagement", "id user_id media_id timeframe engagement_count updated_timestamp"),
    ("toba_cek_insta.user_media_smallest_engagement", "id user_id media_id timeframe engagement_count updated_timestamp"),
    ("toba_cek_insta.user_hastags_metrics", "id user_id hastag total_engagement post_count engagement_per_post updated_timestamp datestamp total_reach total_saved reach_per_post saved_per_post"),
    ("toba_cek_insta.user_media_comment_sentiment", "id comment_id media_id sentiment updated_timestamp"),
    ("toba_cek_insta.user_hastags_metrics_distribution", "id user_id media_id hastag media_timestamp engagement reach impressions updated_timestamp datestamp comments_count like_count"),
    ("toba_cek_insta.user_insight_engagement_growth", "id user_id growth timeframe datestamp updated_timestamp"),
    ("toba_cek_insta.user_insight_engagement_rate_growth", "id user_id growth timeframe datestamp updated_timestamp"),
    ("toba_cek_insta.user_insight_follower_online", "id user_id hours val date_range updated_date"),
    ("toba_cek_insta.user_insight_follower_growth", "id user_id date_stamp timeframe growth updated_timestamp"),
    ("toba_cek_insta.user_insight_impressions_growth", "id user_id date_stamp timeframe growth updated_timestamp"),
    ("toba_cek_insta.user_insight_reach_growth", "id user_id date_stamp timeframe growth updated_timestamp"),
    ("toba_cek_insta.user_insight_sentiment", "id user_id date_stamp neu pos neg updated_timestamp"),
    ("toba_cek_insta.user_insight_sentiment_growth", "id user_id date_stamp neu pos neg updated_timestamp timeframe"),
    ("toba_cek_insta.user_media_largest_reach", "id user_id media_id timeframe reach_count updated_timestamp"),
    ("toba_cek_insta.user_media_most_negative", "id user_id media_id timeframe negative_count updated_timestamp"),
    ("toba_cek_insta.user_media_most_positive", "id user_id media_id timeframe positive_count updated_timestamp"),
    ("toba_cek_insta.user_insight_follower_online_wording", "id user_id highlight_wording highlight_type date_range lang updated_date"),
    ("toba_cek_insta.user_insight_most_active_time", "id user_id waktu_paling_aktif value_paling_aktif updated_date"),
];

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
