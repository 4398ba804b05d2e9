//! Recorded answers through the row writers again, hundreds at once: what one by one leaves, nothing changed
//! where nothing changed, and what a bug spoilt is mended.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::time::Duration;

use cekbrand_devkit::world::WorldConfig;
use cekbrand_schema::kafka::KafkaSettings;
use cekbrand_schema::{Lane, Topics};
use cekbrand_workers::reads::kind;
use cekbrand_workers::replay::{Enrich, Order, Replayer, Report, Source};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::canned::Canned;
use super::{Bench, rebuild, start};

/// Tables that answers are written to.
const TABLES: [&str; 15] = [
    "media",
    "media_comment",
    "media_insight",
    "media_like_comment",
    "user_data",
    "user_insight_audience_city",
    "user_insight_audience_country",
    "user_insight_audience_gender_age",
    "user_insight_impressions",
    "user_insight_metric",
    "user_insight_online_follower",
    "user_insight_reach",
    "user_insight_visitor",
    "user_insight_audience_locale",
    "user_competitor",
];

type Rows = BTreeMap<&'static str, BTreeSet<String>>;

/// Hours of three accounts, read by the clock.
async fn lived(hours: u64) -> Bench {
    let end = start() + SignedDuration::from_hours(24);
    let world = WorldConfig { accounts: 3, outsiders: 2, ..WorldConfig::new(11, end) };
    let bench = Bench::by_the_clock(world).await;
    bench.live_through(Duration::from_hours(hours), Duration::from_mins(30)).await;
    bench
}

/// Every row but for when it was written and numbers that say nothing.
async fn rows(bench: &Bench) -> Rows {
    let mut all = Rows::new();
    for table in TABLES {
        let sql = format!(
            "SELECT (to_jsonb(t) - '{{id,updated_timestamp}}'::text[] || CASE WHEN '{table}' IN ('media', 'media_comment')
                THEN jsonb_build_object('id', t.id) ELSE '{{}}' END)::text FROM instagram.{table} t"
        );
        let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql));
        let rows: Vec<String> = query.fetch_all(&bench.pool()).await.unwrap();
        let distinct: BTreeSet<String> = rows.iter().cloned().collect();
        assert_eq!(rows.len(), distinct.len(), "{table} has a row twice");
        all.insert(table, distinct);
    }
    all
}

fn assert_same(is: &Rows, was: &Rows) {
    for (table, rows) in was {
        let differing: Vec<_> = rows.symmetric_difference(&is[table]).take(6).collect();
        assert!(differing.is_empty(), "{table}: {differing:#?}");
    }
}

async fn empty(bench: &Bench) {
    let names: Vec<String> = TABLES.iter().map(|table| format!("instagram.{table}")).collect();
    let sql = format!("TRUNCATE {}", names.join(", "));
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&bench.pool()).await.unwrap();
}

fn replayer(bench: &Bench) -> Replayer {
    Replayer {
        pool: bench.pool(),
        kafka: KafkaSettings::default(),
        topics: Topics::with_prefix(""),
        clock: bench.clock.clone(),
        stop: CancellationToken::new(),
        rate: None,
    }
}

/// All recorded answers, of an account or of all.
fn order(bench: &Bench, account: Option<&str>) -> Order {
    let topics = Topics::with_prefix("");
    Order {
        lane: Lane::Comments,
        topic: topics.topic(Lane::Comments).to_owned(),
        source: Source::Events,
        from: Timestamp::UNIX_EPOCH,
        to: bench.simulator.now() + SignedDuration::from_hours(1),
        account: account.map(str::to_owned),
        enrich: Enrich::Recorded,
        dry_run: false,
    }
}

async fn replay(bench: &Bench) -> Report {
    let replayer = replayer(bench);
    let run = replayer.begin(order(bench, None)).await.unwrap();
    let report = replayer.run(run, |_| ()).await.unwrap();
    assert!(report.is_done);
    println!("{} answers at {:.0}/s", report.gone_through, report.rate());
    report
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_leave_what_one_by_one_leaves_and_over_it_nothing() {
    let bench = lived(6).await;
    let (lived, calls) = (rows(&bench).await, bench.simulator.calls().len());
    let again = replay(&bench).await;
    assert!(again.gone_through > 500, "only {} answers: not two pages", again.gone_through);
    assert_eq!(again.progress.changed, BTreeMap::new(), "nothing is new");
    assert_same(&rows(&bench).await, &lived);

    empty(&bench).await;
    let answers = rebuild(&bench).await;
    let one_by_one = rows(&bench).await;
    assert!(one_by_one["media_insight"].len() > 500 && !one_by_one["user_insight_reach"].is_empty());
    empty(&bench).await;
    let report = replay(&bench).await;
    assert_eq!(report.gone_through, answers as u64);
    assert!(report.progress.changed["instagram.media_insight"] > 500, "{:?}", report.progress.changed);
    assert_same(&rows(&bench).await, &one_by_one);
    assert_eq!(bench.simulator.calls().len(), calls, "a replay calls nobody");
}

/// What row writers with a bug would have left.
const SPOILS: [(&str, &str); 7] = [
    (
        "captions",
        "UPDATE instagram.media SET caption = 'zzz', media_hastag = NULL WHERE media_type IS NOT NULL",
    ),
    ("figures", "UPDATE instagram.media_insight SET value = value + 1 WHERE value IS NOT NULL"),
    ("counts of a day", "UPDATE instagram.media_like_comment SET like_count = 0, absence = NULL"),
    ("followers", "UPDATE instagram.user_data SET followers_count = 0"),
    ("reach", "UPDATE instagram.user_insight_reach SET value = value + 1 WHERE value IS NOT NULL"),
    ("cities", "UPDATE instagram.user_insight_audience_city SET value = value * 2 WHERE value IS NOT NULL"),
    ("profile actions", "UPDATE instagram.user_insight_metric SET value = value + 1 WHERE value IS NOT NULL"),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_a_bug_spoilt_is_mended_and_a_value_that_the_database_refuses_costs_its_answer_alone() {
    let bench = lived(3).await;
    let lived = rows(&bench).await;
    for (what, sql) in SPOILS {
        let spoilt = sqlx::query(sql).execute(&bench.pool()).await.unwrap().rows_affected();
        assert!(spoilt > 0, "nothing to spoil: {what}");
    }
    // PostgreSQL refuses the whole statement that this value stands in.
    let check = "ALTER TABLE instagram.user_insight_reach ADD CHECK (value <> 1313131313)";
    sqlx::query(check).execute(&bench.pool()).await.unwrap();
    let monstrous = r#"
        UPDATE pipeline.graph_response SET body = '{"data":[{"name":"reach","period":"day","values":
            [{"value":1313131313,"end_time":"2026-11-19T08:00:00+0000"}]}]}'
        WHERE id = (SELECT max(id) FROM pipeline.graph_response WHERE request LIKE '%metric=reach%' AND status = 200)
        RETURNING id"#;
    let id: i64 = sqlx::query_scalar(monstrous).fetch_one(&bench.pool()).await.unwrap();
    let report = replay(&bench).await;
    assert_eq!(report.progress.refused, 1, "answer {id}");
    let mended = rows(&bench).await;
    for (table, rows) in &lived {
        let differing: Vec<_> = rows.symmetric_difference(&mended[table]).collect();
        let allowed = if *table == "user_insight_reach" { 2 * 3 } else { 0 };
        assert!(differing.len() <= allowed, "{table}: {differing:#?}");
    }
}

/// A later answer without a figure was taken for a zero once. Made again it is an absence, which leaves the
/// row to the figure that an earlier answer told.
#[tokio::test(flavor = "multi_thread")]
async fn an_absence_that_a_bug_took_for_a_figure_gives_way_to_the_figure_of_an_earlier_answer() {
    let (bench, api) = Canned::bench().await;
    let id = bench.account(0).id.to_string();
    let told = json!({"data": [{"name": "reach", "period": "day", "values": [
        {"value": 36, "end_time": "2026-11-19T08:00:00+0000"}
    ]}]});
    for answer in [told, json!({"data": []})] {
        api.reply(&["/insights"], &answer);
        bench.want_variant(kind::USER_SERIES, &id, "days_3", 0).await;
        bench.settle().await;
        bench.advance(Duration::from_hours(25));
    }
    let held = "
        SELECT coalesce(value::text, absence::text) FROM instagram.user_insight_reach
        WHERE end_time = '2026-11-19 08:00+00'";
    let reach = async || -> String { sqlx::query_scalar(held).fetch_one(&bench.pool()).await.unwrap() };
    assert_eq!(reach().await, "36");
    let spoil = "
        UPDATE instagram.user_insight_reach SET value = 0, observed_at = (SELECT max(observed_at) FROM pipeline.graph_response)
        WHERE end_time = '2026-11-19 08:00+00'";
    assert_eq!(sqlx::query(spoil).execute(&bench.pool()).await.unwrap().rows_affected(), 1);
    replay(&bench).await;
    assert_eq!(reach().await, "36");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_alone_two_runs_at_once_and_a_rate_that_is_kept() {
    let bench = lived(2).await;
    let lived = rows(&bench).await;
    let account = bench.account(0).id.as_str();
    let counted = "SELECT count(*) FROM pipeline.graph_response WHERE account_id = $1 OR $1 = ''";
    let count = async |account: &str| -> i64 {
        sqlx::query_scalar(counted).bind(account).fetch_one(&bench.pool()).await.unwrap()
    };
    let (all, own) = (count("").await, count(account).await);
    assert!(own > 50 && own < all);
    for (_, sql) in SPOILS {
        sqlx::query(sql).execute(&bench.pool()).await.unwrap();
    }

    // Two ranges that meet in the middle, at once, and both of them over the same media.
    let middle: jiff_sqlx::Timestamp = sqlx::query_scalar(
        "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY observed_at) FROM pipeline.graph_response",
    )
    .fetch_one(&bench.pool())
    .await
    .unwrap();
    let (one, other) = (replayer(&bench), replayer(&bench));
    let first = Order { to: middle.to_jiff(), ..order(&bench, None) };
    let second = Order { from: middle.to_jiff(), ..order(&bench, None) };
    let (first, second) = (one.begin(first).await.unwrap(), other.begin(second).await.unwrap());
    let (first, second) = tokio::join!(one.run(first, |_| ()), other.run(second, |_| ()));
    let gone_through = first.unwrap().gone_through + second.unwrap().gone_through;
    assert_eq!(gone_through, u64::try_from(all).unwrap());
    assert_same(&rows(&bench).await, &lived);

    let capped = Replayer { rate: NonZeroU32::new(u32::try_from(own).unwrap() / 2), ..replayer(&bench) };
    let run = capped.begin(order(&bench, Some(account))).await.unwrap();
    assert_eq!(run.progress.total, u64::try_from(own).unwrap());
    let report = capped.run(run, |_| ()).await.unwrap();
    assert_eq!(report.gone_through, u64::try_from(own).unwrap(), "of this account alone");
    assert!(report.took >= Duration::from_millis(1900), "{:?} for two seconds' worth", report.took);
}
