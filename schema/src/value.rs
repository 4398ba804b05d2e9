//! A JSON value that borrows its text, and its canonical form: keys sorted, ids as text.
//!
//! It holds what `serde_json::Value` can hold and refuses what that refuses (a lone surrogate, 1e999, 128
//! levels of nesting): for those see [`Value::read_repaired`].

use std::borrow::Cow;
use std::fmt;

use rust_decimal::Decimal;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use crate::figure::read_number;
use crate::repair::repair_surrogates;

/// A JSON value. Objects keep their members sorted by key; of a repeated key the last stays.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as integer where it is one.
    Number(Number),
    /// Text.
    Text(Cow<'a, str>),
    /// An array.
    Array(Vec<Value<'a>>),
    /// An object.
    Object(Vec<(Cow<'a, str>, Value<'a>)>),
}

static NULL: Value<'static> = Value::Null;

impl<'a> Value<'a> {
    /// Reads a value; `None` where no such value can hold it.
    pub fn read(raw: &'a str) -> Option<Self> {
        serde_json::from_str(raw).ok()
    }

    /// Reads a value in which lone surrogates may occur: each becomes U+FFFD. `None` where even that does not
    /// help.
    pub fn read_repaired(raw: &str) -> Option<Value<'_>> {
        Value::read(raw).or_else(|| Value::read(&repair_surrogates(raw)).map(Value::into_owned))
    }

    /// A member of an object; `Null` where there is none.
    pub fn get(&self, key: &str) -> &Value<'a> {
        let Value::Object(members) = self else {
            return &NULL;
        };
        let at = members.binary_search_by(|(k, _)| k.as_ref().cmp(key));
        at.map_or(&NULL, |at| &members[at].1)
    }

    /// An object's members, sorted by key; none for any other value.
    pub fn members(&self) -> &[(Cow<'a, str>, Value<'a>)] {
        if let Value::Object(members) = self { members } else { &[] }
    }

    /// Text as it is, or a whole number written out: how Meta gives ids. Empty text is none.
    pub fn id(&self) -> Option<Cow<'_, str>> {
        match self {
            Value::Text(text) if !text.is_empty() => Some(Cow::Borrowed(text)),
            Value::Number(number) if !number.is_f64() => Some(Cow::Owned(number.to_string())),
            _ => None,
        }
    }

    /// Text that PostgreSQL can hold: NUL becomes U+FFFD.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Value::Text(text) if text.contains('\0') => Some(Cow::Owned(text.replace('\0', "\u{fffd}"))),
            Value::Text(text) => Some(Cow::Borrowed(text)),
            _ => None,
        }
    }

    /// A number with its decimals, also one that is written as text.
    pub fn number(&self) -> Option<Decimal> {
        match self {
            Value::Number(number) => match number.as_i64() {
                Some(whole) => Some(whole.into()),
                None => read_number(&number.to_string()),
            },
            Value::Text(text) => read_number(text),
            _ => None,
        }
    }

    /// Appends the canonical form: no white space, keys sorted, numbers under `id` and `*_id` as text.
    pub fn write_canonical(&self, out: &mut Vec<u8>) {
        match self {
            Value::Null => out.extend_from_slice(b"null"),
            Value::Bool(true) => out.extend_from_slice(b"true"),
            Value::Bool(false) => out.extend_from_slice(b"false"),
            Value::Number(number) => write_json(out, number),
            Value::Text(text) => write_text(out, text),
            Value::Array(items) => write_list(out, *b"[]", items, |out, item| item.write_canonical(out)),
            Value::Object(members) => write_list(out, *b"{}", members, |out, (key, value)| {
                write_text(out, key);
                out.push(b':');
                match value {
                    Value::Number(number) if is_id(key) => write_json(out, &number.to_string()),
                    value => value.write_canonical(out),
                }
            }),
        }
    }

    fn into_owned(self) -> Value<'static> {
        match self {
            Value::Null => Value::Null,
            Value::Bool(bool) => Value::Bool(bool),
            Value::Number(number) => Value::Number(number),
            Value::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Value::Array(items) => Value::Array(items.into_iter().map(Value::into_owned).collect()),
            Value::Object(members) => Value::Object(
                members.into_iter().map(|(k, v)| (Cow::Owned(k.into_owned()), v.into_owned())).collect(),
            ),
        }
    }
}

fn is_id(key: &str) -> bool {
    key == "id" || key.ends_with("_id")
}

/// Appends a scalar as JSON.
pub(crate) fn write_json<T: serde::Serialize + ?Sized>(out: &mut Vec<u8>, scalar: &T) {
    let before = out.len();
    if serde_json::to_writer(&mut *out, scalar).is_err() {
        // Scalars cannot fail to be written into memory; if they ever do, nothing half-written may be hashed.
        out.truncate(before);
    }
}

/// Appends text as JSON. Most text needs no escape, and then a look at it is all that it costs.
#[expect(clippy::needless_bitwise_bool, reason = "without branches the compiler looks at many bytes at once")]
pub(crate) fn write_text(out: &mut Vec<u8>, text: &str) {
    let needs_escape =
        text.bytes().fold(false, |found, byte| found | (byte < b' ') | (byte == b'"') | (byte == b'\\'));
    if needs_escape {
        return write_json(out, text);
    }
    out.reserve(text.len() + 2);
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

fn write_list<T>(out: &mut Vec<u8>, brackets: [u8; 2], items: &[T], mut write: impl FnMut(&mut Vec<u8>, &T)) {
    out.push(brackets[0]);
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write(out, item);
    }
    out.push(brackets[1]);
}

impl<'de: 'a, 'a> Deserialize<'de> for Value<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

/// Text that borrows from the input where the input holds no escapes.
struct Borrowed<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Borrowed<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_str(ValueVisitor)? {
            Value::Text(text) => Ok(Self(text)),
            _ => Err(D::Error::custom("a key is text")),
        }
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, bool: bool) -> Result<Value<'de>, E> {
        Ok(Value::Bool(bool))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value<'de>, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value<'de>, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value<'de>, E> {
        Number::from_f64(number).map(Value::Number).ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        let mut members: Vec<(Cow<'de, str>, Value<'de>)> = Vec::with_capacity(8);
        while let Some((Borrowed(key), value)) = map.next_entry()? {
            members.push((key, value));
        }
        // Stable, and reversed twice, so that of a repeated key the last one stays.
        members.reverse();
        members.sort_by(|(a, _), (b, _)| a.cmp(b));
        members.dedup_by(|(later, _), (earlier, _)| later == earlier);
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn canonical(raw: &str) -> String {
        let mut out = Vec::new();
        Value::read(raw).unwrap().write_canonical(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn keys_are_sorted_and_ids_are_text() {
        let raw =
            r#" {"b": [1, -2.50, true, null], "id": 17, "media_id":18, "a":{"z":"\u00e9\/","id":"19"}} "#;
        let expected = r#"{"a":{"id":"19","z":"é/"},"b":[1,-2.5,true,null],"id":"17","media_id":"18"}"#;
        assert_eq!(canonical(raw), expected);
    }

    #[test]
    fn of_a_repeated_key_the_last_stays() {
        assert_eq!(canonical(r#"{"a":1,"b":2,"a":3,"a":4}"#), r#"{"a":4,"b":2}"#);
    }

    #[test]
    fn what_no_value_can_hold_is_refused_and_surrogates_can_be_repaired() {
        assert_eq!(Value::read(&"[".repeat(20_000)), None);
        assert_eq!(Value::read("1e999"), None);
        assert_eq!(Value::read(r#""\ud83d""#), None);
        let repaired = Value::read_repaired(r#"{"text":"a\ud83db"}"#).unwrap();
        assert_eq!(repaired.get("text").text().unwrap(), "a\u{fffd}b");
    }

    #[test]
    fn text_for_the_database_holds_no_nul() {
        let value = Value::read(r#""a\u0000b""#).unwrap();
        assert_eq!(value.text().unwrap(), "a\u{fffd}b");
    }

    #[test]
    fn members_are_found_and_missing_ones_are_null() {
        let value = Value::read(r#"{"count":"12","id":5,"empty":""}"#).unwrap();
        assert_eq!(value.get("count").number(), Some(12.into()));
        assert_eq!(value.get("id").id().as_deref(), Some("5"));
        assert_eq!(value.get("empty").id(), None);
        assert_eq!(value.get("nothing"), &Value::Null);
        assert_eq!(Value::Null.get("x"), &Value::Null);
    }

    #[test]
    fn a_number_keeps_its_decimals() {
        for (raw, kept) in
            [("0.37", "0.37"), ("5.7687e4", "57687"), (r#""41.26""#, "41.26"), ("-1", "-1"), ("7", "7")]
        {
            assert_eq!(Value::read(raw).unwrap().number().unwrap().to_string(), kept, "{raw}");
        }
        for raw in ["null", "true", "[1]", r#"{"a":1}"#, r#""many""#, r#""""#] {
            assert_eq!(Value::read(raw).unwrap().number(), None, "{raw}");
        }
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            ".{0,12}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
                prop::collection::vec(("[a-z]{0,6}|id|[a-z]{0,2}_id|[a-z]{0,2}id", inner), 0..6)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    /// A number is an id where its key is `id` or ends in `_id`.
    fn ids_as_text(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(members) => {
                for (key, member) in members {
                    match member {
                        serde_json::Value::Number(id) if key == "id" || key.ends_with("_id") => {
                            *member = id.to_string().into();
                        }
                        member => ids_as_text(member),
                    }
                }
            }
            serde_json::Value::Array(items) => items.iter_mut().for_each(ids_as_text),
            _ => {}
        }
    }

    proptest! {
        #[test]
        fn text_is_written_as_serde_json_writes_it(text in r#"[ -~]{0,8}[\x00-\x20"\\é😍a]{0,8}"#) {
            let mut out = Vec::new();
            write_text(&mut out, &text);
            prop_assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string(&text).unwrap());
        }

        /// The canonical form is what serde_json's own sorted map holds, but for ids, and it is a fixed point.
        #[test]
        fn the_canonical_form_is_a_fixed_point(value in json()) {
            let raw = value.to_string();
            let once = canonical(&raw);
            prop_assert_eq!(canonical(&once), once.clone());
            let mut expected = serde_json::from_str(&raw).unwrap();
            ids_as_text(&mut expected);
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&once).unwrap(), expected);
        }
    }
}
