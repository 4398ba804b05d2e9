//! What the views say of a random world: never a figure that is missing without a reason, and never other
//! figures than the tables.

use serde_json::Value;

use super::late;
use super::stage::{Ground, Stage};
use super::world::World;

/// Views with several figures, and the columns that may be empty without being figures.
const VIEWS: [(&str, &[&str]); 5] = [
    ("account_overview", &[]),
    ("format_performance", &[]),
    ("competitor_overview", &[]),
    (
        "story_performance",
        &["deleted_on", "permalink", "saved_by", "saved_at", "lost_at", "navigation_source"],
    ),
    ("media_comment_overview", &["first_comment_at", "last_comment_at"]),
];

/// A world whose media are of all formats, and whose accounts compete.
async fn stage() -> (Stage, World) {
    let world = World::new(7, "178");
    let stage = late(&Ground::new().await, &world, 7).await;
    let formats = "
        UPDATE instagram.media SET
            media_product_type = (ARRAY['FEED', 'STORY', 'REELS', 'STORY', NULL])[right(id, 2)::int % 5 + 1],
            media_type = (ARRAY['IMAGE', 'CAROUSEL_ALBUM', 'VIDEO'])[right(id, 2)::int % 3 + 1],
            lost_at = CASE WHEN right(id, 1) = '3' THEN first_seen_at END;
        INSERT INTO instagram.user_competitor (user_id, competitor_id) VALUES ('178001', '178002')";
    sqlx::raw_sql(formats).execute(&stage.pool).await.unwrap();
    (stage, world)
}

async fn rows(stage: &Stage, view: &str) -> Vec<Value> {
    let statement = format!("SELECT to_jsonb(v) FROM toba_cek_insta.{view} AS v");
    sqlx::query_scalar(sqlx::AssertSqlSafe(statement)).fetch_all(&stage.pool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_that_is_missing_says_why() {
    let (stage, _) = stage().await;
    let known: Vec<String> = cekbrand_schema::Absence::ALL.map(|absence| absence.as_str().to_owned()).into();
    for (view, empty) in VIEWS {
        let rows = rows(&stage, view).await;
        assert!(rows.len() > 3, "{view} has {} rows", rows.len());
        for row in &rows {
            for (column, value) in row.as_object().unwrap() {
                if column == "absence" || empty.contains(&column.as_str()) {
                    continue;
                }
                let reason = row["absence"][column].as_str();
                assert_eq!(value.is_null(), reason.is_some(), "{view}.{column} of {row:#}");
                assert!(reason.is_none_or(|reason| known.iter().any(|known| known == reason)), "{reason:?}");
            }
        }
    }
}

/// Posts by format are those of the engagement of the same window, each once, whichever way they are counted.
#[tokio::test(flavor = "multi_thread")]
async fn formats_add_up_to_the_account() {
    let (stage, world) = stage().await;
    let differs = "
        SELECT count(*) FILTER (WHERE posts IS DISTINCT FROM media_count), count(*)
        FROM toba_cek_insta.user_insight_engagement AS held
        LEFT JOIN (
            SELECT user_id, datestamp, timeframe, sum(posts)::int AS posts
            FROM toba_cek_insta.format_performance GROUP BY user_id, datestamp, timeframe
        ) AS compared USING (user_id, datestamp, timeframe)";
    let (wrong, all): (i64, i64) = sqlx::query_as(differs).fetch_one(&stage.pool).await.unwrap();
    assert!(all > 100);
    assert_eq!(wrong, 0);
    // Each account has every day from its first to its last, twice.
    for account in &world.accounts {
        let days = "SELECT count(*) = 2 * (max(datestamp) - min(datestamp) + 1) AND count(*) > 100
            FROM toba_cek_insta.account_overview WHERE user_id = $1";
        assert!(sqlx::query_scalar::<_, bool>(days).bind(account).fetch_one(&stage.pool).await.unwrap());
    }
}
