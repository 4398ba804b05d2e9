//! What events cost on disk, and how fast they land and are gone through again, on one server: invented
//! comments and story figures, as the receiver writes them, through the landing transaction.
//!
//! `CEKBRAND_TEST_DISK_EVENTS=50000` for a figure to write down; by default a few thousand, so that an index
//! more is noticed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cekbrand_devkit::meta::{Generator, GeneratorConfig};
use cekbrand_devkit::servers::TestServers;
use cekbrand_devkit::world::{World, WorldConfig};
use cekbrand_schema::envelope::{self, Arrival};
use cekbrand_schema::kafka::KafkaSettings;
use cekbrand_schema::{Lane, SharedClock, SystemClock, Topics, delivery, identity};
use cekbrand_workers::land::Positions;
use cekbrand_workers::land::batch::Lander;
use cekbrand_workers::land::books::{Place, Watermarks};
use cekbrand_workers::land::decode::{self, Incoming};
use cekbrand_workers::land::position::{self, Claim};
use cekbrand_workers::replay::{Enrich, Order, Replayer, Source};
use cekbrand_workers::supervise::Pulse;
use jiff::Timestamp;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

/// As many changes as a worker lands in one transaction.
const BATCH: usize = 1000;

const SIZES: &str = "
    SELECT sizes.name, sizes.kind, sum(sizes.bytes)::bigint AS bytes
    FROM (
        SELECT n.nspname || '.' || regexp_replace(c.relname, '_([0-9]{8}|default)', '') AS name,
            CASE c.relkind WHEN 'i' THEN 'index' ELSE 'table' END AS kind,
            CASE c.relkind WHEN 'i' THEN pg_relation_size(c.oid) ELSE pg_table_size(c.oid) END AS bytes
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('instagram', 'pipeline', 'toba_cek_insta') AND c.relkind IN ('r', 'i')
    ) AS sizes
    GROUP BY sizes.name, sizes.kind
    HAVING sum(sizes.bytes) > $1
    ORDER BY 3 DESC";

fn wanted() -> u64 {
    std::env::var("CEKBRAND_TEST_DISK_EVENTS").map_or(4000, |number| number.parse().unwrap())
}

/// Bytes of an event that was landed and nothing else, tables and indexes together: what deploy/sizing.md
/// reckons with, with room for a small number of them.
const BYTES_OF_AN_EVENT: i64 = 1900;

#[tokio::test(flavor = "multi_thread")]
async fn an_event_costs_on_disk_what_is_reckoned_with() {
    let database = TestServers::shared().unwrap().database().await.unwrap();
    let pool = database.pool();
    let clock: SharedClock = Arc::new(SystemClock);
    let records = invented(wanted(), clock.now());
    sqlx::raw_sql("SELECT pipeline.make_partition('event', current_date)").execute(&pool).await.unwrap();
    let landed = land(&pool, &clock, &records).await;
    println!("landed {} events, {:.0} a second", records.len(), records.len() as f64 / landed.as_secs_f64());
    sqlx::raw_sql("VACUUM ANALYZE").execute(&pool).await.unwrap();
    let number: i64 =
        sqlx::query_scalar("SELECT count(*) FROM pipeline.event").fetch_one(&pool).await.unwrap();
    let sizes: Vec<(String, String, i64)> =
        sqlx::query_as(SIZES).bind(number * 4).fetch_all(&pool).await.unwrap();
    println!("{:<52} {:>6} {:>12} {:>10}", "name", "kind", "bytes", "an event");
    let mut all = 0;
    for (name, kind, bytes) in sizes {
        all += bytes;
        println!("{name:<52} {kind:>6} {bytes:>12} {:>10.0}", bytes as f64 / number as f64);
    }
    println!("{:<52} {:>6} {all:>12} {:>10.0}", "in all", "", all as f64 / number as f64);
    let unread: Vec<String> = sqlx::query_scalar(UNREAD).fetch_all(&pool).await.unwrap();
    println!("indexes that landing only writes: {unread:?}");
    again(&pool, &clock).await;
    assert!(all / number < BYTES_OF_AN_EVENT, "an event takes {} bytes", all / number);
}

const UNREAD: &str = "
    SELECT indexrelname::text FROM pg_stat_user_indexes
    WHERE idx_scan = 0 AND pg_relation_size(indexrelid) > 100000 ORDER BY 1";

/// Comments and story figures, plain ones, each as the record that the receiver makes of it.
fn invented(number: u64, now: Timestamp) -> Vec<Incoming> {
    let world = Arc::new(World::new(WorldConfig { expired_stories: 400, ..WorldConfig::new(7, now) }));
    let config = GeneratorConfig { redelivered_per_mille: 0, odd: false, ..GeneratorConfig::new(1, number) };
    let mut scratch = Vec::new();
    let mut records = Vec::new();
    for delivered in Generator::new(world, config) {
        let arrival = Arrival::new(now, "app");
        for change in delivery::parse(&delivered.body).unwrap() {
            let identity = identity::identify(&change, &mut scratch);
            let bytes = envelope::write(&change, &identity, &arrival);
            let offset = i64::try_from(records.len()).unwrap();
            let content = decode::change(&bytes);
            records.push(Incoming { partition: 0, offset, attempt: 0, content, bytes, trace: None });
        }
    }
    records
}

async fn land(pool: &PgPool, clock: &SharedClock, records: &[Incoming]) -> Duration {
    let topics = Topics::with_prefix("");
    let topic = topics.topic(Lane::Comments);
    let lander = Lander {
        lane: Lane::Comments,
        group: "g".into(),
        topic: topic.into(),
        pool: pool.clone(),
        pulse: Arc::new(Pulse::new(clock, Duration::from_mins(1))),
        clock: Arc::clone(clock),
        stop: CancellationToken::new(),
    };
    let place = Place { lane: Lane::Comments, group: "g", topic, topic_id: None, partition: 0 };
    let high = i64::try_from(records.len()).unwrap();
    let claim = Claim { place, watermarks: Watermarks { low: 0, high }, now: clock.now(), is_ours: &|| true };
    let mut owned = Positions::new();
    owned.insert(0, position::take(pool, claim).await.unwrap());
    let started = Instant::now();
    for batch in records.chunks(BATCH) {
        let outcome = lander.land(batch, &owned).await;
        assert!(outcome.given_up.is_none(), "{outcome:?}");
    }
    started.elapsed()
}

/// Goes through all of it again.
async fn again(pool: &PgPool, clock: &SharedClock) {
    let topics = Topics::with_prefix("");
    let order = Order {
        lane: Lane::Comments,
        topic: topics.topic(Lane::Comments).to_owned(),
        source: Source::Events,
        from: Timestamp::UNIX_EPOCH,
        to: clock.now(),
        account: None,
        enrich: Enrich::None,
        dry_run: false,
    };
    let replayer = Replayer {
        pool: pool.clone(),
        kafka: KafkaSettings::default(),
        topics,
        clock: Arc::clone(clock),
        stop: CancellationToken::new(),
        rate: None,
    };
    let run = replayer.begin(order).await.unwrap();
    let report = replayer.run(run, |_| ()).await.unwrap();
    println!("gone through again: {} events, {:.0} a second", report.gone_through, report.rate());
}
