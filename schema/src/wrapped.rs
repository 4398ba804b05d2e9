//! Values that come wrapped: several comments in an array, JSON inside a string. Each object in them is a
//! change of its own, with the identity that it would have had if it had come alone.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::change::{Change, is_read};
use crate::lenient::{is_empty, items};

/// JSON in a string in a string in a string: nobody was seen to wrap more than twice.
const MOST_STRINGS: usize = 3;

/// Whether the value is no object although its field is one whose values are objects.
pub(crate) fn is_wrapped(change: &Change<'_>) -> bool {
    matches!(change.value.as_bytes().first(), Some(b'[' | b'"')) && is_read(&change.object, &change.field)
}

/// The changes that a wrapped one holds. Where it holds no object, it stays as it is; what stands beside an
/// object and is none itself becomes a change as well, so that nothing is left out.
pub(crate) fn unwrap(change: Change<'_>) -> Vec<Change<'_>> {
    if !is_wrapped(&change) {
        return vec![change];
    }
    let Some(values) = objects(&change.value) else { return vec![change] };
    values.into_iter().map(|value| Change { value: Cow::Owned(value), ..change.clone() }).collect()
}

fn objects(value: &str) -> Option<Vec<String>> {
    let inner = from_string(value);
    let value = inner.as_deref().unwrap_or(value);
    if value.starts_with('{') {
        return Some(vec![value.to_owned()]);
    }
    if !value.starts_with('[') {
        return None;
    }
    let items = items(value).into_iter().filter(|item| !is_empty(item));
    let items: Vec<String> = items.map(|item| from_string(item).unwrap_or_else(|| item.to_owned())).collect();
    items.iter().any(|item| item.starts_with('{')).then_some(items)
}

/// The array or object that a JSON string holds.
fn from_string(raw: &str) -> Option<String> {
    let mut text = raw.to_owned();
    for _ in 0..MOST_STRINGS {
        text = serde_json::from_str(&text).ok()?;
        let inner: &RawValue = serde_json::from_str(&text).ok()?;
        match inner.get().as_bytes().first() {
            Some(b'{' | b'[') => return Some(inner.get().to_owned()),
            Some(b'"') => text = inner.get().to_owned(),
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::delivery::parse;
    use crate::identity::identify;

    fn body(field: &str, value: &str) -> String {
        format!(
            r#"{{"object":"instagram","entry":[{{"id":"5","time":1,"changes":[{{"field":"{field}","value":{value}}}]}}]}}"#
        )
    }

    fn values(field: &str, value: &str) -> Vec<String> {
        let body = body(field, value);
        parse(body.as_bytes()).unwrap().into_iter().map(|change| change.value.into_owned()).collect()
    }

    #[test]
    fn each_object_of_an_array_is_a_change_with_the_identity_it_has_alone() {
        let (one, other) = (r#"{"id":"1","text":"a"}"#, r#"{ "id": 2, "text": "b"}"#);
        let together = body("comments", &format!("[{one},{other}]"));
        let together: Vec<_> = parse(together.as_bytes())
            .unwrap()
            .iter()
            .map(|change| identify(change, &mut Vec::new()))
            .collect();
        let alone = [one, other].map(|value| {
            let body = body("comments", value);
            identify(&parse(body.as_bytes()).unwrap()[0], &mut Vec::new())
        });
        assert_eq!(together, alone);
        assert_eq!(together[1].subject_id.as_deref(), Some("2"));
    }

    #[test]
    fn json_in_a_string_is_the_json() {
        let object = r#"{"id":"1","text":"a \"b\" \ud83d\ude0d"}"#;
        let quoted = serde_json::Value::from(object).to_string();
        let twice = serde_json::Value::from(quoted.as_str()).to_string();
        for field in ["comments", "live_comments", "mentions", "story_insights"] {
            assert_eq!(values(field, &quoted), [object]);
            assert_eq!(values(field, &twice), [object]);
            assert_eq!(values(field, &format!("[{quoted}, {object}]")), [object, object]);
        }
        let list = serde_json::Value::from(format!("[{object}]")).to_string();
        assert_eq!(values("comments", &list), [object]);
    }

    #[test]
    fn what_stands_beside_an_object_is_kept_and_what_holds_none_stays_as_it_is() {
        assert_eq!(values("comments", r#"[{"id":"1"},7,null,{},"x"]"#), [r#"{"id":"1"}"#, "7", r#""x""#]);
        for value in
            ["[]", "[1,2]", r#""x""#, r#""""#, r#""5""#, "[[{\"id\":\"1\"}]]", r#""{""#, r#""\ud800""#]
        {
            assert_eq!(values("comments", value), [value]);
        }
        let message = r#"[{"id":"1"}]"#;
        assert_eq!(values("something_new", message), [message], "nobody knows what its values are");
    }
}
