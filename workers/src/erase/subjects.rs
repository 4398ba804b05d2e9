//! Whom and what a request is about, and how a text that mentions it is known.

use std::collections::BTreeSet;

use cekbrand_schema::value::Value;

/// Digits in a row that are taken for an id where a text cannot be read: Instagram's are longer, times and
/// counts are shorter.
const ID_DIGITS: usize = 12;

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

/// A name as it is suppressed: no id begins like that.
pub fn name(username: &str) -> String {
    format!("@{username}")
}

/// The ids and names in a JSON text; of a text that is none, its long numbers.
pub fn mentioned(json: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    match Value::read_repaired(json) {
        Some(value) => collect(&value, &mut found),
        None => found.extend(long_numbers(json.as_bytes())),
    }
    found
}

fn collect(value: &Value<'_>, found: &mut BTreeSet<String>) {
    if let Value::Array(items) = value {
        for item in items {
            collect(item, found);
        }
    }
    for (key, member) in value.members() {
        if key == "id" || key.ends_with("_id") {
            found.extend(member.id().map(String::from));
        } else if key == "username" {
            found.extend(member.text().map(|username| name(&username)));
        }
        collect(member, found);
    }
}

/// The numbers in bytes that are long enough for an id.
pub fn long_numbers(bytes: &[u8]) -> BTreeSet<String> {
    let numbers = bytes.split(|byte| !byte.is_ascii_digit()).filter(|digits| digits.len() >= ID_DIGITS);
    numbers.map(|digits| String::from_utf8_lossy(digits).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_names_are_found_wherever_they_stand() {
        let json = r#"{"id":"1","from":{"id":7412,"username":"sari","self_ig_scoped_id":"9"},
            "media":[{"media_id":"m"}],
            "text":"178414000000001234","like_count":5}"#;
        let found: Vec<_> = mentioned(json).into_iter().collect();
        assert_eq!(found, ["1", "7412", "9", "@sari", "m"]);
        assert_eq!(mentioned("{\"id\": 17841400000000001").len(), 1, "what is no JSON still has its numbers");
        assert_eq!(mentioned("1763700000"), BTreeSet::new(), "a time is no id");
    }
}
