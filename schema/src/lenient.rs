//! The slow way to read a delivery: takes apart whatever is JSON, one level at a time, and finds the changes
//! in it.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::change::{Change, TEST_ACCOUNT, UNKNOWN_FIELD};
use crate::meta_time;
use crate::repair::repair_surrogates;

/// Members of an object in their order, values untouched.
type Members<'a> = Vec<(Cow<'a, str>, &'a str)>;

/// The changes of a body, none where it holds not a single one; `None` where it is not JSON.
pub(crate) fn changes(body: &str) -> Option<Vec<Change<'_>>> {
    // Syntax first, so that below a failure to take something apart means only that it has another type.
    let body: &RawValue = serde_json::from_str(body).ok()?;
    let (mut found, mut is_a_delivery) = (Vec::new(), false);
    for container in items(body.get()) {
        let before = found.len();
        read_container(container, &mut found);
        if found.len() > before {
            is_a_delivery = true;
        } else if !holds_nothing(container) {
            found.push(Entry::unnamed().change(UNKNOWN_FIELD.into(), container, &Vec::new()));
        }
    }
    if !is_a_delivery {
        // Then the body is worth more whole than its items.
        found.clear();
    }
    Some(found)
}

/// What holds for all changes of an entry.
struct Entry<'a> {
    object: Cow<'a, str>,
    account_id: Cow<'a, str>,
    time: Option<Timestamp>,
    extra: Members<'a>,
}

impl<'a> Entry<'a> {
    fn unnamed() -> Self {
        let (object, account_id) = (Cow::Borrowed("instagram"), Cow::Borrowed(""));
        Self { object, account_id, time: None, extra: Vec::new() }
    }

    fn change(&self, field: Cow<'a, str>, value: &'a str, more: &Members<'a>) -> Change<'a> {
        Change {
            object: self.object.clone(),
            account_id: self.account_id.clone(),
            entry_time: self.time,
            field,
            value: Cow::Borrowed(value),
            extra: object_of(self.extra.iter().chain(more)),
        }
    }
}

fn read_container<'a>(raw: &'a str, found: &mut Vec<Change<'a>>) {
    let Some(mut members) = members(raw) else { return };
    let object = take(&mut members, "object").map_or(Cow::Borrowed("instagram"), text);
    if let Some(entries) = take(&mut members, "entry").filter(|entries| !is_empty(entries)) {
        for entry in items(entries) {
            read_entry(entry, object.clone(), &members, found);
        }
    } else if let Some((field, value)) = pair(&mut members) {
        // As the App Dashboard shows and sends its samples: without an entry, and so without an account.
        let entry =
            Entry { object, account_id: Cow::Borrowed(TEST_ACCOUNT), extra: members, ..Entry::unnamed() };
        found.push(entry.change(field, value, &Vec::new()));
    }
}

fn read_entry<'a>(raw: &'a str, object: Cow<'a, str>, around: &Members<'a>, found: &mut Vec<Change<'a>>) {
    let members = members(raw);
    let is_object = members.is_some();
    let mut members = members.unwrap_or_default();
    let account_id = take(&mut members, "id").map_or(Cow::Borrowed(""), text);
    let time = take(&mut members, "time").and_then(meta_time::from_json);
    let parts = ["changes", "messaging", "standby", "changed_fields"].map(|key| take(&mut members, key));
    let flat = pair(&mut members);
    let holds_more =
        if is_object { members.iter().any(|(_, value)| !is_empty(value)) } else { !is_empty(raw) };
    let extra = around.iter().chain(&members).cloned().collect();
    let entry = Entry { object, account_id, time, extra };

    let before = found.len();
    let filled = |part: Option<&'a str>| {
        part.map(items).unwrap_or_default().into_iter().filter(|item| !is_empty(item))
    };
    let [changes, messaging, standby, changed_fields] = parts.map(filled);
    found.extend(changes.map(|item| read_change(&entry, item)));
    found.extend(messaging.map(|item| entry.change(messaging_field(item).into(), item, &Vec::new())));
    found.extend(standby.map(|item| entry.change("standby".into(), item, &Vec::new())));
    found.extend(changed_fields.map(|name| entry.change(text(name), "null", &Vec::new())));
    found.extend(flat.map(|(field, value)| entry.change(field, value, &Vec::new())));
    if found.len() == before && holds_more {
        found.push(Entry { extra: around.clone(), ..entry }.change(UNKNOWN_FIELD.into(), raw, &Vec::new()));
    }
}

fn read_change<'a>(entry: &Entry<'a>, raw: &'a str) -> Change<'a> {
    let mut members = members(raw).unwrap_or_default();
    match pair(&mut members) {
        Some((field, value)) => entry.change(field, value, &members),
        None => entry.change(UNKNOWN_FIELD.into(), raw, &Vec::new()),
    }
}

/// Removes a field and its value, where the field names something.
fn pair<'a>(members: &mut Members<'a>) -> Option<(Cow<'a, str>, &'a str)> {
    let (_, field) = members.iter().rfind(|(key, _)| key == "field")?;
    let names = !matches!(field.as_bytes().first(), Some(b'{' | b'[')) && !matches!(*field, "null" | "\"\"");
    let field = if names { take(members, "field") } else { None }?;
    Some((text(field), take(members, "value").unwrap_or("null")))
}

/// The field under which an app subscribes to a `messaging` item, told by the item's own members.
fn messaging_field(raw: &str) -> &'static str {
    let members = members(raw).unwrap_or_default();
    let has = |key: &str| members.iter().any(|(k, _)| k == key);
    let fields = [
        ("message", "messages"),
        ("message_edit", "message_edit"),
        ("reaction", "message_reactions"),
        ("read", "messaging_seen"),
        ("postback", "messaging_postbacks"),
        ("referral", "messaging_referral"),
        ("optin", "messaging_optins"),
    ];
    fields.into_iter().find(|(key, _)| has(key)).map_or("messaging", |(_, field)| field)
}

/// Whether a value says nothing: `null`, or a container without anything in it.
pub(crate) fn is_empty(raw: &str) -> bool {
    let inside = |open, close| raw.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    raw == "null"
        || inside('{', '}').or_else(|| inside('[', ']')).is_some_and(|inside| inside.trim().is_empty())
}

/// Whether an item of a delivery says nothing but what it is about.
fn holds_nothing(raw: &str) -> bool {
    let says = |(key, value): &(Cow<'_, str>, &str)| key != "object" && !is_empty(value);
    is_empty(raw) || members(raw).is_some_and(|members| !members.iter().any(says))
}

/// The elements of an array; anything else is its own only element.
pub(crate) fn items(raw: &str) -> Vec<&str> {
    match serde_json::from_str::<Vec<&RawValue>>(raw) {
        Ok(items) => items.into_iter().map(RawValue::get).collect(),
        Err(_) => vec![raw],
    }
}

/// The members of an object; `None` for anything else.
fn members(raw: &str) -> Option<Members<'_>> {
    let mut deserializer = serde_json::Deserializer::from_str(raw);
    deserializer.deserialize_map(MembersVisitor).ok()
}

/// Removes a member and returns its value. Of a repeated key the last counts; the others stay and end up
/// beside the change.
fn take<'a>(members: &mut Members<'a>, key: &str) -> Option<&'a str> {
    let at = members.iter().rposition(|(k, _)| k == key)?;
    Some(members.remove(at).1)
}

/// A scalar as text: what is quoted without its quotes and escapes, anything else as it is written.
fn text(raw: &str) -> Cow<'_, str> {
    match raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) if !inner.contains('\\') => Cow::Borrowed(inner),
        Some(_) => serde_json::from_str(&repair_surrogates(raw)).map_or(Cow::Borrowed(raw), Cow::Owned),
        None => Cow::Borrowed(raw),
    }
}

fn object_of<'a>(members: impl Iterator<Item = &'a (Cow<'a, str>, &'a str)>) -> Option<String> {
    let mut object = String::new();
    for (key, value) in members {
        object.push(if object.is_empty() { '{' } else { ',' });
        object.push_str(&serde_json::Value::from(key.as_ref()).to_string());
        object.push(':');
        object.push_str(value);
    }
    (!object.is_empty()).then(|| object + "}")
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        // Keys are taken raw as well, since a key may hold half of a surrogate pair.
        while let Some((key, value)) = map.next_entry::<RawKey<'de>, &RawValue>()? {
            members.push((key.0, value.get()));
        }
        Ok(members)
    }
}

/// A key, borrowed where it holds no escapes.
struct RawKey<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for RawKey<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(KeyVisitor).map(Self)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Cow<'de, str>, E> {
        Ok(String::from_utf8_lossy(bytes))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(String::from_utf8_lossy(bytes).into_owned()))
    }
}
