//! A database in which a world takes place, and the rows that analyse made of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cekbrand_devkit::servers::{TestDatabase, TestServers};
use cekbrand_schema::{Clock, ManualClock};
use cekbrand_workers::analyse::rebuild::{Range, Rebuilt};
use cekbrand_workers::analyse::sentiment::Scorer;
use cekbrand_workers::analyse::{AnalyseSettings, Analyser};
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff_sqlx::ToSqlx;
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgPool};

use super::raw::local;
use super::reference::{Tables, plain};
use super::world::{self, Concern, World, Write};

/// A database in which a world takes place.
pub(crate) struct Stage {
    _database: TestDatabase,
    pub(crate) pool: PgPool,
    pub(crate) clock: ManualClock,
}

impl Stage {
    pub(crate) async fn new(world: &World) -> Self {
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
    pub(crate) async fn write(&self, write: &Write) {
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

    pub(crate) async fn mark(&self, account: &str, day: Date) {
        sqlx::query("INSERT INTO pipeline.dirty_mark (account_id, day, marked_at) VALUES ($1, $2, $3)")
            .bind(account)
            .bind(day.to_sqlx())
            .bind(self.clock.now().to_sqlx())
            .execute(&self.pool)
            .await
            .unwrap();
    }

    pub(crate) async fn today(&self, account: &str) -> Date {
        let zone = r#"SELECT timezone FROM instagram."user" WHERE id = $1"#;
        let zone: String = sqlx::query_scalar(zone).bind(account).fetch_one(&self.pool).await.unwrap();
        local(self.clock.now(), &TimeZone::get(&zone).unwrap())
    }

    /// Marks each local midnight that has passed since the last time, as the scheduler does.
    pub(crate) async fn pass_midnights(&self, last: &mut BTreeMap<String, Date>, accounts: &[String]) {
        for account in accounts {
            let today = self.today(account).await;
            let marked = last.entry(account.clone()).or_insert(today);
            for day in marked.tomorrow().unwrap().series(1.day()).take_while(|day| *day <= today) {
                self.mark(account, day).await;
            }
            *marked = today.max(*marked);
        }
    }

    pub(crate) fn analyser(&self) -> Analyser {
        Analyser::new(self.pool.clone(), Arc::new(self.clock.clone()), AnalyseSettings::default())
    }

    pub(crate) async fn tick(&self) {
        let mut scorer = Scorer::new(self.pool.clone(), Arc::new(self.clock.clone()), Duration::from_secs(1));
        scorer.tick().await.unwrap();
        // Two workers at once.
        let (one, other) = (self.analyser(), self.analyser());
        let (one, other) = tokio::join!(one.tick(), other.tick());
        one.unwrap();
        other.unwrap();
    }

    /// Computes an account's days again.
    pub(crate) async fn rebuild(&self, account: &str, range: Range) -> Rebuilt {
        self.analyser().rebuild(account, range, |_| ()).await.unwrap()
    }

    pub(crate) async fn settle(&self) {
        let open = "SELECT (SELECT count(*) FROM pipeline.dirty_mark)
            + (SELECT count(*) FROM pipeline.changed_comment)";
        while sqlx::query_scalar::<_, i64>(open).fetch_one(&self.pool).await.unwrap() > 0 {
            self.tick().await;
        }
    }

    /// The rows of every table of an account, without surrogate keys and times of writing.
    pub(crate) async fn rows(&self, account: &str) -> Tables {
        let mut tables = Tables::new();
        for name in HELD {
            let statement = AssertSqlSafe(rows_of(name));
            let rows: Vec<Value> =
                sqlx::query_scalar(statement).bind(account).fetch_all(&self.pool).await.unwrap();
            if !rows.is_empty() {
                tables.insert(name, rows.into_iter().map(plain).collect());
            }
        }
        tables
    }

    /// Which transaction wrote which row.
    pub(crate) async fn versions(&self) -> Vec<String> {
        let mut versions = Vec::new();
        for name in HELD {
            let schema = schema(name);
            let statement =
                format!("SELECT xmin::text || ' ' || t::text FROM {schema}.{name} AS t ORDER BY 1");
            let rows: Vec<String> =
                sqlx::query_scalar(AssertSqlSafe(statement)).fetch_all(&self.pool).await.unwrap();
            versions.extend(rows);
        }
        versions
    }
}

/// Every table that analyse writes.
pub(crate) const HELD: &[&str] = &[
    "media_like_comment",
    "user_data",
    "user_insight_engagement",
    "user_insight_engagement_growth",
    "user_insight_engagement_rate_growth",
    "user_insight_follower_growth",
    "user_insight_reach_growth",
    "user_insight_impressions_growth",
    "sentiment_delta",
    "user_insight_sentiment",
    "user_insight_sentiment_growth",
    "user_media_largest_engagement",
    "user_media_smallest_engagement",
    "user_media_largest_reach",
    "user_media_most_positive",
    "user_media_most_negative",
    "user_hastags_metrics",
    "user_hastags_metrics_distribution",
    "user_insight_follower_online",
    "user_insight_follower_online_wording",
    "user_insight_most_active_time",
];

/// The table's rows of an account `$1`, as JSON, without surrogate keys and times of writing.
fn rows_of(table: &str) -> String {
    let (columns, condition) = match table {
        "media_like_comment" => (
            "jsonb_build_object('media_id', media_id, 'datestamp', datestamp,
                'like_count_growth', like_count_growth, 'comments_count_growth', comments_count_growth)",
            "media_id IN (SELECT id FROM instagram.media WHERE user_id = $1)",
        ),
        "user_data" => (
            "jsonb_build_object('datestamp', datestamp, 'followers_count_growth', followers_count_growth,
                'media_count_growth', media_count_growth)",
            "user_id = $1",
        ),
        "user_hastags_metrics_distribution" => (
            "(to_jsonb(t) - '{id,user_id,updated_timestamp}'::text[])
                || jsonb_build_object('media_timestamp', extract(epoch FROM media_timestamp)::bigint)",
            "user_id = $1",
        ),
        "user_insight_most_active_time" => (
            "jsonb_build_object('waktu_paling_aktif', extract(epoch FROM waktu_paling_aktif)::bigint,
                'value_paling_aktif', value_paling_aktif)",
            "user_id = $1",
        ),
        _ => ("to_jsonb(t) - '{id,user_id,updated_timestamp,updated_date}'::text[]", "user_id = $1"),
    };
    format!("SELECT {columns} FROM {}.{table} AS t WHERE {condition}", schema(table))
}

fn schema(table: &str) -> &'static str {
    if matches!(table, "media_like_comment" | "user_data") { "instagram" } else { "toba_cek_insta" }
}
