//! A worker that runs, and one that lost its lease.

use std::sync::Arc;
use std::time::Duration;

use cekbrand_devkit::world::Product;
use cekbrand_graph::{Answer, Credential, GraphApi, HttpGraphApi, Pending, Request};
use cekbrand_schema::{Clock, SharedClock, SystemClock};
use cekbrand_workers::enrich::Enricher;
use cekbrand_workers::enrich::settings::Settings;
use cekbrand_workers::tasks::TaskKind;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::{APP, Bench, keys};

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
