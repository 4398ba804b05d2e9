//! Stories: read while they live.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn what_people_did_after_a_story_is_read_part_by_part() {
    let bench = Bench::new().await;
    let story = bench.medium(0, Product::Story);
    bench.want_medium(story, 0).await;
    bench.settle().await;
    assert_eq!(bench.calls(CallKind::MediaBreakdown), 2, "a breakdown is a call of its own");
    let parts: Vec<(String, String, i64)> = sqlx::query_as(
        "SELECT metric, breakdown, value::bigint FROM instagram.media_insight
         WHERE media_id = $1 AND metric IN ('navigation', 'profile_activity') AND value IS NOT NULL ORDER BY 1, 2",
    )
    .bind(story.id.as_str())
    .fetch_all(&bench.pool())
    .await
    .unwrap();
    let figures = bench.simulator.world().figures(story, bench.simulator.now());
    let mut expected = Vec::new();
    for (metric, parts) in
        [("navigation", &figures.navigation[..]), ("profile_activity", &figures.profile_activity[..])]
    {
        let sum: u64 = parts.iter().map(|(_, count)| count).sum();
        expected.push((metric.to_owned(), String::new(), i64::try_from(sum).unwrap()));
        let told = parts.iter().filter(|(_, count)| *count > 0);
        expected.extend(
            told.map(|(name, count)| {
                (metric.to_owned(), name.to_lowercase(), i64::try_from(*count).unwrap())
            }),
        );
    }
    expected.sort();
    assert_eq!(parts, expected);
    assert!(parts.iter().any(|(_, part, _)| part == "tap_forward"), "{parts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_is_read_while_it_lives_and_never_asked_after() {
    let bench = Bench::new().await;
    let story = bench.medium(0, Product::Story);
    bench.want_medium(story, 0).await;
    bench.settle().await;
    assert_eq!(bench.figures(story).await.len(), 8);
    let calls = bench.calls(CallKind::MediaInsights);
    bench.advance(Duration::from_hours(25));
    bench.want(reads::kind::MEDIA_INSIGHTS, story.id.as_str(), 0).await;
    bench.settle().await;
    assert_eq!(bench.calls(CallKind::MediaInsights), calls);
    assert!(!bench.absences(story).await.contains(&"lost".to_owned()), "values are known");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_that_expired_before_it_was_read_says_so_where_no_webhook_told() {
    let bench = Bench::new().await;
    let story = bench.medium(0, Product::Story);
    bench.stub(story.id.as_str()).await;
    bench.want(reads::kind::MEDIA, story.id.as_str(), 0).await;
    bench.settle().await;
    let webhook = "
        INSERT INTO instagram.media_insight
            (id, media_id, metric, value, updated_timestamp, datestamp, source, observed_at)
        SELECT 'x', id, 'reach', 55, to_timestamp(1), '2026-11-20', 'webhook', to_timestamp(1) FROM instagram.media";
    sqlx::query(webhook).execute(&bench.pool()).await.unwrap();
    bench.advance(Duration::from_hours(25));
    bench.want(reads::kind::MEDIA_INSIGHTS, story.id.as_str(), 0).await;
    bench.settle().await;
    let figures = bench.figures(story).await;
    assert_eq!(figures.len(), 8);
    for (metric, value, reason) in figures {
        let expected = if metric == "reach" { (Some(55), None) } else { (None, Some("lost".to_owned())) };
        assert_eq!((value, reason), expected, "{metric}");
    }
    assert_eq!(bench.calls(CallKind::MediaInsights), 0);
}
