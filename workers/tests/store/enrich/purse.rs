//! The shared budget: who may call, what the headers said, and how long a block lasts.

use std::sync::Arc;
use std::time::Duration;

use cekbrand_devkit::servers::{TestDatabase, TestServers};
use cekbrand_devkit::simulator::{Effect, Fault};
use cekbrand_devkit::world::Product;
use cekbrand_graph::answer::Received;
use cekbrand_graph::{Answer, Credential, GraphApi, Pending, Request, Scope, Usage};
use cekbrand_schema::{Clock, ManualClock};
use cekbrand_workers::enrich::effects::Block;
use cekbrand_workers::enrich::store::quota::{self, Blocked, Limits, Purse};
use cekbrand_workers::reads;
use cekbrand_workers::tasks::ParkReason;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde_json::json;
use sqlx::PgPool;

use super::{Bench, done, parked};

const LIMITS: Limits = Limits { first: Duration::from_mins(5), longest: Duration::from_hours(1) };

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_763_700_000 + minute * 60).unwrap()
}

fn purse(account_id: &str) -> Purse<'_> {
    Purse { app_id: "app", account_id }
}

/// Budgets of their own.
struct Budgets {
    database: TestDatabase,
}

impl Budgets {
    async fn new() -> Self {
        Self { database: TestServers::shared().unwrap().database().await.unwrap() }
    }

    fn pool(&self) -> PgPool {
        self.database.pool()
    }

    async fn grant(&self, account: &str, minute: i64) -> Result<i64, Blocked> {
        let mut conn = self.pool().acquire().await.unwrap();
        quota::grant(&mut conn, purse(account), 10, at(minute)).await.unwrap()
    }

    async fn block(&self, account: &str, minutes: Option<u64>, minute: i64) -> Timestamp {
        let mut conn = self.pool().acquire().await.unwrap();
        let regain = minutes.map(Duration::from_mins);
        let block = Block { scope: Scope::Account, regain, reason: ParkReason::PolicyBlock };
        quota::block(&mut conn, purse(account), block, LIMITS, at(minute)).await.unwrap()
    }

    /// An answer, received in that minute, whose headers said so much.
    async fn settle(&self, account: &str, percent: Option<u32>, app: Option<u32>, minute: i64) {
        let request = Request::node("media", "m");
        let answer = answered(&request, usage(percent, app), at(minute));
        let mut conn = self.pool().acquire().await.unwrap();
        quota::settle(&mut conn, purse(account), &answer, at(minute)).await.unwrap();
    }

    async fn percent(&self, account: &str) -> Option<i32> {
        let sql = "SELECT usage_percent FROM pipeline.account_quota WHERE account_id = $1";
        let held: Option<Option<i32>> =
            sqlx::query_scalar(sql).bind(account).fetch_optional(&self.pool()).await.unwrap();
        held.flatten()
    }
}

fn usage(percent: Option<u32>, app: Option<u32>) -> Usage {
    let business =
        percent.map(|percent| json!({"1": [{"type": "instagram", "call_count": percent}]}).to_string());
    let app = app.map(|percent| json!({ "call_count": percent }).to_string());
    Usage::read(business.as_deref(), app.as_deref())
}

fn answered(request: &Request, usage: Usage, observed_at: Timestamp) -> Answer {
    let body = json!({ "id": request.path().trim_matches('/') }).to_string();
    let received =
        Received { status: 200, body: body.as_bytes(), usage, observed_at, duration: Duration::ZERO };
    Answer::read(request, received, &[])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_account_gets_no_grant_and_a_blocked_app_gives_none_to_anybody() {
    let budgets = Budgets::new().await;
    assert_eq!(budgets.grant("a", 0).await, Ok(10), "nobody has asked before");
    let blocked = |minute| Err(Blocked { reason: ParkReason::PolicyBlock, until: at(minute) });
    assert_eq!(budgets.block("a", Some(10), 1).await, at(11));
    assert_eq!(budgets.grant("a", 2).await, blocked(11));
    assert_eq!(budgets.grant("b", 2).await, Ok(10), "somebody else's");
    budgets.block("", Some(20), 3).await;
    for account in ["a", "b", "c"] {
        assert_eq!(budgets.grant(account, 4).await, blocked(23), "{account}");
        assert_eq!(budgets.grant(account, 23).await, Ok(10), "{account}: it is over");
    }
}

/// A worker draws several calls at once, and looks before each.
#[tokio::test(flavor = "multi_thread")]
async fn a_block_is_seen_by_whoever_has_drawn_calls_before() {
    let budgets = Budgets::new().await;
    let mut conn = budgets.pool().acquire().await.unwrap();
    budgets.grant("a", 0).await.unwrap();
    assert_eq!(quota::block_of(&mut conn, purse("a"), at(1)).await.unwrap(), None);
    budgets.block("", Some(10), 1).await;
    let of_app = Blocked { reason: ParkReason::PolicyBlock, until: at(11) };
    assert_eq!(quota::block_of(&mut conn, purse("a"), at(2)).await.unwrap(), Some(of_app));
    budgets.block("a", Some(30), 1).await;
    let longer = Blocked { until: at(31), ..of_app };
    assert_eq!(quota::block_of(&mut conn, purse("a"), at(2)).await.unwrap(), Some(longer));
    assert_eq!(quota::block_of(&mut conn, purse("b"), at(2)).await.unwrap(), Some(of_app));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shorter_block_does_not_shorten_the_one_that_runs() {
    let budgets = Budgets::new().await;
    assert_eq!(budgets.block("a", Some(60), 0).await, at(60));
    assert_eq!(budgets.block("a", Some(5), 1).await, at(60), "it says until when nothing may be called");
    assert!(budgets.grant("a", 59).await.is_err());
    assert_eq!(budgets.grant("a", 60).await, Ok(10));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_headers_or_from_before_leaves_the_usage_as_it_was() {
    let budgets = Budgets::new().await;
    budgets.settle("a", Some(80), None, 5).await;
    budgets.settle("a", None, None, 6).await;
    assert_eq!(budgets.percent("a").await, Some(80), "what no header tells is not 0");
    budgets.settle("a", Some(10), None, 4).await;
    assert_eq!(budgets.percent("a").await, Some(80), "an older answer tells nothing new");
    let held: serde_json::Value = sqlx::query_scalar("SELECT usage FROM pipeline.account_quota")
        .fetch_one(&budgets.pool())
        .await
        .unwrap();
    assert_eq!(held["business"][0]["call_count"], 80, "{held}");
    budgets.settle("a", Some(20), None, 7).await;
    assert_eq!(budgets.percent("a").await, Some(20), "a later one does");
    let calls = "SELECT call_count FROM pipeline.account_quota";
    assert_eq!(sqlx::query_scalar::<_, i64>(calls).fetch_one(&budgets.pool()).await.unwrap(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_app_has_spent_is_kept_for_all_and_counts_for_each() {
    let budgets = Budgets::new().await;
    budgets.settle("a", Some(20), Some(70), 1).await;
    assert_eq!((budgets.percent("a").await, budgets.percent("").await), (Some(70), Some(70)));
    budgets.settle("a", Some(90), Some(71), 2).await;
    assert_eq!((budgets.percent("a").await, budgets.percent("").await), (Some(90), Some(71)));
    budgets.settle("b", Some(5), None, 3).await;
    assert_eq!(budgets.percent("").await, Some(71), "what no header tells is not 0");
    let platform = Purse { app_id: "app", account_id: "platform" };
    let mut conn = budgets.pool().acquire().await.unwrap();
    let answer = answered(&Request::node("media", "m"), usage(None, Some(99)), at(4));
    quota::settle(&mut conn, platform, &answer, at(4)).await.unwrap();
    assert_eq!(budgets.percent("").await, Some(71), "what the platform limits is a budget of its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn close_to_the_limit_calls_are_drawn_one_by_one() {
    let budgets = Budgets::new().await;
    budgets.settle("a", Some(74), None, 0).await;
    assert_eq!(budgets.grant("a", 1).await, Ok(10));
    budgets.settle("a", Some(75), None, 2).await;
    assert_eq!(budgets.grant("a", 3).await, Ok(1));
    let granted = "SELECT granted FROM pipeline.account_quota";
    assert_eq!(sqlx::query_scalar::<_, i64>(granted).fetch_one(&budgets.pool()).await.unwrap(), 11);
}

/// Answers as somebody else does, with headers of a test's choice.
#[derive(Debug)]
struct Headers {
    clock: Arc<ManualClock>,
    usage: Usage,
}

impl GraphApi for Headers {
    fn call<'a>(&'a self, request: &'a Request, _credential: &'a Credential) -> Pending<'a> {
        let answer = answered(request, self.usage.clone(), self.clock.now());
        Box::pin(async move { Ok(answer) })
    }

    fn version(&self) -> &'static str {
        "v25.0"
    }
}

/// Two accounts want a medium each, and the first answer's headers say so much.
async fn after_headers(percent: Option<u32>, app: Option<u32>) -> Bench {
    let clock = Bench::clock();
    let api = Arc::new(Headers { clock: Arc::clone(&clock), usage: usage(percent, app) });
    let bench = Bench::at(clock, |_, _| api).await;
    for (place, medium) in [(0, "m"), (0, "n"), (1, "o")] {
        bench.stub(medium).await;
        bench.want(reads::kind::MEDIA, medium, place).await;
        if medium == "m" {
            assert_eq!(bench.enricher.tick().await.unwrap(), 1);
        }
    }
    bench.settle().await;
    assert_eq!(bench.state(reads::kind::MEDIA, "m").await, done());
    bench
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_at_their_limit_stop_the_account_or_everybody_before_a_refusal_does() {
    let account = after_headers(Some(95), None).await;
    assert_eq!(account.state(reads::kind::MEDIA, "n").await, parked("throttled"));
    assert_eq!(account.state(reads::kind::MEDIA, "o").await, done(), "another account's budget");
    let app = after_headers(None, Some(95)).await;
    for medium in ["n", "o"] {
        assert_eq!(app.state(reads::kind::MEDIA, medium).await, parked("throttled"), "{medium}");
    }
    let below = after_headers(Some(94), Some(94)).await;
    for medium in ["n", "o"] {
        assert_eq!(below.state(reads::kind::MEDIA, medium).await, done(), "{medium}");
    }
}

/// Blocks the account while its first call is under way, as another worker does that was refused.
#[derive(Debug)]
struct Blocker {
    api: Arc<dyn GraphApi>,
    pool: PgPool,
    until: Timestamp,
}

impl GraphApi for Blocker {
    fn call<'a>(&'a self, request: &'a Request, credential: &'a Credential) -> Pending<'a> {
        Box::pin(async move {
            let block = "
                UPDATE pipeline.account_quota SET blocked_until = $1, block_reason = 'throttled'
                WHERE account_id <> ''";
            sqlx::query(block).bind(self.until.to_sqlx()).execute(&self.pool).await.unwrap();
            self.api.call(request, credential).await
        })
    }

    fn version(&self) -> &str {
        self.api.version()
    }
}

/// The read needs a second call, because a metric is refused; there are calls left of those that were drawn.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_calls_on_with_calls_that_were_drawn_before_a_block() {
    let until = Bench::clock().now().checked_add(Duration::from_mins(10)).unwrap();
    let bench = Bench::with(|api, pool| Arc::new(Blocker { api, pool, until })).await;
    let medium = bench.medium(0, Product::Feed);
    bench.simulator.add_fault(Fault::new(Effect::UnsupportedMetric).for_metric("views"));
    bench.stub(medium.id.as_str()).await;
    let known = "UPDATE instagram.media SET user_id = $2, media_product_type = 'FEED', media_type = 'IMAGE' WHERE id = $1";
    let owner = bench.account(0).id.as_str();
    sqlx::query(known).bind(medium.id.as_str()).bind(owner).execute(&bench.pool()).await.unwrap();
    bench.want(reads::kind::MEDIA_INSIGHTS, medium.id.as_str(), 0).await;
    assert_eq!(bench.enricher.tick().await.unwrap(), 1);
    assert_eq!(bench.simulator.total_cost(), 1);
    let (state, reason, minutes, _) = bench.task(reads::kind::MEDIA_INSIGHTS, medium.id.as_str()).await;
    assert_eq!((state.as_str(), reason.as_deref(), minutes), ("parked", Some("throttled"), 10));
}

/// PostgreSQL breaks off one of two transactions that wait for each other.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_is_broken_off_to_resolve_a_deadlock_is_repeated_without_another_call() {
    let bench = Bench::new().await;
    let trigger = "
        CREATE SEQUENCE tries;
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF nextval('tries') <= 2 THEN RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01'; END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON pipeline.graph_response FOR EACH ROW EXECUTE FUNCTION refuse();";
    sqlx::raw_sql(trigger).execute(&bench.pool()).await.unwrap();
    let medium = bench.medium(0, Product::Feed);
    bench.stub(medium.id.as_str()).await;
    bench.want(reads::kind::MEDIA, medium.id.as_str(), 0).await;
    assert_eq!(bench.enricher.tick().await.unwrap(), 1);
    assert_eq!(bench.state(reads::kind::MEDIA, medium.id.as_str()).await, done());
    assert_eq!(bench.simulator.total_cost(), 1, "what was bought is not thrown away");
    assert_eq!(bench.number("SELECT count(*) FROM pipeline.graph_response").await, 1);
}
