//! Which change a delivery holds: what it is about, under which field it travels, and what is kept beside it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use cekbrand_schema::change::Change;
use cekbrand_schema::delivery;
use cekbrand_schema::identity::identify;

fn parse(body: &str) -> Vec<Change<'_>> {
    delivery::parse(body.as_bytes()).unwrap()
}

fn subject(change: &Change<'_>) -> Option<String> {
    identify(change, &mut Vec::new()).subject_id
}

/// Field and natural id of a change of object `instagram`.
#[test]
fn each_field_is_about_the_thing_that_its_value_names() {
    for (field, value, expected) in [
        ("comments", r#"{"id":"1","comment_id":"2"}"#, Some("1")),
        ("comments", r#"{"comment_id":2}"#, Some("2")),
        ("live_comments", r#"{"id":3}"#, Some("3")),
        ("story_insights", r#"{"media_id":"4","id":"5"}"#, Some("4")),
        ("mentions", r#"{"media_id":"6","comment_id":"7"}"#, Some("7")),
        ("mentions", r#"{"media_id":"6"}"#, Some("6")),
        ("comments", r#"{"text":"x"}"#, None),
        ("something_new", r#"{"id":"8"}"#, None),
    ] {
        let body = format!(
            r#"{{"object":"instagram","entry":[{{"id":"5","time":1,"changes":[{{"field":"{field}","value":{value}}}]}}]}}"#
        );
        assert_eq!(subject(&parse(&body)[0]).as_deref(), expected, "{field} {value}");
        let revoked = body.replace(r#""object":"instagram""#, r#""object":"permissions""#);
        assert_eq!(subject(&parse(&revoked)[0]), None, "a permission is no such thing");
    }
}

/// The field that Meta subscribes an item of `messaging` under, and the message that it is about.
#[test]
fn each_item_of_a_conversation_has_its_field_and_its_message() {
    for (item, field, message) in [
        (r#"{"message":{"mid":"m1"}}"#, "messages", Some("m1")),
        (r#"{"message_edit":{"mid":"m2"}}"#, "message_edit", Some("m2")),
        (r#"{"reaction":{"mid":"m3"}}"#, "message_reactions", Some("m3")),
        (r#"{"read":{"mid":"m4"}}"#, "messaging_seen", Some("m4")),
        (r#"{"postback":{"mid":"m5"}}"#, "messaging_postbacks", Some("m5")),
        (r#"{"referral":{"ref":"r"}}"#, "messaging_referral", None),
        (r#"{"optin":{"type":"t"}}"#, "messaging_optins", None),
        (r#"{"something":{"mid":"m6"}}"#, "messaging", None),
    ] {
        let body =
            format!(r#"{{"object":"instagram","entry":[{{"id":"5","time":1,"messaging":[{item}]}}]}}"#);
        let change = &parse(&body)[0];
        assert_eq!((change.field.as_ref(), subject(change).as_deref()), (field, message), "{item}");
    }
    for (item, message) in [(r#"{"message":{"mid":"m7"}}"#, "m7"), (r#"{"read":{"mid":"m8"}}"#, "m8")] {
        let body = format!(r#"{{"object":"instagram","entry":[{{"id":"5","standby":[{item}]}}]}}"#);
        assert_eq!(subject(&parse(&body)[0]).as_deref(), Some(message), "{item}");
    }
}

#[test]
fn what_has_no_place_is_kept_beside_the_change_that_it_came_with() {
    for (body, extra) in [
        (r#"{"field":"f","value":1,"new":2}"#, Some(r#"{"new":2}"#)),
        (r#"{"field":"f","value":1}"#, None),
        (r#"{"entry":[{"id":"5","new":1,"field":"f","value":1}],"v":3}"#, Some(r#"{"v":3,"new":1}"#)),
        (r#"{"entry":[{"id":"5","new":1,"messaging":[{"message":{}}]}]}"#, Some(r#"{"new":1}"#)),
        (r#"{"entry":[{"id":"5","new":1,"standby":[{"message":{}}]}]}"#, Some(r#"{"new":1}"#)),
        (r#"{"entry":[{"id":"5","new":1,"changed_fields":["f"]}]}"#, Some(r#"{"new":1}"#)),
        // What is kept whole as the value is not kept again.
        (r#"{"entry":[{"id":"5","new":1}],"v":3}"#, Some(r#"{"v":3}"#)),
        (r#"{"entry":[{"id":"5","changes":[{"new":1}]}]}"#, None),
        (r#"{"a":1,"field":"f","value":1,"a":2}"#, Some(r#"{"a":1,"a":2}"#)),
        (r#"{"field":"e","field":"f","value":1,"value":2}"#, Some(r#"{"field":"e","value":1}"#)),
        (r#"{"fi\u0065ld":"f","value":1,"n\u0065w":2}"#, Some(r#"{"new":2}"#)),
        ("{\"field\":\"f\",\"\\\"q\":1}", Some("{\"\\\"q\":1}")),
    ] {
        let changes = parse(body);
        assert_eq!(changes.len(), 1, "{body}");
        assert_eq!(changes[0].extra.as_deref(), extra, "{body}");
    }
}

#[test]
fn the_last_of_a_repeated_member_counts() {
    let changes = parse(
        r#"{"object":"page","object":"instagram","entry":[{"id":"4","id":"5","field":"e","field":"f"}]}"#,
    );
    let change = &changes[0];
    assert_eq!(
        (change.object.as_ref(), change.account_id.as_ref(), change.field.as_ref()),
        ("instagram", "5", "f")
    );
}

#[test]
fn only_a_change_of_account_0_is_a_test() {
    let body = |account: &str| {
        format!(
            r#"{{"object":"instagram","entry":[{{"id":"{account}","time":1,"changes":[{{"field":"f","value":1}}]}}]}}"#
        )
    };
    for (account, is_test) in [("0", true), ("00", false), ("", false), ("17841400000000001", false)] {
        assert_eq!(parse(&body(account))[0].is_test(), is_test, "{account:?}");
    }
}
