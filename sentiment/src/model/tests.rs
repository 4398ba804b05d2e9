//! The bundled model, asked as callers ask it: plain comments, odd bytes, and laws that hold for any text.

use proptest::prelude::*;

use super::*;

fn label(text: &str) -> Label {
    Model::bundled().score(text).label
}

#[test]
fn the_bundled_model_has_the_version_that_rows_keep() {
    assert_eq!(Model::bundled().version(), MODEL_VERSION);
}

#[test]
fn plain_praise_complaints_and_questions_are_told_apart() {
    for praise in ["mantap banget kak", "suka sekali sama produknya", "love this so much", "cantikkk 😍"] {
        assert_eq!(label(praise), Label::Pos, "{praise}");
    }
    for complaint in
        ["kecewa berat", "gak enak sama sekali", "worst service ever", "barang rusak, cs gak bales 😡"]
    {
        assert_eq!(label(complaint), Label::Neg, "{complaint}");
    }
    for question in ["harga berapa kak?", "masih ready?", "where can I buy this?", "cek dm kak"] {
        assert_eq!(label(question), Label::Neu, "{question}");
    }
}

#[test]
fn negation_turns_praise() {
    assert_eq!(label("enak"), Label::Pos);
    assert_eq!(label("gak enak"), Label::Neg);
    assert_eq!(label("bagus"), Label::Pos);
    assert_eq!(label("tidak bagus"), Label::Neg);
}

#[test]
fn emoji_alone_decide_but_joking_faces_do_not() {
    assert_eq!(label("😍😍"), Label::Pos);
    assert_eq!(label("😡"), Label::Neg);
    assert_eq!(label("😂😂😂"), Label::Neu);
    assert_eq!(label("😍😂"), Label::Pos);
}

#[test]
fn the_language_is_named() {
    let language = |text: &str| Model::bundled().score(text).language;
    assert_eq!(language("barangnya sudah sampai kemarin"), "id");
    assert_eq!(language("I really like what they have done"), "en");
    assert_eq!(language("bajunya bagus tapi I don't like the color"), "mixed");
    assert_eq!(language("😍"), "und");
}

#[test]
fn odd_input_gets_an_answer() {
    let odd = [
        String::new(),
        "\0\0\0".into(),
        "🔥".repeat(2200),
        "a".repeat(2000),
        "ha".repeat(1000),
        "مرحبا، هذا رائع جدا".into(),
        "\u{202E}sugab\u{202C}".into(),
        "👨\u{200D}👩\u{200D}👧\u{200D}👦\u{200D}\u{200D}\u{200D}".into(),
        "\u{200D}".repeat(500),
        "\u{FFFD}\u{FFFD} bagus \u{FFFD}".into(),
        "e\u{0301}".repeat(700),
        "tidak ".repeat(400),
        "a-".repeat(5000),
        "a'".repeat(5000),
        "-'-'-'-".into(),
        "@".into(),
        "#".repeat(50),
        "mantap ".repeat(200_000),
    ];
    for text in odd {
        let scored = Model::bundled().score(&text);
        assert!(scored.score.is_finite(), "{text:.40}");
        let _ = Model::bundled().explain(&text);
    }
}

#[test]
fn a_comment_of_which_nothing_is_known_is_uncertain() {
    for text in ["", "   ", "\0", "qzxv wqzzk", "..."] {
        assert!(Model::bundled().score(text).uncertain, "{text:?}");
    }
    assert_eq!(label(""), Label::Neu);
}

#[test]
fn an_explanation_names_the_word_that_decided() {
    let explanation = Model::bundled().explain("pelayanannya mengecewakan kak");
    let strongest = explanation.tokens.iter().max_by(|a, b| a.weight.total_cmp(&b.weight)).unwrap();
    assert_eq!(strongest.token, "mengecewakan");
    let explanation = Model::bundled().explain("gak enak");
    assert_eq!(explanation.tokens[0].read_as.as_deref(), Some("tidak"));
    assert!(explanation.tokens[1].negated);
}

#[test]
fn the_bundled_model_holds_on_the_acceptance_set() {
    let evaluation = crate::evaluate(&include_bytes!("../../acceptance/comments.tsv")[..]).unwrap();
    assert!(evaluation.n >= 300);
    assert!(evaluation.macro_f1 >= 0.82, "{evaluation}");
    assert!(evaluation.classes[Label::Neu.index()].recall >= 0.5, "{evaluation}");
}

/// How many comments of each misleading kind have to be right, in hundredths; the rest is room for the next
/// training.
const KINDS: [(&str, usize); 6] =
    [("unit", 90), ("name", 90), ("idiom", 90), ("tag", 90), ("swear", 90), ("defence", 65)];

#[test]
fn the_bundled_model_holds_on_each_misleading_kind() {
    let slices = include_str!("../../acceptance/kinds.tsv").split("# slice: ").skip(1);
    let mut seen = Vec::new();
    for slice in slices {
        let (name, comments) = slice.split_once('\n').unwrap();
        let evaluation = crate::evaluate(comments.as_bytes()).unwrap();
        let (_, least) = KINDS.into_iter().find(|(kind, _)| *kind == name).unwrap();
        assert!(evaluation.n >= 20, "{name}");
        assert!(evaluation.accuracy * 100.0 >= least as f64, "{name}: {evaluation}");
        seen.push(name);
    }
    assert_eq!(seen, KINDS.map(|(kind, _)| kind));
}

#[test]
fn praise_built_with_a_negator_is_never_surely_blame() {
    for praise in [
        "bukan main ramahnya",
        "tempatnya ga ada duanya",
        "siapa coba yang nggak naksir",
        "no debat juaranya",
    ] {
        let scored = Model::bundled().score(praise);
        assert!(scored.label != Label::Neg || scored.uncertain, "{praise}: {scored:?}");
    }
}

#[test]
fn the_model_card_and_the_artefact_are_of_this_version() {
    assert!(include_str!("../../model/MODEL_CARD.md").contains(MODEL_VERSION));
    assert!(BUNDLED.len() < 1_500_000);
}

/// Text as people and attackers send it: any characters, or known pieces in any order.
fn comments() -> impl Strategy<Value = String> {
    let pieces = [
        "bagus",
        "tidak",
        "gak",
        "tapi",
        "😍",
        "👨\u{200D}👩",
        "\u{200D}",
        "\0",
        "?",
        "!!",
        "@",
        "#",
        "wkwk",
        "https://",
        "http",
        " ",
        "\n",
        ":)",
        "T_T",
        "-",
        "'",
        "2",
        "nya",
        "\u{FE0F}",
        "\u{1F3FD}",
        "🇮",
        "\u{0301}",
        "ﷺ",
        "İ",
        "ß",
        "ǅ",
        "aaaa",
        "ada",
        "obat",
        ".",
        "\u{202E}",
    ];
    let piece = proptest::sample::select(pieces.to_vec());
    prop_oneof![any::<String>(), proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())]
}

/// Two thousand cases, or as many more as `PROPTEST_CASES` asks for.
fn cases() -> ProptestConfig {
    ProptestConfig::with_cases(ProptestConfig::default().cases.max(2000))
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_text_has_probabilities_that_add_up_and_a_label_that_leads(text in comments()) {
        let scored = Model::bundled().score(&text);
        prop_assert!((scored.probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-4);
        prop_assert_eq!(scored.label, Label::strongest(scored.probabilities));
        prop_assert_eq!(scored.score.to_bits(), scored.probabilities[scored.label.index()].to_bits());
        prop_assert_eq!(scored, Model::bundled().score(&text));
    }

    #[test]
    fn any_text_is_explained_as_it_is_scored(text in comments()) {
        let explanation = Model::bundled().explain(&text);
        prop_assert_eq!(explanation.scored, Model::bundled().score(&text));
        prop_assert!(explanation.tokens.len() <= MOST_TOKENS);
        prop_assert!(explanation.tokens.iter().all(|spoken| spoken.weight.is_finite() && text.contains(&spoken.token)));
    }

    #[test]
    fn any_bytes_are_scored_line_by_line(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut out = Vec::new();
        let count = crate::score_lines(&bytes[..], &mut out).unwrap();
        prop_assert_eq!(count, String::from_utf8(out).unwrap().lines().count() as u64);
        let _ = crate::evaluate(&bytes[..]);
    }
}
