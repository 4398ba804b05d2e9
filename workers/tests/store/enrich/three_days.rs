//! Three accounts over three days by an injected clock: one with few followers, one whose token dies, one
//! that is throttled.

use std::collections::BTreeSet;
use std::time::Duration;

use cekbrand_devkit::simulator::{Call, CallKind};
use cekbrand_devkit::world::{Medium, Product, Thing, WorldConfig};
use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;

use super::{Bench, start};

const STEP: Duration = Duration::from_mins(5);
const DAYS: i64 = 3;
/// The places of the accounts: the last one is the small one.
const THROTTLED: usize = 0;
const TOKEN_DIES: usize = 1;
const SMALL: usize = 2;

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
    compare(&bench).await;
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
    lost_only_where_every_slot_was_barred(&bench).await;
    tables_are_filled(&bench).await;
    what_is_absent_says_why(&bench).await;
}

/// What the operator's command leaves: a competitor by id and user name.
async fn compare(bench: &Bench) {
    let world = bench.simulator.world();
    let (mine, rival) = (bench.account(SMALL), world.accounts().iter().find(|other| !other.watched).unwrap());
    let user = r#"INSERT INTO instagram."user" (id, username) VALUES ($1, $2)"#;
    for account in [mine, rival] {
        let query = sqlx::query(user).bind(account.id.as_str()).bind(&account.username);
        query.execute(&bench.pool()).await.unwrap();
    }
    let pair = "INSERT INTO instagram.user_competitor (user_id, competitor_id) VALUES ($1, $2)";
    sqlx::query(pair).bind(mine.id.as_str()).bind(rival.id.as_str()).execute(&bench.pool()).await.unwrap();
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
}

/// A story is lost only if its account could not be read at any of the set times, and it says why.
async fn lost_only_where_every_slot_was_barred(bench: &Bench) {
    let lost: Vec<(String, String)> =
        sqlx::query_as("SELECT media_id, reason FROM pipeline.story_vault WHERE outcome = 'lost'")
            .fetch_all(&bench.pool())
            .await
            .unwrap();
    let settled = bench.number("SELECT count(*) FROM pipeline.story_vault WHERE outcome <> 'lost'").await;
    println!("{settled} stories were saved, {} lost: {lost:?}", lost.len());
    assert!(settled >= 10);
    let (dead, blocked) = ((start() + DEAD.0, start() + DEAD.1), (start() + BLOCK.0, blocked_until()));
    for (media_id, reason) in &lost {
        let Some(Thing::Medium(story)) = bench.simulator.world().find(media_id) else { panic!("{media_id}") };
        let (barred, why) = match story.account {
            TOKEN_DIES => (dead, "token_dead"),
            THROTTLED => (blocked, "throttled"),
            _ => panic!("{media_id} of an account that nothing happened to"),
        };
        assert_eq!(reason, why, "{media_id}");
        for (slot, before) in [("six hours", 360), ("two hours", 120), ("twenty minutes", 20)] {
            let at = story.ends().unwrap() - SignedDuration::from_mins(before);
            // A slot comes a little earlier or later, and a worker looks every five minutes.
            let since = barred.0 - SignedDuration::from_mins(20);
            let until = barred.1 + SignedDuration::from_mins(25);
            assert!((since..until).contains(&at), "{media_id} could be read {slot} before its end");
        }
    }
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

/// Every table of the schema: an account's past, its audience, what it is compared with, and what the API tells
/// no more.
const TABLES: [&str; 17] = [
    "fetch_catalogue",
    "instagram_tokens",
    "media",
    "media_comment",
    "media_insight",
    "media_like_comment",
    "user",
    "user_competitor",
    "user_data",
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
    for table in TABLES {
        let sql = format!("SELECT count(*) FROM instagram.\"{table}\"");
        let rows: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&bench.pool()).await.unwrap();
        println!("instagram.{table}: {rows} rows");
        assert!(rows > 0, "{table} is empty");
    }
    let days = "SELECT count(DISTINCT datestamp) FROM instagram.user_data WHERE user_id = $1";
    let days: i64 = sqlx::query_scalar(days)
        .bind(bench.account(SMALL).id.as_str())
        .fetch_one(&bench.pool())
        .await
        .unwrap();
    assert!(days >= DAYS, "a snapshot of each day: {days}");
}

/// `(reason, rows)` of figures of the small account.
type Reasons = Vec<(String, i64)>;

/// No figure is empty without a reason, in rows of one figure or of several; and what a small account cannot have
/// says that it is small.
async fn what_is_absent_says_why(bench: &Bench) {
    for table in ["media_insight", "user_insight_metric"].iter().chain(&TABLES[9..]) {
        let sql = format!("SELECT count(*) FROM instagram.{table} WHERE (value IS NULL) = (absence IS NULL)");
        let mute: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&bench.pool()).await.unwrap();
        assert_eq!(mute, 0, "{table}");
    }
    // An album's child has no counts of its own.
    let counts = [
        ("user_data", "followers_count", "TRUE"),
        ("user_data", "follows_count", "TRUE"),
        ("user_data", "media_count", "TRUE"),
        ("media", "like_count", "media_type IS NOT NULL AND parent_id IS NULL"),
        ("media", "comments_count", "media_type IS NOT NULL AND parent_id IS NULL"),
        ("media_like_comment", "like_count", "TRUE"),
        ("media_like_comment", "comments_count", "TRUE"),
    ];
    for (table, column, of) in counts {
        let sql = format!(
            "SELECT count(*) FROM instagram.{table}
            WHERE {of} AND {column} IS NULL AND NOT COALESCE(absence::jsonb ? '{column}', FALSE)"
        );
        let mute: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&bench.pool()).await.unwrap();
        assert_eq!(mute, 0, "{table}.{column}");
    }
    let too_few = "
        SELECT absence::text, count(*) FROM (
            SELECT absence, user_id FROM instagram.user_insight_audience_city
            UNION ALL SELECT absence, user_id FROM instagram.user_insight_online_follower
            UNION ALL SELECT absence, user_id FROM instagram.user_insight_metric
            WHERE metric IN ('follower_count', 'follows_and_unfollows')
        ) AS large WHERE user_id = $1 GROUP BY absence";
    let reasons: Reasons = sqlx::query_as(too_few)
        .bind(bench.account(SMALL).id.as_str())
        .fetch_all(&bench.pool())
        .await
        .unwrap();
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    assert_eq!(reasons[0].0, "too_few_followers");
}
