//! What several cards put into their cells.

use cekbrand_schema::Absence;

use crate::figure::Count;
use crate::pages::format;
use crate::pages::respond::Frame;
use crate::pages::table::Cell;
use crate::pages::words::{CardWords, Lang, absences};

/// So much of a caption.
const FIRST_WORDS: usize = 90;

/// A whole number in a cell.
pub(crate) fn count(lang: Lang, value: i64) -> Cell {
    Cell::number(format::short(lang, value as f64), value as f64)
        .with_title(format::whole(lang, value as f64))
}

/// A count, or a dash with its reason.
pub(crate) fn figure(lang: Lang, figure: &Count) -> Cell {
    figure.value.map_or_else(|| absent(lang, figure.absence), |value| count(lang, value))
}

/// A dash with its reason.
pub(crate) fn absent(lang: Lang, word: Option<&str>) -> Cell {
    let reason = word.and_then(|word| word.parse::<Absence>().ok());
    Cell::absent(reason.map_or(absences::never_read(lang), |reason| absences::absence(lang, reason)))
}

/// Its page; for whoever came by a link only a place on this one.
pub(crate) fn link(frame: &Frame, media: &str) -> String {
    if frame.reader.is_none() { "#posts".to_owned() } else { frame.view.to(&format!("/media/{media}")) }
}

/// What kind of medium it is, and the symbol for it.
pub(crate) fn kind(
    words: &CardWords,
    product: Option<&str>,
    kind: Option<&str>,
) -> (&'static str, &'static str) {
    match (product, kind) {
        (Some("REELS"), _) => (words.reel, "reel"),
        (Some("STORY"), _) => (words.story, "story"),
        (_, Some("CAROUSEL_ALBUM")) => (words.album, "album"),
        (_, Some("VIDEO")) => (words.video, "video"),
        (_, Some("IMAGE")) => (words.image, "image"),
        _ => (words.other, "other"),
    }
}

/// The beginning of a caption, on one line.
pub(crate) fn first_words(caption: Option<&str>, none: &str) -> String {
    let line = caption.unwrap_or("").split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() {
        return none.to_owned();
    }
    let mut words: String = line.chars().take(FIRST_WORDS).collect();
    if words.len() < line.len() {
        words.push('…');
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caption_is_cut_between_characters() {
        let long = "é".repeat(200);
        assert_eq!(first_words(Some(&long), "").chars().count(), FIRST_WORDS + 1);
        assert_eq!(first_words(Some(" a\n\n b "), "none"), "a b");
        assert_eq!(first_words(Some(" \n "), "none"), "none");
    }
}
