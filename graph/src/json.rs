//! Lenient reading of Meta's JSON: a field that is missing or of an odd type is `None`, never a failure of
//! its node.

use cekbrand_schema::figure::read_number;
use cekbrand_schema::meta_time::parse_graph_time;
use cekbrand_schema::repair::repair_surrogates;
use jiff::Timestamp;
use rust_decimal::prelude::{Decimal, RoundingStrategy, ToPrimitive};
use serde_json::Value;

/// Parses an answer. Half of a surrogate pair, which Rust's strings cannot hold, becomes U+FFFD.
///
/// # Errors
/// Whatever keeps the text from being JSON.
pub fn parse(text: &str) -> Result<Value, serde_json::Error> {
    match serde_json::from_str(text) {
        Err(error) if text.contains("\\u") => {
            serde_json::from_str(&repair_surrogates(text)).map_err(|_| error)
        }
        result => result,
    }
}

/// Text without NUL, which PostgreSQL cannot hold (U+FFFD stands in).
pub fn text(node: &Value, field: &str) -> Option<String> {
    let text = node.get(field)?.as_str()?;
    Some(if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text.to_owned() })
}

/// An id, given as text or as a number; an empty one is none.
pub fn id(node: &Value, field: &str) -> Option<String> {
    match node.get(field)? {
        Value::String(id) if !id.is_empty() && !id.contains('\0') => Some(id.clone()),
        Value::Number(id) if id.is_u64() => Some(id.to_string()),
        _ => None,
    }
}

/// The id inside an object, as in `"owner": {"id": ..}`.
pub fn nested_id(node: &Value, field: &str) -> Option<String> {
    id(node.get(field)?, "id")
}

/// A count: a whole number that is not negative.
pub fn count(node: &Value, field: &str) -> Option<i64> {
    number(node.get(field)?).filter(|count| *count >= 0)
}

/// A whole number, given as a number or as text; a fraction is rounded.
pub fn number(value: &Value) -> Option<i64> {
    let rounded = decimal(value)?.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
    rounded.to_i64()
}

/// A number with its decimals, given as a number or as text.
pub fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => read_number(&number.to_string()),
        Value::String(text) => read_number(text),
        _ => None,
    }
}

/// A truth value, given as such or as text.
pub fn flag(node: &Value, field: &str) -> Option<bool> {
    match node.get(field)? {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// An instant in one of the API's forms.
pub fn time(node: &Value, field: &str) -> Option<Timestamp> {
    parse_graph_time(node.get(field)?.as_str()?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn odd_types_are_none_and_near_types_are_read() {
        let node = json!({"n": "12", "f": 1.6, "b": "true", "o": {"id": 5}, "x": [], "m": -1, "t": "2026-01-02T03:04:05+0000"});
        assert_eq!(count(&node, "n"), Some(12));
        assert_eq!(count(&node, "f"), Some(2));
        assert_eq!(count(&node, "x"), None);
        assert_eq!(count(&node, "m"), None);
        assert_eq!(flag(&node, "b"), Some(true));
        assert_eq!(nested_id(&node, "o").as_deref(), Some("5"));
        assert_eq!(id(&node, "x"), None);
        for bad in [json!(""), json!("1\u{0}2"), json!(-5), json!(1.5), json!(null)] {
            assert_eq!(id(&json!({ "id": bad }), "id"), None, "{bad}");
        }
        assert_eq!(time(&node, "t").unwrap().to_string(), "2026-01-02T03:04:05Z");
    }

    #[test]
    fn a_count_is_whole_and_a_figure_keeps_its_decimals() {
        for (sent, count, figure) in [
            (json!(0.37), 0, "0.37"),
            (json!("4120"), 4120, "4120"),
            (json!("41.26"), 41, "41.26"),
            (json!(5.7687e4), 57687, "57687"),
            (json!(2.5), 3, "2.5"),
            (json!(-1), -1, "-1"),
        ] {
            assert_eq!(number(&sent), Some(count), "{sent}");
            assert_eq!(decimal(&sent).unwrap().to_string(), figure);
        }
        assert_eq!(number(&json!(1e19)), None, "more than anything counts");
        assert_eq!(decimal(&json!(null)), None);
    }

    #[test]
    fn half_a_surrogate_pair_and_nul_become_the_replacement_character() {
        let body = r#"{"a":"x\ud83d","b":"\\ud83d \ud83d\ude00 \ude00","c":"n\u0000l"}"#;
        let node = parse(body).unwrap();
        assert_eq!(text(&node, "a").unwrap(), "x\u{fffd}");
        assert_eq!(text(&node, "b").unwrap(), "\\ud83d \u{1f600} \u{fffd}");
        assert_eq!(text(&node, "c").unwrap(), "n\u{fffd}l");
    }

    proptest! {
        #[test]
        fn mending_never_panics_and_leaves_sound_json_alone(text in r#"[\\ud8c0-9"é]{0,40}"#, sound in any::<String>()) {
            repair_surrogates(&text);
            let quoted = serde_json::to_string(&sound).unwrap();
            prop_assert_eq!(repair_surrogates(&quoted), quoted);
        }
    }
}
