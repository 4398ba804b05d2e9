//! How far two labelling passes over the acceptance set agree.

use cekbrand_sentiment::Label;

use crate::corpus;
use crate::data;

/// Prints raw agreement, Cohen's kappa and what became of each disagreement.
///
/// `acceptance/passes.tsv` has `first<TAB>second<TAB>text`.
pub(crate) fn print() -> Result<(), String> {
    let settled = corpus::acceptance()?;
    let mut pairs = Vec::new();
    for pass in data::examples(&crate::home().join("acceptance/passes.tsv"))? {
        let second: Label = pass.slice.parse().map_err(|error| format!("{error} in {:?}", pass.text))?;
        let of_text = settled.iter().find(|example| example.text == pass.text);
        let label = of_text.ok_or_else(|| format!("{:?} is not in the acceptance set", pass.text))?.label;
        if second != pass.label {
            println!("first {}, second {second}, settled {label}: {}", pass.label, pass.text);
        } else if label != second {
            return Err(format!("both passes call {:?} {second}, the set calls it {label}", pass.text));
        }
        pairs.push((pass.label, second));
    }
    if pairs.len() != settled.len() {
        return Err(format!("{} comments were labelled twice, the set has {}", pairs.len(), settled.len()));
    }
    let (raw, kappa) = agreement(&pairs);
    println!("n {}, raw agreement {raw:.4}, Cohen's kappa {kappa:.4}", pairs.len());
    Ok(())
}

/// Raw agreement, and what of it is above chance.
fn agreement(pairs: &[(Label, Label)]) -> (f64, f64) {
    let all = pairs.len() as f64;
    let raw = pairs.iter().filter(|(first, second)| first == second).count() as f64 / all;
    let chance: f64 = Label::ALL
        .into_iter()
        .map(|label| {
            let first = pairs.iter().filter(|pair| pair.0 == label).count() as f64;
            let second = pairs.iter().filter(|pair| pair.1 == label).count() as f64;
            first * second / (all * all)
        })
        .sum();
    (raw, (raw - chance) / (1.0 - chance))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kappa_is_one_for_equal_passes_and_zero_for_chance() {
        let (pos, neg) = (Label::Pos, Label::Neg);
        assert_eq!(agreement(&[(pos, pos), (neg, neg)]), (1.0, 1.0));
        assert_eq!(agreement(&[(pos, pos), (pos, neg), (neg, pos), (neg, neg)]), (0.5, 0.0));
    }
}
