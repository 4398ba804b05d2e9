//! Bytes of strangers as text that a terminal may get.

/// Bytes as text in which no control character, and nothing that turns the reading direction, is left.
pub(super) fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for letter in chunk.valid().chars() {
            if letter == '"' || letter == '\'' {
                text.push(letter);
            } else {
                text.extend(letter.escape_debug());
            }
        }
        for byte in chunk.invalid() {
            text.extend(std::ascii::escape_default(*byte).map(char::from));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_payload_steers_the_terminal() {
        assert_eq!(escaped("{\"text\": \"é 😍\"}".as_bytes()), "{\"text\": \"é 😍\"}");
        assert_eq!(escaped(b"\x1b[2J\x07\n\xff\x00"), "\\u{1b}[2J\\u{7}\\n\\xff\\0");
        assert_eq!(escaped("\u{202e}gpj\u{200b}".as_bytes()), "\\u{202e}gpj\\u{200b}");
    }
}
