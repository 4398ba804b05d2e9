//! One webhook delivery: every shape in which Meta packs changes, read without copying.
//!
//! Nothing that is JSON and holds at least one change is refused: unknown fields, odd items and unknown
//! members are kept.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::change::Change;
use crate::lenient;
use crate::meta_time;
use crate::wrapped;

/// Why a body holds no changes. The names are dead letters' reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unparsable {
    /// Not UTF-8.
    #[error("the body is not UTF-8")]
    InvalidUtf8,
    /// Not JSON.
    #[error("the body is not JSON")]
    InvalidJson,
    /// JSON, but without a single change.
    #[error("the body holds no change")]
    NoChanges,
}

impl Unparsable {
    /// The reason under which the body is dead-lettered.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidUtf8 => "invalid_utf8",
            Self::InvalidJson => "invalid_json",
            Self::NoChanges => "no_changes",
        }
    }
}

/// Reads the changes of a delivery, in the order in which they stand there. The result has at least one.
///
/// # Errors
///
/// [`Unparsable`] where the body is not JSON or holds nothing that could be a change.
pub fn parse(body: &[u8]) -> Result<Vec<Change<'_>>, Unparsable> {
    let text = std::str::from_utf8(body).map_err(|_| Unparsable::InvalidUtf8)?;
    let mut changes = match serde_json::from_str::<Usual<'_>>(text) {
        Ok(delivery) => delivery.into_changes(),
        Err(_) => lenient::changes(text).ok_or(Unparsable::InvalidJson)?,
    };
    if changes.iter().any(wrapped::is_wrapped) {
        changes = changes.into_iter().flat_map(wrapped::unwrap).collect();
    }
    if changes.is_empty() { Err(Unparsable::NoChanges) } else { Ok(changes) }
}

/// The shape of nearly all deliveries, read in one pass. Whatever differs in the least is read by
/// [`lenient`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Usual<'a> {
    object: &'a str,
    #[serde(borrow)]
    entry: Vec<UsualEntry<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UsualEntry<'a> {
    id: &'a str,
    time: i64,
    #[serde(borrow)]
    changes: Vec<UsualChange<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UsualChange<'a> {
    field: &'a str,
    #[serde(borrow)]
    value: &'a RawValue,
}

impl<'a> Usual<'a> {
    fn into_changes(self) -> Vec<Change<'a>> {
        let mut changes = Vec::with_capacity(self.entry.iter().map(|entry| entry.changes.len()).sum());
        for entry in self.entry {
            let entry_time = meta_time::from_number(entry.time);
            changes.extend(entry.changes.iter().map(|change| Change {
                object: Cow::Borrowed(self.object),
                account_id: Cow::Borrowed(entry.id),
                entry_time,
                field: Cow::Borrowed(change.field),
                value: Cow::Borrowed(change.value.get()),
                extra: None,
            }));
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::{TEST_ACCOUNT, UNKNOWN_FIELD};

    /// Field, account and value of each change.
    fn read(body: &str) -> Vec<(String, String, String)> {
        let changes = parse(body.as_bytes()).unwrap();
        changes.iter().map(|c| (c.field.to_string(), c.account_id.to_string(), c.value.to_string())).collect()
    }

    fn change(field: &str, account: &str, value: &str) -> (String, String, String) {
        (field.to_owned(), account.to_owned(), value.to_owned())
    }

    #[test]
    fn a_usual_delivery_gives_its_changes_in_order() {
        let body = r#"{"object":"instagram","entry":[{"id":"17841","time":1763700000,"changes":[
            {"field":"comments","value":{"id":"1", "text":"\ud83d\ude0d"}},{"field":"story_insights","value":{"media_id":"2"}}]},
            {"id":"17842","time":1763700000123,"changes":[{"value":5,"field":"mentions"}]}]}"#;
        let changes = parse(body.as_bytes()).unwrap();
        assert_eq!(
            read(body),
            [
                change("comments", "17841", r#"{"id":"1", "text":"\ud83d\ude0d"}"#),
                change("story_insights", "17841", r#"{"media_id":"2"}"#),
                change("mentions", "17842", "5"),
            ]
        );
        assert_eq!(changes[0].entry_time.unwrap().as_second(), 1_763_700_000);
        assert_eq!(changes[2].entry_time.unwrap().as_millisecond(), 1_763_700_000_123);
        assert!(serde_json::from_str::<Usual<'_>>(body).is_ok(), "the fast path reads it");
    }

    #[test]
    fn every_odd_container_is_read() {
        let cases = [
            // entry.time missing, as text, and an id as a number
            (
                r#"{"object":"instagram","entry":[{"id":5,"changes":[{"field":"f","value":1}]}]}"#,
                change("f", "5", "1"),
            ),
            (
                r#"{"entry":[{"id":"5","time":"x","changes":[{"field":"f","value":1}]}]}"#,
                change("f", "5", "1"),
            ),
            // a top-level array; field and value in the entry itself
            (
                r#"[{"object":"instagram","entry":[{"id":"5","field":"f","value":{"a":1}}]}]"#,
                change("f", "5", r#"{"a":1}"#),
            ),
            // no envelope at all: a sample of the dashboard
            (r#"{"field":"f","value":{"a":1}}"#, change("f", TEST_ACCOUNT, r#"{"a":1}"#)),
            // one entry, one change, not in arrays
            (r#"{"entry":{"id":"5","changes":{"field":"f","value":2}}}"#, change("f", "5", "2")),
            // items that are no changes are kept whole
            (r#"{"entry":[{"id":"5","changes":[7]}]}"#, change(UNKNOWN_FIELD, "5", "7")),
            (r#"{"entry":[{"id":"5","changes":[{"a":1}]}]}"#, change(UNKNOWN_FIELD, "5", r#"{"a":1}"#)),
            (r#"{"entry":[{"id":"5","a":1}]}"#, change(UNKNOWN_FIELD, "5", r#"{"id":"5","a":1}"#)),
            (r#"{"entry":["x"]}"#, change(UNKNOWN_FIELD, "", r#""x""#)),
            (r#"{"entry":[{"id":"5","changes":[{"field":"f"}]}]}"#, change("f", "5", "null")),
            (
                r#"{"entry":[{"id":"5","changes":[{"field":"\ud800","value":1}]}]}"#,
                change("\u{fffd}", "5", "1"),
            ),
        ];
        for (body, expected) in cases {
            assert_eq!(read(body), [expected], "{body}");
        }
    }

    #[test]
    fn messaging_items_get_the_field_they_are_subscribed_under() {
        let cases = [
            (r#"{"message":{"mid":"m"}}"#, "messages"),
            (r#"{"reaction":{"mid":"m"}}"#, "message_reactions"),
            (r#"{"read":{"mid":"m"}}"#, "messaging_seen"),
            (r#"{"postback":{"mid":"m"}}"#, "messaging_postbacks"),
            (r#"{"message_edit":{"mid":"m"}}"#, "message_edit"),
            (r#"{"new_thing":{}}"#, "messaging"),
        ];
        for (item, field) in cases {
            let body = format!(r#"{{"object":"page","entry":[{{"id":"5","time":1,"messaging":[{item}]}}]}}"#);
            assert_eq!(read(&body), [change(field, "5", item)]);
            let body = format!(r#"{{"entry":[{{"id":"5","standby":[{item}]}}]}}"#);
            assert_eq!(read(&body), [change("standby", "5", item)]);
        }
    }

    #[test]
    fn changed_fields_without_values_are_changes() {
        let body = r#"{"object":"instagram","entry":[{"id":"5","time":1763700000,"changed_fields":["comments","mentions"]}]}"#;
        assert_eq!(read(body), [change("comments", "5", "null"), change("mentions", "5", "null")]);
    }

    #[test]
    fn members_without_a_place_are_kept_beside() {
        let body = r#"{"object":"permissions","entry":[{"id":"5","uid":"9","time":1,"changes":[{"field":"f","value":1,"new":[2]}]}],"v":3}"#;
        let changes = parse(body.as_bytes()).unwrap();
        assert_eq!(changes[0].extra.as_deref(), Some(r#"{"v":3,"uid":"9","new":[2]}"#));
    }

    #[test]
    fn what_holds_no_change_says_why() {
        assert_eq!(parse(b"\xff\xfe").unwrap_err(), Unparsable::InvalidUtf8);
        let long = "[".repeat(20_000);
        for body in ["", "{", "hello", "{\"entry\":[}", long.as_str()] {
            assert_eq!(parse(body.as_bytes()).unwrap_err(), Unparsable::InvalidJson, "{body:.20}");
        }
        for body in ["{}", "[]", "42", "null", r#"{"object":"instagram","entry":[]}"#, "[[]]"] {
            assert_eq!(parse(body.as_bytes()).unwrap_err(), Unparsable::NoChanges, "{body}");
        }
    }

    #[test]
    fn an_item_of_a_list_that_is_neither_entry_nor_change_is_kept_beside_a_good_one() {
        let good =
            r#"{"object":"instagram","entry":[{"id":"5","time":1,"changes":[{"field":"f","value":1}]}]}"#;
        for odd in [
            r#"{"sample":{"field":"mentions"}}"#,
            r#""x""#,
            "7",
            "[[1]]",
            r#"{"object":"instagram","new":1}"#,
        ] {
            let unknown = change(UNKNOWN_FIELD, "", odd);
            assert_eq!(read(&format!("[{good},{odd}]")), [change("f", "5", "1"), unknown.clone()]);
            assert_eq!(read(&format!("[{odd},{good}]")), [unknown, change("f", "5", "1")]);
            assert_eq!(
                parse(format!("[{odd}]").as_bytes()).unwrap_err(),
                Unparsable::NoChanges,
                "the body is kept"
            );
        }
    }

    #[test]
    fn what_holds_nothing_is_no_change() {
        let item = r#"{"recipient":{"id":"5"},"message":{"mid":"m"}}"#;
        let body = format!(
            r#"{{"object":"instagram","entry":[{{"id":"5","time":1,"changes":null,"messaging":[{item}]}}]}}"#
        );
        assert_eq!(read(&body), [change("messages", "5", item)]);
        let good = r#"{"id":"5","changes":[{"field":"f","value":1}]}"#;
        for empty in [
            "null",
            "{}",
            "[ ]",
            r#"{"id":"6","time":1,"changes":[]}"#,
            r#"{"id":"6","messaging":[null,{}]}"#,
        ] {
            assert_eq!(read(&format!(r#"{{"entry":[{empty},{good}]}}"#)), [change("f", "5", "1")], "{empty}");
        }
        for empty in ["null", "[]", r#"{"object":"instagram"}"#, r#"{"object":"instagram","entry":null}"#] {
            assert_eq!(
                read(&format!(r#"[{empty},{{"entry":[{good}]}}]"#)),
                [change("f", "5", "1")],
                "{empty}"
            );
        }
        for body in [r#"{"object":"page","entry":[{}]}"#, r#"{"object":"instagram","entry":null}"#] {
            assert_eq!(parse(body.as_bytes()).unwrap_err(), Unparsable::NoChanges, "the body is kept");
        }
    }

    #[test]
    fn a_field_that_names_nothing_is_unknown_and_a_container_beside_it_is_no_obstacle() {
        let items = r#"[{"value":{}},{"field":null,"value":7},{"field":{"a":1}},{"field":""}]"#;
        let whole =
            [r#"{"value":{}}"#, r#"{"field":null,"value":7}"#, r#"{"field":{"a":1}}"#, r#"{"field":""}"#];
        let body = format!(r#"{{"entry":[{{"id":"5","changes":{items}}}]}}"#);
        assert_eq!(read(&body), whole.map(|raw| change(UNKNOWN_FIELD, "5", raw)));
        let body = r#"{"object":"instagram","entry":null,"field":"f","value":1}"#;
        assert_eq!(read(body), [change("f", TEST_ACCOUNT, "1")]);
    }

    #[test]
    fn a_value_may_be_nested_beyond_what_a_value_type_holds() {
        let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
        let body = format!(
            r#"{{"object":"instagram","entry":[{{"id":"5","time":1,"changes":[{{"field":"f","value":{deep}}}]}}]}}"#
        );
        assert_eq!(read(&body), [change("f", "5", &deep)]);
    }

    #[test]
    fn the_dashboards_test_button_is_recognised() {
        let body =
            r#"{"object":"instagram","entry":[{"id":"0","time":1,"changes":[{"field":"f","value":1}]}]}"#;
        assert!(parse(body.as_bytes()).unwrap()[0].is_test());
        let sample = r#"{"field":"comments","value":{"id":"1","text":"t","media":{"id":"123123123"}}}"#;
        assert!(parse(sample.as_bytes()).unwrap()[0].is_test(), "it names no account that could be watched");
        let unnamed = r#"{"entry":[{"changes":[{"field":"comments","value":{"id":"1"}}]}]}"#;
        assert!(!parse(unnamed.as_bytes()).unwrap()[0].is_test(), "an entry without an id is no sample");
    }
}
