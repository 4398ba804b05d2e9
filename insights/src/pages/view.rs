//! What the address says: everything that decides what a page shows, so that a link shows what its sender
//! saw. Links are made from it, too.

use axum::http::{HeaderMap, Uri, header};
use jiff::civil::Date;

use super::address::{encode, form_pairs};
use super::cookies;
use super::days::{Period, Range, range};
use super::theme::{Theme, theme};
use super::words::{Lang, Words};
use crate::problem::Problem;

/// Longer values of a parameter are refused.
const LONGEST_VALUE: usize = 200;

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
        self.range.period(today)
    }

    /// The same page with one value changed; an empty one is taken out.
    pub(crate) fn with(&self, name: &str, value: &str) -> String {
        let mut pairs = self.state();
        pairs.retain(|(held, _)| held != name);
        if !value.is_empty() {
            pairs.push((name.to_owned(), value.to_owned()));
        }
        format!("{}?{}", self.path, encode(&pairs))
    }

    /// The same with a value changed that only some page knows; an empty one is taken out.
    pub(crate) fn changed(&self, name: &str, value: &str) -> Self {
        let mut view = self.clone();
        view.given.retain(|(held, _)| held != name);
        if !value.is_empty() {
            view.given.push((name.to_owned(), value.to_owned()));
        }
        view
    }

    /// The same page.
    pub(crate) fn here(&self) -> String {
        self.link(&self.path)
    }

    /// Another page, with the same language and days.
    pub(crate) fn to(&self, path: &str) -> String {
        let bare = Self { given: Vec::new(), ..self.clone() };
        bare.link(path)
    }

    /// Another address that shows the same.
    pub(crate) fn elsewhere(&self, path: &str) -> String {
        self.link(path)
    }

    /// The period before (or, with `later`, after) this one.
    pub(crate) fn moved(&self, today: Date, later: bool) -> Option<String> {
        let range = self.range.moved(today, later)?;
        Some(Self { range, ..self.clone() }.here())
    }

    fn link(&self, path: &str) -> String {
        format!("{path}?{}", encode(&self.state()))
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
