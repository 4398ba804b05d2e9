//! Deliveries at a steady rate while Kafka is away: each is answered 200, also past a SIGKILL while spooling
//! and one while draining; a spool that is full says 503. What was answered 200 is in the topic in the end.
//!
//! Some seconds by default; `CEKBRAND_TEST_SPOOL_SECONDS=300` for as long as it takes to believe it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cekbrand_devkit::meta::{Sender, SenderConfig, Signer};
use cekbrand_devkit::servers::TestServers;
use cekbrand_schema::{Lane, Topics};
use tokio::task::{JoinHandle, JoinSet};

use super::{PARTITIONS, SECRET, comments, ready, receiver};
use crate::command::free_port;

/// Changes a second.
const RATE: u32 = 200;

/// What a sender heard.
#[derive(Debug, Default)]
struct Heard {
    /// Numbers of comments whose delivery was answered 200.
    accepted: BTreeSet<usize>,
    /// Answers that were anything else.
    other: Vec<u16>,
    /// Tries without an answer: the receiver was not there.
    unanswered: usize,
}

/// Posts a comment every few milliseconds until told to stop; one that is not answered 200 comes again, as
/// Meta does it.
fn steadily(port: u16, stop: Arc<AtomicBool>) -> JoinHandle<Heard> {
    let url = format!("http://127.0.0.1:{port}/webhooks/instagram");
    let sender = Sender::new(SenderConfig::new(&url, Signer::new(SECRET.into()))).unwrap();
    tokio::spawn(async move {
        let mut tick = tokio::time::interval(Duration::from_secs(1) / RATE);
        let mut under_way: JoinSet<(usize, Option<u16>)> = JoinSet::new();
        let (mut heard, mut next, mut again) = (Heard::default(), 0_usize, Vec::new());
        loop {
            let is_over = stop.load(Ordering::Relaxed);
            if is_over && again.is_empty() && under_way.is_empty() {
                return heard;
            }
            tick.tick().await;
            while let Some(ended) = under_way.try_join_next() {
                match ended.unwrap() {
                    (number, Some(200)) => drop(heard.accepted.insert(number)),
                    (number, other) => {
                        again.push(number);
                        heard.other.extend(other);
                        heard.unanswered += usize::from(other.is_none());
                    }
                }
            }
            let number = match again.pop() {
                Some(number) => number,
                None if is_over => continue,
                None => {
                    next += 1;
                    next
                }
            };
            let (sender, body) = (sender.clone(), super::comment(number));
            under_way.spawn(async move { (number, sender.post(body).await.ok()) });
        }
    })
}

fn seconds() -> u64 {
    std::env::var("CEKBRAND_TEST_SPOOL_SECONDS").map_or(4, |seconds| seconds.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn at_a_steady_rate_with_kafka_away_all_is_answered_200_and_nothing_lost_past_two_kills() {
    let servers = TestServers::shared().unwrap();
    let prefix = servers.topic_prefix("steady");
    let topics = Topics::with_prefix(&prefix);
    servers.create_topics(&topics, PARTITIONS).await.unwrap();
    let (directory, ports) = (tempfile::tempdir().unwrap(), [free_port(), free_port()]);
    let spool = directory.path().join("spool");
    let spool = spool.to_str().unwrap();
    let stop = Arc::new(AtomicBool::new(false));

    let away = receiver("127.0.0.1:9", &prefix, ports, spool);
    let mut role = away.start("ingest");
    ready(&mut role, ports[1]).await;
    let sending = steadily(ports[0], Arc::clone(&stop));
    let half = Duration::from_secs(seconds()) / 2;
    tokio::time::sleep(half).await;
    role.kill();
    let mut role = away.start("ingest");
    ready(&mut role, ports[1]).await;
    tokio::time::sleep(half).await;
    role.kill();

    // Kafka is back: killed once more as soon as something is drained, while the sender goes on.
    let back = receiver(servers.kafka_brokers(), &prefix, ports, spool);
    let (brokers, topic) = (servers.kafka_brokers().to_owned(), topics.topic(Lane::Comments).to_owned());
    let read = || {
        let (brokers, topic) = (brokers.clone(), topic.clone());
        async move { tokio::task::spawn_blocking(move || comments(&brokers, &topic)).await.unwrap() }
    };
    let mut role = back.start("ingest");
    let deadline = Instant::now() + Duration::from_mins(2) + half;
    while read().await.is_empty() {
        assert!(Instant::now() < deadline, "{}", role.log());
    }
    role.kill();
    let mut role = back.start("ingest");
    ready(&mut role, ports[1]).await;
    stop.store(true, Ordering::Relaxed);
    let heard = sending.await.unwrap();
    assert_eq!(heard.other, [0; 0], "all that is answered is answered 200");
    assert!(heard.unanswered > 0, "nobody noticed that the receiver was killed");
    let expected = u64::from(RATE) * seconds() / 2;
    assert!(heard.accepted.len() as u64 > expected, "only {} deliveries", heard.accepted.len());
    loop {
        let found: BTreeSet<usize> = read().await.into_iter().collect();
        if found.is_superset(&heard.accepted) {
            break;
        }
        let lost = heard.accepted.difference(&found).count();
        assert!(Instant::now() < deadline, "{lost} of {} are lost: {}", heard.accepted.len(), role.log());
    }
    println!("{} accepted, {} tries unanswered", heard.accepted.len(), heard.unanswered);
    assert_eq!(role.terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_spool_says_503_when_it_is_full_and_loses_nothing_that_it_took() {
    let servers = TestServers::shared().unwrap();
    let prefix = servers.topic_prefix("small");
    let topics = Topics::with_prefix(&prefix);
    servers.create_topics(&topics, PARTITIONS).await.unwrap();
    let (directory, ports) = (tempfile::tempdir().unwrap(), [free_port(), free_port()]);
    let spool = directory.path().join("spool");
    let spool = spool.to_str().unwrap();
    let small = |brokers: &str| {
        receiver(brokers, &prefix, ports, spool).with("CEKBRAND__INGEST__SPOOL_MAX_BYTES", 200_000)
    };

    let away = small("127.0.0.1:9");
    let mut role = away.start("ingest");
    ready(&mut role, ports[1]).await;
    let url = format!("http://127.0.0.1:{}/webhooks/instagram", ports[0]);
    let sender = Sender::new(SenderConfig::new(&url, Signer::new(SECRET.into()))).unwrap();
    let (mut accepted, mut refused) = (BTreeSet::new(), 0);
    for number in 0..3000 {
        match sender.post(super::comment(number)).await.unwrap() {
            200 => drop(accepted.insert(number)),
            503 => refused += 1,
            other => panic!("{other}"),
        }
        if refused == 20 {
            break;
        }
    }
    assert_eq!(refused, 20, "{} were taken, and it is not full", accepted.len());
    assert!(accepted.len() > 50, "only {} were taken", accepted.len());
    role.kill();

    let back = small(servers.kafka_brokers());
    let mut role = back.start("ingest");
    let deadline = Instant::now() + Duration::from_mins(2);
    let topic = topics.topic(Lane::Comments).to_owned();
    loop {
        let (brokers, topic) = (servers.kafka_brokers().to_owned(), topic.clone());
        let found = tokio::task::spawn_blocking(move || comments(&brokers, &topic)).await.unwrap();
        if found.into_iter().collect::<BTreeSet<_>>().is_superset(&accepted) {
            break;
        }
        assert!(Instant::now() < deadline, "{}", role.log());
    }
    // Drained, it takes more.
    ready(&mut role, ports[1]).await;
    assert_eq!(sender.post(super::comment(9999)).await.unwrap(), 200);
    assert_eq!(role.terminate(), Some(0));
}
