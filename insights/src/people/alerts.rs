//! What is to be told of an account now: what needs attention by itself, and the rules that people made.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use utoipa::ToSchema;

use crate::accounts::summary::Flag;
use crate::api::Api;
use crate::body::{Body, number, whole, words};
use crate::figure::Ratio;
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
    pub(crate) rule: Rule,
    /// The figure now, or its change.
    pub(crate) current: Ratio,
    /// Whether the figure is beyond the threshold; null where it is not known.
    #[schema(required = true)]
    pub(crate) firing: Option<bool>,
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
    let month = portfolio::one(&api.pool, &account.id, Timeframe::Month, reply.now()).await?;
    let flags = month.ok_or(Problem::UnknownAccount)?.flags;
    let rules = states(&api.pool, &account.id, reply.now()).await?;
    let csv: Vec<Line> = rules.iter().map(|state| Line(Some(state.clone()))).collect();
    reply.table(&Alerts { account_id: account.id, flags, rules }, "alerts", &csv)
}

/// The rules of an account, each with its figure.
///
/// # Errors
///
/// [`Problem::Database`].
pub(crate) async fn states(pool: &PgPool, account: &str, now: Timestamp) -> Result<Vec<RuleState>, Problem> {
    let mut states = Vec::new();
    for rule in rules::list(pool, account).await? {
        let current = rules::figure(pool, account, &rule, now).await?;
        let firing = current.value.map(|value| match rule.direction.as_str() {
            "above" => value > rule.threshold,
            _ => value < rule.threshold,
        });
        states.push(RuleState { rule, current, firing });
    }
    Ok(states)
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
    pub(crate) name: String,
    pub(crate) metric: RuleMetric,
    pub(crate) measure: RuleMeasure,
    pub(crate) direction: RuleDirection,
    /// A growth of 5 % is 0.05.
    pub(crate) threshold: f64,
    /// 7 or 28; 28 where nothing is said.
    #[serde(default, deserialize_with = "whole")]
    #[schema(schema_with = crate::range::timeframe_schema, required = false)]
    pub(crate) timeframe: Option<i32>,
}

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RuleMetric {
    Followers,
    Reach,
    Views,
    Engagement,
    NegativeComments,
    /// Of the local day so far; its usual is the mean of the timeframe's days before.
    NegativeCommentsToday,
    /// 1 where the token is missing, dead, or ends within seven days; else 0.
    TokenAtRisk,
    /// Live stories in their last six hours of which no figure is known.
    StoriesAtRisk,
}

/// What is compared with the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RuleMeasure {
    Value,
    /// Against the timeframe before.
    Growth,
    /// The change against what is usual: the mean of the four timeframes before.
    Usual,
}

/// On which side of the threshold it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RuleDirection {
    Above,
    Below,
}

impl RuleMetric {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Followers => "followers",
            Self::Reach => "reach",
            Self::Views => "views",
            Self::Engagement => "engagement",
            Self::NegativeComments => "negative_comments",
            Self::NegativeCommentsToday => "negative_comments_today",
            Self::TokenAtRisk => "token_at_risk",
            Self::StoriesAtRisk => "stories_at_risk",
        }
    }
}

impl RuleMeasure {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Growth => "growth",
            Self::Usual => "usual",
        }
    }
}

impl RuleDirection {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Above => "above",
            Self::Below => "below",
        }
    }
}

/// Stores a rule, for programs and for pages.
///
/// # Errors
///
/// [`Problem::InvalidParameter`] that says what is wrong with it.
pub(crate) async fn make(
    api: &Api,
    account: &str,
    key_id: &str,
    wanted: &RuleToMake,
) -> Result<Rule, Problem> {
    let is_state = matches!(wanted.metric, RuleMetric::TokenAtRisk | RuleMetric::StoriesAtRisk);
    if is_state && wanted.measure != RuleMeasure::Value {
        return Err(Problem::invalid("Of token_at_risk and stories_at_risk the measure is value."));
    }
    let rule = NewRule {
        account,
        name: words("name", &wanted.name, 60)?,
        metric: wanted.metric.code(),
        measure: wanted.measure.code(),
        direction: wanted.direction.code(),
        threshold: wanted.threshold,
        timeframe: Timeframe::wanted(wanted.timeframe)?,
        key_id,
    };
    Ok(rules::create(&api.pool, rule, api.clock.now()).await?)
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
    let rule = make(&api, &account.id, &caller.key_id, &wanted).await?;
    done(StatusCode::CREATED, &RuleMade { rule }, api.clock.now())
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
