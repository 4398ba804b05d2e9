//! What the tables must hold, told by the generator of the deliveries and by a plain reading of JSON: nothing
//! here is asked of the code that is tested.

use std::collections::{BTreeMap, BTreeSet};

use cekbrand_devkit::meta::{Change, Delivery, Shape};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// One line for each row.
#[derive(Debug, Default)]
pub(super) struct Expected {
    /// Events, as [`counted`] writes them.
    pub(super) events: BTreeSet<String>,
    /// Comments; `?` stands where the payload did not say.
    pub(super) comments: BTreeSet<String>,
    /// Figures of story webhooks.
    pub(super) figures: BTreeSet<String>,
    /// Reads that must have been asked for.
    pub(super) tasks: BTreeSet<String>,
    /// Comments of which the payload lacks something.
    pub(super) incomplete: BTreeSet<String>,
}

impl Expected {
    /// Goes through every distinct change.
    pub(super) fn of(deliveries: &[Delivery]) -> Self {
        let mut expected = Self::default();
        let (mut distinct, mut lines) = (BTreeSet::new(), Vec::new());
        for change in deliveries.iter().flat_map(|delivery| delivery.changes.iter()) {
            let value = value(change);
            let line = event_line(&change.account, &change.field, &value);
            let time = if change.time_counts { change.time.as_str() } else { "" };
            if !distinct.insert((change.object, line.clone(), time)) {
                continue;
            }
            lines.push(line);
            if !change.is_test && change.object == "instagram" {
                expected.add(change, &value);
            }
        }
        expected.events = counted(lines);
        expected
    }

    fn add(&mut self, change: &Change, value: &Value) {
        let account = change.account.as_str();
        match (change.field.as_str(), value) {
            ("comments" | "mentions" | "story_insights", Value::Null) => {}
            ("comments" | "live_comments", value) => self.add_comment(change, value),
            ("story_insights", value) => self.add_story(change, value),
            ("mentions", _) => match (&change.comment, &change.media) {
                (Some(comment), _) => self.task("mentioned_comment", comment, account),
                (None, Some(media)) => self.task("mentioned_media", media, account),
                (None, None) => return,
            },
            _ => return,
        }
        self.task("user", account, account);
        self.task("user_stories", account, account);
    }

    fn add_comment(&mut self, change: &Change, value: &Value) {
        let Some(comment) = &change.comment else { panic!("a comment without an id: {value}") };
        if change.lacks_something {
            self.incomplete.insert(comment.clone());
            self.task("comment", comment, &change.account);
        }
        let said =
            value["text"].as_str().map_or_else(|| "?".to_owned(), |text| text.replace('\0', "\u{fffd}"));
        let media = change.media.as_deref().unwrap_or("?");
        self.comments.insert(line(comment, media, &said, change.lacks_something));
        if let Some(organic) = change.original_media.as_ref().or(change.media.as_ref()) {
            self.task("media", organic, &change.account);
            self.task("media_insights", organic, &change.account);
            self.task("comments", organic, &change.account);
        }
    }

    fn add_story(&mut self, change: &Change, value: &Value) {
        let Some(story) = &change.story else { panic!("figures without a story: {value}") };
        for (metric, figure) in value.as_object().into_iter().flatten() {
            match figure.as_i64() {
                Some(-1) => drop(self.figures.insert(format!("{story} {metric} - suppressed"))),
                Some(count) if metric != "media_id" => {
                    self.figures.insert(format!("{story} {metric} {count} -"));
                }
                _ => {}
            }
        }
        self.task("media", story, &change.account);
    }

    /// Comments as the database holds them, in the same form.
    pub(super) fn lines(&self, held: Vec<(String, Option<String>, Option<String>)>) -> BTreeSet<String> {
        let known = |value: Option<String>| value.unwrap_or_else(|| "?".to_owned());
        held.into_iter()
            .map(|(id, media, text)| line(&id, &known(media), &known(text), self.incomplete.contains(&id)))
            .collect()
    }

    fn task(&mut self, kind: &str, target: &str, account: &str) {
        self.tasks.insert(format!("{kind} {target} {account}"));
    }
}

/// Events as the database holds them (account, field, raw value), in the form of [`Expected::events`].
pub(super) fn events(held: &[(String, String, String)]) -> BTreeSet<String> {
    counted(held.iter().map(|(account, field, raw)| event_line(account, field, &plain(raw))).collect())
}

/// What a change says; nothing where it is a mere name.
fn value(change: &Change) -> Value {
    if change.shape == Shape::ChangedFields { Value::Null } else { plain(&change.value) }
}

fn event_line(account: &str, field: &str, value: &Value) -> String {
    format!("{account} {field} {value}")
}

/// Lines with the number of times they stand there: changes that differ in their time alone look alike.
fn counted(lines: Vec<String>) -> BTreeSet<String> {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for line in lines {
        *counts.entry(line).or_default() += 1;
    }
    counts.into_iter().map(|(line, count)| format!("{count} x {line}")).collect()
}

/// JSON with ids as text, whatever they were, and U+FFFD for half a surrogate pair.
fn plain(raw: &str) -> Value {
    let mut value = serde_json::from_str(&without_lone_surrogates(raw)).unwrap();
    ids_as_text(&mut value);
    value
}

fn ids_as_text(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if member.is_number() && (name == "id" || name.ends_with("_id")) {
                    *member = member.to_string().into();
                }
                ids_as_text(member);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(ids_as_text),
        _ => {}
    }
}

/// Replaces `\uD800` to `\uDFFF` where they make no pair.
fn without_lone_surrogates(raw: &str) -> String {
    let unit = |at: usize| {
        let digits = raw.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let (mut out, mut at) = (String::new(), 0);
    while let Some(char) = raw.get(at..).and_then(|rest| rest.chars().next()) {
        let (take, replace) = match unit(at) {
            Some(0xd800..=0xdbff) if matches!(unit(at + 6), Some(0xdc00..=0xdfff)) => (12, false),
            Some(0xd800..=0xdfff) => (6, true),
            // A backslash and what it escapes stay together: `\\ud800` is text.
            _ if char == '\\' => (2, false),
            _ => (char.len_utf8(), false),
        };
        out.push_str(if replace { "\\ufffd" } else { &raw[at..at + take] });
        at += take;
    }
    out
}

/// A comment's line. Of an incomplete one only the id can be foretold; what stands for the characters that no
/// table can hold is gone where the comment was read after its webhook.
fn line(id: &str, media: &str, text: &str, incomplete: bool) -> String {
    if incomplete { id.to_owned() } else { format!("{id} {media} {}", text.trim_end_matches('\u{fffd}')) }
}

/// SHA-256 of the lines in their order.
pub(super) fn digest(lines: &BTreeSet<String>) -> String {
    let mut hash = Sha256::new();
    for line in lines {
        hash.update(line.as_bytes());
        hash.update(b"\n");
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}
