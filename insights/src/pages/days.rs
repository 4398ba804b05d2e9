//! Which days a page is about, as the address says it.

use jiff::ToSpan;
use jiff::civil::Date;

use crate::problem::Problem;

/// Longer ranges are refused.
const LONGEST_RANGE_DAYS: i32 = 731;

/// Which days a page is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Range {
    /// So many days up to an end; up to today where there is none.
    Last { days: i32, end: Option<Date> },
    /// From a day to a day, both included.
    Between { from: Date, to: Date },
}

/// The days of a page and those they are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) from: Date,
    pub(crate) to: Date,
    pub(crate) days: i32,
    /// The period of the same length that ends the day before.
    pub(crate) from_before: Date,
}

impl Range {
    /// The days, given which day it is where the account is.
    pub(crate) fn period(self, today: Date) -> Period {
        let (from, to) = match self {
            Self::Last { days, end } => {
                let to = end.unwrap_or(today).min(today);
                (to.saturating_sub((days - 1).days()), to)
            }
            Self::Between { from, to } => (from, to),
        };
        let days = (to - from).get_days() + 1;
        Period { from, to, days, from_before: from.saturating_sub(days.days()) }
    }

    /// The period of the same length before (or, with `later`, after) this one; none that is to come.
    pub(crate) fn moved(self, today: Date, later: bool) -> Option<Self> {
        let period = self.period(today);
        let step = period.days.days();
        if later && period.to >= today {
            return None;
        }
        let to = if later { period.to.saturating_add(step) } else { period.to.saturating_sub(step) };
        let to = to.min(today);
        Some(match self {
            Self::Last { days, .. } => Self::Last { days, end: (to != today).then_some(to) },
            Self::Between { .. } => Self::Between { from: to.saturating_sub((period.days - 1).days()), to },
        })
    }
}

/// Reads a range.
///
/// # Errors
///
/// [`Problem::InvalidParameter`] for what cannot be meant.
pub(crate) fn range(days: Option<&str>, from: Option<&str>, to: Option<&str>) -> Result<Range, Problem> {
    let date = |text: &str| -> Result<Date, Problem> {
        text.parse().map_err(|_| Problem::invalid("A date in the address is not of the form 2026-11-25."))
    };
    let (from, to) = (from.map(date).transpose()?, to.map(date).transpose()?);
    match (days, from, to) {
        (None, Some(from), Some(to)) => {
            if to < from || (to - from).get_days() >= LONGEST_RANGE_DAYS {
                return Err(Problem::invalid("A range ends after it begins and has at most two years."));
            }
            Ok(Range::Between { from, to })
        }
        (None, Some(_), None) => Err(Problem::invalid("A range has both `from` and `to`.")),
        (None | Some("7"), _, end) => Ok(Range::Last { days: 7, end }),
        (Some("28"), _, end) => Ok(Range::Last { days: 28, end }),
        (Some(_), _, _) => Err(Problem::invalid("`range` is 7 or 28.")),
    }
}
