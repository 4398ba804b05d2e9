//! Rows as lines of text, column by column as `held.rs` lists them: the same rows are the same lines.

use std::fmt::Write;

/// What stands in a column.
pub(super) trait Cell {
    /// Writes it as PostgreSQL does.
    fn put(&self, line: &mut String);
}

/// A row of these columns.
pub(super) fn row(cells: &[&dyn Cell]) -> String {
    let mut line = String::with_capacity(96);
    for (place, cell) in cells.iter().enumerate() {
        if place > 0 {
            line.push('|');
        }
        cell.put(&mut line);
    }
    line
}

impl Cell for i32 {
    fn put(&self, line: &mut String) {
        i64::from(*self).put(line);
    }
}

impl Cell for i64 {
    fn put(&self, line: &mut String) {
        write!(line, "{self}").unwrap();
    }
}

impl Cell for usize {
    fn put(&self, line: &mut String) {
        write!(line, "{self}").unwrap();
    }
}

impl Cell for f64 {
    /// As few digits as tell it from its neighbours, with an exponent of two digits where it is small.
    fn put(&self, line: &mut String) {
        if *self != 0.0 && self.abs() < 1e-4 {
            let text = format!("{self:e}");
            let (digits, exponent) = text.split_once("e-").unwrap();
            write!(line, "{digits}e-{exponent:0>2}").unwrap();
        } else {
            write!(line, "{self}").unwrap();
        }
    }
}

impl Cell for &str {
    fn put(&self, line: &mut String) {
        line.push_str(self);
    }
}

impl Cell for String {
    fn put(&self, line: &mut String) {
        line.push_str(self);
    }
}

impl<T: Cell> Cell for Option<T> {
    fn put(&self, line: &mut String) {
        match self {
            Some(cell) => cell.put(line),
            None => line.push('-'),
        }
    }
}

/// Why figures of a row are missing: column and reason, as PostgreSQL writes an object, the shorter name first.
pub(super) fn absences(missing: &[(&str, Option<&str>)]) -> Option<String> {
    let mut missing: Vec<(&str, &str)> =
        missing.iter().filter_map(|(column, reason)| Some((*column, (*reason)?))).collect();
    missing.sort_by_key(|(column, _)| (column.len(), *column));
    let texts: Vec<String> =
        missing.iter().map(|(column, reason)| format!("\"{column}\": \"{reason}\"")).collect();
    (!texts.is_empty()).then(|| format!("{{{}}}", texts.join(", ")))
}

#[test]
fn numbers_are_written_as_the_server_writes_them() {
    let line = |number: f64| row(&[&number]);
    // Of `SELECT 0.0001::float8, -1.5e-16::float8, ...`.
    assert_eq!(line(0.0001), "0.0001");
    assert_eq!(line(-1.5e-16), "-1.5e-16");
    assert_eq!(line(2e-5), "2e-05");
    assert_eq!(line(-2.0), "-2");
    assert_eq!(line(1.0 / 3.0), "0.3333333333333333");
    assert_eq!(row(&[&None::<i64>, &7, &"a"]), "-|7|a");
}
