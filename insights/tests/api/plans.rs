//! How the server finds what is asked: an answer about an account or a medium reads no large table from end to
//! end. Shapes of plans are held, not times. Every statement is taken as the API sent it: one connection sends
//! all, and is then asked what it prepared, and what it read.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use cekbrand_devkit::dataset::{self, Size};
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection};

use crate::pages::{cookie, get};
use crate::server::TestApi;

const SIZE: Size = Size { accounts: 60, media: 40, comments: 200, days: 30 };
const STORIES: i32 = 5000;

/// Tables that must be large here: else nothing is shown of them.
const LARGE: [&str; 6] = [
    "media",
    "media_insight",
    "media_comment",
    "user_media_comment_sentiment",
    "user_insight_reach",
    "user_insight_online_follower",
];

/// What is asked of the API about an account.
const OF_ACCOUNT: [&str; 25] = [
    "",
    "/engagement?timeframe=28&compare=previous",
    "/followers?timeframe=28",
    "/reach?timeframe=7",
    "/impressions",
    "/sentiment?compare=previous",
    "/hashtags",
    "/best-hours",
    "/top-media?sort=reach",
    "/top-media?sort=engagement",
    "/stories?limit=60",
    "/audience",
    "/competitors",
    "/formats",
    "/formats?compare=previous",
    "/comments?limit=20",
    "/comments?q=kecewa&sentiment=neg&limit=20",
    "/comments?sentiment=pos&explain=true",
    "/notes",
    "/labels",
    "/alerts",
    "/alerts/channels",
    "/alerts/history",
    "/alerts/deliveries",
    "/comments?limit=20&from=2026-11-01",
];

const OF_MEDIUM: [&str; 6] = [
    "/api/media/{m}",
    "/api/media/{m}/comments?limit=20",
    "/api/instagram/insights/{m}",
    "/api/instagram/insights/{m}/profile-activity",
    "/api/instagram/insights/{m}/navigation",
    "/api/instagram/insights/test?media_id={m}",
];

/// Five thousand stories of the first account, each with figures.
const OLD_STORIES: &str = "
    INSERT INTO instagram.media (id, user_id, \"timestamp\", media_type, media_product_type, first_seen_at)
    SELECT 's' || n, $1, timestamptz '2026-11-21T00:00Z' - n * interval '1 hour', 'IMAGE', 'STORY', '2026-11-21T00:00Z'
    FROM generate_series(1, $2) AS n";
const OLD_FIGURES: &str = "
    INSERT INTO instagram.media_insight (id, media_id, metric, value, updated_timestamp, datestamp, source, observed_at)
    SELECT concat_ws('/', medium.id, metric), medium.id, metric, 10, \"timestamp\", \"timestamp\"::date, 'poll', \"timestamp\"
    FROM instagram.media AS medium, unnest(ARRAY['views', 'reach', 'replies', 'taps_forward', 'exits']) AS metric
    WHERE medium.id LIKE 's%'";
const ANALYSED: &str = "
    INSERT INTO pipeline.analysed_media (user_id, media_id, published_at, published_on, hastags)
    SELECT user_id, id, \"timestamp\", \"timestamp\"::date, '{}' FROM instagram.media WHERE id LIKE 's%'";

const OVER_A_THOUSAND: &str = "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND reltuples > 1000";

async fn filled() -> Result<TestApi> {
    let api = TestApi::with_one_connection().await?;
    dataset::fill(&api.database_url(), SIZE, api.now()).await?;
    sqlx::query(OLD_STORIES).bind(dataset::account_id(1)).bind(STORIES).execute(&api.pool).await?;
    sqlx::raw_sql(OLD_FIGURES).execute(&api.pool).await?;
    sqlx::raw_sql(ANALYSED).execute(&api.pool).await?;
    sqlx::raw_sql("ANALYZE").execute(&api.pool).await?;
    Ok(api)
}

#[tokio::test]
async fn no_answer_about_an_account_reads_a_large_table_whole() -> Result<()> {
    let api = filled().await?;
    // Not of the account whose media are most of the table.
    let (account, medium) = (dataset::account_id(2), dataset::media_id(2, 3));
    let cookie = cookie(&api).await?;
    let before = scanned(&mut *api.pool.acquire().await?).await?;
    for what in OF_ACCOUNT {
        api.get(&format!("/api/accounts/{account}{what}")).await.context(what)?;
    }
    for path in OF_MEDIUM {
        let status = api.with_key(&path.replace("{m}", &medium)).send().await?.status();
        assert!(matches!(status.as_u16(), 200 | 404), "{path}: {status}");
    }
    for page in [format!("/accounts/{account}?lang=en"), format!("/media/{medium}?lang=en")] {
        assert_eq!(get(&api, &page, &cookie).await?.status(), 200, "{page}");
    }
    let mut connection = api.pool.acquire().await?;
    let scanned = scanned(&mut connection).await?;
    assert_eq!(
        scanned.difference(&before).collect::<Vec<_>>(),
        Vec::<&(String, i64)>::new(),
        "as they were run"
    );
    let prepared = prepared(&mut connection).await?;
    assert!(prepared.len() > 50, "{}", prepared.len());
    sqlx::raw_sql("SET plan_cache_mode = force_generic_plan").execute(&mut *connection).await?;
    let large: Vec<String> = sqlx::query_scalar(OVER_A_THOUSAND).fetch_all(&mut *connection).await?;
    assert_eq!(LARGE.iter().filter(|name| !large.iter().any(|known| known == *name)).count(), 0, "{large:?}");
    let mut found = Vec::new();
    for one in &prepared {
        let nothing = vec!["NULL"; one.parameters].join(", ");
        let plan = explain(&mut connection, one, "FORMAT JSON", &nothing).await?;
        let whole = nodes(&plan).into_iter().filter(|node| reads_whole(node)).map(relation);
        let whole: Vec<&str> = whole.filter(|name| large.iter().any(|known| known == name)).collect();
        if !whole.is_empty() {
            found.push(format!("{whole:?}: {}", one.statement));
        }
    }
    assert_eq!(found, [""; 0]);
    Ok(())
}

/// Sixty of five thousand stories: sixty are looked up, and no more of anything.
#[tokio::test]
async fn of_an_accounts_stories_those_of_the_page_alone_are_looked_up() -> Result<()> {
    let api = filled().await?;
    let account = dataset::account_id(1);
    let days = "from=2026-05-01&to=2026-11-21";
    let body = api.get(&format!("/api/accounts/{account}/stories?limit=60&{days}")).await?;
    assert_eq!(body["rows"].as_array().map(Vec::len), Some(60));
    let mut connection = api.pool.acquire().await?;
    let all = prepared(&mut connection).await?;
    let list = all.iter().find(|one| one.statement.contains("story_performance")).context("no statement")?;
    let values = format!("'{account}', '2026-05-01', '2026-11-21', 'Asia/Jakarta', 60, 0");
    let plan = explain(&mut connection, list, "ANALYZE, TIMING OFF, FORMAT JSON", &values).await?;
    let nodes = nodes(&plan);
    for table in ["media_insight", "analysed_media"] {
        let read: Vec<&&Value> = nodes.iter().filter(|node| relation(node) == table).collect();
        assert!(!read.is_empty(), "{table}");
        for node in read {
            let (loops, rows) = (node["Actual Loops"].as_f64(), node["Actual Rows"].as_f64());
            let (loops, rows) = (loops.context("no loops")?, rows.context("no rows")?);
            // Five figures each.
            assert!(loops <= 60.0 && rows <= 5.0, "{table} is read {loops} times, {rows} rows each");
        }
    }
    Ok(())
}

/// How often each large table was read from end to end: what this connection knows is told at once.
async fn scanned(connection: &mut PgConnection) -> Result<BTreeSet<(String, i64)>> {
    sqlx::query("SELECT pg_stat_force_next_flush()").execute(&mut *connection).await?;
    sqlx::query("SELECT pg_stat_clear_snapshot()").execute(&mut *connection).await?;
    let asked = "SELECT relname::text, seq_scan FROM pg_stat_user_tables WHERE n_live_tup > 1000";
    let rows: Vec<(String, i64)> = sqlx::query_as(asked).fetch_all(connection).await?;
    Ok(rows.into_iter().collect())
}

struct Prepared {
    name: String,
    statement: String,
    parameters: usize,
}

/// What the connection was sent so far.
async fn prepared(connection: &mut PgConnection) -> Result<Vec<Prepared>> {
    let asked =
        "SELECT name, statement, cardinality(parameter_types) FROM pg_prepared_statements ORDER BY name";
    let rows: Vec<(String, String, i32)> = sqlx::query_as(asked).fetch_all(connection).await?;
    let told = rows.into_iter().map(|(name, statement, parameters)| {
        anyhow::Ok(Prepared { name, statement, parameters: usize::try_from(parameters)? })
    });
    told.collect()
}

async fn explain(connection: &mut PgConnection, one: &Prepared, how: &str, values: &str) -> Result<Value> {
    let values = if values.is_empty() { String::new() } else { format!("({values})") };
    let explained = format!("EXPLAIN ({how}) EXECUTE \"{}\" {values}", one.name);
    let plan: Value = sqlx::query_scalar(AssertSqlSafe(explained))
        .persistent(false)
        .fetch_one(connection)
        .await
        .with_context(|| one.statement.clone())?;
    Ok(plan[0]["Plan"].clone())
}

/// All nodes of a plan.
fn nodes(plan: &Value) -> Vec<&Value> {
    let below = plan["Plans"].as_array().into_iter().flatten().flat_map(nodes);
    std::iter::once(plan).chain(below).collect()
}

fn relation(node: &Value) -> &str {
    node["Relation Name"].as_str().unwrap_or_default()
}

/// From end to end: without an index, or by one of which no part is named.
fn reads_whole(node: &Value) -> bool {
    let kind = node["Node Type"].as_str().unwrap_or_default();
    let is_unbounded = kind.starts_with("Index") && node["Index Cond"].is_null();
    kind.ends_with("Seq Scan") || is_unbounded
}
