//! Odd answers to reads of an account's figures: what can be had lands, and the rest says why it is missing.

use cekbrand_workers::reads::kind::{self, Kind};
use serde_json::{Value, json};

use super::canned::Canned;
use super::{Bench, done, parked};

/// What the tables hold after one answer, `key=value` or `key=reason`, sorted.
async fn landed(read: Kind, variant: &str, answer: Value, sql: &'static str) -> Vec<String> {
    let (bench, api) = Canned::bench().await;
    api.reply(&["/insights"], &answer);
    let id = bench.account(0).id.to_string();
    bench.want_variant(read, &id, variant, 0).await;
    bench.settle().await;
    assert_eq!(bench.state(read, &id).await, done(), "{answer}");
    assert_eq!(api.asked().len(), 1);
    held(&bench, sql).await
}

async fn held(bench: &Bench, sql: &'static str) -> Vec<String> {
    sqlx::query_scalar(sql).fetch_all(&bench.pool()).await.unwrap()
}

const REACH: &str = "
    SELECT (end_time AT TIME ZONE 'UTC')::date::text || '=' || coalesce(value::text, absence::text)
    FROM instagram.user_insight_reach ORDER BY 1";
const METRICS: &str = "
    SELECT metric || '/' || breakdown || '=' || coalesce(value::text, absence::text)
    FROM instagram.user_insight_metric WHERE metric IN ('likes', 'comments', 'shares', 'saves', 'follows_and_unfollows')
    ORDER BY 1";
const HOURS: &str = "
    SELECT hour::text || '=' || coalesce(value::text, absence::text) FROM instagram.user_insight_online_follower
    WHERE hour < 4 OR hour = 23 ORDER BY hour";
const PLACES: &str = "
    SELECT city || '|' || province || '=' || coalesce(value::text, absence::text) FROM instagram.user_insight_audience_city
    UNION ALL
    SELECT country_code || '=' || coalesce(value::text, absence::text) FROM instagram.user_insight_audience_country
    UNION ALL
    SELECT gender || ' ' || age || '=' || coalesce(value::text, absence::text) FROM instagram.user_insight_audience_gender_age
    ORDER BY 1";

#[tokio::test(flavor = "multi_thread")]
async fn a_series_with_days_that_cannot_be_read_lands_the_others() {
    let answer = json!({"data": [{"name": "reach", "period": "day", "values": [
        {"value": 3, "end_time": "2026-11-17T08:00:00+0000"},
        {"value": {"odd": 1}, "end_time": "2026-11-18T08:00:00+0000"},
        {"value": 7},
        {"value": "36", "end_time": "2026-11-19T08:00:00+0000"},
        {"value": 1e30, "end_time": "2026-11-16T08:00:00+0000"},
        null
    ]}]});
    let reach = landed(kind::USER_SERIES, "days_4", answer, REACH).await;
    assert_eq!(reach, ["2026-11-16=no_data", "2026-11-17=3", "2026-11-18=not_yet", "2026-11-19=36"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_answers_nothing_says_so_for_each_day() {
    let reach = landed(kind::USER_SERIES, "days_3", json!({"data": []}), REACH).await;
    assert_eq!(reach, ["2026-11-17=no_data", "2026-11-18=not_yet", "2026-11-19=not_yet"]);
    let empty = json!({"data": [{"name": "reach", "values": []}, {"name": "follower_count"}]});
    let reach = landed(kind::USER_SERIES, "day@2026-10-01", empty, REACH).await;
    assert_eq!(reach, ["2026-10-02=no_data"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_keep_their_decimals_and_need_no_breakdown() {
    let answer = json!({"data": [
        {"name": "likes", "total_value": {"value": 4.5}},
        {"name": "comments", "values": [{"value": "12"}]},
        {"name": "shares", "total_value": {}},
        {"name": "saves", "total_value": {"value": -1}}
    ]});
    let totals = landed(kind::USER_TOTALS, "day", answer, METRICS).await;
    assert_eq!(totals, ["comments/=12", "likes/=4.5", "saves/=suppressed", "shares/=not_yet"]);
    let answer = json!({"data": [{"name": "follows_and_unfollows", "total_value": {"breakdowns": [
        {"dimension_keys": ["follow_type"], "results": [
            {"dimension_values": ["FOLLOWER"], "value": 5}, {"dimension_values": [], "value": 1},
            {"dimension_values": ["NON_FOLLOWER"]}
        ]}
    ]}}]});
    let parts = landed(kind::USER_BREAKDOWN, "follows_and_unfollows:day", answer, METRICS).await;
    assert_eq!(parts, ["follows_and_unfollows/=not_yet", "follows_and_unfollows/follower=5"]);
    let answer = json!({"data": [{"name": "follows_and_unfollows", "total_value": {"value": 0}}]});
    let parts = landed(kind::USER_BREAKDOWN, "follows_and_unfollows:day", answer, METRICS).await;
    assert_eq!(parts, ["follows_and_unfollows/=0"], "nothing happened, which is known");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_that_is_none_spoils_no_other() {
    let answer = json!({"data": [{"name": "online_followers", "values": [
        {"value": {"0": 5, "1": "6", "2": null, "23": 9, "24": 7, "x": 1}, "end_time": "2026-11-19T08:00:00+0000"}
    ]}]});
    let hours = landed(kind::ONLINE_FOLLOWERS, "day", answer, HOURS).await;
    assert_eq!(hours, ["0=5", "1=6", "2=not_yet", "3=not_yet", "23=9"]);
    let empty = json!({"data": [{"name": "online_followers", "values": [{"value": {}}]}]});
    let hours = landed(kind::ONLINE_FOLLOWERS, "day@2026-11-10", empty, HOURS).await;
    assert_eq!(hours, ["0=no_data", "1=no_data", "2=no_data", "3=no_data", "23=no_data"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shapes_of_retired_demographics_are_read() {
    let answer = json!({"data": [
        {"name": "audience_city", "period": "lifetime", "values": [{"value": {"New York, New York": 12, "Kudus": 2, "": 1, "Tanjung, Kab., Papua": 3}}]},
        {"name": "audience_country", "values": [{"value": {"ID": 90, "MY": "5", "SG": []}}]},
        {"name": "audience_gender_age", "values": [{"value": {"M.25-34": 4, "U.65+": 1, "X.1": 2, "F": 3}}]}
    ]});
    let places = landed(kind::DEMOGRAPHICS, "city", answer, PLACES).await;
    assert_eq!(
        places,
        [
            "ID=90",
            "Kudus|=2",
            "M 25-34=4",
            "MY=5",
            "New York|New York=12",
            "Tanjung, Kab.|Papua=3",
            "U 65+=1"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn demographics_are_read_whatever_the_order_of_their_dimensions() {
    let answer = json!({"data": [{"name": "follower_demographics", "total_value": {"breakdowns": [
        {"dimension_keys": ["gender", "age"], "results": [
            {"dimension_values": ["f", "18-24"], "value": 3}, {"dimension_values": ["M"], "value": 4},
            {"dimension_values": ["M", "25-34"], "value": "many"}
        ]}
    ]}}]});
    assert_eq!(landed(kind::DEMOGRAPHICS, "age_gender", answer, PLACES).await, ["F 18-24=3"]);
    let nothing = json!({"data": [{"name": "follower_demographics", "total_value": {"breakdowns": []}}]});
    assert_eq!(landed(kind::DEMOGRAPHICS, "country", nothing, PLACES).await, ["=not_yet"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_the_last_thirty_days_have_is_not_asked_of_older_ones() {
    let (bench, api) = Canned::bench().await;
    api.reply(&["/insights"], &json!({"data": []}));
    let id = bench.account(0).id.to_string();
    bench.want_variant(kind::USER_SERIES, &id, "days_30@2026-10-20", 0).await;
    bench.settle().await;
    assert!(api.asked()[0].contains("metric=reach&"), "{:?}", api.asked());
    let lost = "SELECT count(*) FROM instagram.user_insight_metric WHERE metric = 'follower_count' AND absence = 'lost'";
    assert_eq!(bench.number(lost).await, 30);
    let past =
        "SELECT count(*) FROM instagram.user_insight_reach WHERE source = 'backfill' AND absence = 'no_data'";
    assert_eq!(bench.number(past).await, 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_few_followers_in_metas_words_and_another_accounts_token() {
    let (bench, api) = Canned::bench().await;
    let viewers =
        json!({"error": {"code": 10, "message": "(#10) Not enough viewers for the media to show insights"}});
    api.reply_with(&["follower_demographics"], 403, &viewers);
    let id = bench.account(0).id.to_string();
    bench.want_variant(kind::DEMOGRAPHICS, &id, "country", 0).await;
    bench.settle().await;
    assert_eq!(held(&bench, PLACES).await, ["=too_few_followers"]);
    assert_eq!(bench.state(kind::DEMOGRAPHICS, &id).await, done());

    bench.want_variant(kind::USER_TOTALS, &id, "week", 0).await;
    bench.settle().await;
    assert_eq!(bench.state(kind::USER_TOTALS, &id).await, parked("backoff"));
    for _ in 0..12 {
        bench.advance(std::time::Duration::from_hours(1));
        bench.settle().await;
    }
    assert_eq!(held(&bench, REACH).await, ["2026-11-19=permission"], "gone is believed after an hour");
    assert!(api.asked().len() < 6, "{:?}", api.asked());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_version_is_asked_for_impressions_of_old_media_alone() {
    for (version, published, asks) in
        [("v21.0", "2024-06-30", true), ("v21.0", "2024-07-02", false), ("v25.0", "2024-06-30", false)]
    {
        let (bench, api) = Canned::bench_of(version).await;
        let owner = bench.account(0).id.to_string();
        let node = json!({"id": "17900000000000001", "owner": {"id": owner}, "media_type": "IMAGE",
            "media_product_type": "FEED", "timestamp": format!("{published}T05:00:00+0000")});
        api.reply(&["17900000000000001?"], &node);
        api.reply(&["/insights"], &json!({"data": [{"name": "impressions", "values": [{"value": 7}]}]}));
        bench.stub("17900000000000001").await;
        bench.want(kind::MEDIA_INSIGHTS, "17900000000000001", 0).await;
        bench.want(kind::MEDIA, "17900000000000001", 0).await;
        bench.settle().await;
        let asked: Vec<_> = api.asked().into_iter().filter(|asked| asked.contains("impressions")).collect();
        assert_eq!(asked.len(), usize::from(asks), "{version} {published}: {:?}", api.asked());
        let kept = "SELECT count(*) FROM instagram.media_insight WHERE metric = 'impressions' AND value = 7";
        assert_eq!(bench.number(kept).await, i64::from(asks));
    }
}
