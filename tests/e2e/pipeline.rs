//! The whole pipeline on real servers: a receiver, two worker processes that are killed at the worst moments,
//! and the sender's log to compare the outcome with.

mod expected;

use std::collections::BTreeSet;
use std::time::Duration;

use cekbrand_devkit::meta::{Delivery, Generator, GeneratorConfig};
use expected::{Expected, digest};

use crate::bench::{Bench, eventually};

const CHANGES: u64 = 20_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_and_nothing_counted_twice_though_workers_are_killed() {
    let bench = Bench::new().await;
    let mut generator = Generator::new(bench.world(), GeneratorConfig::new(11, CHANGES));
    let deliveries: Vec<Delivery> = generator.by_ref().collect();
    let promised = generator.expectation().clone();
    let expected = Expected::of(&deliveries);
    let (first, rest) = deliveries.split_at(deliveries.len() / 2);
    let (second, last) = rest.split_at(rest.len() - 20);

    let (_directory, ingest) = bench.ingest().await;
    let steady = bench.older_worker("steady");
    let mut before = bench.worker("before-commit", Some("land.before_commit=12*off->return"));
    bench.both_own_partitions("steady", "before-commit").await;
    let sending = bench.send(first);
    bench.reached("before-commit").await;
    assert!(bench.is_in_transaction("before-commit").await, "it stands inside an open transaction");
    let in_flight = bench.calls_in_flight();
    before.kill();
    let mut sent = sending.await.unwrap();

    let mut after = bench.worker("after-commit", Some("land.after_commit=12*off->return"));
    bench.both_own_partitions("steady", "after-commit").await;
    let sending = bench.send(second);
    bench.reached("after-commit").await;
    let in_flight = in_flight + bench.calls_in_flight();
    after.kill();
    let more = sending.await.unwrap();
    sent.deliveries.extend(more.deliveries);

    let successor = bench.worker("successor", None);
    sent.deliveries.extend(bench.send(last).await.unwrap().deliveries);
    let settled = eventually(Duration::from_mins(5), || bench.has_settled(CHANGES)).await;
    println!("settled {:.1} s after the last change", settled.as_secs_f64());

    // The books against the sender's log.
    assert_eq!((sent.accepted(), sent.retried()), (CHANGES, 0));
    let books = bench.books().await;
    assert_eq!((books.closed, books.expired), (true, 0));
    assert_eq!(books.duplicates, promised.duplicates, "exactly what was sent again");
    assert_eq!((books.landed, books.dead_lettered), (promised.unique_changes, promised.dead_lettered));

    // Every row against what the payloads say.
    for (name, held, expected) in [
        ("event", expected::events(&bench.events().await), &expected.events),
        ("media_comment", expected.lines(bench.comments().await), &expected.comments),
        ("media_insight", bench.webhook_figures().await, &expected.figures),
        ("breakdowns", bench.breakdowns().await, &bench.splittable().await),
    ] {
        let wrong: Vec<&String> = held.symmetric_difference(expected).take(5).collect();
        assert_eq!(digest(&held), digest(expected), "{name} differs, among others in {wrong:#?}");
    }

    let tasks = bench.tasks().await;
    let missing: Vec<&String> = expected.tasks.difference(&tasks).take(5).collect();
    assert!(missing.is_empty(), "reads that nobody asked for: {missing:#?}");

    // The work was shared, and the Graph API was asked no more than needed.
    let shares = bench.shares().await;
    println!("landed by each worker: {shares:?}");
    let share = |name: &str| shares.get(name).copied().unwrap_or(0);
    let killed = ["before-commit", "after-commit"].map(share);
    assert!(share("steady") > 0 && killed.into_iter().all(|landed| landed > 0), "{shares:?}");
    let most = bench.reads().await + in_flight;
    println!(
        "{} graph calls, at most {most} allowed, {in_flight} in flight at the kills",
        bench.graph_calls()
    );
    assert!(bench.graph_calls() <= most, "{} > {most}: {:?}", bench.graph_calls(), bench.costs());

    // No secret anywhere.
    let secrets = bench.secrets();
    let mut places = bench.everything_written().await;
    places.push(("the receiver's log".to_owned(), ingest.log()));
    places.extend(
        [steady, before, after, successor].iter().map(|worker| ("a worker's log".to_owned(), worker.log())),
    );
    let leaks: BTreeSet<&str> = places
        .iter()
        .filter(|(_, text)| secrets.iter().any(|secret| text.contains(secret)))
        .map(|(place, _)| place.as_str())
        .collect();
    assert!(leaks.is_empty(), "secrets lie in {leaks:?}");
    assert!(places.iter().any(|(_, text)| text.contains("17841")), "the search did look at data");
}
