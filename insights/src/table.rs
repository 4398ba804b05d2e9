//! Answers as CSV: one row a line, a head of names, and no cell that a spreadsheet would run.

use std::borrow::Cow;
use std::fmt::Display;

use crate::figure::{Count, Ratio};
use crate::problem::Problem;

/// A row of a table. The head comes from an empty one, so that a table without rows has one too.
pub(crate) trait CsvRow: Default {
    /// Adds the row's cells, always the same ones in the same order.
    fn cells(&self, cells: &mut Cells);
}

/// Cells of one row, with their names.
#[derive(Default)]
pub(crate) struct Cells {
    names: Vec<String>,
    values: Vec<String>,
}

impl Cells {
    /// A cell that holds anybody's words.
    pub(crate) fn text(&mut self, name: &str, text: Option<&str>) {
        self.push(name, defused(text.unwrap_or_default()).into_owned());
    }

    /// A cell that holds a number, a day or a word of ours.
    pub(crate) fn plain(&mut self, name: &str, value: Option<impl Display>) {
        self.push(name, value.map_or_else(String::new, |value| value.to_string()));
    }

    /// A computed count and why it is absent.
    pub(crate) fn count(&mut self, name: &str, count: &Count) {
        self.plain(name, count.value);
        self.plain(&format!("{name}_absence"), count.absence);
    }

    /// A count that was read: with why it is absent, where it comes from, and since when it is known.
    pub(crate) fn reading(&mut self, name: &str, count: &Count) {
        self.count(name, count);
        self.plain(&format!("{name}_source"), count.source);
        self.plain(&format!("{name}_observed_at"), count.observed_at);
    }

    /// A ratio and why it is absent.
    pub(crate) fn ratio(&mut self, name: &str, ratio: &Ratio) {
        self.plain(name, ratio.value);
        self.plain(&format!("{name}_absence"), ratio.absence);
    }

    fn push(&mut self, name: &str, value: String) {
        self.names.push(name.to_owned());
        self.values.push(value);
    }
}

/// Writes rows as CSV.
///
/// # Errors
///
/// [`Problem::Internal`] where rows differ in their cells.
pub(crate) fn write<R: CsvRow>(rows: &[R]) -> Result<Vec<u8>, Problem> {
    let mut head = Cells::default();
    R::default().cells(&mut head);
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let mut add = |record: &[String]| writer.write_record(record).map_err(|_| Problem::Internal);
    add(&head.names)?;
    for row in rows {
        let mut cells = Cells::default();
        row.cells(&mut cells);
        add(&cells.values)?;
    }
    writer.into_inner().map_err(|_| Problem::Internal)
}

/// Spreadsheets take a cell that begins like this for a formula, after blanks as well, and some take the
/// wide forms of the signs too.
fn defused(text: &str) -> Cow<'_, str> {
    let first = text.trim_start().chars().next();
    let runs = first.is_some_and(|first| "=+-@＝＋－＠".contains(first));
    if runs || text.starts_with(['\t', '\r', '\n']) {
        return Cow::Owned(format!("'{text}"));
    }
    Cow::Borrowed(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Said(&'static str, Option<i64>);

    impl CsvRow for Said {
        fn cells(&self, cells: &mut Cells) {
            cells.text("text", Some(self.0));
            cells.plain("change", self.1);
        }
    }

    fn csv(rows: &[Said]) -> String {
        String::from_utf8(write(rows).unwrap()).unwrap()
    }

    #[test]
    fn no_cell_of_anybodys_words_is_a_formula_and_numbers_stay_numbers() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\r=1", "\n@x", "＝1"] {
            let written = csv(&[Said(formula, Some(-5))]);
            let line = written.split_once("\r\n").unwrap().1;
            let cell = line.trim_start_matches('"');
            assert!(cell.starts_with('\''), "{formula:?} became {line:?}");
            assert!(line.ends_with(",-5\r\n"), "{line:?}");
        }
        assert_eq!(csv(&[Said("bagus, \"kak\"", None)]), "text,change\r\n\"bagus, \"\"kak\"\"\",\r\n");
    }

    #[test]
    fn a_table_without_rows_has_its_head() {
        assert_eq!(csv(&[]), "text,change\r\n");
    }
}
