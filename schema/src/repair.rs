//! Text that strangers escaped wrongly: half of a surrogate pair becomes U+FFFD.

/// Replaces every `\uD800`..`\uDFFF` escape that is not half of a pair by `\uFFFD`, in JSON text. All else
/// stays byte by byte.
pub fn repair_surrogates(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (text, length) = match (surrogate(rest), surrogate(rest.get(6..).unwrap_or(""))) {
            (Some(Half::High), Some(Half::Low)) => (&rest[..12], 12),
            (Some(_), _) => ("\\uFFFD", 6),
            (None, _) => {
                let length = 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
                (&rest[..length], length)
            }
        };
        out.push_str(text);
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}

#[derive(Debug, PartialEq)]
enum Half {
    High,
    Low,
}

/// Which half of a pair the escape at the start of `text` is, if it is one.
fn surrogate(text: &str) -> Option<Half> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    match u16::from_str_radix(digits, 16).ok()? {
        0xd800..0xdc00 => Some(Half::High),
        0xdc00..0xe000 => Some(Half::Low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lone_halves_are_replaced_and_pairs_stay() {
        let cases = [
            (r#""\ud83d\ude0d""#, r#""\ud83d\ude0d""#),
            (r#""\ud83dx""#, r#""\uFFFDx""#),
            (r#""\ude0d\ud83d""#, r#""\uFFFD\uFFFD""#),
            (r#""\ud83d\ud83d\ude0d""#, r#""\uFFFD\ud83d\ude0d""#),
            (r#""\\ud83d""#, r#""\\ud83d""#),
            (r#""\u00e9\n\é""#, r#""\u00e9\n\é""#),
            ("\\", "\\"),
        ];
        for (given, expected) in cases {
            assert_eq!(repair_surrogates(given), expected);
        }
    }

    proptest! {
        #[test]
        fn any_sequence_of_escapes_can_be_read_afterwards(units in prop::collection::vec(0xd7f0u16..=0xe00f, 0..12)) {
            let escapes: Vec<String> = units.iter().map(|u| format!("\\u{u:04x}")).collect();
            let repaired = repair_surrogates(&format!("\"{}\"", escapes.concat()));
            prop_assert!(serde_json::from_str::<String>(&repaired).is_ok());
        }
    }
}
