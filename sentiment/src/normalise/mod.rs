//! Step one: from what a person typed to words in one spelling, with emoji, negation and phrases marked.
//!
//! A comment is `token`s. `split` cuts the text, `homonym` tells names and units from negators, `spelling`
//! brings each word to its normalised form, `emoji` reads clusters and emoticons. Then `scope` joins phrases,
//! `rhetoric` and `tag` find the negators that turn nothing, `force` the swear words that praise, `report`
//! what others are said to say.

mod emoji;
mod fold;
mod force;
mod homonym;
mod report;
mod rhetoric;
mod scope;
mod spelling;
mod split;
mod tag;
mod token;

pub use self::token::{Normalised, Reading, Token, TokenKind};
use crate::lexicon::Lexicon;

/// A comment is read up to this many characters; Instagram itself stops at 2,200.
pub const MAX_CHARS: usize = 10_000;

impl Normalised {
    /// Reads a comment, forgetting the one before.
    pub fn read(&mut self, text: &str, lexicon: &Lexicon) {
        self.clear();
        split::split(clip(text), lexicon, self);
        let negates = scope::find_negators(self, lexicon);
        scope::join_phrases(self, lexicon);
        if negates {
            rhetoric::mark(self, lexicon);
            tag::mark(self, lexicon);
            scope::mark_negation(self, lexicon);
        }
        scope::mark_contrast(self, lexicon);
        force::mark(self, lexicon);
        report::mark(self, lexicon);
    }
}

fn clip(text: &str) -> &str {
    if text.len() <= MAX_CHARS {
        return text;
    }
    text.char_indices().nth(MAX_CHARS).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod misleading_tests;
#[cfg(test)]
mod plain_tests;
