//! What reads of a medium's figures have in common: whether there is anything to ask, and which rows an
//! answer makes.

use std::time::Duration;

use cekbrand_graph::insight::Insight;
use cekbrand_graph::{Disposition, GraphError, refusal};
use cekbrand_schema::metric::{self, retired};
use cekbrand_schema::{Absence, Decimal, Figure, ProductType, Source};
use jiff::Timestamp;

use super::ageing::Ageing;
use super::read::{Job, Known, Plan};
use super::story;
use crate::insight::{InsightKey, InsightRow};
use crate::rows::Rows;
use crate::rows::facts::Facts;
use crate::rows::media::STORY_LIFE;

/// For how long after publication an empty answer means "not yet".
const DATA_LAG: Duration = Duration::from_hours(48);

/// Shorter than the time between the last two readings of a story.
const FRESH_STORY: Duration = Duration::from_mins(10);

/// Regions whose law keeps replies to stories from being counted.
const REGIONS_WITHOUT_REPLIES: [&str; 2] = ["EU", "JP"];

/// What to do instead of asking, where there is nothing to ask of the medium.
pub(super) fn nothing_to_ask(job: Job<'_>, known: &Known, metrics: &[&'static str]) -> Option<Plan> {
    let facts = known.medium.as_ref().filter(|facts| facts.owner.is_some() || facts.is_gone);
    let Some(facts) = facts else { return Some(Plan::Await) };
    if facts.is_gone {
        return Some(Plan::nothing("the medium is gone"));
    }
    if facts.owner.as_deref() != Some(job.account_id) {
        return Some(Plan::nothing("the medium belongs to somebody else"));
    }
    let product = known.product();
    if facts.is_child || product == ProductType::Other {
        return Some(Plan::nothing("media of this kind have no figures"));
    }
    if is_expired(product, published(facts, job.at), job.at) {
        return Some(Plan::Nothing {
            rows: lost(job, known, metrics),
            note: Some("the story expired before its figures were read"),
        });
    }
    None
}

/// For how long figures count as fresh: a story's go on moving until its end, and are read at set times.
pub(super) fn fresh_for(known: &Known, usual: Duration) -> Duration {
    if known.product() == ProductType::Story { usual.min(FRESH_STORY) } else { usual }
}

/// The same of a figure that is asked apart: others' are read as seldom as the curve lets them.
pub(super) fn fresh_apart(job: Job<'_>, known: &Known) -> Duration {
    let published = known.medium.as_ref().and_then(|facts| facts.published).unwrap_or(job.at);
    let pace = known.ageing.pace(published, job.at);
    if known.product() == ProductType::Story { FRESH_STORY } else { pace }
}

/// When a medium's figures are due again: a story's before its end, others' less and less often.
pub(super) fn again(job: Job<'_>, known: &Known, ageing: &Ageing) -> Option<Timestamp> {
    let published = known.medium.as_ref()?.published?;
    match known.product() {
        ProductType::Story => story::next_slot(job.target_id, published, job.at),
        _ => ageing.next(job.target_id, published, job.at),
    }
}

/// What to do where the account's list told of the figures of a post or reel a short while ago, or can.
pub(super) fn told_by_list(
    job: Job<'_>,
    known: &Known,
    wanted: &[&'static str],
    fresh_for: Duration,
) -> Option<Plan> {
    let published = known.medium.as_ref().and_then(|facts| facts.published)?;
    let listed = metric::in_list();
    if !matches!(known.product(), ProductType::Feed | ProductType::Reels) {
        return None;
    }
    let (of_list, of_itself): (Vec<&str>, Vec<&str>) =
        wanted.iter().partition(|metric| listed.contains(*metric));
    let oldest = |metrics: &[&str]| {
        let times = metrics.iter().map(|metric| known.figures.read_at.get(*metric).copied());
        times.min().unwrap_or(Some(Timestamp::MAX))
    };
    let is_fresh = |read_at: &Timestamp, wait| after(*read_at, wait) > job.at;
    oldest(&of_itself).filter(|read_at| is_fresh(read_at, known.ageing.pace(published, job.at)))?;
    match oldest(&of_list).filter(|read_at| is_fresh(read_at, fresh_for)) {
        Some(read_at) => Some(Plan::Told(read_at.min(job.at))),
        None => known.list.clone().map(Plan::List),
    }
}

/// Retired metrics that this version of the API answers of a medium of that age.
pub(super) fn still_answered(job: Job<'_>, known: &Known) -> Vec<&'static str> {
    let published = known.medium.as_ref().and_then(|facts| facts.published);
    let still =
        published.into_iter().flat_map(|at| retired::still_of_media(job.api_version, known.product(), at));
    still.map(|retired| retired.name).collect()
}

/// Rows of the metrics that were asked for; what is not in the answer is absent.
pub(super) fn rows(job: Job<'_>, known: &Known, asked: &[&'static str], insights: &[Insight]) -> Rows {
    let facts = known.medium.as_ref();
    let missing = missing(facts.map_or(job.at, |facts| published(facts, job.at)), job.at);
    let region = facts.and_then(|facts| facts.region.as_deref());
    let mut rows = Rows::default();
    for metric in asked {
        let insight = insights.iter().find(|insight| insight.metric == *metric);
        let told = insight.and_then(|insight| Some((insight, insight.value?)));
        let (figure, api_id) = match told {
            None => (Figure::Absent(missing), None),
            Some((insight, value)) => (figure(metric, value, region), insight.api_id.clone()),
        };
        add(&mut rows, job, (metric, ""), figure, api_id);
        for part in insight.iter().flat_map(|insight| &insight.parts) {
            let name = part.values.join(",").to_lowercase();
            add(&mut rows, job, (metric, &name), Figure::from_story_webhook(part.value), None);
        }
    }
    rows
}

/// Rows that say why figures are missing.
pub(super) fn absent(job: Job<'_>, metrics: &[&'static str], absence: Absence) -> Rows {
    let mut rows = Rows::default();
    for metric in metrics {
        add(&mut rows, job, (metric, ""), Figure::Absent(absence), None);
    }
    rows
}

/// The metrics of the contract that a recorded request asked for.
pub(super) fn asked(metrics: &str) -> Vec<&'static str> {
    let known = |name: &str| {
        let of_account = || metric::user::find(name).map(|metric| metric.name);
        let of_old = || retired::of_media(name).map(|retired| retired.name);
        metric::find(name).map(|metric| metric.name).or_else(of_account).or_else(of_old)
    };
    metrics.split(',').filter_map(known).collect()
}

/// Which metrics to ask for after a refusal, the last group first, and which are to blame.
pub(super) fn split(
    asked: &[&'static str],
    error: &GraphError,
) -> Option<(Vec<Vec<&'static str>>, Vec<&'static str>)> {
    let is_request_bad = match error.disposition() {
        Disposition::BadParameter => true,
        Disposition::Retry { shrink: true } => asked.len() > 1,
        _ => false,
    };
    if !is_request_bad {
        return None;
    }
    let named = error.bad_metrics(asked);
    let groups = refusal::instead(asked, &named);
    let bad = if groups.is_empty() { asked.to_vec() } else { named };
    Some((groups, bad))
}

fn add(
    rows: &mut Rows,
    job: Job<'_>,
    (metric, breakdown): (&str, &str),
    figure: Figure,
    api_id: Option<String>,
) {
    let key = InsightKey::part(job.target_id, metric, breakdown, job.at);
    let api_version = Some(job.api_version.to_owned());
    rows.add_insight(
        key,
        InsightRow { figure, source: Source::Poll, observed_at: job.at, api_version, api_id },
    );
}

/// `lost` for every metric of which no value is known, from a webhook or an earlier read.
fn lost(job: Job<'_>, known: &Known, metrics: &[&'static str]) -> Rows {
    let unknown: Vec<_> =
        metrics.iter().copied().filter(|metric| !known.figures.with_value.contains(*metric)).collect();
    absent(job, &unknown, Absence::Lost)
}

fn figure(metric: &str, value: Decimal, region: Option<&str>) -> Figure {
    let is_uncounted = metric == "replies"
        && value.is_zero()
        && region.is_some_and(|region| REGIONS_WITHOUT_REPLIES.contains(&region));
    if is_uncounted { Figure::Absent(Absence::Region) } else { Figure::from_story_webhook(value) }
}

fn published(facts: &Facts, at: Timestamp) -> Timestamp {
    facts.published.or(facts.first_seen).unwrap_or(at)
}

/// Why figures of a medium are missing from an answer.
fn missing(published: Timestamp, at: Timestamp) -> Absence {
    if at < after(published, DATA_LAG) { Absence::NotYet } else { Absence::NoData }
}

fn is_expired(product: ProductType, published: Timestamp, at: Timestamp) -> bool {
    product == ProductType::Story && at >= after(published, STORY_LIFE)
}

fn after(instant: Timestamp, wait: Duration) -> Timestamp {
    instant.checked_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLISHED: Timestamp = Timestamp::UNIX_EPOCH;

    fn job(hours: u64) -> Job<'static> {
        let at = after(PUBLISHED, Duration::from_hours(hours));
        Job { target_id: "179", account_id: "178", variant: "", cursor: "", api_version: "v25.0", at }
    }

    fn story(region: Option<&str>) -> Known {
        let facts = Facts {
            owner: Some("178".to_owned()),
            published: Some(PUBLISHED),
            product: Some("STORY".to_owned()),
            region: region.map(str::to_owned),
            ..Facts::default()
        };
        Known { medium: Some(facts), ..Known::default() }
    }

    fn insight(metric: &str, value: Option<i64>) -> Insight {
        let value = value.map(Into::into);
        Insight { metric: metric.to_owned(), value, ..Insight::default() }
    }

    fn figures(region: Option<&str>, hours: u64, insights: &[Insight]) -> Vec<Figure> {
        let rows = rows(job(hours), &story(region), &["reach", "replies"], insights);
        rows.insights.into_values().map(|row| row.figure).collect()
    }

    #[test]
    fn what_was_asked_and_not_answered_is_absent_and_zero_is_zero() {
        let not_yet = Figure::Absent(Absence::NotYet);
        assert_eq!(figures(None, 1, &[insight("reach", Some(7))]), [Figure::count(7), not_yet]);
        assert_eq!(figures(None, 1, &[insight("reach", None)]), [not_yet, not_yet]);
        assert_eq!(figures(None, 1, &[insight("replies", Some(0))])[1], Figure::count(0));
        assert_eq!(figures(None, 1, &[insight("reach", Some(-1))])[0], Figure::Absent(Absence::Suppressed));
    }

    #[test]
    fn what_is_missing_is_not_yet_there_for_two_days() {
        assert_eq!(figures(None, 47, &[])[0], Figure::Absent(Absence::NotYet));
        assert_eq!(figures(None, 48, &[])[0], Figure::Absent(Absence::NoData));
    }

    #[test]
    fn no_replies_where_replies_are_not_counted_is_not_zero() {
        let none = [insight("replies", Some(0))];
        assert_eq!(figures(Some("EU"), 1, &none)[1], Figure::Absent(Absence::Region));
        assert_eq!(figures(Some("JP"), 1, &none)[1], Figure::Absent(Absence::Region));
        assert_eq!(figures(Some("ID"), 1, &none)[1], Figure::count(0));
    }

    #[test]
    fn a_story_is_asked_until_its_day_is_over_and_then_what_nobody_told_is_lost() {
        let mut known = story(None);
        assert_eq!(nothing_to_ask(job(23), &known, &["reach"]), None);
        known.figures.with_value.insert("reach".to_owned());
        let Some(Plan::Nothing { rows, note: Some(_) }) =
            nothing_to_ask(job(24), &known, &["reach", "replies"])
        else {
            panic!("there is nothing to ask");
        };
        let lost: Vec<_> = rows.insights.iter().map(|(key, row)| (key.metric.as_str(), row.figure)).collect();
        assert_eq!(lost, [("replies", Figure::Absent(Absence::Lost))]);
    }

    #[test]
    fn only_the_owner_asks_and_only_of_what_has_figures() {
        let note = |change: fn(&mut Facts)| {
            let mut known = story(None);
            change(known.medium.as_mut().unwrap());
            match nothing_to_ask(job(1), &known, &["reach"]) {
                Some(Plan::Nothing { note, rows }) if rows == Rows::default() => note,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(
            note(|facts| facts.owner = Some("9".to_owned())),
            Some("the medium belongs to somebody else")
        );
        assert_eq!(note(|facts| facts.is_gone = true), Some("the medium is gone"));
        assert_eq!(note(|facts| facts.is_child = true), Some("media of this kind have no figures"));
        assert_eq!(
            note(|facts| facts.product = Some("AD".to_owned())),
            Some("media of this kind have no figures")
        );
        assert_eq!(nothing_to_ask(job(1), &Known::default(), &["reach"]), Some(Plan::Await));
    }

    #[test]
    fn a_refused_call_is_split_unless_the_error_is_about_something_else() {
        let asked = ["reach", "views"];
        let (groups, bad) = split(&asked, &GraphError::NotAddressable).unwrap();
        assert_eq!((groups, bad), (vec![vec!["reach"], vec!["views"]], Vec::new()));
        assert_eq!(split(&asked[..1], &GraphError::NotAddressable).unwrap(), (Vec::new(), vec!["reach"]));
        assert_eq!(split(&asked, &GraphError::Timeout), None);
        assert_eq!(split(&asked[..1], &GraphError::TooLong { limit: 1 }), None);
    }
}
