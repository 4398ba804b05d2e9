//! Prints every figure of the model card, as it stands there.

use cekbrand_sentiment::evaluate::{Evaluation, Judged};
use cekbrand_sentiment::model::MODEL_VERSION;
use cekbrand_sentiment::{Label, Model};

use crate::bootstrap;
use crate::calibrate;
use crate::corpus::{self, Corpus};
use crate::cross::{self, Outside};
use crate::data::Example;
use crate::settings::Settings;

/// Measures a model on what it never saw, and the settings by cross-validation.
pub(crate) fn print(corpus: &Corpus, settings: &Settings, model: &Model<'_>) -> Result<(), String> {
    println!(
        "| set | n | macro-F1 (95 %) | pos P / R / F1 | neu P / R / F1 | neg P / R / F1 | right | uncertain | right of the rest | calibration error |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for name in ["smsa_valid", "umsab_en_valid"] {
        row(name, &judge(model, &corpus.held_back(&format!("{name}.tsv"))?));
    }
    let outside = cross::outside(corpus, settings);
    let calibration = calibrate::calibrate(&outside);
    for ((name, _), judged) in corpus.sets.iter().zip(&outside) {
        let judged: Vec<Judged> = judged.iter().map(|one| from_outside(one, &calibration)).collect();
        row(&format!("{name}, 5-fold"), &judged);
    }
    let acceptance = corpus::acceptance()?;
    row("acceptance, all", &judge(model, &acceptance));
    let literal: Vec<Example> = acceptance.iter().filter(|one| one.slice != "sarcasm").cloned().collect();
    row("acceptance, all but sarcasm", &judge(model, &literal));
    slices("acceptance", &acceptance, model);
    let kinds = corpus::kinds()?;
    row("misleading, all", &judge(model, &kinds));
    slices("misleading", &kinds, model);
    Ok(())
}

fn slices(set: &str, examples: &[Example], model: &Model<'_>) {
    let mut slices: Vec<&str> = examples.iter().map(|example| example.slice.as_str()).collect();
    slices.dedup();
    for slice in slices {
        let of_slice: Vec<Example> = examples.iter().filter(|one| one.slice == slice).cloned().collect();
        row(&format!("{set}, {slice}"), &judge(model, &of_slice));
    }
}

fn judge(model: &Model<'_>, examples: &[Example]) -> Vec<Judged> {
    let one = |example: &Example| {
        let scored = model.score(&example.text);
        Judged { truth: example.label, label: scored.label, score: scored.score, uncertain: scored.uncertain }
    };
    examples.iter().map(one).collect()
}

fn from_outside(one: &Outside, calibration: &cekbrand_sentiment::artefact::Calibration) -> Judged {
    let probabilities = calibrate::probabilities(one, calibration);
    let label = Label::strongest(probabilities);
    let score = probabilities[label.index()];
    Judged { truth: one.truth, label, score, uncertain: score < calibration.certain_from }
}

fn row(name: &str, judged: &[Judged]) {
    let Some(evaluation) = Evaluation::of(judged, MODEL_VERSION) else { return };
    let (low, high) = bootstrap::macro_f1(judged);
    let classes = evaluation.classes.map(|class| {
        if class.support == 0 {
            return "-".to_owned();
        }
        format!("{:.3} / {:.3} / {:.3}", class.precision, class.recall, class.f1)
    });
    println!(
        "| {name} | {} | {:.3} ({low:.3} to {high:.3}) | {} | {:.3} | {:.3} | {:.3} | {:.3} |",
        evaluation.n,
        evaluation.macro_f1,
        classes.join(" | "),
        evaluation.accuracy,
        evaluation.uncertain,
        evaluation.certain_accuracy,
        evaluation.calibration_error,
    );
}
