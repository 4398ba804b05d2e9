//! Which days an answer is about: `timeframe`, `from`, `to` and `compare`, against the account's today.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::params::Params;
use crate::problem::Problem;

/// The longest range: two years, a leap day included.
pub(crate) const MAX_DAYS: i32 = 731;
/// The parameters that are read here.
pub(crate) const NAMES: [&str; 4] = ["timeframe", "from", "to", "compare"];

/// Days from the first to the last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Days {
    /// First day.
    pub(crate) from: Date,
    /// Last day.
    pub(crate) to: Date,
}

impl Days {
    /// How many days these are.
    pub(crate) fn count(self) -> i32 {
        (self.to - self.from).get_days() + 1
    }

    /// As many days, just before these.
    pub(crate) fn previous(self) -> Self {
        Self { from: self.from.saturating_sub(self.count().days()), to: self.from.saturating_sub(1.day()) }
    }
}

/// The length of the windows that analytics are computed for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Timeframe {
    /// 7 days.
    Week,
    /// 28 days.
    #[default]
    Month,
}

impl Timeframe {
    /// Its days.
    pub(crate) const fn days(self) -> i32 {
        match self {
            Self::Week => 7,
            Self::Month => 28,
        }
    }

    /// Meta's name of a period of this length.
    pub(crate) const fn period(self) -> &'static str {
        match self {
            Self::Week => "week",
            Self::Month => "days_28",
        }
    }

    /// The timeframe of a stored number of days.
    pub(crate) const fn of_days(days: i32) -> Self {
        if days == 7 { Self::Week } else { Self::Month }
    }

    /// `timeframe` of a body; the usual one where nothing is said.
    pub(crate) fn wanted(days: Option<i32>) -> Result<Self, Problem> {
        match days {
            None => Ok(Self::default()),
            Some(days @ (7 | 28)) => Ok(Self::of_days(days)),
            Some(_) => Err(Problem::invalid("timeframe is 7 or 28.")),
        }
    }

    /// `timeframe` of a query.
    pub(crate) fn take(params: &mut Params) -> Result<Self, Problem> {
        let words = [("7", Self::Week), ("28", Self::Month)];
        Ok(params.word("timeframe", &words)?.unwrap_or_default())
    }
}

/// `timeframe`, `from`, `to` and `compare` as they were asked for.
#[derive(Debug, Clone, Copy, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RangeAsked {
    /// Days of the windows that figures are of, 7 or 28; without `from` also the length of the range.
    #[param(value_type = Option<i32>, schema_with = timeframe_schema)]
    pub(crate) timeframe: Timeframe,
    /// First day of the range, by the account's zone; at most two years before `to`.
    #[param(example = "2026-11-01")]
    from: Option<Date>,
    /// Last day of the range; without it today.
    #[param(example = "2026-11-21")]
    to: Option<Date>,
    /// `previous`: the as many days before as well.
    #[param(value_type = Option<String>, schema_with = compare_schema)]
    compare: bool,
    #[param(ignore)]
    default_days: i32,
}

pub(crate) fn timeframe_schema() -> utoipa::openapi::schema::Object {
    utoipa::openapi::ObjectBuilder::new()
        .schema_type(utoipa::openapi::Type::Integer)
        .enum_values(Some([7, 28]))
        .default(Some(28.into()))
        .build()
}

fn compare_schema() -> utoipa::openapi::schema::Object {
    utoipa::openapi::ObjectBuilder::new()
        .schema_type(utoipa::openapi::Type::String)
        .enum_values(Some(["previous"]))
        .build()
}

/// The range of an answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Range {
    #[serde(flatten)]
    pub(crate) days: Days,
    /// Days of the windows that figures are of.
    #[serde(serialize_with = "in_days")]
    #[schema(value_type = i32)]
    pub(crate) timeframe: Timeframe,
    /// Zone of the days.
    pub(crate) timezone: String,
    /// The range that is compared with; left out where none was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) previous: Option<Days>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
pub(crate) fn in_days<S: serde::Serializer>(timeframe: &Timeframe, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i32(timeframe.days())
}

impl RangeAsked {
    /// Takes the four parameters.
    pub(crate) fn take(params: &mut Params) -> Result<Self, Problem> {
        let timeframe = Timeframe::take(params)?;
        Ok(Self {
            timeframe,
            from: params.day("from")?,
            to: params.day("to")?,
            compare: params.word("compare", &[("previous", true)])?.unwrap_or_default(),
            default_days: timeframe.days(),
        })
    }

    /// Makes the range the longest there is, where no first day was asked for.
    pub(crate) fn default_to_all(&mut self) {
        self.default_days = MAX_DAYS;
    }

    /// The range that was meant, where today is `today`.
    ///
    /// # Errors
    ///
    /// [`Problem::InvalidParameter`] where it is inverted or longer than two years.
    pub(crate) fn on(self, today: Date, timezone: &str) -> Result<Range, Problem> {
        let to = self.to.unwrap_or(today);
        let from = self.from.unwrap_or_else(|| to.saturating_sub((self.default_days - 1).days()));
        if from > to {
            return Err(Problem::invalid(format!("from ({from}) is after to ({to}).")));
        }
        let days = Days { from, to };
        if days.count() > MAX_DAYS {
            return Err(Problem::invalid("The range from `from` to `to` is longer than two years."));
        }
        Ok(Range {
            days,
            timeframe: self.timeframe,
            timezone: timezone.to_owned(),
            previous: self.compare.then(|| days.previous()),
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RangeAsked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Self::take(&mut Params::of(&parts.uri, &NAMES)?)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn range(query: &str) -> Result<Range, Problem> {
        let mut params = Params::of(&format!("/x?{query}").parse().unwrap(), &NAMES).unwrap();
        RangeAsked::take(&mut params)?.on(date(2026, 11, 21), "UTC")
    }

    #[test]
    fn a_range_ends_today_and_is_as_long_as_the_timeframe() {
        let days = |query| range(query).unwrap().days;
        assert_eq!(days(""), Days { from: date(2026, 10, 25), to: date(2026, 11, 21) });
        assert_eq!(days("timeframe=7"), Days { from: date(2026, 11, 15), to: date(2026, 11, 21) });
        assert_eq!(days("from=2026-11-20"), Days { from: date(2026, 11, 20), to: date(2026, 11, 21) });
        let all = range("from=2026-01-01&to=2026-01-10&compare=previous").unwrap();
        assert_eq!(all.previous, Some(Days { from: date(2025, 12, 22), to: date(2025, 12, 31) }));
    }

    #[test]
    fn inverted_endless_and_invented_ranges_are_refused() {
        assert!(range("from=2024-11-21").is_ok());
        for bad in ["from=2026-11-22", "from=2026-02-02&to=2026-02-01", "from=2024-11-20", "timeframe=30"] {
            assert!(range(bad).is_err(), "{bad}");
        }
    }
}
