//! Every table of analytics, computed plainly and slowly from the raw rows: by the data model, not by the
//! statements.
//!
//! No state, no windows that slide, no marks: each row of each day is made by looking at everything.

mod account;
mod engagement;
mod hashtag;
mod hours;
mod insight;
mod row;
mod sentiment;

use std::collections::BTreeMap;

use super::raw::Day;
pub(super) use account::Account;

/// The rows of each table as lines, in order, without surrogate keys and times of writing.
pub(crate) type Tables = BTreeMap<&'static str, Vec<String>>;

/// Adds rows to tables.
#[derive(Debug, Default)]
struct Made(Tables);

impl Made {
    fn add(&mut self, table: &'static str, row: String) {
        self.0.entry(table).or_default().push(row);
    }
}

/// Every table of an account.
pub(super) fn tables(account: &Account<'_>) -> Tables {
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
    made.0.values_mut().for_each(|rows| rows.sort_unstable());
    made.0
}

/// Every day on which there can be a row, in order.
fn days(account: &Account<'_>) -> impl Iterator<Item = Day> + use<> {
    account.today - 110..=account.today
}

/// Growth of a figure, or why there is none. A figure is a value or the reason why it has none.
fn growth<'a>(now: &Figure<'a>, then: &Figure<'a>) -> Figure<'a> {
    let (now, then) = ((*now)?, (*then)?);
    if then == 0.0 { NO_DATA } else { Ok((now - then) / then) }
}

type Figure<'a> = Result<f64, &'a str>;

const NO_DATA: Figure<'static> = Err("no_data");

/// A figure of a row that has a value, or a reason.
fn figure(value: Option<i64>, absence: Option<&str>) -> Figure<'_> {
    #[expect(clippy::cast_precision_loss, reason = "figures of tests are small")]
    value.map(|value| value as f64).ok_or(absence.unwrap_or("no_data"))
}
