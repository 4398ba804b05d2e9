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

async fn large() -> (TestDatabase, PoolConnection<Postgres>) {
    let database = TestServers::shared().unwrap().database().await.unwrap();
    let mut conn = database.pool().acquire().await.unwrap();
    sqlx::raw_sql(include_str!("large.sql")).execute(&mut *conn).await.unwrap();
    (database, conn)
}

#[tokio::test]
async fn no_large_table_is_read_whole_for_an_account_or_a_new_day_of_it() {
    let (_database, mut conn) = large().await;
    asked_of_an_account(&mut conn).await;
    a_new_day(&mut conn).await;
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

async fn asked_of_an_account(conn: &mut PoolConnection<Postgres>) {
    for asked in ASKED {
        let statement = format!("SELECT * FROM toba_cek_insta.{asked}");
        assert_eq!(read_whole(conn, statement).await, BTreeSet::new(), "{asked}");
    }
    // The search finds what is read whole.
    let all = "SELECT * FROM instagram.media_comment WHERE text = 'x'".to_owned();
    assert_eq!(read_whole(conn, all).await, BTreeSet::from(["media_comment".to_owned()]));
}

async fn a_new_day(conn: &mut PoolConnection<Postgres>) {
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
    assert!(found.is_empty(), "{}", found.join("\n"));
}
