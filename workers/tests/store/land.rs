//! One batch, one transaction: what it writes, what it refuses, what it counts.

mod permissions;
mod promises;
mod refused;
mod zombie;

use std::sync::Arc;
use std::time::Duration;

use cekbrand_devkit::servers::{TestDatabase, TestServers};
use cekbrand_schema::dead_letter::DeadPart;
use cekbrand_schema::envelope::{self, Arrival};
use cekbrand_schema::{Lane, ManualClock, SharedClock, delivery, identity};
use cekbrand_workers::land::batch::{Lander, Outcome};
use cekbrand_workers::land::books::{Place, Watermarks};
use cekbrand_workers::land::decode::{self, Content, Incoming};
use cekbrand_workers::land::position::{self, Claim, TakeError};
use cekbrand_workers::land::{Halt, Position, Positions, Tally};
use cekbrand_workers::supervise::Pulse;
use jiff::Timestamp;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

const ACCOUNT: &str = "17841400000000001";

/// A database of its own and a lander over it that owns partitions 0 and 1.
struct Bench {
    database: TestDatabase,
    lander: Lander,
    owned: Positions,
}

impl Bench {
    async fn new(lane: Lane) -> Self {
        let database = TestServers::shared().unwrap().database().await.unwrap();
        let clock: SharedClock = Arc::new(ManualClock::new(at(1000)));
        let lander = Lander {
            lane,
            group: "g".into(),
            topic: "t".into(),
            pool: database.pool(),
            pulse: Arc::new(Pulse::new(&clock, Duration::from_mins(1))),
            clock,
            stop: CancellationToken::new(),
        };
        let mut bench = Self { database, lander, owned: Positions::new() };
        bench.take(0).await;
        bench.take(1).await;
        bench
    }

    /// Takes a partition anew, as a rebalance would.
    async fn take(&mut self, partition: i32) {
        let position = take(&self.pool(), partition, Log { low: 0, high: 1_000_000, id: None }).await;
        self.owned.insert(partition, position.unwrap());
    }

    fn pool(&self) -> PgPool {
        self.database.pool()
    }

    async fn land(&self, records: &[Incoming]) -> Outcome {
        let landing = tokio::time::timeout(Duration::from_mins(1), self.lander.land(records, &self.owned));
        landing.await.expect("nothing that a record holds may stop its lane")
    }

    async fn count(&self, table: &'static str) -> i64 {
        let counts = [
            ("event", "SELECT count(*) FROM pipeline.event"),
            ("event_key", "SELECT count(*) FROM pipeline.event_key"),
            ("task", "SELECT count(*) FROM pipeline.enrichment_task"),
            ("media", "SELECT count(*) FROM instagram.media"),
            ("media_comment", "SELECT count(*) FROM instagram.media_comment"),
            ("media_insight", "SELECT count(*) FROM instagram.media_insight"),
            ("dead_letter", "SELECT count(*) FROM pipeline.dead_letter"),
        ];
        let (_, sql) = counts.into_iter().find(|(name, _)| *name == table).unwrap();
        sqlx::query_scalar(sql).fetch_one(&self.pool()).await.unwrap()
    }

    async fn books_close(&self) -> bool {
        sqlx::query_scalar("SELECT bool_and(closed) FROM pipeline.ledger")
            .fetch_one(&self.pool())
            .await
            .unwrap()
    }

    async fn comment(&self, id: &str) -> (Option<String>, Option<String>) {
        sqlx::query_as("SELECT text, media_id FROM instagram.media_comment WHERE id = $1")
            .bind(id)
            .fetch_one(&self.pool())
            .await
            .unwrap()
    }
}

/// What Kafka says of a partition.
struct Log {
    low: i64,
    high: i64,
    id: Option<&'static str>,
}

async fn take(pool: &PgPool, partition: i32, log: Log) -> Result<Position, TakeError> {
    take_if(pool, partition, log, &|| true).await
}

async fn take_if(
    pool: &PgPool,
    partition: i32,
    log: Log,
    is_ours: &(dyn Fn() -> bool + Sync),
) -> Result<Position, TakeError> {
    let place = Place { lane: Lane::Comments, group: "g", topic: "t", topic_id: log.id, partition };
    let watermarks = Watermarks { low: log.low, high: log.high };
    position::take(pool, Claim { place, watermarks, now: at(1000), is_ours }).await
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_763_700_000 + second).unwrap()
}

/// The record of a change, as the receiver writes it.
fn record(place: (i32, i64), account: &str, field: &str, value: &str, received: i64) -> Incoming {
    record_of("instagram", place, account, field, value, received)
}

fn record_of(
    object: &str,
    place: (i32, i64),
    account: &str,
    field: &str,
    value: &str,
    received: i64,
) -> Incoming {
    let body = format!(
        r#"{{"object":"{object}","entry":[{{"id":"{account}","time":1763700000,"changes":[{{"field":"{field}","value":{value}}}]}}]}}"#
    );
    let changes = delivery::parse(body.as_bytes()).unwrap();
    let identity = identity::identify(&changes[0], &mut Vec::new());
    let bytes = envelope::write(&changes[0], &identity, &Arrival::new(at(received), "main"));
    Incoming { partition: place.0, offset: place.1, attempt: 0, content: decode::change(&bytes), bytes }
}

fn comment(place: (i32, i64), id: &str, text: &str) -> Incoming {
    let value =
        format!(r#"{{"id":"{id}","from":{{"id":"7","username":"u"}},"media":{{"id":"m"}},"text":"{text}"}}"#);
    record(place, ACCOUNT, "comments", &value, place.1)
}

fn dead_part(offset: i64, body: &[u8], part: i32, parts: i32, bytes: &[u8]) -> Incoming {
    let content = Content::DeadPart(DeadPart {
        event_id: identity::identify_body(body),
        reason: "invalid_json".to_owned(),
        part,
        parts,
        received_at: Some(at(0)),
        secret_label: Some("main".to_owned()),
    });
    Incoming { partition: 0, offset, attempt: 0, bytes: bytes.to_vec(), content }
}

fn tally(landed: u64, duplicates: u64, dead_lettered: u64, continued: u64) -> Tally {
    Tally { landed, duplicates, dead_lettered, continued }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_lands_once_within_a_batch_and_across_batches() {
    let bench = Bench::new(Lane::Comments).await;
    let first = [comment((0, 0), "a", "x"), comment((0, 1), "a", "x"), comment((1, 0), "b", "y")];
    assert_eq!(bench.land(&first).await.tally, tally(2, 1, 0, 0));
    let second = [comment((0, 2), "b", "y"), comment((0, 3), "c", "z")];
    assert_eq!(bench.land(&second).await.tally, tally(1, 1, 0, 0));
    assert_eq!((bench.count("event").await, bench.count("media_comment").await), (3, 3));
    assert!(bench.books_close().await);
}

/// Replay tells by it which of equal records landed.
#[tokio::test(flavor = "multi_thread")]
async fn the_key_of_an_event_knows_when_the_record_that_landed_had_arrived() {
    let bench = Bench::new(Lane::Comments).await;
    let value = r#"{"id":"a","text":"x"}"#;
    let batch = [0, 7].map(|received| record((0, received), ACCOUNT, "comments", value, received));
    assert_eq!(bench.land(&batch).await.tally, tally(1, 1, 0, 0));
    let same = "SELECT bool_and(key.received_at = event.received_at) FROM pipeline.event JOIN pipeline.event_key AS key USING (event_id)";
    assert!(sqlx::query_scalar::<_, bool>(same).fetch_one(&bench.pool()).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_value_for_the_same_comment_is_an_update() {
    let bench = Bench::new(Lane::Comments).await;
    bench.land(&[comment((0, 0), "a", "first")]).await;
    bench.land(&[comment((0, 1), "a", "second")]).await;
    assert_eq!(bench.count("event").await, 2);
    assert_eq!(bench.comment("a").await.0.as_deref(), Some("second"));
}

#[tokio::test(flavor = "multi_thread")]
async fn records_at_offsets_that_were_landed_before_are_passed_over() {
    let bench = Bench::new(Lane::Comments).await;
    bench.land(&[comment((0, 0), "a", "x"), comment((0, 1), "b", "x")]).await;
    let outcome = bench.land(&[comment((0, 1), "b", "x"), comment((0, 2), "c", "x")]).await;
    assert_eq!((outcome.tally, outcome.next[&0]), (tally(1, 0, 0, 0), 3));
    assert!(bench.books_close().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_lost_a_partition_commits_nothing_of_it() {
    let mut bench = Bench::new(Lane::Comments).await;
    let before = bench.owned.clone();
    bench.take(0).await;
    let batch = [comment((0, 0), "a", "x"), comment((1, 0), "b", "x")];
    let outcome = bench.lander.land(&batch, &before).await;
    assert_eq!((outcome.tally, &outcome.lost[..]), (tally(1, 0, 0, 0), &[0][..]));
    assert_eq!(bench.count("media_comment").await, 1, "only the partition that is still owned");
    assert_eq!(bench.land(&batch[..1]).await.tally, tally(1, 0, 0, 0), "the new owner lands it");
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_a_partition_waits_for_the_former_owners_open_transaction() {
    let bench = Bench::new(Lane::Comments).await;
    let mut zombie = bench.pool().begin().await.unwrap();
    sqlx::query("UPDATE pipeline.consumer_offset SET next = 7, landed = 7 WHERE partition = 0")
        .execute(&mut *zombie)
        .await
        .unwrap();
    let pool = bench.pool();
    let taking =
        tokio::spawn(async move { take(&pool, 0, Log { low: 0, high: 100, id: None }).await.unwrap() });
    let waiting = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')";
    while !sqlx::query_scalar::<_, bool>(waiting).fetch_one(&bench.pool()).await.unwrap() {
        tokio::task::yield_now().await;
    }
    assert!(!taking.is_finished());
    zombie.commit().await.unwrap();
    assert_eq!(taking.await.unwrap().next, 7, "it starts where the former owner committed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_in_parts_counts_once_and_its_redelivery_is_a_duplicate() {
    let bench = Bench::new(Lane::DeadLetter).await;
    let body = b"one two three";
    let part = |offset, part, bytes| dead_part(offset, body, part, 3, bytes);
    let batch = [
        part(0, 0, &body[..4]),
        part(1, 0, &body[..4]),
        part(2, 1, &body[4..8]),
        part(3, 1, &body[4..8]),
        part(4, 2, &body[8..]),
        part(5, 2, &body[8..]),
    ];
    assert_eq!(bench.land(&batch).await.tally, tally(0, 1, 1, 4));
    let whole: Vec<u8> = sqlx::query_scalar(
        "SELECT dead.payload || (SELECT string_agg(part.payload, ''::bytea ORDER BY part.part)
                                 FROM pipeline.dead_letter_part AS part WHERE part.event_id = dead.event_id)
         FROM pipeline.dead_letter AS dead",
    )
    .fetch_one(&bench.pool())
    .await
    .unwrap();
    assert_eq!(whole, body);
    assert!(bench.books_close().await);
}

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

#[tokio::test(flavor = "multi_thread")]
async fn offsets_that_retention_deleted_are_counted_as_expired() {
    let mut bench = Bench::new(Lane::Comments).await;
    bench.land(&[comment((0, 0), "a", "x")]).await;
    let position = take(&bench.pool(), 0, Log { low: 5, high: 9, id: None }).await.unwrap();
    assert_eq!(position.next, 5);
    bench.owned.insert(0, position);
    bench.land(&[comment((0, 5), "b", "x")]).await;
    let expired: i64 = sqlx::query_scalar("SELECT expired FROM pipeline.consumer_offset WHERE partition = 0")
        .fetch_one(&bench.pool())
        .await
        .unwrap();
    assert_eq!(expired, 4);
    assert!(bench.books_close().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_ends_before_the_books_halts() {
    let bench = Bench::new(Lane::Comments).await;
    bench.land(&[comment((0, 0), "a", "x"), comment((0, 1), "b", "x")]).await;
    let halted = take(&bench.pool(), 0, Log { low: 0, high: 1, id: None }).await;
    assert!(matches!(halted, Err(TakeError::Halt(Halt::BeyondEnd { .. }))), "{halted:?}");
}
