//! Prints the labelled comments that a model gets wrong.

use std::path::Path;

use cekbrand_sentiment::Model;

use crate::data;

/// Prints `truth, label, score, text` of each miss, and how many are right.
pub(crate) fn print(model: &Model<'_>, labelled: &Path) -> Result<(), String> {
    let examples = data::examples(labelled)?;
    let mut right = 0;
    for example in &examples {
        let scored = model.score(&example.text);
        if scored.label == example.label {
            right += 1;
        } else {
            println!("{} {} {:.2} {}", example.label, scored.label, scored.score, example.text);
        }
    }
    println!("{right} of {} right", examples.len());
    Ok(())
}
