//! Enriching against the simulator: what an answer, a refusal or silence leaves in the tables.

use std::sync::Arc;
use std::time::Duration;

use cekbrand_devkit::servers::{TestDatabase, TestServers};
use cekbrand_devkit::simulator::{CallKind, Effect, Fault, Simulator, SimulatorConfig};
use cekbrand_devkit::world::{Account, Medium, Product};
use cekbrand_graph::node::{MediaNode, UserNode};
use cekbrand_graph::{Answer, Credential, GraphApi, HttpGraphApi, Pending, Request};
use cekbrand_schema::{Clock, ManualClock, SharedClock, SystemClock};
use cekbrand_workers::enrich::Enricher;
use cekbrand_workers::enrich::settings::Settings;
use cekbrand_workers::enrich::store;
use cekbrand_workers::seal::{Column, TokenKeys};
use cekbrand_workers::tasks::{self, NewTask, TaskKind, TaskLane};
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const APP: &str = "1000000000000042";

/// A database, an invented Instagram with its clock, and a worker between them.
struct Bench {
    database: TestDatabase,
    simulator: Simulator,
    clock: Arc<ManualClock>,
    enricher: Enricher,
}

impl Bench {
    async fn new() -> Self {
        Self::with(|api, _| api).await
    }

    /// A bench whose client is wrapped.
    async fn with(wrap: impl FnOnce(Arc<dyn GraphApi>, PgPool) -> Arc<dyn GraphApi>) -> Self {
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let database = TestServers::shared().unwrap().database().await.unwrap();
        let clock = Arc::new(ManualClock::new("2026-11-20T05:00:00Z".parse().unwrap()));
        let shared: SharedClock = clock.clone();
        let config = SimulatorConfig { app_id: APP.to_owned(), require_proof: true, ..Default::default() };
        let simulator = Simulator::start(7, config, Arc::clone(&shared)).await.unwrap();
        let settings = cekbrand_graph::Settings {
            base_url: simulator.base_url().to_owned(),
            app_secret: Some(simulator.app_secret()),
            timeout: Duration::from_secs(5),
            ..Default::default()
        };
        let api: Arc<dyn GraphApi> = Arc::new(HttpGraphApi::new(settings, Arc::clone(&shared)).unwrap());
        let api = wrap(api, database.pool());
        let settings = Settings::default();
        let enricher = Enricher::new(database.pool(), api, keys(), APP, shared, settings);
        let bench = Self { database, simulator, clock, enricher };
        for account in bench.simulator.world().watched() {
            bench.add_account(account).await;
        }
        bench
    }

    fn pool(&self) -> PgPool {
        self.database.pool()
    }

    fn account(&self, place: usize) -> &Account {
        &self.simulator.world().watched()[place]
    }

    /// A medium of an account that can be read now.
    fn medium(&self, account: usize, product: Product) -> &Medium {
        self.media(account, product).next().unwrap()
    }

    fn media(&self, account: usize, product: Product) -> impl Iterator<Item = &Medium> {
        let now = self.simulator.now();
        self.simulator
            .world()
            .media_of(self.account(account), move |medium| medium.product == product && medium.is_there(now))
    }

    async fn add_account(&self, account: &Account) {
        let sql = "
            INSERT INTO pipeline.account (account_id, app_id, login, added_at) VALUES ($1, $2, 'facebook', to_timestamp(0))";
        sqlx::query(sql).bind(account.id.as_str()).bind(APP).execute(&self.pool()).await.unwrap();
        self.set_token(account, &self.simulator.token(account).unwrap()).await;
    }

    async fn set_token(&self, account: &Account, token: &SecretString) {
        let sql = "
            INSERT INTO instagram.instagram_tokens (user_id, token, flavour, updated_timestamp)
            VALUES ($1, $2, 'facebook', to_timestamp(0))
            ON CONFLICT (user_id) DO UPDATE SET token = $2, state = 'valid', dead_reason = NULL";
        let sealed = keys().seal(account.id.as_str(), Column::Token, token).unwrap();
        sqlx::query(sql).bind(account.id.as_str()).bind(sealed).execute(&self.pool()).await.unwrap();
    }

    async fn want(&self, kind: TaskKind, target: &str, account: usize) {
        self.want_in(kind, target, account, TaskLane::NewComments).await;
    }

    async fn want_in(&self, kind: TaskKind, target: &str, account: usize, lane: TaskLane) {
        let account_id = self.account(account).id.as_str().to_owned();
        let wish = NewTask { kind, target_id: target.to_owned(), account_id, lane, deadline: None };
        let mut conn = self.pool().acquire().await.unwrap();
        tasks::enqueue(&mut conn, &[wish], self.clock.now()).await.unwrap();
    }

    /// What landing a comment under the medium would ask for.
    async fn want_medium(&self, medium: &Medium, account: usize) {
        self.stub(medium.id.as_str()).await;
        self.want(TaskKind::Media, medium.id.as_str(), account).await;
        self.want(TaskKind::MediaInsights, medium.id.as_str(), account).await;
    }

    async fn stub(&self, medium: &str) {
        let sql = "INSERT INTO instagram.media (id, first_seen_at) VALUES ($1, to_timestamp($2)) ON CONFLICT DO NOTHING";
        let now = self.clock.now().as_second() as f64;
        sqlx::query(sql).bind(medium).bind(now).execute(&self.pool()).await.unwrap();
    }

    /// Works until nothing is due.
    async fn settle(&self) {
        while self.enricher.tick().await.unwrap() > 0 {}
    }

    fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
    }

    fn calls(&self, kind: CallKind) -> usize {
        self.simulator.calls().iter().filter(|call| call.kind == kind).count()
    }

    async fn number(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool()).await.unwrap()
    }

    /// `(state, reason, minutes until it is due, last error)` of a task.
    async fn task(&self, kind: TaskKind, target: &str) -> (String, Option<String>, i64, Option<String>) {
        let sql = "
            SELECT state, reason, (EXTRACT(EPOCH FROM due_at)::bigint - $3) / 60, last_error
            FROM pipeline.enrichment_task WHERE kind = $1 AND target_id = $2";
        let now = self.clock.now().as_second();
        let query = sqlx::query_as(sql).bind(kind.as_str()).bind(target).bind(now);
        query.fetch_one(&self.pool()).await.unwrap()
    }

    /// `(state, reason)` of a task.
    async fn state(&self, kind: TaskKind, target: &str) -> (String, Option<String>) {
        let (state, reason, _, _) = self.task(kind, target).await;
        (state, reason)
    }

    /// `metric -> value or reason`, sorted by metric.
    async fn figures(&self, medium: &Medium) -> Vec<(String, Option<i64>, Option<String>)> {
        let sql = "
            SELECT metric, value, absence::text FROM instagram.media_insight
            WHERE media_id = $1 ORDER BY metric";
        sqlx::query_as(sql).bind(medium.id.as_str()).fetch_all(&self.pool()).await.unwrap()
    }

    async fn absences(&self, medium: &Medium) -> Vec<String> {
        let mut reasons: Vec<_> =
            self.figures(medium).await.into_iter().filter_map(|(_, _, reason)| reason).collect();
        reasons.dedup();
        reasons
    }
}

fn keys() -> TokenKeys {
    TokenKeys::parse(&KEY.into()).unwrap()
}

fn done() -> (String, Option<String>) {
    ("done".to_owned(), None)
}

fn parked(reason: &str) -> (String, Option<String>) {
    ("parked".to_owned(), Some(reason.to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_read_is_in_the_catalogue() {
    let bench = Bench::new().await;
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT fetch_id, fetch_name FROM instagram.fetch_catalogue")
            .fetch_all(&bench.pool())
            .await
            .unwrap();
    for (id, name) in cekbrand_graph::catalogue::fetches() {
        assert!(rows.contains(&(id.to_owned(), name.to_owned())), "{id}: {name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_and_its_medium_cost_three_calls_and_fill_their_rows() {
    let bench = Bench::new().await;
    let account = bench.account(0);
    let medium = bench.media(0, Product::Feed).find(|m| m.caption.is_some() && !m.likes_hidden).unwrap();
    bench.want_in(TaskKind::User, account.id.as_str(), 0, TaskLane::Daily).await;
    bench.want_medium(medium, 0).await;
    bench.settle().await;
    assert_eq!(bench.simulator.total_cost(), 3);

    let profile: (Option<String>, bool, bool) = sqlx::query_as(
        r#"SELECT username, has_problems, is_userid_valid FROM instagram."user" WHERE id = $1"#,
    )
    .bind(account.id.as_str())
    .fetch_one(&bench.pool())
    .await
    .unwrap();
    assert_eq!(profile, (Some(account.username.clone()), false, true));
    let snapshot: (String, i64, bool) = sqlx::query_as(
        "SELECT datestamp::text, followers_count, absence IS NULL FROM instagram.user_data WHERE user_id = $1",
    )
    .bind(account.id.as_str())
    .fetch_one(&bench.pool())
    .await
    .unwrap();
    assert_eq!(snapshot, ("2026-11-20".to_owned(), i64::try_from(account.followers).unwrap(), true));
    let row: (Option<String>, Option<String>, Option<String>, Option<String>) = sqlx::query_as(
        "SELECT user_id, media_product_type, caption, media_hastag FROM instagram.media WHERE id = $1",
    )
    .bind(medium.id.as_str())
    .fetch_one(&bench.pool())
    .await
    .unwrap();
    assert_eq!(row.0.as_deref(), Some(account.id.as_str()));
    assert_eq!((row.1.as_deref(), row.2.as_ref()), (Some("FEED"), medium.caption.as_ref()));
    let first = row.3.unwrap().split(' ').next().unwrap().to_owned();
    assert!(medium.caption.as_ref().unwrap().to_lowercase().contains(&format!("#{first}")));

    let figures = bench.figures(medium).await;
    assert_eq!(figures.len(), 10);
    assert!(figures.iter().all(|(_, value, _)| value.is_some()), "{figures:?}");
    assert_eq!(
        bench.number("SELECT count(*) FROM instagram.media_like_comment WHERE like_count >= 0").await,
        1
    );
    assert_eq!(bench.number("SELECT count(*) FROM pipeline.graph_response").await, 3);
    assert_eq!(bench.number("SELECT count(*) FROM pipeline.enrichment_task WHERE state = 'done'").await, 3);
    assert!(bench.number("SELECT count(*) FROM pipeline.dirty_mark").await > 0);
    assert_eq!(
        bench.number("SELECT (sum(granted) - sum(call_count))::bigint FROM pipeline.account_quota WHERE account_id <> ''").await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_and_no_secret_is_kept() {
    let bench = Bench::new().await;
    let medium = bench.medium(0, Product::Feed);
    bench.simulator.add_fault(
        Fault::new(Effect::Error {
            code: 190,
            subcode: None,
            message: Some(format!("Malformed access token {}", token(&bench))),
            status: None,
            is_transient: None,
        })
        .times(1),
    );
    bench.want_medium(medium, 0).await;
    bench.settle().await;
    let dump: String = sqlx::query_scalar(
        "SELECT (SELECT string_agg(r::text, ' ') FROM pipeline.graph_response r)
            || (SELECT string_agg(t::text, ' ') FROM pipeline.enrichment_task t)
            || (SELECT string_agg(t::text, ' ') FROM instagram.instagram_tokens t)",
    )
    .fetch_one(&bench.pool())
    .await
    .unwrap();
    assert!(dump.contains("Malformed access token"));
    for secret in bench.simulator.secrets() {
        assert!(!dump.contains(&secret));
    }
}

fn token(bench: &Bench) -> String {
    use secrecy::ExposeSecret;
    bench.simulator.token(bench.account(0)).unwrap().expose_secret().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_a_short_while_ago_is_not_read_again() {
    let bench = Bench::new().await;
    let medium = bench.medium(0, Product::Feed);
    bench.want_medium(medium, 0).await;
    bench.settle().await;
    bench.want_medium(medium, 0).await;
    bench.settle().await;
    assert_eq!(bench.simulator.total_cost(), 2);
    assert_eq!(bench.state(TaskKind::Media, medium.id.as_str()).await, parked("fresh"));
    bench.advance(Duration::from_mins(61));
    bench.settle().await;
    assert_eq!(bench.simulator.total_cost(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_metric_costs_one_call_once_and_no_figure() {
    let bench = Bench::new().await;
    bench.simulator.add_fault(Fault::new(Effect::UnsupportedMetric).for_metric("reposts"));
    let mut media = bench.media(0, Product::Feed).filter(|medium| medium.parent.is_none());
    let (first, second) = (media.next().unwrap(), media.next().unwrap());
    bench.want_medium(first, 0).await;
    bench.settle().await;
    assert_eq!(bench.calls(CallKind::MediaInsights), 2);
    bench.want_medium(second, 0).await;
    bench.settle().await;
    assert_eq!(bench.calls(CallKind::MediaInsights), 3);
    for medium in [first, second] {
        let figures = bench.figures(medium).await;
        let absent: Vec<_> = figures.iter().filter(|(_, value, _)| value.is_none()).collect();
        assert_eq!(figures.len(), 10);
        assert_eq!(absent, [&("reposts".to_owned(), None, Some("unsupported".to_owned()))]);
        assert_eq!(bench.state(TaskKind::MediaInsights, medium.id.as_str()).await, done());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_medium_whose_metrics_are_all_refused_spoils_none_for_others() {
    let bench = Bench::new().await;
    let mut media = bench.media(0, Product::Feed);
    let (odd, good) = (media.next().unwrap(), media.next().unwrap());
    let refused = Effect::Error {
        code: 100,
        subcode: None,
        message: Some("(#100) Invalid parameter".to_owned()),
        status: None,
        is_transient: None,
    };
    let fault = Fault::new(refused).for_target(odd.id.as_str()).for_kind(CallKind::MediaInsights);
    bench.simulator.add_fault(fault);
    bench.want_medium(odd, 0).await;
    bench.settle().await;
    assert_eq!(bench.state(TaskKind::MediaInsights, odd.id.as_str()).await, parked("unsupported"));
    bench.want_medium(good, 0).await;
    bench.settle().await;
    assert!(bench.absences(good).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_medium_is_believed_the_second_time_and_costs_no_third_call() {
    let bench = Bench::new().await;
    let medium = bench.medium(0, Product::Feed);
    bench.simulator.delete(medium.id.as_str());
    bench.want_medium(medium, 0).await;
    bench.settle().await;
    assert_eq!(bench.state(TaskKind::Media, medium.id.as_str()).await, parked("backoff"));
    assert_eq!(bench.number("SELECT count(*) FROM instagram.media WHERE deleted_at IS NOT NULL").await, 0);
    bench.advance(Duration::from_mins(1));
    bench.settle().await;
    assert_eq!(bench.number("SELECT count(*) FROM instagram.media WHERE deleted_at IS NOT NULL").await, 1);
    assert_eq!(bench.simulator.total_cost(), 2);
    assert_eq!(bench.state(TaskKind::MediaInsights, medium.id.as_str()).await, done());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_story_is_lost_not_deleted() {
    let bench = Bench::new().await;
    let now = bench.simulator.now();
    let gone = |medium: &Medium| medium.product == Product::Story && !medium.is_there(now);
    let story = bench.simulator.world().media_of(bench.account(0), gone).next().unwrap();
    bench.stub(story.id.as_str()).await;
    sqlx::query("UPDATE instagram.media SET media_product_type = 'STORY'")
        .execute(&bench.pool())
        .await
        .unwrap();
    bench.want_in(TaskKind::Media, story.id.as_str(), 0, TaskLane::Live).await;
    bench.settle().await;
    bench.advance(Duration::from_mins(1));
    bench.settle().await;
    assert_eq!(
        bench
            .number("SELECT count(*) FROM instagram.media WHERE lost_at IS NOT NULL AND deleted_at IS NULL")
            .await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_is_read_while_it_lives_and_never_asked_after() {
    let bench = Bench::new().await;
    let story = bench.medium(0, Product::Story);
    bench.want_medium(story, 0).await;
    bench.settle().await;
    assert_eq!(bench.figures(story).await.len(), 8);
    let calls = bench.calls(CallKind::MediaInsights);
    bench.advance(Duration::from_hours(25));
    bench.want(TaskKind::MediaInsights, story.id.as_str(), 0).await;
    bench.settle().await;
    assert_eq!(bench.calls(CallKind::MediaInsights), calls);
    assert!(!bench.absences(story).await.contains(&"lost".to_owned()), "values are known");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_that_expired_before_it_was_read_says_so_where_no_webhook_told() {
    let bench = Bench::new().await;
    let story = bench.medium(0, Product::Story);
    bench.stub(story.id.as_str()).await;
    bench.want(TaskKind::Media, story.id.as_str(), 0).await;
    bench.settle().await;
    let webhook = "
        INSERT INTO instagram.media_insight
            (id, media_id, metric, value, updated_timestamp, datestamp, source, observed_at)
        SELECT 'x', id, 'reach', 55, to_timestamp(1), '2026-11-20', 'webhook', to_timestamp(1) FROM instagram.media";
    sqlx::query(webhook).execute(&bench.pool()).await.unwrap();
    bench.advance(Duration::from_hours(25));
    bench.want(TaskKind::MediaInsights, story.id.as_str(), 0).await;
    bench.settle().await;
    let figures = bench.figures(story).await;
    assert_eq!(figures.len(), 8);
    for (metric, value, reason) in figures {
        let expected = if metric == "reach" { (Some(55), None) } else { (None, Some("lost".to_owned())) };
        assert_eq!((value, reason), expected, "{metric}");
    }
    assert_eq!(bench.calls(CallKind::MediaInsights), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_few_viewers_and_empty_answers_are_reasons_not_zeros() {
    let bench = Bench::new().await;
    let mut media = bench.media(0, Product::Feed);
    let (few, empty) = (media.next().unwrap(), media.next().unwrap());
    bench.simulator.add_fault(
        Fault::new(Effect::NotEnoughViewers).for_target(few.id.as_str()).for_kind(CallKind::MediaInsights),
    );
    bench.simulator.add_fault(Fault::new(Effect::EmptyData).for_target(empty.id.as_str()));
    bench.want_medium(few, 0).await;
    bench.want_medium(empty, 0).await;
    bench.settle().await;
    assert_eq!(bench.absences(few).await, ["not_enough_viewers"]);
    let age = bench.clock.now().duration_since(empty.published);
    let expected = if age < SignedDuration::from_hours(48) { "not_yet" } else { "no_data" };
    assert_eq!(bench.absences(empty).await, [expected]);
    assert_eq!(bench.state(TaskKind::MediaInsights, few.id.as_str()).await, done());
}

#[tokio::test(flavor = "multi_thread")]
async fn media_from_before_the_business_account_are_asked_once() {
    let bench = Bench::new().await;
    let medium = bench.medium(0, Product::Feed);
    bench.simulator.add_fault(Fault::new(Effect::BeforeConversion).for_kind(CallKind::MediaInsights));
    bench.want_medium(medium, 0).await;
    bench.settle().await;
    bench.advance(Duration::from_hours(2));
    bench.want(TaskKind::MediaInsights, medium.id.as_str(), 0).await;
    bench.settle().await;
    assert_eq!(bench.calls(CallKind::MediaInsights), 1);
    assert_eq!(bench.absences(medium).await, ["unsupported"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn passing_failures_are_tried_again_and_leave_nothing_behind() {
    let bench = Bench::new().await;
    let effects = [Effect::Html, Effect::TruncatedJson, Effect::ServerError, Effect::Cut];
    for (place, effect) in effects.into_iter().enumerate() {
        let medium = bench.media(place, Product::Feed).next().unwrap();
        bench.simulator.add_fault(Fault::new(effect).for_target(medium.id.as_str()).times(1));
        bench.stub(medium.id.as_str()).await;
        bench.want(TaskKind::Media, medium.id.as_str(), place).await;
    }
    assert_eq!(bench.enricher.tick().await.unwrap(), 4);
    assert_eq!(
        bench.number("SELECT count(*) FROM pipeline.enrichment_task WHERE reason = 'backoff'").await,
        4
    );
    assert_eq!(bench.number("SELECT count(*) FROM instagram.media WHERE user_id IS NOT NULL").await, 0);
    bench.advance(Duration::from_secs(1));
    bench.settle().await;
    assert_eq!(bench.number("SELECT count(*) FROM pipeline.enrichment_task WHERE state = 'done'").await, 4);
    assert_eq!(bench.number("SELECT count(*) FROM instagram.media WHERE user_id IS NOT NULL").await, 4);
    assert_eq!(bench.number("SELECT count(*) FROM pipeline.enrichment_task WHERE attempts <> 0").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_account_waits_as_long_as_meta_says_and_delays_nobody() {
    let bench = Bench::new().await;
    bench.simulator.block(bench.account(0), 19);
    let mine: Vec<_> = bench.media(0, Product::Feed).take(9).collect();
    for medium in &mine {
        bench.stub(medium.id.as_str()).await;
        bench.want(TaskKind::Media, medium.id.as_str(), 0).await;
    }
    let other = bench.medium(1, Product::Feed);
    bench.want_medium(other, 1).await;
    bench.settle().await;
    let calls = bench.simulator.calls();
    let of_blocked =
        calls.iter().filter(|call| call.account.as_deref() == Some(bench.account(0).id.as_str()));
    let of_blocked = of_blocked.count();
    assert!((1..=4).contains(&of_blocked), "{of_blocked} calls of a blocked account");
    assert_eq!(bench.state(TaskKind::Media, other.id.as_str()).await, done());
    assert_eq!(
        bench.number("SELECT count(*) FROM pipeline.enrichment_task WHERE reason = 'throttled'").await,
        9
    );
    for medium in &mine {
        let (_, _, minutes, _) = bench.task(TaskKind::Media, medium.id.as_str()).await;
        assert!((19..=21).contains(&minutes), "{minutes}");
    }
    bench.advance(Duration::from_mins(30));
    bench.settle().await;
    assert_eq!(bench.number("SELECT count(*) FROM pipeline.enrichment_task WHERE state = 'done'").await, 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_word_of_metas_blocks_grow() {
    let bench = Bench::new().await;
    let medium = bench.medium(0, Product::Feed);
    let throttle = Effect::Error { code: 17, subcode: None, message: None, status: None, is_transient: None };
    bench.simulator.add_fault(Fault::new(throttle));
    bench.stub(medium.id.as_str()).await;
    bench.want(TaskKind::Media, medium.id.as_str(), 0).await;
    for minutes in [5, 10, 20, 40, 60, 60] {
        bench.settle().await;
        let (_, reason, due, _) = bench.task(TaskKind::Media, medium.id.as_str()).await;
        assert_eq!((reason.as_deref(), due), (Some("throttled"), minutes));
        bench.advance(Duration::from_mins(u64::try_from(minutes).unwrap()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_app_stops_every_account() {
    let bench = Bench::new().await;
    bench.simulator.add_fault(Fault::new(Effect::AppThrottled).for_account(bench.account(0).id.as_str()));
    let first = bench.medium(0, Product::Feed);
    bench.want_medium(first, 0).await;
    bench.settle().await;
    bench.want_medium(bench.medium(1, Product::Feed), 1).await;
    bench.settle().await;
    assert_eq!(bench.simulator.total_cost(), 1);
    assert_eq!(
        bench.number("SELECT count(*) FROM pipeline.enrichment_task WHERE reason = 'throttled'").await,
        4
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_close_to_the_limit_leave_only_urgent_work() {
    let bench = Bench::new().await;
    bench.simulator.show_usage(bench.account(0), Some(92));
    let mut media = bench.media(0, Product::Feed);
    let (first, daily, urgent) = (media.next().unwrap(), media.next().unwrap(), media.next().unwrap());
    for medium in [first, daily, urgent] {
        bench.stub(medium.id.as_str()).await;
    }
    bench.want(TaskKind::Media, first.id.as_str(), 0).await;
    bench.settle().await;
    bench.want_in(TaskKind::Media, daily.id.as_str(), 0, TaskLane::Daily).await;
    bench.want(TaskKind::Media, urgent.id.as_str(), 0).await;
    bench.settle().await;
    assert_eq!(bench.state(TaskKind::Media, urgent.id.as_str()).await, done());
    assert_eq!(bench.state(TaskKind::Media, daily.id.as_str()).await, parked("throttled"));
    bench.simulator.show_usage(bench.account(0), Some(100));
    let percent = bench.number("SELECT max(usage_percent)::bigint FROM pipeline.account_quota").await;
    assert_eq!(percent, 92);
    bench.advance(Duration::from_mins(16));
    bench.settle().await;
    assert_eq!(bench.state(TaskKind::Media, daily.id.as_str()).await, done());
    let blocked =
        "SELECT count(*) FROM pipeline.account_quota WHERE blocked_until IS NOT NULL AND account_id <> ''";
    assert_eq!(bench.number(blocked).await, 1, "a header at 100 blocks before an error has to");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_token_stops_its_account_until_there_is_a_new_one() {
    let bench = Bench::new().await;
    let account = bench.account(0);
    bench.want_in(TaskKind::User, account.id.as_str(), 0, TaskLane::Daily).await;
    bench.settle().await;
    bench.simulator.kill_token(account, 463);
    let media: Vec<_> = bench.media(0, Product::Feed).take(6).collect();
    for medium in &media {
        bench.want_medium(medium, 0).await;
    }
    bench.settle().await;
    assert_eq!(
        bench.number("SELECT count(*) FROM pipeline.enrichment_task WHERE reason = 'token_dead'").await,
        12
    );
    assert!(bench.simulator.total_cost() <= 5, "one round of calls found out");
    let dead = "SELECT count(*) FROM instagram.instagram_tokens WHERE state = 'dead' AND dead_reason LIKE 'code 190/463%'";
    assert_eq!(bench.number(dead).await, 1);
    assert_eq!(bench.number(r#"SELECT count(*) FROM instagram."user" WHERE has_problems"#).await, 1);

    let token = bench.simulator.issue_token(account);
    bench.set_token(account, &token).await;
    let mut conn = bench.pool().acquire().await.unwrap();
    assert_eq!(tasks::unpark(&mut conn, account.id.as_str(), bench.clock.now()).await.unwrap(), 12);
    bench.settle().await;
    assert_eq!(bench.number("SELECT count(*) FROM pipeline.enrichment_task WHERE state = 'done'").await, 13);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_usable_token_no_call_is_made() {
    let bench = Bench::new().await;
    let sql = "DELETE FROM instagram.instagram_tokens WHERE user_id = $1";
    sqlx::query(sql).bind(bench.account(0).id.as_str()).execute(&bench.pool()).await.unwrap();
    let sql = "UPDATE instagram.instagram_tokens SET expired_at = to_timestamp(1) WHERE user_id = $1";
    sqlx::query(sql).bind(bench.account(1).id.as_str()).execute(&bench.pool()).await.unwrap();
    let sql = "UPDATE instagram.instagram_tokens SET token = (SELECT token FROM instagram.instagram_tokens WHERE user_id = $2) WHERE user_id = $1";
    sqlx::query(sql)
        .bind(bench.account(2).id.as_str())
        .bind(bench.account(3).id.as_str())
        .execute(&bench.pool())
        .await
        .unwrap();
    for place in 0..3 {
        bench.want(TaskKind::Media, bench.medium(place, Product::Feed).id.as_str(), place).await;
    }
    bench.settle().await;
    assert_eq!(bench.simulator.total_cost(), 0);
    for (place, reason, wait) in [(0, "no_token", 60), (1, "token_dead", 24 * 60), (2, "no_token", 60)] {
        let medium = bench.medium(place, Product::Feed);
        let (_, found, minutes, note) = bench.task(TaskKind::Media, medium.id.as_str()).await;
        assert_eq!((found.as_deref(), minutes), (Some(reason), wait), "{note:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_permission_stops_that_kind_of_read_only() {
    let bench = Bench::new().await;
    let fault = Fault::new(Effect::NoPermission).for_kind(CallKind::MediaInsights);
    bench.simulator.add_fault(fault.for_account(bench.account(0).id.as_str()));
    let media: Vec<_> = bench.media(0, Product::Feed).take(8).collect();
    for medium in &media {
        bench.want_medium(medium, 0).await;
    }
    bench.settle().await;
    assert!(bench.calls(CallKind::MediaInsights) <= 4);
    assert_eq!(bench.calls(CallKind::Media), 8);
    assert_eq!(
        bench.number("SELECT count(*) FROM pipeline.enrichment_task WHERE reason = 'permission'").await,
        8
    );
    let later = bench.media(0, Product::Feed).nth(8).unwrap();
    let before = bench.calls(CallKind::MediaInsights);
    bench.want_medium(later, 0).await;
    bench.settle().await;
    assert_eq!(bench.calls(CallKind::MediaInsights), before, "the worker remembers");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_peoples_media_are_read_for_mentions_and_stay_outside_analytics() {
    let bench = Bench::new().await;
    let world = Arc::clone(bench.simulator.world());
    let outsider = world.accounts().iter().find(|account| !account.watched).unwrap();
    let theirs = world.media_of(outsider, |medium| medium.product == Product::Feed).next().unwrap();
    bench.want(TaskKind::MentionedMedia, theirs.id.as_str(), 0).await;
    bench.settle().await;
    assert_eq!(bench.state(TaskKind::MentionedMedia, theirs.id.as_str()).await, done());
    let read = "SELECT count(*) FROM instagram.media WHERE media_type IS NOT NULL AND user_id IS NULL";
    assert_eq!(bench.number(read).await, 1);
    assert_eq!(bench.number("SELECT count(*) FROM pipeline.dirty_mark").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_medium_of_another_account_of_ours_is_left_to_its_owner() {
    let bench = Bench::new().await;
    let medium = bench.medium(1, Product::Feed);
    bench.want_medium(medium, 1).await;
    bench.settle().await;
    bench.want_medium(medium, 0).await;
    bench.settle().await;
    assert_eq!(bench.simulator.total_cost(), 2);
    let notes = "
        SELECT count(*) FROM pipeline.enrichment_task
        WHERE state = 'done' AND last_error = 'the medium belongs to somebody else'";
    assert_eq!(bench.number(notes).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_gets_what_its_webhook_did_not_tell_and_keeps_what_it_told() {
    let bench = Bench::new().await;
    let medium = bench.media(0, Product::Feed).find(|medium| medium.past_comments > 1).unwrap();
    let mut comments =
        (0..medium.past_comments).map(|at| cekbrand_devkit::world::World::comment_id(medium, at));
    let (known, deleted) = (comments.next().unwrap(), comments.next().unwrap());
    let sql = "
        INSERT INTO instagram.media_comment (id, text, first_seen_at, updated_timestamp, source)
        VALUES ($1, 'as told', to_timestamp(1), to_timestamp(1), 'webhook'), ($2, 'gone', to_timestamp(1), to_timestamp(1), 'webhook')";
    sqlx::query(sql).bind(known.as_str()).bind(deleted.as_str()).execute(&bench.pool()).await.unwrap();
    bench.simulator.delete(deleted.as_str());
    bench.want(TaskKind::Comment, known.as_str(), 0).await;
    bench.want(TaskKind::Comment, deleted.as_str(), 0).await;
    bench.settle().await;
    bench.advance(Duration::from_mins(1));
    bench.settle().await;
    let row: (Option<String>, Option<String>, Option<String>, bool, String) = sqlx::query_as(
        r#"SELECT text, username, media_id, "timestamp" IS NOT NULL AND like_count IS NOT NULL, source::text
           FROM instagram.media_comment WHERE id = $1"#,
    )
    .bind(known.as_str())
    .fetch_one(&bench.pool())
    .await
    .unwrap();
    assert_eq!((row.0.as_deref(), row.2.as_deref()), (Some("as told"), Some(medium.id.as_str())));
    assert!(row.1.is_some() && row.3 && row.4 == "webhook");
    let gone = "SELECT count(*) FROM instagram.media_comment WHERE deleted_at IS NOT NULL AND text = 'gone'";
    assert_eq!(bench.number(gone).await, 1);
    assert_eq!(bench.calls(CallKind::Comment), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_says_nothing_new_or_comes_late_writes_nothing() {
    let bench = Bench::new().await;
    let account = bench.account(0).id.as_str();
    let mut conn = bench.pool().acquire().await.unwrap();
    let (early, late) = (bench.clock.now(), bench.clock.now().checked_add(Duration::from_mins(1)).unwrap());
    let medium = |likes, published: Timestamp| MediaNode {
        id: "m".to_owned(),
        owner_id: Some(account.to_owned()),
        media_type: Some("IMAGE".to_owned()),
        caption: Some("#a".to_owned()),
        timestamp: Some(published),
        like_count: likes,
        comments_count: Some(0),
        ..MediaNode::default()
    };
    let node = medium(Some(5), early);
    let user = UserNode { id: account.to_owned(), followers_count: Some(9), ..UserNode::default() };
    assert_eq!(store::media::write(&mut conn, &node, account, late).await.unwrap().len(), 2);
    assert!(store::user::write(&mut conn, &user, late).await.unwrap());
    let picture = "
        SELECT md5(string_agg(x, ',')) FROM (
            SELECT m.xmin::text || m::text FROM instagram.media m UNION ALL
            SELECT c.xmin::text || c::text FROM instagram.media_like_comment c UNION ALL
            SELECT d.xmin::text || d::text FROM instagram.user_data d UNION ALL
            SELECT u.xmin::text || u::text FROM instagram.\"user\" u ORDER BY 1) AS rows (x)";
    let before: String = sqlx::query_scalar(picture).fetch_one(&bench.pool()).await.unwrap();
    assert!(store::media::write(&mut conn, &node, account, late).await.unwrap().is_empty());
    let stale = medium(Some(3), early);
    assert!(store::media::write(&mut conn, &stale, account, early).await.unwrap().is_empty());
    assert!(!store::user::write(&mut conn, &user, late).await.unwrap());
    let after: String = sqlx::query_scalar(picture).fetch_one(&bench.pool()).await.unwrap();
    assert_eq!(before, after);
    let hidden = medium(None, early);
    let newer = late.checked_add(Duration::from_secs(1)).unwrap();
    assert_eq!(store::media::write(&mut conn, &hidden, account, newer).await.unwrap().len(), 1);
    let absence: serde_json::Value =
        sqlx::query_scalar("SELECT absence FROM instagram.media").fetch_one(&bench.pool()).await.unwrap();
    assert_eq!(absence, serde_json::json!({"like_count": "hidden"}));
}

/// Takes the lease away while the call is under way, as a worker would that was thought dead.
#[derive(Debug)]
struct Thief {
    api: Arc<dyn GraphApi>,
    pool: PgPool,
}

impl GraphApi for Thief {
    fn call<'a>(&'a self, request: &'a Request, credential: &'a Credential) -> Pending<'a> {
        Box::pin(async move {
            let answer: Answer = self.api.call(request, credential).await?;
            let steal =
                "UPDATE pipeline.enrichment_task SET lease_id = gen_random_uuid() WHERE state = 'running'";
            sqlx::query(steal).execute(&self.pool).await.unwrap();
            Ok(answer)
        })
    }

    fn version(&self) -> &str {
        self.api.version()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_lost_its_lease_writes_nothing() {
    let bench = Bench::with(|api, pool| Arc::new(Thief { api, pool })).await;
    let medium = bench.medium(0, Product::Feed);
    bench.stub(medium.id.as_str()).await;
    bench.want(TaskKind::Media, medium.id.as_str(), 0).await;
    assert_eq!(bench.enricher.tick().await.unwrap(), 1);
    assert_eq!(bench.simulator.total_cost(), 1);
    assert_eq!(bench.number("SELECT count(*) FROM pipeline.graph_response").await, 0);
    assert_eq!(bench.number("SELECT count(*) FROM instagram.media WHERE user_id IS NOT NULL").await, 0);
    assert_eq!(bench.state(TaskKind::Media, medium.id.as_str()).await.0, "running");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_worker_empties_the_queue_and_stops_when_told() {
    let bench = Bench::new().await;
    let mut wanted = 0;
    for place in 0..6 {
        for medium in bench.media(place, Product::Feed).take(5) {
            bench.want_medium(medium, place).await;
            wanted += 2;
        }
    }
    let settings = cekbrand_graph::Settings {
        base_url: bench.simulator.base_url().to_owned(),
        app_secret: Some(bench.simulator.app_secret()),
        ..Default::default()
    };
    let clock: SharedClock = bench.clock.clone();
    let api = Arc::new(HttpGraphApi::new(settings, Arc::clone(&clock)).unwrap());
    let enricher = Enricher::new(bench.pool(), api, keys(), APP, clock, Settings::default());
    let shutdown = CancellationToken::new();
    let worker = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { enricher.run(shutdown).await }
    });
    let deadline = SystemClock.now().checked_add(Duration::from_mins(1)).unwrap();
    while bench.number("SELECT count(*) FROM pipeline.enrichment_task WHERE state = 'done'").await < wanted {
        assert!(SystemClock.now() < deadline, "the queue was not emptied in time");
        bench.advance(Duration::from_millis(250));
        SystemClock.sleep(Duration::from_millis(20)).await;
    }
    shutdown.cancel();
    worker.await.unwrap();
    assert_eq!(bench.simulator.total_cost(), u64::try_from(wanted).unwrap());
}
