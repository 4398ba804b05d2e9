//! The insights edge, typed: `{"data": [{name, period, values: [{value, end_time}],
//! total_value: {value, breakdowns}, id}]}`.

use cekbrand_schema::Decimal;
use jiff::Timestamp;
use serde_json::Value;

use crate::json::{decimal, text, time};

/// One metric of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Insight {
    /// The metric, in lower case.
    pub metric: String,
    /// `lifetime` for media.
    pub period: Option<String>,
    /// The API's own id of the figure; it repeats every day.
    pub api_id: Option<String>,
    /// The figure; `None` where none was sent.
    pub value: Option<Decimal>,
    /// The figure's parts, where a breakdown was asked.
    pub parts: Vec<Part>,
    /// What was sent for single days, or keyed by something, in order.
    pub points: Vec<Point>,
}

/// One entry of `values`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// When its period ended, if that was sent.
    pub end_time: Option<Timestamp>,
    /// What was sent for it.
    pub sent: Sent,
}

/// What stands as a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// A figure.
    Number(Decimal),
    /// Figures by key, such as an hour or a place; what is no number is left out.
    Keyed(Vec<Keyed>),
    /// Nothing that can be read.
    Nothing,
}

/// A figure by its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyed {
    /// The key as sent.
    pub key: String,
    /// The figure.
    pub value: Decimal,
}

/// One part of a figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it was split by, such as `action_type`.
    pub dimensions: Vec<String>,
    /// Which part this is, such as `bio_link_clicked`.
    pub values: Vec<String>,
    /// Its figure.
    pub value: Decimal,
}

impl Insight {
    /// Reads the answer's metrics; `None` where it has no `data` list. An empty list means that nothing is
    /// known, never 0.
    pub fn read_all(answer: &Value) -> Option<Vec<Self>> {
        let data = answer.get("data")?.as_array()?;
        Some(data.iter().filter_map(Self::read).collect())
    }

    fn read(entry: &Value) -> Option<Self> {
        let total = entry.get("total_value");
        let in_total = total.and_then(|t| t.get("value")).and_then(decimal);
        let in_values = || entry.pointer("/values/0/value").and_then(decimal);
        Some(Self {
            metric: text(entry, "name")?.to_ascii_lowercase(),
            period: text(entry, "period"),
            api_id: text(entry, "id"),
            value: in_total.or_else(in_values),
            parts: total.and_then(|t| t.get("breakdowns")).map(parts).unwrap_or_default(),
            points: entry.get("values").and_then(Value::as_array).into_iter().flatten().map(point).collect(),
        })
    }
}

fn point(entry: &Value) -> Point {
    let sent = match entry.get("value") {
        Some(Value::Object(members)) => Sent::Keyed(
            members
                .iter()
                .filter_map(|(key, value)| Some(Keyed { key: key.clone(), value: decimal(value)? }))
                .collect(),
        ),
        Some(value) => decimal(value).map_or(Sent::Nothing, Sent::Number),
        None => Sent::Nothing,
    };
    Point { end_time: time(entry, "end_time"), sent }
}

fn parts(breakdowns: &Value) -> Vec<Part> {
    let mut parts = Vec::new();
    for breakdown in breakdowns.as_array().into_iter().flatten() {
        let dimensions = words(breakdown.get("dimension_keys"));
        for result in breakdown.get("results").and_then(Value::as_array).into_iter().flatten() {
            let Some(value) = result.get("value").and_then(decimal) else {
                continue;
            };
            let values = words(result.get("dimension_values"));
            parts.push(Part { dimensions: dimensions.clone(), values, value });
        }
    }
    parts
}

fn words(list: Option<&Value>) -> Vec<String> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|word| word.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn plain_figures_are_read_and_absent_ones_are_not_zero() {
        let answer = json!({"data": [
            {"name": "reach", "period": "lifetime", "values": [{"value": 5}], "id": "179/insights/reach/lifetime"},
            {"name": "SAVED", "period": "lifetime", "values": [{"value": 0}]},
            {"name": "views", "period": "lifetime", "values": []},
            {"period": "lifetime"}
        ]});
        let insights = Insight::read_all(&answer).unwrap();
        let figures: Vec<_> = insights.iter().map(|i| (i.metric.as_str(), i.value)).collect();
        assert_eq!(figures, [("reach", Some(5.into())), ("saved", Some(0.into())), ("views", None)]);
        assert_eq!(insights[0].api_id.as_deref(), Some("179/insights/reach/lifetime"));
        assert_eq!(Insight::read_all(&json!({"data": []})), Some(vec![]));
        assert_eq!(Insight::read_all(&json!({"id": "1"})), None);
    }

    #[test]
    fn a_figure_below_one_is_not_zero_and_a_figure_may_be_text() {
        let answer = json!({"data": [
            {"name": "reels_skip_rate", "values": [{"value": 0.37}]},
            {"name": "reels_skip_rate", "total_value": {"value": 41.26}},
            {"name": "ig_reels_avg_watch_time", "values": [{"value": "4120"}]},
            {"name": "ig_reels_avg_watch_time", "values": [{"value": 4120.5}]},
            {"name": "ig_reels_video_view_total_time", "values": [{"value": 5.7687e4}]}
        ]});
        let insights = Insight::read_all(&answer).unwrap();
        let values: Vec<_> = insights.iter().map(|i| i.value.unwrap().to_string()).collect();
        assert_eq!(values, ["0.37", "41.26", "4120", "4120.5", "57687"]);
    }

    #[test]
    fn days_and_keys_are_read_each_and_a_bad_one_spoils_no_other() {
        let answer = json!({"data": [
            {"name": "reach", "values": [
                {"value": 3, "end_time": "2026-05-04T07:00:00+0000"},
                {"value": null, "end_time": "2026-05-05T07:00:00+0000"},
                {"value": "36"}, {"value": [1], "end_time": "soon"}, 7
            ]},
            {"name": "audience_city", "values": [
                {"value": {"London, England": 7, "Kudus": {"a": 1}, "Jakarta, Jakarta": "9"}}
            ]},
            {"name": "online_followers", "values": [{"value": {}, "end_time": "2026-05-04T07:00:00+0000"}]},
            {"name": "views"}
        ]});
        let insights = Insight::read_all(&answer).unwrap();
        let days: Vec<_> =
            insights[0].points.iter().map(|p| (p.end_time.is_some(), p.sent.clone())).collect();
        let number = |number: i64| Sent::Number(number.into());
        let expected = [
            (true, number(3)),
            (true, Sent::Nothing),
            (false, number(36)),
            (false, Sent::Nothing),
            (false, Sent::Nothing),
        ];
        assert_eq!(days, expected);
        let keyed = |key: &str, value: i64| Keyed { key: key.to_owned(), value: value.into() };
        let Sent::Keyed(cities) = &insights[1].points[0].sent else { panic!("no cities") };
        let mut cities = cities.clone();
        cities.sort_by(|a, b| a.key.cmp(&b.key));
        assert_eq!(cities, [keyed("Jakarta, Jakarta", 9), keyed("London, England", 7)]);
        assert_eq!(insights[2].points[0].sent, Sent::Keyed(Vec::new()));
        assert!(insights[3].points.is_empty());
    }

    #[test]
    fn of_two_breakdowns_each_part_says_what_it_is_and_what_is_no_figure_is_no_part() {
        let answer = json!({"data": [{
            "name": "follows_and_unfollows", "period": "day", "values": [{"value": 3}],
            "total_value": {"value": 8, "breakdowns": [
                {"dimension_keys": ["follow_type", "age"], "results": [
                    {"dimension_values": ["FOLLOWER", "25-34"], "value": 5},
                    {"dimension_values": ["NON_FOLLOWER", "25-34"], "value": null},
                    {"dimension_values": ["UNKNOWN", "25-34"]}
                ]},
                {"dimension_keys": ["city"], "results": [{"dimension_values": ["Kudus, Jawa Tengah"], "value": "2"}]},
                {"dimension_keys": ["country"]}
            ]}
        }]});
        let insight = &Insight::read_all(&answer).unwrap()[0];
        assert_eq!(
            (insight.value, insight.period.as_deref()),
            (Some(8.into()), Some("day")),
            "the total counts"
        );
        let parts: Vec<_> =
            insight.parts.iter().map(|p| (p.dimensions.join("+"), p.values.join("+"), p.value)).collect();
        let part = |dimensions: &str, values: &str, value: i64| {
            (dimensions.to_owned(), values.to_owned(), Decimal::from(value))
        };
        assert_eq!(
            parts,
            [part("follow_type+age", "FOLLOWER+25-34", 5), part("city", "Kudus, Jawa Tengah", 2)]
        );
    }

    #[test]
    fn a_breakdown_is_read_beside_its_total() {
        let answer = json!({"data": [{
            "name": "navigation", "period": "lifetime", "values": [{"value": 25}],
            "total_value": {"value": 25, "breakdowns": [{
                "dimension_keys": ["story_navigation_action_type"],
                "results": [{"dimension_values": ["tap_forward"], "value": 19}, {"dimension_values": ["tap_exit"], "value": 6}]
            }]}
        }]});
        let insight = &Insight::read_all(&answer).unwrap()[0];
        assert_eq!(insight.value, Some(25.into()));
        let parts: Vec<_> = insight.parts.iter().map(|p| (p.values[0].as_str(), p.value)).collect();
        assert_eq!(parts, [("tap_forward", 19.into()), ("tap_exit", 6.into())]);
    }
}
