//! Confidence intervals by drawing the comments again, a thousand times, with a fixed seed.

use cekbrand_sentiment::evaluate::{Evaluation, Judged};

const DRAWS: usize = 1000;

/// The 2.5 % and 97.5 % points of macro-F1.
pub(crate) fn macro_f1(judged: &[Judged]) -> (f64, f64) {
    let mut seed = 20_261_101_u64;
    let mut figures: Vec<f64> = (0..DRAWS)
        .filter_map(|_| {
            let drawn: Vec<Judged> = judged.iter().map(|_| judged[next(&mut seed, judged.len())]).collect();
            Evaluation::of(&drawn, "").map(|evaluation| evaluation.macro_f1)
        })
        .collect();
    figures.sort_by(f64::total_cmp);
    match figures[..] {
        [] => (0.0, 0.0),
        _ => (figures[figures.len() / 40], figures[figures.len() - 1 - figures.len() / 40]),
    }
}

/// A linear congruential generator is random enough to draw with.
fn next(seed: &mut u64, below: usize) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*seed >> 33).unwrap_or(0) % below
}
