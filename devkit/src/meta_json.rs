//! JSON text as Meta writes it: ASCII alone, with `\u` escapes, and every `/` as `\/`.

use std::fmt::Write as _;

/// Stands for a lone surrogate, which no Rust string can hold: [`as_meta_writes`] turns it into `\ud83d`.
pub const LONE_SURROGATE: char = '\u{E83D}';

/// Rewrites compact JSON the way Meta puts it on the wire.
pub fn as_meta_writes(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + json.len() / 4);
    for letter in json.chars() {
        match letter {
            '/' => out.push_str("\\/"),
            LONE_SURROGATE => out.push_str("\\ud83d"),
            _ if letter.is_ascii() => out.push(letter),
            _ => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    // Writing to a string cannot fail.
                    let _written = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_beyond_ascii_and_slashes_are_escaped() {
        assert_eq!(as_meta_writes(r#""é 😢 a/b""#), r#""\u00e9 \ud83d\ude22 a\/b""#);
        assert_eq!(as_meta_writes("\"x\u{E83D}\""), r#""x\ud83d""#);
    }

    #[test]
    fn it_stays_the_same_json() {
        let value = serde_json::json!({"teks": "harga \"berapa\" ya? 😅 1/2", "n": [1, null]});
        let read: serde_json::Value = serde_json::from_str(&as_meta_writes(&value.to_string())).unwrap();
        assert_eq!(read, value);
    }
}
