//! What a change becomes.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn test_events_are_kept_as_events_and_nowhere_else() {
    let bench = Bench::new(Lane::Comments).await;
    let value = r#"{"id":"17865799348089039","from":{"id":"1"},"media":{"id":"123123123"},"text":"t"}"#;
    assert_eq!(bench.land(&[record((0, 0), "0", "comments", value, 0)]).await.tally, tally(1, 0, 0, 0));
    let kept: bool =
        sqlx::query_scalar("SELECT is_test FROM pipeline.event").fetch_one(&bench.pool()).await.unwrap();
    assert!(kept);
    for table in ["media", "media_comment", "task"] {
        assert_eq!(bench.count(table).await, 0, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_text_lands_readable_with_its_raw_value_kept() {
    let bench = Bench::new(Lane::Comments).await;
    let value = r#"{"id":"a","from":{"id":"7"},"media":{"id":"m"},"text":"nul \u0000 half \ud800 \/"}"#;
    let deep = format!(r#"{{"id":"b","text":{}{}}}"#, "[".repeat(20_000), "]".repeat(20_000));
    let batch =
        [record((0, 0), ACCOUNT, "comments", value, 0), record((0, 1), ACCOUNT, "comments", &deep, 0)];
    assert_eq!(bench.land(&batch).await.tally, tally(2, 0, 0, 0));
    assert_eq!(bench.comment("a").await.0.as_deref(), Some("nul \u{fffd} half \u{fffd} /"));
    let raw: Vec<String> = sqlx::query_scalar(r#"SELECT raw FROM pipeline.event ORDER BY "offset""#)
        .fetch_all(&bench.pool())
        .await
        .unwrap();
    assert_eq!(raw, [value.to_owned(), deep]);
}

#[tokio::test(flavor = "multi_thread")]
async fn story_figures_land_typed_and_never_as_minus_one() {
    let bench = Bench::new(Lane::StoryInsights).await;
    let value = r#"{"media_id":"s","impressions":44,"reach":-1,"replies":0,"brand_new":7}"#;
    bench.land(&[record((0, 0), ACCOUNT, "story_insights", value, 0)]).await;
    let rows: Vec<(String, Option<i64>, Option<String>, String)> = sqlx::query_as(
        "SELECT metric, value::bigint, absence::text, source::text FROM instagram.media_insight ORDER BY metric",
    )
    .fetch_all(&bench.pool())
    .await
    .unwrap();
    let row = |metric: &str, value, absence: Option<&str>| {
        (metric.to_owned(), value, absence.map(str::to_owned), "webhook".to_owned())
    };
    let expected = [
        row("brand_new", Some(7), None),
        row("impressions", Some(44), None),
        row("reach", None, Some("suppressed")),
        row("replies", Some(0), None),
    ];
    assert_eq!(rows, expected);
    let (owner, product): (Option<String>, Option<String>) =
        sqlx::query_as("SELECT user_id, media_product_type FROM instagram.media")
            .fetch_one(&bench.pool())
            .await
            .unwrap();
    assert_eq!((owner, product.as_deref()), (None, Some("STORY")), "whose it is, only a read says");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_on_an_ad_asks_for_the_organic_medium() {
    let bench = Bench::new(Lane::Comments).await;
    let value = r#"{"comment_id":"a","from":{"id":"7"},"text":"t",
        "media":{"id":"copy","ad_id":"ad","original_media_id":"post","media_product_type":"AD"}}"#;
    bench.land(&[record((0, 0), ACCOUNT, "comments", value, 0)]).await;
    let media: Vec<(String, Option<String>, Option<String>)> =
        sqlx::query_as("SELECT id, ad_id, original_media_id FROM instagram.media ORDER BY id")
            .fetch_all(&bench.pool())
            .await
            .unwrap();
    let (ad, post) = (Some("ad".to_owned()), Some("post".to_owned()));
    assert_eq!(media, [("copy".to_owned(), ad, post), ("post".to_owned(), None, None)]);
    let tasks: Vec<(String, String)> =
        sqlx::query_as("SELECT kind, target_id FROM pipeline.enrichment_task ORDER BY kind")
            .fetch_all(&bench.pool())
            .await
            .unwrap();
    let expected = [
        ("comments", "post"),
        ("media", "post"),
        ("media_insights", "post"),
        ("user", ACCOUNT),
        ("user_stories", ACCOUNT),
    ];
    assert_eq!(tasks, expected.map(|(kind, target)| (kind.to_owned(), target.to_owned())));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_read_is_asked_for_however_many_comments_want_it() {
    let bench = Bench::new(Lane::Comments).await;
    let batch: Vec<Incoming> = (0..500).map(|i| comment((0, i), &format!("c{i}"), "x")).collect();
    bench.land(&batch[..300]).await;
    bench.land(&batch[300..]).await;
    assert_eq!(
        bench.count("task").await,
        5,
        "the account, its stories, the medium, its insights, its comments"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_do_not_depend_on_the_order_of_arrival() {
    /// The comments' rows after landing the events in this order.
    async fn rows(order: &[usize]) -> Vec<(String, Option<String>, Option<String>, Option<String>)> {
        let bench = Bench::new(Lane::Comments).await;
        let values = [
            (r#"{"id":"a","text":"one","media":{"id":"m"}}"#, 10),
            (r#"{"id":"a","text":"two"}"#, 20),
            (r#"{"id":"a","from":{"id":"7","username":"u"}}"#, 30),
            (r#"{"id":"a","text":"tie"}"#, 20),
            (r#"{"id":"b","text":"other","media":{"id":"n"}}"#, 5),
        ];
        for (offset, at) in order.iter().enumerate() {
            let (value, received) = values[*at];
            let place = (0, i64::try_from(offset).unwrap());
            bench.land(&[record(place, ACCOUNT, "comments", value, received)]).await;
        }
        sqlx::query_as("SELECT id, text, username, media_id FROM instagram.media_comment ORDER BY id")
            .fetch_all(&bench.pool())
            .await
            .unwrap()
    }
    let expected = rows(&[0, 1, 2, 3, 4]).await;
    let orders = [[4, 3, 2, 1, 0], [2, 0, 3, 1, 4], [3, 1, 0, 4, 2], [1, 2, 0, 3, 4], [0, 3, 2, 1, 4]];
    for order in orders {
        assert_eq!(rows(&order).await, expected, "{order:?}");
    }
}
