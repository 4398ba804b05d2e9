//! Two brands and the people who write to them, landed and read and analysed as always.

use std::sync::Arc;
use std::time::Duration;

use cekbrand_devkit::servers::{TestDatabase, TestServers};
use cekbrand_graph::node::{MediaNode, UserNode};
use cekbrand_schema::envelope::{self, Arrival};
use cekbrand_schema::{Change, Clock, Lane, ManualClock, SharedClock, identity};
use cekbrand_workers::analyse::sentiment::Scorer;
use cekbrand_workers::analyse::{AnalyseSettings, Analyser};
use cekbrand_workers::erase::Eraser;
use cekbrand_workers::land::batch::Lander;
use cekbrand_workers::land::books::{Place, Watermarks};
use cekbrand_workers::land::decode::{self, Incoming};
use cekbrand_workers::land::position::{self, Claim};
use cekbrand_workers::land::{Positions, Tally};
use cekbrand_workers::rows::{self, Reading, Rows, Told};
use cekbrand_workers::supervise::Pulse;
use jiff::Timestamp;
use sqlx::{AssertSqlSafe, PgPool};
use tokio_util::sync::CancellationToken;

use super::records::{change, everything};

pub(super) const A: &str = "17841400000000001";
pub(super) const SCOPED_A: &str = "28970000000000001";
pub(super) const B: &str = "17841400000000002";
pub(super) const P: &str = "7412345678901";
pub(super) const MEDIUM_A: &str = "17900000000000011";
pub(super) const MEDIUM_B: &str = "17900000000000022";
pub(super) const Q: &str = "7499999999999";

pub(super) struct Stage {
    _database: TestDatabase,
    pub(super) pool: PgPool,
    clock: ManualClock,
    lander: Lander,
    owned: std::sync::Mutex<Positions>,
    offset: std::sync::Mutex<i64>,
}

/// How many rows there are of each kind that others must keep.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) comments: i64,
    media: i64,
    tasks: i64,
    answers: i64,
}

pub(super) fn user(id: &str, username: &str) -> UserNode {
    let app_scoped_id = (id == A).then(|| SCOPED_A.to_owned());
    let username = Some(username.to_owned());
    UserNode { id: id.to_owned(), username, followers_count: Some(10), app_scoped_id, ..UserNode::default() }
}

impl Stage {
    /// The brands, and nothing about them.
    pub(super) async fn empty() -> Self {
        let database = TestServers::shared().unwrap().database().await.unwrap();
        let clock = ManualClock::new("2026-11-21T10:00:00Z".parse().unwrap());
        let shared: SharedClock = Arc::new(clock.clone());
        let pool = database.pool();
        let lander = Lander {
            lane: Lane::Other,
            group: "g".into(),
            topic: "t".into(),
            pool: pool.clone(),
            pulse: Arc::new(Pulse::new(&shared, Duration::from_mins(1))),
            clock: shared,
            stop: CancellationToken::new(),
        };
        let place = Place { lane: Lane::Other, group: "g", topic: "t", topic_id: None, partition: 0 };
        let watermarks = Watermarks { low: 0, high: 1_000_000 };
        let claim = Claim { place, watermarks, now: clock.now(), is_ours: &|| true };
        let position = position::take(&pool, claim).await.unwrap();
        let owned = Positions::from([(0, position)]).into();
        Self { _database: database, pool, clock, lander, owned, offset: 0.into() }
    }

    /// Everything that may hold something about them.
    pub(super) async fn set() -> Self {
        let stage = Self::empty().await;
        for (id, name) in [(A, "kopi.senja"), (B, "teh.pagi")] {
            stage
                .run(&format!(
                    "INSERT INTO pipeline.account (account_id, login, added_at)
                VALUES ('{id}', 'instagram', '2026-11-01');
                INSERT INTO pipeline.audit (at, actor, action, target, detail)
                VALUES ('2026-11-01', 'op', 'account.add', '{id}', '{{\"account\": \"{id}\"}}')"
                ))
                .await;
            stage.tell(Told::User(user(id, name), stage.reading(id))).await;
        }
        stage
            .run(&format!(
                "INSERT INTO instagram.instagram_tokens (user_id, token, flavour, updated_timestamp)
            VALUES ('{A}', 'sealed-token-of-a', 'instagram', '2026-11-01');
            INSERT INTO instagram.user_competitor (user_id, competitor_id) VALUES ('{B}', '{A}');
            INSERT INTO pipeline.account_quota (app_id, account_id, updated_at)
            VALUES ('1', '{A}', '2026-11-01');
            INSERT INTO pipeline.replay_run
                (source, topic, from_time, account_id, enrich, state, started_at, updated_at)
            VALUES ('kafka', 't', '2026-11-01', '{A}', 'none', 'running', '2026-11-01', '2026-11-01')"
            ))
            .await;
        for (owner, medium, caption) in [(A, MEDIUM_A, "#senja"), (B, MEDIUM_B, "#teh")] {
            let node = MediaNode {
                id: medium.to_owned(),
                owner_id: Some(owner.to_owned()),
                timestamp: Some("2026-11-20T00:00:00Z".parse().unwrap()),
                caption: Some(caption.to_owned()),
                media_product_type: Some("FEED".to_owned()),
                like_count: Some(3),
                comments_count: Some(2),
                ..MediaNode::default()
            };
            stage.tell(Told::Media(Box::new(node), stage.reading(owner))).await;
        }
        let landed = stage.land(&everything()).await;
        assert_eq!((landed.landed, landed.dead_lettered, landed.continued), (7, 1, 1));
        stage.record_answers().await;
        stage.compute().await;
        stage
    }

    async fn record_answers(&self) {
        let comments =
            format!(r#"{{"data":[{{"id":"comment-of-p-at-b","username":"sari.w"}},{{"id":"{MEDIUM_B}"}}]}}"#);
        let discovered = r#"{"business_discovery":{"username":"kopi.senja"}}"#;
        let node = format!(r#"{{"id":"{B}","username":"teh.pagi"}}"#);
        let answers = [
            ("ig_media_comments", B, MEDIUM_B, MEDIUM_B, comments.as_str()),
            ("ig_business_discovery", B, B, "business_discovery.username(kopi.senja)", discovered),
            ("ig_user", A, A, A, r#"{"id":"28970000000000001"}"#),
            ("ig_user", B, B, B, node.as_str()),
        ];
        for (fetch, account, target, request, body) in answers {
            sqlx::query(
                "INSERT INTO pipeline.graph_response
                (fetch_id, account_id, target_id, request, status, body, observed_at, api_version, duration_ms)
                VALUES ($1, $2, $3, $4, 200, $5, '2026-11-21T08:00:00Z', 'v25.0', 1)",
            )
            .bind(fetch)
            .bind(account)
            .bind(target)
            .bind(request)
            .bind(body)
            .execute(&self.pool)
            .await
            .unwrap();
        }
    }

    /// The same records once more, and nothing known of them: neither their keys nor their events.
    pub(super) async fn land_everything_again(&self) -> Tally {
        self.run("TRUNCATE pipeline.event_key, pipeline.event").await;
        self.land(&everything()).await
    }

    pub(super) async fn land_one_at(&self, account: &str, received_at: &str) -> Tally {
        self.land(&[change(account, "comments", r#"{"id":"new-comment"}"#, received_at)]).await
    }

    async fn land(&self, records: &[Incoming]) -> Tally {
        let mut records = records.to_vec();
        for record in &mut records {
            let mut next = self.offset.lock().unwrap();
            record.offset = *next;
            *next += 1;
        }
        let owned = self.owned.lock().unwrap().clone();
        self.lander.land(&records, &owned).await.tally
    }

    /// What the receiver makes of Meta's signed request.
    pub(super) async fn ask(&self, field: &'static str, id: &str, code: &str) {
        let payload = format!(r#"{{"user_id":"{id}","issued_at":1763700000}}"#);
        let change = Change {
            object: cekbrand_schema::topic::SIGNED_REQUEST.into(),
            account_id: id.into(),
            entry_time: None,
            field: field.into(),
            value: payload.as_str().into(),
            extra: Some(format!(r#"{{"confirmation_code":"{code}"}}"#)),
        };
        let bytes = envelope::write(
            &change,
            &identity::identify(&change, &mut Vec::new()),
            &Arrival::new(self.now(), "main"),
        );
        self.land(&[Incoming {
            partition: 0,
            offset: 0,
            attempt: 0,
            content: decode::change(&bytes),
            bytes,
            trace: None,
        }])
        .await;
    }

    pub(super) fn eraser(&self) -> Eraser {
        Eraser::new(self.pool.clone(), Arc::new(self.clock.clone()))
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn reading(&self, account: &str) -> Reading {
        Reading { account_id: account.to_owned(), observed_at: self.now() }
    }

    async fn tell(&self, told: Told) {
        self.apply(&Rows::of(told)).await;
    }

    pub(super) async fn apply(&self, rows: &Rows) {
        let mut tx = self.pool.begin().await.unwrap();
        rows::apply(&mut tx, rows, self.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Scores and computes until nothing is left.
    pub(super) async fn compute(&self) {
        let clock: SharedClock = Arc::new(self.clock.clone());
        let mut scorer = Scorer::new(self.pool.clone(), Arc::clone(&clock), Duration::from_secs(1));
        while scorer.tick().await.unwrap() > 0 {}
        let analyser = Analyser::new(self.pool.clone(), clock, AnalyseSettings::default());
        while analyser.tick().await.unwrap() > 0 {}
    }

    /// Comments with a sentiment, as an account's last row sums them up.
    pub(super) async fn sentiments(&self, account: &str) -> i64 {
        let sums = "SELECT (pos + neu + neg)::text FROM toba_cek_insta.user_insight_sentiment
            WHERE user_id = $1 ORDER BY date_stamp DESC LIMIT 1";
        self.text(sums, account).await.parse().unwrap()
    }

    pub(super) async fn request(&self, code: &str) -> (String, String) {
        sqlx::query_as(
            "SELECT state, app_scoped_id FROM pipeline.deletion_request WHERE confirmation_code = $1",
        )
        .bind(code)
        .fetch_one(&self.pool)
        .await
        .unwrap()
    }

    pub(super) async fn text(&self, sql: &'static str, parameter: &str) -> String {
        sqlx::query_scalar(sql).bind(parameter).fetch_one(&self.pool).await.unwrap()
    }

    pub(super) async fn run(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&self.pool).await.unwrap();
    }

    pub(super) async fn books_close(&self) -> bool {
        sqlx::query_scalar("SELECT bool_and(closed) FROM pipeline.ledger")
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }

    pub(super) async fn counts(&self) -> Counts {
        let count = async |table: &str| -> i64 {
            let sql = format!("SELECT count(*) FROM {table}");
            sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&self.pool).await.unwrap()
        };
        Counts {
            comments: count("instagram.media_comment").await,
            media: count("instagram.media").await,
            tasks: count("pipeline.enrichment_task").await,
            answers: count("pipeline.graph_response").await,
        }
    }

    /// Looks through every text of every table, bytes included. Where something is found, and what.
    pub(super) async fn traces(&self, needles: &[&str]) -> Vec<String> {
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT quote_ident(nspname) || '.' || quote_ident(relname)
            FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
            WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND nspname NOT LIKE 'pg_toast%'
                AND relkind IN ('r', 'p') AND NOT relispartition",
        )
        .fetch_all(&self.pool)
        .await
        .unwrap();
        let mut found = Vec::new();
        for table in tables {
            for needle in needles {
                let hex = const_hex::encode(needle);
                let sql = format!(
                    "SELECT count(*) FROM {table} AS held
                    WHERE position($1 IN held::text) > 0 OR position($2 IN held::text) > 0"
                );
                let rows: i64 = sqlx::query_scalar(AssertSqlSafe(sql))
                    .bind(needle)
                    .bind(hex)
                    .fetch_one(&self.pool)
                    .await
                    .unwrap();
                if rows > 0 {
                    found.push(format!("{table}: {needle} ({rows})"));
                }
            }
        }
        found
    }

    pub(super) async fn until_somebody_waits_for_a_lock(&self) {
        let waiting = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))";
        let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
        loop {
            let is_waiting: bool = sqlx::query_scalar(waiting).fetch_one(&self.pool).await.unwrap();
            if is_waiting {
                return;
            }
            assert!(tokio::time::Instant::now() < deadline, "nobody waits");
        }
    }
}
