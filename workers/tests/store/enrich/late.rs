//! A refusal that comes after the account has got another token says nothing about that one.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cekbrand_devkit::world::Product;
use cekbrand_graph::{Credential, GraphApi, Pending, Request};
use cekbrand_schema::{Clock, ManualClock};
use cekbrand_workers::enrich::store::stop;
use cekbrand_workers::tasks::{ParkReason, Stop};
use cekbrand_workers::token::store;
use cekbrand_workers::token::store::alert::{self, Alert, AlertKind};
use cekbrand_workers::{reads, tasks};
use jiff::SignedDuration;
use sqlx::PgPool;

use super::{Bench, done};

/// Gives an account another token while its first call is under way.
#[derive(Debug)]
struct Successor {
    api: Arc<dyn GraphApi>,
    pool: PgPool,
    clock: Arc<ManualClock>,
    /// The account and the sealed token, until they are used.
    token: Arc<Mutex<Option<(String, String)>>>,
}

impl GraphApi for Successor {
    fn call<'a>(&'a self, request: &'a Request, credential: &'a Credential) -> Pending<'a> {
        Box::pin(async move {
            let answer = self.api.call(request, credential).await;
            let token = self.token.lock().unwrap().take();
            if let Some((account, sealed)) = token {
                let mut tx = self.pool.begin().await.unwrap();
                assert!(store::put(&mut tx, &account, &sealed, None, self.clock.now()).await.unwrap());
                tasks::unpark(&mut tx, &account, self.clock.now()).await.unwrap();
                tx.commit().await.unwrap();
            }
            answer
        })
    }

    fn version(&self) -> &str {
        self.api.version()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_comes_late_does_not_kill_the_tokens_successor() {
    let (clock, token) = (Bench::clock(), Arc::new(Mutex::new(None)));
    let (held, time) = (Arc::clone(&token), Arc::clone(&clock));
    let bench =
        Bench::at(clock, |api, pool| Arc::new(Successor { api, pool, clock: time, token: held })).await;
    let account = bench.account(0);
    let medium = bench.medium(0, Product::Feed);
    bench.stub(medium.id.as_str()).await;
    bench.want(reads::kind::MEDIA, medium.id.as_str(), 0).await;
    bench.simulator.kill_token(account, 463);
    let next = bench.simulator.issue_token(account);
    let sealed = super::keys().seal(account.id.as_str(), super::Column::Token, &next).unwrap();
    *token.lock().unwrap() = Some((account.id.as_str().to_owned(), sealed));
    bench.settle().await;
    assert_eq!(bench.simulator.total_cost(), 2, "refused, and answered with the new token");
    assert_eq!(bench.state(reads::kind::MEDIA, medium.id.as_str()).await, done());
    let valid = "SELECT count(*) FROM instagram.instagram_tokens WHERE state <> 'valid'";
    assert_eq!(bench.number(valid).await, 0, "the new token is alive");
    assert_eq!(bench.number("SELECT count(*) FROM pipeline.read_stop").await, 0, "nothing is stopped");
    let alerts = "SELECT count(*) FROM pipeline.operator_alert WHERE resolved_at IS NULL";
    assert_eq!(bench.number(alerts).await, 0, "nobody has to act");
}

/// Whoever concludes something has seen a token, which need not be the account's any more.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_concluded_of_a_token_is_about_that_very_token() {
    let bench = Bench::new().await;
    let (account, now) = (bench.account(0).id.as_str(), bench.clock.now());
    let mut conn = bench.pool().acquire().await.unwrap();
    let current = store::read(&mut conn, account).await.unwrap().unwrap().sealed;
    let stop = Stop { account_id: account, kind: None, reason: ParkReason::TokenDead, until: now };
    for (sealed, is_it) in [(Some("another"), false), (None, false), (Some(current.as_str()), true)] {
        store::mark_dead(&mut conn, account, sealed.unwrap_or_default(), "why", now).await.unwrap();
        assert_eq!(store::read(&mut conn, account).await.unwrap().unwrap().is_dead, is_it, "{sealed:?}");
        let alerts = "SELECT count(*) FROM pipeline.operator_alert WHERE kind = 'token_dead'";
        assert_eq!(bench.number(alerts).await, i64::from(is_it));
        assert_eq!(stop::set(&mut conn, stop, sealed, now).await.unwrap(), is_it, "{sealed:?}");
        assert_eq!(bench.number("SELECT count(*) FROM pipeline.read_stop").await, i64::from(is_it));
    }
}

/// One object that is refused over and over says nothing about others.
#[tokio::test(flavor = "multi_thread")]
async fn a_permission_is_missing_once_three_objects_were_refused_and_none_was_answered() {
    let bench = Bench::new().await;
    let (account, now) = (bench.account(0).id.as_str(), bench.clock.now());
    let since = now.checked_sub(Duration::from_hours(1)).unwrap();
    let mut conn = bench.pool().acquire().await.unwrap();
    let key = |medium: &str| tasks::TaskKey::new(reads::kind::MEDIA_INSIGHTS, medium, account);
    for (medium, is_missing) in [("1", false), ("1", false), ("2", false), ("1", false), ("3", true)] {
        let found = stop::refused(&mut conn, &key(medium), since, now).await.unwrap();
        assert_eq!(found, is_missing, "{medium}");
    }
    let later = now.checked_add(Duration::from_hours(2)).unwrap();
    assert!(!stop::refused(&mut conn, &key("4"), now, later).await.unwrap(), "what is old says nothing");
    stop::answered(&mut conn, &key("5")).await.unwrap();
    assert!(!stop::refused(&mut conn, &key("6"), since, now).await.unwrap(), "the permission is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_ends_when_it_is_mended_and_never_before_it_began() {
    let bench = Bench::new().await;
    let (account, now) = (bench.account(0).id.as_str(), bench.clock.now());
    let mut conn = bench.pool().acquire().await.unwrap();
    for (kind, mended) in [(AlertKind::TokenDead, 60), (AlertKind::TokenDying, -60)] {
        alert::raise(&mut conn, Alert { account_id: account, kind, detail: "why" }, now).await.unwrap();
        let at = now.checked_add(SignedDuration::from_secs(mended)).unwrap();
        alert::resolve(&mut conn, account, &[kind], at).await.unwrap();
    }
    let lasted: Vec<i64> = sqlx::query_scalar(
        "SELECT extract(epoch FROM resolved_at - raised_at)::bigint FROM pipeline.operator_alert ORDER BY id",
    )
    .fetch_all(&bench.pool())
    .await
    .unwrap();
    assert_eq!(lasted, [60, 0]);
}
