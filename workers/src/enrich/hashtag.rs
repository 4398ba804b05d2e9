//! Hashtags of a caption, as Instagram links them.

/// The longest hashtag that Instagram is known to link, in characters. What is longer is mostly a sentence in a script without spaces; it
/// would also not fit into the indexes that hashtags are counted by.
const LONGEST: usize = 100;

/// The caption's hashtags in lower case, without `#`, each once, in the order of their first appearance.
///
/// A hashtag starts at a `#` that does not follow a letter, digit or underscore, and is made of letters, digits, marks and underscores, not of
/// digits alone. One of more than 100 characters is text.
pub fn of(caption: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut previous = ' ';
    for (at, letter) in caption.char_indices() {
        let starts = matches!(letter, '#' | '\u{ff03}') && !is_part(previous);
        previous = letter;
        if !starts {
            continue;
        }
        let rest = &caption[at + letter.len_utf8()..];
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        if rest[..end].chars().count() > LONGEST {
            continue;
        }
        let hashtag = rest[..end].to_lowercase();
        if hashtag.chars().any(|c| !c.is_numeric()) && !found.contains(&hashtag) {
            found.push(hashtag);
        }
    }
    found
}

fn is_part(letter: char) -> bool {
    // Vowel signs of Thai, Devanagari and others, and the joiners inside some emoji, belong to the word; `is_alphanumeric` knows the signs.
    letter.is_alphanumeric() || letter == '_' || ('\u{300}'..='\u{36f}').contains(&letter)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hashtags_are_found_where_instagram_links_them() {
        for (caption, hashtags) in [
            ("New #Batik, #batik and #kopi_susu!", vec!["batik", "kopi_susu"]),
            ("#a#b ##c", vec!["a", "c"]),
            ("mail#not-this #2026 #year2026", vec!["year2026"]),
            ("#日本 #กาแฟ #café. # alone #", vec!["日本", "กาแฟ", "café"]),
            ("none", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(of(caption), hashtags, "{caption}");
        }
    }

    #[test]
    fn a_sentence_without_spaces_is_no_hashtag() {
        let (longest, sentence) = ("語".repeat(100), "語".repeat(101));
        assert_eq!(of(&format!("#{longest} #{sentence} #kopi")), [longest, "kopi".to_owned()]);
    }

    proptest! {
        #[test]
        fn a_hashtag_is_never_empty_nor_twice(caption in any::<String>()) {
            let hashtags = of(&caption);
            prop_assert!(hashtags.iter().all(|hashtag| !hashtag.is_empty()));
            let distinct: std::collections::BTreeSet<_> = hashtags.iter().collect();
            prop_assert_eq!(distinct.len(), hashtags.len());
        }
    }
}
