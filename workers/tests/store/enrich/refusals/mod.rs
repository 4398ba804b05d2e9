//! What refusals and failures lead to.

mod every;
mod gone;
mod metrics;
mod rights;

use std::time::Duration;

use cekbrand_devkit::simulator::{CallKind, Effect, Fault};
use cekbrand_devkit::world::{Medium, Product};
use cekbrand_schema::Clock;
use cekbrand_workers::reads;
use cekbrand_workers::tasks::{self, TaskLane};
use cekbrand_workers::token;
use cekbrand_workers::token::seal::Column;
use jiff::SignedDuration;

use super::{Bench, done, keys, parked};

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
    assert_eq!(bench.state(reads::kind::MEDIA_INSIGHTS, few.id.as_str()).await, done());
}

#[tokio::test(flavor = "multi_thread")]
async fn media_from_before_the_business_account_are_asked_once() {
    let bench = Bench::new().await;
    let medium = bench.medium(0, Product::Feed);
    bench.simulator.add_fault(Fault::new(Effect::BeforeConversion).for_kind(CallKind::MediaInsights));
    bench.want_medium(medium, 0).await;
    bench.settle().await;
    bench.advance(Duration::from_hours(2));
    bench.want(reads::kind::MEDIA_INSIGHTS, medium.id.as_str(), 0).await;
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
        bench.want(reads::kind::MEDIA, medium.id.as_str(), place).await;
    }
    assert_eq!(bench.enricher.tick().await.unwrap(), 4);
    assert_eq!(
        bench.number("SELECT count(*) FROM pipeline.enrichment_task WHERE reason = 'backoff'").await,
        4
    );
    assert_eq!(bench.number("SELECT count(*) FROM instagram.media WHERE user_id IS NOT NULL").await, 0);
    bench.advance(Duration::from_secs(1));
    bench.settle().await;
    let read = "SELECT count(*) FROM pipeline.enrichment_task WHERE kind = 'media' AND state = 'done'";
    assert_eq!(bench.number(read).await, 4);
    let owned = "SELECT count(*) FROM instagram.media WHERE user_id IS NOT NULL AND parent_id IS NULL";
    assert_eq!(bench.number(owned).await, 4);
    assert_eq!(bench.number("SELECT count(*) FROM pipeline.enrichment_task WHERE attempts <> 0").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_too_much_is_asked_for_in_parts() {
    let bench = Bench::new().await;
    let medium = bench.medium(0, Product::Feed);
    let too_much = Effect::Error {
        code: 1,
        subcode: None,
        message: Some("Please reduce the amount of data you're asking for, then retry".to_owned()),
        status: Some(500),
        is_transient: None,
    };
    bench.simulator.add_fault(Fault::new(too_much.clone()).for_kind(CallKind::Media).times(1));
    bench.simulator.add_fault(Fault::new(too_much).for_kind(CallKind::MediaInsights).times(1));
    bench.want_medium(medium, 0).await;
    bench.settle().await;
    assert_eq!((bench.calls(CallKind::Media), bench.calls(CallKind::MediaInsights)), (2, 3));
    assert_eq!(bench.figures(medium).await.len(), 10);
    assert!(bench.absences(medium).await.is_empty());
    // An album whose node came without its children has them read by themselves.
    let children = bench.calls(CallKind::MediaChildren);
    assert_eq!(children, usize::from(!medium.children.is_empty()));
    let kept = bench.number("SELECT count(*) FROM pipeline.graph_response").await;
    assert_eq!(kept, 6 + i64::try_from(children).unwrap());
}
