//! `sentiment score`: one comment a line in, one JSON object a line out.

use std::io::{self, BufRead, Write};

use serde::Serialize;

use crate::label::Label;
use crate::model::{MODEL_VERSION, Model, Spoken};

/// A scored line, as written.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScoredLine {
    /// `pos`, `neu` or `neg`.
    pub label: Label,
    /// The calibrated probability of the label.
    pub score: f32,
    /// Too improbable to build on.
    pub uncertain: bool,
    /// `id`, `en`, `mixed` or `und`.
    pub language: &'static str,
    /// The tokens that spoke.
    pub tokens: Vec<Spoken>,
    /// The model that scored.
    pub model: &'static str,
}

impl ScoredLine {
    /// Scores a comment with the bundled model.
    pub fn of(text: &str) -> Self {
        let explanation = Model::bundled().explain(text);
        let scored = explanation.scored;
        Self {
            label: scored.label,
            score: scored.score,
            uncertain: scored.uncertain,
            language: scored.language,
            tokens: explanation.tokens,
            model: MODEL_VERSION,
        }
    }
}

/// Scores each line of the reader and writes one JSON object a line; tells how many there were. An empty line
/// is a comment too, bytes that are no UTF-8 are read as U+FFFD.
///
/// # Errors
/// When reading or writing fails.
pub fn score_lines(mut reader: impl BufRead, mut writer: impl Write) -> io::Result<u64> {
    let mut line = Vec::new();
    let mut count = 0;
    while reader.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(&line));
        let text = text.strip_suffix('\r').unwrap_or(&text);
        serde_json::to_writer(&mut writer, &ScoredLine::of(text))?;
        writer.write_all(b"\n")?;
        line.clear();
        count += 1;
    }
    writer.flush()?;
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_gets_one_object_with_the_named_fields() {
        let mut out = Vec::new();
        let count = score_lines(&b"mantap kak\n\nkecewa banget\xff\r\n"[..], &mut out).unwrap();
        assert_eq!(count, 3);
        let lines: Vec<serde_json::Value> =
            String::from_utf8(out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0]["label"], "pos");
        assert_eq!(lines[1]["uncertain"], true);
        assert_eq!(lines[2]["label"], "neg");
        for name in ["label", "score", "uncertain", "language", "tokens", "model"] {
            assert!(lines.iter().all(|line| line.get(name).is_some()), "{name}");
        }
    }
}
