//! Every table of analytics, computed plainly and slowly from the raw rows: by the data model, not by the
//! statements.
//!
//! No state, no windows that slide, no marks: each row of each day is made by looking at everything.

mod engagement;
mod hashtag;
mod hours;
mod insight;
mod sentiment;

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::Value;

use super::raw::{Account, Raw};

/// The rows of each table, without surrogate keys and times of writing.
pub(crate) type Tables = BTreeMap<&'static str, BTreeSet<String>>;

/// Adds rows to tables.
#[derive(Debug, Default)]
pub(crate) struct Made(Tables);

impl Made {
    pub(crate) fn add(&mut self, table: &'static str, row: Value) {
        self.0.entry(table).or_default().insert(plain(row));
    }
}

/// A row as text in which numbers that are equal look equal.
pub(crate) fn plain(row: Value) -> String {
    match row {
        Value::Number(number) => format!("{:.9e}", number.as_f64().unwrap()),
        Value::Object(columns) => {
            let columns: BTreeMap<_, _> =
                columns.into_iter().map(|(name, value)| (name, plain(value))).collect();
            format!("{columns:?}")
        }
        other => other.to_string(),
    }
}

/// Every table of an account.
pub(crate) fn tables(account: &Account<'_>) -> Tables {
    let mut made = Made::default();
    engagement::snapshots(account, &mut made);
    engagement::engagement(account, &mut made);
    engagement::rankings(account, &mut made);
    insight::followers(account, &mut made);
    insight::reach(account, &mut made);
    insight::impressions(account, &mut made);
    sentiment::sentiment(account, &mut made);
    hashtag::hashtags(account, &mut made);
    hours::hours(account, &mut made);
    made.0
}

/// Every day on which there can be a row, in order.
fn days(account: &Account<'_>) -> impl Iterator<Item = Date> + use<> {
    let today = account.today;
    today.saturating_sub(110.days()).series(1.day()).take_while(move |day| *day <= today)
}

fn before(day: Date, days: i32) -> Date {
    day.saturating_sub(days.days())
}

/// Growth of a figure, or why there is none. A figure is a value or the reason why it has none.
fn growth(now: &Figure, then: &Figure) -> Result<f64, String> {
    let (now, then) = (now.clone()?, then.clone()?);
    if then == 0.0 { Err("no_data".to_owned()) } else { Ok((now - then) / then) }
}

type Figure = Result<f64, String>;

fn no_data() -> String {
    "no_data".to_owned()
}

/// Raw rows of one account that name it.
fn raw<'a>(account: &Account<'a>) -> &'a Raw {
    account.raw
}
