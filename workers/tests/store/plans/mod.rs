//! How the server finds what is asked: by an index wherever a part of a large table is read. Shapes of plans
//! are held, not times.

use std::collections::BTreeSet;

use cekbrand_devkit::servers::{TestDatabase, TestServers};
use cekbrand_workers::analyse::tables::TABLES;
use serde_json::Value;
use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, Postgres};

/// Tables that are small whatever happens: a row for each account.
const SMALL: [&str; 4] = ["user", "analysed_account", "account", "user_competitor"];

/// What readers ask of the views: of an account, and of a day or a range of days.
const ASKED: [&str; 16] = [
    "account_day WHERE user_id = 'a1' AND datestamp > '2026-05-23'",
    "post WHERE user_id = 'a1' AND published_on > '2026-05-23'",
    "account_overview WHERE user_id = 'a1' AND timeframe = 7 AND datestamp = '2026-06-20'",
    "account_overview WHERE user_id = 'a1' AND timeframe = 28 AND datestamp > '2026-05-23'",
    "format_performance WHERE user_id = 'a1' AND timeframe = 28 AND datestamp = '2026-06-20'",
    "story_performance WHERE user_id = 'a1' AND published_on > '2026-05-23'",
    "audience_city WHERE user_id = 'a1' AND datestamp = '2026-06-20'",
    "audience_country WHERE user_id = 'a1' AND datestamp = '2026-06-20'",
    "audience_gender_age WHERE user_id = 'a1' AND datestamp = '2026-06-20'",
    "competitor_overview WHERE user_id = 'a1' AND timeframe = 7 AND datestamp = '2026-06-20'",
    "comment_sentiment WHERE user_id = 'a1' AND media_id = 'm1_17'",
    "comment_sentiment WHERE user_id = 'a1' AND published_on > '2026-05-23'",
    "media_comment_overview WHERE user_id = 'a1' AND published_on > '2026-05-23'",
    "user_hastags_metrics_carried WHERE user_id = 'a2' AND datestamp <= '2026-06-20'",
    "user_hastags_metrics_distribution_carried WHERE user_id = 'a2' AND datestamp <= '2026-06-20'",
    "hashtag_spelling WHERE user_id = 'a2'",
];

/// What analyse asks about one new day of the large account: the parameters of every table's statement.
const NEW_DAY: &str =
    "'a1', '2026-06-19', '{2026-06-19,2026-06-20}', '{2026-06-19,2026-06-20}', '2026-06-20',
    '2026-06-20T12:00Z', -7";

/// Indexes that analyse or readers need, by themselves or those of a key.
const GONE: [&str; 12] = [
    "ALTER TABLE instagram.user_data DROP CONSTRAINT user_data_user_id_datestamp_key",
    "ALTER TABLE instagram.user_insight_impressions
    DROP CONSTRAINT user_insight_impressions_user_id_metric_period_end_time_key",
    "ALTER TABLE instagram.user_insight_reach DROP CONSTRAINT user_insight_reach_user_id_period_end_time_key",
    "ALTER TABLE instagram.user_insight_online_follower
    DROP CONSTRAINT user_insight_online_follower_user_id_hour_end_time_key",
    "ALTER TABLE instagram.user_insight_visitor DROP CONSTRAINT user_insight_visitor_user_id_datestamp_key",
    "ALTER TABLE instagram.media DROP CONSTRAINT media_pkey CASCADE",
    "ALTER TABLE instagram.media_like_comment DROP CONSTRAINT media_like_comment_media_id_datestamp_key",
    "ALTER TABLE toba_cek_insta.user_media_comment_sentiment
    DROP CONSTRAINT user_media_comment_sentiment_comment_id_key",
    "DROP INDEX instagram.media_user_id_timestamp",
    "DROP INDEX instagram.media_whole",
    "DROP INDEX instagram.media_comment_media_id",
    "DROP INDEX toba_cek_insta.user_hastags_metrics_distribution_user_id",
];

async fn large() -> (TestDatabase, PoolConnection<Postgres>) {
    let database = TestServers::shared().unwrap().database().await.unwrap();
    let mut conn = database.pool().acquire().await.unwrap();
    sqlx::raw_sql(include_str!("large.sql")).execute(&mut *conn).await.unwrap();
    (database, conn)
}

#[tokio::test]
async fn no_large_table_is_read_whole_for_an_account_or_a_new_day_of_it() {
    let (_database, mut conn) = large().await;
    assert_eq!(asked_of_an_account(&mut conn).await, [""; 0]);
    assert_eq!(a_new_day(&mut conn).await, [""; 0]);
}

/// Each index that serves a part of a large table is missed when it is gone: what looks for whole reads finds
/// them.
#[tokio::test]
async fn an_index_that_is_gone_is_missed() {
    let (_database, mut conn) = large().await;
    let mut unmissed = Vec::new();
    for gone in GONE {
        let gone_for_now = format!("BEGIN; {gone}");
        sqlx::raw_sql(AssertSqlSafe(gone_for_now)).execute(&mut *conn).await.unwrap();
        if asked_of_an_account(&mut conn).await.is_empty() && a_new_day(&mut conn).await.is_empty() {
            unmissed.push(gone);
        }
        sqlx::raw_sql("ROLLBACK").execute(&mut *conn).await.unwrap();
    }
    assert_eq!(unmissed, [""; 0]);
}

/// The large tables that a plan of the statement reads from end to end.
async fn read_whole(conn: &mut PoolConnection<Postgres>, statement: String) -> BTreeSet<String> {
    let explained = AssertSqlSafe(format!("EXPLAIN (FORMAT JSON) {statement}"));
    let plan: Value = sqlx::query_scalar(explained).fetch_one(&mut **conn).await.unwrap();
    let mut whole = BTreeSet::new();
    walk(&plan[0]["Plan"], &mut whole);
    whole
}

fn walk(node: &Value, whole: &mut BTreeSet<String>) {
    let relation = node["Relation Name"].as_str().unwrap_or_default();
    let is_scan = node["Node Type"].as_str().is_some_and(|kind| kind.ends_with("Seq Scan"));
    // An index of which no part is named is read from end to end as well.
    let is_unbounded = node["Node Type"].as_str().is_some_and(|kind| kind.starts_with("Index"))
        && node["Index Cond"].is_null();
    if (is_scan || is_unbounded) && !SMALL.contains(&relation) {
        whole.insert(relation.to_owned());
    }
    for child in node["Plans"].as_array().into_iter().flatten() {
        walk(child, whole);
    }
}

/// What readers ask that reads a large table whole.
async fn asked_of_an_account(conn: &mut PoolConnection<Postgres>) -> Vec<String> {
    let mut found = Vec::new();
    for asked in ASKED {
        let statement = format!("SELECT * FROM toba_cek_insta.{asked}");
        let whole = read_whole(conn, statement).await;
        if !whole.is_empty() {
            found.push(format!("{asked}: {whole:?}"));
        }
    }
    found
}

/// What analyse asks about a new day that reads a large table whole.
async fn a_new_day(conn: &mut PoolConnection<Postgres>) -> Vec<String> {
    let mut found = Vec::new();
    for table in TABLES {
        let prepare =
            format!("PREPARE each (text, date, date[], date[], date, timestamptz, int) AS {}", table.sql);
        sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut **conn).await.unwrap();
        let whole = read_whole(conn, format!("EXECUTE each ({NEW_DAY})")).await;
        if !whole.is_empty() {
            found.push(format!("{}: {whole:?}", table.name));
        }
        sqlx::raw_sql("DEALLOCATE each").execute(&mut **conn).await.unwrap();
    }
    found
}
