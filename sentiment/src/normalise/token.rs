//! A comment as tokens: what each one is, how it is meant, and where it stood.

use std::ops::Range;

use crate::lexicon::{Entry, Lexicon};

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

/// Where a piece stands in a text, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    start: u32,
    end: u32,
}

impl Stretch {
    pub(super) fn new(start: usize, end: usize) -> Self {
        Self { start: offset(start), end: offset(end) }
    }

    /// So many bytes from a place on.
    pub(super) fn at(place: usize, length: usize) -> Self {
        Self::new(place, place + length)
    }

    fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
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
    pub(super) owned: bool,
    /// It turns what follows.
    pub(super) negates: bool,
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
    text: Stretch,
    source: Stretch,
}

impl Token {
    /// The bytes of the original text it came from.
    pub fn source(&self) -> Range<usize> {
        self.source.range()
    }
}

/// A comment after normalisation. It is made to be used again for the next comment without new memory.
#[derive(Debug, Default)]
pub struct Normalised {
    buffer: String,
    pub(super) tokens: Vec<Token>,
    pub(super) scratch: String,
    pub(super) word: String,
}

impl Normalised {
    /// The tokens in the order of the text.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// The normalised text of a token.
    pub fn text(&self, token: &Token) -> &str {
        self.buffer.get(token.text.range()).unwrap_or("")
    }

    /// What the lexicon knows of a token; nothing for the later words of a phrase.
    pub fn entry<'l>(&self, token: &Token, lexicon: &'l Lexicon) -> Option<&'l Entry> {
        token.entry.filter(|_| !token.in_phrase).map(|number| lexicon.entry(number))
    }

    /// Forgets the comment before.
    pub(super) fn clear(&mut self) {
        self.buffer.clear();
        self.tokens.clear();
    }

    pub(super) fn push(
        &mut self,
        kind: TokenKind,
        text: &str,
        entry: Option<u32>,
        source: Stretch,
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
            text: Stretch::new(start, self.buffer.len()),
            source,
        };
        let place = self.tokens.len();
        self.tokens.push(token);
        &mut self.tokens[place]
    }
}

/// Offsets fit: a clipped comment and its rewrites stay far below 4 GiB.
fn offset(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
