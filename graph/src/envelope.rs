//! Meta's error object, `{"error": {message, type, code, error_subcode, is_transient, ..}}`.

use serde_json::Value;

use crate::json;

/// What Meta said when it refused a read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorEnvelope {
    /// Meta's error code.
    pub code: i64,
    /// Its refinement.
    pub subcode: Option<i64>,
    /// Meta's words.
    pub message: String,
    /// Whether Meta says that it will pass.
    pub is_transient: bool,
}

impl ErrorEnvelope {
    /// The error of an answer; `None` for an answer that is none. An error without a readable code counts as
    /// code 1 (unknown).
    pub fn read(answer: &Value) -> Option<Self> {
        let error = answer.as_object()?.get("error")?;
        if !error.is_object() {
            return Some(Self::unknown(error.as_str().unwrap_or_default()));
        }
        Some(Self {
            code: error.get("code").and_then(json::number).unwrap_or(1),
            subcode: error.get("error_subcode").and_then(json::number),
            message: json::text(error, "message").unwrap_or_default(),
            is_transient: json::flag(error, "is_transient").unwrap_or(false),
        })
    }

    fn unknown(message: &str) -> Self {
        Self { code: 1, subcode: None, message: message.to_owned(), is_transient: false }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_error_is_read_with_its_code_as_a_number_or_as_text() {
        let full = json!({"error": {
            "message": "(#80002) Too many calls.", "type": "OAuthException", "code": "80002",
            "error_subcode": 2_207_051, "is_transient": true, "error_user_title": "T", "fbtrace_id": "Abc"
        }});
        let envelope = ErrorEnvelope::read(&full).unwrap();
        assert_eq!((envelope.code, envelope.subcode, envelope.is_transient), (80002, Some(2_207_051), true));
        let words = ErrorEnvelope::read(&json!({"error": "nope"})).unwrap();
        assert_eq!((words.code, words.message.as_str()), (1, "nope"));
        assert_eq!(ErrorEnvelope::read(&json!({"data": []})), None);
        assert_eq!(ErrorEnvelope::read(&json!([{"error": {}}])), None);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let names = prop::sample::select(vec!["error", "code", "error_subcode", "message", "is_transient"]);
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 20, 5, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(names.clone().prop_map(str::to_owned), inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_answer_makes_the_reader_panic(answer in any_json()) {
            let is_error = answer.as_object().is_some_and(|map| map.contains_key("error"));
            prop_assert_eq!(ErrorEnvelope::read(&answer).is_some(), is_error);
        }
    }
}
