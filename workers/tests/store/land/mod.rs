//! One batch, one transaction: what it writes, what it refuses, what it counts.

mod once;
mod permissions;
mod promises;
mod refused;
mod rows;
mod zombie;

use std::sync::Arc;
use std::time::Duration;

use cekbrand_devkit::servers::{TestDatabase, TestServers};
use cekbrand_schema::dead_letter::DeadPart;
use cekbrand_schema::envelope::{self, Arrival};
use cekbrand_schema::{Lane, ManualClock, SharedClock, delivery, identity};
use cekbrand_workers::land::batch::{Lander, Outcome};
use cekbrand_workers::land::books::{Place, Watermarks};
use cekbrand_workers::land::decode::{self, Content, Incoming};
use cekbrand_workers::land::position::{self, Claim, TakeError};
use cekbrand_workers::land::{Halt, Position, Positions, Tally};
use cekbrand_workers::supervise::Pulse;
use jiff::Timestamp;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

const ACCOUNT: &str = "17841400000000001";

/// A database of its own and a lander over it that owns partitions 0 and 1.
struct Bench {
    database: TestDatabase,
    lander: Lander,
    owned: Positions,
}

impl Bench {
    async fn new(lane: Lane) -> Self {
        let database = TestServers::shared().unwrap().database().await.unwrap();
        let clock: SharedClock = Arc::new(ManualClock::new(at(1000)));
        let lander = Lander {
            lane,
            group: "g".into(),
            topic: "t".into(),
            pool: database.pool(),
            pulse: Arc::new(Pulse::new(&clock, Duration::from_mins(1))),
            clock,
            stop: CancellationToken::new(),
        };
        let mut bench = Self { database, lander, owned: Positions::new() };
        bench.take(0).await;
        bench.take(1).await;
        bench
    }

    /// Takes a partition anew, as a rebalance would.
    async fn take(&mut self, partition: i32) {
        let position = take(&self.pool(), partition, Log { low: 0, high: 1_000_000, id: None }).await;
        self.owned.insert(partition, position.unwrap());
    }

    fn pool(&self) -> PgPool {
        self.database.pool()
    }

    async fn land(&self, records: &[Incoming]) -> Outcome {
        let landing = tokio::time::timeout(Duration::from_mins(1), self.lander.land(records, &self.owned));
        landing.await.expect("nothing that a record holds may stop its lane")
    }

    async fn count(&self, table: &'static str) -> i64 {
        let counts = [
            ("event", "SELECT count(*) FROM pipeline.event"),
            ("event_key", "SELECT count(*) FROM pipeline.event_key"),
            ("task", "SELECT count(*) FROM pipeline.enrichment_task"),
            ("media", "SELECT count(*) FROM instagram.media"),
            ("media_comment", "SELECT count(*) FROM instagram.media_comment"),
            ("media_insight", "SELECT count(*) FROM instagram.media_insight"),
            ("dead_letter", "SELECT count(*) FROM pipeline.dead_letter"),
        ];
        let (_, sql) = counts.into_iter().find(|(name, _)| *name == table).unwrap();
        sqlx::query_scalar(sql).fetch_one(&self.pool()).await.unwrap()
    }

    async fn books_close(&self) -> bool {
        sqlx::query_scalar("SELECT bool_and(closed) FROM pipeline.ledger")
            .fetch_one(&self.pool())
            .await
            .unwrap()
    }

    async fn comment(&self, id: &str) -> (Option<String>, Option<String>) {
        sqlx::query_as("SELECT text, media_id FROM instagram.media_comment WHERE id = $1")
            .bind(id)
            .fetch_one(&self.pool())
            .await
            .unwrap()
    }
}

/// What Kafka says of a partition.
struct Log {
    low: i64,
    high: i64,
    id: Option<&'static str>,
}

async fn take(pool: &PgPool, partition: i32, log: Log) -> Result<Position, TakeError> {
    take_if(pool, partition, log, &|| true).await
}

async fn take_if(
    pool: &PgPool,
    partition: i32,
    log: Log,
    is_ours: &(dyn Fn() -> bool + Sync),
) -> Result<Position, TakeError> {
    let place = Place { lane: Lane::Comments, group: "g", topic: "t", topic_id: log.id, partition };
    let watermarks = Watermarks { low: log.low, high: log.high };
    position::take(pool, Claim { place, watermarks, now: at(1000), is_ours }).await
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_763_700_000 + second).unwrap()
}

/// The record of a change, as the receiver writes it.
fn record(place: (i32, i64), account: &str, field: &str, value: &str, received: i64) -> Incoming {
    record_of("instagram", place, account, field, value, received)
}

fn record_of(
    object: &str,
    place: (i32, i64),
    account: &str,
    field: &str,
    value: &str,
    received: i64,
) -> Incoming {
    let body = format!(
        r#"{{"object":"{object}","entry":[{{"id":"{account}","time":1763700000,"changes":[{{"field":"{field}","value":{value}}}]}}]}}"#
    );
    let changes = delivery::parse(body.as_bytes()).unwrap();
    let identity = identity::identify(&changes[0], &mut Vec::new());
    let bytes = envelope::write(&changes[0], &identity, &Arrival::new(at(received), "main"));
    Incoming {
        partition: place.0,
        offset: place.1,
        attempt: 0,
        content: decode::change(&bytes),
        bytes,
        trace: None,
    }
}

fn comment(place: (i32, i64), id: &str, text: &str) -> Incoming {
    let value =
        format!(r#"{{"id":"{id}","from":{{"id":"7","username":"u"}},"media":{{"id":"m"}},"text":"{text}"}}"#);
    record(place, ACCOUNT, "comments", &value, place.1)
}

fn dead_part(offset: i64, body: &[u8], part: i32, parts: i32, bytes: &[u8]) -> Incoming {
    let content = Content::DeadPart(DeadPart {
        event_id: identity::identify_body(body),
        reason: "invalid_json".to_owned(),
        part,
        parts,
        received_at: Some(at(0)),
        secret_label: Some("main".to_owned()),
    });
    Incoming { partition: 0, offset, attempt: 0, bytes: bytes.to_vec(), content, trace: None }
}

fn tally(landed: u64, duplicates: u64, dead_lettered: u64, continued: u64) -> Tally {
    Tally { landed, duplicates, dead_lettered, continued }
}
