//! What of a change reaches which table, and what does not.

use cekbrand_schema::Lane;
use cekbrand_workers::land::decode::{self, Incoming};
use serde_json::Value;

use super::{ACCOUNT, Bench, Log, at, comment, record, take};

impl Bench {
    async fn number(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool()).await.unwrap()
    }

    /// The lane of each wanted read, by kind.
    async fn lanes(&self) -> Vec<(String, i16)> {
        sqlx::query_as("SELECT kind, lane FROM pipeline.enrichment_task WHERE kind <> 'user' ORDER BY kind")
            .fetch_all(&self.pool())
            .await
            .unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn within_a_batch_the_later_text_stays_whichever_comes_first() {
    let later = r#"{"id":"a","text":"later"}"#;
    let earlier = r#"{"id":"a","text":"earlier"}"#;
    for values in [[(later, 20), (earlier, 10)], [(earlier, 10), (later, 20)]] {
        let bench = Bench::new(Lane::Comments).await;
        let of = |offset: i64, (value, received)| record((0, offset), ACCOUNT, "comments", value, received);
        bench.land(&[of(0, values[0]), of(1, values[1])]).await;
        assert_eq!(bench.comment("a").await.0.as_deref(), Some("later"), "{values:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storys_figure_makes_its_accounts_day_due() {
    let bench = Bench::new(Lane::StoryInsights).await;
    bench.land(&[record((0, 0), ACCOUNT, "story_insights", r#"{"media_id":"s","reach":4}"#, 0)]).await;
    let marks: Vec<String> = sqlx::query_scalar("SELECT account_id FROM pipeline.dirty_mark")
        .fetch_all(&bench.pool())
        .await
        .unwrap();
    assert_eq!(marks, [ACCOUNT]);
}

/// Both are gone soon: a story's figures with the story, a live comment with the broadcast.
#[tokio::test(flavor = "multi_thread")]
async fn stories_and_live_comments_are_read_first_and_other_comments_media_next() {
    let story = Bench::new(Lane::StoryInsights).await;
    story.land(&[record((0, 0), ACCOUNT, "story_insights", r#"{"media_id":"s","reach":4}"#, 0)]).await;
    let first = ["media", "user_stories"].map(|kind| (kind.to_owned(), 0));
    assert_eq!(story.lanes().await, first);
    let live = Bench::new(Lane::Comments).await;
    live.land(&[record((0, 0), ACCOUNT, "live_comments", r#"{"id":"a"}"#, 0)]).await;
    assert_eq!(live.lanes().await, ["comment", "user_stories"].map(|kind| (kind.to_owned(), 0)));
    let comments = Bench::new(Lane::Comments).await;
    comments.land(&[record((0, 0), ACCOUNT, "comments", r#"{"id":"a","media":{"id":"m"}}"#, 0)]).await;
    let next = [("comment", 1), ("comments", 2), ("media", 1), ("media_insights", 1)];
    let next = next.map(|(kind, lane)| (kind.to_owned(), lane));
    let lanes = comments.lanes().await;
    assert_eq!(lanes.iter().filter(|(kind, _)| kind != "user_stories").cloned().collect::<Vec<_>>(), next);
}

#[tokio::test(flavor = "multi_thread")]
async fn offsets_that_are_missing_within_a_batch_are_expired() {
    let bench = Bench::new(Lane::Comments).await;
    let outcome = bench.land(&[comment((0, 0), "a", "x"), comment((0, 5), "b", "x")]).await;
    assert_eq!(outcome.expired.get(&0), Some(&4));
    assert_eq!(bench.number("SELECT expired FROM pipeline.consumer_offset WHERE partition = 0").await, 4);
    let whole = bench.land(&[comment((0, 6), "c", "x")]).await;
    assert!(whole.expired.is_empty(), "no alarm where nothing is missing: {:?}", whole.expired);
    assert!(bench.books_close().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_gone_before_the_first_worker_came_is_expired() {
    let bench = Bench::new(Lane::Comments).await;
    let position = take(&bench.pool(), 7, Log { low: 30, high: 40, id: None }).await.unwrap();
    assert_eq!(position.next, 30);
    assert_eq!(bench.number("SELECT expired FROM pipeline.consumer_offset WHERE partition = 7").await, 30);
    assert!(bench.books_close().await);
}

/// Of several comments under an ad's copy one may say more than the others.
#[tokio::test(flavor = "multi_thread")]
async fn within_a_batch_a_medium_is_all_that_its_comments_say_of_it() {
    let plain = r#"{"id":"a","text":"t","media":{"id":"copy"}}"#;
    let full = r#"{"id":"b","text":"t","media":{"id":"copy","ad_id":"ad","original_media_id":"post","media_product_type":"AD"}}"#;
    for values in [[plain, full], [full, plain]] {
        let bench = Bench::new(Lane::Comments).await;
        let of = |offset: i64, value| record((0, offset), ACCOUNT, "comments", value, offset);
        bench.land(&[of(0, values[0]), of(1, values[1])]).await;
        let told: (Option<String>, Option<String>, Option<String>) = sqlx::query_as(
            "SELECT ad_id, original_media_id, media_product_type FROM instagram.media WHERE id = 'copy'",
        )
        .fetch_one(&bench.pool())
        .await
        .unwrap();
        assert_eq!(told, (Some("ad".to_owned()), Some("post".to_owned()), Some("AD".to_owned())));
    }
}

/// A page's comments have the same field and another meaning.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_another_object_is_an_event_and_no_row() {
    let bench = Bench::new(Lane::Comments).await;
    let mut envelope = envelope_of(&comment((0, 0), "a", "x"));
    envelope["object"] = "page".into();
    bench.land(&[incoming(&envelope)]).await;
    let object: String =
        sqlx::query_scalar("SELECT object FROM pipeline.event").fetch_one(&bench.pool()).await.unwrap();
    assert_eq!(object, "page");
    for table in ["media_comment", "media", "task"] {
        assert_eq!(bench.count(table).await, 0, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metas_own_time_and_members_without_a_place_are_kept() {
    let bench = Bench::new(Lane::Comments).await;
    let mut envelope = envelope_of(&comment((0, 0), "a", "x"));
    envelope["extra"] = serde_json::json!({"entry": {"brand_new": 7}});
    bench.land(&[incoming(&envelope)]).await;
    let (sent, received, extra): (jiff_sqlx::Timestamp, jiff_sqlx::Timestamp, String) =
        sqlx::query_as("SELECT entry_time, received_at, extra FROM pipeline.event")
            .fetch_one(&bench.pool())
            .await
            .unwrap();
    // The delivery says 1763700000; it arrived at once.
    assert_eq!((sent.to_jiff(), received.to_jiff()), (at(0), at(0)));
    assert_eq!(serde_json::from_str::<Value>(&extra).unwrap(), envelope["extra"]);
    bench.land(&[comment((0, 9), "b", "x")]).await;
    let late: bool =
        sqlx::query_scalar(r#"SELECT entry_time < received_at FROM pipeline.event WHERE "offset" = 9"#)
            .fetch_one(&bench.pool())
            .await
            .unwrap();
    assert!(late, "when Meta sent it is not when it arrived");
}

fn envelope_of(record: &Incoming) -> Value {
    serde_json::from_slice(&record.bytes).unwrap()
}

fn incoming(envelope: &Value) -> Incoming {
    let bytes = envelope.to_string().into_bytes();
    Incoming { partition: 0, offset: 0, attempt: 0, content: decode::change(&bytes), bytes, trace: None }
}
