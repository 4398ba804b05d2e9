//! Swear words that praise: `anjir keren`, `enak parah`. Beside praise they strengthen it, elsewhere they
//! stay what they are.

use super::scope;
use super::token::{Normalised, Reading, Token, TokenKind};
use crate::lexicon::{Lexicon, Role};

/// How many tokens away the praise may be.
const REACH: usize = 4;
/// From here on, in tenths, a word praises or complains clearly.
const CLEAR: i8 = 20;

/// Marks the swear words that have praise, and no complaint nearer, in their clause.
pub(super) fn mark(out: &mut Normalised, lexicon: &Lexicon) {
    for place in 0..out.tokens.len() {
        let token = out.tokens[place];
        if out.entry(&token, lexicon).is_some_and(|entry| entry.role == Role::Swear)
            && praises(out, place, lexicon)
        {
            out.tokens[place].reading = Reading::Strengthening;
        }
    }
}

/// Whether the nearest clear word of the clause praises.
fn praises(out: &Normalised, place: usize, lexicon: &Lexicon) -> bool {
    let goes_on = |token: &&Token| {
        matches!(token.kind, TokenKind::Word | TokenKind::Exclamation | TokenKind::Laugh)
            && !scope::is_contrast(out, token, lexicon)
    };
    let clear = |token: &Token| clear_word(out, token, lexicon);
    let after = out.tokens[place + 1..].iter().take(REACH).take_while(goes_on);
    let before = out.tokens[..place].iter().rev().take(REACH).take_while(goes_on);
    let nearest = |distance_and_praise: &(usize, bool)| distance_and_praise.0;
    let found = |(distance, token)| clear(token).map(|praise| (distance, praise));
    let after = after.enumerate().find_map(found);
    let before = before.enumerate().find_map(found);
    after.into_iter().chain(before).min_by_key(nearest).is_some_and(|(_, praise)| praise)
}

/// Whether a word clearly praises, or clearly complains; neither for most.
fn clear_word(out: &Normalised, token: &Token, lexicon: &Lexicon) -> Option<bool> {
    let entry = out.entry(token, lexicon).filter(|entry| entry.role != Role::Swear)?;
    let polarity = entry.own.filter(|own| own.abs() >= CLEAR)?;
    (token.reading != Reading::Asked).then_some((polarity > 0) != token.negated)
}
