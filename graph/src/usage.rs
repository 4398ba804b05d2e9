//! The two rate limit headers: how much of the app's and of the account's budget is spent, in percent.
//!
//! Their names and shapes differ by host and age, so they are read leniently. What is not known stays
//! unknown: it is not 0 %.

use std::time::Duration;

use cekbrand_schema::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Value, json};

use crate::json::{decimal, number};

/// Header with the budget of each business object, ours among them.
pub const BUSINESS_HEADER: &str = "x-business-use-case-usage";
/// Header with the budget of the whole app.
pub const APP_HEADER: &str = "x-app-usage";

/// The product whose budget our reads draw on.
const OURS: &str = "instagram";
const REGAIN: &str = "estimated_time_to_regain_access";
/// A longer block than a week is taken for nonsense.
const LONGEST_REGAIN_MINUTES: i64 = 7 * 24 * 60;

/// The names of each percentage; the newest first.
const CALL_COUNT: [&str; 2] = ["call_count", "call_volume"];
const TOTAL_CPUTIME: [&str; 2] = ["total_cputime", "cpu_time"];
const TOTAL_TIME: [&str; 1] = ["total_time"];

/// Three percentages; each of them can throttle alone. `None` where the header does not tell one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// Calls made.
    pub call_count: Option<u32>,
    /// Processor time used.
    pub total_cputime: Option<u32>,
    /// Total time used.
    pub total_time: Option<u32>,
}

impl Load {
    /// The known percentage nearest to its limit.
    pub fn percent(self) -> Option<u32> {
        self.call_count.max(self.total_cputime).max(self.total_time)
    }

    fn read(value: &Value) -> Self {
        let percent = |names: &[&str]| {
            let told = names.iter().find_map(|name| value.get(name).and_then(number))?;
            u32::try_from(told).ok()
        };
        Self {
            call_count: percent(&CALL_COUNT),
            total_cputime: percent(&TOTAL_CPUTIME),
            total_time: percent(&TOTAL_TIME),
        }
    }

    fn to_json(self) -> Value {
        json!({
            "call_count": self.call_count,
            "total_cputime": self.total_cputime,
            "total_time": self.total_time,
        })
    }
}

/// One entry of the business header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusinessUsage {
    /// The product that is limited, such as `instagram`; empty where the header does not tell.
    pub kind: String,
    /// How much of it is spent.
    pub load: Load,
    /// How long calls will go on being refused.
    pub regain: Option<Duration>,
}

impl BusinessUsage {
    fn read(entry: &Value) -> Self {
        Self {
            kind: entry.get("type").and_then(Value::as_str).unwrap_or_default().to_owned(),
            load: Load::read(entry),
            regain: entry.get(REGAIN).and_then(decimal).and_then(minutes),
        }
    }

    /// Whether it limits our reads. Another product's budget does not.
    fn is_ours(&self) -> bool {
        self.kind.is_empty() || self.kind.eq_ignore_ascii_case(OURS)
    }

    fn to_json(&self) -> Value {
        let mut value = self.load.to_json();
        value["type"] = json!(self.kind);
        value[REGAIN] = json!(self.regain.map(|regain| regain.as_secs().div_ceil(60)));
        value
    }
}

/// What both headers of one answer said; empty when there were none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Usage {
    /// Entries of `X-Business-Use-Case-Usage`, those of other products too.
    pub business: Vec<BusinessUsage>,
    /// `X-App-Usage`.
    pub app: Option<Load>,
}

impl Usage {
    /// Reads the headers' values. What cannot be read is left out: a broken header must not spoil an answer.
    pub fn read(business: Option<&str>, app: Option<&str>) -> Self {
        let parse = |text: &str| serde_json::from_str::<Value>(text).ok();
        let mut usage = Self::default();
        if let Some(header) = business.and_then(parse) {
            collect(&header, &mut |entry| usage.business.push(BusinessUsage::read(entry)));
        }
        if let Some(header) = app.and_then(parse) {
            let fuller =
                |held: Option<Load>, load: Load| held.filter(|held| held.percent() >= load.percent());
            collect(&header, &mut |entry| {
                let load = Load::read(entry);
                usage.app = fuller(usage.app, load).or(Some(load));
            });
        }
        usage
    }

    /// The account's highest percentage.
    pub fn account_percent(&self) -> Option<u32> {
        self.ours().filter_map(|entry| entry.load.percent()).max()
    }

    /// The app's highest percentage.
    pub fn app_percent(&self) -> Option<u32> {
        self.app.and_then(Load::percent)
    }

    /// The longest time until access is regained, where Meta says one.
    pub fn regain(&self) -> Option<Duration> {
        self.ours().filter_map(|entry| entry.regain).max()
    }

    /// The headers as JSON to be kept; `None` when there were none.
    pub fn to_json(&self) -> Option<Value> {
        let business: Vec<Value> = self.business.iter().map(BusinessUsage::to_json).collect();
        match (business.is_empty(), self.app) {
            (true, None) => None,
            (true, Some(app)) => Some(json!({"app": app.to_json()})),
            (false, None) => Some(json!({"business": business})),
            (false, Some(app)) => Some(json!({"business": business, "app": app.to_json()})),
        }
    }

    fn ours(&self) -> impl Iterator<Item = &BusinessUsage> {
        self.business.iter().filter(|entry| entry.is_ours())
    }
}

/// Finds the entries in whatever lists and objects they are packed: `{"<id>": [{..}, ..]}`, `{"<id>": {..}}`,
/// `[{..}]`, `{..}`.
fn collect(header: &Value, found: &mut impl FnMut(&Value)) {
    match header {
        Value::Object(_) if is_entry(header) => found(header),
        Value::Object(members) => members.values().for_each(|member| collect(member, found)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}

fn is_entry(value: &Value) -> bool {
    let names = CALL_COUNT.iter().chain(&TOTAL_CPUTIME).chain(&TOTAL_TIME);
    names.chain(&["type", REGAIN]).any(|name| value.get(name).is_some())
}

/// A time in minutes, which may have decimals; 0 says nothing.
fn minutes(told: Decimal) -> Option<Duration> {
    if told <= Decimal::ZERO || told > LONGEST_REGAIN_MINUTES.into() {
        return None;
    }
    let seconds = told.checked_mul(60.into())?.ceil().to_u64()?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn business(header: &str) -> Usage {
        Usage::read(Some(header), None)
    }

    #[test]
    fn each_of_the_three_percentages_can_be_the_highest() {
        for name in ["call_count", "total_cputime", "total_time"] {
            let load = |others: u32| {
                let mut load = json!({"call_count": others, "total_cputime": others, "total_time": others});
                load[name] = json!(97);
                load
            };
            let header = json!({"17841400000000001": [load(3)]}).to_string();
            let usage = Usage::read(Some(&header), Some(&load(4).to_string()));
            assert_eq!((usage.account_percent(), usage.app_percent()), (Some(97), Some(97)), "{name}");
        }
    }

    #[test]
    fn what_is_kept_has_every_entry_and_null_for_what_is_unknown() {
        let header = r#"{"17841400000000001":[
            {"type":"instagram","call_count":12,"total_cputime":97,"total_time":3,"estimated_time_to_regain_access":0},
            {"type":"pages","call_count":40,"total_cputime":1,"estimated_time_to_regain_access":19}]}"#;
        let app = r#"{"call_count":28,"total_time":25.6,"total_cputime":5}"#;
        let kept = Usage::read(Some(header), Some(app)).to_json().unwrap();
        insta::assert_snapshot!(kept, @r#"{"app":{"call_count":28,"total_cputime":5,"total_time":26},"business":[{"call_count":12,"estimated_time_to_regain_access":null,"total_cputime":97,"total_time":3,"type":"instagram"},{"call_count":40,"estimated_time_to_regain_access":19,"total_cputime":1,"total_time":null,"type":"pages"}]}"#);
    }

    #[test]
    fn an_entry_is_found_however_it_is_packed() {
        let entry = r#"{"type":"instagram","call_count":99,"total_cputime":3,"total_time":4}"#;
        for header in [
            format!(r#"{{"64560001":[{entry}]}}"#),
            format!(r#"{{"64560001":{entry}}}"#),
            format!("[{entry}]"),
            format!(r#"[{{"64560001":[{entry}]}}]"#),
            entry.to_owned(),
        ] {
            assert_eq!(business(&header).account_percent(), Some(99), "{header}");
            assert_eq!(Usage::read(None, Some(&header)).app_percent(), Some(99), "{header}");
        }
    }

    #[test]
    fn another_products_budget_does_not_gate_ours() {
        let usage = business(
            r#"{"64560001":[
                {"type":"ads_insights","call_count":100,"total_cputime":100,"total_time":100,"estimated_time_to_regain_access":17},
                {"type":"instagram","call_count":3,"total_cputime":0,"total_time":1,"estimated_time_to_regain_access":0}]}"#,
        );
        assert_eq!((usage.account_percent(), usage.regain()), (Some(3), None));
        let capitals =
            business(r#"{"1":[{"type":"INSTAGRAM","call_count":7},{"type":"Pages","call_count":9}]}"#);
        assert_eq!(capitals.account_percent(), Some(7));
        let only_theirs = business(r#"{"1":[{"type":"pages","call_count":100}]}"#);
        assert_eq!(only_theirs.account_percent(), None);
        assert_eq!(
            business(r#"{"1":[{"call_count":50}]}"#).account_percent(),
            Some(50),
            "of no known product"
        );
    }

    #[test]
    fn numbers_come_as_text_with_decimals_or_not_at_all_and_of_several_ids_the_highest_counts() {
        let usage = business(
            r#"{"64560001":[{"type":"instagram","call_count":"96","total_cputime":1.5,"total_time":null,
                "estimated_time_to_regain_access":2.5}],
                "17841400000000923":[{"type":"instagram","call_count":40}]}"#,
        );
        let load = Load { call_count: Some(96), total_cputime: Some(2), total_time: None };
        assert!(usage.business.iter().any(|entry| entry.load == load), "{usage:?}");
        assert_eq!((usage.account_percent(), usage.regain()), (Some(96), Some(Duration::from_secs(150))));
        let old = business(r#"{"1":{"type":"instagram","call_volume":30,"cpu_time":"60.4"}}"#);
        assert_eq!(old.account_percent(), Some(60));
        assert_eq!(business(r#"{"1":{"call_volume":"31","cpu_time":3}}"#).account_percent(), Some(31));
    }

    #[test]
    fn what_a_header_does_not_tell_is_unknown_and_not_zero() {
        for header in [
            "",
            "x",
            "[]",
            "{}",
            "7",
            "null",
            r#"{"1":{}}"#,
            r#"{"1":[3]}"#,
            r#"{"1":[{"acc_id_util_pct":9.67}]}"#,
        ] {
            let usage = Usage::read(Some(header), Some(header));
            assert_eq!(
                (usage.account_percent(), usage.app_percent(), usage.regain()),
                (None, None, None),
                "{header}"
            );
            assert_eq!(usage.to_json(), None, "{header}");
        }
        let named =
            business(r#"{"1":[{"type":"instagram","new_name":100,"call_count":null,"total_time":-1}]}"#);
        assert_eq!(named.account_percent(), None);
        assert_eq!(Usage::read(None, None), Usage::default());
    }

    #[test]
    fn of_several_entries_the_fullest_and_the_longest_wait_count() {
        let entry = |calls: u32, minutes: u32| json!({"call_count": calls, "estimated_time_to_regain_access": minutes});
        for (one, other) in [(entry(90, 3), entry(10, 8)), (entry(10, 8), entry(90, 3))] {
            let header = json!([one, other]).to_string();
            let usage = Usage::read(Some(&header), Some(&header));
            assert_eq!((usage.account_percent(), usage.app_percent()), (Some(90), Some(90)), "{header}");
            assert_eq!(usage.regain(), Some(Duration::from_mins(8)), "{header}");
        }
    }

    #[test]
    fn a_block_of_more_than_a_week_or_of_no_time_is_not_believed() {
        for (minutes, regain) in
            [("19", Some(19)), ("10080", Some(10_080)), ("10081", None), ("0", None), ("-5", None)]
        {
            let usage = business(&format!(r#"{{"1":[{{"estimated_time_to_regain_access":{minutes}}}]}}"#));
            assert_eq!(usage.regain(), regain.map(Duration::from_mins), "{minutes}");
        }
    }
}
