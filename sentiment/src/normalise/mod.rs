//! Step one: from what a person typed to words in one spelling, with emoji, negation and phrases marked.
//!
//! `split` cuts the text, `spelling` brings each word to its normalised form, `emoji` reads clusters and emoticons,
//! `scope` joins phrases and marks what a negator or a contrast reaches.

mod emoji;
mod fold;
mod scope;
mod spelling;
mod split;

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
    /// One or more exclamation marks.
    Exclamation,
    /// Other punctuation that ends a clause.
    Stop,
}

/// One piece of a comment.
#[expect(clippy::struct_excessive_bools, reason = "marks that hold or not, each by itself")]
#[derive(Debug, Clone, Copy)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its number in the lexicon, if it is known; the whole phrase's for a phrase's first word.
    pub entry: Option<u32>,
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
        scope::mark_negation(self, lexicon);
        scope::join_phrases(self, lexicon);
        scope::mark_contrast(self, lexicon);
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
mod tests {
    use super::TokenKind::{Exclamation, Laugh, Link, Mention, Number, Question};
    use super::*;
    use crate::Model;

    fn words(text: &str) -> Vec<String> {
        let mut normalised = Normalised::default();
        normalised.read(text, Model::bundled().lexicon());
        normalised.tokens().iter().map(|token| normalised.text(token).to_owned()).collect()
    }

    #[test]
    fn slang_and_elongation_come_to_one_spelling() {
        assert_eq!(words("BAGUSSSS bgt kereeen"), ["bagus", "banget", "keren"]);
        assert_eq!(words("gk ska sm skali"), words("tidak suka sama sekali"));
        assert_eq!(words("b4gus"), ["bagus"]);
        assert_eq!(words("pelayanannya"), ["pelayanan"]);
    }

    #[test]
    fn letters_of_fancy_alphabets_are_plain_letters() {
        assert_eq!(words("𝓴𝓮𝓻𝓮𝓷 ｂａｇｕｓ"), ["keren", "bagus"]);
        assert_eq!(words("ba\u{200b}gus ke\u{0301}ren"), ["bagus", "keren"]);
    }

    #[test]
    fn laughter_mentions_links_and_prices_are_no_words() {
        let kinds = |text: &str| {
            let mut normalised = Normalised::default();
            normalised.read(text, Model::bundled().lexicon());
            normalised.tokens().iter().map(|token| token.kind).collect::<Vec<_>>()
        };
        assert_eq!(kinds("wkwkwk @budi_99 https://a.id/x 25rb ??"), [Laugh, Mention, Link, Number, Question]);
        assert_eq!(kinds("hahaha !!! awokawok"), [Laugh, Exclamation, Laugh]);
    }

    #[test]
    fn an_emoticon_is_an_emoji_and_a_cluster_is_one_token() {
        assert_eq!(words("ok :)"), ["oke", "🙂"]);
        assert_eq!(words("👍🏽❤️‍🔥👨‍👩‍👧"), ["👍", "❤", "👨"]);
    }

    #[test]
    fn negation_reaches_a_few_words_and_stops_at_punctuation_and_contrast() {
        let negated = |text: &str| {
            let mut normalised = Normalised::default();
            normalised.read(text, Model::bundled().lexicon());
            let tokens = normalised.tokens().iter().filter(|token| token.negated);
            tokens.map(|token| normalised.text(token).to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(negated("gak pedas, enak"), ["pedas"]);
        assert_eq!(negated("tidak mahal tapi bagus"), ["mahal"]);
        assert!(negated("bukan cuma enak").is_empty());
    }

    #[test]
    fn every_token_points_into_the_text_it_came_from() {
        let text = "gak bagussss 😍 @toko";
        let mut normalised = Normalised::default();
        normalised.read(text, Model::bundled().lexicon());
        let sources: Vec<_> = normalised.tokens().iter().map(|token| &text[token.source()]).collect();
        assert_eq!(sources, ["gak", "bagussss", "😍", "@toko"]);
    }
}
