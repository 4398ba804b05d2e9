//! A database in which a world takes place.

use std::collections::{BTreeMap, HashMap};
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
use sqlx::postgres::PgPoolOptions;
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use super::raw::local;
use super::world::{self, Concern, World, Write};

/// Connections to a ground: two analysers and a rebuild at once, and one more. Each plans every statement for
/// itself, so that more would cost more than they bring.
const CONNECTIONS: u32 = 4;

/// A database that worlds share, one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Ground {
    _database: Arc<TestDatabase>,
    pool: PgPool,
}

impl Ground {
    pub(crate) async fn new() -> Self {
        let database = TestServers::shared().unwrap().database().await.unwrap();
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS).connect(&database.url()).await.unwrap();
        Self { _database: Arc::new(database), pool }
    }

    /// Lets the planner know how much there is.
    pub(crate) async fn analyze(&self) {
        sqlx::raw_sql("ANALYZE").execute(&self.pool).await.unwrap();
    }
}

/// A world that takes place.
pub(crate) struct Stage {
    _ground: Ground,
    pub(crate) pool: PgPool,
    pub(crate) clock: ManualClock,
    pub(crate) accounts: Vec<String>,
    /// Who owns each medium, as far as the rows say by now.
    owners: HashMap<String, String>,
}

impl Stage {
    pub(crate) async fn on(ground: &Ground, world: &World) -> Self {
        let stage = Self {
            pool: ground.pool.clone(),
            _ground: ground.clone(),
            clock: ManualClock::new(world::start()),
            accounts: world.accounts.clone(),
            owners: HashMap::new(),
        };
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

    /// Writes rows as they were observed, and marks as their writers do, in one transaction.
    pub(crate) async fn write(&mut self, writes: &[Write]) {
        let mut transaction = self.pool.begin().await.unwrap();
        for (write, rows) in batches(writes) {
            write_rows(&mut transaction, write, &rows).await;
        }
        let (mut accounts, mut days) = (Vec::new(), Vec::new());
        for write in writes {
            for row in &write.rows {
                if let (true, Some(owner)) = (write.table == "instagram.media", row["user_id"].as_str()) {
                    self.owners.insert(row["id"].as_str().unwrap().to_owned(), owner.to_owned());
                }
            }
            let account = match &write.concern {
                Concern::Account(account) => Some(account.clone()),
                Concern::OwnerOf(medium) => self.owners.get(medium).cloned(),
                Concern::Comment => None,
            };
            if let Some(account) = account {
                accounts.extend(write.days.iter().map(|_| account.clone()));
                days.extend(&write.days);
            }
        }
        mark(&mut transaction, &accounts, &days, &self.clock).await;
        transaction.commit().await.unwrap();
    }

    /// Marks days of an account.
    pub(crate) async fn mark(&self, account: &str, days: &[Date]) {
        let mut conn = self.pool.acquire().await.unwrap();
        mark(&mut conn, &vec![account.to_owned(); days.len()], days, &self.clock).await;
    }

    /// The present day of each account, in their order.
    pub(crate) async fn todays(&self) -> Vec<Date> {
        let zones = r#"
            SELECT timezone FROM unnest($1::text[]) WITH ORDINALITY AS account (id, place)
            INNER JOIN instagram."user" USING (id) ORDER BY place"#;
        let zones: Vec<String> =
            sqlx::query_scalar(zones).bind(&self.accounts).fetch_all(&self.pool).await.unwrap();
        zones.iter().map(|zone| local(self.clock.now(), &TimeZone::get(zone).unwrap())).collect()
    }

    /// Marks each local midnight that has passed since the last time, as the scheduler does.
    pub(crate) async fn pass_midnights(&self, last: &mut BTreeMap<String, Date>) {
        for (account, today) in self.accounts.iter().zip(self.todays().await) {
            let marked = last.entry(account.clone()).or_insert(today);
            let passed = marked.tomorrow().unwrap().series(1.day()).take_while(|day| *day <= today);
            self.mark(account, &passed.collect::<Vec<_>>()).await;
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
        let open = "SELECT EXISTS (SELECT FROM pipeline.dirty_mark)
            OR EXISTS (SELECT FROM pipeline.changed_comment)";
        while sqlx::query_scalar::<_, bool>(open).fetch_one(&self.pool).await.unwrap() {
            self.tick().await;
        }
    }
}

/// The rows that one statement can write, of one table, with the same columns and no key twice; so that writes
/// of one key stay in their order. The order of others leaves no trace.
fn batches(writes: &[Write]) -> Vec<(&Write, Vec<&Value>)> {
    let mut times = HashMap::new();
    let mut batches = BTreeMap::new();
    for write in writes {
        for row in &write.rows {
            let columns: Vec<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
            let key: Vec<String> = write.key.split(", ").map(|column| row[column].to_string()).collect();
            let time: &mut usize = times.entry((write.table, key)).or_default();
            *time += 1;
            let rows = batches.entry((*time, write.table, columns));
            rows.or_insert_with(|| (write, Vec::new())).1.push(row);
        }
    }
    batches.into_values().collect()
}

async fn write_rows(conn: &mut PgConnection, write: &Write, rows: &[&Value]) {
    let columns: Vec<String> =
        rows[0].as_object().unwrap().keys().map(|name| format!("\"{name}\"")).collect();
    let list = columns.join(", ");
    let set: Vec<String> = columns.iter().map(|column| format!("{column} = excluded.{column}")).collect();
    let later = if write.by_time { " WHERE held.updated_timestamp < excluded.updated_timestamp" } else { "" };
    let statement = format!(
        "INSERT INTO {table} AS held ({list}) SELECT {list} FROM jsonb_populate_recordset(NULL::{table}, $1)
         ON CONFLICT ({key}) DO UPDATE SET {set}{later}",
        table = write.table,
        key = write.key,
        set = set.join(", "),
    );
    sqlx::query(AssertSqlSafe(statement)).bind(Json(rows)).execute(conn).await.unwrap();
}

async fn mark(conn: &mut PgConnection, accounts: &[String], days: &[Date], clock: &ManualClock) {
    let mark = "INSERT INTO pipeline.dirty_mark (account_id, day, marked_at)
        SELECT account, day, $3 FROM unnest($1::text[], $2::date[]) AS marked (account, day)";
    sqlx::query(mark)
        .bind(accounts)
        .bind(days.iter().map(|day| day.to_sqlx()).collect::<Vec<_>>())
        .bind(clock.now().to_sqlx())
        .execute(conn)
        .await
        .unwrap();
}
