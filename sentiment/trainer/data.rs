//! Reads labelled texts and groups of words.

use std::fs;
use std::path::Path;

use cekbrand_sentiment::Label;

/// A labelled text, with the slice it belongs to where the file names one.
#[derive(Debug, Clone)]
pub(crate) struct Example {
    pub(crate) label: Label,
    pub(crate) slice: String,
    pub(crate) text: String,
}

/// Reads `class<TAB>text` or `class<TAB>slice<TAB>text`. Lines that start with `#` are comments, but `#
/// slice: NAME` names the slice of what follows.
pub(crate) fn examples(path: &Path) -> Result<Vec<Example>, String> {
    let content = read(path)?;
    let mut examples = Vec::new();
    let mut slice_below = "";
    for (number, line) in content.lines().enumerate() {
        if let Some(comment) = line.strip_prefix('#') {
            slice_below = comment.trim().strip_prefix("slice: ").unwrap_or(slice_below);
            continue;
        }
        if line.is_empty() {
            continue;
        }
        let at = |what: String| format!("{}:{}: {what}", path.display(), number + 1);
        let (label, rest) = line.split_once('\t').ok_or_else(|| at("no tab".into()))?;
        let (slice, text) = rest.split_once('\t').unwrap_or((slice_below, rest));
        let label = label.parse().map_err(|error| at(format!("{error}")))?;
        examples.push(Example { label, slice: slice.into(), text: text.into() });
    }
    Ok(examples)
}

/// Reads `tag: form, form` lines, cut at `separator`.
pub(crate) fn groups(path: &Path, separator: char) -> Result<Vec<(String, Vec<String>)>, String> {
    let mut groups = Vec::new();
    for line in read(path)?.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        let (tag, forms) =
            line.split_once(':').ok_or_else(|| format!("{}: no colon in {line:?}", path.display()))?;
        let forms = forms.split(separator).map(|form| form.trim().to_owned());
        groups.push((tag.trim().to_owned(), forms.filter(|form| !form.is_empty()).collect()));
    }
    Ok(groups)
}

/// Reads a file as text.
pub(crate) fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}
