//! What reaches beyond one word: phrases, the scope of negation, the part after a contrast.

use super::token::{Normalised, Reading, Token, TokenKind};
use crate::lexicon::{Lexicon, Role};

/// How many words a negator turns.
const REACH: usize = 3;
/// The longest phrase of the lexicon, in words.
const LONGEST_PHRASE: usize = 4;
/// From here on, in tenths, an idiom praises or blames by itself; a weaker one strengthens what is beside it.
const DECIDING: i8 = 20;
const BLAMING: i8 = -DECIDING;
/// After these a negator adds instead of turning: `bukan cuma enak`, `not only`.
const ADDING: [&str; 7] = ["hanya", "cuma", "sekadar", "sekedar", "only", "just", "lebih"];

/// Gives the first word of each phrase the phrase's entry and silences the rest; the longest phrase wins.
pub(super) fn join_phrases(out: &mut Normalised, lexicon: &Lexicon) {
    let mut phrase = std::mem::take(&mut out.scratch);
    let mut first = 0;
    while first < out.tokens.len() {
        let opens = out.tokens[first].entry.is_some_and(|number| lexicon.entry(number).opens_phrase);
        let found = if opens { longest_phrase(out, first, &mut phrase, lexicon) } else { None };
        if let Some((length, number)) = found {
            out.tokens[first].entry = Some(number);
            out.tokens[first + 1..first + length].iter_mut().for_each(|token| token.in_phrase = true);
            let entry = lexicon.entry(number);
            if entry.role == Role::Idiom {
                read_idiom(&mut out.tokens[first..first + length], entry.own.unwrap_or(0));
            }
            first += length;
        } else {
            first += 1;
        }
    }
    out.scratch = phrase;
}

/// An idiom is read whole, and its negator turns nothing.
fn read_idiom(tokens: &mut [Token], polarity: i8) {
    let reading = match polarity {
        DECIDING.. => Reading::Praising,
        ..=BLAMING => Reading::Blaming,
        _ => Reading::Strengthening,
    };
    for token in tokens {
        (token.reading, token.negates) = (reading, false);
    }
}

fn longest_phrase(
    out: &Normalised,
    first: usize,
    phrase: &mut String,
    lexicon: &Lexicon,
) -> Option<(usize, u32)> {
    phrase.clear();
    let mut found = None;
    for (length, token) in out.tokens[first..].iter().take(LONGEST_PHRASE).enumerate() {
        if token.kind != TokenKind::Word {
            break;
        }
        if length > 0 {
            phrase.push(' ');
        }
        phrase.push_str(out.text(token));
        if length > 0
            && let Some((number, _)) = lexicon.find(phrase)
        {
            found = Some((length + 1, number));
        }
    }
    found
}

/// Finds the negators, before phrases hide them, and tells whether there is any.
pub(super) fn find_negators(out: &mut Normalised, lexicon: &Lexicon) -> bool {
    let mut any = false;
    for place in 0..out.tokens.len() {
        let token = out.tokens[place];
        let is_negator = token.kind == TokenKind::Word
            && out.entry(&token, lexicon).is_some_and(|entry| entry.role == Role::Negator)
            && !adds(out, place);
        out.tokens[place].negates = is_negator;
        any |= is_negator;
    }
    any
}

/// Marks what negators turn: the next few words of the clause, up to a contrast.
pub(super) fn mark_negation(out: &mut Normalised, lexicon: &Lexicon) {
    let mut reach = 0;
    for place in 0..out.tokens.len() {
        let token = out.tokens[place];
        if token.kind != TokenKind::Word || is_contrast(out, &token, lexicon) {
            reach = 0;
        } else if token.negates {
            reach = REACH;
        } else if reach > 0 {
            out.tokens[place].negated = true;
            reach -= 1;
        }
    }
}

/// Marks what stands after the last contrast word.
pub(super) fn mark_contrast(out: &mut Normalised, lexicon: &Lexicon) {
    if let Some(place) = out.tokens.iter().rposition(|token| is_contrast(out, token, lexicon)) {
        out.tokens[place..].iter_mut().for_each(|token| token.after_contrast = true);
    }
}

/// Whether the token is a contrast word.
pub(super) fn is_contrast(out: &Normalised, token: &Token, lexicon: &Lexicon) -> bool {
    out.entry(token, lexicon).is_some_and(|entry| entry.role == Role::Contrast)
}

fn adds(out: &Normalised, negator: usize) -> bool {
    out.tokens.get(negator + 1).is_some_and(|next| ADDING.contains(&out.text(next)))
}
