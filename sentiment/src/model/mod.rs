//! Step three: from numbers to a class. A linear model over the features; comments without words go to the
//! emoji layer.

mod explain;

use std::cell::RefCell;
use std::sync::OnceLock;

use crate::artefact::Artefact;
use crate::cursor::ArtefactError;
use crate::features::{self, Dense, GROUPS, Group, Sink};
use crate::label::Label;
use crate::lexicon::Lexicon;
use crate::normalise::{Normalised, TokenKind};

pub use explain::{Explanation, MOST_TOKENS, Spoken};

/// The version of the bundled model, as kept in the `model` column.
pub const MODEL_VERSION: &str = "id-linear-2026.11.2";

static BUNDLED: &[u8] = include_bytes!("../../model/id-linear.bin");

thread_local! {
    /// One comment's worth of memory a thread, used again and again.
    static COMMENT: RefCell<Normalised> = RefCell::default();
}

/// What the model says of one comment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// The most probable class.
    pub label: Label,
    /// The calibrated probability of that class, from 1/3 to 1.
    pub score: f32,
    /// The probability is too low to build on, or nothing in the comment is known.
    pub uncertain: bool,
    /// `id`, `en`, `mixed`, or `und` where no word tells.
    pub language: &'static str,
    /// The probabilities of pos, neu, neg.
    pub probabilities: [f32; 3],
}

/// A trained model, ready to score. Scoring is deterministic and needs no mutable access.
#[derive(Debug)]
pub struct Model<'a> {
    artefact: Artefact<'a>,
    shift: u32,
}

impl Model<'static> {
    /// The model that is part of the program; read once, at the first call.
    pub fn bundled() -> &'static Self {
        static MODEL: OnceLock<Model<'static>> = OnceLock::new();
        #[expect(clippy::expect_used, reason = "the bytes are part of the program and read in every test")]
        MODEL.get_or_init(|| Self::read(BUNDLED).expect("the bundled model is whole"))
    }
}

impl<'a> Model<'a> {
    /// Reads a model from an artefact's bytes.
    ///
    /// # Errors
    /// When the bytes are no whole artefact.
    pub fn read(bytes: &'a [u8]) -> Result<Self, ArtefactError> {
        Artefact::read(bytes).map(Self::new)
    }

    /// A model of a trained artefact.
    pub fn new(artefact: Artefact<'a>) -> Self {
        let shift = 64 - artefact.bits;
        Self { artefact, shift }
    }

    /// The version that training gave the artefact.
    pub fn version(&self) -> &str {
        &self.artefact.version
    }

    /// The word table.
    pub fn lexicon(&self) -> &Lexicon {
        &self.artefact.lexicon
    }

    /// Scores one comment. Any text is answered; an empty one is neutral and uncertain.
    pub fn score(&self, text: &str) -> Scored {
        COMMENT.with_borrow_mut(|comment| {
            comment.read(text, self.lexicon());
            self.score_normalised(comment)
        })
    }

    fn score_normalised(&self, comment: &Normalised) -> Scored {
        let (raw, dense) = self.sums(comment);
        let probabilities = softmax(raw.sums.map(|sum| sum / self.temperature(&raw)));
        let label = Label::strongest(probabilities);
        let score = probabilities[label.index()];
        let uncertain = raw.is_foreign || score < self.artefact.calibration.certain_from;
        Scored { label, score, uncertain, language: dense.language.as_str(), probabilities }
    }

    fn temperature(&self, raw: &Raw) -> f32 {
        let calibration = &self.artefact.calibration;
        match raw.words {
            0 => 1.0,
            1..=8 => calibration.short_temperature,
            _ => calibration.long_temperature,
        }
    }

    fn sums(&self, comment: &Normalised) -> (Raw, Dense) {
        let mut rows = Rows { model: self, sums: [[0; 3]; GROUPS], counts: [0; GROUPS] };
        let dense = features::extract(comment, self.lexicon(), &mut rows);
        let is_foreign =
            comment.tokens().iter().all(|token| token.entry.is_none() && token.kind != TokenKind::Laugh);
        let sums = if dense.words == 0 { emoji_layer(&dense, comment) } else { rows.total(&dense) };
        (Raw { sums, words: dense.words, is_foreign }, dense)
    }

    fn row(&self, hash: u64) -> [i32; 3] {
        let row = usize::try_from(hash >> self.shift).unwrap_or(0) * 3;
        match self.artefact.weights.get(row..row + 3) {
            Some(&[pos, neu, neg]) => [pos, neu, neg].map(|weight| i32::from(weight.cast_signed())),
            _ => [0; 3],
        }
    }
}

/// The sums of one comment before calibration.
struct Raw {
    /// For pos, neu, neg.
    sums: [f32; 3],
    /// How many words were read.
    words: usize,
    /// There was no word, emoji or laugh that the model knows; an empty comment is such.
    is_foreign: bool,
}

/// How much one feature of a group weighs, given how many there are: as if each group were a vector of fixed
/// length, that of words half as long again as that of windows.
pub fn group_scale(group: Group, count: u32) -> f32 {
    let length = match group {
        Group::Word => 1.5,
        Group::Char => 1.0,
    };
    length / (count.max(1) as f32).sqrt()
}

/// Turns sums into probabilities.
pub fn softmax(sums: [f32; 3]) -> [f32; 3] {
    let greatest = sums.into_iter().fold(f32::MIN, f32::max);
    let powers = sums.map(|sum| (sum - greatest).exp());
    let total: f32 = powers.iter().sum();
    powers.map(|power| power / total)
}

/// Adds up int8 weights exactly, whatever the order.
struct Rows<'m, 'a> {
    model: &'m Model<'a>,
    sums: [[i32; 3]; GROUPS],
    counts: [u32; GROUPS],
}

impl Sink for Rows<'_, '_> {
    #[inline]
    fn add(&mut self, group: Group, hash: u64, _: usize) {
        self.counts[group as usize] += 1;
        for (sum, weight) in self.sums[group as usize].iter_mut().zip(self.model.row(hash)) {
            *sum += weight;
        }
    }
}

impl Rows<'_, '_> {
    fn total(&self, dense: &Dense) -> [f32; 3] {
        let mut total = [0.0; 3];
        for ((group, sums), count) in Group::ALL.into_iter().zip(&self.sums).zip(self.counts) {
            let scale = self.model.artefact.scale * group_scale(group, count);
            for (total, sum) in total.iter_mut().zip(sums) {
                *total += *sum as f32 * scale;
            }
        }
        for (value, weights) in dense.values.iter().zip(&self.model.artefact.dense) {
            if *value != 0.0 {
                total.iter_mut().zip(weights).for_each(|(total, weight)| *total += value * weight);
            }
        }
        total
    }
}

/// The sums of a comment without words. Set by hand, since no licensed data has such comments: faces decide
/// with diminishing returns, joking faces and question marks pull to neutral, and so does saying nothing.
fn emoji_layer(dense: &Dense, comment: &Normalised) -> [f32; 3] {
    let faces = 2.0 * dense.faces.abs().ln_1p().copysign(dense.faces);
    let asks = comment.tokens().iter().any(|token| token.kind == TokenKind::Question);
    [faces, 0.8 + 0.5 * dense.playful.ln_1p() + if asks { 1.0 } else { 0.0 }, -faces]
}

#[cfg(test)]
mod tests;
