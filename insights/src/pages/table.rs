//! A table that is shown on a page and downloaded as CSV: one source, so that both say the same.

use std::borrow::Borrow;

/// Head and rows.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) caption: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<Cell>>,
}

/// A column's head.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) is_number: bool,
    /// Orders the rows by this column, where they can be.
    pub(crate) sort: Option<Sort>,
}

/// A link that orders rows, and whether they are ordered so already.
#[derive(Debug)]
pub(crate) struct Sort {
    pub(crate) link: String,
    /// `ascending`, `descending`, or `none`.
    pub(crate) order: &'static str,
}

impl Column {
    pub(crate) fn text(name: &'static str) -> Self {
        Self { name, is_number: false, sort: None }
    }

    pub(crate) fn number(name: &'static str) -> Self {
        Self { name, is_number: true, sort: None }
    }
}

/// A field.
#[derive(Debug, Default)]
pub(crate) struct Cell {
    /// As it is shown.
    pub(crate) shown: String,
    /// As it goes into a file.
    pub(crate) raw: String,
    /// More of it, on pointing.
    pub(crate) title: String,
    pub(crate) link: String,
    /// A bar behind it, in percent of the largest.
    pub(crate) bar: Option<f64>,
    pub(crate) is_absent: bool,
}

impl Cell {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        let shown: String = text.into();
        Self { raw: shown.clone(), shown, ..Self::default() }
    }

    /// What is shown in words and kept in another form.
    pub(crate) fn sorted(shown: String, raw: String) -> Self {
        Self { shown, raw, ..Self::default() }
    }

    pub(crate) fn number(shown: String, value: f64) -> Self {
        Self { raw: value.to_string(), shown, ..Self::default() }
    }

    /// A dash with its reason.
    pub(crate) fn absent(why: &str) -> Self {
        Self { shown: "—".to_owned(), title: why.to_owned(), is_absent: true, ..Self::default() }
    }

    pub(crate) fn with_bar(mut self, share: f64) -> Self {
        self.bar = Some((share * 100.0).clamp(0.0, 100.0));
        self
    }

    pub(crate) fn with_title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }
}

impl Table {
    /// The cells of a row from a column on.
    pub(crate) fn cells_from(&self, row: impl Borrow<usize>, column: usize) -> &[Cell] {
        self.rows.get(*row.borrow()).and_then(|cells| cells.get(column..)).unwrap_or_default()
    }

    /// The table as CSV. What a spreadsheet would take for a formula is defused.
    ///
    /// # Errors
    ///
    /// None that memory does not give.
    pub(crate) fn csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(self.columns.iter().map(|column| column.name))?;
        for row in &self.rows {
            writer.write_record(row.iter().map(|cell| defused(&cell.raw)))?;
        }
        writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
    }
}

/// Numbers stay numbers; everything else that begins like a formula becomes text.
fn defused(raw: &str) -> String {
    let is_risky = raw.starts_with(['=', '+', '-', '@', '\t', '\r']) && raw.parse::<f64>().is_err();
    if is_risky { format!("'{raw}") } else { raw.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_in_a_comment_is_text_in_the_file() {
        let table = Table {
            caption: String::new(),
            columns: vec![Column::text("a"), Column::number("b")],
            rows: vec![
                vec![Cell::text("=cmd|' /C calc'!A0"), Cell::number("−1".to_owned(), -1.5)],
                vec![Cell::text("say \"hi\", twice"), Cell::absent("lost")],
            ],
        };
        let csv = String::from_utf8(table.csv().unwrap()).unwrap();
        assert_eq!(csv, "a,b\n'=cmd|' /C calc'!A0,-1.5\n\"say \"\"hi\"\", twice\",\n");
    }
}
