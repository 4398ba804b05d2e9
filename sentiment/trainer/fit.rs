//! Fits the weights: softmax regression with a ridge, then int8.

use cekbrand_sentiment::artefact::{Artefact, Calibration};
use cekbrand_sentiment::features::dense::DENSE;
use cekbrand_sentiment::lexicon::Lexicon;
use cekbrand_sentiment::model::{MODEL_VERSION, softmax};

use crate::lbfgs;
use crate::settings::Settings;
use crate::vectors::Vector;

/// The weights: hashed rows in steps of `scale` first, then the dense features; three each.
pub(crate) struct Weights {
    rows: usize,
    scale: f32,
    values: Vec<f32>,
}

/// Fits on the vectors, each with its own weight.
pub(crate) fn fit(vectors: &[&Vector], settings: &Settings) -> Weights {
    let rows = 1_usize << settings.bits;
    let often = often_seen(vectors, rows, settings.least_seen);
    let vectors: Vec<Vector> = vectors.iter().map(|vector| vector.only(&often)).collect();
    let total: f64 = vectors.iter().map(|vector| f64::from(vector.weight)).sum();
    let values = lbfgs::minimise(vec![0.0; (rows + DENSE) * 3], settings.steps, |at, gradient| {
        let mut value = ridge(at, gradient, rows, settings);
        for vector in &vectors {
            value += loss(vector, at, gradient, rows, total);
        }
        value
    });
    Weights::rounded(values, rows)
}

/// Which rows are met in enough examples to be worth a weight.
fn often_seen(vectors: &[&Vector], rows: usize, least: u32) -> Vec<bool> {
    let mut seen = vec![0_u32; rows];
    for (row, _) in vectors.iter().flat_map(|vector| &vector.hashed) {
        seen[*row as usize] += 1;
    }
    seen.into_iter().map(|count| count >= least).collect()
}

fn ridge(at: &[f32], gradient: &mut [f32], rows: usize, settings: &Settings) -> f64 {
    let mut value = 0.0;
    for (place, (weight, slope)) in at.iter().zip(gradient).enumerate() {
        let ridge = if place < rows * 3 { settings.ridge } else { settings.dense_ridge };
        *slope = ridge * weight;
        value += f64::from(ridge) * f64::from(*weight) * f64::from(*weight) / 2.0;
    }
    value
}

/// Adds one example's cross-entropy and its gradient.
fn loss(vector: &Vector, at: &[f32], gradient: &mut [f32], rows: usize, total: f64) -> f64 {
    let mut sums = [0.0_f32; 3];
    for (row, value) in &vector.hashed {
        let weights = &at[*row as usize * 3..][..3];
        sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += value * weight);
    }
    for (place, value) in vector.dense.iter().enumerate() {
        let weights = &at[(rows + place) * 3..][..3];
        sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += value * weight);
    }
    let probabilities = softmax(sums);
    let share = f64::from(vector.weight) / total;
    let mut slopes = probabilities;
    slopes[vector.label.index()] -= 1.0;
    #[expect(clippy::cast_possible_truncation, reason = "weights are kept in single precision")]
    let slopes = slopes.map(|slope| slope * share as f32);
    for (row, value) in &vector.hashed {
        let gradient = &mut gradient[*row as usize * 3..][..3];
        gradient.iter_mut().zip(slopes).for_each(|(gradient, slope)| *gradient += value * slope);
    }
    for (place, value) in vector.dense.iter().enumerate() {
        let gradient = &mut gradient[(rows + place) * 3..][..3];
        gradient.iter_mut().zip(slopes).for_each(|(gradient, slope)| *gradient += value * slope);
    }
    -f64::from(probabilities[vector.label.index()].max(1e-12).ln()) * share
}

impl Weights {
    /// The sums of a vector, as the model gives them.
    pub(crate) fn sums(&self, vector: &Vector) -> [f32; 3] {
        let mut sums = [0.0; 3];
        let dense = vector.dense.iter().enumerate().map(|(place, value)| (self.rows + place, *value));
        let hashed = vector.hashed.iter().map(|(row, value)| (*row as usize, *value));
        for (row, value) in hashed.chain(dense) {
            let weights = &self.values[row * 3..][..3];
            sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += value * weight);
        }
        sums
    }

    /// Puts the artefact together.
    pub(crate) fn artefact(
        &self,
        lexicon: Lexicon,
        calibration: Calibration,
        bits: u32,
    ) -> Artefact<'static> {
        let (hashed, dense_values) = self.values.split_at(self.rows * 3);
        let scale = self.scale;
        #[expect(clippy::cast_possible_truncation, reason = "within 127 by the choice of scale")]
        let weights = hashed.iter().map(|weight| ((weight / scale).round() as i8).cast_unsigned());
        let weights = weights.collect::<Vec<_>>().into();
        let mut dense = [[0.0; 3]; DENSE];
        dense.as_flattened_mut().copy_from_slice(dense_values);
        Artefact { version: MODEL_VERSION.into(), bits, scale, weights, dense, calibration, lexicon }
    }

    /// Rounds the hashed weights to the 255 steps of int8, so that what is measured is what is shipped.
    fn rounded(mut values: Vec<f32>, rows: usize) -> Self {
        let hashed = &mut values[..rows * 3];
        let greatest = hashed.iter().fold(0.0_f32, |greatest, weight| greatest.max(weight.abs()));
        let scale = greatest.max(1e-6) / 127.0;
        for weight in hashed {
            *weight = (*weight / scale).round() * scale;
        }
        Self { rows, scale, values }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data;
    use crate::vectors;

    #[test]
    fn training_twice_gives_the_same_bytes() {
        let mut own = data::examples(&crate::home().join("trainer/comments.tsv")).unwrap();
        own.truncate(60);
        let settings = Settings { bits: 10, steps: 10, ..Settings::default() };
        let calibration = Calibration { short_temperature: 1.0, long_temperature: 1.0, certain_from: 0.5 };
        let train = || {
            let lexicon = Lexicon::new(Vec::new());
            let vectors = vectors::vectors(&own, &lexicon, settings.bits);
            let weights = fit(&vectors.iter().collect::<Vec<_>>(), &settings);
            weights.artefact(lexicon, calibration, settings.bits).write()
        };
        assert_eq!(train(), train());
    }
}
