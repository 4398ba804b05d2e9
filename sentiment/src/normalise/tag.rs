//! Negators that ask: `enak ga kak`, `udah dikirim belum`, `asli apa bukan`. They turn nothing, and what they
//! ask about is not said.

use super::scope;
use super::token::{Normalised, Reading, Token, TokenKind};
use crate::lexicon::{Lexicon, Role};

/// The negators that can ask.
const ASKING: [&str; 4] = ["tidak", "bukan", "belum", "not"];
/// Whom a question speaks to, and the particles that end it.
const ADDRESS: [&str; 28] = [
    "kakak", "admin", "sis", "gan", "om", "tante", "bang", "abang", "mas", "bun", "bunda", "bu", "ibu",
    "pak", "bapak", "dok", "dokter", "kang", "say", "guys", "gaes", "gais", "teman", "ya", "sih", "nih",
    "tuh", "yah",
];
/// What a question can go on with after its negator: where, for whom, with what.
const FURTHER: [&str; 17] = [
    "untuk", "di", "ke", "kalau", "dengan", "sama", "dipakai", "dipake", "pas", "waktu", "si", "ini", "itu",
    "dari", "hari", "saat", "menurut",
];
/// Before these nothing is asked: `kirain enak ternyata ngga`.
const ANSWERS: [&str; 16] = [
    "ternyata", "malah", "taunya", "tetap", "tetep", "emang", "memang", "kenapa", "kok", "karena", "juga",
    "yang", "saya", "pun", "jelas", "masih",
];
/// What can be asked although the word table does not rate it.
const ASKABLE: [&str; 24] = [
    "ada",
    "bisa",
    "boleh",
    "asli",
    "panas",
    "pedas",
    "pedes",
    "tebal",
    "tebel",
    "tipis",
    "besar",
    "berat",
    "licin",
    "kering",
    "garansi",
    "muat",
    "dingin",
    "waterproof",
    "work",
    "ngefek",
    "bagusan",
    "sakit",
    "perih",
    "bpom",
];
/// Asked with `sih` these seek agreement, and are meant: `gemes ga sih`.
const FELT: [&str; 8] = ["gemas", "kesal", "sebal", "emosi", "capek", "kangen", "muak", "malu"];
/// A wish rather than a question: `bisa ga sih ...`.
const WISHES: [&str; 3] = ["bisa", "boleh", "niat"];

/// Turns negators that ask into tags, and marks what they ask about.
pub(super) fn mark(out: &mut Normalised, lexicon: &Lexicon) {
    for place in 1..out.tokens.len() {
        if !out.tokens[place].negates || !asks(out, place, lexicon) {
            continue;
        }
        (out.tokens[place].kind, out.tokens[place].negates) = (TokenKind::Tag, false);
        let (before, after) = (word(out, place - 1).unwrap_or(""), word(out, place + 1).unwrap_or(""));
        if after == "sih" && (FELT.contains(&before) || WISHES.contains(&before)) {
            continue;
        }
        let is_asked = |token: &Token| {
            matches!(token.kind, TokenKind::Word | TokenKind::Number)
                && !scope::is_contrast(out, token, lexicon)
        };
        let first = out.tokens[..place].iter().rposition(|token| !is_asked(token)).map_or(0, |end| end + 1);
        let length = out.tokens[place + 1..].iter().take_while(|token| is_asked(token)).count();
        let plain = |token: &&mut Token| token.reading == Reading::Plain;
        for token in out.tokens[first..=place + length].iter_mut().filter(plain) {
            token.reading = Reading::Asked;
        }
    }
}

/// Whether the negator has something to ask about before it, and nothing to turn after it.
fn asks(out: &Normalised, negator: usize, lexicon: &Lexicon) -> bool {
    let Some(before) = word(out, negator - 1).filter(|before| !ANSWERS.contains(before)) else {
        return false;
    };
    let text = out.text(&out.tokens[negator]);
    let offers = matches!(before, "atau" | "apa" | "or");
    if !ASKING.contains(&text) || (text == "not" && !offers) {
        return false;
    }
    // `refund belum` reports, `refund udah belum` asks.
    if text == "belum" && !asks_whether_done(out, negator) {
        return false;
    }
    let previous = &out.tokens[negator - 1];
    if previous.negates || scope::is_contrast(out, previous, lexicon) {
        return false;
    }
    let Some(next) = out.tokens.get(negator + 1) else { return true };
    match next.kind {
        TokenKind::Question | TokenKind::Emoji | TokenKind::Stop | TokenKind::Mention => true,
        TokenKind::Word if ADDRESS.contains(&out.text(next)) => true,
        TokenKind::Word => is_askable(out, previous, lexicon) && goes_on(out, next, lexicon),
        _ => false,
    }
}

/// Whether the clause before has `sudah`, or the comment a question mark.
fn asks_whether_done(out: &Normalised, negator: usize) -> bool {
    out.tokens[..negator].iter().any(|token| out.text(token) == "sudah")
        || out.tokens[negator..].iter().any(|token| token.kind == TokenKind::Question)
}

fn is_askable(out: &Normalised, token: &Token, lexicon: &Lexicon) -> bool {
    let rated = |token: &Token| {
        token.in_phrase
            || out.entry(token, lexicon).is_some_and(|entry| {
                entry.own.is_some_and(|own| own != 0) || matches!(entry.role, Role::Asking | Role::Booster)
            })
    };
    rated(token) || ASKABLE.contains(&out.text(token))
}

/// Whether a question can go on with the word: where, for whom, `-nya`, or a thing that is asked for.
fn goes_on(out: &Normalised, token: &Token, lexicon: &Lexicon) -> bool {
    let entry = out.entry(token, lexicon);
    if entry.is_some_and(|entry| entry.own.is_some_and(|own| own != 0)) {
        return false;
    }
    FURTHER.contains(&out.text(token)) || entry.is_some_and(|entry| entry.role == Role::Asking) || token.owned
}

fn word(out: &Normalised, place: usize) -> Option<&str> {
    let token = out.tokens.get(place).filter(|token| token.kind == TokenKind::Word)?;
    Some(out.text(token))
}
