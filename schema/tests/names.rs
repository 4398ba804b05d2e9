//! Names that stand in tables, metrics and on the wire: whoever changes one changes what others rely on.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use cekbrand_schema::delivery::Unparsable;
use cekbrand_schema::event::Unreadable;
use cekbrand_schema::ids::EventId;
use cekbrand_schema::kafka::KafkaSettings;
use cekbrand_schema::{Absence, AccountId, Lane, Source, UserId};

#[test]
fn reasons_and_sources_have_fixed_names() {
    let unreadable = [Unreadable::BeyondJson, Unreadable::NotAnObject, Unreadable::NoSubject];
    assert_eq!(unreadable.map(Unreadable::as_str), ["beyond_json", "not_an_object", "no_subject"]);
    let unparsable = [Unparsable::InvalidUtf8, Unparsable::InvalidJson, Unparsable::NoChanges];
    assert_eq!(unparsable.map(Unparsable::as_str), ["invalid_utf8", "invalid_json", "no_changes"]);
    for source in [Source::Backfill, Source::Poll, Source::Webhook] {
        assert_eq!(serde_json::to_value(source).unwrap(), source.as_str());
    }
    assert_eq!(Source::Poll.as_str(), "poll");
    assert_eq!(Absence::NotEnoughViewers.to_string(), "not_enough_viewers");
}

#[test]
fn lanes_and_their_topics_have_fixed_names() {
    let lanes = ["story-insights", "comments", "other", "control", "dead-letter"];
    assert_eq!(Lane::ALL.map(Lane::as_str), lanes);
    for (lane, name) in Lane::ALL.into_iter().zip(lanes) {
        assert_eq!(
            (lane.topic().to_owned(), lane.to_string()),
            (format!("instagram.{name}.v1"), name.to_owned())
        );
    }
    assert!("nobody".parse::<Lane>().is_err());
}

#[test]
fn an_id_is_its_text_and_an_event_id_its_32_bytes() {
    let (one, two) = (AccountId::from("1"), AccountId::from("2"));
    let hashes = std::hash::RandomState::new();
    assert!(one == one.clone() && one != two && one < two);
    assert_eq!(
        (one.as_str(), one.as_ref(), one.to_string(), format!("{one:?}")),
        ("1", "1", "1".to_owned(), "\"1\"".to_owned())
    );
    assert_eq!(serde_json::to_string(&one).unwrap(), r#""1""#);
    assert_eq!([two.clone(), one.clone(), two.clone()].into_iter().collect::<BTreeSet<_>>().len(), 2);
    assert_eq!(
        [two.clone(), one, two.clone()].into_iter().collect::<std::collections::HashSet<_>>().len(),
        2
    );
    assert_eq!(two.into_string(), "2");
    let hash = |id: &str| std::hash::BuildHasher::hash_one(&hashes, AccountId::from(id));
    assert!(hash("1") == hash("1") && hash("1") != hash("2"));
    let read = |json: &str| serde_json::from_str::<UserId>(json).map(UserId::into_string).ok();
    assert_eq!(read("-7").as_deref(), Some("-7"));
    assert_eq!(read("18446744073709551615").as_deref(), Some("18446744073709551615"));
    assert_eq!(read(r#""a\u0062""#).as_deref(), Some("ab"));
    assert_eq!(serde_json::from_value::<UserId>("ab".into()).unwrap().as_str(), "ab");
    for no_id in ["null", "true", "[]", "1.5"] {
        assert_eq!(read(no_id), None, "{no_id}");
    }

    let bytes: [u8; 32] = std::array::from_fn(|at| u8::try_from(at * 7).unwrap());
    let id = EventId::from_bytes(bytes);
    assert_eq!((id.as_bytes(), EventId::from_slice(&bytes)), (&bytes, Some(id)));
    let hex = "00070e151c232a31383f464d545b626970777e858c939aa1a8afb6bdc4cbd2d9";
    assert_eq!((id.to_string(), id.to_hex().as_str()), (hex.to_owned(), hex));
    assert_eq!((format!("{id:?}"), EventId::from_hex(hex.as_bytes())), (format!("EventId({hex})"), Some(id)));
    assert_eq!(EventId::from_hex(format!("0x{hex}").as_bytes()), None, "digits alone");
    assert_eq!(EventId::from_slice(&[0; 33]), None);
}

#[test]
fn a_login_to_kafka_goes_to_the_client_and_its_password_to_nobody_else() {
    let settings = KafkaSettings {
        security_protocol: "sasl_ssl".to_owned(),
        sasl_mechanism: Some("PLAIN".to_owned()),
        sasl_username: Some("sari".to_owned()),
        sasl_password: Some("hush".into()),
        ..KafkaSettings::plaintext("a:1,b:2")
    };
    assert!(!format!("{settings:?}").contains("hush"));
    let properties = settings.properties();
    for (name, value) in [
        ("bootstrap.servers", "a:1,b:2"),
        ("security.protocol", "sasl_ssl"),
        ("sasl.mechanism", "PLAIN"),
        ("sasl.username", "sari"),
        ("sasl.password", "hush"),
    ] {
        assert!(properties.contains(&(name, value.to_owned())), "{name}");
    }
    let plain = KafkaSettings::default();
    assert_eq!((plain.brokers.as_str(), plain.properties().len()), ("127.0.0.1:9092", 2));
}
