//! Figures of accounts, as the simulator answers them.

use std::time::Duration;

use cekbrand_devkit::simulator::{CallKind, Effect, Fault};
use cekbrand_devkit::world::AccountDay;
use cekbrand_workers::reads::kind;
use cekbrand_workers::tasks::TaskLane;
use jiff::civil::{Date, date};

use super::{Bench, done, parked};

/// The last day that is over in California when a test begins.
const LAST: Date = date(2026, 11, 18);

/// Everything that is read of an account in a week.
const WEEK: [(kind::Kind, &str); 10] = [
    (kind::USER_SERIES, "days_7"),
    (kind::USER_TOTALS, "day"),
    (kind::USER_TOTALS, "week"),
    (kind::USER_TOTALS, "days_28"),
    (kind::USER_BREAKDOWN, "profile_links_taps:day"),
    (kind::USER_BREAKDOWN, "follows_and_unfollows:day"),
    (kind::ONLINE_FOLLOWERS, "days_3"),
    (kind::DEMOGRAPHICS, "city"),
    (kind::DEMOGRAPHICS, "country"),
    (kind::DEMOGRAPHICS, "age_gender"),
];

async fn want_week(bench: &Bench, account: usize) {
    let id = bench.account(account).id.as_str();
    bench.want_in(kind::USER, id, account, TaskLane::Daily).await;
    for (kind, variant) in WEEK {
        bench.want_variant(kind, id, variant, account).await;
    }
    bench.settle().await;
}

fn day(bench: &Bench, account: usize, day: Date) -> AccountDay {
    bench.simulator.world().account_day(bench.account(account), day)
}

fn number(count: u64) -> Option<i64> {
    count.try_into().ok()
}

/// `(key, end_time in UTC, value, absence)`.
type Row = (String, String, Option<i64>, Option<String>);

async fn rows(bench: &Bench, sql: &'static str) -> Vec<Row> {
    sqlx::query_as(sql).fetch_all(&bench.pool()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_week_of_an_account_costs_ten_calls_and_fills_its_tables() {
    let bench = Bench::new().await;
    want_week(&bench, 0).await;
    assert_eq!(bench.calls(CallKind::UserInsights), WEEK.len());
    assert_eq!(bench.number("SELECT count(*) FROM pipeline.enrichment_task WHERE state <> 'done'").await, 0);

    let reach = rows(
        &bench,
        "SELECT period, (end_time AT TIME ZONE 'UTC')::text, value, absence::text
         FROM instagram.user_insight_reach ORDER BY period, end_time DESC",
    )
    .await;
    let end = "2026-11-19 08:00:00".to_owned();
    assert_eq!(reach[0], ("day".to_owned(), end.clone(), number(day(&bench, 0, LAST).reach), None));
    assert_eq!(reach.iter().filter(|row| row.0 == "day").count(), 7);
    let daily: i64 = reach.iter().filter(|row| row.0 == "day").map(|row| row.2.unwrap()).sum();
    let week: Vec<_> = reach.iter().filter(|row| row.0 == "week").collect();
    assert_eq!((week.len(), &week[0].1), (1, &end));
    assert!(week[0].2.unwrap() < daily, "people do not add up");
    assert_eq!(reach.iter().filter(|row| row.0 == "days_28").count(), 1);

    let views = rows(
        &bench,
        "SELECT metric || ' ' || period, (end_time AT TIME ZONE 'UTC')::text, value, absence::text
         FROM instagram.user_insight_impressions ORDER BY period",
    )
    .await;
    let names: Vec<_> = views.iter().map(|row| row.0.as_str()).collect();
    assert_eq!(names, ["views day", "views days_28", "views week"]);
    assert_eq!((&views[0].1, views[0].2), (&end, number(day(&bench, 0, LAST).views)));

    let visits = rows(
        &bench,
        "SELECT datestamp::text, (end_time AT TIME ZONE 'UTC')::text, value, absence::text
         FROM instagram.user_insight_visitor",
    )
    .await;
    assert_eq!(visits, [(LAST.to_string(), end, number(day(&bench, 0, LAST).taps * 6), None)]);
    let marked = "SELECT count(DISTINCT day) FROM pipeline.dirty_mark";
    assert!(bench.number(marked).await >= 7, "analytics look again at each day");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_table_of_its_own_is_kept_with_its_parts() {
    let bench = Bench::new().await;
    want_week(&bench, 0).await;
    let figures = rows(
        &bench,
        "SELECT metric || '/' || breakdown || '/' || period, (end_time AT TIME ZONE 'UTC')::text, value::bigint,
            absence::text
         FROM instagram.user_insight_metric WHERE end_time = '2026-11-19T08:00:00Z' ORDER BY 1",
    )
    .await;
    let value = |name: &str| figures.iter().find(|row| row.0 == name).unwrap_or_else(|| panic!("{name}")).2;
    let last = day(&bench, 0, LAST);
    assert_eq!(value("follower_count//day"), number(last.follows));
    assert_eq!(value("accounts_engaged//day"), number(last.engaged));
    for name in ["total_interactions", "likes", "comments", "shares", "saves", "replies", "reposts"] {
        assert!(value(&format!("{name}//day")).is_some());
    }
    assert_eq!(value("profile_links_taps//day"), number(last.taps));
    assert_eq!(value("profile_links_taps/text/day"), number(last.taps * 400 / 1000));
    let changes = last.follows + last.unfollows;
    assert_eq!(value("follows_and_unfollows//day"), number(changes));
    assert_eq!(value("follows_and_unfollows/follower/day"), number(changes * 620 / 1000));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_follows_is_kept_by_place_age_and_gender() {
    let bench = Bench::new().await;
    want_week(&bench, 0).await;
    let cities: Vec<(String, String, Option<i64>)> = sqlx::query_as(
        "SELECT city, province, value FROM instagram.user_insight_audience_city
         WHERE timeframe = 'this_month' AND end_time = '2026-11-19T08:00:00Z' ORDER BY value DESC, city",
    )
    .fetch_all(&bench.pool())
    .await
    .unwrap();
    assert_eq!(cities.len(), 45, "Meta shows no more");
    assert_eq!((cities[0].0.as_str(), cities[0].1.as_str()), ("Jakarta", "Jakarta"));
    let found = |city: &str| cities.iter().find(|row| row.0 == city).map(|row| row.1.as_str());
    assert_eq!(found("São Paulo"), Some("São Paulo (state)"));
    assert_eq!(found("Singapore"), Some(""), "a city without a province");
    let countries =
        "SELECT count(*) FROM instagram.user_insight_audience_country WHERE length(country_code) = 2";
    assert_eq!(bench.number(countries).await, 4);
    let people = "SELECT count(*) FROM instagram.user_insight_audience_gender_age WHERE gender = 'F' AND age = '25-34'";
    assert_eq!(bench.number(people).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_that_meta_does_not_know_yet_say_so() {
    let bench = Bench::new().await;
    want_week(&bench, 0).await;
    let by_day: Vec<(String, i64, i64, Option<String>)> = sqlx::query_as(
        "SELECT (end_time AT TIME ZONE 'UTC')::date::text, count(*), count(value), min(absence::text)
         FROM instagram.user_insight_online_follower GROUP BY 1 ORDER BY 1",
    )
    .fetch_all(&bench.pool())
    .await
    .unwrap();
    let known = |date: &str| (date.to_owned(), 24, 24, None);
    let not_yet = ("2026-11-19".to_owned(), 24, 0, Some("not_yet".to_owned()));
    assert_eq!(by_day, [known("2026-11-17"), known("2026-11-18"), not_yet]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_below_a_hundred_followers_is_not_asked_who_they_are() {
    let bench = Bench::new().await;
    let small = bench.simulator.world().watched().len() - 1;
    want_week(&bench, small).await;
    let asked: Vec<_> =
        bench.simulator.calls().into_iter().filter(|c| c.kind == CallKind::UserInsights).collect();
    assert_eq!(asked.len(), 5, "{asked:?}");
    assert!(asked.iter().all(|call| !call.query.contains("follower")), "{asked:?}");
    let reasons: Vec<(String, i64)> = sqlx::query_as(
        "SELECT name, count(*) FROM (
            SELECT metric AS name FROM instagram.user_insight_metric WHERE absence = 'too_few_followers' UNION ALL
            SELECT 'hour' FROM instagram.user_insight_online_follower WHERE absence = 'too_few_followers' UNION ALL
            SELECT 'city' FROM instagram.user_insight_audience_city WHERE absence = 'too_few_followers' UNION ALL
            SELECT 'country' FROM instagram.user_insight_audience_country WHERE absence = 'too_few_followers' UNION ALL
            SELECT 'age' FROM instagram.user_insight_audience_gender_age WHERE absence = 'too_few_followers'
         ) AS absent GROUP BY name ORDER BY name",
    )
    .fetch_all(&bench.pool())
    .await
    .unwrap();
    let expected = [
        ("age", 1),
        ("city", 1),
        ("country", 1),
        ("follower_count", 7),
        ("follows_and_unfollows", 1),
        ("hour", 72),
    ];
    assert_eq!(reasons, expected.map(|(name, count)| (name.to_owned(), count)));
    assert_eq!(bench.number("SELECT count(value) FROM instagram.user_insight_reach").await, 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_metric_that_an_account_is_refused_costs_one_call_and_is_asked_for_again_after_a_week() {
    let bench = Bench::new().await;
    let id = bench.account(0).id.as_str();
    let fault = bench.simulator.add_fault(Fault::new(Effect::UnsupportedMetric).for_metric("profile_views"));
    bench.want_variant(kind::USER_TOTALS, id, "day", 0).await;
    bench.settle().await;
    assert_eq!(bench.calls(CallKind::UserInsights), 2);
    let visits =
        "SELECT datestamp::text, '', value, absence::text FROM instagram.user_insight_visitor ORDER BY 1";
    let refused = |day: Date| (day.to_string(), String::new(), None, Some("unsupported".to_owned()));
    assert_eq!(rows(&bench, visits).await, [refused(LAST)]);
    assert_eq!(bench.number("SELECT count(value) FROM instagram.user_insight_metric").await, 8);
    assert_eq!(bench.number("SELECT count(value) FROM instagram.user_insight_impressions").await, 1);

    bench.advance(Duration::from_hours(24));
    bench.want_variant(kind::USER_TOTALS, id, "day", 0).await;
    while bench.another_worker().tick().await.unwrap() > 0 {}
    assert_eq!(bench.calls(CallKind::UserInsights), 3, "whichever worker comes next");
    assert_eq!(rows(&bench, visits).await, [refused(LAST), refused(date(2026, 11, 19))]);

    assert!(bench.simulator.remove_fault(fault));
    bench.advance(Duration::from_hours(24 * 7));
    bench.want_variant(kind::USER_TOTALS, id, "day", 0).await;
    bench.settle().await;
    assert_eq!(bench.calls(CallKind::UserInsights), 4);
    assert_eq!(bench.number("SELECT count(value) FROM instagram.user_insight_visitor").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_is_refused_altogether_says_so_and_waits() {
    let bench = Bench::new().await;
    let id = bench.account(0).id.as_str();
    let refused = Effect::Error {
        code: 100,
        subcode: None,
        message: Some("(#100) Invalid parameter".to_owned()),
        status: None,
        is_transient: None,
    };
    bench.simulator.add_fault(Fault::new(refused).for_metric("online_followers"));
    bench.simulator.add_fault(Fault::new(Effect::NoPermission).for_metric("follower_demographics"));
    bench.want_variant(kind::ONLINE_FOLLOWERS, id, "day", 0).await;
    bench.want_variant(kind::DEMOGRAPHICS, id, "city", 0).await;
    bench.settle().await;
    assert_eq!(bench.calls(CallKind::UserInsights), 2);
    assert_eq!(bench.state(kind::ONLINE_FOLLOWERS, id).await, parked("unsupported"));
    assert_eq!(bench.state(kind::DEMOGRAPHICS, id).await, parked("permission"));
    let hours = "SELECT count(*) FROM instagram.user_insight_online_follower WHERE absence = 'unsupported'";
    assert_eq!(bench.number(hours).await, 24);
    let cities = "SELECT count(*) FROM instagram.user_insight_audience_city WHERE absence = 'permission' AND city = ''";
    assert_eq!(bench.number(cities).await, 1);
    bench.simulator.clear_faults();
    bench.advance(Duration::from_hours(25));
    bench.settle().await;
    assert_eq!(bench.state(kind::ONLINE_FOLLOWERS, id).await, done());
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_of_an_account_are_made_again_from_their_record() {
    let bench = Bench::new().await;
    want_week(&bench, 0).await;
    let picture = "
        SELECT md5(string_agg(x, ',' ORDER BY x)) FROM (
            SELECT (period, end_time, value, absence, source, observed_at)::text FROM instagram.user_insight_reach
            UNION ALL SELECT (metric, period, end_time, value, absence)::text FROM instagram.user_insight_impressions
            UNION ALL SELECT (datestamp, end_time, value, absence)::text FROM instagram.user_insight_visitor
            UNION ALL SELECT (metric, breakdown, period, end_time, value, absence)::text FROM instagram.user_insight_metric
            UNION ALL SELECT (hour, end_time, value, absence)::text FROM instagram.user_insight_online_follower
            UNION ALL SELECT (city, province, end_time, value)::text FROM instagram.user_insight_audience_city
            UNION ALL SELECT (country_code, end_time, value)::text FROM instagram.user_insight_audience_country
            UNION ALL SELECT (gender, age, end_time, value)::text FROM instagram.user_insight_audience_gender_age
        ) AS rows (x)";
    let before: String = sqlx::query_scalar(picture).fetch_one(&bench.pool()).await.unwrap();
    let wipe = "
        TRUNCATE instagram.user_insight_reach, instagram.user_insight_impressions, instagram.user_insight_visitor,
            instagram.user_insight_metric, instagram.user_insight_online_follower, instagram.user_insight_audience_city,
            instagram.user_insight_audience_country, instagram.user_insight_audience_gender_age";
    sqlx::query(wipe).execute(&bench.pool()).await.unwrap();
    assert_eq!(super::rebuild(&bench).await, WEEK.len() + 1);
    let after: String = sqlx::query_scalar(picture).fetch_one(&bench.pool()).await.unwrap();
    assert_eq!(before, after);
}
