//! The generator's totals against a naive recount of its bytes, and the sender against a receiver that
//! misbehaves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use cekbrand_schema::{delivery, identity};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::*;
use crate::world::{World, WorldConfig};

#[test]
fn every_medium_of_a_comment_is_named_or_hidden() {
    let mut generator = generator(5000, true);
    let commented: BTreeSet<String> = generator
        .by_ref()
        .flat_map(|delivery| delivery.changes.to_vec())
        .filter(|change| change.comment.is_some() && change.field != "mentions" && !change.is_test)
        .filter_map(|change| change.media.or(change.hidden_media))
        .collect();
    let expectation = generator.expectation();
    assert!(expectation.media.union(&expectation.hidden_media).eq(&commented));
    assert!(!expectation.hidden_media.is_empty());
    assert!(expectation.most_graph_calls() > 2 * commented.len() as u64);
}

fn world() -> Arc<World> {
    Arc::new(World::new(WorldConfig::new(5, "2026-11-20T08:00:00Z".parse().unwrap())))
}

fn generator(changes: u64, odd: bool) -> Generator {
    Generator::new(world(), GeneratorConfig { odd, ..GeneratorConfig::new(9, changes) })
}

#[test]
fn a_seed_fixes_every_byte() {
    let bodies = |seed| -> Vec<Bytes> {
        Generator::new(world(), GeneratorConfig::new(seed, 3000)).map(|delivery| delivery.body).collect()
    };
    assert_eq!(bodies(1), bodies(1));
    assert_ne!(bodies(1), bodies(2));
}

#[derive(Deserialize)]
struct Container<'a> {
    object: String,
    #[serde(borrow)]
    entry: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    #[serde(borrow)]
    time: Option<&'a RawValue>,
    #[serde(borrow, default)]
    changes: Vec<Pair<'a>>,
    field: Option<String>,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
    #[serde(borrow, default)]
    messaging: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    standby: Vec<&'a RawValue>,
    #[serde(default)]
    changed_fields: Vec<String>,
}

#[derive(Deserialize)]
struct Pair<'a> {
    field: String,
    #[serde(borrow)]
    value: &'a RawValue,
}

/// What tells changes apart, as text; nothing if the body cannot be parsed.
fn read(body: &[u8]) -> Option<Vec<String>> {
    let containers: Vec<Container<'_>> =
        serde_json::from_slice(body).or_else(|_| serde_json::from_slice(body).map(|one| vec![one])).ok()?;
    let mut changes = Vec::new();
    for container in &containers {
        for entry in &container.entry {
            let id = entry.id.get().trim_matches('"');
            let time = entry.time.map_or("", RawValue::get);
            let mut add = |field: &str, value: &str| {
                let has_no_id =
                    container.object == "permissions" || field == "not_yet_invented" || value.is_empty();
                let time = if has_no_id { time } else { "" };
                changes.push(format!("{}/{id}/{field}/{value}/{time}", container.object));
            };
            entry.changes.iter().for_each(|pair| add(&pair.field, pair.value.get()));
            entry.messaging.iter().chain(&entry.standby).for_each(|item| add("message", item.get()));
            entry.changed_fields.iter().for_each(|field| add(field, ""));
            if let (Some(field), Some(value)) = (&entry.field, entry.value) {
                add(field, value.get());
            }
        }
    }
    Some(changes)
}

#[test]
fn predicted_totals_equal_a_naive_recount() {
    for odd in [true, false] {
        let mut generator = generator(30_000, odd);
        let (mut seen, mut dead) = (BTreeSet::new(), BTreeSet::new());
        let (mut accepted, mut duplicates) = (0, 0);
        for delivery in &mut generator {
            let changes = read(&delivery.body);
            assert_eq!(changes.is_none(), delivery.is_unparsable());
            assert_eq!(changes.as_ref().map_or(1, Vec::len) as u64, delivery.units());
            accepted += delivery.units();
            let fresh = match changes {
                Some(changes) => changes.into_iter().map(|change| seen.insert(change)).collect(),
                None => vec![dead.insert(delivery.body)],
            };
            duplicates += fresh.iter().filter(|fresh| !**fresh).count() as u64;
        }
        let expectation = generator.expectation();
        assert_eq!(accepted, 30_000);
        assert_eq!(expectation.accepted_changes, 30_000);
        assert_eq!(expectation.unique_changes, seen.len() as u64);
        assert_eq!(expectation.dead_lettered, dead.len() as u64);
        assert_eq!(expectation.duplicates, duplicates);
        assert_eq!(dead.is_empty(), !odd);
        assert!((2_000..4_000).contains(&duplicates), "about a tenth: {duplicates}");
        assert!((300..800).contains(&expectation.needs_comment_read), "{}", expectation.needs_comment_read);
        assert!((3_500..5_000).contains(&expectation.fields["story_insights"]));
    }
}

#[test]
fn the_pipelines_own_reading_comes_to_the_same_totals() {
    let mut generator = generator(30_000, true);
    let (mut landed, mut dead, mut scratch) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    let (mut duplicates, mut tests) = (0, 0);
    for delivery in &mut generator {
        let Ok(changes) = delivery::parse(&delivery.body) else {
            duplicates += u64::from(!dead.insert(identity::identify_body(&delivery.body)));
            continue;
        };
        assert_eq!(changes.len() as u64, delivery.units());
        for (change, made) in changes.iter().zip(delivery.changes.iter()) {
            assert_eq!(
                (&*change.object, &*change.account_id, &*change.field),
                (made.object, &*made.account, &*made.field)
            );
            let fresh = landed.insert(identity::identify(change, &mut scratch).event_id);
            duplicates += u64::from(!fresh);
            tests += u64::from(fresh && change.is_test());
        }
    }
    let expectation = generator.expectation();
    assert_eq!(expectation.unique_changes, landed.len() as u64);
    assert_eq!(expectation.duplicates, duplicates);
    assert_eq!(expectation.dead_lettered, dead.len() as u64);
    assert_eq!(expectation.test_events, tests);
}

#[test]
fn the_stream_holds_every_shape() {
    let all: String = generator(30_000, true)
        .map(|delivery| String::from_utf8_lossy(&delivery.body).into_owned())
        .collect();
    for part in [
        "\"field\":\"live_comments\"",
        "\"field\":\"mentions\"",
        "\"messaging\":[",
        "\"standby\":[",
        "\"changed_fields\":[",
        "\"object\":\"permissions\"",
        "\"object\":\"page\"",
        "\"id\":\"0\"",
        "\"id\":1784",
        "[{\"object\"",
        "\"comment_id\":",
        "\"original_media_id\":",
        "\"self_ig_scoped_id\":",
        "\\u0000",
        "\\ud83d\"",
        ":-1",
        "\"time\":\"",
        "https:\\/\\/",
        "\\ud83d\\ude0d",
    ] {
        assert!(all.contains(part), "{part}");
    }
    assert!(all.chars().all(|letter| letter.is_ascii() || letter == '\u{FFFD}'));
}

#[test]
fn what_webhooks_name_exists_in_the_world() {
    let world = world();
    let mut generator = Generator::new(Arc::clone(&world), GeneratorConfig::new(3, 5000));
    generator.by_ref().for_each(drop);
    let expectation = generator.expectation();
    for id in expectation
        .media
        .iter()
        .chain(&expectation.stories)
        .chain(&expectation.accounts)
        .chain(&expectation.comments)
    {
        assert!(world.find(id).is_some(), "{id}");
    }
    assert!(
        expectation
            .mentioned_comments
            .iter()
            .chain(&expectation.mentioned_media)
            .all(|id| world.find(id).is_some())
    );
    let busiest = world.media().iter().map(|medium| medium.comments() - medium.past_comments).max().unwrap();
    assert!(busiest > 50, "one post goes viral: {busiest}");
}

/// A receiver that answers with the given statuses in turn, then with 200, and keeps the signed bodies.
async fn receiver(statuses: Vec<u16>) -> (String, Arc<Mutex<Vec<(Bytes, String)>>>) {
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let (kept, calls) = (Arc::clone(&bodies), AtomicU64::new(0));
    let calls = Arc::new(calls);
    let handler = move |headers: HeaderMap, body: Bytes| {
        let place = usize::try_from(calls.fetch_add(1, Ordering::SeqCst)).unwrap();
        let status = statuses.get(place).copied().unwrap_or(200);
        let signature =
            headers.get(signer::SIGNATURE_HEADER).map_or("", |value| value.to_str().unwrap()).to_owned();
        kept.lock().unwrap().push((body, signature));
        async move { (StatusCode::from_u16(status).unwrap(), [("retry-after", "0")]) }
    };
    let router = Router::new().route("/", post(handler));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, bodies)
}

fn sender(url: &str) -> Sender {
    Sender::new(SenderConfig { concurrency: 4, ..SenderConfig::new(url, Signer::new("rahasia".into())) })
        .unwrap()
}

#[tokio::test]
async fn deliveries_are_signed_and_repeated_until_accepted() {
    let (url, bodies) = receiver(vec![503, 500, 200, 401]).await;
    let mut generator = generator(200, true);
    let mut last = Progress::default();
    let log = sender(&url).send_all(&mut generator, |progress| last = progress).await.unwrap();
    assert_eq!(log.accepted(), 200);
    assert_eq!(log.attempts(), log.deliveries.len() + 3);
    assert!(log.retried() >= 2, "the 503 and the 500 may have landed, the 401 cannot have");
    assert_eq!((last.accepted, last.retried), (log.accepted(), log.retried()));
    assert_eq!(log.given_up().count(), 0);
    let mut fields = BTreeMap::new();
    for (field, count) in log.deliveries.iter().flat_map(|delivery| &delivery.fields) {
        *fields.entry(field.clone()).or_insert(0) += count;
    }
    assert_eq!(fields.values().sum::<u64>(), 200);
    let signer = Signer::new("rahasia".into());
    for (body, signature) in bodies.lock().unwrap().iter() {
        assert_eq!(*signature, signer.sign(body));
    }
}

#[tokio::test]
async fn what_nobody_accepts_is_given_up() {
    let config = SenderConfig {
        give_up_after: Duration::from_millis(50),
        ..SenderConfig::new("http://127.0.0.1:9/", Signer::new("x".into()))
    };
    let sender = Sender::new(config).unwrap();
    let log = sender.send_all(generator(1, false), |_| ()).await.unwrap();
    assert_eq!((log.accepted(), log.given_up().count()), (0, 1));
    assert!(
        log.deliveries[0].attempts.iter().all(|attempt| attempt.status.is_none() && attempt.error.is_some())
    );
}
