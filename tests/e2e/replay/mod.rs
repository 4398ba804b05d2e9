//! Replay over a finished database, on real servers: an unchanged program changes no row, a mended one mends
//! the rows that a bug spoilt, and what makes no sense is refused.

mod interrupted;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cekbrand_devkit::meta::{Delivery, Generator, GeneratorConfig};
use cekbrand_schema::{Clock, SystemClock};
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde_json::Value;

use crate::bench::{Bench, eventually};
use crate::command::stderr;

const CHANGES: u64 = 2500;
const LONG_AGO: &str = "2020-01-01";

/// Rows by table, sorted.
type Tables = BTreeMap<String, Vec<String>>;

/// Compares tables whose names begin alike, and shows some of what differs.
fn assert_same(after: &Tables, before: &Tables, prefix: &str) {
    for (table, rows) in before.iter().filter(|(table, _)| table.starts_with(prefix)) {
        let (was, is): (BTreeSet<_>, BTreeSet<_>) = (rows.iter().collect(), after[table].iter().collect());
        let differing: Vec<_> = was.symmetric_difference(&is).take(6).collect();
        assert!(rows == &after[table], "{table} is not what it was: {differing:#?}");
    }
}

/// Midnight moves every window, and then no row of them is what it was: what is compared before and after
/// is of one day, that of the accounts, which count by UTC here.
async fn wait_for_a_day_with_room() {
    let now = SystemClock.now().to_zoned(jiff::tz::TimeZone::UTC);
    let left = now.end_of_day().unwrap().duration_since(&now).unsigned_abs();
    if left < LONGEST {
        tokio::time::sleep(left + Duration::from_secs(1)).await;
    }
}

/// No test of these takes as long on a busy machine.
const LONGEST: Duration = Duration::from_mins(6);

/// One at a time: each brings up a pipeline of its own.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A database in which everything has landed and is read, with its worker still there.
struct Finished {
    bench: Bench,
    _turn: tokio::sync::MutexGuard<'static, ()>,
    _roles: Vec<Box<dyn std::any::Any>>,
}

impl Finished {
    async fn new(seed: u64) -> Self {
        let turn = TURN.lock().await;
        wait_for_a_day_with_room().await;
        let bench = Bench::new().await;
        let deliveries: Vec<Delivery> =
            Generator::new(bench.world(), GeneratorConfig::new(seed, CHANGES)).collect();
        let ingest = bench.ingest().await;
        let reader = bench.worker("reader", None);
        let sent = bench.send(&deliveries).await.unwrap();
        assert_eq!(sent.accepted(), CHANGES);
        eventually(Duration::from_mins(5), || bench.has_settled(CHANGES)).await;
        // From here on nobody reads, so that what is asked of the Graph API is a replay's doing.
        drop(reader);
        let later = "
            UPDATE pipeline.enrichment_task SET state = 'parked', reason = 'backoff', parked_until = '2100-01-01',
                due_at = '2100-01-01', lease_id = NULL, lease_until = NULL
            WHERE state IN ('waiting', 'running')";
        sqlx::query(later).execute(&bench.pool()).await.unwrap();
        let worker = bench.worker_of("worker", "land,analyse", None);
        eventually(Duration::from_mins(5), || bench.has_settled(CHANGES)).await;
        Self { bench, _turn: turn, _roles: vec![Box::new(ingest), Box::new(worker)] }
    }

    async fn settle(&self) {
        eventually(Duration::from_mins(5), || self.bench.has_settled(CHANGES)).await;
    }

    /// Runs a replay that must go to its end, and gives what it says.
    fn replay(&self, arguments: &[&str]) -> Value {
        let said = self.bench.command("replay").ok(&[&["replay", "--json"], arguments].concat());
        let report: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
        assert_eq!(report["done"], true, "{report}");
        report
    }

    /// Every row of every table of both schemas, without the given columns.
    async fn rows(&self, without: &[&str]) -> Tables {
        let pool = self.bench.pool();
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables
             WHERE table_schema IN ('instagram', 'toba_cek_insta') AND table_type = 'BASE TABLE'",
        )
        .fetch_all(&pool)
        .await
        .unwrap();
        let mut all = Tables::new();
        for table in tables {
            let sql = format!("SELECT (to_jsonb(t) - $1::text[])::text FROM {table} t ORDER BY 1");
            let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(without);
            all.insert(table, query.fetch_all(&pool).await.unwrap());
        }
        all
    }

    async fn number(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.bench.pool()).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn going_through_everything_again_changes_no_row_and_makes_no_graph_call() {
    let finished = Finished::new(21).await;
    let before = finished.rows(&[]).await;
    assert!(!before["instagram.media_comment"].is_empty(), "there is nothing to go through");
    let calls = finished.bench.graph_calls();
    let tasks = "SELECT coalesce(sum(hashtext(t::text)::bigint), 0)::bigint FROM pipeline.enrichment_task t";
    let tasks_before = finished.number(tasks).await;
    // Epochs aside: the worker that is there may still be taking its partitions.
    let books = "
        SELECT coalesce(sum(hashtext(concat_ws(' ', topic, partition, start, next, landed, duplicates, dead_lettered,
            expired))::bigint), 0)::bigint
        FROM pipeline.consumer_offset";
    let books_before = finished.number(books).await;

    let mut records = 0;
    for arguments in [
        &["--source", "kafka"][..],
        &["--source", "kafka"],
        &["--source", "events"],
        &["--enrich", "none"],
        &["--dry-run"],
    ] {
        for topic in ["comments", "story-insights", "other", "control"] {
            let report = finished.replay(&[&["--topic", topic, "--from", LONG_AGO], arguments].concat());
            assert_eq!(report["changed"], 0, "{topic} {arguments:?}: {report}");
            records += report["records"].as_u64().unwrap();
            println!("{topic} {arguments:?}: {} records/s", report["records_per_s"]);
        }
    }
    assert!(records > 3 * CHANGES, "only {records} records were gone through");
    finished.settle().await;
    assert_same(&finished.rows(&[]).await, &before, "");
    assert_eq!(finished.bench.graph_calls(), calls, "a replay calls nobody");
    assert_eq!(finished.number(tasks).await, tasks_before, "no read is wanted");
    assert_eq!(finished.number(books).await, books_before, "the books are left alone");
    let audited = "SELECT count(*) FROM pipeline.audit WHERE action = 'replay.run'";
    assert_eq!(finished.number(audited).await, 20);
}

/// Killed half way, a replay goes on where its last portion was committed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bug_is_mended_in_the_rows_that_it_spoilt_even_by_a_replay_that_was_killed() {
    let finished = Finished::new(22).await;
    let whole = ["updated_timestamp"];
    let before = finished.rows(&whole).await;
    let computed = finished.rows(&COMPUTED).await;
    for (what, sql) in SPOILS {
        let spoilt = sqlx::query(*sql).execute(&finished.bench.pool()).await.unwrap().rows_affected();
        assert!(spoilt > 0, "nothing to spoil: {what}");
    }
    let spoilt = finished.rows(&whole).await;
    let touched: Vec<&String> = before.keys().filter(|table| before[*table] != spoilt[*table]).collect();
    assert!(touched.len() >= 5, "{touched:?}");
    let counted = finished.replay(&["--topic", "comments", "--from", LONG_AGO, "--dry-run"]);
    assert!(counted["changed"].as_u64().unwrap() > 0, "{counted}");
    assert_eq!(finished.rows(&whole).await["instagram.media_comment"], spoilt["instagram.media_comment"]);

    let directory = finished.bench.command("replay");
    let mut killed =
        directory.start_with(&["replay", "--topic", "comments", "--from", LONG_AGO, "--rate", "200"]);
    let seen = "SELECT coalesce(sum(seen), 0)::bigint FROM pipeline.replay_run WHERE NOT dry_run";
    eventually(Duration::from_mins(5), || async {
        if finished.number(seen).await > 0 { Ok(()) } else { Err(killed.log()) }
    })
    .await;
    killed.kill();
    let run = "SELECT id FROM pipeline.replay_run WHERE NOT dry_run";
    let run = finished.number(run).await.to_string();
    let resumed = finished.replay(&["--resume", &run]);
    let total = finished.number("SELECT total FROM pipeline.replay_run WHERE NOT dry_run").await;
    assert!(resumed["records"].as_i64().unwrap() < total, "it began anew: {resumed}");
    finished.replay(&["--topic", "story-insights", "--from", LONG_AGO]);
    finished.settle().await;

    let after = finished.rows(&whole).await;
    assert_same(&after, &before, "instagram.");
    assert_same(&finished.rows(&COMPUTED).await, &computed, "toba_cek_insta.");
    let report = finished.replay(&["--topic", "comments", "--from", LONG_AGO]);
    assert_eq!(report["changed"], 0, "mended is mended: {report}");
    let again = finished.bench.command("replay").run(&["replay", "--resume", &run]);
    assert_eq!(again.status.code(), Some(2));
    assert!(stderr(&again).contains("is done"), "{}", stderr(&again));
}

/// What computing again may change: numbers of rows, and when they were written.
const COMPUTED: [&str; 3] = ["updated_timestamp", "updated_date", "id"];

/// What row writers with a bug would have left.
const SPOILS: &[(&str, &str)] = &[
    (
        "texts",
        "UPDATE instagram.media_comment SET text = upper(text) || ' zzz' WHERE raw_event_id IS NOT NULL AND id LIKE '%1'",
    ),
    (
        "texts that were lost",
        "UPDATE instagram.media_comment SET text = NULL WHERE raw_event_id IS NOT NULL AND id LIKE '%2' AND text IS NOT NULL",
    ),
    (
        "authors",
        "UPDATE instagram.media_comment SET username = 'zzz', from_id = '9'
         WHERE raw_event_id IS NOT NULL AND id LIKE '%3' AND username IS NOT NULL AND from_id IS NOT NULL AND read_at IS NULL",
    ),
    (
        "media of comments",
        "UPDATE instagram.media_comment SET media_id = 'zzz'
         WHERE raw_event_id IS NOT NULL AND id LIKE '%4' AND read_at IS NULL AND media_id IS NOT NULL",
    ),
    (
        "comments that were lost",
        "DELETE FROM instagram.media_comment WHERE raw_event_id IS NOT NULL AND id LIKE '%5' AND read_at IS NULL",
    ),
    (
        "likes of comments",
        "UPDATE instagram.media_comment SET like_count = like_count + 7 WHERE like_count IS NOT NULL",
    ),
    (
        "figures",
        "UPDATE instagram.media_insight SET value = value + 1 WHERE value IS NOT NULL AND metric IN ('reach', 'views')",
    ),
    (
        "withheld figures as nothing",
        "UPDATE instagram.media_insight SET value = 0, absence = NULL WHERE absence = 'suppressed'",
    ),
    (
        "figures that were lost",
        "DELETE FROM instagram.media_insight WHERE metric = 'replies' AND value IS NOT NULL",
    ),
    (
        "captions and likes",
        "UPDATE instagram.media SET caption = 'zzz', media_hastag = NULL, like_count = 1
         WHERE media_type IS NOT NULL AND deleted_at IS NULL AND lost_at IS NULL",
    ),
    ("counts of a day", "UPDATE instagram.media_like_comment SET like_count = 0, absence = NULL"),
    ("followers", "UPDATE instagram.user_data SET followers_count = 0"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_makes_no_sense_is_refused_with_one_sentence_and_changes_nothing() {
    let finished = Finished::new(23).await;
    let topic = finished.bench.topic("comments");
    let now = "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')";
    let now: String = sqlx::query_scalar(now).fetch_one(&finished.bench.pool()).await.unwrap();
    finished
        .bench
        .send(&Generator::new(finished.bench.world(), GeneratorConfig::new(24, 300)).collect::<Vec<_>>());
    for (arguments, said) in [
        (&["--topic", "instagram.podcasts.v1", "--from", LONG_AGO][..], "is no topic"),
        (&["--topic", "dead-letter", "--from", LONG_AGO], "cekbrand dlq retry"),
        (&["--topic", "comments", "--from", "2026-01-02", "--to", "2026-01-01"], "not after its start"),
        (&["--topic", "comments", "--from", "2999-01-01"], "still to come"),
        (&["--topic", "comments", "--from", LONG_AGO, "--account", "404"], "no change of account 404"),
        (&["--topic", "comments", "--from", "yesterday"], "expected a time"),
        (&["--resume", "404"], "there is no replay 404"),
    ] {
        let output = finished.bench.command("replay").run(&[&["replay"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(said), "{arguments:?}: {}", stderr(&output));
    }
    assert_eq!(finished.number("SELECT count(*) FROM pipeline.replay_run").await, 0);

    eventually(Duration::from_mins(5), || async {
        let landed = "SELECT coalesce(sum(landed + duplicates + dead_lettered), 0)::bigint FROM pipeline.consumer_offset";
        let landed = finished.number(landed).await;
        if landed >= i64::try_from(CHANGES).unwrap() + 300 { Ok(()) } else { Err(format!("{landed} landed")) }
    })
    .await;
    // What came before `now` expires.
    let ends = finished.bench.offsets_at(&topic, &now).await;
    let mut gone = TopicPartitionList::new();
    for (partition, offset) in ends {
        gone.add_partition_offset(&topic, partition, Offset::Offset(offset)).unwrap();
    }
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", finished.bench.brokers());
    let admin: AdminClient<DefaultClientContext> = config.create().unwrap();
    admin.delete_records(&gone, &AdminOptions::new()).await.unwrap();
    let output = finished.bench.command("replay").run(&["replay", "--topic", "comments", "--from", LONG_AGO]);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("Kafka keeps records of") && said.contains("--source events"), "{said}");
    let since = said.split("give --from ").nth(1).unwrap().split(',').next().unwrap().to_owned();
    let report = finished.replay(&["--topic", "comments", "--from", &since]);
    assert!(report["records"].as_u64().unwrap() > 0, "what is left can be replayed: {report}");
}
