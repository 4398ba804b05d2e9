//! Cross-validation: each example is judged by weights that never saw it.

use cekbrand_sentiment::Label;

use crate::corpus::Corpus;
use crate::fit;
use crate::settings::Settings;
use crate::vectors::Vector;

/// What weights from the other folds say of one example.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outside {
    pub(crate) truth: Label,
    pub(crate) sums: [f32; 3],
    pub(crate) words: usize,
}

/// Judges every example of every set from outside, set by set.
pub(crate) fn outside(corpus: &Corpus, settings: &Settings) -> [Vec<Outside>; 3] {
    let mut outside: [Vec<Outside>; 3] = Default::default();
    let folds = settings.folds;
    for fold in 0..folds {
        let made = corpus.contrasts.iter();
        let made = made.filter(|(parents, _)| parents.iter().all(|parent| fold_of(*parent, folds) != fold));
        let training: Vec<&Vector> = corpus
            .sets
            .iter()
            .flat_map(|(_, set)| in_fold(set, folds, move |of| of != fold))
            .chain(made.map(|(_, vector)| vector))
            .collect();
        let weights = fit::fit(&training, settings);
        for ((_, set), judged) in corpus.sets.iter().zip(&mut outside) {
            let with_words = in_fold(set, folds, move |of| of == fold).filter(|vector| vector.words > 0);
            judged.extend(with_words.map(|vector| Outside {
                truth: vector.label,
                sums: weights.sums(vector),
                words: vector.words,
            }));
        }
    }
    outside
}

fn in_fold(set: &[Vector], folds: usize, wanted: impl Fn(usize) -> bool) -> impl Iterator<Item = &Vector> {
    set.iter().enumerate().filter(move |(place, _)| wanted(fold_of(*place, folds))).map(|(_, vector)| vector)
}

/// Scatters the places over the folds, the same way every time.
fn fold_of(place: usize, folds: usize) -> usize {
    (place.wrapping_mul(2_654_435_761) >> 7) % folds
}
