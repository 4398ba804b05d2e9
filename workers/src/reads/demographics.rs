//! Who follows an account: by city, country, or age and gender; the 45 largest groups. By language Meta tells
//! it no more, which is what the variant `locale` writes down, without a call.
//!
//! The variant is `city`, `country` or `age_gender`, with a time frame behind a colon where it is not
//! `this_month`. Answers of the metrics that Meta retired (`audience_city` and the like) are read as well.

use std::time::Duration;

use cekbrand_graph::insight::{Insight, Part, Sent};
use cekbrand_graph::{GraphError, Request};
use cekbrand_schema::metric::user::{self, UserMetric};
use cekbrand_schema::{Absence, Decimal, Figure};
use serde_json::Value;
use tracing::{Span, info_span};

use super::cadence::{Beat, Cadence};
use super::read::{About, Call, Instead, Job, Known, Needs, Plan, Read};
use super::window;
use super::{account_figures, kind};
use crate::rows::Rows;
use crate::rows::user_figure::Of;

const METRIC: &str = "follower_demographics";
const TIMEFRAME: &str = "this_month";
/// The variant of what was retired without a successor.
const LOCALE: &str = "locale";

/// The read.
#[derive(Debug)]
pub struct Demographics;

impl Read for Demographics {
    fn about(&self) -> &'static About {
        const ABOUT: About = About {
            kind: kind::DEMOGRAPHICS,
            fetch_id: "ig_follower_demographics",
            fetch_name: "Instagram followers by place, age and gender",
            freshness: Duration::from_hours(24),
            waits_for: Some(kind::USER),
            needs: Needs::Account,
        };
        &ABOUT
    }

    fn span(&self, job: Job<'_>) -> Span {
        info_span!("graph.user.demographics", account.id = job.account_id, breakdown = job.variant)
    }

    fn plan(&self, job: Job<'_>, known: &Known) -> Plan {
        if job.variant == LOCALE {
            return no_locales(job);
        }
        let (name, timeframe) = job.variant.split_once(':').unwrap_or((job.variant, TIMEFRAME));
        let asked = user::find(METRIC).and_then(|UserMetric { name: metric, breakdowns, .. }| {
            let breakdown = breakdowns.iter().find(|breakdown| breakdown.replace(',', "_") == name)?;
            Some((*metric, *breakdown))
        });
        let Some((metric, breakdown)) = asked else { return Plan::nothing("there is no such breakdown") };
        let request = Request::edge(self.about().fetch_id, job.target_id, "insights")
            .with("metric", metric)
            .with("period", "lifetime")
            .with("timeframe", timeframe)
            .with("breakdown", breakdown)
            .with("metric_type", "total_value");
        let call = Call { request, metrics: vec![metric], smaller: None };
        account_figures::plan(self, job, known, vec![call])
    }

    fn rows(&self, job: Job<'_>, _known: &Known, call: &Call, content: &Value) -> Option<Rows> {
        let insights = Insight::read_all(content)?;
        let timeframe = call.request.parameter("timeframe").unwrap_or(TIMEFRAME);
        let end = window::end_of(window::last_closed_day(job.at));
        let mut rows = Rows::default();
        for insight in &insights {
            for Group { of, followers } in groups(insight, timeframe) {
                account_figures::add(&mut rows, job, of, end, account_figures::figure(followers));
            }
        }
        if rows == Rows::default() {
            let absence = account_figures::missing(end, job.at);
            if let Some(of) = list(call, timeframe) {
                account_figures::add(&mut rows, job, of, end, absence);
            }
        }
        Some(rows)
    }

    fn instead(&self, refused: &Call, error: &GraphError) -> Instead {
        account_figures::instead(refused, error)
    }

    fn absent(&self, job: Job<'_>, call: &Call, absence: Absence) -> Rows {
        let timeframe = call.request.parameter("timeframe").unwrap_or(TIMEFRAME);
        let end = window::end_of(window::last_closed_day(job.at));
        let mut rows = Rows::default();
        if let Some(of) = list(call, timeframe) {
            account_figures::add(&mut rows, job, of, end, account_figures::of_account(absence));
        }
        rows
    }

    fn cadence(&self) -> Cadence {
        Cadence::Weekly
    }

    fn variants(&self, _beat: Beat) -> Vec<String> {
        ["city", "country", "age_gender", LOCALE].map(str::to_owned).to_vec()
    }

    fn gone(&self, job: Job<'_>) -> Rows {
        account_figures::unseen(self, job)
    }
}

/// That nobody can tell followers by language.
fn no_locales(job: Job<'_>) -> Plan {
    let end = window::end_of(window::last_closed_day(job.at));
    let mut rows = Rows::default();
    let of = Of::Locale { code: String::new() };
    account_figures::add(&mut rows, job, of, end, Figure::Absent(Absence::Unsupported));
    Plan::Nothing { rows, note: Some("Meta tells it no more") }
}

/// A group of followers.
struct Group {
    of: Of,
    followers: Decimal,
}

/// The groups of an answer, in today's shape or in that of a retired metric. What cannot be read is left out.
fn groups(insight: &Insight, timeframe: &str) -> Vec<Group> {
    let mut groups: Vec<_> = insight.parts.iter().filter_map(|part| group(part, timeframe)).collect();
    for point in &insight.points {
        let Sent::Keyed(keyed) = &point.sent else { continue };
        groups.extend(keyed.iter().filter_map(|group| {
            let of = retired(&insight.metric, &group.key, timeframe)?;
            Some(Group { of, followers: group.value })
        }));
    }
    groups
}

fn group(part: &Part, timeframe: &str) -> Option<Group> {
    let of = |dimension: &str| {
        let place = part.dimensions.iter().position(|name| name == dimension)?;
        part.values.get(place).map(String::as_str)
    };
    let of = if let Some(city) = of("city") {
        place(city, timeframe)
    } else if let Some(code) = of("country") {
        country(code, timeframe)
    } else {
        gender_age(of("gender")?, of("age")?, timeframe)
    };
    Some(Group { of: of?, followers: part.value })
}

/// `London, England`, `ID`, `M.25-34`, `id_ID`.
fn retired(metric: &str, key: &str, timeframe: &str) -> Option<Of> {
    match metric {
        "audience_city" => place(key, timeframe),
        "audience_country" => country(key, timeframe),
        "audience_gender_age" => {
            let (gender, age) = key.split_once('.')?;
            gender_age(gender, age, timeframe)
        }
        "audience_locale" if !key.is_empty() => Some(Of::Locale { code: key.to_owned() }),
        _ => None,
    }
}

fn place(name: &str, timeframe: &str) -> Option<Of> {
    let (city, province) = name.rsplit_once(',').unwrap_or((name, ""));
    let (city, province) = (kept(city), kept(province));
    (!city.is_empty()).then(|| Of::City { city, province, timeframe: timeframe.to_owned() })
}

fn country(code: &str, timeframe: &str) -> Option<Of> {
    let code = kept(code);
    (!code.is_empty()).then(|| Of::Country { code, timeframe: timeframe.to_owned() })
}

fn gender_age(gender: &str, age: &str, timeframe: &str) -> Option<Of> {
    let gender = gender.trim().to_uppercase();
    let age = kept(age);
    let is_known = matches!(gender.as_str(), "M" | "F" | "U") && !age.is_empty();
    is_known.then(|| Of::GenderAge { gender, age, timeframe: timeframe.to_owned() })
}

/// Text as a column can hold it.
fn kept(text: &str) -> String {
    text.trim().replace('\0', "\u{fffd}")
}

/// What stands for the list as a whole where there is none.
fn list(call: &Call, timeframe: &str) -> Option<Of> {
    let timeframe = timeframe.to_owned();
    let none = String::new;
    match call.request.parameter("breakdown")? {
        "city" => Some(Of::City { city: none(), province: none(), timeframe }),
        "country" => Some(Of::Country { code: none(), timeframe }),
        _ => Some(Of::GenderAge { gender: "U".to_owned(), age: none(), timeframe }),
    }
}
