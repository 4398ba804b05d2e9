//! All that is read before training: licensed texts, our own comments, the word table.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use cekbrand_sentiment::Label;
use cekbrand_sentiment::lexicon::Lexicon;

use crate::compile::{self, Sources};
use crate::contrast;
use crate::data::{self, Example};
use crate::settings::Settings;
use crate::vectors::{self, Vector};

/// A training comment that shares this part of its four-letter windows with an acceptance comment is refused.
const TOO_NEAR: f64 = 0.5;

/// The training sets as numbers, and what is needed to read more.
pub(crate) struct Corpus {
    /// Indonesian reviews and posts, English tweets, our own comments.
    pub(crate) sets: [(&'static str, Vec<Vector>); 3],
    /// Made of our own comments, with the numbers of the two they are made of; trained on, never measured on.
    pub(crate) contrasts: Vec<([usize; 2], Vector)>,
    data: PathBuf,
    slang: PathBuf,
    texts: [Vec<Example>; 2],
}

impl Corpus {
    /// Reads everything and gives each example its weight.
    pub(crate) fn read(data: &Path, slang: &Path, settings: &Settings) -> Result<Self, String> {
        let indonesian = data::examples(&data.join("smsa_train.tsv"))?;
        let english = data::examples(&data.join("vader_tweets_en.tsv"))?;
        let own = data::examples(&crate::home().join("trainer/comments.tsv"))?;
        keep_apart(&own, &acceptance()?)?;
        keep_apart(&own, &kinds()?)?;
        let mut corpus = Self {
            sets: Default::default(),
            contrasts: Vec::new(),
            data: data.into(),
            slang: slang.into(),
            texts: [indonesian, english],
        };
        let lexicon = corpus.lexicon()?;
        let weighed = |examples: &[Example], base: f32, neutral: f32, negative: f32| {
            let mut vectors = vectors::vectors(examples, &lexicon, settings.bits);
            for vector in &mut vectors {
                let of_class = match vector.label {
                    Label::Pos => 1.0,
                    Label::Neu => neutral,
                    Label::Neg => negative,
                };
                // A comment without words teaches nothing: the emoji layer has it.
                vector.weight = if vector.words == 0 { 0.0 } else { base * of_class };
            }
            vectors
        };
        let [indonesian, english] = &corpus.texts;
        corpus.sets = [
            ("smsa_train", weighed(indonesian, 1.0, settings.neutral_id, settings.negative_id)),
            (
                "vader_tweets_en",
                weighed(english, settings.english, settings.neutral_en, settings.negative_en),
            ),
            ("own training comments", weighed(&own, settings.own, 1.0, 1.0)),
        ];
        let made = contrast::contrasts(&own);
        let examples: Vec<Example> = made.iter().map(|one| one.example.clone()).collect();
        let vectors = weighed(&examples, settings.contrast, 1.0, 1.0);
        corpus.contrasts = made.iter().map(|one| one.parents).zip(vectors).collect();
        Ok(corpus)
    }

    /// The word table, compiled anew.
    pub(crate) fn lexicon(&self) -> Result<Lexicon, String> {
        let sources = Sources { own: &crate::home().join("lexicon"), data: &self.data, slang: &self.slang };
        compile::lexicon(&sources, &self.texts[0], &self.texts[1])
    }

    /// Every training vector.
    pub(crate) fn training(&self) -> Vec<&Vector> {
        let made = self.contrasts.iter().map(|(_, vector)| vector);
        self.sets.iter().flat_map(|(_, vectors)| vectors).chain(made).collect()
    }

    /// A set that is only measured on, by its file name.
    pub(crate) fn held_back(&self, name: &str) -> Result<Vec<Example>, String> {
        data::examples(&self.data.join(name))
    }
}

/// The acceptance set, each comment with its slice.
pub(crate) fn acceptance() -> Result<Vec<Example>, String> {
    data::examples(&crate::home().join("acceptance/comments.tsv"))
}

/// The comments of misleading kinds, each with its slice.
pub(crate) fn kinds() -> Result<Vec<Example>, String> {
    data::examples(&crate::home().join("acceptance/kinds.tsv"))
}

fn keep_apart(training: &[Example], acceptance: &[Example]) -> Result<(), String> {
    let kept: Vec<_> = acceptance.iter().map(|example| windows(&example.text)).collect();
    for example in training {
        let own = windows(&example.text);
        let near = kept.iter().position(|other| {
            let shared = own.intersection(other).count();
            shared as f64 >= TOO_NEAR * (own.len() + other.len() - shared) as f64
        });
        if let Some(near) = near {
            return Err(format!(
                "training comment {:?} is too near to acceptance comment {:?}",
                example.text, acceptance[near].text
            ));
        }
    }
    Ok(())
}

/// Four-letter windows; a shorter text is one window.
fn windows(text: &str) -> HashSet<Vec<char>> {
    let letters: Vec<char> = text.to_lowercase().chars().collect();
    if letters.len() < 4 {
        return HashSet::from([letters]);
    }
    letters.windows(4).map(<[char]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_training_comment_like_an_acceptance_comment_is_refused() {
        let example = |text: &str| Example { label: Label::Pos, slice: String::new(), text: text.into() };
        assert!(keep_apart(&[example("bagus sekali kak")], &[example("bagus sekali kakak")]).is_err());
        assert!(keep_apart(&[example("bagus sekali kak")], &[example("rasanya enak")]).is_ok());
    }

    #[test]
    fn the_training_comments_are_apart_from_the_acceptance_set() {
        let own = data::examples(&crate::home().join("trainer/comments.tsv")).unwrap();
        assert_eq!(keep_apart(&own, &acceptance().unwrap()), Ok(()));
        assert_eq!(keep_apart(&own, &kinds().unwrap()), Ok(()));
    }
}
