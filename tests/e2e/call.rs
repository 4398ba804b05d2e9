//! A worker that dies between a Graph call and its write: the answer is lost, and nothing else.

use std::time::Duration;

use cekbrand_devkit::meta::{Delivery, Generator, GeneratorConfig};

use crate::bench::{Bench, eventually};

const CHANGES: u64 = 60;

/// What the database says of calls: answers kept, calls settled with the quota, calls drawn from it.
#[derive(Debug, sqlx::FromRow)]
struct Counted {
    kept: i64,
    settled: i64,
    drawn: i64,
}

impl Bench {
    async fn counted_calls(&self) -> Counted {
        let sql = "
            SELECT (SELECT count(*) FROM pipeline.graph_response) AS kept, sum(call_count)::bigint AS settled,
                sum(granted)::bigint AS drawn
            FROM pipeline.account_quota WHERE account_id <> ''";
        sqlx::query_as(sql).fetch_one(&self.pool()).await.unwrap()
    }

    fn calls_made(&self) -> i64 {
        i64::try_from(self.answered_calls()).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_whose_worker_died_before_the_write_is_counted_and_made_again() {
    let bench = Bench::new().await;
    let deliveries: Vec<Delivery> =
        Generator::new(bench.world(), GeneratorConfig::new(31, CHANGES)).collect();
    let (_directory, _ingest) = bench.ingest().await;
    assert_eq!(bench.send(&deliveries).await.unwrap().accepted(), CHANGES);

    let mut dying = bench.worker("dying", Some("enrich.after_call=5*off->return"));
    bench.reached("dying").await;
    dying.kill();
    let (made, before) = (bench.calls_made(), bench.counted_calls().await);
    let lost = made - before.kept;
    assert!(lost > 0, "it was killed before it wrote what it had asked for: {before:?} of {made}");
    assert_eq!(before.settled, before.kept, "what was not written is not settled either");
    assert!(before.drawn >= made, "what was asked was drawn before: {before:?} of {made}");

    let _successor = bench.worker("successor", None);
    eventually(Duration::from_mins(5), || bench.has_settled(CHANGES)).await;
    let (made, after) = (bench.calls_made(), bench.counted_calls().await);
    println!("{made} calls, {lost} of them lost: {after:?}");
    assert_eq!(after.kept, made - lost, "each other answer is kept, and kept once");
    assert_eq!(after.settled, after.kept);
    assert!(after.drawn >= made, "a call that was lost has cost as much as any: {after:?} of {made}");
    // Each read was done, and none oftener than the one that was lost. Stories aside: their time to be read once
    // more may have come meanwhile.
    let again = "
        SELECT format('%s of %s: %s', fetch_id, target_id, array_agg(observed_at ORDER BY observed_at))
        FROM pipeline.graph_response
        WHERE target_id NOT IN (SELECT id FROM instagram.media WHERE media_product_type = 'STORY')
        GROUP BY fetch_id, target_id, account_id, request
        HAVING count(*) > 1";
    let again: Vec<String> = sqlx::query_scalar(again).fetch_all(&bench.pool()).await.unwrap();
    assert!(again.is_empty(), "an answer is kept twice: {again:#?}");
    let most = i64::try_from(bench.reads().await).unwrap() + lost;
    assert!(made <= most, "{made} calls, at most {most} are needed");
}
