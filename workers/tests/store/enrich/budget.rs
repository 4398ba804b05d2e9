//! Throttles, usage headers and blocks.

use std::time::Duration;

use cekbrand_devkit::simulator::{Effect, Fault};
use cekbrand_devkit::world::Product;
use cekbrand_workers::reads;
use cekbrand_workers::tasks::TaskLane;

use super::{Bench, done, parked};

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_account_waits_as_long_as_meta_says_and_delays_nobody() {
    let bench = Bench::new().await;
    bench.simulator.block(bench.account(0), 19);
    let mine: Vec<_> = bench.media(0, Product::Feed).take(9).collect();
    for medium in &mine {
        bench.stub(medium.id.as_str()).await;
        bench.want(reads::kind::MEDIA, medium.id.as_str(), 0).await;
    }
    let other = bench.medium(1, Product::Feed);
    bench.want_medium(other, 1).await;
    bench.settle().await;
    let calls = bench.simulator.calls();
    let of_blocked =
        calls.iter().filter(|call| call.account.as_deref() == Some(bench.account(0).id.as_str()));
    let of_blocked = of_blocked.count();
    assert!((1..=4).contains(&of_blocked), "{of_blocked} calls of a blocked account");
    assert_eq!(bench.state(reads::kind::MEDIA, other.id.as_str()).await, done());
    assert_eq!(
        bench.number("SELECT count(*) FROM pipeline.enrichment_task WHERE reason = 'throttled'").await,
        9
    );
    for medium in &mine {
        let (_, _, minutes, _) = bench.task(reads::kind::MEDIA, medium.id.as_str()).await;
        assert!((19..=21).contains(&minutes), "{minutes}");
    }
    bench.advance(Duration::from_mins(30));
    bench.settle().await;
    assert_eq!(bench.number("SELECT count(*) FROM pipeline.enrichment_task WHERE state = 'done'").await, 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_word_of_metas_blocks_grow() {
    let bench = Bench::new().await;
    let medium = bench.medium(0, Product::Feed);
    let throttle = Effect::Error { code: 17, subcode: None, message: None, status: None, is_transient: None };
    bench.simulator.add_fault(Fault::new(throttle));
    bench.stub(medium.id.as_str()).await;
    bench.want(reads::kind::MEDIA, medium.id.as_str(), 0).await;
    for minutes in [5, 10, 20, 40, 60, 60] {
        bench.settle().await;
        let (_, reason, due, _) = bench.task(reads::kind::MEDIA, medium.id.as_str()).await;
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
    bench.want(reads::kind::MEDIA, first.id.as_str(), 0).await;
    bench.settle().await;
    bench.want_in(reads::kind::MEDIA, daily.id.as_str(), 0, TaskLane::Daily).await;
    bench.want(reads::kind::MEDIA, urgent.id.as_str(), 0).await;
    bench.settle().await;
    assert_eq!(bench.state(reads::kind::MEDIA, urgent.id.as_str()).await, done());
    assert_eq!(bench.state(reads::kind::MEDIA, daily.id.as_str()).await, parked("throttled"));
    bench.simulator.show_usage(bench.account(0), Some(100));
    let percent = bench.number("SELECT max(usage_percent)::bigint FROM pipeline.account_quota").await;
    assert_eq!(percent, 92);
    bench.advance(Duration::from_mins(16));
    bench.settle().await;
    assert_eq!(bench.state(reads::kind::MEDIA, daily.id.as_str()).await, done());
    let blocked =
        "SELECT count(*) FROM pipeline.account_quota WHERE blocked_until IS NOT NULL AND account_id <> ''";
    assert_eq!(bench.number(blocked).await, 1, "a header at 100 blocks before an error has to");
}
