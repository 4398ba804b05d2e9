//! Cuts a comment into words, emoji, mentions, links and punctuation.

use super::token::{Normalised, Stretch, TokenKind};
use super::{emoji, fold, spelling};
use crate::lexicon::Lexicon;

/// Fills `out` with the tokens of the text.
pub(super) fn split(text: &str, lexicon: &Lexicon, out: &mut Normalised) {
    let mut place = 0;
    let mut after_word = false;
    while let Some(character) = text[place..].chars().next() {
        let rest = &text[place..];
        let length = if let Some((length, kind)) = address(rest, character) {
            out.push(kind, "", None, Stretch::at(place, length));
            length
        } else if let Some((length, face)) = emoji::emoticon(rest, after_word) {
            push_emoji(face, lexicon, out, Stretch::at(place, length));
            length
        } else if fold::is_word(character) {
            let length = word_length(rest);
            spelling::push_word(rest, length, place, lexicon, out);
            length
        } else if emoji::is_emoji(character) {
            let length = emoji::cluster_length(rest);
            push_emoji(&rest[..character.len_utf8()], lexicon, out, Stretch::at(place, length));
            length
        } else {
            punctuation(rest, character, place, out)
        };
        after_word = fold::is_word(character);
        place += length.max(character.len_utf8());
    }
}

/// A mention or a link that starts `rest`, with its length.
#[inline]
fn address(rest: &str, first: char) -> Option<(usize, TokenKind)> {
    let (kind, length) = match first {
        '@' => {
            let name = |next: char| !(next.is_alphanumeric() || next == '_' || next == '.');
            (TokenKind::Mention, 1 + rest[1..].find(name).unwrap_or(rest.len() - 1))
        }
        'h' | 'H' | 'w' | 'W' => {
            let head = rest.as_bytes();
            let is_link = [&b"http://"[..], b"https://", b"www."].iter().any(|scheme| {
                head.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
            });
            (TokenKind::Link, if is_link { rest.find(char::is_whitespace).unwrap_or(rest.len()) } else { 0 })
        }
        _ => return None,
    };
    (length > 1).then_some((length, kind))
}

fn push_emoji(face: &str, lexicon: &Lexicon, out: &mut Normalised, source: Stretch) {
    let entry = lexicon.find(face).map(|(number, _)| number);
    out.push(TokenKind::Emoji, face, entry, source);
}

/// The bytes of the word that starts `rest`; an apostrophe or hyphen between letters, and unseen characters,
/// belong to it.
fn word_length(rest: &str) -> usize {
    let mut end = 0;
    let mut characters = rest.char_indices().peekable();
    while let Some((place, character)) = characters.next() {
        let joins = matches!(character, '\'' | '’' | '-' | '‑') || fold::is_invisible(character);
        let goes_on = if joins {
            characters.peek().is_some_and(|(_, next)| fold::is_word(*next))
        } else {
            fold::is_word(character)
        };
        if !goes_on {
            break;
        }
        end = place + character.len_utf8();
    }
    end
}

/// Reads a run of one punctuation mark and tells its length.
fn punctuation(rest: &str, first: char, place: usize, out: &mut Normalised) -> usize {
    let kind = match first {
        '?' | '？' | '؟' => TokenKind::Question,
        '!' | '！' => TokenKind::Exclamation,
        '.' | ',' | ';' | ':' | '\n' | '(' | ')' | '…' | '|' | '،' | '。' => TokenKind::Stop,
        _ => return first.len_utf8(),
    };
    let length = rest.find(|next| next != first).unwrap_or(rest.len());
    out.push(kind, "", None, Stretch::at(place, length));
    length
}
