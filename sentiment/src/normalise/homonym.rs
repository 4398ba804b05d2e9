//! Words that look like negators and are none: names (`kak Nda`), units (`250 g`), numbers (`no 38`).

use super::token::{Normalised, TokenKind};

/// Negators that are also names, in any spelling.
const NAMES: [&str; 10] = ["ra", "nda", "nor", "noor", "ora", "tong", "moh", "dudu", "acan", "raa"];
/// Who is called by name after these.
const TITLES: [&str; 20] = [
    "kakak", "mas", "bang", "abang", "pak", "bapak", "bu", "ibu", "om", "tante", "dek", "adek", "neng", "si",
    "mr", "miss", "lady", "ustadz", "kang", "sis",
];
/// Who is thanked, greeted or wished well is named next.
const GREETINGS: [&str; 9] =
    ["kasih", "semangat", "selamat", "salam", "halo", "hai", "sukses", "sayang", "untuk"];
/// After these a Javanese negator is one, whoever it speaks to: `mas ora ono`.
const TURNED: [&str; 10] = ["ono", "iso", "popo", "usah", "gelem", "due", "enak", "apik", "ada", "bisa"];
/// Letters that are units after a number.
const UNITS: [&str; 5] = ["g", "k", "l", "m", "x"];
/// After these `g` behind a number is the negator: `jam 5 g bisa`.
const AFTER_NEGATOR: [&str; 14] = [
    "ada", "bisa", "bs", "mau", "muat", "cukup", "buka", "jadi", "dapet", "dapat", "ready", "masuk", "usah",
    "papa",
];
/// `no` is a number before these.
const NUMBERED: [&str; 10] =
    ["wa", "hp", "rek", "rekening", "telp", "tlp", "resi", "urut", "antrian", "pesanan"];

/// What a word is that only looks like another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Homonym {
    /// A name: it says nothing.
    Name,
    /// A unit behind a number.
    Unit,
    /// Short for number.
    Numero,
}

/// Judges a folded word by how it was typed, what stands before it, and what follows in the text.
#[inline]
pub(super) fn of(word: &str, typed: &str, following: &str, out: &Normalised) -> Option<Homonym> {
    match word.len() {
        1 => is_unit(word, following, out).then_some(Homonym::Unit),
        2 if word == "no" => is_numero(following).then_some(Homonym::Numero),
        2..=4 if NAMES.contains(&word) => is_name(word, typed, following, out).then_some(Homonym::Name),
        _ => None,
    }
}

fn is_unit(letter: &str, following: &str, out: &Normalised) -> bool {
    let after_number = out.tokens.last().is_some_and(|token| token.kind == TokenKind::Number);
    after_number && UNITS.contains(&letter) && !(letter == "g" && starts_with_any(following, &AFTER_NEGATOR))
}

fn is_numero(following: &str) -> bool {
    let rest = following.trim_start_matches(['.', ' ', ':']);
    rest.starts_with(|first: char| first.is_ascii_digit()) || starts_with_any(rest, &NUMBERED)
}

fn is_name(word: &str, typed: &str, following: &str, out: &Normalised) -> bool {
    if word == "noor" || word == "raa" {
        return true;
    }
    let is_capital = |text: &str| {
        let mut letters = text.chars();
        letters.next().is_some_and(char::is_uppercase) && letters.next().is_some_and(char::is_lowercase)
    };
    let Some(before) = out.tokens.last() else {
        // A comment opens with a capital anyway; a second one makes a name, and no comment opens with `nor`.
        return word == "nor" || (is_capital(typed) && is_capital(following.trim_start()));
    };
    let goes_on = before.kind == TokenKind::Word;
    let text = out.text(before);
    let called = TITLES.contains(&text) && !starts_with_any(following, &TURNED);
    let greeted = GREETINGS.contains(&text) && !starts_with_any(following, &TURNED);
    (goes_on && is_capital(typed)) || called || greeted
}

/// Whether the next word of the text is one of these.
fn starts_with_any(text: &str, words: &[&str]) -> bool {
    let text = text.trim_start();
    let end = text.find(|letter: char| !letter.is_alphanumeric()).unwrap_or(text.len());
    words.iter().any(|word| text[..end].eq_ignore_ascii_case(word))
}
