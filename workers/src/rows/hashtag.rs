//! Hashtags of a caption, as Instagram links them.
//!
//! A hashtag is made of letters, marks, digits, underscores and emoji, read by grapheme clusters, so that a
//! vowel sign, a tone mark, a skin tone or a joined family stays with what it belongs to.

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{
    EmojiStatus, GeneralCategory, GeneralCategoryGroup, UnicodeEmoji, UnicodeGeneralCategory,
};
use unicode_segmentation::UnicodeSegmentation;

/// The longest hashtag that Instagram is known to link, in characters. What is longer is mostly a sentence in
/// a script without spaces; it would also not fit into the indexes that hashtags are counted by.
const LONGEST: usize = 100;

/// Joiners: they shape the letters or emoji around them, and say nothing at an end.
const JOINERS: [char; 2] = ['\u{200c}', '\u{200d}'];

/// A hashtag of a caption, without its `#`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hashtag {
    /// As the caption shows it.
    pub shown: String,
    /// As hashtags are compared, stored and counted: composed, and with case folded.
    pub compared: String,
}

/// The caption's hashtags as they are compared, each once, in the order of their first appearance.
pub fn of(caption: &str) -> Vec<String> {
    found(caption).into_iter().map(|hashtag| hashtag.compared).collect()
}

/// The caption's hashtags, each once, in the order of their first appearance.
///
/// A hashtag starts at a `#`, or its full-width form, that does not follow a letter, digit, mark or
/// underscore and does not stand in a URL. One of digits alone, or of more than 100 characters, is text. A
/// middle dot belongs to it between two `l`, as Catalan writes it.
pub fn found(caption: &str) -> Vec<Hashtag> {
    let clusters: Vec<(usize, &str)> = caption.grapheme_indices(true).collect();
    let mut hashtags: Vec<Hashtag> = Vec::new();
    let mut at = 0;
    while at < clusters.len() {
        let (place, sign) = clusters[at];
        at += 1;
        let follows_word = at >= 2 && is_word(clusters[at - 2].1);
        if !matches!(sign, "#" | "\u{ff03}") || follows_word || is_in_url(&caption[..place]) {
            continue;
        }
        let start = at;
        while at < clusters.len() && is_part(&clusters, at, start) {
            at += 1;
        }
        let from = place + sign.len();
        let to = clusters.get(at).map_or(caption.len(), |(place, _)| *place);
        let shown = caption[from..to].trim_end_matches(JOINERS);
        if is_hashtag(shown) {
            let compared = compared(shown);
            if !hashtags.iter().any(|held| held.compared == compared) {
                hashtags.push(Hashtag { shown: shown.to_owned(), compared });
            }
        }
    }
    hashtags
}

/// Composed canonically and with case folded in full, so that two ways of writing one hashtag are equal.
fn compared(shown: &str) -> String {
    caseless::default_case_fold_str(&shown.nfd().collect::<String>()).nfc().collect()
}

fn is_hashtag(shown: &str) -> bool {
    let is_digits = |cluster: &str| cluster.chars().all(is_digit);
    !shown.graphemes(true).all(is_digits) && shown.chars().count() <= LONGEST
}

fn is_digit(letter: char) -> bool {
    letter.general_category_group() == GeneralCategoryGroup::Number
}

fn is_part(clusters: &[(usize, &str)], at: usize, start: usize) -> bool {
    let cluster = clusters[at].1;
    if cluster != "\u{b7}" {
        return is_word(cluster) || is_emoji(cluster);
    }
    let is_l = |at: usize| clusters.get(at).is_some_and(|(_, cluster)| matches!(*cluster, "l" | "L"));
    at > start && is_l(at - 1) && is_l(at + 1)
}

/// Whether the cluster is a letter, a digit or an underscore, with its marks; or a mark or joiner by itself.
fn is_word(cluster: &str) -> bool {
    cluster.chars().all(|letter| {
        let is_letter = matches!(
            letter.general_category_group(),
            GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark
        );
        let is_digit = matches!(
            letter.general_category(),
            GeneralCategory::DecimalNumber | GeneralCategory::LetterNumber
        );
        is_letter || is_digit || letter == '_' || JOINERS.contains(&letter)
    })
}

/// Whether the cluster is shown as an emoji, or is one in all but colour.
fn is_emoji(cluster: &str) -> bool {
    let mut letters = cluster.chars();
    let Some(first) = letters.next() else { return false };
    match letters.next() {
        Some('\u{fe0f}') => return first.is_emoji_char(),
        Some('\u{fe0e}') => return false,
        _ => {}
    }
    // A sign that is text by default, such as a trade mark or two exclamation marks, has to ask for its
    // colours.
    let is_sign = matches!(first, '\u{a9}' | '\u{ae}' | '\u{2122}')
        || first.general_category_group() == GeneralCategoryGroup::Punctuation;
    first.is_emoji_char() && !is_sign && first.emoji_status() != EmojiStatus::EmojiOtherAndEmojiComponent
}

/// Whether text that goes on directly behind this stands in a URL: `scheme://`, `www.`, or a domain with a
/// path.
fn is_in_url(before: &str) -> bool {
    let run_start = before.rfind(|c: char| c.is_whitespace() || !c.is_ascii());
    let run = run_start.map_or(before, |place| before[place..].trim_start_matches(|c: char| !c.is_ascii()));
    let run = run.trim_start().to_ascii_lowercase();
    if run.contains("://") || run.contains("www.") {
        return true;
    }
    let Some((domain, _path)) = run.split_once('/') else { return false };
    let domain = domain.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '.').next();
    let labels: Vec<&str> = domain.unwrap_or_default().split('.').collect();
    labels.len() >= 2
        && labels.iter().all(|label| !label.is_empty())
        && labels
            .last()
            .is_some_and(|top| top.len() >= 2 && top.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(cases: &[(&str, &[&str])]) {
        for (caption, hashtags) in cases {
            assert_eq!(of(caption), *hashtags, "{caption}");
        }
    }

    #[test]
    fn hashtags_are_found_where_instagram_links_them() {
        check(&[
            ("New #Batik, #batik and #kopi_susu!", &["batik", "kopi_susu"]),
            ("#a#b ##c", &["a", "c"]),
            ("mail#not-this #2026 #year2026 #٢٠٢٦ #2_0", &["year2026", "2_0"]),
            ("\u{ff03}Kopi (#teh) \"#susu\" 😍#gula", &["kopi", "teh", "susu", "gula"]),
            ("#日本 #กาแฟ. # alone #", &["日本", "กาแฟ"]),
            ("none", &[]),
            ("", &[]),
        ]);
    }

    #[test]
    fn marks_belong_to_the_letters_they_stand_on() {
        check(&[
            ("Buka #ร้านกาแฟ hari ini", &["ร้านกาแฟ"]),
            ("Kelas #हिन्दी", &["हिन्दी"]),
            ("#தமிழ் #kopi", &["தமிழ்", "kopi"]),
            ("#ꦄꦏ꧀ꦱꦫ Jawa", &["ꦄꦏ꧀ꦱꦫ"]),
            ("#မြန်မာ #ភាសាខ្មែរ #ᮞᮥᮔ᮪ᮓ.", &["မြန်မာ", "ភាសាខ្មែរ", "ᮞᮥᮔ᮪ᮓ"]),
            ("#العربيّة، #עִבְרִית", &["العربيّة", "עִבְרִית"]),
        ]);
    }

    #[test]
    fn two_spellings_of_one_hashtag_are_one() {
        check(&[
            ("#cafe\u{301} dan #café #CAFÉ", &["caf\u{e9}"]),
            ("#黒髪ロンク\u{3099} baru #黒髪ロング", &["黒髪ロン\u{30b0}"]),
            ("#Straße #STRASSE", &["strasse"]),
            ("#ΟΔΟΣ #οδος", &["οδοσ"]),
            ("#ışık", &["ışık"]),
        ]);
    }

    #[test]
    fn emoji_belong_to_a_hashtag_whole() {
        check(&[
            ("Pagi #kopi☕ enak", &["kopi☕"]),
            ("#😍 #cinta❤️ #cinta❤", &["😍", "cinta❤\u{fe0f}", "cinta❤"]),
            ("#👨‍👩‍👧 #hijau🌿daun, #kopi!", &["👨\u{200d}👩\u{200d}👧", "hijau🌿daun", "kopi"]),
            ("#👋🏽Halo🌏 #merdeka🇮🇩! #🏴󠁧󠁢󠁳󠁣󠁴󠁿", &["👋🏽halo🌏", "merdeka🇮🇩", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"]),
            ("#kopi☕#teh #no1️⃣", &["kopi☕", "teh", "no1\u{fe0f}\u{20e3}"]),
            ("#merek™ #hak© #diskon‼ #kopi☕\u{fe0e}", &["merek", "hak", "diskon", "kopi"]),
        ]);
    }

    #[test]
    fn joiners_and_the_catalan_dot_are_inside_but_never_at_an_end() {
        check(&[
            ("#نمی\u{200c}خواهم #kopi\u{200d} #teh\u{200c}.", &["نمی\u{200c}خواهم", "kopi", "teh"]),
            ("#क्\u{200d}ष #\u{200d}", &["क्\u{200d}ष"]),
            ("#col·lecció nova #COL·LECCIÓ", &["col·lecció"]),
            ("#kopi·teh #pal· #·x", &["kopi", "pal"]),
        ]);
    }

    #[test]
    fn a_number_sign_inside_a_url_or_a_keycap_starts_none() {
        check(&[
            ("https://toko.example/#kopi #teh", &["teh"]),
            ("(HTTP://toko.example/?a=b&c=#kopi) www.toko.example/#x toko.example/menu/#y", &[]),
            ("サイト:https://toko.example/#kopi", &[]),
            ("https://toko.example #kopi kopi/#teh", &["kopi", "teh"]),
            ("#️⃣1 #️⃣kopi", &[]),
        ]);
    }

    #[test]
    fn what_a_caption_shows_is_kept() {
        let hashtags = found("#KopiSusu☕ #kopisusu☕ #cafe\u{301}");
        let shown: Vec<_> = hashtags.iter().map(|hashtag| hashtag.shown.as_str()).collect();
        assert_eq!(shown, ["KopiSusu☕", "cafe\u{301}"]);
    }

    #[test]
    fn a_sentence_without_spaces_is_no_hashtag() {
        let (longest, sentence) = ("語".repeat(100), "語".repeat(101));
        assert_eq!(of(&format!("#{longest} #{sentence} #kopi")), [longest, "kopi".to_owned()]);
    }

    proptest! {
        #[test]
        fn a_hashtag_is_never_empty_nor_twice_and_can_be_listed_with_spaces(caption in r"([#\PC]|[a-zé\u{301} #·❤️👨‍👩]){0,40}") {
            let hashtags = of(&caption);
            let distinct: std::collections::BTreeSet<_> = hashtags.iter().collect();
            prop_assert_eq!(distinct.len(), hashtags.len());
            for hashtag in hashtags {
                prop_assert!(!hashtag.is_empty());
                prop_assert!(!hashtag.contains(|c: char| c.is_whitespace() || matches!(c, '#' | ',')));
                prop_assert!(!hashtag.starts_with(JOINERS) && !hashtag.ends_with(JOINERS));
                // Compared once is compared for good, and found again where it stands alone.
                prop_assert_eq!(of(&format!("#{hashtag}")), vec![hashtag]);
            }
        }
    }
}
