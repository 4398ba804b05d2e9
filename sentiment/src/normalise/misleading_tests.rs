//! The kinds of wording that mislead: units, names, idioms, questions, swear words that praise, others'
//! words.

use super::*;
use crate::Model;

fn read(text: &str) -> Normalised {
    let mut normalised = Normalised::default();
    normalised.read(text, Model::bundled().lexicon());
    normalised
}

fn those(text: &str, wanted: impl Fn(&Token) -> bool) -> Vec<String> {
    let normalised = read(text);
    let tokens = normalised.tokens().iter().filter(|token| wanted(token));
    tokens.map(|token| normalised.text(token).to_owned()).collect()
}

fn negated(text: &str) -> Vec<String> {
    those(text, |token| token.negated)
}

fn read_as(text: &str, reading: Reading) -> Vec<String> {
    those(text, |token| token.reading == reading)
}

#[test]
fn a_letter_behind_a_number_is_a_unit() {
    for text in ["10k", "5x", "4G", "3l", "30x40", "250 g", "1 L", "10 K", "2 m", "3 x"] {
        assert!(read(text).tokens().iter().all(|token| token.kind == TokenKind::Number), "{text}");
    }
    assert!(negated("isi 250 g enak").is_empty());
    assert_eq!(negated("jam 5 g bisa"), ["bisa"]);
}

#[test]
fn a_name_turns_nothing() {
    for text in [
        "Teuku ganteng",
        "makasih kak Nda cantik",
        "kata mbak Nor enak",
        "Noor cantik",
        "Moh Salah keren",
        "si Moh bagus",
        "bajunya Ra cantik",
        "size no 38 bagus",
        "no wa bagus",
    ] {
        assert!(negated(text).is_empty(), "{text}");
    }
    for text in ["nda bagus", "ora bagus", "ra enak", "no good", "mas ora bisa", "barang nda bagus"] {
        assert!(!negated(text).is_empty(), "{text}");
    }
}

#[test]
fn an_idiom_is_read_whole_and_turns_nothing() {
    for text in
        ["rasanya ga ada duanya", "no debat paling enak", "Ga bisa move on enaknya", "gak kaleng-kaleng"]
    {
        assert!(!read_as(text, Reading::Praising).is_empty(), "{text}");
        assert!(negated(text).is_empty(), "{text}");
    }
    for text in ["ga lagi-lagi beli", "gak lagi lagi deh", "ga lagi2 ke sini", "ga sudi ke sini"] {
        assert!(!read_as(text, Reading::Blaming).is_empty(), "{text}");
    }
    for text in ["bukan main enaknya", "jangan ditanya enaknya", "ga main-main enaknya", "ga nyangka enaknya"]
    {
        assert!(!read_as(text, Reading::Strengthening).is_empty(), "{text}");
        assert!(negated(text).is_empty(), "{text}");
    }
}

#[test]
fn a_negator_that_strengthens_or_seeks_agreement_turns_nothing() {
    for text in [
        "ga pernah seenak ini",
        "siapa sih yang ga suka",
        "gimana ga suka",
        "ga bisa ga suka",
        "who doesn't love it",
    ] {
        assert!(negated(text).is_empty(), "{text}");
    }
    assert_eq!(negated("ga seenak dulu"), ["seenak", "dulu"]);
    assert_eq!(negated("saya ga suka"), ["suka"]);
}

#[test]
fn a_negator_that_asks_turns_nothing_and_its_clause_is_not_said() {
    for (text, asked) in [
        ("enak ga kak", "enak"),
        ("aman gak buat bayi", "aman"),
        ("panas nggak bahannya", "panas"),
        ("asli apa bukan", "asli"),
        ("ready ga warna hitam", "ready"),
        ("worth it ga sih", "worth"),
    ] {
        assert!(read(text).tokens().iter().any(|token| token.kind == TokenKind::Tag), "{text}");
        assert!(read_as(text, Reading::Asked).iter().any(|word| word == asked), "{text}");
        assert!(negated(text).is_empty(), "{text}");
    }
    for text in [
        "ga enak kak",
        "bahannya ga nyaman kak",
        "kirain enak ternyata ngga",
        "murah tapi ga awet",
        "refund belum",
        "suka sih, ga mahal",
    ] {
        assert!(read(text).tokens().iter().all(|token| token.kind != TokenKind::Tag), "{text}");
    }
    assert!(read_as("gemes ga sih liatnya", Reading::Asked).is_empty());
}

#[test]
fn a_swear_word_beside_praise_strengthens_it() {
    assert_eq!(read_as("anjir keren parah", Reading::Strengthening), ["anjir", "parah"]);
    for text in ["parah jelek banget", "anjing lama banget", "enak tapi parah adminnya", "parah ga bagus"] {
        assert!(read_as(text, Reading::Strengthening).is_empty(), "{text}");
    }
}

#[test]
fn what_others_are_said_to_say_is_not_said() {
    assert_eq!(read_as("yang bilang jelek cuma iri", Reading::Reported), ["jelek"]);
    assert!(read_as("jelek banget, pada bilang gitu", Reading::Reported).is_empty());
}
