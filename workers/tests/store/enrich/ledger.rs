//! What a first sync and a day of upkeep cost, by kind of call, beside a client that makes one call for each
//! object, edge and event and keeps everything as fresh.

use std::collections::BTreeMap;
use std::time::Duration;

use cekbrand_devkit::simulator::{Call, CallKind};
use cekbrand_devkit::world::{Medium, Product, World, WorldConfig};
use cekbrand_workers::reads::{comments::RECENT, kind};
use cekbrand_workers::tasks::{self, NewTask, TaskKey, TaskLane};
use jiff::{SignedDuration, Timestamp};

use super::{Bench, Setup, config, start};
use cekbrand_workers::enrich::settings::Settings;

/// Media of the account when it is added.
const MEDIA: usize = 200;
/// So many of them have new comments on the day of upkeep, each so many.
const COMMENTED: usize = 40;
const COMMENTS_EACH: usize = 6;
const STEP: Duration = Duration::from_mins(5);
const DAY: i64 = 24 * 60;

/// Calls by kind.
type Ledger = BTreeMap<CallKind, u64>;

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_upkeep_costs_a_fifth_of_one_call_for_each_object_edge_and_event() {
    let bench = bench().await;
    let sync = bench.sync().await;
    let naive = naive_sync(&bench, &sync);
    print("first sync", &ours(&sync), &naive);

    let events = bench.events();
    let upkeep = bench.upkeep(&events).await;
    let naive = naive_upkeep(&bench, &events, &upkeep);
    let ratio = print("one day of upkeep", &ours(&upkeep), &naive);
    assert!(ratio >= 5.0, "{ratio:.1} times fewer calls");
    bench.all_is_fresh().await;
}

/// An account with 200 posts and reels, and a day ahead in which it publishes on.
async fn bench() -> Bench {
    let end = start() + SignedDuration::from_hours(25);
    let of_days =
        |days: u32| WorldConfig { accounts: 1, days, expired_stories: 0, ..WorldConfig::new(7, end) };
    let listed = |world: &World| posts_of(world, start()).count();
    let fewest = u32::try_from(MEDIA).unwrap();
    let days = (fewest..20 * fewest).find(|days| listed(&World::new(of_days(*days))) == MEDIA).unwrap();
    let setup = Setup { world: of_days(days), settings: Settings::default(), config: config() };
    Bench::of(setup, |api, _| api).await
}

fn posts_of(world: &World, at: Timestamp) -> impl Iterator<Item = &Medium> {
    let is_post = move |medium: &Medium| {
        matches!(medium.product, Product::Feed | Product::Reels) && medium.published <= at
    };
    world.media_of(&world.watched()[0], is_post)
}

/// A comment comes under a medium.
#[derive(Debug, Clone, Copy)]
struct Event {
    minute: i64,
    /// The place of the medium in the world.
    medium: usize,
}

impl Bench {
    /// From an empty database until nothing is due, the look for missed comments included.
    async fn sync(&self) -> Vec<Call> {
        self.live_through(Duration::from_mins(30), STEP).await;
        let calls = self.simulator.calls();
        self.simulator.clear_calls();
        calls
    }

    /// Six comments under every fifth medium, at times that nothing orders.
    fn events(&self) -> Vec<Event> {
        let world = self.simulator.world();
        let media: Vec<_> =
            posts_of(world, start()).step_by(MEDIA / COMMENTED).map(|medium| medium.index).collect();
        assert_eq!(media.len(), COMMENTED);
        let of = |number: usize| Event {
            minute: i64::try_from(number * 889 % 1440).unwrap(),
            medium: media[number % media.len()],
        };
        (0..COMMENTED * COMMENTS_EACH).map(of).collect()
    }

    async fn upkeep(&self, events: &[Event]) -> Vec<Call> {
        let began = self.simulator.now();
        for minute in (0..DAY).step_by(5) {
            for event in events.iter().filter(|event| (minute..minute + 5).contains(&event.minute)) {
                self.land(&self.simulator.world().media()[event.medium]).await;
            }
            self.live_through(Duration::ZERO, STEP).await;
            self.advance(STEP);
        }
        assert_eq!(self.simulator.now().duration_since(began).as_mins(), DAY);
        self.simulator.calls()
    }

    /// What landing a comment leaves: its row, and the reads that it makes wanted.
    async fn land(&self, medium: &Medium) {
        let comment = self.simulator.comment(medium);
        let sql = "
            INSERT INTO instagram.media_comment (id, media_id, text, text_at, first_seen_at, source, updated_timestamp)
            VALUES ($1, $2, $3, $4, $4, 'webhook', $4)";
        let now = self.simulator.now();
        sqlx::query(sql)
            .bind(comment.id.as_str())
            .bind(medium.id.as_str())
            .bind(&comment.text)
            .bind(jiff_sqlx::ToSqlx::to_sqlx(now))
            .execute(&self.pool())
            .await
            .unwrap();
        let account = self.account(0).id.as_str();
        let task = |kind, target: &str, variant: &str, lane| {
            let key = TaskKey { variant: variant.to_owned(), ..TaskKey::new(kind, target, account) };
            NewTask { key, lane, deadline: None }
        };
        let id = medium.id.as_str();
        let wanted = [
            task(kind::MEDIA, id, "", TaskLane::NewComments),
            task(kind::MEDIA_INSIGHTS, id, "", TaskLane::NewComments),
            task(kind::COMMENTS, id, RECENT, TaskLane::Daily),
            task(kind::USER, account, "", TaskLane::Daily),
            task(kind::USER_STORIES, account, "", TaskLane::Live),
        ];
        let mut conn = self.pool().acquire().await.unwrap();
        tasks::enqueue(&mut conn, &wanted, now).await.unwrap();
    }

    /// Fewer calls are no feat if things grow stale: whatever was told of by a webhook has its time and likes,
    /// and each young medium figures of today.
    async fn all_is_fresh(&self) {
        self.advance(Duration::from_hours(7));
        self.live_through(Duration::ZERO, STEP).await;
        let bare =
            "SELECT count(*) FROM instagram.media_comment WHERE timestamp IS NULL OR like_count IS NULL";
        assert_eq!(self.number(bare).await, 0, "comments without time or likes");
        let stale = "
            SELECT count(*) FROM instagram.media m
            WHERE m.user_id IN (SELECT account_id FROM pipeline.account) AND m.parent_id IS NULL
                AND m.media_product_type IN ('FEED', 'REELS')
                AND m.timestamp > '2026-11-21T05:00:00Z'::timestamptz - INTERVAL '27 days' AND NOT EXISTS (
                    SELECT 1 FROM instagram.media_insight i
                    WHERE i.media_id = m.id AND i.observed_at > '2026-11-20T11:00:00Z' AND i.value IS NOT NULL)";
        assert_eq!(self.number(stale).await, 0, "media without figures of the day");
    }
}

fn ours(calls: &[Call]) -> Ledger {
    let mut ledger = Ledger::new();
    for call in calls {
        *ledger.entry(call.kind).or_default() += call.cost;
    }
    ledger
}

/// What no client can share: the account's own figures and polls, and what belongs to stories.
fn same_for_both(bench: &Bench, calls: &[Call]) -> Ledger {
    let world = bench.simulator.world();
    let stories: Vec<&str> = world
        .media()
        .iter()
        .filter(|medium| matches!(medium.product, Product::Story))
        .map(|medium| medium.id.as_str())
        .collect();
    let is_same = |call: &&Call| {
        let is_story = call.target.as_deref().is_some_and(|id| stories.contains(&id));
        let of_account =
            [CallKind::User, CallKind::UserInsights, CallKind::UserLiveMedia, CallKind::UserTags];
        is_story || of_account.contains(&call.kind)
    };
    ours(&calls.iter().filter(is_same).cloned().collect::<Vec<_>>())
}

fn add(ledger: &mut Ledger, kind: CallKind, calls: usize) {
    *ledger.entry(kind).or_default() += calls as u64;
}

/// Each medium's node, figures, split figure, comments page by page, replies comment by comment, children.
fn naive_sync(bench: &Bench, calls: &[Call]) -> Ledger {
    let mut ledger = same_for_both(bench, calls);
    let world = bench.simulator.world();
    let posts: Vec<_> = posts_of(world, start()).collect();
    add(&mut ledger, CallKind::UserStories, 1);
    add(&mut ledger, CallKind::UserMedia, posts.len().div_ceil(25));
    for post in &posts {
        add(&mut ledger, CallKind::Media, 1);
        add(&mut ledger, CallKind::MediaInsights, 1);
        add(&mut ledger, CallKind::MediaBreakdown, usize::from(post.product == Product::Feed));
        add(&mut ledger, CallKind::MediaChildren, usize::from(!post.children.is_empty()));
        let top: Vec<u64> = World::top_level(post, None).collect();
        add(&mut ledger, CallKind::MediaComments, top.len().div_ceil(50).max(1));
        let answered = top.iter().filter(|number| World::replies(post, **number).next().is_some());
        add(&mut ledger, CallKind::CommentReplies, answered.count());
    }
    println!(
        "\nnaive first sync = account, polls and stories as ours + {} media x (node + insights + split of posts + \
         children of albums + a page for each 50 comments) + replies of each answered comment + {} pages of 25",
        posts.len(),
        posts.len().div_ceil(25)
    );
    ledger
}

/// Each event its comment, medium, figures and a look at the stories; each medium its node daily up to 28 days,
/// and figures by the curve.
fn naive_upkeep(bench: &Bench, events: &[Event], calls: &[Call]) -> Ledger {
    let mut ledger = same_for_both(bench, calls);
    let world = bench.simulator.world();
    let began = calls.first().unwrap().at;
    for kind in [CallKind::Comment, CallKind::Media, CallKind::MediaInsights, CallKind::UserStories] {
        add(&mut ledger, kind, events.len());
    }
    add(&mut ledger, CallKind::UserStories, 6);
    let (mut nodes, mut figures, mut splits) = (0, 0, 0);
    for post in posts_of(world, began + SignedDuration::from_mins(DAY)) {
        let minutes = began.duration_since(post.published).as_mins();
        nodes += usize::from(minutes < 28 * DAY);
        figures += readings(minutes, 60);
        splits += if post.product == Product::Feed { readings(minutes, 360) } else { 0 };
    }
    add(&mut ledger, CallKind::Media, nodes);
    add(&mut ledger, CallKind::MediaInsights, figures);
    add(&mut ledger, CallKind::MediaBreakdown, splits);
    println!(
        "\nnaive upkeep = account and stories as ours + 6 polls + {} events ({COMMENTED} media x {COMMENTS_EACH}) x (comment \
         + medium + insights + stories edge) + {nodes} nodes of media under 28 days + {figures} readings of figures and \
         {splits} of split figures by the curve (hourly, split ones six-hourly, on the first day; daily for 28 days; weekly)",
        events.len()
    );
    ledger
}

/// Readings within a day of a medium so many minutes old at its start, which was just read; `young`: minutes
/// between two on its first day. Weekly ones are not due the day after a first sync.
fn readings(age: i64, young: i64) -> usize {
    let (mut minute, mut number) = (0.max(-age), usize::from(age < 0));
    loop {
        minute += match age + minute {
            age if age < DAY => young,
            age if age < 28 * DAY => DAY - DAY / 20,
            _ => return number,
        };
        if minute > DAY {
            return number;
        }
        number += 1;
    }
}

/// Prints both, and says how many times fewer ours are.
fn print(what: &str, ours: &Ledger, naive: &Ledger) -> f64 {
    println!("{what}, calls by kind: ours / naive");
    let kinds: std::collections::BTreeSet<_> = ours.keys().chain(naive.keys()).collect();
    for kind in kinds {
        let of = |ledger: &Ledger| ledger.get(kind).copied().unwrap_or_default();
        println!("  {:<20} {:>6} {:>6}", format!("{kind:?}"), of(ours), of(naive));
    }
    let sum = |ledger: &Ledger| ledger.values().sum::<u64>() as f64;
    let ratio = sum(naive) / sum(ours);
    println!("  {:<20} {:>6} {:>6}: {ratio:.1} times fewer", "all", sum(ours), sum(naive));
    ratio
}
