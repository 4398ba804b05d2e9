//! Every table of analytics says what a plain reading of the raw rows says, however these came in.

mod raw;
mod reference;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use cekbrand_devkit::servers::{TestDatabase, TestServers};
use cekbrand_schema::{Clock, ManualClock};
use cekbrand_workers::analyse::sentiment::Scorer;
use cekbrand_workers::analyse::tables::{TABLES, Table};
use cekbrand_workers::analyse::{AnalyseSettings, Analyser};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use jiff_sqlx::ToSqlx;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgPool};

use self::raw::{Account, Raw, local};
use self::reference::{Tables, plain};
use self::world::{Concern, HOURS, World, Write};

/// Worlds that are tried; `CEKBRAND_TEST_WORLDS` tries more.
const WORLDS: u64 = 6;

/// A database in which a world takes place.
struct Stage {
    _database: TestDatabase,
    pool: PgPool,
    clock: ManualClock,
}

impl Stage {
    async fn new(world: &World) -> Self {
        let database = TestServers::shared().unwrap().database().await.unwrap();
        let stage =
            Self { pool: database.pool(), _database: database, clock: ManualClock::new(world::start()) };
        for (account, zone) in world.accounts.iter().zip(&world.zones) {
            sqlx::query(r#"INSERT INTO instagram."user" (id, username, timezone) VALUES ($1, $1, $2)"#)
                .bind(account)
                .bind(zone)
                .execute(&stage.pool)
                .await
                .unwrap();
            sqlx::query(
                "INSERT INTO pipeline.account (account_id, login, added_at) VALUES ($1, 'facebook', $2)",
            )
            .bind(account)
            .bind(world::start().to_sqlx())
            .execute(&stage.pool)
            .await
            .unwrap();
        }
        stage
    }

    /// Writes a row as it was observed, and marks as its writer does.
    async fn write(&self, write: &Write) {
        let columns: Vec<String> =
            write.row.as_object().unwrap().keys().map(|name| format!("\"{name}\"")).collect();
        let list = columns.join(", ");
        let set: Vec<String> = columns.iter().map(|column| format!("{column} = excluded.{column}")).collect();
        let later =
            if write.by_time { " WHERE held.updated_timestamp < excluded.updated_timestamp" } else { "" };
        let statement = format!(
            "INSERT INTO {table} AS held ({list}) SELECT {list} FROM jsonb_populate_record(NULL::{table}, $1)
             ON CONFLICT ({key}) DO UPDATE SET {set}{later}",
            table = write.table,
            key = write.key,
            set = set.join(", "),
        );
        sqlx::query(AssertSqlSafe(statement)).bind(&write.row).execute(&self.pool).await.unwrap();
        let account = match &write.concern {
            Concern::Account(account) => Some(account.clone()),
            Concern::OwnerOf(medium) => {
                let owner = "SELECT user_id FROM instagram.media WHERE id = $1";
                sqlx::query_scalar(owner).bind(medium).fetch_optional(&self.pool).await.unwrap().flatten()
            }
            Concern::Comment => None,
        };
        for day in account.iter().flat_map(|_| &write.days) {
            self.mark(account.as_ref().unwrap(), *day).await;
        }
    }

    async fn mark(&self, account: &str, day: Date) {
        sqlx::query("INSERT INTO pipeline.dirty_mark (account_id, day, marked_at) VALUES ($1, $2, $3)")
            .bind(account)
            .bind(day.to_sqlx())
            .bind(self.clock.now().to_sqlx())
            .execute(&self.pool)
            .await
            .unwrap();
    }

    async fn today(&self, account: &str) -> Date {
        let zone = r#"SELECT timezone FROM instagram."user" WHERE id = $1"#;
        let zone: String = sqlx::query_scalar(zone).bind(account).fetch_one(&self.pool).await.unwrap();
        local(self.clock.now(), &TimeZone::get(&zone).unwrap())
    }

    /// Marks each local midnight that has passed since the last time, as the scheduler does.
    async fn pass_midnights(&self, last: &mut BTreeMap<String, Date>, accounts: &[String]) {
        for account in accounts {
            let today = self.today(account).await;
            let marked = last.entry(account.clone()).or_insert(today);
            for day in marked.tomorrow().unwrap().series(1.day()).take_while(|day| *day <= today) {
                self.mark(account, day).await;
            }
            *marked = today.max(*marked);
        }
    }

    fn analyser(&self) -> Analyser {
        Analyser::new(self.pool.clone(), Arc::new(self.clock.clone()), AnalyseSettings::default())
    }

    async fn tick(&self) {
        let mut scorer = Scorer::new(self.pool.clone(), Arc::new(self.clock.clone()), Duration::from_secs(1));
        scorer.tick().await.unwrap();
        // Two workers at once.
        let (one, other) = (self.analyser(), self.analyser());
        let (one, other) = tokio::join!(one.tick(), other.tick());
        one.unwrap();
        other.unwrap();
    }

    async fn settle(&self) {
        let open = "SELECT (SELECT count(*) FROM pipeline.dirty_mark) + (SELECT count(*) FROM pipeline.changed_comment)";
        while sqlx::query_scalar::<_, i64>(open).fetch_one(&self.pool).await.unwrap() > 0 {
            self.tick().await;
        }
    }

    /// The rows of every table of an account, without surrogate keys and times of writing.
    async fn rows(&self, account: &str) -> Tables {
        let mut tables = Tables::new();
        for (name, statement) in HELD {
            let rows: Vec<Value> =
                sqlx::query_scalar(*statement).bind(account).fetch_all(&self.pool).await.unwrap();
            if !rows.is_empty() {
                tables.insert(name, rows.into_iter().map(plain).collect());
            }
        }
        tables
    }

    /// Which transaction wrote which row.
    async fn versions(&self) -> Vec<String> {
        let mut versions = Vec::new();
        for (name, _) in HELD {
            let schema = if matches!(*name, "media_like_comment" | "user_data") {
                "instagram"
            } else {
                "toba_cek_insta"
            };
            let statement =
                format!("SELECT xmin::text || ' ' || t::text FROM {schema}.{name} AS t ORDER BY 1");
            let rows: Vec<String> =
                sqlx::query_scalar(AssertSqlSafe(statement)).fetch_all(&self.pool).await.unwrap();
            versions.extend(rows);
        }
        versions
    }
}

/// Everything that analyse writes, by account.
#[rustfmt::skip]
const HELD: &[(&str, &str)] = &[
    ("media_like_comment", "SELECT jsonb_build_object('media_id', media_id, 'datestamp', datestamp, 'like_count_growth', like_count_growth, 'comments_count_growth', comments_count_growth) FROM instagram.media_like_comment WHERE media_id IN (SELECT id FROM instagram.media WHERE user_id = $1)"),
    ("user_data", "SELECT jsonb_build_object('datestamp', datestamp, 'followers_count_growth', followers_count_growth, 'media_count_growth', media_count_growth) FROM instagram.user_data WHERE user_id = $1"),
    ("user_insight_engagement", "SELECT to_jsonb(t) - '{id,user_id,updated_timestamp}'::text[] FROM toba_cek_insta.user_insight_engagement AS t WHERE user_id = $1"),
    ("user_insight_engagement_growth", "SELECT to_jsonb(t) - '{id,user_id,updated_timestamp}'::text[] FROM toba_cek_insta.user_insight_engagement_growth AS t WHERE user_id = $1"),
    ("user_insight_engagement_rate_growth", "SELECT to_jsonb(t) - '{id,user_id,updated_timestamp}'::text[] FROM toba_cek_insta.user_insight_engagement_rate_growth AS t WHERE user_id = $1"),
    ("user_insight_follower_growth", "SELECT to_jsonb(t) - '{id,user_id,updated_timestamp}'::text[] FROM toba_cek_insta.user_insight_follower_growth AS t WHERE user_id = $1"),
    ("user_insight_reach_growth", "SELECT to_jsonb(t) - '{id,user_id,updated_timestamp}'::text[] FROM toba_cek_insta.user_insight_reach_growth AS t WHERE user_id = $1"),
    ("user_insight_impressions_growth", "SELECT to_jsonb(t) - '{id,user_id,updated_timestamp}'::text[] FROM toba_cek_insta.user_insight_impressions_growth AS t WHERE user_id = $1"),
    ("sentiment_delta", "SELECT to_jsonb(t) - '{user_id}'::text[] FROM toba_cek_insta.sentiment_delta AS t WHERE user_id = $1"),
    ("user_insight_sentiment", "SELECT to_jsonb(t) - '{id,user_id,updated_timestamp}'::text[] FROM toba_cek_insta.user_insight_sentiment AS t WHERE user_id = $1"),
    ("user_insight_sentiment_growth", "SELECT to_jsonb(t) - '{id,user_id,updated_timestamp}'::text[] FROM toba_cek_insta.user_insight_sentiment_growth AS t WHERE user_id = $1"),
    ("user_media_largest_engagement", "SELECT to_jsonb(t) - '{id,user_id,updated_timestamp}'::text[] FROM toba_cek_insta.user_media_largest_engagement AS t WHERE user_id = $1"),
    ("user_media_smallest_engagement", "SELECT to_jsonb(t) - '{id,user_id,updated_timestamp}'::text[] FROM toba_cek_insta.user_media_smallest_engagement AS t WHERE user_id = $1"),
    ("user_media_largest_reach", "SELECT to_jsonb(t) - '{id,user_id,updated_timestamp}'::text[] FROM toba_cek_insta.user_media_largest_reach AS t WHERE user_id = $1"),
    ("user_media_most_positive", "SELECT to_jsonb(t) - '{id,user_id,updated_timestamp}'::text[] FROM toba_cek_insta.user_media_most_positive AS t WHERE user_id = $1"),
    ("user_media_most_negative", "SELECT to_jsonb(t) - '{id,user_id,updated_timestamp}'::text[] FROM toba_cek_insta.user_media_most_negative AS t WHERE user_id = $1"),
    ("user_hastags_metrics", "SELECT to_jsonb(t) - '{id,user_id,updated_timestamp}'::text[] FROM toba_cek_insta.user_hastags_metrics AS t WHERE user_id = $1"),
    ("user_hastags_metrics_distribution", "SELECT (to_jsonb(t) - '{id,user_id,updated_timestamp}'::text[]) || jsonb_build_object('media_timestamp', extract(epoch FROM media_timestamp)::bigint) FROM toba_cek_insta.user_hastags_metrics_distribution AS t WHERE user_id = $1"),
    ("user_insight_follower_online", "SELECT to_jsonb(t) - '{id,user_id,updated_date}'::text[] FROM toba_cek_insta.user_insight_follower_online AS t WHERE user_id = $1"),
    ("user_insight_follower_online_wording", "SELECT to_jsonb(t) - '{id,user_id,updated_date}'::text[] FROM toba_cek_insta.user_insight_follower_online_wording AS t WHERE user_id = $1"),
    ("user_insight_most_active_time", "SELECT jsonb_build_object('waktu_paling_aktif', extract(epoch FROM waktu_paling_aktif)::bigint, 'value_paling_aktif', value_paling_aktif) FROM toba_cek_insta.user_insight_most_active_time AS t WHERE user_id = $1"),
];

/// Where a table and the reference differ: the first row that is wrong, and the first that is missing.
async fn differences(stage: &Stage, world: &World) -> Vec<String> {
    let raw = Raw::read(&stage.pool).await;
    let (mut found, none) = (Vec::new(), BTreeSet::new());
    for account in &world.accounts {
        let expected = reference::tables(&Account::new(&raw, account, stage.clock.now()));
        let held = stage.rows(account).await;
        for (table, _) in HELD {
            let (expected, held) = (expected.get(table).unwrap_or(&none), held.get(table).unwrap_or(&none));
            let (wrong, missing) = (held.difference(expected).next(), expected.difference(held).next());
            if wrong.is_some() || missing.is_some() {
                found.push(format!("{table} of {account}: held {wrong:?}, by the raw rows {missing:?}"));
            }
        }
    }
    found
}

/// Marks every day of every account and computes with these tables. Says whether the database took the rows.
async fn compute_all(stage: &Stage, world: &World, tables: &'static [Table]) -> bool {
    for account in &world.accounts {
        let today = stage.today(account).await;
        for day in today.saturating_sub(100.days()).series(1.day()).take_while(|day| *day <= today) {
            stage.mark(account, day).await;
        }
    }
    loop {
        match stage.analyser().of(tables).tick().await {
            Ok(0) => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

/// As it happens, day by day, computed now and then.
async fn live(world: &World, seed: u64, end: Timestamp) -> Stage {
    let stage = Stage::new(world).await;
    let mut random = StdRng::seed_from_u64(seed);
    let mut midnights = BTreeMap::new();
    stage.pass_midnights(&mut midnights, &world.accounts).await;
    for write in &world.writes {
        stage.clock.set(write.at.max(stage.clock.now()));
        stage.write(write).await;
        if random.random_bool(0.01) {
            stage.pass_midnights(&mut midnights, &world.accounts).await;
            stage.tick().await;
        }
    }
    stage.clock.set(end);
    stage.pass_midnights(&mut midnights, &world.accounts).await;
    stage.settle().await;
    stage
}

/// All afterwards, in any order, some writes twice, computed now and then.
async fn late(world: &World, seed: u64, end: Timestamp) -> Stage {
    let stage = Stage::new(world).await;
    let mut random = StdRng::seed_from_u64(seed);
    stage.clock.set(end);
    for write in &world::shuffled(&world.writes, seed) {
        stage.write(write).await;
        if random.random_bool(0.005) {
            stage.tick().await;
        }
    }
    for account in &world.accounts {
        stage.mark(account, stage.today(account).await).await;
    }
    stage.settle().await;
    stage
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_say_what_the_raw_rows_say_whatever_the_order() {
    let worlds = std::env::var("CEKBRAND_TEST_WORLDS").ok().and_then(|worlds| worlds.parse().ok());
    let first =
        std::env::var("CEKBRAND_TEST_FIRST_WORLD").ok().and_then(|first| first.parse().ok()).unwrap_or(0);
    for seed in first..first + worlds.unwrap_or(WORLDS) {
        let world = World::new(seed, "178");
        let end = world::start() + (HOURS + 30).hours();
        for (when, stage) in [
            (format!("world {seed} as it happens"), live(&world, seed, end).await),
            (format!("world {seed} afterwards"), late(&world, seed, end).await),
        ] {
            assert_eq!(differences(&stage, &world).await, [""; 0], "{when}");
            // Once more, with every day marked: no row is written.
            let before = stage.versions().await;
            assert!(compute_all(&stage, &world, TABLES).await);
            assert_eq!(stage.versions().await, before, "{when}: computed again");
        }
    }
}

/// Every table has rows in a world, so that a comparison compares something.
#[tokio::test(flavor = "multi_thread")]
async fn a_world_fills_every_table() {
    let world = World::new(0, "178");
    assert!(world.writes.len() > 1000, "{}", world.writes.len());
    let stage = late(&world, 0, world::start() + (HOURS + 30).hours()).await;
    for (table, _) in HELD {
        let mut rows = 0;
        for account in &world.accounts {
            rows += stage.rows(account).await.get(table).map_or(0, BTreeSet::len);
        }
        assert!(rows > 0, "{table} is empty");
    }
}

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
    ("toba_cek_insta.user_insight_reach_growth", "'America/Los_Angeles'", "'UTC'"),
    (
        "toba_cek_insta.user_insight_impressions_growth",
        "past.metric <> past.last_metric OR past.metric <> present.metric",
        "FALSE",
    ),
    ("toba_cek_insta.user_insight_impressions_growth", "present.timeframe - present.known", "present.known"),
    ("toba_cek_insta.sentiment_delta", "went_on IS NULL OR went_on > came_on", "TRUE"),
    ("toba_cek_insta.sentiment_delta", ", touched.deleted_on)", ")"),
    ("toba_cek_insta.user_insight_sentiment", "delta.day <= day.d", "delta.day < day.d"),
    ("toba_cek_insta.user_insight_sentiment_growth", "present.neg - past.neg", "past.neg - present.neg"),
    (
        "toba_cek_insta.user_media_largest_engagement",
        "counts.like_count + counts.comments_count",
        "coalesce(counts.like_count, 0) + counts.comments_count",
    ),
    ("toba_cek_insta.user_media_smallest_engagement", "ORDER BY value ASC", "ORDER BY value DESC"),
    ("toba_cek_insta.user_media_largest_reach", "'reach'", "'views'"),
    ("toba_cek_insta.user_media_most_positive", "felt.deleted_at IS NULL OR", "TRUE OR"),
    (
        "toba_cek_insta.user_media_most_negative",
        "part.post_id = post.media_id",
        "part.part_id = post.media_id AND part.post_id <> part.part_id",
    ),
    ("toba_cek_insta.user_hastags_metrics", "looked_at.deleted_on > looked_at.day", "TRUE"),
    (
        "toba_cek_insta.user_hastags_metrics_distribution",
        "coalesce(views.value, impressions.value) AS impressions",
        "views.value AS impressions",
    ),
    ("toba_cek_insta.user_insight_follower_online", "held.hour - $7::int", "held.hour + $7::int"),
    ("toba_cek_insta.user_insight_follower_online_wording", "from_quiet <= 3", "from_quiet <= 2"),
    ("toba_cek_insta.user_insight_most_active_time", "value DESC, start", "value DESC, start DESC"),
];

/// A fault in what the statements share: function, what stands there, what stands there instead.
const SHARED_FAULTS: &[(&str, &str, &str)] = &[
    ("counts_as_of", "snapshot.datestamp <= day", "snapshot.datestamp < day"),
    ("figure_as_of", "insight.value IS NOT NULL", "TRUE"),
    ("posts_of_window", "medium.deleted_on > day", "medium.deleted_on >= day"),
    ("posts_of_window", "> day - days", ">= day - days"),
    ("felt_comments", "IS DISTINCT FROM account", "IS DISTINCT FROM ''"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_in_any_statement_is_seen() {
    let world = World::new(1, "178");
    let stage = late(&world, 1, world::start() + (HOURS + 30).hours()).await;
    assert_eq!(differences(&stage, &world).await, [""; 0]);
    let mut unseen = Vec::new();
    for (name, from, to) in FAULTS {
        let table = TABLES.iter().find(|table| table.name == *name).unwrap();
        assert!(table.sql.contains(from), "{name} has no {from}");
        let sql: &'static str = table.sql.replace(from, to).leak();
        // A constraint that refuses the rows sees it as well.
        let taken = compute_all(&stage, &world, vec![Table { sql, ..*table }].leak()).await;
        if taken && differences(&stage, &world).await.is_empty() {
            unseen.push(format!("{name}: {from}"));
        }
        assert!(compute_all(&stage, &world, std::slice::from_ref(table)).await);
    }
    for (name, from, to) in SHARED_FAULTS {
        let definition = "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = $1";
        let right: String = sqlx::query_scalar(definition).bind(name).fetch_one(&stage.pool).await.unwrap();
        assert!(right.contains(from), "{name} has no {from}");
        sqlx::raw_sql(AssertSqlSafe(right.replace(from, to))).execute(&stage.pool).await.unwrap();
        let taken = compute_all(&stage, &world, TABLES).await;
        if taken && differences(&stage, &world).await.is_empty() {
            unseen.push(format!("{name}: {from}"));
        }
        sqlx::raw_sql(AssertSqlSafe(right)).execute(&stage.pool).await.unwrap();
    }
    assert!(compute_all(&stage, &world, TABLES).await);
    assert_eq!(differences(&stage, &world).await, [""; 0], "the faults are taken out again");
    assert_eq!(unseen, [""; 0]);
}
