//! No story is missed: each is read before its end, and one that was not says why.

use std::time::Duration;

use cekbrand_devkit::simulator::{Call, CallKind, Effect, Fault};
use cekbrand_devkit::world::{Medium, Product, WorldConfig};
use cekbrand_schema::{Clock, Figure, Source};
use cekbrand_workers::insight::{self, InsightKey, InsightRow};
use cekbrand_workers::schedule::Scheduler;
use jiff::Timestamp;

use super::{Bench, start};

const STEP: Duration = Duration::from_mins(5);

/// One account with three stories that live: one, eight and twenty hours old.
async fn bench() -> Bench {
    Bench::by_the_clock(WorldConfig {
        accounts: 1,
        days: 3,
        expired_stories: 0,
        ..WorldConfig::new(7, start())
    })
    .await
}

/// Minutes before the story's end at which calls about it came.
fn minutes_left(calls: &[Call], story: &Medium, is_wanted: impl Fn(&Call) -> bool) -> Vec<i64> {
    let of_story =
        calls.iter().filter(|call| call.target.as_deref() == Some(story.id.as_str()) && is_wanted(call));
    of_story.map(|call| story.ends().unwrap().duration_since(call.at).as_secs() / 60).collect()
}

/// `(outcome, reason, minutes from the last poll to the end)` of a story.
async fn outcome(bench: &Bench, story: &Medium) -> (Option<String>, Option<String>, Option<i64>) {
    let sql = "
        SELECT outcome, reason, (EXTRACT(EPOCH FROM expires_at - last_poll_at) / 60)::bigint
        FROM pipeline.story_vault WHERE media_id = $1";
    sqlx::query_as(sql).bind(story.id.as_str()).fetch_one(&bench.pool()).await.unwrap()
}

/// Nothing but the tables goes from one step to the next: each has new processes.
#[tokio::test(flavor = "multi_thread")]
async fn each_living_story_is_read_at_its_set_times_with_its_breakdowns_whoever_restarts() {
    let bench = bench().await;
    bench.live_through(Duration::from_hours(27), STEP).await;
    let calls = bench.simulator.calls();
    let world = bench.simulator.world();
    let stories: Vec<_> =
        world.media_of(&world.watched()[0], |medium| medium.product == Product::Story).collect();
    assert_eq!(stories.len(), 3);
    // By the design: six hours, two hours and twenty minutes before the end, each a little earlier or
    // later, and seen at the next step.
    let windows = [(340, 376), (107, 129), (11, 25)];
    for story in stories {
        let left = story.ends().unwrap().duration_since(start()).as_secs() / 60;
        let figures = minutes_left(&calls, story, |call| call.kind == CallKind::MediaInsights);
        for split in ["navigation", "profile_activity"] {
            let split_calls = minutes_left(&calls, story, |call| {
                call.kind == CallKind::MediaBreakdown && call.query.contains(&format!("metric={split}"))
            });
            assert_eq!(split_calls, figures, "{split} goes with the figures");
        }
        for (from, to) in windows.into_iter().filter(|(_, to)| *to < left) {
            let in_time = figures.iter().filter(|minutes| (from..=to).contains(*minutes)).count();
            assert_eq!(in_time, 1, "{figures:?} in {from}..{to}");
        }
        let in_last_half_hour = "
            SELECT count(*) FROM instagram.media_insight
            WHERE media_id = $1 AND metric = 'reach' AND source = 'poll' AND value IS NOT NULL AND observed_at >= $2";
        let half_hour = story.ends().unwrap().checked_sub(Duration::from_mins(30)).unwrap();
        let rows: i64 = sqlx::query_scalar(in_last_half_hour)
            .bind(story.id.as_str())
            .bind(jiff_sqlx::ToSqlx::to_sqlx(half_hour))
            .fetch_one(&bench.pool())
            .await
            .unwrap();
        assert_eq!(rows, 1);
    }
    let polls = calls.iter().filter(|call| call.kind == CallKind::UserStories).count();
    assert!((7..=8).contains(&polls), "every four hours, and at the start: {polls}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_gets_an_outcome_and_a_lost_one_says_what_stood_in_the_way() {
    let bench = bench().await;
    let world = bench.simulator.world();
    let by_age = |hours: i64| {
        let mut stories = world.media_of(&world.watched()[0], |medium| medium.product == Product::Story);
        stories.find(|story| start().duration_since(story.published).as_hours() == hours).unwrap()
    };
    let (oldest, older) = (by_age(20), by_age(8));
    let throttle = Fault::new(Effect::Throttled { minutes: 60 });
    let fault = bench.simulator.add_fault(throttle.for_target(oldest.id.as_str()));
    bench.live_through(Duration::from_hours(7) + Duration::from_mins(10), STEP).await;
    assert_eq!(outcome(&bench, oldest).await, (Some("lost".to_owned()), Some("throttled".to_owned()), None));
    assert_eq!(outcome(&bench, older).await.0, None, "it lives");
    let lost = "SELECT DISTINCT absence::text FROM instagram.media_insight WHERE media_id = $1";
    let absences: Vec<Option<String>> =
        sqlx::query_scalar(lost).bind(oldest.id.as_str()).fetch_all(&bench.pool()).await.unwrap();
    assert_eq!(absences, [Some("lost".to_owned())]);
    assert_eq!(bench.number("SELECT count(*) FROM instagram.media WHERE lost_at IS NOT NULL").await, 1);

    // Meta's own final figures may come very late.
    bench.simulator.remove_fault(fault);
    webhook(&bench, oldest, 40).await;
    tick(&bench).await;
    assert_eq!(outcome(&bench, oldest).await.0.as_deref(), Some("webhook"));
    assert_eq!(bench.number("SELECT count(*) FROM instagram.media WHERE lost_at IS NOT NULL").await, 0);

    // An hour after the end, as usual.
    bench.live_through(Duration::from_hours(10), STEP).await;
    webhook(&bench, older, 41).await;
    bench.live_through(Duration::from_hours(3), STEP).await;
    let (how, _, minutes) = outcome(&bench, older).await;
    assert_eq!(how.as_deref(), Some("both"));
    // At the last set time, or later where the list of stories was due at its very end.
    assert!((0..=25).contains(&minutes.unwrap()), "{minutes:?}");
}

/// What landing leaves of a story's webhook.
async fn webhook(bench: &Bench, story: &Medium, reach: i64) {
    let now: Timestamp = bench.clock.now();
    let row = InsightRow {
        figure: Figure::count(reach),
        source: Source::Webhook,
        observed_at: now,
        api_version: None,
        api_id: None,
    };
    let key = InsightKey::plain(story.id.as_str(), "reach", now);
    let mut conn = bench.pool().acquire().await.unwrap();
    insight::upsert(&mut conn, [(&key, &row)].into_iter(), now).await.unwrap();
}

async fn tick(bench: &Bench) {
    Scheduler::new(bench.pool(), bench.clock.clone()).tick().await.unwrap();
}
