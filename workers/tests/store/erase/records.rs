//! Every record that Kafka holds of the two brands.

use cekbrand_schema::dead_letter::DeadPart;
use cekbrand_schema::envelope::{self, Arrival};
use cekbrand_schema::{delivery, identity};
use cekbrand_workers::land::decode::{self, Content, Incoming};

use super::stage::{A, B, MEDIUM_A, MEDIUM_B, P, Q};

/// Every record that Kafka holds, without a place.
pub(super) fn everything() -> Vec<Incoming> {
    let comment = |account: &str, id: &str, from: (&str, &str), medium: &str, text: &str| {
        let value = format!(
            r#"{{"id":"{id}","from":{{"id":"{}","username":"{}"}},
                "media":{{"id":"{medium}"}},"text":"{text}"}}"#,
            from.0, from.1
        );
        change(account, "comments", &value, "2026-11-21T08:00:00Z")
    };
    let (p, q, a) = ((P, "sari.w"), (Q, "budi"), (A, "kopi.senja"));
    let message = format!(
        r#"{{"sender":{{"id":"{P}"}},"recipient":{{"id":"{A}"}},"message":{{"text":"message-of-p-to-a"}}}}"#
    );
    let story = r#"{"media_id":"17900000000000033","reach":40,"replies":0}"#;
    let letter = format!(r#"{{"entry":[{{"id":"{A}","letter-of-a"#);
    let part = |number, bytes: &[u8]| Incoming {
        partition: 0,
        offset: 0,
        attempt: 0,
        bytes: bytes.to_vec(),
        content: Content::DeadPart(DeadPart {
            event_id: identity::identify_body(letter.as_bytes()),
            reason: "invalid_json".to_owned(),
            part: number,
            parts: 2,
            received_at: Some("2026-11-21T08:00:00Z".parse().unwrap()),
            secret_label: None,
        }),
        trace: None,
    };
    vec![
        comment(A, "comment-of-p-at-a", p, MEDIUM_A, "bagus text-of-p-at-a"),
        comment(A, "comment-of-q-at-a", q, MEDIUM_A, "bagus text-of-q-at-a"),
        comment(B, "comment-of-p-at-b", p, MEDIUM_B, "bagus text-of-p-at-b"),
        comment(B, "comment-of-q-at-b", q, MEDIUM_B, "bagus text-of-q-at-b"),
        comment(B, "comment-of-a-at-b", a, MEDIUM_B, "bagus text-of-a-at-b"),
        change(A, "messages", &message, "2026-11-21T08:00:00Z"),
        change(A, "story_insights", story, "2026-11-21T08:00:00Z"),
        part(0, letter.as_bytes()),
        part(1, A.as_bytes()),
    ]
}

pub(super) fn change(account: &str, field: &str, value: &str, received_at: &str) -> Incoming {
    let body = format!(
        r#"{{"object":"instagram","entry":[{{"id":"{account}","time":1763700000,
            "changes":[{{"field":"{field}","value":{value}}}]}}]}}"#
    );
    let changes = delivery::parse(body.as_bytes()).unwrap();
    let identity = identity::identify(&changes[0], &mut Vec::new());
    let arrival = Arrival::new(received_at.parse().unwrap(), "main");
    let bytes = envelope::write(&changes[0], &identity, &arrival);
    Incoming { partition: 0, offset: 0, attempt: 0, content: decode::change(&bytes), bytes, trace: None }
}
