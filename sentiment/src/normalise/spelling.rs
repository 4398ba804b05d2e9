//! Brings one word to its normalised spelling: slang, elongation, figures for letters, doubling, endings.

use super::fold;
use super::homonym::{self, Homonym};
use super::token::{Normalised, Stretch, TokenKind};
use crate::lexicon::{Lexicon, Role};

/// Endings that hang on a known word: possessives and particles.
const ENDINGS: [&str; 6] = ["nya", "ku", "mu", "lah", "kah", "pun"];

/// Adds the word of `length` bytes at the head of `rest`, which stands at `place` in the comment.
pub(super) fn push_word(rest: &str, length: usize, place: usize, lexicon: &Lexicon, out: &mut Normalised) {
    let typed = &rest[..length];
    let mut word = std::mem::take(&mut out.word);
    word.clear();
    for character in typed.chars().filter(|character| !fold::is_invisible(*character)) {
        match character {
            '’' => fold::push(&mut word, '\''),
            '‑' => fold::push(&mut word, '-'),
            _ => fold::push(&mut word, character),
        }
    }
    let first = out.tokens.len();
    let source = Stretch::at(place, length);
    match homonym::of(&word, typed, &rest[length..], out) {
        None => push_folded(&word, source, lexicon, out),
        Some(Homonym::Unit) => {
            out.push(TokenKind::Number, "", None, source);
        }
        Some(Homonym::Name) => {
            out.push(TokenKind::Word, &word, None, source);
        }
        Some(Homonym::Numero) => {
            out.push(TokenKind::Word, "nomor", lexicon.find("nomor").map(|(number, _)| number), source);
        }
    }
    if word.ends_with("nya") {
        out.tokens[first..].iter_mut().for_each(|token| token.owned = true);
    }
    let shouted = typed.len() > 1 && typed.bytes().all(|byte| byte.is_ascii_uppercase());
    if shouted {
        out.tokens[first..].iter_mut().for_each(|token| token.shouted = true);
    }
    out.word = word;
}

fn push_folded(word: &str, source: Stretch, lexicon: &Lexicon, out: &mut Normalised) {
    if word.is_empty() {
        return;
    }
    if is_laugh(word) {
        out.push(TokenKind::Laugh, "", None, source);
    } else if is_amount(word) {
        out.push(TokenKind::Number, "", None, source);
    } else if !push_known(word, source, false, lexicon, out) {
        push_unknown(word, source, lexicon, out);
    }
}

/// Adds the word as the lexicon spells it, if the lexicon has it.
fn push_known(word: &str, source: Stretch, elongated: bool, lexicon: &Lexicon, out: &mut Normalised) -> bool {
    let Some((number, entry)) = lexicon.find(word) else { return false };
    let Some(rewrite) = &entry.rewrite else {
        out.push(TokenKind::Word, word, Some(number), source).elongated = elongated;
        return true;
    };
    for part in rewrite.split(' ') {
        let number = lexicon.find(part).map(|(number, _)| number);
        out.push(TokenKind::Word, part, number, source).elongated = elongated;
    }
    true
}

/// Tries, in this order, a plainer form of a word that the lexicon lacks; else adds it as it is.
fn push_unknown(word: &str, source: Stretch, lexicon: &Lexicon, out: &mut Normalised) {
    if let Some((head, tail)) = word.split_once('-') {
        push_folded(head, source, lexicon, out);
        if !tail.starts_with(head) {
            push_folded(tail, source, lexicon, out);
        }
        return;
    }
    let mut form = std::mem::take(&mut out.scratch);
    let runs = longest_run(word);
    let known = (runs > 2 && push_squeezed(word, 2, &mut form, source, lexicon, out))
        || (runs > 1 && push_squeezed(word, 1, &mut form, source, lexicon, out))
        || push_figures(word, &mut form, source, lexicon, out)
        || push_stem(word, source, runs > 2, lexicon, out);
    if !known {
        squeeze(word, if runs > 2 { 1 } else { 2 }, &mut form);
        let stem = form.strip_suffix("nya").filter(|stem| stem.len() > 2).unwrap_or(&form);
        out.push(TokenKind::Word, stem, None, source).elongated = runs > 2;
    }
    out.scratch = form;
}

fn push_squeezed(
    word: &str,
    keep: usize,
    form: &mut String,
    source: Stretch,
    lexicon: &Lexicon,
    out: &mut Normalised,
) -> bool {
    squeeze(word, keep, form);
    push_known(form, source, true, lexicon, out) || push_stem(form, source, true, lexicon, out)
}

/// `bagus2` and `kata2nya` are doubled words, `b4gus` and `k3ren` letters in disguise.
fn push_figures(
    word: &str,
    form: &mut String,
    source: Stretch,
    lexicon: &Lexicon,
    out: &mut Normalised,
) -> bool {
    if !word.bytes().any(|byte| byte.is_ascii_digit()) {
        return false;
    }
    if let Some((head, "" | "nya" | "an" | "in")) = word.split_once('2')
        && head.len() > 1
        && !head.bytes().any(|byte| byte.is_ascii_digit())
    {
        form.clear();
        form.extend([head, "-", head]);
        if !push_known(form, source, false, lexicon, out) && !push_known(head, source, false, lexicon, out) {
            out.push(TokenKind::Word, head, None, source);
        }
        return true;
    }
    form.clear();
    form.extend(word.chars().map(|character| match character {
        '4' => 'a',
        '3' => 'e',
        '1' => 'i',
        '0' => 'o',
        '5' => 's',
        '7' => 't',
        other => other,
    }));
    push_known(form, source, false, lexicon, out)
}

fn push_stem(word: &str, source: Stretch, elongated: bool, lexicon: &Lexicon, out: &mut Normalised) -> bool {
    ENDINGS.iter().any(|ending| {
        word.strip_suffix(ending)
            .filter(|stem| stem.len() > 2 && !is_negator(stem, lexicon))
            .is_some_and(|stem| push_known(stem, source, elongated, lexicon, out))
    })
}

/// Whether the word, or what it is short for, is a negator: no ending hangs on one, and `Teuku` is a name.
fn is_negator(word: &str, lexicon: &Lexicon) -> bool {
    let role = |word: &str| lexicon.find(word).map_or(Role::None, |(_, entry)| entry.role);
    let rewrite = lexicon.find(word).and_then(|(_, entry)| entry.rewrite.as_deref());
    role(rewrite.and_then(|rewrite| rewrite.split(' ').next()).unwrap_or(word)) == Role::Negator
}

fn longest_run(word: &str) -> usize {
    let (mut longest, mut run, mut before) = (0, 0, '\0');
    for character in word.chars() {
        run = if character == before { run + 1 } else { 1 };
        before = character;
        longest = longest.max(run);
    }
    longest
}

/// Cuts every run of one letter down to `keep`.
fn squeeze(word: &str, keep: usize, form: &mut String) {
    form.clear();
    let (mut run, mut before) = (0, '\0');
    for character in word.chars() {
        run = if character == before { run + 1 } else { 1 };
        before = character;
        if run <= keep {
            form.push(character);
        }
    }
}

/// Laughter as it is typed: `wkwk`, `awokawok`, `haha`, `hehe`, `xixi`, `lol`.
fn is_laugh(word: &str) -> bool {
    if matches!(word, "lol" | "lmao" | "rofl" | "ngakak" | "lolol") {
        return true;
    }
    let made_of = |letters: &str| word.len() > 2 && word.chars().all(|letter| letters.contains(letter));
    let count = |letter: char| word.chars().filter(|other| *other == letter).count();
    (made_of("wk") && count('w') > 0 && count('k') > 0)
        || (word.len() > 3 && made_of("awoke") && count('w') > 1 && count('k') > 0)
        || (word.len() > 3 && count('h') > 1 && made_of("haeio") && count('h') < word.len())
        || (word.len() > 3 && made_of("xi") && count('x') > 1)
}

/// `12`, `25rb`, `1jt`, `100k`, `50ribuan`, `5x`, `30x40`: a letter behind a number is a unit.
fn is_amount(word: &str) -> bool {
    let rest = without_figures(word);
    if rest.len() == word.len() {
        return false;
    }
    let mut letters = rest.chars();
    let is_letter = letters.next().is_none_or(|letter| letter.is_ascii_alphabetic());
    let behind = letters.as_str();
    (is_letter && without_figures(behind).is_empty())
        || UNITS.contains(&rest)
        || (without_figures(behind).len() < behind.len() && UNITS.contains(&without_figures(behind)))
}

/// Units of more than one letter.
const UNITS: [&str; 19] = [
    "rb", "ribu", "rban", "rbu", "ribuan", "jt", "juta", "gb", "mb", "th", "cm", "mm", "kg", "gr", "ml",
    "pcs", "mah", "mp", "an",
];

fn without_figures(word: &str) -> &str {
    word.trim_start_matches(|character: char| character.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_laughter_is_told_from_words() {
        for laugh in
            ["wkwk", "wkwkwkwk", "kwkwk", "awokawok", "awkwkwk", "haha", "hahahah", "hehe", "hihi", "xixixi"]
        {
            assert!(is_laugh(laugh), "{laugh}");
        }
        for word in ["halo", "hai", "kaki", "wah", "hah", "oke", "kok", "awak", "aha"] {
            assert!(!is_laugh(word), "{word}");
        }
    }

    #[test]
    fn runs_are_cut_to_the_length_asked_for() {
        let mut form = String::new();
        squeeze("goood", 2, &mut form);
        assert_eq!(form, "good");
        squeeze("kereeen", 1, &mut form);
        assert_eq!(form, "keren");
    }
}
