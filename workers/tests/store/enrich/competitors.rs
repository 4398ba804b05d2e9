//! Competitors, read through the accounts that are compared with them.

use std::time::Duration;

use cekbrand_devkit::simulator::{CallKind, Effect, Fault};
use cekbrand_devkit::world::{Account, Product};
use cekbrand_workers::reads::kind;
use cekbrand_workers::tasks::TaskLane;
use serde_json::{Value, json};

use super::canned::Canned;
use super::{Bench, done, parked};

fn rival(bench: &Bench) -> &Account {
    bench.simulator.world().accounts().iter().find(|account| !account.watched).unwrap()
}

/// What the operator's command leaves: an id and a user name.
async fn name(bench: &Bench, id: &str, username: &str) {
    let sql = r#"INSERT INTO instagram."user" (id, username) VALUES ($1, $2)"#;
    sqlx::query(sql).bind(id).bind(username).execute(&bench.pool()).await.unwrap();
}

async fn name_rival(bench: &Bench) -> &Account {
    let rival = rival(bench);
    name(bench, rival.id.as_str(), &rival.username).await;
    rival
}

async fn want(bench: &Bench, id: &str, account: usize) {
    bench.want_in(kind::COMPETITOR, id, account, TaskLane::Daily).await;
    bench.settle().await;
}

/// What is kept of accounts that are not ours: `(username, followers, absence)`.
async fn counted(bench: &Bench) -> Vec<(Option<String>, Option<i64>, Option<Value>)> {
    let sql = r#"
        SELECT u.username, d.followers_count, d.absence::jsonb FROM instagram.user_data d
        JOIN instagram."user" u ON u.id = d.user_id ORDER BY d.user_id, d.datestamp"#;
    sqlx::query_as(sql).fetch_all(&bench.pool()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_competitor_and_its_media_cost_a_call_and_a_page_each() {
    let bench = Bench::new().await;
    let rival = name_rival(&bench).await;
    want(&bench, rival.id.as_str(), 0).await;
    let world = bench.simulator.world();
    let posts = world.media_of(rival, |m| matches!(m.product, Product::Feed | Product::Reels)).count();
    assert!(posts > 0);
    // Whether a page is the last, only an empty one behind it tells.
    let pages = posts.div_ceil(50) + 1;
    assert_eq!(bench.calls(CallKind::BusinessDiscovery), pages);
    let followers = i64::try_from(world.followers(rival, bench.simulator.now())).unwrap();
    let unseen = Some(json!({"follows_count": "not_public"}));
    assert_eq!(counted(&bench).await, [(Some(rival.username.clone()), Some(followers), unseen)]);
    let media: i64 = sqlx::query_scalar("SELECT count(*) FROM instagram.media WHERE user_id = $1")
        .bind(rival.id.as_str())
        .fetch_one(&bench.pool())
        .await
        .unwrap();
    assert_eq!(media, i64::try_from(posts).unwrap());
    assert_eq!(bench.number("SELECT count(*) FROM pipeline.enrichment_task WHERE state <> 'done'").await, 0);

    bench.advance(Duration::from_hours(1));
    want(&bench, rival.id.as_str(), 0).await;
    assert_eq!(bench.calls(CallKind::BusinessDiscovery), pages, "it is fresh");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_leads_nowhere_any_more_says_so_and_is_not_asked_for_ever() {
    let bench = Bench::new().await;
    let rival = name_rival(&bench).await;
    want(&bench, rival.id.as_str(), 0).await;
    bench.simulator.add_fault(
        Fault::new(Effect::Error {
            code: 110,
            subcode: Some(2_207_013),
            message: Some("The user with username: x cannot be found.".to_owned()),
            status: None,
            is_transient: None,
        })
        .for_kind(CallKind::BusinessDiscovery),
    );
    bench.simulator.clear_calls();
    bench.advance(Duration::from_hours(24));
    want(&bench, rival.id.as_str(), 0).await;
    for _ in 0..72 {
        bench.advance(Duration::from_hours(1));
        want(&bench, rival.id.as_str(), 0).await;
    }
    assert_eq!(bench.calls(CallKind::BusinessDiscovery), 4, "a few tries, and no more for a week");
    let kept = counted(&bench).await;
    let unseen =
        json!({"followers_count": "not_public", "follows_count": "not_public", "media_count": "not_public"});
    assert_eq!((kept.len(), kept[1].1, &kept[1].2), (2, None, &Some(unseen)));
    assert_eq!(bench.number(r#"SELECT count(*) FROM instagram."user" WHERE has_problems"#).await, 1);
    bench.simulator.clear_faults();
    bench.advance(Duration::from_hours(24 * 7));
    want(&bench, rival.id.as_str(), 0).await;
    assert_eq!(bench.number(r#"SELECT count(*) FROM instagram."user" WHERE has_problems"#).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_was_never_found_costs_a_few_calls_and_leaves_its_reason() {
    let bench = Bench::new().await;
    for (id, username) in [("1", "nobody.of_this_name"), ("2", "a){id},me(b")] {
        name(&bench, id, username).await;
        want(&bench, id, 0).await;
        for _ in 0..48 {
            bench.advance(Duration::from_hours(1));
            bench.settle().await;
        }
    }
    want(&bench, "3", 0).await;
    assert_eq!(bench.calls(CallKind::BusinessDiscovery), 4);
    let (state, _, _, why) = bench.task(kind::COMPETITOR, "1").await;
    assert!(state == "done" && why.unwrap().contains("cannot be found"));
    assert_eq!(bench.state(kind::COMPETITOR, "2").await, parked("unsupported"));
    assert_eq!(bench.state(kind::COMPETITOR, "3").await, done(), "its user name is not known");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_platforms_limit_stops_competitors_alone() {
    let bench = Bench::new().await;
    let rival = name_rival(&bench).await;
    let fault = Fault::new(Effect::AppThrottled).for_kind(CallKind::BusinessDiscovery).times(1);
    bench.simulator.add_fault(fault);
    want(&bench, rival.id.as_str(), 0).await;
    assert_eq!(bench.state(kind::COMPETITOR, rival.id.as_str()).await, parked("throttled"));
    bench.want_in(kind::USER, bench.account(0).id.as_str(), 0, TaskLane::Daily).await;
    name(&bench, "9", "another.rival").await;
    want(&bench, "9", 1).await;
    assert_eq!(bench.state(kind::USER, bench.account(0).id.as_str()).await, done());
    assert_eq!(bench.state(kind::COMPETITOR, "9").await, parked("throttled"));
    assert_eq!(bench.calls(CallKind::BusinessDiscovery), 1, "no account asks on");
    bench.advance(Duration::from_mins(16));
    bench.settle().await;
    assert_eq!(bench.state(kind::COMPETITOR, rival.id.as_str()).await, done());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_of_ours_keeps_what_its_own_token_tells() {
    let bench = Bench::new().await;
    let other = bench.account(1);
    bench.want_in(kind::USER, other.id.as_str(), 1, TaskLane::Daily).await;
    bench.settle().await;
    want(&bench, other.id.as_str(), 0).await;
    assert_eq!(bench.calls(CallKind::BusinessDiscovery), 0);
    assert_eq!(bench.number("SELECT count(follows_count) FROM instagram.user_data").await, 1);
    assert_eq!(bench.number("SELECT count(*) FROM instagram.user_data").await, 1);
    assert_eq!(bench.number("SELECT count(*) FROM instagram.media").await, 0);
}

fn found(media: &Value, after: &str) -> Value {
    json!({"id": "1", "business_discovery": {"id": "9", "username": "rival", "followers_count": 5,
        "media": {"data": media, "paging": {"cursors": {"after": after}}}}})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_media_ends_whatever_its_cursors_say() {
    let (bench, api) = Canned::bench().await;
    name(&bench, "9", "rival").await;
    let medium = |id: &str, time: &str| json!({"id": id, "media_type": "IMAGE", "timestamp": time});
    let recent = "2026-11-19T05:00:00+0000";
    api.reply(&["username(rival)"], &found(&json!([medium("11", recent), {"caption": "no id"}]), "c1"));
    api.reply(&["after(c1)"], &found(&json!([medium("12", recent)]), "c1"));
    want(&bench, "9", 0).await;
    assert_eq!(api.asked().len(), 2, "a cursor that repeats: {:?}", api.asked());

    api.reply(&["after(c1)"], &found(&json!([medium("12", recent)]), "c2"));
    api.reply(&["after(c2)"], &found(&json!([]), "c3"));
    bench.advance(Duration::from_hours(25));
    want(&bench, "9", 0).await;
    assert_eq!(api.asked().len(), 5, "an empty page: {:?}", api.asked());

    api.reply(&["after(c2)"], &found(&json!([medium("13", recent)]), "c1"));
    bench.advance(Duration::from_hours(25));
    want(&bench, "9", 0).await;
    assert_eq!(api.asked().len(), 8, "in a circle: {:?}", api.asked());

    api.reply(&["after(c1)"], &found(&json!([medium("14", "2026-01-01T00:00:00+0000")]), "c2"));
    bench.advance(Duration::from_hours(25));
    want(&bench, "9", 0).await;
    assert_eq!(api.asked().len(), 10, "older media are of no use: {:?}", api.asked());
    assert_eq!(bench.number("SELECT count(*) FROM instagram.media").await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn meta_can_ask_for_less_of_a_competitor() {
    let (bench, api) = Canned::bench().await;
    name(&bench, "9", "rival").await;
    let less = json!({"error": {"code": 1, "message": "Please reduce the amount of data you're asking for, then retry your request"}});
    let profile =
        json!({"id": "1", "business_discovery": {"id": "9", "username": "rival", "media_count": 3}});
    api.reply(&["username(rival)"], &profile);
    api.reply_with(&["media.limit"], 500, &less);
    want(&bench, "9", 0).await;
    assert_eq!(api.asked().len(), 2);
    let absence = json!({"followers_count": "no_data", "follows_count": "not_public"});
    assert_eq!(counted(&bench).await, [(Some("rival".to_owned()), None, Some(absence))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_belongs_to_somebody_else_by_now_tells_nothing_of_the_competitor() {
    let (bench, api) = Canned::bench().await;
    name(&bench, "8", "rival").await;
    let recent = json!([{"id": "11", "timestamp": "2026-11-19T05:00:00+0000"}]);
    api.reply(&["username(rival)"], &found(&recent, "c1"));
    want(&bench, "8", 0).await;
    assert_eq!(api.asked().len(), 1, "{:?}", api.asked());
    let unseen =
        json!({"followers_count": "not_public", "follows_count": "not_public", "media_count": "not_public"});
    assert_eq!(counted(&bench).await, [(Some("rival".to_owned()), None, Some(unseen))]);
    assert_eq!(bench.number("SELECT count(*) FROM instagram.media").await, 0);
}
