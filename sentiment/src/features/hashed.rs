//! Words, word pairs, negated words and crude stems; characters of each word in windows of two to five.

use super::sink::{Group, Sink};
use crate::hash;
use crate::normalise::{Normalised, Reading, Token, TokenKind};

/// What goes first into the hash, so that a pair never looks like a word.
#[derive(Clone, Copy)]
enum Kind {
    Word = 1,
    Negated,
    Pair,
    AfterContrast,
    Stem,
    Window,
    Asked,
    Reported,
}

const LONGEST_WINDOW: usize = 5;
/// Characters of a word that are looked at in windows.
const WINDOW_REACH: usize = 24;

pub(super) fn extract(comment: &Normalised, sink: &mut impl Sink) {
    let mut before = edge();
    for (place, token) in comment.tokens().iter().enumerate() {
        if token.kind == TokenKind::Stop {
            before = edge();
            continue;
        }
        if token.in_phrase && token.reading.is_whole() {
            continue;
        }
        let form = form(comment, token);
        let kind = match token.reading {
            Reading::Asked => Kind::Asked,
            Reading::Reported => Kind::Reported,
            _ if token.negated => Kind::Negated,
            _ => Kind::Word,
        };
        sink.add(Group::Word, of_kind(kind, form), place);
        sink.add(Group::Word, hash::finish(hash::mix(hash::mix(Kind::Pair as u64, before), form)), place);
        if token.after_contrast {
            sink.add(Group::Word, of_kind(Kind::AfterContrast, form), place);
        }
        before = form;
        if token.kind == TokenKind::Word && token.reading == Reading::Plain {
            let text = comment.text(token);
            if let Some(stem) = stem(text) {
                sink.add(Group::Word, of_kind(Kind::Stem, hash::bytes(1, stem.as_bytes())), place);
            }
            windows(text, place, sink);
        }
    }
}

/// What stands for the token in every hash. Idioms, and swear words that strengthen, stand for what they do:
/// one teaches of all.
fn form(comment: &Normalised, token: &Token) -> u64 {
    match token.kind {
        TokenKind::Word if token.reading.is_whole() => hash::bytes(4, &[token.reading as u8]),
        TokenKind::Word | TokenKind::Emoji => hash::bytes(1, comment.text(token).as_bytes()),
        kind => hash::bytes(2, &[kind as u8]),
    }
}

fn edge() -> u64 {
    hash::bytes(3, b"edge")
}

fn of_kind(kind: Kind, form: u64) -> u64 {
    hash::finish(hash::mix(kind as u64, form))
}

/// All windows of two to five characters of the word between its two edges.
fn windows(word: &str, place: usize, sink: &mut impl Sink) {
    let mut characters = [0_u32; WINDOW_REACH + 2];
    let mut length = 1;
    characters[0] = u32::from('<');
    for character in word.chars().take(WINDOW_REACH) {
        characters[length] = u32::from(character);
        length += 1;
    }
    characters[length] = u32::from('>');
    length += 1;
    for first in 0..length {
        let mut state = Kind::Window as u64;
        for (size, character) in characters[first..length].iter().take(LONGEST_WINDOW).enumerate() {
            state = hash::mix(state, u64::from(*character));
            if size > 0 {
                sink.add(Group::Char, hash::finish(state), place);
            }
        }
    }
}

const PREFIXES: [&str; 15] =
    ["meng", "meny", "mem", "men", "peng", "peny", "pem", "pen", "ber", "ter", "me", "pe", "di", "ke", "se"];
const SUFFIXES: [&str; 4] = ["kan", "an", "in", "i"];

/// The word without one prefix and one suffix, if at least four letters are left. Crude on purpose: a wrong
/// stem is wrong everywhere alike, and the trainer weighs it so.
fn stem(word: &str) -> Option<&str> {
    let without_prefix = PREFIXES
        .iter()
        .find_map(|prefix| word.strip_prefix(prefix).filter(|rest| rest.len() > 3))
        .unwrap_or(word);
    let stem = SUFFIXES
        .iter()
        .find_map(|suffix| without_prefix.strip_suffix(suffix).filter(|rest| rest.len() > 3))
        .unwrap_or(without_prefix);
    (stem.len() < word.len()).then_some(stem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::GROUPS;

    #[test]
    fn one_prefix_and_one_suffix_come_off() {
        assert_eq!(stem("mengecewakan"), Some("ecewa"));
        assert_eq!(stem("pelayanan"), Some("layan"));
        assert_eq!(stem("enak"), None);
    }

    struct Count([usize; GROUPS]);

    impl Sink for Count {
        fn add(&mut self, group: Group, _: u64, _: usize) {
            self.0[group as usize] += 1;
        }
    }

    #[test]
    fn a_long_word_has_a_bounded_number_of_windows() {
        let mut count = Count([0; GROUPS]);
        windows(&"ab".repeat(1000), 0, &mut count);
        assert_eq!(count.0[Group::Char as usize], (WINDOW_REACH + 2 - 1) + 24 + 23 + 22);
    }
}
