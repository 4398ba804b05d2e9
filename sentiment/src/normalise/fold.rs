//! Folds one character to plain small letters: case, full-width and mathematical alphabets, accents.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Whether the character belongs to a word.
#[inline]
pub(super) fn is_word(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphanumeric();
    }
    character.is_alphanumeric() || is_combining_mark(character)
}

/// Characters that are not seen: joiners, direction marks, NUL, byte order marks. They end nothing.
#[inline]
pub(super) fn is_invisible(character: char) -> bool {
    matches!(character,
        '\0' | '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}')
}

/// Appends the folded character. A run of one character is kept up to three, so that a word of thousands
/// stays short.
#[inline]
pub(super) fn push(word: &mut String, character: char) {
    if character.is_ascii() {
        push_short(word, character.to_ascii_lowercase());
        return;
    }
    for part in std::iter::once(character).nfkd().filter(|part| !is_combining_mark(*part)) {
        for small in part.to_lowercase() {
            push_short(word, small);
        }
    }
}

/// The longest word that is looked at, in bytes.
const MAX_WORD: usize = 96;

fn push_short(word: &mut String, character: char) {
    if word.len() >= MAX_WORD {
        return;
    }
    let run = word.chars().rev().take(3).take_while(|before| *before == character).count();
    if run < 3 {
        word.push(character);
    }
}
