//! Rate limits: calls of the last hour per account, usage headers, and blocks that grow when they are
//! ignored.

use std::collections::{HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

/// The window over which calls are counted.
const WINDOW: SignedDuration = SignedDuration::from_hours(1);
/// How long an account is blocked once it has used its calls up.
const BLOCK: SignedDuration = SignedDuration::from_mins(15);
/// By how much a call during a block lengthens it.
const LENGTHENING: SignedDuration = SignedDuration::from_secs(30);

/// The limits of a simulator.
#[derive(Debug, Clone, Copy)]
pub struct UsageLimits {
    /// Calls of one account within an hour; one more is refused and blocks the account.
    pub calls_per_hour: u64,
    /// The usage headers appear from this many calls of an account on.
    pub headers_after: u64,
}

impl Default for UsageLimits {
    fn default() -> Self {
        Self { calls_per_hour: 50_000, headers_after: 3 }
    }
}

/// The usage headers of one answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UsageHeaders {
    /// `X-Business-Use-Case-Usage`.
    pub(super) business: String,
    /// `X-App-Usage`.
    pub(super) app: String,
}

#[derive(Debug, Default)]
struct AccountUsage {
    calls: VecDeque<Timestamp>,
    total: u64,
    blocked_until: Option<Timestamp>,
    shown_percent: Option<u64>,
}

/// What every account has used.
#[derive(Debug)]
pub(super) struct Usage {
    limits: UsageLimits,
    accounts: HashMap<String, AccountUsage>,
}

impl Usage {
    pub(super) fn new(limits: UsageLimits) -> Self {
        Self { limits, accounts: HashMap::new() }
    }

    /// Counts a call. False if the account is blocked, which makes the block longer.
    pub(super) fn count(&mut self, account: &str, cost: u64, now: Timestamp) -> bool {
        let limit = self.limits.calls_per_hour;
        let usage = self.accounts.entry(account.to_owned()).or_default();
        usage.total += cost;
        if let Some(until) = usage.blocked_until.filter(|until| *until > now) {
            usage.blocked_until = Some(until.checked_add(LENGTHENING).unwrap_or(until));
            return false;
        }
        usage.blocked_until = None;
        usage.forget_before(now.checked_sub(WINDOW).unwrap_or(Timestamp::MIN));
        usage.calls.extend(std::iter::repeat_n(now, usize::try_from(cost).unwrap_or(1)));
        if usage.calls.len() as u64 > limit {
            usage.blocked_until = now.checked_add(BLOCK).ok();
            return false;
        }
        true
    }

    /// Blocks an account until `until`, or frees it.
    pub(super) fn block(&mut self, account: &str, until: Option<Timestamp>) {
        self.accounts.entry(account.to_owned()).or_default().blocked_until = until;
    }

    /// Shows this percentage in the headers, whatever was used; `None` ends it.
    pub(super) fn show(&mut self, account: &str, percent: Option<u64>) {
        self.accounts.entry(account.to_owned()).or_default().shown_percent = percent;
    }

    /// The headers of an answer to this account, once it has called often enough. `minutes` overrides the
    /// time to regain access.
    pub(super) fn headers(
        &self,
        account: &str,
        minutes: Option<u64>,
        now: Timestamp,
    ) -> Option<UsageHeaders> {
        let usage = self.accounts.get(account)?;
        let blocked = usage.blocked_until.filter(|until| *until > now);
        let minutes = minutes.or_else(|| blocked.map(|until| minutes_until(until, now))).unwrap_or(0);
        let shown = usage.shown_percent.is_some() || minutes > 0;
        if !shown && usage.total < self.limits.headers_after {
            return None;
        }
        let used = usage.calls.len() as u64 * 100 / self.limits.calls_per_hour.max(1);
        let percent = usage.shown_percent.unwrap_or(if minutes > 0 { 100 } else { used });
        let business = json!({ account: [{
            "type": "instagram", "call_count": percent, "total_cputime": percent / 4, "total_time": percent / 3,
            "estimated_time_to_regain_access": minutes,
        }]});
        let app =
            json!({ "call_count": percent / 10, "total_time": percent / 20, "total_cputime": percent / 20 });
        Some(UsageHeaders { business: business.to_string(), app: app.to_string() })
    }
}

impl AccountUsage {
    fn forget_before(&mut self, start: Timestamp) {
        while self.calls.front().is_some_and(|at| *at <= start) {
            self.calls.pop_front();
        }
    }
}

fn minutes_until(until: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(until.duration_since(now).as_secs() + 59).unwrap_or(0) / 60
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn after(seconds: i64) -> Timestamp {
        NOW.checked_add(SignedDuration::from_secs(seconds)).unwrap()
    }

    #[test]
    fn one_call_too_many_blocks_and_calling_on_lengthens() {
        let mut usage = Usage::new(UsageLimits { calls_per_hour: 2, headers_after: 0 });
        assert!(usage.count("a", 2, NOW));
        assert!(!usage.count("a", 1, NOW));
        assert!(
            usage
                .headers("a", None, NOW)
                .unwrap()
                .business
                .contains(r#""estimated_time_to_regain_access":15"#)
        );
        assert!(!usage.count("a", 1, after(60)));
        assert!(
            usage
                .headers("a", None, after(60))
                .unwrap()
                .business
                .contains(r#""estimated_time_to_regain_access":15"#)
        );
        assert!(usage.count("b", 1, NOW), "another account goes on");
        assert!(usage.count("a", 1, after(2 * 3600)));
    }

    #[test]
    fn headers_come_after_enough_calls() {
        let mut usage = Usage::new(UsageLimits { calls_per_hour: 100, headers_after: 2 });
        usage.count("a", 1, NOW);
        assert_eq!(usage.headers("a", None, NOW), None);
        usage.count("a", 24, NOW);
        assert!(usage.headers("a", None, NOW).unwrap().business.contains(r#""call_count":25"#));
    }
}
