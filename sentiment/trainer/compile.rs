//! Puts the word table together: our lists first, then the packaged slang map and rated lexicons, then the
//! languages that the training texts show.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cekbrand_sentiment::lexicon::{Entry, Lexicon, Role};
use cekbrand_sentiment::normalise::Normalised;

use crate::data::{self, Example};

/// Where the pieces lie.
pub(crate) struct Sources<'a> {
    /// Our lists: words.txt, words_en.txt, spelling.txt, emoji.txt.
    pub(crate) own: &'a Path,
    /// The data folder with its `lexicons`.
    pub(crate) data: &'a Path,
    /// The slang map, a file of `"form": "spelling",` lines.
    pub(crate) slang: &'a Path,
}

type Table = BTreeMap<String, Entry>;

/// Builds the table.
pub(crate) fn lexicon(
    sources: &Sources<'_>,
    indonesian: &[Example],
    english: &[Example],
) -> Result<Lexicon, String> {
    let mut table = Table::new();
    polarities_and_roles(&mut table, data::groups(&sources.own.join("words.txt"), ',')?, str::to_owned)?;
    let english_words = data::groups(&sources.own.join("words_en.txt"), ',')?;
    polarities_and_roles(&mut table, english_words.clone(), str::to_owned)?;
    let faces = sources.own.join("emoji.txt");
    polarities_and_roles(&mut table, data::groups(&faces, ' ')?, |form| form.chars().take(1).collect())?;
    rated(&mut table, &sources.data.join("lexicons"))?;
    let ours: BTreeSet<String> = english_words.into_iter().flat_map(|(_, forms)| forms).collect();
    languages(&mut table, indonesian, english, &ours);
    spellings(&mut table, sources, indonesian, english)?;
    derive(&mut table);
    idioms(&mut table, data::groups(&sources.own.join("idioms.txt"), ',')?)?;
    mark_phrases(&mut table);
    Ok(lexicon_of(table))
}

fn lexicon_of(table: Table) -> Lexicon {
    Lexicon::new(table.into_iter().map(|(form, entry)| (form.into(), entry)).collect())
}

/// Idioms are written as people type them, so each is brought to the words that a comment with it has. A
/// doubled word is known with its hyphen, and found without it too.
fn idioms(table: &mut Table, groups: Vec<(String, Vec<String>)>) -> Result<(), String> {
    let words = groups.iter().flat_map(|(_, forms)| forms).flat_map(|form| form.split(' '));
    for doubled in words.filter(|word| word.contains('-')) {
        table.entry(doubled.to_owned()).or_default();
    }
    let known = lexicon_of(table.clone());
    let mut comment = Normalised::default();
    for (tag, forms) in groups {
        let polarity: i8 = tag.parse().map_err(|_| format!("idioms.txt: {tag:?} is no polarity"))?;
        for form in forms.iter().flat_map(|form| [form.clone(), form.replace('-', " ")]) {
            comment.read(&form, &known);
            let words: Vec<&str> = comment.tokens().iter().map(|token| comment.text(token)).collect();
            let idiom =
                Entry { own: Some(polarity * 10), role: Role::Idiom, language: 0, ..Entry::default() };
            table.insert(words.join(" "), idiom);
        }
    }
    Ok(())
}

fn polarities_and_roles(
    table: &mut Table,
    groups: Vec<(String, Vec<String>)>,
    form_of: impl Fn(&str) -> String,
) -> Result<(), String> {
    for (tag, forms) in groups {
        let polarity: Option<i8> = tag.parse().ok();
        let role = if polarity.is_none() { Some(role(&tag)?) } else { None };
        for form in forms {
            let entry = table.entry(form_of(&form)).or_default();
            if let Some(role) = role {
                entry.role = role;
            } else if entry.own.is_none() {
                entry.own = polarity.map(|whole| whole * 10);
            }
        }
    }
    Ok(())
}

fn role(tag: &str) -> Result<Role, String> {
    Ok(match tag {
        "negator" => Role::Negator,
        "booster" => Role::Booster,
        "damper" => Role::Damper,
        "contrast" => Role::Contrast,
        "asking" => Role::Asking,
        "request" => Role::Request,
        "spam" => Role::Spam,
        "playful" => Role::Playful,
        "swear" => Role::Swear,
        "report" => Role::Report,
        "foe" => Role::Foe,
        "support" => Role::Support,
        other => return Err(format!("unknown tag {other:?}")),
    })
}

/// VADER's and AFINN's ratings.
fn rated(table: &mut Table, folder: &Path) -> Result<(), String> {
    for line in data::read(&folder.join("vader_lexicon.txt"))?.lines() {
        let mut fields = line.split('\t');
        let (Some(form), Some(rating)) = (fields.next(), fields.next()) else { continue };
        let is_word = form.chars().all(|letter| letter.is_alphabetic() || letter == '\'' || letter == '-');
        if let (true, Ok(rating)) = (is_word, rating.parse::<f32>()) {
            table.entry(form.to_lowercase()).or_default().vader = tenths(rating);
        }
    }
    for name in ["AFINN-en.json", "AFINN-id.json"] {
        let ratings: BTreeMap<String, f32> = serde_json::from_str(&data::read(&folder.join(name))?)
            .map_err(|error| format!("{name}: {error}"))?;
        for (form, rating) in ratings {
            let form = form.to_lowercase();
            // Phrases of more than four words are not looked for.
            if form.split(' ').count() <= 4 && form.len() < 80 {
                table.entry(form).or_default().afinn = tenths(rating);
            }
        }
    }
    Ok(())
}

#[expect(clippy::cast_possible_truncation, reason = "clamped right before")]
fn tenths(rating: f32) -> i8 {
    (rating * 10.0).round().clamp(-40.0, 40.0) as i8
}

/// A word belongs to the language whose texts use it at least three times as often; one that neither uses, to
/// the language of the list it is in.
fn languages(table: &mut Table, indonesian: &[Example], english: &[Example], ours: &BTreeSet<String>) {
    let (id, en) = (counts(indonesian), counts(english));
    let (all_id, all_en) = (id.values().sum::<usize>() as f64, en.values().sum::<usize>() as f64);
    for word in id.keys().chain(en.keys()).collect::<BTreeSet<_>>() {
        let (in_id, in_en) = (id.get(word).copied().unwrap_or(0), en.get(word).copied().unwrap_or(0));
        if in_id < 3 && in_en < 2 || word.chars().any(|letter| letter.is_ascii_digit()) {
            continue;
        }
        let (often_id, often_en) = (in_id as f64 / all_id, in_en as f64 / all_en);
        let language = i8::from(often_id > 3.0 * often_en) - i8::from(often_en > 3.0 * often_id);
        if language != 0 || table.contains_key(word) {
            table.entry(word.clone()).or_default().language = language;
        }
    }
    for (form, entry) in
        table.iter_mut().filter(|(form, _)| !id.contains_key(*form) && !en.contains_key(*form))
    {
        if entry.vader != 0 || ours.contains(form) {
            entry.language = -1;
        } else if entry.own.is_some() && form.is_ascii() {
            entry.language = 1;
        }
    }
}

fn counts(examples: &[Example]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for example in examples {
        let text = example.text.to_lowercase();
        for word in text.split(|letter: char| !(letter.is_alphanumeric() || letter == '\'')) {
            let word = word.trim_matches('\'');
            if word.len() > 1 {
                *counts.entry(word.to_owned()).or_insert(0) += 1;
            }
        }
    }
    counts
}

/// Our spellings, then the slang map where it does not touch a word that the texts use as it is.
fn spellings(
    table: &mut Table,
    sources: &Sources<'_>,
    indonesian: &[Example],
    english: &[Example],
) -> Result<(), String> {
    let mut rewrites = BTreeMap::new();
    for (target, forms) in data::groups(&sources.own.join("spelling.txt"), ',')? {
        for form in forms {
            rewrites.entry(form).or_insert_with(|| target.clone());
        }
    }
    let (id, en) = (counts(indonesian), counts(english));
    for (form, target) in slang(sources.slang)? {
        let used = id.get(&form).copied().unwrap_or(0) > 4 || en.contains_key(&form);
        let rated = table.get(&form).is_some_and(|entry| entry.own.is_some() || entry.vader != 0);
        if !used && !rated && !form.contains(' ') && !form.contains('-') {
            let target = rewrites.get(&target).unwrap_or(&target).replace('-', " ");
            rewrites.entry(form).or_insert(target);
        }
    }
    for (form, target) in rewrites.into_iter().filter(|(form, target)| form != target) {
        // Only the target is looked at from here on, so what the form itself had is of no use.
        table.insert(form, Entry { rewrite: Some(target.into()), ..Entry::default() });
    }
    Ok(())
}

/// Indonesian forms that keep the polarity of their stem: `seenak`, `terenak`, `enaknya`.
fn derive(table: &mut Table) {
    let stems: Vec<(String, Entry)> = table
        .iter()
        .filter(|(form, entry)| {
            entry.own.is_some_and(|own| own != 0) && entry.language >= 0 && form.len() > 3 && form.is_ascii()
        })
        .map(|(form, entry)| (form.clone(), entry.clone()))
        .filter(|(form, _)| !form.contains(' '))
        .collect();
    for (stem, entry) in stems {
        for form in [format!("se{stem}"), format!("ter{stem}"), format!("{stem}nya")] {
            let derived = table.entry(form).or_default();
            if !derived.is_telling() {
                (derived.own, derived.language) = (entry.own, 1);
            }
        }
    }
}

fn slang(path: &Path) -> Result<Vec<(String, String)>, String> {
    let mut pairs = Vec::new();
    for line in data::read(path)?.lines() {
        let quoted: Vec<&str> = line.split('"').collect();
        if let [_, form, ":" | ": ", target, ","] = quoted[..] {
            pairs.push((form.to_lowercase(), target.to_lowercase()));
        }
    }
    if pairs.is_empty() {
        return Err(format!("{} has no line of the form \"form\": \"spelling\",", path.display()));
    }
    Ok(pairs)
}

fn mark_phrases(table: &mut Table) {
    let openers: BTreeSet<String> =
        table.keys().filter_map(|form| form.split_once(' ')).map(|(first, _)| first.to_owned()).collect();
    for opener in openers {
        table.entry(opener).or_default().opens_phrase = true;
    }
}
