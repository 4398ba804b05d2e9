//! Three accounts over three days by an injected clock: one with few followers, one whose token dies, one
//! that is throttled.

use std::collections::BTreeSet;
use std::time::Duration;

use cekbrand_devkit::simulator::{Call, CallKind};
use cekbrand_devkit::world::{Medium, Product, WorldConfig};
use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;

use super::{Bench, start};

const STEP: Duration = Duration::from_mins(5);
const DAYS: i64 = 3;
/// The places of the accounts: the last one is the small one.
const THROTTLED: usize = 0;
const TOKEN_DIES: usize = 1;

/// For how long the throttled account is refused, and from when on.
const BLOCK: (SignedDuration, u32) = (SignedDuration::from_hours(30), 300);
/// When the token dies, and when there is a new one.
const DEAD: (SignedDuration, SignedDuration) =
    (SignedDuration::from_hours(20), SignedDuration::from_hours(44));

#[tokio::test(flavor = "multi_thread")]
async fn three_days_of_three_accounts_leave_no_story_unread_that_could_be_read() {
    let end = start() + SignedDuration::from_hours(24 * DAYS);
    // What the world calls history goes on until its end: posts and stories appear as the days pass.
    let bench =
        Bench::by_the_clock(WorldConfig { accounts: 3, outsiders: 2, ..WorldConfig::new(11, end) }).await;
    let throttled = bench.account(THROTTLED);
    let dies = bench.account(TOKEN_DIES);

    bench.live_through(hours(20), STEP).await;
    bench.simulator.kill_token(dies, 463);
    bench.live_through(hours(10), STEP).await;
    bench.simulator.block(throttled, BLOCK.1);
    bench.live_through(hours(14), STEP).await;
    let token = bench.simulator.issue_token(dies);
    bench.set_token(dies, &token).await;
    let mut conn = bench.pool().acquire().await.unwrap();
    cekbrand_workers::tasks::unpark(&mut conn, dies.id.as_str(), bench.simulator.now()).await.unwrap();
    drop(conn);
    bench.live_through(hours(28), STEP).await;

    let calls = bench.simulator.calls();
    nothing_is_called_after_a_refusal(&calls);
    every_story_was_read(&bench).await;
    upkeep_follows_the_curve(&bench, &calls);
    tables_are_filled(&bench).await;
}

fn blocked_until() -> Timestamp {
    start() + BLOCK.0 + SignedDuration::from_mins(i64::from(BLOCK.1))
}

fn hours(number: u64) -> Duration {
    Duration::from_hours(number)
}

/// In the simulator's own log: a call that comes while an account is blocked, later than 250 ms after the
/// refusal.
fn nothing_is_called_after_a_refusal(calls: &[Call]) {
    let until = blocked_until();
    let mut refusals = calls.iter().filter(|call| call.error_code == Some(80_002));
    let refused = refusals.next().expect("the account was throttled at all");
    let from = refused.at + SignedDuration::from_millis(250);
    let meanwhile = || calls.iter().filter(|call| call.at > from && call.at < until);
    assert_eq!(meanwhile().filter(|call| call.account == refused.account).count(), 0, "{refused:?}");
    assert!(meanwhile().any(|call| call.account != refused.account), "who is not blocked goes on");
}

/// The stories of an account that ended between the start and the end of the three days.
fn ended(bench: &Bench, account: usize) -> Vec<&Medium> {
    let (from, to) = (start() + SignedDuration::from_hours(1), bench.simulator.now());
    let world = bench.simulator.world();
    let stories = world.media_of(&world.watched()[account], |medium| medium.product == Product::Story);
    stories.filter(|story| (from..to).contains(&story.ends().unwrap())).collect()
}

async fn every_story_was_read(bench: &Bench) {
    let (dead_from, dead_to) = (start() + DEAD.0, start() + DEAD.1);
    let mut read = 0;
    for account in 0..3 {
        for story in ended(bench, account) {
            let last_slot = story.ends().unwrap() - SignedDuration::from_mins(20);
            let is_dead = account == TOKEN_DIES && (dead_from..dead_to).contains(&last_slot);
            let is_blocked = account == THROTTLED
                && (start() + BLOCK.0..blocked_until() + SignedDuration::from_mins(25)).contains(&last_slot);
            if is_dead || is_blocked {
                continue;
            }
            let polls =
                polls_since(bench, story, story.ends().unwrap() - SignedDuration::from_mins(30)).await;
            assert!(polls > 0, "account {account}: {} was not read in its last 30 minutes", story.id);
            read += 1;
        }
    }
    assert!(read >= 10, "only {read} stories ended in three days");
    let blamed = "
        SELECT count(*) FROM pipeline.story_vault
        WHERE outcome = 'lost' AND (account_id, reason) NOT IN (($1, 'throttled'), ($2, 'token_dead'))";
    let barred = [THROTTLED, TOKEN_DIES].map(|account| bench.account(account).id.as_str());
    let query = sqlx::query_scalar(blamed).bind(barred[0]).bind(barred[1]);
    let wrong: i64 = query.fetch_one(&bench.pool()).await.unwrap();
    assert_eq!(wrong, 0, "lost only where every slot was barred, and it says by what");
}

async fn polls_since(bench: &Bench, story: &Medium, since: Timestamp) -> i64 {
    let sql = "
        SELECT count(*) FROM instagram.media_insight
        WHERE media_id = $1 AND source = 'poll' AND observed_at >= $2 AND (absence IS NULL OR absence <> 'lost')";
    sqlx::query_scalar(sql)
        .bind(story.id.as_str())
        .bind(since.to_sqlx())
        .fetch_one(&bench.pool())
        .await
        .unwrap()
}

/// Of the account that nothing happened to: hourly on the first day, daily for four weeks, then weekly.
fn upkeep_follows_the_curve(bench: &Bench, calls: &[Call]) {
    let world = bench.simulator.world();
    let posts = world.media_of(&world.watched()[2], |medium| {
        matches!(medium.product, Product::Feed | Product::Reels) && medium.published < start()
    });
    let (mut young, mut old) = (0, 0);
    for post in posts {
        let age = start().duration_since(post.published).as_hours() / 24;
        let read = calls.iter().filter(|call| {
            call.kind == CallKind::MediaInsights && call.target.as_deref() == Some(post.id.as_str())
        });
        let times: BTreeSet<Timestamp> = read.map(|call| call.at).collect();
        match age {
            1..=24 => {
                young += 1;
                assert!((3..=4).contains(&times.len()), "{age} days: {}", times.len());
            }
            28.. => {
                old += 1;
                assert_eq!(times.len(), 1, "{age} days");
            }
            _ => {}
        }
    }
    assert!(young > 3 && old > 3, "{young} young and {old} old media");
}

/// Tables that must hold something after three days.
const FILLED: [&str; 7] = [
    "fetch_catalogue",
    "instagram_tokens",
    "media",
    "media_insight",
    "media_like_comment",
    "user",
    "user_data",
];
/// Tables that may be empty: account figures and competitors, whose reads may not be among this version's,
/// comments, which no webhook brings here, and what the API tells no more.
const MAY_BE_EMPTY: [&str; 10] = [
    "media_comment",
    "user_competitor",
    "user_insight_audience_city",
    "user_insight_audience_country",
    "user_insight_audience_gender_age",
    "user_insight_audience_locale",
    "user_insight_impressions",
    "user_insight_online_follower",
    "user_insight_reach",
    "user_insight_visitor",
];

async fn tables_are_filled(bench: &Bench) {
    let mut filled = BTreeSet::new();
    for table in FILLED.into_iter().chain(MAY_BE_EMPTY) {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM instagram.\"{table}\")");
        let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql));
        if query.fetch_one(&bench.pool()).await.unwrap() {
            filled.insert(table);
        }
    }
    println!("{} of {} tables are filled: {filled:?}", filled.len(), FILLED.len() + MAY_BE_EMPTY.len());
    for table in FILLED {
        assert!(filled.contains(table), "{table} is empty");
    }
    let days = "SELECT count(DISTINCT datestamp) FROM instagram.user_data WHERE user_id = $1";
    let days: i64 =
        sqlx::query_scalar(days).bind(bench.account(2).id.as_str()).fetch_one(&bench.pool()).await.unwrap();
    assert!(days >= DAYS, "a snapshot of each day: {days}");
}
