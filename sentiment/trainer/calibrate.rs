//! From sums to probabilities that hold: one temperature for short comments, one for long, both fitted on
//! examples judged from outside their fold.

use cekbrand_sentiment::Label;
use cekbrand_sentiment::artefact::Calibration;
use cekbrand_sentiment::model::softmax;

use crate::cross::Outside;

/// Comments whose label is less probable than a level are uncertain; the level is the lowest at which the
/// rest is right this often.
const CERTAIN_ACCURACY: f64 = 0.90;

/// Fits both temperatures and the level of certainty.
pub(crate) fn calibrate(outside: &[Vec<Outside>; 3]) -> Calibration {
    let all = || outside.iter().flatten();
    let short_temperature = temperature(&all().filter(|one| one.words <= 8).collect::<Vec<_>>());
    let long_temperature = temperature(&all().filter(|one| one.words > 8).collect::<Vec<_>>());
    let mut calibration = Calibration { short_temperature, long_temperature, certain_from: 0.0 };
    let levels = (34_u8..95).map(|percent| f32::from(percent) / 100.0);
    for level in levels {
        calibration.certain_from = level;
        let certain: Vec<bool> = all()
            .map(|one| (one.truth, probabilities(one, &calibration)))
            .filter(|(_, probabilities)| probabilities[Label::strongest(*probabilities).index()] >= level)
            .map(|(truth, probabilities)| truth == Label::strongest(probabilities))
            .collect();
        let right = certain.iter().filter(|right| **right).count();
        if right as f64 >= CERTAIN_ACCURACY * certain.len() as f64 {
            break;
        }
    }
    calibration
}

/// The probabilities that the model would give.
pub(crate) fn probabilities(one: &Outside, calibration: &Calibration) -> [f32; 3] {
    let temperature =
        if one.words <= 8 { calibration.short_temperature } else { calibration.long_temperature };
    softmax(one.sums.map(|sum| sum / temperature))
}

/// The temperature, from 0.30 to 3.99, under which what is true was least surprising.
fn temperature(judged: &[&Outside]) -> f32 {
    let surprise = |temperature: f32| -> f64 {
        let one = |one: &&Outside| {
            f64::from(softmax(one.sums.map(|sum| sum / temperature))[one.truth.index()].max(1e-9).ln())
        };
        -judged.iter().map(one).sum::<f64>()
    };
    let candidates = (30_u16..400).map(|percent| f32::from(percent) / 100.0);
    let best = candidates.map(|temperature| (surprise(temperature), temperature));
    best.min_by(|a, b| a.0.total_cmp(&b.0)).map_or(1.0, |(_, temperature)| temperature)
}
