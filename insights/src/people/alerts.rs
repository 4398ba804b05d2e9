//! What is to be told of an account now: what needs attention by itself, and the rules that people made.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use utoipa::ToSchema;

use crate::accounts::summary::{AccountSummary, Flag, Headline};
use crate::api::Api;
use crate::body::{Body, number, whole, words};
use crate::figure::{Count, NO_DATA, Ratio};
use crate::problem::Problem;
use crate::query::portfolio;
use crate::query::rules::{self, NewRule, Rule};
use crate::range::Timeframe;
use crate::reply::{Envelope, Reply, done, gone};
use crate::scope::{Caller, Watched};
use crate::table::{Cells, CsvRow};

/// What is to be told.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Alerts {
    account_id: String,
    /// What needs attention by itself, the worst first.
    flags: Vec<Flag>,
    rules: Vec<RuleState>,
}

/// A rule, and whether it holds now.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct RuleState {
    #[serde(flatten)]
    rule: Rule,
    /// The figure now, or its growth.
    current: Ratio,
    /// Whether the figure is beyond the threshold; null where it is not known.
    #[schema(required = true)]
    firing: Option<bool>,
}

/// What is to be told of an account now: what needs attention, and each rule with its figure.
#[utoipa::path(
    get, path = "/api/accounts/{account_id}/alerts", tag = "accounts",
    params(("account_id" = String, Path, description = "Id of the account")),
    responses((status = 200, description = "What is to be told", body = Envelope<Alerts>))
)]
pub(crate) async fn list(
    State(api): State<Api>,
    account: Watched,
    reply: Reply,
) -> Result<Response, Problem> {
    let week = portfolio::one(&api.pool, &account.id, Timeframe::Week, reply.now()).await?;
    let month = portfolio::one(&api.pool, &account.id, Timeframe::Month, reply.now()).await?;
    let (week, month) = week.zip(month).ok_or(Problem::UnknownAccount)?;
    let mut states = Vec::new();
    for rule in rules::list(&api.pool, &account.id).await? {
        let summary = if rule.timeframe == Timeframe::Week { &week } else { &month };
        let current = current(&api.pool, &account, &rule, summary).await?;
        let firing = current.value.map(|value| match rule.direction.as_str() {
            "above" => value > rule.threshold,
            _ => value < rule.threshold,
        });
        states.push(RuleState { rule, current, firing });
    }
    let csv: Vec<Line> = states.iter().map(|state| Line(Some(state.clone()))).collect();
    reply.table(&Alerts { account_id: account.id, flags: month.flags, rules: states }, "alerts", &csv)
}

async fn current(
    pool: &PgPool,
    account: &Watched,
    rule: &Rule,
    summary: &AccountSummary,
) -> Result<Ratio, Problem> {
    let headline = match rule.metric.as_str() {
        "followers" => summary.followers,
        "reach" => summary.reach,
        "views" => summary.views,
        "engagement" => summary.engagement,
        _ => negative(pool, account, rule.timeframe).await?,
    };
    if rule.measure == "growth" {
        return Ok(headline.growth);
    }
    let count = headline.count;
    Ok(Ratio::computed(count.value.map(|value| value as f64), count.absence.unwrap_or(NO_DATA)))
}

async fn negative(pool: &PgPool, account: &Watched, timeframe: Timeframe) -> Result<Headline, Problem> {
    let (now, before) = rules::negative_comments(pool, &account.id, account.today, timeframe).await?;
    let more = now.value.zip(before.value).map(|(now, before)| now - before);
    let growth = Ratio::share(Count::computed(more, NO_DATA), before);
    Ok(Headline { day: Some(account.today), count: now, growth })
}

/// A rule as a line of CSV.
#[derive(Default)]
struct Line(Option<RuleState>);

impl CsvRow for Line {
    fn cells(&self, cells: &mut Cells) {
        let state = self.0.as_ref();
        let rule = state.map(|state| &state.rule);
        cells.plain("id", rule.map(|rule| rule.id));
        cells.text("name", rule.map(|rule| rule.name.as_str()));
        cells.plain("metric", rule.map(|rule| &rule.metric));
        cells.plain("measure", rule.map(|rule| &rule.measure));
        cells.plain("direction", rule.map(|rule| &rule.direction));
        cells.plain("threshold", rule.map(|rule| rule.threshold));
        cells.plain("timeframe", rule.map(|rule| rule.timeframe.days()));
        cells.ratio("current", &state.map(|state| state.current).unwrap_or_default());
        cells.plain("firing", state.and_then(|state| state.firing));
    }
}

/// A rule to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleToMake {
    #[schema(min_length = 1, max_length = 60)]
    name: String,
    metric: RuleMetric,
    measure: RuleMeasure,
    direction: RuleDirection,
    /// A growth of 5 % is 0.05.
    threshold: f64,
    /// 7 or 28; 28 where nothing is said.
    #[serde(default, deserialize_with = "whole")]
    #[schema(schema_with = crate::range::timeframe_schema, required = false)]
    timeframe: Option<i32>,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RuleMetric {
    Followers,
    Reach,
    Views,
    Engagement,
    NegativeComments,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RuleMeasure {
    Value,
    Growth,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RuleDirection {
    Above,
    Below,
}

impl RuleToMake {
    fn words(&self) -> (&'static str, &'static str, &'static str) {
        let metric = match self.metric {
            RuleMetric::Followers => "followers",
            RuleMetric::Reach => "reach",
            RuleMetric::Views => "views",
            RuleMetric::Engagement => "engagement",
            RuleMetric::NegativeComments => "negative_comments",
        };
        let measure = match self.measure {
            RuleMeasure::Value => "value",
            RuleMeasure::Growth => "growth",
        };
        let direction = match self.direction {
            RuleDirection::Above => "above",
            RuleDirection::Below => "below",
        };
        (metric, measure, direction)
    }
}

/// A rule that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleMade {
    rule: Rule,
}

/// Makes a rule: a figure, or its growth, above or below a threshold.
#[utoipa::path(
    post, path = "/api/accounts/{account_id}/alerts", tag = "people", request_body = RuleToMake,
    params(("account_id" = String, Path, description = "Id of the account")),
    responses((status = 201, description = "The rule", body = Envelope<RuleMade>))
)]
pub(crate) async fn create(
    State(api): State<Api>,
    caller: Caller,
    account: Watched,
    Body(wanted): Body<RuleToMake>,
) -> Result<Response, Problem> {
    let (metric, measure, direction) = wanted.words();
    let timeframe = Timeframe::wanted(wanted.timeframe)?;
    let rule = NewRule {
        account: &account.id,
        name: words("name", &wanted.name, 60)?,
        metric,
        measure,
        direction,
        threshold: wanted.threshold,
        timeframe,
        key_id: &caller.key_id,
    };
    let now = api.clock.now();
    let rule = rules::create(&api.pool, rule, now).await?;
    done(StatusCode::CREATED, &RuleMade { rule }, now)
}

/// Deletes a rule.
#[utoipa::path(
    delete, path = "/api/accounts/{account_id}/alerts/{rule_id}", tag = "people",
    params(
        ("account_id" = String, Path, description = "Id of the account"),
        ("rule_id" = i64, Path, description = "Id of the rule", minimum = 1)
    ),
    responses((status = 204, description = "It is gone"))
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    account: Watched,
    Path((_, rule_id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    gone(rules::delete(&api.pool, &account.id, number(&rule_id)?).await?)
}
