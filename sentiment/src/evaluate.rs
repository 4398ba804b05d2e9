//! `sentiment eval FILE`: how well the model does on labelled comments.

use std::fmt;
use std::io::{self, BufRead};

use serde::Serialize;

use crate::label::{Label, UnknownLabel};
use crate::model::Model;

/// Why labelled lines cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// The reader failed.
    #[error("cannot read the labelled comments: {0}")]
    Read(#[from] io::Error),
    /// No tab between class and text.
    #[error("line {0}: no tab between class and text, expected class<TAB>text")]
    NoTab(usize),
    /// A class that is none.
    #[error("line {line}: {source}")]
    UnknownClass {
        /// Its number, from one.
        line: usize,
        /// What stood there.
        source: UnknownLabel,
    },
    /// Bytes that are no text.
    #[error("line {0}: not UTF-8")]
    NotText(usize),
    /// Nothing to evaluate.
    #[error("no labelled comment to evaluate, expected lines of class<TAB>text")]
    Empty,
}

/// What was counted of one class.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ClassFigures {
    /// The class.
    pub class: Label,
    /// Of those called so, the part that is.
    pub precision: f64,
    /// Of those that are, the part called so.
    pub recall: f64,
    /// The harmonic mean of the two.
    pub f1: f64,
    /// How many are.
    pub support: usize,
}

/// The figures of one evaluation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// The model that scored.
    pub model: String,
    /// How many comments.
    pub n: usize,
    /// The mean of the F1 of the classes that occur.
    pub macro_f1: f64,
    /// The part that is right.
    pub accuracy: f64,
    /// The part that the model called uncertain.
    pub uncertain: f64,
    /// The part that is right among the rest.
    pub certain_accuracy: f64,
    /// The expected calibration error over ten bins of the score.
    pub calibration_error: f64,
    /// For pos, neu, neg.
    pub classes: [ClassFigures; 3],
    /// Rows are the true class, columns the model's; pos, neu, neg.
    pub confusion: [[usize; 3]; 3],
}

/// One judged comment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// The class it has.
    pub truth: Label,
    /// The class the model gave.
    pub label: Label,
    /// With what probability.
    pub score: f32,
    /// Whether the model called it uncertain.
    pub uncertain: bool,
}

/// Scores `class<TAB>text` lines with the bundled model; empty lines and lines that start with `#` are passed
/// over.
///
/// # Errors
/// When reading fails, a line is no `class<TAB>text`, or there is none at all.
pub fn evaluate(reader: impl BufRead) -> Result<Evaluation, EvaluateError> {
    evaluate_with(Model::bundled(), reader)
}

/// The same with any model.
///
/// # Errors
/// As [`evaluate`].
pub fn evaluate_with(model: &Model<'_>, mut reader: impl BufRead) -> Result<Evaluation, EvaluateError> {
    let mut judged = Vec::new();
    let mut bytes = Vec::new();
    for number in 1.. {
        bytes.clear();
        if reader.read_until(b'\n', &mut bytes)? == 0 {
            break;
        }
        let line = std::str::from_utf8(&bytes).map_err(|_| EvaluateError::NotText(number))?;
        let line = line.trim_end_matches(['\n', '\r']).trim_start_matches('\u{FEFF}');
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (class, text) = line.split_once('\t').ok_or(EvaluateError::NoTab(number))?;
        let truth = class.parse().map_err(|source| EvaluateError::UnknownClass { line: number, source })?;
        let scored = model.score(text);
        judged.push(Judged { truth, label: scored.label, score: scored.score, uncertain: scored.uncertain });
    }
    Evaluation::of(&judged, model.version()).ok_or(EvaluateError::Empty)
}

impl Evaluation {
    /// The figures of judged comments; none where there are none.
    pub fn of(judged: &[Judged], model: &str) -> Option<Self> {
        if judged.is_empty() {
            return None;
        }
        let mut confusion = [[0; 3]; 3];
        for one in judged {
            confusion[one.truth.index()][one.label.index()] += 1;
        }
        let classes = Label::ALL.map(|class| class_figures(&confusion, class));
        let occurring: Vec<f64> =
            classes.iter().filter(|class| class.support > 0).map(|class| class.f1).collect();
        let right = |one: &&Judged| one.truth == one.label;
        let certain = judged.iter().filter(|one| !one.uncertain);
        Some(Self {
            model: model.to_owned(),
            n: judged.len(),
            macro_f1: ratio(occurring.iter().sum(), occurring.len()),
            accuracy: ratio(judged.iter().filter(right).count() as f64, judged.len()),
            uncertain: ratio(judged.iter().filter(|one| one.uncertain).count() as f64, judged.len()),
            certain_accuracy: ratio(certain.clone().filter(right).count() as f64, certain.count()),
            calibration_error: calibration_error(judged),
            classes,
            confusion,
        })
    }
}

fn class_figures(confusion: &[[usize; 3]; 3], class: Label) -> ClassFigures {
    let column = class.index();
    let hit = confusion[column][column] as f64;
    let support: usize = confusion[column].iter().sum();
    let called: usize = confusion.iter().map(|row| row[column]).sum();
    ClassFigures {
        class,
        precision: ratio(hit, called),
        recall: ratio(hit, support),
        f1: ratio(2.0 * hit, support + called),
        support,
    }
}

/// Over ten bins of the score: how far the part that is right lies from the mean score, weighed by the bin's
/// size.
fn calibration_error(judged: &[Judged]) -> f64 {
    let mut bins = [(0_usize, 0.0_f64, 0.0_f64); 10];
    for one in judged {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a score is within 0 and 1"
        )]
        let bin = &mut bins[((one.score * 10.0) as usize).min(9)];
        bin.0 += 1;
        bin.1 += f64::from(one.score);
        bin.2 += f64::from(u8::from(one.truth == one.label));
    }
    let gaps = bins.iter().map(|(_, scores, right)| (scores - right).abs());
    ratio(gaps.sum(), judged.len())
}

fn ratio(part: f64, of: usize) -> f64 {
    if of == 0 { 0.0 } else { part / of as f64 }
}

impl fmt::Display for Evaluation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "model {}, {} comments", self.model, self.n)?;
        writeln!(formatter, "class  precision  recall     f1  support")?;
        for class in &self.classes {
            let ClassFigures { class, precision, recall, f1, support } = class;
            writeln!(formatter, "{class:<5}  {precision:>9.3}  {recall:>6.3}  {f1:>5.3}  {support:>7}")?;
        }
        writeln!(formatter, "macro-F1 {:.4}, accuracy {:.4}", self.macro_f1, self.accuracy)?;
        write!(
            formatter,
            "uncertain {:.3}, accuracy of the rest {:.4}, calibration error {:.4}",
            self.uncertain, self.certain_accuracy, self.calibration_error
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_follow_from_the_confusion() {
        let judged = |truth, label| Judged { truth, label, score: 0.95, uncertain: false };
        let all = [
            judged(Label::Pos, Label::Pos),
            judged(Label::Pos, Label::Neg),
            judged(Label::Neg, Label::Neg),
            judged(Label::Neu, Label::Neu),
        ];
        let evaluation = Evaluation::of(&all, "test").unwrap();
        let pos = evaluation.classes[0];
        assert_eq!((pos.precision, pos.recall, pos.support), (1.0, 0.5, 2));
        assert!((evaluation.macro_f1 - (2.0 / 3.0 + 1.0 + 2.0 / 3.0) / 3.0).abs() < 1e-9);
        assert!((evaluation.calibration_error - 0.2).abs() < 1e-6);
    }

    #[test]
    fn a_bad_line_is_named_by_its_number() {
        let message = |lines: &[u8]| evaluate(lines).unwrap_err().to_string();
        assert_eq!(
            message(b"pos\tmantap\nmantap\n"),
            "line 2: no tab between class and text, expected class<TAB>text"
        );
        assert_eq!(message(b"\nbaik\tmantap\n"), "line 2: unknown class \"baik\", expected pos, neu or neg");
        assert_eq!(message(b"pos\t\xff\n"), "line 1: not UTF-8");
        assert!(message(b"").starts_with("no labelled comment"));
    }

    #[test]
    fn the_json_has_macro_f1_and_n() {
        let evaluation = evaluate(&b"pos\tmantap banget\nneg\tkecewa parah\n"[..]).unwrap();
        let json = serde_json::to_value(&evaluation).unwrap();
        assert_eq!(json["n"], 2);
        assert!(json["macro_f1"].as_f64().is_some());
        assert!(evaluation.to_string().contains("macro-F1"));
    }
}
