//! A story's rates are computed once: the API, the page and SQL tell the same.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::brand::{self, ACCOUNT};
use crate::pages::{cookie, get};

/// Of 200 views 40 went on to the next picture and 10 left. Together these are the whole of the navigation, so
/// that nobody swiped on to another account, though no read says so.
const NAVIGATION: &str = "
    INSERT INTO instagram.media_insight
        (id, media_id, metric, breakdown, value, updated_timestamp, datestamp, source, observed_at)
    SELECT concat('n', n), '104', metric, part, value, '2026-11-20Z', '2026-11-20', 'poll', '2026-11-20T02:00Z'
    FROM (VALUES
        (1, 'views', '', 200), (2, 'navigation', '', 50), (3, 'navigation', 'tap_forward', 40),
        (4, 'navigation', 'tap_exit', 10)) AS told (n, metric, part, value)";

#[tokio::test]
async fn a_storys_rates_are_the_same_in_the_api_on_the_page_and_in_sql() -> Result<()> {
    let api = brand::api().await?;
    sqlx::raw_sql(NAVIGATION).execute(&api.pool).await?;

    let body = api.get(&format!("/api/accounts/{ACCOUNT}/stories")).await?;
    let stories = body["rows"].as_array().context("no rows")?;
    let story = stories.iter().find(|story| story["id"] == "104").context("no story")?;
    assert_eq!(story["completion_rate"], json!({ "value": 0.75 }));
    assert_eq!(story["exit_rate"], json!({ "value": 0.05 }));
    let read =
        |value: i64| json!({ "value": value, "source": "poll", "observed_at": "2026-11-20T02:00:00.000Z" });
    assert_eq!((&story["taps_forward"], &story["exits"]), (&read(40), &read(10)));
    assert_eq!(story["swipes_forward"], read(0));

    let of_sql: Value = sqlx::query_scalar(
        "SELECT jsonb_build_array(completion_rate, exit_rate) FROM toba_cek_insta.story_performance WHERE media_id = '104'",
    )
    .fetch_one(&api.pool)
    .await?;
    assert_eq!(of_sql, json!([0.75, 0.05]));

    let cookie = cookie(&api).await?;
    let page = get(&api, &format!("/accounts/{ACCOUNT}/csv/stories?lang=en"), &cookie).await?.text().await?;
    assert!(page.lines().any(|line| line.contains(",0.75,0.05,")), "{page}");
    Ok(())
}
