//! How a text that names somebody is known: by ids and names where it can be read, by long numbers where it
//! cannot.

use std::collections::BTreeSet;

use cekbrand_schema::value::Value;

/// Digits in a row that are taken for an id where a text cannot be read: Instagram's are longer, times and
/// counts are shorter.
pub(crate) const ID_DIGITS: usize = 12;

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
