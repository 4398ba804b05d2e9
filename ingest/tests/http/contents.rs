//! What deliveries become: whatever is signed is kept.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use cekbrand_schema::envelope::Envelope;
use cekbrand_schema::{Lane, ManualClock, delivery, identity};

use crate::receiver::Receiver;
use crate::{one_comment, settings, sign};

#[tokio::test]
async fn each_change_becomes_one_record_in_its_lane_keyed_by_the_account() {
    let receiver = Receiver::new(&settings());
    let body = r#"{"object":"instagram","entry":[
        {"id":"1","time":1,"changes":[{"field":"comments","value":{"id":"c"}},{"field":"story_insights","value":{"media_id":"s"}}]},
        {"id":2,"time":1,"changes":[{"field":"brand_new","value":{"a":"\ud800 \u0000"}}]}]}"#;
    assert_eq!(receiver.post(body.as_bytes(), &[&sign(body.as_bytes())]).await.status, StatusCode::OK);
    let records = receiver.publisher.records();
    let places: Vec<_> = records.iter().map(|record| (record.lane, record.key.as_str())).collect();
    assert_eq!(places, [(Lane::Comments, "1"), (Lane::StoryInsights, "1"), (Lane::Other, "2")]);
    for record in &records {
        let envelope = Envelope::parse(&record.value).unwrap();
        assert_eq!((envelope.event_id, envelope.secret_label.as_ref()), (record.event_id, "main"));
    }
    let raw = Envelope::parse(&records[2].value).unwrap().value.get().to_owned();
    assert_eq!(raw, r#"{"a":"\ud800 \u0000"}"#, "the raw value is kept byte by byte");
}

#[tokio::test]
async fn a_thousand_changes_in_one_delivery_are_a_thousand_records() {
    let receiver = Receiver::new(&settings());
    let changes: Vec<String> =
        (0..1000).map(|i| format!(r#"{{"field":"comments","value":{{"id":"{i}","text":"t"}}}}"#)).collect();
    let body = format!(
        r#"{{"object":"instagram","entry":[{{"id":"1","time":1,"changes":[{}]}}]}}"#,
        changes.join(",")
    );
    assert_eq!(receiver.post(body.as_bytes(), &[&sign(body.as_bytes())]).await.status, StatusCode::OK);
    let ids: std::collections::HashSet<_> = receiver.publisher.records().iter().map(|r| r.event_id).collect();
    assert_eq!(ids.len(), 1000);
}

#[tokio::test]
async fn signed_bodies_that_hold_no_change_are_dead_letters_as_bytes() {
    let receiver = Receiver::new(&settings());
    let nested = "[".repeat(20_000);
    let bodies: [(&[u8], &str); 6] = [
        (b"\xff\xfenot text", "invalid_utf8"),
        (b"not json", "invalid_json"),
        (nested.as_bytes(), "invalid_json"),
        (b"{}", "no_changes"),
        (b"", "invalid_json"),
        (br#"{"object":"instagram","entry":[]}"#, "no_changes"),
    ];
    for (body, reason) in bodies {
        assert_eq!(receiver.post(body, &[&sign(body)]).await.status, StatusCode::OK);
        let record = receiver.publisher.records().pop().unwrap();
        assert_eq!((record.lane, &record.value[..]), (Lane::DeadLetter, body));
        let dead = record.dead.unwrap();
        assert_eq!((dead.reason.as_str(), dead.part, dead.parts), (reason, 0, 1));
    }
}

#[tokio::test]
async fn a_value_of_twenty_thousand_brackets_is_an_ordinary_record() {
    let receiver = Receiver::new(&settings());
    let nested = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let body = format!(
        r#"{{"object":"instagram","entry":[{{"id":"1","time":1,"changes":[{{"field":"comments","value":{nested}}}]}}]}}"#
    );
    assert_eq!(receiver.post(body.as_bytes(), &[&sign(body.as_bytes())]).await.status, StatusCode::OK);
    let record = receiver.publisher.records().pop().unwrap();
    assert_eq!(record.lane, Lane::Comments);
    assert_eq!(Envelope::parse(&record.value).unwrap().value.get(), nested);
}

#[tokio::test]
async fn a_change_larger_than_a_record_goes_to_the_dead_letters_in_numbered_parts() {
    let receiver = Receiver::new(&settings());
    let body = one_comment("1", &"x".repeat(2_000_000));
    assert_eq!(receiver.post(body.as_bytes(), &[&sign(body.as_bytes())]).await.status, StatusCode::OK);
    let records = receiver.publisher.records();
    let parts: Vec<_> = records
        .iter()
        .map(|r| r.dead.as_ref().map(|d| (d.reason.as_str(), d.part, d.parts)).unwrap())
        .collect();
    assert_eq!(parts, [("record_too_large", 0, 3), ("record_too_large", 1, 3), ("record_too_large", 2, 3)]);
    let whole: Vec<u8> = records.iter().flat_map(|r| r.value.clone()).collect();
    assert_eq!(Envelope::parse(&whole).unwrap().account_id, "17841400000000001");
    assert!(records.iter().all(|r| r.key == records[0].key), "all parts travel to one partition");
}

/// A change below the limit whose key, the account, takes it above.
#[tokio::test]
async fn a_key_counts_towards_a_records_size() {
    let receiver = Receiver::new(&settings());
    let account = "1".repeat(500_000);
    let body = format!(
        r#"{{"object":"instagram","entry":[{{"id":"{account}","time":1,"changes":[{{"field":"comments","value":{{"id":"1"}}}}]}}]}}"#
    );
    assert_eq!(receiver.post(body.as_bytes(), &[&sign(body.as_bytes())]).await.status, StatusCode::OK);
    let records = receiver.publisher.records();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].dead.as_ref().unwrap().reason, "record_too_large");
    assert!(records[0].key.len() + records[0].value.len() < 1_000_000, "what a broker takes");
}

/// 900,000 bytes of key and value are a record, and one more is none.
#[tokio::test]
async fn the_largest_record_is_one_byte_smaller_than_the_smallest_dead_letter() {
    let clock = ManualClock::new("2026-11-21T00:00:00Z".parse().unwrap());
    let receiver = Receiver::at(&settings(), Arc::new(clock));
    let with_text = |length: usize| one_comment("1", &"x".repeat(length));
    receiver.deliver(with_text(0).as_bytes()).await;
    let record = receiver.publisher.records().pop().unwrap();
    let around = record.key.len() + record.value.len();
    for (size, is_record) in [(900_000, true), (900_001, false)] {
        receiver.deliver(with_text(size - around).as_bytes()).await;
        let record = receiver.publisher.records().pop().unwrap();
        assert_eq!(record.dead.is_none(), is_record, "{size} bytes");
    }
}

/// When it arrived is no part of what it is: the second time it is a duplicate.
#[tokio::test]
async fn a_change_larger_than_a_record_has_the_same_id_whenever_it_comes() {
    let clock = ManualClock::new("2026-11-21T00:00:00Z".parse().unwrap());
    let receiver = Receiver::at(&settings(), Arc::new(clock.clone()));
    let body = one_comment("1", &"x".repeat(1_000_000));
    assert_eq!(receiver.deliver(body.as_bytes()).await.status, StatusCode::OK);
    clock.advance(Duration::from_hours(1));
    assert_eq!(receiver.deliver(body.as_bytes()).await.status, StatusCode::OK);
    let records = receiver.publisher.records();
    let change = &delivery::parse(body.as_bytes()).unwrap()[0];
    let expected = identity::identify(change, &mut Vec::new()).event_id;
    assert_eq!(records.len(), 4, "two parts, twice");
    for record in records {
        assert_eq!((record.event_id, record.key), (expected, expected.to_string()));
        assert_eq!(record.dead.unwrap().event_id, expected);
    }
}

#[tokio::test]
async fn an_item_that_is_no_change_is_kept_beside_a_good_one() {
    let receiver = Receiver::new(&settings());
    let body = format!(r#"[{},{{"something":"else"}}]"#, one_comment("1", "halo"));
    assert_eq!(receiver.deliver(body.as_bytes()).await.status, StatusCode::OK);
    let records = receiver.publisher.records();
    let lanes: Vec<_> = records.iter().map(|record| record.lane).collect();
    assert_eq!(lanes, [Lane::Comments, Lane::Other]);
    assert_eq!(Envelope::parse(&records[1].value).unwrap().value.get(), r#"{"something":"else"}"#);
}
