//! The two rate limit headers: how much of the app's and of the account's budget is spent, in percent.

use std::time::Duration;

use serde_json::{Value, json};

use crate::json::number;

/// Header with the budget of each business object, ours among them.
pub const BUSINESS_HEADER: &str = "x-business-use-case-usage";
/// Header with the budget of the whole app.
pub const APP_HEADER: &str = "x-app-usage";

/// Three percentages; each of them can throttle alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// Calls made.
    pub call_count: u32,
    /// Processor time used.
    pub total_cputime: u32,
    /// Total time used.
    pub total_time: u32,
}

impl Load {
    /// The percentage nearest to its limit.
    pub fn percent(self) -> u32 {
        self.call_count.max(self.total_cputime).max(self.total_time)
    }

    fn read(value: &Value) -> Self {
        let percent = |name: &str| {
            let percent = value.get(name).and_then(number).unwrap_or(0);
            u32::try_from(percent.max(0)).unwrap_or(u32::MAX)
        };
        Self {
            call_count: percent("call_count"),
            total_cputime: percent("total_cputime"),
            total_time: percent("total_time"),
        }
    }
}

/// One entry of the business header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusinessUsage {
    /// The kind of limit, such as `instagram`.
    pub kind: String,
    /// How much of it is spent.
    pub load: Load,
    /// How long calls will go on being refused.
    pub regain: Option<Duration>,
}

/// What both headers of one answer said; empty when there were none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Usage {
    /// Entries of `X-Business-Use-Case-Usage`.
    pub business: Vec<BusinessUsage>,
    /// `X-App-Usage`.
    pub app: Option<Load>,
}

impl Usage {
    /// Reads the headers' values. What cannot be read is left out: a broken header must not spoil an answer.
    pub fn read(business: Option<&str>, app: Option<&str>) -> Self {
        let business = business.and_then(|text| serde_json::from_str(text).ok());
        let app = app.and_then(|text| serde_json::from_str::<Value>(text).ok());
        Self {
            business: business.as_ref().map(entries).unwrap_or_default(),
            app: app.filter(Value::is_object).map(|value| Load::read(&value)),
        }
    }

    /// The account's highest percentage.
    pub fn account_percent(&self) -> Option<u32> {
        self.business.iter().map(|entry| entry.load.percent()).max()
    }

    /// The app's highest percentage.
    pub fn app_percent(&self) -> Option<u32> {
        self.app.map(Load::percent)
    }

    /// The longest time until access is regained, where Meta says one.
    pub fn regain(&self) -> Option<Duration> {
        self.business.iter().filter_map(|entry| entry.regain).max()
    }

    /// The headers as JSON to be kept; `None` when there were none.
    pub fn to_json(&self) -> Option<Value> {
        let load = |load: Load| json!({"call_count": load.call_count, "total_cputime": load.total_cputime, "total_time": load.total_time});
        let business: Vec<Value> = self
            .business
            .iter()
            .map(|entry| {
                let mut value = load(entry.load);
                value["type"] = json!(entry.kind);
                value["estimated_time_to_regain_access"] = json!(entry.regain.map(|r| r.as_secs() / 60));
                value
            })
            .collect();
        match (business.is_empty(), self.app) {
            (true, None) => None,
            (true, Some(app)) => Some(json!({"app": load(app)})),
            (false, None) => Some(json!({"business": business})),
            (false, Some(app)) => Some(json!({"business": business, "app": load(app)})),
        }
    }
}

/// Flattens `{"<business id>": [{..}, ..]}`.
fn entries(header: &Value) -> Vec<BusinessUsage> {
    let Some(businesses) = header.as_object() else {
        return Vec::new();
    };
    let lists = businesses.values().filter_map(Value::as_array).flatten();
    lists
        .map(|entry| {
            let minutes = entry.get("estimated_time_to_regain_access").and_then(number);
            BusinessUsage {
                kind: entry.get("type").and_then(Value::as_str).unwrap_or_default().to_owned(),
                load: Load::read(entry),
                regain: minutes
                    .and_then(|m| u64::try_from(m).ok())
                    .filter(|m| (1..=7 * 24 * 60).contains(m))
                    .map(|m| Duration::from_secs(m * 60)),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_of_the_three_percentages_counts() {
        let business = r#"{"17841400000000001":[
            {"type":"instagram","call_count":12,"total_cputime":97,"total_time":3,"estimated_time_to_regain_access":0},
            {"type":"pages","call_count":40,"total_cputime":1,"total_time":1,"estimated_time_to_regain_access":19}]}"#;
        let usage =
            Usage::read(Some(business), Some(r#"{"call_count":28,"total_time":25.6,"total_cputime":5}"#));
        assert_eq!(usage.account_percent(), Some(97));
        assert_eq!(usage.app_percent(), Some(28));
        assert_eq!(usage.regain(), Some(Duration::from_mins(19)));
        insta::assert_snapshot!(usage.to_json().unwrap(), @r#"{"app":{"call_count":28,"total_cputime":5,"total_time":26},"business":[{"call_count":12,"estimated_time_to_regain_access":null,"total_cputime":97,"total_time":3,"type":"instagram"},{"call_count":40,"estimated_time_to_regain_access":19,"total_cputime":1,"total_time":1,"type":"pages"}]}"#);
    }

    #[test]
    fn a_broken_header_says_nothing() {
        for header in ["", "x", "[]", "7", r#"{"1":{}}"#, r#"{"1":[3]}"#] {
            let usage = Usage::read(Some(header), None);
            assert_eq!((usage.account_percent().unwrap_or(0), usage.regain()), (0, None), "{header}");
        }
        assert_eq!(Usage::read(None, None).to_json(), None);
        assert_eq!(Usage::read(None, Some("[1]")).app, None);
    }
}
