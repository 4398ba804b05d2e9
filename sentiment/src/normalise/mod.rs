//! Step one: from what a person typed to words in one spelling, with emoji, negation and phrases marked.
//!
//! `split` cuts the text, `homonym` tells names and units from negators, `spelling` brings each word to its
//! normalised form, `emoji` reads clusters and emoticons. Then `scope` joins phrases, `rhetoric` and `tag`
//! find the negators that turn nothing, `force` the swear words that praise, `report` what others are said to
//! say.

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

use crate::lexicon::{Entry, Lexicon};

/// A comment is read up to this many characters; Instagram itself stops at 2,200.
pub const MAX_CHARS: usize = 10_000;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A word in normalised spelling.
    Word,
    /// An emoji, or an emoticon read as one; its text is the first character of the cluster.
    Emoji,
    /// `wkwk`, `haha`.
    Laugh,
    /// `@someone`.
    Mention,
    /// A web address.
    Link,
    /// Digits, prices, amounts.
    Number,
    /// One or more question marks.
    Question,
    /// A negator that asks: `enak ga kak`.
    Tag,
    /// One or more exclamation marks.
    Exclamation,
    /// Other punctuation that ends a clause.
    Stop,
}

/// How a word is meant where it is not meant by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// As it stands.
    Plain,
    /// Asked about, not said: `enak` in `enak ga kak`.
    Asked,
    /// Put into the mouth of others: `jelek` in `yang bilang jelek cuma iri`.
    Reported,
    /// It strengthens what is beside it: `anjir` in `anjir keren`, `bukan main`.
    Strengthening,
    /// Part of an idiom that praises: `ga ada duanya`.
    Praising,
    /// Part of an idiom that complains: `ga lagi-lagi`.
    Blaming,
}

impl Reading {
    /// Whether the word counts by what it does, not by its letters.
    pub const fn is_whole(self) -> bool {
        matches!(self, Self::Strengthening | Self::Praising | Self::Blaming)
    }
}

/// One piece of a comment.
#[expect(clippy::struct_excessive_bools, reason = "marks that hold or not, each by itself")]
#[derive(Debug, Clone, Copy)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its number in the lexicon, if it is known; the whole phrase's for a phrase's first word.
    pub entry: Option<u32>,
    /// How it is meant.
    pub reading: Reading,
    /// It was typed with the ending `-nya`.
    owned: bool,
    /// It turns what follows.
    negates: bool,
    /// A negator before it turns it.
    pub negated: bool,
    /// It stands after the last contrast word.
    pub after_contrast: bool,
    /// It was typed longer than it is: `kereeen`.
    pub elongated: bool,
    /// It was typed in capitals.
    pub shouted: bool,
    /// It is a later word of a phrase and speaks through the first.
    pub in_phrase: bool,
    text: (u32, u32),
    source: (u32, u32),
}

impl Token {
    /// The bytes of the original text it came from.
    pub fn source(&self) -> std::ops::Range<usize> {
        self.source.0 as usize..self.source.1 as usize
    }
}

/// A comment after normalisation. It is made to be used again for the next comment without new memory.
#[derive(Debug, Default)]
pub struct Normalised {
    buffer: String,
    tokens: Vec<Token>,
    scratch: String,
    word: String,
}

impl Normalised {
    /// The tokens in the order of the text.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// The normalised text of a token.
    pub fn text(&self, token: &Token) -> &str {
        self.buffer.get(token.text.0 as usize..token.text.1 as usize).unwrap_or("")
    }

    /// What the lexicon knows of a token; nothing for the later words of a phrase.
    pub fn entry<'l>(&self, token: &Token, lexicon: &'l Lexicon) -> Option<&'l Entry> {
        token.entry.filter(|_| !token.in_phrase).map(|number| lexicon.entry(number))
    }

    /// Reads a comment, forgetting the one before.
    pub fn read(&mut self, text: &str, lexicon: &Lexicon) {
        self.buffer.clear();
        self.tokens.clear();
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

    fn push(
        &mut self,
        kind: TokenKind,
        text: &str,
        entry: Option<u32>,
        source: (usize, usize),
    ) -> &mut Token {
        let start = self.buffer.len();
        self.buffer.push_str(text);
        let token = Token {
            kind,
            entry,
            reading: Reading::Plain,
            owned: false,
            negates: false,
            negated: false,
            after_contrast: false,
            elongated: false,
            shouted: false,
            in_phrase: false,
            text: (offset(start), offset(self.buffer.len())),
            source: (offset(source.0), offset(source.1)),
        };
        let place = self.tokens.len();
        self.tokens.push(token);
        &mut self.tokens[place]
    }
}

fn clip(text: &str) -> &str {
    if text.len() <= MAX_CHARS {
        return text;
    }
    text.char_indices().nth(MAX_CHARS).map_or(text, |(end, _)| &text[..end])
}

/// Offsets fit: a clipped comment and its rewrites stay far below 4 GiB.
fn offset(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod misleading_tests;
#[cfg(test)]
mod plain_tests;
