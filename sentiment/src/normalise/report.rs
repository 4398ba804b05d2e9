//! Words put into the mouth of others: `yang bilang jelek cuma iri` calls nobody ugly.

use super::scope;
use super::token::{Normalised, Reading, TokenKind};
use crate::lexicon::{Lexicon, Role};

/// How many words a report reaches.
const REACH: usize = 3;

/// Marks the complaints that the writer only reports.
pub(super) fn mark(out: &mut Normalised, lexicon: &Lexicon) {
    let mut reach = 0;
    for place in 0..out.tokens.len() {
        let token = out.tokens[place];
        let entry = out.entry(&token, lexicon);
        if entry.is_some_and(|entry| entry.role == Role::Report) {
            reach = REACH;
        } else if token.kind != TokenKind::Word || scope::is_contrast(out, &token, lexicon) {
            reach = 0;
        } else if reach > 0 {
            reach -= 1;
            let complains = entry.is_some_and(|entry| entry.own.is_some_and(|own| own < 0));
            if complains && token.reading == Reading::Plain {
                out.tokens[place].reading = Reading::Reported;
            }
        }
    }
}
