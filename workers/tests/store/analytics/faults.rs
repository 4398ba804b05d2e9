//! Faults planted in the statements, each of which the comparison with the raw rows sees.

use cekbrand_workers::analyse::tables::{TABLES, Table};
use sqlx::AssertSqlSafe;

use super::stage::Ground;
use super::world::World;
use super::{compute_all, differences, late};

/// A fault in a statement: table, what stands there, what stands there instead.
const FAULTS: &[(&str, &str, &str)] = &[
    (
        "instagram.user_data",
        "earlier.datestamp < snapshot.datestamp",
        "earlier.datestamp <= snapshot.datestamp",
    ),
    ("toba_cek_insta.user_insight_engagement", "sum(reading.like_count)", "max(reading.like_count)"),
    (
        "toba_cek_insta.user_insight_engagement_growth",
        "present.datestamp - present.timeframe",
        "present.datestamp - 7",
    ),
    (
        "toba_cek_insta.user_insight_engagement_rate_growth",
        "followers.datestamp = engagement.datestamp",
        "followers.datestamp = engagement.datestamp - 1",
    ),
    (
        "toba_cek_insta.user_insight_follower_growth",
        "WHEN past.followers_count = 0 THEN 'no_data'",
        "WHEN past.followers_count = 0 THEN 'hidden'",
    ),
    (
        "toba_cek_insta.user_insight_reach_growth",
        "held.value IS NULL, held.end_time DESC",
        "held.value IS NULL, held.end_time",
    ),
    ("toba_cek_insta.user_insight_reach_growth", "'America/Los_Angeles'", "'Pacific/Kiritimati'"),
    (
        "toba_cek_insta.user_insight_impressions_growth",
        "past.metric <> past.last_metric OR past.metric <> present.metric",
        "FALSE",
    ),
    ("toba_cek_insta.user_insight_impressions_growth", "present.timeframe - present.known", "present.known"),
    ("toba_cek_insta.sentiment_delta", "went_on IS NULL OR went_on > came_on", "TRUE"),
    ("toba_cek_insta.sentiment_delta", ", touched.deleted_on)", ")"),
    ("toba_cek_insta.user_insight_sentiment", "change.day = day.d::date", "change.day = day.d::date - 1"),
    ("toba_cek_insta.user_insight_sentiment_growth", "present.neg - past.neg", "past.neg - present.neg"),
    ("toba_cek_insta.user_media_largest_engagement", "ORDER BY value DESC", "ORDER BY value ASC"),
    ("toba_cek_insta.user_media_smallest_engagement", "ORDER BY value ASC", "ORDER BY value DESC"),
    ("toba_cek_insta.user_media_largest_reach", "'reach'", "'views'"),
    ("toba_cek_insta.user_media_most_positive", "part.part_id, 'pos'", "part.part_id, 'neg'"),
    (
        "toba_cek_insta.user_media_most_negative",
        "AND post_id = post.media_id",
        "AND post_id = post.media_id AND part_id <> post_id",
    ),
    ("toba_cek_insta.user_hastags_metrics", "looked_at.deleted_on > looked_at.day", "TRUE"),
    (
        "toba_cek_insta.user_hastags_metrics_distribution",
        "coalesce(views.value, impressions.value) AS impressions",
        "views.value AS impressions",
    ),
    ("toba_cek_insta.user_insight_follower_online", "held.hour - $7::int", "held.hour + $7::int"),
    ("toba_cek_insta.user_insight_follower_online_wording", "from_quiet <= 3", "from_quiet <= 2"),
    ("toba_cek_insta.user_insight_most_active_time", "meta_day DESC, value DESC", "meta_day DESC, value"),
];

/// A fault in what the statements share: function, what stands there, what stands there instead.
const SHARED_FAULTS: &[(&str, &str, &str)] = &[
    ("counts_as_of", "snapshot.datestamp <= day", "snapshot.datestamp < day"),
    ("figure_as_of", "insight.value IS NOT NULL", "TRUE"),
    ("posts_of_window", "medium.deleted_on > day", "medium.deleted_on >= day"),
    ("posts_of_window", "> day - days", ">= day - days"),
    ("felt_comments", "IS DISTINCT FROM account", "IS DISTINCT FROM ''"),
    ("comments_that_feel", "IS DISTINCT FROM account", "IS DISTINCT FROM ''"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_in_any_statement_is_seen() {
    let world = World::new(1, "178");
    let stage = late(&Ground::new().await, &world, 1).await;
    assert_eq!(differences(&stage).await, [""; 0]);
    let mut unseen = Vec::new();
    for (name, from, to) in FAULTS {
        let table = TABLES.iter().find(|table| table.name == *name).unwrap();
        assert!(table.sql.contains(from), "{name} has no {from}");
        let sql: &'static str = table.sql.replace(from, to).leak();
        // A constraint that refuses the rows sees it as well.
        let taken = compute_all(&stage, vec![Table { sql, ..*table }].leak()).await;
        if taken && differences(&stage).await.is_empty() {
            unseen.push(format!("{name}: {from}"));
        }
        assert!(compute_all(&stage, std::slice::from_ref(table)).await);
    }
    for (name, from, to) in SHARED_FAULTS {
        let definition = "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = $1";
        let right: String = sqlx::query_scalar(definition).bind(name).fetch_one(&stage.pool).await.unwrap();
        assert!(right.contains(from), "{name} has no {from}");
        sqlx::raw_sql(AssertSqlSafe(right.replace(from, to))).execute(&stage.pool).await.unwrap();
        let taken = compute_all(&stage, TABLES).await;
        if taken && differences(&stage).await.is_empty() {
            unseen.push(format!("{name}: {from}"));
        }
        sqlx::raw_sql(AssertSqlSafe(right)).execute(&stage.pool).await.unwrap();
    }
    assert!(compute_all(&stage, TABLES).await);
    assert_eq!(differences(&stage).await, [""; 0], "the faults are taken out again");
    assert_eq!(unseen, [""; 0]);
}
