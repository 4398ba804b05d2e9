//! Metrics that are refused.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_metric_costs_its_medium_one_call_and_others_nothing_once_three_were_refused() {
    let bench = Bench::new().await;
    bench.simulator.add_fault(Fault::new(Effect::UnsupportedMetric).for_metric("reposts"));
    let media: Vec<_> =
        bench.media(0, Product::Feed).filter(|medium| medium.parent.is_none()).take(4).collect();
    for (place, medium) in media.iter().enumerate() {
        bench.want_medium(medium, 0).await;
        bench.settle().await;
        assert_eq!(bench.calls(CallKind::MediaInsights), [2, 4, 6, 7][place]);
        let figures = bench.figures(medium).await;
        let absent: Vec<_> = figures.iter().filter(|(_, value, _)| value.is_none()).collect();
        let unsupported = ("reposts".to_owned(), None, Some("unsupported".to_owned()));
        if place < 3 {
            assert_eq!((figures.len(), absent), (10, vec![&unsupported]));
        } else {
            assert_eq!((figures.len(), absent), (9, Vec::new()), "what was not asked is not absent");
        }
        assert_eq!(bench.state(reads::kind::MEDIA_INSIGHTS, medium.id.as_str()).await, done());
    }
    // The medium's own refusal is remembered by its row, whichever worker comes next.
    bench.advance(Duration::from_mins(61));
    bench.want(reads::kind::MEDIA_INSIGHTS, media[0].id.as_str(), 0).await;
    while bench.another_worker().tick().await.unwrap() > 0 {}
    assert_eq!(bench.calls(CallKind::MediaInsights), 8);
    // Not for ever: after a week it is asked for once more.
    bench.advance(Duration::from_hours(24 * 8));
    bench.want(reads::kind::MEDIA_INSIGHTS, media[0].id.as_str(), 0).await;
    while bench.another_worker().tick().await.unwrap() > 0 {}
    assert_eq!(bench.calls(CallKind::MediaInsights), 10, "refused by name, and without it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_metric_that_one_medium_was_refused_is_asked_of_the_next() {
    let bench = Bench::new().await;
    let mut media = bench.media(0, Product::Feed).filter(|medium| medium.parent.is_none());
    let (odd, good) = (media.next().unwrap(), media.next().unwrap());
    let fault = Fault::new(Effect::UnsupportedMetric).for_metric("views").for_target(odd.id.as_str());
    bench.simulator.add_fault(fault);
    bench.want_medium(odd, 0).await;
    bench.settle().await;
    bench.want_medium(good, 0).await;
    bench.settle().await;
    assert_eq!(bench.absences(odd).await, ["unsupported"]);
    assert!(bench.absences(good).await.is_empty());
    assert_eq!(bench.figures(good).await.len(), 10);
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
    assert_eq!(bench.state(reads::kind::MEDIA_INSIGHTS, odd.id.as_str()).await, parked("unsupported"));
    bench.want_medium(good, 0).await;
    bench.settle().await;
    assert!(bench.absences(good).await.is_empty());
}
