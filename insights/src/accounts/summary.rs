//! One line of the list of accounts: the newest figures, and in words what needs somebody's attention.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use sqlx::Row;
use sqlx::postgres::PgRow;
use utoipa::ToSchema;

use crate::figure::{Count, NO_DATA, Ratio};
use crate::iso::Iso;
use crate::query::sentiment::Feelings;
use crate::query::{some_day, some_instant};
use crate::table::{Cells, CsvRow};

/// A token that ends within so long is to be renewed.
const TOKEN_SOON: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Counts are read each day; older ones mean that the reads have stopped.
const SILENT_AFTER: SignedDuration = SignedDuration::from_hours(48);
/// From here on little of the quota is left.
const QUOTA_HIGH: i32 = 80;

/// An account at a glance.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct AccountSummary {
    pub(crate) id: String,
    #[schema(required = true)]
    pub(crate) username: Option<String>,
    #[schema(required = true)]
    pub(crate) name: Option<String>,
    /// Zone of its local days.
    pub(crate) timezone: String,
    pub(crate) followers: Headline,
    /// People reached in the timeframe.
    pub(crate) reach: Headline,
    /// Times seen in the timeframe.
    pub(crate) views: Headline,
    /// Likes and comments of the media published in the timeframe.
    pub(crate) engagement: Headline,
    pub(crate) sentiment: SentimentHeadline,
    pub(crate) token: TokenSummary,
    pub(crate) stories: StoriesSummary,
    /// What needs attention, the worst first.
    pub(crate) flags: Vec<Flag>,
}

/// A figure, its growth against the timeframe before, and the day that both are of.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub(crate) struct Headline {
    #[schema(required = true)]
    pub(crate) day: Option<Date>,
    #[serde(flatten)]
    pub(crate) count: Count,
    pub(crate) growth: Ratio,
}

/// What the comments up to a day feel.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub(crate) struct SentimentHeadline {
    #[schema(required = true)]
    pub(crate) day: Option<Date>,
    #[serde(flatten)]
    pub(crate) total: Feelings,
    /// (positive - negative) / all, from -1 to 1.
    pub(crate) balance: Ratio,
}

/// The state of the account's token; never the token.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct TokenSummary {
    /// valid, dead, or none.
    pub(crate) state: String,
    #[schema(required = true)]
    pub(crate) dead_reason: Option<String>,
    #[schema(required = true)]
    pub(crate) expires_at: Option<Iso>,
    #[schema(required = true)]
    pub(crate) checked_at: Option<Iso>,
}

/// The stories that live now.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub(crate) struct StoriesSummary {
    pub(crate) live: i32,
    /// Of these, stories in their last six hours of which no figure is known.
    pub(crate) at_risk: i32,
}

/// Something that needs attention.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Flag {
    /// In one word: token_dead, no_token, stories_at_risk, not_subscribed, no_webhooks, permission_missing,
    /// blocked, token_ends, silent or quota.
    pub(crate) kind: &'static str,
    /// In a sentence.
    pub(crate) text: String,
}

impl Headline {
    fn read(row: &PgRow, name: &str) -> Result<Self, sqlx::Error> {
        Ok(Self {
            day: some_day(row, &format!("{name}_day"))?,
            count: Count::of(row, name, NO_DATA)?,
            growth: Ratio::of(row, &format!("{name}_growth"))?,
        })
    }
}

impl AccountSummary {
    /// The summary in a row of the portfolio's query.
    pub(crate) fn read(row: &PgRow, now: Timestamp) -> Result<Self, sqlx::Error> {
        let total = Feelings::of([row.try_get("pos")?, row.try_get("neu")?, row.try_get("neg")?], NO_DATA);
        let state: Option<String> = row.try_get("token_state")?;
        let followers =
            Headline { count: Count::read(row, "followers")?, ..Headline::read(row, "followers")? };
        let mut summary = Self {
            id: row.try_get("account_id")?,
            username: row.try_get("username")?,
            name: row.try_get("name")?,
            timezone: row.try_get("timezone")?,
            followers,
            reach: Headline::read(row, "reach")?,
            views: Headline::read(row, "views")?,
            engagement: Headline::read(row, "engagement")?,
            sentiment: SentimentHeadline {
                day: some_day(row, "sentiment_day")?,
                total,
                balance: total.balance(),
            },
            token: TokenSummary {
                state: state.unwrap_or_else(|| "none".to_owned()),
                dead_reason: row.try_get("dead_reason")?,
                expires_at: some_instant(row, "expired_at")?,
                checked_at: some_instant(row, "checked_at")?,
            },
            stories: StoriesSummary {
                live: row.try_get("stories_live")?,
                at_risk: row.try_get("stories_at_risk")?,
            },
            flags: Vec::new(),
        };
        let obstacles = Obstacles {
            usage_percent: row.try_get("usage_percent")?,
            blocked_until: some_instant(row, "blocked_until")?,
            alerts: row.try_get("alerts")?,
        };
        summary.flags = flags(&summary, &obstacles, now);
        Ok(summary)
    }
}

/// What stands in the way of an account's figures, apart from its token.
#[derive(Default)]
struct Obstacles {
    usage_percent: Option<i32>,
    blocked_until: Option<Iso>,
    /// Kinds of what the operator was told of it and has not mended.
    alerts: Vec<String>,
}

/// What the operator was told, in words, what loses most first.
const ALERTS: [(&str, &str); 3] = [
    ("not_subscribed", "Webhooks are not subscribed: no comment and no story's final figures come in."),
    ("no_webhooks", "No webhook comes any more, and usually they do."),
    ("permission_missing", "The token lacks a permission: some figures cannot be read."),
];

/// What needs attention, what loses most first.
fn flags(account: &AccountSummary, obstacles: &Obstacles, now: Timestamp) -> Vec<Flag> {
    let mut flags = Vec::new();
    let mut add = |kind, text| flags.push(Flag { kind, text });
    match account.token.state.as_str() {
        "dead" => add("token_dead", "The token is dead: connect the account again.".to_owned()),
        "none" => add("no_token", "There is no token: nothing can be read.".to_owned()),
        _ => {}
    }
    if account.stories.at_risk > 0 {
        let count = account.stories.at_risk;
        add("stories_at_risk", format!("{count} live stories end soon and have no figure yet."));
    }
    for (kind, text) in ALERTS.iter().filter(|(kind, _)| obstacles.alerts.iter().any(|held| held == kind)) {
        add(kind, (*text).to_owned());
    }
    if let Some(until) = obstacles.blocked_until.filter(|until| until.0 > now) {
        add("blocked", format!("Meta allows no reads until {until}."));
    }
    let ends = account.token.expires_at.filter(|_| account.token.state == "valid");
    if let Some(ends) = ends.filter(|ends| ends.0.duration_since(now) < TOKEN_SOON) {
        add("token_ends", format!("The token ends at {ends}."));
    }
    if let Some(at) = account.followers.count.observed_at.filter(|at| now.duration_since(at.0) > SILENT_AFTER)
    {
        add("silent", format!("Nothing has been read since {at}."));
    }
    if let Some(usage) = obstacles.usage_percent.filter(|usage| *usage >= QUOTA_HIGH) {
        add("quota", format!("{usage} % of the quota is used."));
    }
    flags
}

impl CsvRow for AccountSummary {
    fn cells(&self, cells: &mut Cells) {
        cells.text("id", Some(&self.id));
        cells.text("username", self.username.as_deref());
        cells.text("name", self.name.as_deref());
        cells.plain("timezone", Some(&self.timezone));
        for (name, headline) in [
            ("followers", &self.followers),
            ("reach", &self.reach),
            ("views", &self.views),
            ("engagement", &self.engagement),
        ] {
            cells.plain(&format!("{name}_day"), headline.day);
            cells.count(name, &headline.count);
            cells.ratio(&format!("{name}_growth"), &headline.growth);
        }
        cells.plain("sentiment_day", self.sentiment.day);
        cells.ratio("sentiment_balance", &self.sentiment.balance);
        cells.plain("token", Some(&self.token.state));
        cells.plain("token_expires_at", self.token.expires_at);
        cells.plain("stories_live", Some(self.stories.live));
        cells.plain("stories_at_risk", Some(self.stories.at_risk));
        let flags: Vec<&str> = self.flags.iter().map(|flag| flag.kind).collect();
        cells.plain("flags", Some(flags.join(" ")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(account: &AccountSummary, usage: Option<i32>, blocked: Option<i64>) -> Vec<&'static str> {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let at = |hours: i64| Iso(now + SignedDuration::from_hours(hours));
        let obstacles =
            Obstacles { usage_percent: usage, blocked_until: blocked.map(at), ..Obstacles::default() };
        flags(account, &obstacles, now).into_iter().map(|flag| flag.kind).collect()
    }

    #[test]
    fn what_needs_attention_is_said_and_nothing_else() {
        let at = |hours: i64| Some(Iso(Timestamp::from_second(1_000_000 + hours * 3600).unwrap()));
        let mut account = AccountSummary::default();
        account.token.state = "valid".to_owned();
        account.token.expires_at = at(24 * 8);
        account.followers.count.observed_at = at(-47);
        assert_eq!(kinds(&account, Some(79), Some(-1)), Vec::<&str>::new());
        account.token.expires_at = at(24 * 6);
        account.followers.count.observed_at = at(-49);
        account.stories.at_risk = 2;
        assert_eq!(
            kinds(&account, Some(80), Some(1)),
            ["stories_at_risk", "blocked", "token_ends", "silent", "quota"]
        );
        account.token.state = "dead".to_owned();
        assert_eq!(kinds(&account, None, None), ["token_dead", "stories_at_risk", "silent"]);
    }

    #[test]
    fn what_the_operator_was_told_is_told_here_as_well() {
        let told = ["permission_missing", "no_webhooks", "token_dead", "not_subscribed"];
        let obstacles = Obstacles { alerts: told.map(str::to_owned).to_vec(), ..Obstacles::default() };
        let mut account = AccountSummary::default();
        account.token.state = "valid".to_owned();
        let flags = flags(&account, &obstacles, Timestamp::UNIX_EPOCH);
        let kinds: Vec<_> = flags.iter().map(|flag| flag.kind).collect();
        // The token's own state stands in its table.
        assert_eq!(kinds, ["not_subscribed", "no_webhooks", "permission_missing"]);
    }
}
