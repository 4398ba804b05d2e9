//! Fewest calls: what one list tells is not asked for again, and what cannot be had is not asked for for ever.

use std::time::Duration;

use cekbrand_devkit::simulator::{Call, CallKind, Effect, Fault};
use cekbrand_devkit::world::{Medium, Product, World, WorldConfig};
use cekbrand_schema::{Clock, Figure, Source};
use cekbrand_workers::enrich::settings::Settings;
use cekbrand_workers::insight::{self, InsightKey, InsightRow};
use cekbrand_workers::reads::{Ageing, comments::RECENT, kind};
use cekbrand_workers::schedule;
use cekbrand_workers::tasks::TaskLane;

use super::{Bench, Setup, config, done, start};

/// Media are read when somebody wants it; of several at once the list.
async fn bench() -> Bench {
    let settings = Settings { ageing: Ageing::NEVER, ..Settings::default() };
    let setup = Setup { world: WorldConfig::new(7, start()), settings, config: config() };
    Bench::of(setup, |api, _| api).await
}

impl Bench {
    /// Reads an account's list, and what it makes wanted.
    async fn know_media(&self) {
        let account = self.account(0).id.to_string();
        self.want_in(kind::USER_MEDIA, &account, 0, TaskLane::Daily).await;
        self.settle().await;
    }

    /// What landing a comment makes wanted.
    async fn comment_on(&self, medium: &Medium) {
        self.want(kind::MEDIA, medium.id.as_str(), 0).await;
        self.want(kind::MEDIA_INSIGHTS, medium.id.as_str(), 0).await;
        self.want_variant(kind::COMMENTS, medium.id.as_str(), RECENT, 0).await;
    }

    /// Works until nothing waits for the list any more.
    async fn settle_with_lists(&self) {
        for _ in 0..4 {
            self.settle().await;
            self.advance(Duration::from_secs(6));
        }
    }

    fn lists(&self) -> Vec<Call> {
        self.simulator.calls().into_iter().filter(|call| call.kind == CallKind::UserMedia).collect()
    }

    /// Media whose figures, counts and comments of the last hour are known.
    async fn told_of(&self, media: &[&Medium]) -> i64 {
        let ids: Vec<_> = media.iter().map(|medium| medium.id.as_str()).collect();
        let sql = "
            SELECT count(*) FROM instagram.media m
            JOIN pipeline.media_read r ON r.media_id = m.id AND r.node_at > $2::timestamptz - INTERVAL '1 hour'
            WHERE m.id = ANY($1) AND EXISTS (
                SELECT 1 FROM instagram.media_insight i
                WHERE i.media_id = m.id AND i.metric = 'reach' AND i.observed_at > $2::timestamptz - INTERVAL '1 hour')";
        let now = jiff_sqlx::ToSqlx::to_sqlx(self.simulator.now());
        sqlx::query_scalar(sql).bind(ids).bind(now).fetch_one(&self.pool()).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn media_that_are_wanted_at_once_are_told_by_one_call() {
    let bench = bench().await;
    bench.know_media().await;
    bench.advance(Duration::from_hours(2));
    bench.simulator.clear_calls();
    let media: Vec<_> = bench
        .media(0, Product::Feed)
        .filter(|medium| World::top_level(medium, None).count() <= 10)
        .take(6)
        .collect();
    for medium in &media {
        bench.comment_on(medium).await;
    }
    bench.settle_with_lists().await;
    assert_eq!(bench.lists().len(), 1);
    assert_eq!(bench.simulator.total_cost(), 1, "{:?}", bench.simulator.costs());
    assert!(media.len() >= 3);
    assert_eq!(bench.told_of(&media).await, i64::try_from(media.len()).unwrap());
    for medium in &media {
        for kind in [kind::MEDIA, kind::MEDIA_INSIGHTS] {
            assert_eq!(bench.state(kind, medium.id.as_str()).await, done(), "{kind}");
        }
    }
    let open = "SELECT count(*) FROM pipeline.enrichment_task WHERE kind = 'comments' AND state <> 'done'";
    assert_eq!(bench.number(open).await, 0);

    // Within the hour nothing is asked again; one that comes alone after it is not worth a list.
    bench.comment_on(media[0]).await;
    bench.settle_with_lists().await;
    assert_eq!(bench.simulator.total_cost(), 1);
    bench.advance(Duration::from_hours(8));
    bench.settle_with_lists().await;
    assert_eq!(bench.lists().len(), 1);
    assert_eq!(bench.calls(CallKind::Media), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_cannot_tell_of_a_medium_is_not_waited_for() {
    let bench = bench().await;
    bench.know_media().await;
    bench.advance(Duration::from_hours(2));
    let list =
        Effect::Error { code: 2, subcode: None, message: None, status: Some(500), is_transient: Some(true) };
    bench.simulator.add_fault(Fault::new(list).for_kind(CallKind::UserMedia));
    let media: Vec<_> = bench.media(0, Product::Feed).take(5).collect();
    for medium in &media {
        bench.comment_on(medium).await;
    }
    bench.settle_with_lists().await;
    assert_eq!(bench.told_of(&media).await, 5, "each by itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_list_is_refused_it_goes_without_and_asks_again_after_a_week() {
    let bench = bench().await;
    let metric = Effect::Error {
        code: 100,
        subcode: Some(2_108_006),
        message: Some("Invalid parameter".to_owned()),
        status: None,
        is_transient: None,
    };
    let fault =
        bench.simulator.add_fault(Fault::new(metric).for_kind(CallKind::UserMedia).for_metric("reach"));
    bench.know_media().await;
    let asked = |along: &str| bench.lists().iter().filter(|call| call.query.contains(along)).count();
    assert_eq!((asked("insights.metric("), bench.lists().len()), (1, 2), "refused, and without");
    let posts = "SELECT count(*) FROM instagram.media WHERE parent_id IS NULL";
    let both = [Product::Feed, Product::Reels].map(|product| bench.media(0, product).count());
    assert_eq!(bench.number(posts).await, i64::try_from(both[0] + both[1]).unwrap());
    let read = "SELECT count(DISTINCT media_id) FROM instagram.media_insight WHERE metric = 'reach' AND value IS NOT NULL";
    assert_eq!(bench.number(read).await, bench.number(posts).await, "each by itself");

    bench.advance(Duration::from_hours(24));
    bench.know_media().await;
    assert_eq!((asked("insights.metric("), bench.lists().len()), (1, 3), "it is remembered");
    bench.simulator.remove_fault(fault);
    bench.advance(Duration::from_hours(24 * 7));
    bench.know_media().await;
    assert_eq!((asked("insights.metric("), bench.lists().len()), (2, 4), "and not for ever");
}

/// `comments_count` counts what no list shows, as comments that Instagram hides.
#[tokio::test(flavor = "multi_thread")]
async fn comments_that_are_counted_and_not_listed_are_asked_for_once_until_there_are_more() {
    let bench = bench().await;
    bench.know_media().await;
    let medium = bench.media(0, Product::Feed).find(|medium| medium.past_comments > 60).unwrap();
    let missed = async || {
        let mut conn = bench.pool().acquire().await.unwrap();
        schedule::backfill_comments(&mut conn, bench.account(0).id.as_str(), bench.clock.now()).await.unwrap()
    };
    missed().await;
    bench.settle().await;
    assert_eq!(missed().await, 0, "all of them are stored");

    let count = "UPDATE instagram.media SET comments_count = comments_count + $2 WHERE id = $1";
    let more = async |number: i64| {
        sqlx::query(count).bind(medium.id.as_str()).bind(number).execute(&bench.pool()).await.unwrap();
    };
    more(3).await;
    let look = async || {
        bench.advance(Duration::from_hours(7));
        let before = bench.calls(CallKind::MediaComments);
        let found = missed().await;
        bench.settle().await;
        (found, bench.calls(CallKind::MediaComments) > before)
    };
    assert_eq!(look().await, (1, true));
    assert_eq!(look().await, (0, false), "they are as many as before");
    more(1).await;
    assert_eq!(look().await, (1, true), "one more");
    // One of the four is gone, and another one comes that can be read.
    more(-1).await;
    assert_eq!(look().await, (0, false));
    more(1).await;
    assert_eq!(look().await, (1, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_story_that_is_over_one_refusal_is_final() {
    let bench = bench().await;
    let world = bench.simulator.world();
    let over = |medium: &Medium| medium.product == Product::Story && !medium.is_there(start());
    let mut stories = world.media_of(bench.account(0), over);
    let (told, untold) = (stories.next().unwrap(), stories.next().unwrap());
    let stub = "INSERT INTO instagram.media (id, media_product_type, first_seen_at) VALUES ($1, 'STORY', to_timestamp(0))";
    for story in [told, untold] {
        sqlx::query(stub).bind(story.id.as_str()).execute(&bench.pool()).await.unwrap();
    }
    // Its final figures came, an hour after its end.
    let now = bench.clock.now();
    let row = InsightRow {
        figure: Figure::count(40),
        source: Source::Webhook,
        observed_at: now,
        api_version: None,
        api_id: None,
    };
    let key = InsightKey::plain(told.id.as_str(), "reach", now);
    let mut conn = bench.pool().acquire().await.unwrap();
    insight::upsert(&mut conn, [(&key, &row)].into_iter(), now).await.unwrap();
    drop(conn);
    for story in [told, untold] {
        bench.want_in(kind::MEDIA, story.id.as_str(), 0, TaskLane::Live).await;
    }
    for _ in 0..9 {
        bench.settle().await;
        bench.advance(Duration::from_hours(1));
    }
    let asked = |story: &Medium| {
        let calls = bench.simulator.calls();
        calls.iter().filter(|call| call.target.as_deref() == Some(story.id.as_str())).count()
    };
    assert_eq!(asked(told), 1);
    assert_eq!(bench.state(kind::MEDIA, told.id.as_str()).await, done());
    assert!(asked(untold) > 1, "nobody knows whether it lives");
    let kept = "SELECT count(*) FROM instagram.media_insight WHERE source = 'webhook' AND value = 40";
    assert_eq!(bench.number(kept).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_version_tells_impressions_of_accounts_and_todays_is_not_asked() {
    for (version, told) in [("v21.0", true), ("v25.0", false)] {
        let bench = bench().await;
        let worker = bench.worker_of(version);
        let id = bench.account(0).id.as_str();
        bench.want_variant(kind::USER_SERIES, id, "days_3", 0).await;
        for window in ["day", "week", "days_28"] {
            bench.want_variant(kind::USER_TOTALS, id, window, 0).await;
        }
        while worker.tick().await.unwrap() > 0 {}
        let sql = "
            SELECT period, count(value) FROM instagram.user_insight_impressions
            WHERE metric = 'impressions' AND api_version = $1 GROUP BY period ORDER BY period";
        let held: Vec<(String, i64)> =
            sqlx::query_as(sql).bind(version).fetch_all(&bench.pool()).await.unwrap();
        let expected =
            [("day", 3), ("days_28", 1), ("week", 1)].map(|(period, rows)| (period.to_owned(), rows));
        assert_eq!(held, if told { expected.to_vec() } else { Vec::new() });
        let asked = bench.simulator.calls().iter().filter(|call| call.query.contains("impressions")).count();
        assert_eq!(asked, if told { 3 } else { 0 });
        let views = "SELECT count(value) FROM instagram.user_insight_impressions WHERE metric = 'views'";
        assert_eq!(bench.number(views).await, 3, "views go on beside them");
    }
}
