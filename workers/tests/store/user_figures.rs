//! The law by which figures of accounts merge, held against each of the statements that apply it.

use std::collections::BTreeMap;

use cekbrand_devkit::servers::TestServers;
use cekbrand_schema::{Absence, Decimal, Figure, Observation, Source};
use cekbrand_workers::rows::user_figure::{self, Of, UserFigure, UserFigureKey};
use jiff::{SignedDuration, Timestamp};
use sqlx::PgPool;

/// 2026-11-21T08:00:00Z, when a day of Meta's ends.
const END: i64 = 1_795_248_000;

/// Each table, and a figure that belongs there.
fn tables() -> [(&'static str, Of); 9] {
    let text = str::to_owned;
    let (day, lifetime) = (text("day"), text("last_30_days"));
    let views = Of::Impressions { metric: text("views"), period: day.clone() };
    let taps =
        Of::Metric { metric: text("profile_links_taps"), breakdown: text("call"), period: day.clone() };
    let city = Of::City { city: text("Kudus"), province: text("Jawa Tengah"), timeframe: lifetime.clone() };
    let women = Of::GenderAge { gender: text("F"), age: text("25-34"), timeframe: lifetime.clone() };
    [
        ("user_insight_reach", Of::Reach { period: day }),
        ("user_insight_impressions", views),
        ("user_insight_visitor", Of::Visitors),
        ("user_insight_metric", taps),
        ("user_insight_online_follower", Of::OnlineFollowers { hour: 23 }),
        ("user_insight_audience_city", city),
        ("user_insight_audience_country", Of::Country { code: text("ID"), timeframe: lifetime }),
        ("user_insight_audience_gender_age", women),
        ("user_insight_audience_locale", Of::Locale { code: text("id_ID") }),
    ]
}

fn seen(figure: Figure, second: i64, source: Source) -> Observation {
    Observation { figure, observed_at: Timestamp::from_second(END + second).unwrap(), source }
}

/// Figures of each rank, at two instants, from two sources.
fn observations() -> Vec<Observation> {
    let absences = [Absence::NoData, Absence::NotYet, Absence::Unsupported, Absence::TooFewFollowers];
    let figures = [0, 5].map(Figure::count).into_iter().chain(absences.map(Figure::Absent));
    let each = |figure| {
        [(0, Source::Backfill), (0, Source::Poll), (1, Source::Backfill), (1, Source::Poll)]
            .map(|(second, source)| seen(figure, second, source))
    };
    figures.flat_map(each).collect()
}

/// Every pair of them; each pair is about an account of its own.
fn pairs() -> Vec<(String, Observation, Observation)> {
    let all = observations();
    let both = all.iter().flat_map(|first| all.iter().map(move |second| (*first, *second)));
    both.enumerate().map(|(number, (first, second))| (format!("{number:06}"), first, second)).collect()
}

fn key(account: &str, of: &Of, hours: i64) -> UserFigureKey {
    let end_time = Timestamp::from_second(END).unwrap() + SignedDuration::from_hours(hours);
    UserFigureKey { user_id: account.to_owned(), of: of.clone(), end_time }
}

fn row(seen: Observation) -> UserFigure {
    let Observation { figure, observed_at, source } = seen;
    UserFigure { figure, source, observed_at, api_version: None }
}

type Figures = BTreeMap<UserFigureKey, UserFigure>;

/// A figure as a table holds it: whose, value, absence, source, when it was observed.
type Row = (String, Option<Decimal>, Option<String>, String, jiff_sqlx::Timestamp);

async fn write(pool: &PgPool, rows: &Figures, mends: bool) -> usize {
    let mut conn = pool.acquire().await.unwrap();
    user_figure::upsert(&mut conn, rows, mends, Timestamp::UNIX_EPOCH).await.unwrap().len()
}

async fn held(pool: &PgPool, table: &str) -> BTreeMap<String, Observation> {
    let sql = format!(
        "SELECT user_id, value::numeric, absence::text, source::text, observed_at FROM instagram.{table}"
    );
    let rows: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(pool).await.unwrap();
    let observation = |(account, value, absence, source, observed_at): Row| {
        let absent = |absence: String| Figure::Absent(absence.parse().unwrap());
        let figure = value.map_or_else(|| absent(absence.unwrap()), Figure::Value);
        let source = serde_json::from_value(source.into()).unwrap();
        (account, Observation { figure, observed_at: observed_at.to_jiff(), source })
    };
    rows.into_iter().map(observation).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_each_table_keeps_is_what_the_law_says() {
    let database = TestServers::shared().unwrap().database().await.unwrap();
    let (pool, pairs) = (database.pool(), pairs());
    let better = pairs.iter().filter(|(_, first, second)| first.merge(*second) != *first).count();
    for (table, of) in tables() {
        let firsts = pairs.iter().map(|(account, first, _)| (key(account, &of, 0), row(*first))).collect();
        let seconds = pairs.iter().map(|(account, _, second)| (key(account, &of, 0), row(*second))).collect();
        assert_eq!(write(&pool, &firsts, false).await, pairs.len(), "{table}");
        assert_eq!(write(&pool, &seconds, false).await, better, "{table}: only what makes a difference");
        let held = held(&pool, table).await;
        for (account, first, second) in &pairs {
            assert_eq!(held[account], first.merge(*second), "{table}: {first:?}, then {second:?}");
        }
    }
}

/// Two windows may end within one of Meta's days, and their rows may come together.
#[tokio::test(flavor = "multi_thread")]
async fn two_windows_of_one_day_merge_by_the_same_law_together_and_apart() {
    let database = TestServers::shared().unwrap().database().await.unwrap();
    let (pool, pairs) = (database.pool(), pairs());
    for (account, first, second) in &pairs {
        let rows =
            [(key(account, &Of::Visitors, 0), row(*first)), (key(account, &Of::Visitors, 3), row(*second))];
        write(&pool, &BTreeMap::from(rows), false).await;
    }
    let together = held(&pool, "user_insight_visitor").await;
    sqlx::query("TRUNCATE instagram.user_insight_visitor").execute(&pool).await.unwrap();
    for (hours, place) in [(3, 1), (0, 0)] {
        let of = |pair: &(String, Observation, Observation)| row([pair.1, pair.2][place]);
        let rows = pairs.iter().map(|pair| (key(&pair.0, &Of::Visitors, hours), of(pair))).collect();
        write(&pool, &rows, false).await;
    }
    let apart = held(&pool, "user_insight_visitor").await;
    for (account, first, second) in &pairs {
        let expected = first.merge(*second);
        assert_eq!(together[account], expected, "together: {first:?} and {second:?}");
        assert_eq!(apart[account], expected, "apart: {first:?} and {second:?}");
    }
}

/// Rows that are made again correct what the very same observation was taken for, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_made_again_replaces_no_value_of_another_observation() {
    let database = TestServers::shared().unwrap().database().await.unwrap();
    let pool = database.pool();
    let absent = |second, source| seen(Figure::Absent(Absence::NoData), second, source);
    let value = |value, second, source| seen(Figure::count(value), second, source);
    let polled = value(5, 1, Source::Poll);
    for (table, of) in tables() {
        for (account, again, expected) in [
            ("same", absent(1, Source::Poll), absent(1, Source::Poll)),
            ("smaller", value(3, 1, Source::Poll), value(3, 1, Source::Poll)),
            ("later", absent(2, Source::Poll), polled),
            ("earlier", absent(0, Source::Poll), polled),
            ("other source", absent(1, Source::Backfill), polled),
            ("earlier value", value(9, 0, Source::Poll), polled),
        ] {
            write(&pool, &Figures::from([(key(account, &of, 0), row(polled))]), false).await;
            write(&pool, &Figures::from([(key(account, &of, 0), row(again))]), true).await;
            assert_eq!(held(&pool, table).await[account], expected, "{table}: {account}");
        }
    }
}
