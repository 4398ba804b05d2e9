//! What the address says: everything that decides what a page shows, so that a link shows what its sender
//! saw. Links are made from it, too.

use axum::http::{HeaderMap, Uri, header};
use jiff::civil::Date;
use jiff::{Span, ToSpan};

use super::cookies;
use super::words::{Lang, Words};
use crate::problem::Problem;

/// Longer values of a parameter are refused.
const LONGEST_VALUE: usize = 200;
/// Longer ranges are refused.
const LONGEST_RANGE_DAYS: i32 = 731;

/// Colours of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Theme {
    /// What the reader's system says.
    Auto,
    Light,
    Dark,
}

impl Theme {
    /// `data-theme` of the document.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn of(code: &str) -> Option<Self> {
        [Self::Auto, Self::Light, Self::Dark].into_iter().find(|theme| theme.code() == code)
    }
}

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

/// The address, read.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) lang: Lang,
    pub(crate) theme: Theme,
    pub(crate) range: Range,
    pub(crate) compare: bool,
    path: String,
    /// Everything else that was given, in order; each page knows its own names.
    given: Vec<(String, String)>,
}

impl View {
    /// Reads an address; language and theme also from cookies and headers.
    ///
    /// # Errors
    ///
    /// [`Problem::InvalidParameter`] for what cannot be meant.
    pub(crate) fn read(uri: &Uri, headers: &HeaderMap) -> Result<Self, Problem> {
        let mut given: Vec<(String, String)> = Vec::new();
        for (name, value) in form_pairs(uri.query().unwrap_or("")) {
            if value.chars().count() > LONGEST_VALUE || name.len() > LONGEST_VALUE {
                return Err(Problem::invalid("A value in the address is too long."));
            }
            if !value.is_empty() && !given.iter().any(|(held, _)| *held == name) {
                given.push((name, value));
            }
        }
        let find = |name: &str| given.iter().find(|(held, _)| held == name).map(|(_, value)| value.as_str());
        let (lang, theme) = (language(find("lang"), headers), theme(find("theme"), headers));
        let range = range(find("range"), find("from"), find("to"))?;
        let compare = find("compare") != Some("none");
        let own = ["lang", "theme", "range", "from", "to", "compare"];
        given.retain(|(name, _)| !own.contains(&name.as_str()));
        Ok(Self { lang, theme, range, compare, path: uri.path().to_owned(), given })
    }

    /// The words of its language.
    pub(crate) fn words(&self) -> &'static Words {
        self.lang.words()
    }

    /// The path alone.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// A value that only some page knows.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.given.iter().find(|(held, _)| held == name).map(|(_, value)| value.as_str())
    }

    /// One of the allowed values, or the first of them.
    pub(crate) fn choice(&self, name: &str, allowed: &[&'static str]) -> &'static str {
        let first = allowed.first().copied().unwrap_or("");
        let asked = self.value(name);
        allowed.iter().copied().find(|word| Some(*word) == asked).unwrap_or(first)
    }

    /// The days, given which day it is where the account is.
    pub(crate) fn period(&self, today: Date) -> Period {
        let (from, to) = match self.range {
            Range::Last { days, end } => {
                let to = end.unwrap_or(today).min(today);
                (to.saturating_sub((days - 1).days()), to)
            }
            Range::Between { from, to } => (from, to),
        };
        let days = (to - from).get_days() + 1;
        Period { from, to, days, from_before: from.saturating_sub(days.days()) }
    }

    /// The same page with one value changed; an empty one is taken out.
    pub(crate) fn with(&self, name: &str, value: &str) -> String {
        self.link(&self.path, &[(name, value)])
    }

    /// The same page with two values changed.
    pub(crate) fn with_two(&self, first: (&str, &str), second: (&str, &str)) -> String {
        self.link(&self.path, &[first, second])
    }

    /// The same page.
    pub(crate) fn here(&self) -> String {
        self.link(&self.path, &[])
    }

    /// Another page, with the same language and days.
    pub(crate) fn to(&self, path: &str) -> String {
        let bare = Self { given: Vec::new(), ..self.clone() };
        bare.link(path, &[])
    }

    /// Another address that shows the same.
    pub(crate) fn elsewhere(&self, path: &str) -> String {
        self.link(path, &[])
    }

    /// The period before (or, with `later`, after) this one.
    pub(crate) fn moved(&self, today: Date, later: bool) -> Option<String> {
        let period = self.period(today);
        let step: Span = period.days.days();
        let to = if later { period.to.saturating_add(step) } else { period.to.saturating_sub(step) };
        if later && period.to >= today {
            return None;
        }
        let to = to.min(today);
        let changes = match self.range {
            Range::Last { .. } if to == today => vec![("to", String::new())],
            Range::Last { .. } => vec![("to", to.to_string())],
            Range::Between { .. } => {
                let from = to.saturating_sub((period.days - 1).days());
                vec![("from", from.to_string()), ("to", to.to_string())]
            }
        };
        let changes: Vec<(&str, &str)> =
            changes.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Some(self.link(&self.path, &changes))
    }

    fn link(&self, path: &str, changes: &[(&str, &str)]) -> String {
        let mut pairs = self.state();
        for (name, value) in changes {
            pairs.retain(|(held, _)| held != name);
            if !value.is_empty() {
                pairs.push(((*name).to_owned(), (*value).to_owned()));
            }
        }
        if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", encode(&pairs)) }
    }

    /// Name and value of everything the address says, for links and for forms that keep it.
    pub(crate) fn state(&self) -> Vec<(String, String)> {
        let mut pairs = vec![("lang".to_owned(), self.lang.code().to_owned())];
        match self.range {
            Range::Last { days, end } => {
                pairs.push(("range".to_owned(), days.to_string()));
                pairs.extend(end.map(|end| ("to".to_owned(), end.to_string())));
            }
            Range::Between { from, to } => {
                pairs.push(("from".to_owned(), from.to_string()));
                pairs.push(("to".to_owned(), to.to_string()));
            }
        }
        if !self.compare {
            pairs.push(("compare".to_owned(), "none".to_owned()));
        }
        pairs.extend(self.given.iter().cloned());
        pairs
    }

    /// The state without what a form's own fields say.
    pub(crate) fn state_without(&self, names: &[&str]) -> Vec<(String, String)> {
        let mut pairs = self.state();
        pairs.retain(|(name, _)| !names.contains(&name.as_str()));
        pairs
    }

    /// Whether the range is the last so many days.
    pub(crate) fn is_last(&self, asked: i32) -> bool {
        matches!(self.range, Range::Last { days, .. } if days == asked)
    }

    /// Whether the range was chosen day by day.
    pub(crate) fn is_custom(&self) -> bool {
        matches!(self.range, Range::Between { .. })
    }

    /// The same page between two days.
    pub(crate) fn between(&self, from: Date, to: Date) -> String {
        self.of_days(from, to).here()
    }

    /// The same of the days from one to another.
    pub(crate) fn of_days(&self, from: Date, to: Date) -> Self {
        Self { range: Range::Between { from, to }, ..self.clone() }
    }

    /// A link that chooses a range of the last so many days.
    pub(crate) fn last(&self, days: i32) -> String {
        self.of_last(days).here()
    }

    /// The same of the last so many days.
    pub(crate) fn of_last(&self, days: i32) -> Self {
        Self { range: Range::Last { days, end: None }, ..self.clone() }
    }
}

fn language(asked: Option<&str>, headers: &HeaderMap) -> Lang {
    let accepted =
        || headers.get(header::ACCEPT_LANGUAGE).and_then(|value| Lang::accepted(value.to_str().ok()?));
    asked
        .and_then(Lang::of)
        .or_else(|| cookies::find(headers, "lang").and_then(Lang::of))
        .or_else(accepted)
        .unwrap_or_default()
}

fn theme(asked: Option<&str>, headers: &HeaderMap) -> Theme {
    asked
        .and_then(Theme::of)
        .or_else(|| cookies::find(headers, "theme").and_then(Theme::of))
        .unwrap_or(Theme::Auto)
}

fn range(days: Option<&str>, from: Option<&str>, to: Option<&str>) -> Result<Range, Problem> {
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

/// Name and value of each pair of a query or a form.
pub(crate) fn form_pairs(encoded: &str) -> impl Iterator<Item = (String, String)> {
    form_urlencoded::parse(encoded.as_bytes()).map(|(name, value)| (name.into_owned(), value.into_owned()))
}

/// The query of these pairs.
pub(crate) fn encode(pairs: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn read(address: &str) -> Result<View, Problem> {
        View::read(&address.parse().unwrap(), &HeaderMap::new())
    }

    #[test]
    fn a_link_says_everything_that_its_page_shows() {
        let view = read("/accounts/1?lang=en&range=28&compare=none&q=bagus+%26+murah&feel=neg").unwrap();
        let again = read(&view.here()).unwrap();
        assert_eq!(again.here(), view.here());
        assert_eq!((again.lang, again.compare, again.is_last(28)), (Lang::En, false, true));
        assert_eq!((again.value("q"), again.value("feel")), (Some("bagus & murah"), Some("neg")));
        assert!(view.with("q", "").ends_with("?lang=en&range=28&compare=none&feel=neg"));
        assert!(!view.to("/glossary").contains("feel"));
    }

    #[test]
    fn a_period_is_compared_with_the_one_before_it() {
        let today = date(2026, 11, 25);
        let week = read("/?range=7").unwrap().period(today);
        assert_eq!((week.from, week.to, week.from_before), (date(2026, 11, 19), today, date(2026, 11, 12)));
        let custom = read("/?from=2026-10-01&to=2026-10-10").unwrap().period(today);
        assert_eq!((custom.days, custom.from_before), (10, date(2026, 9, 21)));
    }

    #[test]
    fn the_period_moves_by_its_own_length_and_not_beyond_today() {
        let today = date(2026, 11, 25);
        let view = read("/x?range=7").unwrap();
        assert_eq!(view.moved(today, true), None);
        let before = view.moved(today, false).unwrap();
        assert_eq!(before, "/x?lang=id&range=7&to=2026-11-18");
        assert_eq!(read(&before).unwrap().moved(today, true).unwrap(), "/x?lang=id&range=7");
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let long = format!("/?q={}", "x".repeat(10_000));
        for address in [
            "/?range=9",
            "/?from=2026-11-25&to=2026-11-01",
            "/?from=2023-01-01&to=2026-11-01",
            "/?from=yesterday&to=2026-11-01",
            "/?from=2026-11-01",
            long.as_str(),
        ] {
            assert!(matches!(read(address), Err(Problem::InvalidParameter { .. })), "{address}");
        }
    }
}
