//! Negators that turn nothing: `siapa sih yang ga suka`, `ga pernah seenak ini`, `ga bisa ga beli`.

use super::token::{Normalised, Reading, Token, TokenKind};
use crate::lexicon::Lexicon;

/// Questions that need no answer open so.
const OPENERS: [&str; 5] = ["siapa", "bagaimana", "gimana", "mana", "who"];
/// What may stand between such an opener and its negator.
const BETWEEN: [&str; 7] = ["sih", "yang", "coba", "bisa", "mungkin", "juga", "emang"];
/// `ga pernah seenak ini`, `never been so happy`: what may stand between the negator and what it strengthens.
const EVER: [&str; 6] = ["pernah", "been", "felt", "had", "seen", "tasted"];
const SO: [&str; 4] = ["so", "this", "such", "more"];

/// Takes their force from negators that strengthen or only ask for agreement.
pub(super) fn mark(out: &mut Normalised, lexicon: &Lexicon) {
    for place in 0..out.tokens.len() {
        if !out.tokens[place].negates {
            continue;
        }
        if strengthens(out, place, lexicon) {
            read_as_one(&mut out.tokens[place..=place + 1]);
        } else if let Some(opener) = opener(out, place) {
            read_as_one(&mut out.tokens[opener..=place]);
        } else if is_double(out, place) {
            read_as_one(&mut out.tokens[place..=place + 2]);
        }
    }
}

/// The tokens strengthen what follows, as one.
fn read_as_one(tokens: &mut [Token]) {
    for (place, token) in tokens.iter_mut().enumerate() {
        (token.negates, token.reading, token.in_phrase) = (false, Reading::Strengthening, place > 0);
    }
}

/// `ga bisa ga ...` is a must.
fn is_double(out: &Normalised, negator: usize) -> bool {
    word(out, negator + 1) == Some("bisa") && out.tokens.get(negator + 2).is_some_and(|token| token.negates)
}

/// `ga pernah se...`, where `se...` is a degree of a known word, or `never been so ...`.
fn strengthens(out: &Normalised, negator: usize, lexicon: &Lexicon) -> bool {
    if !word(out, negator + 1).is_some_and(|word| EVER.contains(&word)) {
        return false;
    }
    let degree = |word: &str| {
        let rated = out.tokens[negator + 2].entry.map(|number| lexicon.entry(number).own.unwrap_or(0));
        SO.contains(&word) || (word.starts_with("se") && rated.is_some_and(|own| own != 0))
    };
    word(out, negator + 2).is_some_and(degree)
}

/// The `siapa`, `gimana` or `who` before the negator, if nothing but particles stands between.
fn opener(out: &Normalised, negator: usize) -> Option<usize> {
    let opener = out.tokens[..negator].iter().rposition(|token| !BETWEEN.contains(&out.text(token)))?;
    OPENERS.contains(&out.text(&out.tokens[opener])).then_some(opener)
}

fn word(out: &Normalised, place: usize) -> Option<&str> {
    let token = out.tokens.get(place).filter(|token| token.kind == TokenKind::Word)?;
    Some(out.text(token))
}
