//! Parameters of a query, parsed once: each known, given once, and of a form that can be meant. A refusal
//! names the parameter and says what would be right.

use std::borrow::Cow;

use axum::extract::Query;
use axum::http::Uri;
use jiff::civil::Date;

use crate::problem::Problem;

/// Longer than anything that can be meant.
const MAX_CHARS: usize = 200;

/// The parameters of one request that nobody has taken yet.
pub(crate) struct Params {
    given: Vec<(String, String)>,
}

impl Params {
    /// Reads a query whose parameters are `known`.
    pub(crate) fn of(uri: &Uri, known: &[&str]) -> Result<Self, Problem> {
        let Query(given) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|_| Problem::invalid("The query cannot be read."))?;
        for (place, (name, value)) in given.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                return Err(Problem::InvalidParameter {
                    detail: "A parameter is not known here.".into(),
                    allowed: known.iter().map(|name| (*name).to_owned()).collect(),
                });
            }
            if given[..place].iter().any(|(before, _)| before == name) {
                return Err(refused(name, "may be given once"));
            }
            if value.chars().nth(MAX_CHARS).is_some() {
                return Err(refused(name, "is longer than 200 characters"));
            }
            if value.contains('\0') {
                return Err(refused(name, "holds a character that no text has"));
            }
        }
        Ok(Self { given })
    }

    /// The text of a parameter.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        let place = self.given.iter().position(|(given, _)| given == name)?;
        Some(self.given.swap_remove(place).1)
    }

    /// A parameter that is one of a few words.
    pub(crate) fn word<T: Copy>(
        &mut self,
        name: &str,
        words: &[(&'static str, T)],
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, meant)) => Ok(Some(*meant)),
            None => Err(Problem::InvalidParameter {
                detail: format!("{name} has no such value.").into(),
                allowed: words.iter().map(|(word, _)| (*word).to_owned()).collect(),
            }),
        }
    }

    /// A day, written 2026-01-31.
    pub(crate) fn day(&mut self, name: &str) -> Result<Option<Date>, Problem> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let day = day(&text).ok_or_else(|| refused(name, "is a day, written like 2026-01-31"))?;
        Ok(Some(day))
    }

    /// A whole number from 1 to `most`.
    pub(crate) fn count(&mut self, name: &str, most: u16) -> Result<Option<u16>, Problem> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let plain = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse::<u16>().ok().filter(|number| plain && (1..=most).contains(number));
        let number = number.ok_or_else(|| refused(name, &format!("is a whole number from 1 to {most}")))?;
        Ok(Some(number))
    }
}

/// A problem with one parameter.
pub(crate) fn refused(name: &str, what: &str) -> Problem {
    Problem::invalid(Cow::Owned(format!("{name} {what}.")))
}

/// Reads a day; the years are those that tables of ours can hold.
pub(crate) fn day(text: &str) -> Option<Date> {
    let plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let day: Date = plain.then(|| text.parse().ok()).flatten()?;
    (1970..=9000).contains(&day.year()).then_some(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(query: &str) -> Result<Params, Problem> {
        Params::of(&format!("/x?{query}").parse().unwrap(), &["from", "q", "limit", "compare"])
    }

    fn detail(problem: Problem) -> String {
        let Problem::InvalidParameter { detail, .. } = problem else { panic!("{problem:?}") };
        detail.into_owned()
    }

    #[test]
    fn what_is_not_known_or_given_twice_or_too_long_is_refused() {
        assert!(of("from=2026-01-01&q=a%20b").is_ok());
        for bad in ["form=1", "q=1&q=2", &format!("q={}", "x".repeat(10_000)), "q=a%00b"] {
            assert!(of(bad).is_err(), "{bad}");
        }
        let Err(Problem::InvalidParameter { allowed, .. }) = of("form=1") else { panic!("known") };
        assert_eq!(allowed, ["from", "q", "limit", "compare"]);
    }

    #[test]
    fn a_day_is_a_day_of_the_calendar() {
        assert!(of("from=2024-02-29").unwrap().day("from").unwrap().is_some());
        for bad in ["2026-02-29", "2026-1-1", "yesterday", "", "9999-12-31", "2026-01-01T00:00"] {
            let problem = of(&format!("from={bad}")).unwrap().day("from").unwrap_err();
            assert_eq!(detail(problem), "from is a day, written like 2026-01-31.");
        }
    }

    #[test]
    fn numbers_and_words_say_what_would_be_right() {
        assert_eq!(of("limit=50").unwrap().count("limit", 200).unwrap(), Some(50));
        for bad in ["0", "201", "-1", "+5", "1.0", "x", "99999999999999"] {
            assert!(of(&format!("limit={bad}")).unwrap().count("limit", 200).is_err(), "{bad}");
        }
        let words = [("previous", true)];
        assert_eq!(of("compare=previous").unwrap().word("compare", &words).unwrap(), Some(true));
        assert!(of("compare=last").unwrap().word("compare", &words).is_err());
    }
}
