//! Emoji clusters and the emoticons of keyboards.

/// Whether an emoji starts here. Digits, `#` and `*` are left to keycaps nobody means as feeling.
#[inline]
pub(super) fn is_emoji(character: char) -> bool {
    !character.is_ascii()
        && matches!(u32::from(character),
            0x1F000..=0x1FAFF | 0x2600..=0x27BF | 0x2B00..=0x2BFF | 0x2190..=0x21FF | 0x2300..=0x23FF
            | 0x203C | 0x2049 | 0x3030 | 0x303D | 0x3297 | 0x3299 | 0x25A0..=0x25FF)
}

/// How many bytes the cluster that starts `text` has: modifiers, joiners and what they join belong to it.
pub(super) fn cluster_length(text: &str) -> usize {
    let mut characters = text.char_indices().peekable();
    let Some((_, first)) = characters.next() else { return 0 };
    let mut flag = is_regional(first);
    let mut joined = false;
    for (place, character) in characters {
        let belongs = match character {
            '\u{200D}'
            | '\u{FE0E}'
            | '\u{FE0F}'
            | '\u{20E3}'
            | '\u{1F3FB}'..='\u{1F3FF}'
            | '\u{E0020}'..='\u{E007F}' => true,
            _ if joined => is_emoji(character),
            _ if flag && is_regional(character) => {
                flag = false;
                true
            }
            _ => false,
        };
        if !belongs {
            return place;
        }
        joined = character == '\u{200D}';
    }
    text.len()
}

fn is_regional(character: char) -> bool {
    matches!(character, '\u{1F1E6}'..='\u{1F1FF}')
}

/// Emoticons, longest first where one begins another, and the emoji that says the same.
const EMOTICONS: [(&str, &str); 47] = [
    (":'-(", "😢"),
    (":'(", "😢"),
    (":')", "🥲"),
    (":-)", "🙂"),
    (":-(", "🙁"),
    (":-D", "😃"),
    (":-P", "😛"),
    (":-*", "😘"),
    (":-/", "😕"),
    (":-|", "😐"),
    (";-)", "😉"),
    (":))", "🙂"),
    (":((", "🙁"),
    (":)", "🙂"),
    (":(", "🙁"),
    (":D", "😃"),
    (":P", "😛"),
    (":p", "😛"),
    (":*", "😘"),
    (":/", "😕"),
    (":|", "😐"),
    (":O", "😮"),
    (":o", "😮"),
    (":3", "😺"),
    (";)", "😉"),
    (":]", "🙂"),
    (":[", "🙁"),
    ("=)", "🙂"),
    ("=(", "🙁"),
    ("=D", "😃"),
    ("<3", "❤"),
    ("</3", "💔"),
    ("xD", "😆"),
    ("XD", "😆"),
    ("^_^", "😊"),
    ("^^", "😊"),
    ("^-^", "😊"),
    ("-_-", "😑"),
    ("-.-", "😑"),
    ("T_T", "😭"),
    ("T.T", "😭"),
    (">_<", "😣"),
    (">.<", "😣"),
    (">:(", "😡"),
    ("D:", "😧"),
    ("(:", "🙂"),
    ("):", "🙁"),
];

/// The emoticon that starts `text`: its length in bytes and its emoji. `after_word` tells that a letter or
/// digit stands right before it, where only those of punctuation count.
#[inline]
pub(super) fn emoticon(text: &str, after_word: bool) -> Option<(usize, &'static str)> {
    let first = *text.as_bytes().first()?;
    if !matches!(
        first,
        b':' | b';' | b'=' | b'<' | b'x' | b'X' | b'^' | b'-' | b'T' | b'>' | b'D' | b'(' | b')'
    ) {
        return None;
    }
    let (typed, emoji) = EMOTICONS.iter().find(|(typed, _)| text.starts_with(typed))?;
    let letter_ends = typed.as_bytes().last().is_some_and(u8::is_ascii_alphanumeric);
    let runs_on =
        letter_ends && text[typed.len()..].starts_with(|next: char| next.is_alphanumeric() || next == '/');
    let starts_with_letter = first.is_ascii_alphabetic();
    // `http://` and `jam 10:30` are no faces.
    if runs_on || (after_word && (starts_with_letter || first == b'-')) || text.starts_with("://") {
        return None;
    }
    Some((typed.len(), emoji))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_joined_cluster_ends_where_the_next_emoji_starts() {
        let family = "👨‍👩‍👧";
        assert_eq!(cluster_length(&format!("{family}😍")), family.len());
        assert_eq!(cluster_length("🇮🇩🇮🇩"), "🇮🇩".len());
        assert_eq!(cluster_length("❤️x"), "❤️".len());
    }

    #[test]
    fn addresses_and_times_are_no_faces() {
        assert_eq!(emoticon("://toko.id", true), None);
        assert_eq!(emoticon(":30", true), None);
        assert_eq!(emoticon(":(( kecewa", true), Some((3, "🙁")));
        assert_eq!(emoticon("xDua", false), None);
    }
}
