//! Plain wording: spelling, alphabets, kinds of tokens, the reach of negation.

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
