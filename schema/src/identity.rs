//! What makes two changes the same. Meta gives neither a delivery id nor a change id, so identity comes from
//! content.
//!
//! The event id is the SHA-256 of the UTF-8 text `["<object>","<entry id>","<field>",<value>]`, in which the
//! value is in canonical form (keys sorted, no white space, numbers under `id` and `*_id` as text). A change
//! without a natural id has the entry's time in milliseconds (or `null`) as a fifth element. A value that no
//! JSON value type can hold stands there byte by byte as received. Test vectors: `vectors.json` beside this
//! file.

use sha2::{Digest, Sha256};

use crate::change::Change;
use crate::ids::EventId;
use crate::value::{Value, write_json, write_text};

/// Who a change is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Equal for equal content: only an equal event id is a duplicate.
    pub event_id: EventId,
    /// The natural thing that the change is about (comment, story, message); rows are upserted on it. `None`
    /// where the payload names none.
    pub subject_id: Option<String>,
}

/// What stands around the texts in what is hashed.
const FRAME: usize = 32;

/// Identifies a change. `scratch` is working memory that a caller can keep between calls.
pub fn identify(change: &Change<'_>, scratch: &mut Vec<u8>) -> Identity {
    let value = Value::read(&change.value);
    // The subject is read from a repaired value as well: a broken emoji must not cost a comment its name.
    let readable = if value.is_none() { Value::read_repaired(&change.value) } else { None };
    let subject_id =
        value.as_ref().or(readable.as_ref()).and_then(|value| subject(&change.object, &change.field, value));

    scratch.clear();
    scratch.reserve(
        change.object.len() + change.account_id.len() + change.field.len() + change.value.len() + FRAME,
    );
    scratch.push(b'[');
    for text in [&change.object, &change.account_id, &change.field] {
        write_text(scratch, text);
        scratch.push(b',');
    }
    match &value {
        Some(value) => value.write_canonical(scratch),
        None => scratch.extend_from_slice(change.value.as_bytes()),
    }
    if subject_id.is_none() {
        scratch.push(b',');
        write_json(scratch, &change.entry_time.map(jiff::Timestamp::as_millisecond));
    }
    scratch.push(b']');
    Identity { event_id: digest(scratch), subject_id }
}

/// The event id of a body that could not be parsed: the SHA-256 of its bytes.
pub fn identify_body(body: &[u8]) -> EventId {
    digest(body)
}

fn digest(bytes: &[u8]) -> EventId {
    EventId::from_bytes(Sha256::digest(bytes).into())
}

fn subject(object: &str, field: &str, value: &Value<'_>) -> Option<String> {
    let of = |part: &str, keys: &[&str]| {
        let part = if part.is_empty() { value } else { value.get(part) };
        keys.iter().find_map(|key| part.get(key).id()).map(std::borrow::Cow::into_owned)
    };
    match field {
        _ if object == "permissions" => None,
        "comments" | "live_comments" => of("", &["id", "comment_id"]),
        "story_insights" => of("", &["media_id"]),
        "mentions" => of("", &["comment_id", "media_id"]),
        "messages" | "standby" => of("message", &["mid"]).or_else(|| of("read", &["mid"])),
        "message_reactions" => of("reaction", &["mid"]),
        "messaging_seen" => of("read", &["mid"]),
        "messaging_postbacks" => of("postback", &["mid"]),
        "message_edit" => of("message_edit", &["mid"]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery;
    use proptest::prelude::*;

    fn identify_all(body: &str) -> Vec<Identity> {
        delivery::parse(body.as_bytes()).unwrap().iter().map(|c| identify(c, &mut Vec::new())).collect()
    }

    fn comment(value: &str) -> Identity {
        let body = format!(
            r#"{{"object":"instagram","entry":[{{"id":"17841","time":1,"changes":[{{"field":"comments","value":{value}}}]}}]}}"#
        );
        identify_all(&body).remove(0)
    }

    #[derive(serde::Deserialize)]
    struct Vector {
        what: String,
        delivery: String,
        event_id: String,
        subject_id: Option<String>,
    }

    #[test]
    fn the_published_vectors_hold() {
        let vectors: Vec<Vector> = serde_json::from_str(include_str!("vectors.json")).unwrap();
        assert!(vectors.len() >= 10);
        for vector in vectors {
            let identity = identify_all(&vector.delivery).remove(0);
            assert_eq!(identity.event_id.to_string(), vector.event_id, "{}", vector.what);
            assert_eq!(identity.subject_id, vector.subject_id, "{}", vector.what);
        }
    }

    #[test]
    fn order_of_keys_white_space_escapes_and_number_ids_do_not_matter() {
        let one = comment(r#"{"id":"1","text":"caf\u00e9","media":{"id":"2"}}"#);
        let other = comment("{ \"media\": {\"id\": 2}, \"text\":\"café\", \"id\": 1 }");
        assert_eq!(one, other);
    }

    #[test]
    fn another_text_is_another_event_about_the_same_subject() {
        let (one, other) = (comment(r#"{"id":"1","text":"a"}"#), comment(r#"{"id":"1","text":"b"}"#));
        assert_eq!(one.subject_id, other.subject_id);
        assert_ne!(one.event_id, other.event_id);
    }

    #[test]
    fn time_tells_changes_without_a_natural_id_apart_and_no_others() {
        let body = |field: &str, time: i64| {
            format!(
                r#"{{"object":"instagram","entry":[{{"id":"1","time":{time},"changes":[{{"field":"{field}","value":{{"id":"7"}}}}]}}]}}"#
            )
        };
        assert_eq!(identify_all(&body("comments", 1)), identify_all(&body("comments", 2)));
        assert_ne!(identify_all(&body("something_new", 1)), identify_all(&body("something_new", 2)));
        assert_eq!(identify_all(&body("something_new", 1)), identify_all(&body("something_new", 1)));
    }

    proptest! {
        #[test]
        fn what_no_value_can_hold_has_an_identity_all_the_same(depth in 200usize..400) {
            let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            prop_assert_eq!(comment(&deep), comment(&deep));
            prop_assert_ne!(comment(&deep).event_id, comment(&deep[1..deep.len() - 1]).event_id);
        }
    }
}
