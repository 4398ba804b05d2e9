//! Whom and what a request is about, and how the database finds what mentions it.

use std::collections::BTreeSet;

use crate::suppress::mention::ID_DIGITS;

/// Everything that is to be forgotten.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subjects {
    /// The id that Meta sent, and every other by which the same account or person is known.
    pub ids: BTreeSet<String>,
    /// Their names.
    pub usernames: BTreeSet<String>,
    /// Their media.
    pub media: Vec<String>,
    /// Their comments, and all comments under their media.
    pub comments: Vec<String>,
}

impl Subjects {
    /// A regular expression of PostgreSQL for JSON text that names one of them as an id or by name.
    pub fn in_json(&self) -> String {
        let ids = alternatives(&self.ids);
        let by_id = format!(r#""(?:id|[a-z_]+_id)"\s*:\s*"?(?:{ids})(?:"|[^0-9A-Za-z_])"#);
        if self.usernames.is_empty() {
            return by_id;
        }
        let names = alternatives(&self.usernames);
        format!(r#"{by_id}|"username"\s*:\s*"(?:{names})""#)
    }

    /// A regular expression of PostgreSQL for the request of a Graph read that names one of them.
    pub fn in_request(&self) -> String {
        let ids = alternatives(&self.ids);
        let by_id = format!(r"(^|[^0-9A-Za-z_])(?:{ids})($|[^0-9A-Za-z_])");
        if self.usernames.is_empty() {
            return by_id;
        }
        format!(r"{by_id}|username\((?:{})\)", alternatives(&self.usernames))
    }

    /// The same for bytes that nobody could read.
    pub fn in_bytes(&self) -> Vec<Vec<u8>> {
        let ids = self.ids.iter().filter(|id| id.len() >= ID_DIGITS / 2);
        let names = self.usernames.iter().map(|name| format!("\"{name}\""));
        ids.cloned().chain(names).map(String::into_bytes).collect()
    }
}

fn alternatives(words: &BTreeSet<String>) -> String {
    let escaped = words.iter().map(|word| {
        let escape = |c: char| if c.is_alphanumeric() { c.to_string() } else { format!("\\{c}") };
        word.chars().map(escape).collect::<String>()
    });
    escaped.collect::<Vec<_>>().join("|")
}

/// As the database takes them.
pub(super) fn list(words: &BTreeSet<String>) -> Vec<String> {
    words.iter().cloned().collect()
}
