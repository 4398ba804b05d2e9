//! `/accounts/{id}/alerts`: what people want to be told of an account, who is told, and what was.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::json;

use super::account::Account;
use super::format;
use super::respond::{Frame, SignedIn, html};
use super::words::{AlertWords, Lang, alerts as words};
use crate::api::Api;
use crate::body::number;
use crate::people::alerts::{RuleState, RuleToMake};
use crate::people::channels::{ChannelLang, ChannelToMake};
use crate::people::{alerts, channels};
use crate::problem::Problem;
use crate::query::channels::{self as query, Channel, Delivery, Firing};
use crate::query::rules;

#[derive(Template)]
#[template(path = "alerts.html")]
struct Alerts<'a> {
    frame: &'a Frame,
    account: &'a Account,
    w: &'static AlertWords,
    form_token: &'a str,
    can_send: bool,
    rules: Vec<RuleShown>,
    channels: Vec<Channel>,
    firings: Vec<FiringShown>,
    deliveries: Vec<DeliveryShown>,
    choices: Choices,
}

/// Value and name of each choice of the form.
struct Choices {
    metrics: Vec<(&'static str, &'static str)>,
    measures: Vec<(&'static str, &'static str)>,
    directions: Vec<(&'static str, &'static str)>,
}

struct RuleShown {
    id: i64,
    name: String,
    said: String,
    now: String,
    state: &'static str,
    class: &'static str,
}

struct FiringShown {
    day: String,
    name: String,
    said: String,
    value: String,
}

struct DeliveryShown {
    id: String,
    kind: &'static str,
    made: String,
    state: &'static str,
    class: &'static str,
    tries: usize,
    said: String,
}

#[derive(Template)]
#[template(path = "channel.html")]
struct Made<'a> {
    frame: &'a Frame,
    account: &'a Account,
    w: &'static AlertWords,
    channel: &'a Channel,
    secret: &'a str,
}

/// The page.
pub(crate) async fn page(
    State(api): State<Api>,
    SignedIn(frame): SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let account = Account::find(&api, &frame, &id).await?;
    let reader = frame.reader.as_ref().ok_or(Problem::Unauthorized)?;
    let (pool, lang) = (&api.pool, frame.view.lang);
    let states = alerts::states(pool, &account.row.id, frame.now).await?;
    let firings = query::firings(pool, &account.row.id).await?;
    let deliveries = query::deliveries(pool, &account.row.id).await?;
    let page = Alerts {
        w: &lang.words().alerts,
        form_token: &reader.form_token,
        can_send: api.telling.secret.is_some() || api.telling.has_mail,
        rules: states.iter().map(|state| rule(lang, state)).collect(),
        channels: query::list(pool, &account.row.id).await?,
        firings: firings.iter().map(|fired| firing(lang, fired)).collect(),
        deliveries: deliveries.iter().map(|told| delivery(&frame, told)).collect(),
        choices: choices(lang),
        frame: &frame,
        account: &account,
    };
    html(&page)
}

fn choices(lang: Lang) -> Choices {
    Choices {
        metrics: words::METRICS.iter().map(|code| (*code, words::metric(lang, code))).collect(),
        measures: ["value", "growth", "usual"].map(|code| (code, words::measure(lang, code))).to_vec(),
        directions: ["above", "below"].map(|code| (code, words::direction(lang, code))).to_vec(),
    }
}

fn rule(lang: Lang, state: &RuleState) -> RuleShown {
    let (w, rule) = (&lang.words().alerts, &state.rule);
    let said = Said {
        metric: &rule.metric,
        measure: &rule.measure,
        direction: &rule.direction,
        threshold: rule.threshold,
        timeframe: rule.timeframe.days(),
    };
    let (word, class) = match state.firing {
        Some(true) => (w.holds, "warning"),
        Some(false) => (w.quiet, "good"),
        None => (w.unknown, "note"),
    };
    RuleShown {
        id: rule.id,
        name: rule.name.clone(),
        said: said.text(lang),
        now: state.current.value.map_or_else(|| "—".to_owned(), |value| amount(lang, &rule.measure, value)),
        state: word,
        class,
    }
}

fn firing(lang: Lang, fired: &Firing) -> FiringShown {
    let said = Said {
        metric: &fired.metric,
        measure: &fired.measure,
        direction: &fired.direction,
        threshold: fired.threshold,
        timeframe: fired.timeframe,
    };
    FiringShown {
        day: format::full_day(lang, fired.day),
        name: fired.rule_name.clone(),
        said: said.text(lang),
        value: amount(lang, &fired.measure, fired.value),
    }
}

fn delivery(frame: &Frame, told: &Delivery) -> DeliveryShown {
    let lang = frame.view.lang;
    let last = told.attempts.last();
    let said = last.map(|last| match (&last.error, last.status) {
        (Some(error), _) => error.clone(),
        (None, Some(status)) => status.to_string(),
        (None, None) => "…".to_owned(),
    });
    DeliveryShown {
        id: told.id.clone(),
        kind: words::kind(lang, &told.kind),
        made: told.created_at.map_or_else(String::new, |at| format::ago(lang, at.0, frame.now)),
        state: words::state(lang, &told.state),
        class: match told.state.as_str() {
            "delivered" => "good",
            "given_up" => "urgent",
            _ => "note",
        },
        tries: told.attempts.len(),
        said: said.unwrap_or_default(),
    }
}

/// A rule as a reader says it.
struct Said<'a> {
    metric: &'a str,
    measure: &'a str,
    direction: &'a str,
    threshold: f64,
    timeframe: i32,
}

impl Said<'_> {
    fn text(&self, lang: Lang) -> String {
        let figure = words::metric(lang, self.metric);
        let threshold = amount(lang, self.measure, self.threshold);
        let direction = words::direction(lang, self.direction);
        let measure = words::measure(lang, self.measure);
        let days = self.timeframe;
        let of = match self.metric {
            "token_at_risk" | "stories_at_risk" | "negative_comments_today" => String::new(),
            _ => lang.pick(format!(" {days} hari"), format!(" over {days} days")),
        };
        if self.measure == "value" {
            return format!("{figure}{of} {direction} {threshold}");
        }
        format!("{figure}{of}: {measure} {direction} {threshold}")
    }
}

fn amount(lang: Lang, measure: &str, value: f64) -> String {
    if measure == "value" { format::whole(lang, value) } else { format::percent(lang, value) }
}

/// What the form for a rule sends. A change is written in percent.
#[derive(Debug, Deserialize)]
pub(crate) struct SentRule {
    form_token: String,
    name: String,
    metric: String,
    measure: String,
    direction: String,
    threshold: String,
    timeframe: String,
}

/// Makes a rule.
///
/// # Errors
///
/// [`Problem::Refused`], [`Problem::NotFound`], or what is wrong with the form.
pub(crate) async fn add_rule(
    State(api): State<Api>,
    SignedIn(frame): SignedIn,
    Path(id): Path<String>,
    Form(sent): Form<SentRule>,
) -> Result<Redirect, Problem> {
    let account = changed(&api, &frame, &id, &sent.form_token).await?;
    let unfit = |_| Problem::invalid("The form holds a value that no rule has.");
    let number = sent.threshold.trim().replace(',', ".");
    let threshold: f64 = number.parse().map_err(|_| Problem::invalid("The threshold is no number."))?;
    if !threshold.is_finite() {
        return Err(Problem::invalid("The threshold is no number."));
    }
    let is_change = sent.measure != "value";
    let timeframe: i32 = sent.timeframe.parse().map_err(|_| Problem::invalid("`timeframe` is 7 or 28."))?;
    let wanted: RuleToMake = serde_json::from_value(json!({
        "name": sent.name, "metric": sent.metric, "measure": sent.measure, "direction": sent.direction,
        "threshold": if is_change { threshold / 100.0 } else { threshold }, "timeframe": timeframe,
    }))
    .map_err(unfit)?;
    alerts::make(&api, &account.row.id, key(&frame), &wanted).await?;
    Ok(back(&frame, &account))
}

/// What a button sends.
#[derive(Debug, Deserialize)]
pub(crate) struct Pressed {
    form_token: String,
}

/// Deletes a rule.
///
/// # Errors
///
/// [`Problem::Refused`], or [`Problem::NotFound`].
pub(crate) async fn delete_rule(
    State(api): State<Api>,
    SignedIn(frame): SignedIn,
    Path((id, rule)): Path<(String, String)>,
    Form(sent): Form<Pressed>,
) -> Result<Redirect, Problem> {
    let account = changed(&api, &frame, &id, &sent.form_token).await?;
    rules::delete(&api.pool, &account.row.id, number(&rule)?).await?;
    Ok(back(&frame, &account))
}

/// What the form for a receiver sends; a box that is not ticked sends nothing.
#[derive(Debug, Deserialize)]
pub(crate) struct SentChannel {
    form_token: String,
    address: String,
    channel_lang: String,
    alerts: Option<String>,
    digest: Option<String>,
}

/// Adds a receiver, and shows its secret this once.
///
/// # Errors
///
/// [`Problem::Refused`], [`Problem::NotFound`], or what is wrong with the form.
pub(crate) async fn add_channel(
    State(api): State<Api>,
    SignedIn(frame): SignedIn,
    Path(id): Path<String>,
    Form(sent): Form<SentChannel>,
) -> Result<Response, Problem> {
    let account = changed(&api, &frame, &id, &sent.form_token).await?;
    let wanted = ChannelToMake {
        address: sent.address,
        lang: if sent.channel_lang == "en" { ChannelLang::En } else { ChannelLang::Id },
        alerts: sent.alerts.is_some(),
        digest: sent.digest.is_some(),
    };
    let (channel, secret) = channels::make(&api, &account.row.id, key(&frame), &wanted).await?;
    let Some(secret) = secret else { return Ok(back(&frame, &account).into_response()) };
    html(&Made {
        w: &frame.view.words().alerts,
        channel: &channel,
        secret: secret.expose_secret(),
        frame: &frame,
        account: &account,
    })
}

/// Takes a receiver away.
///
/// # Errors
///
/// [`Problem::Refused`], or [`Problem::NotFound`].
pub(crate) async fn delete_channel(
    State(api): State<Api>,
    SignedIn(frame): SignedIn,
    Path((id, channel)): Path<(String, String)>,
    Form(sent): Form<Pressed>,
) -> Result<Redirect, Problem> {
    let account = changed(&api, &frame, &id, &sent.form_token).await?;
    query::delete(&api.pool, &account.row.id, number(&channel)?).await?;
    Ok(back(&frame, &account))
}

/// Sends a receiver a test.
///
/// # Errors
///
/// [`Problem::Refused`], or [`Problem::NotFound`].
pub(crate) async fn test_channel(
    State(api): State<Api>,
    SignedIn(frame): SignedIn,
    Path((id, channel)): Path<(String, String)>,
    Form(sent): Form<Pressed>,
) -> Result<Response, Problem> {
    let account = changed(&api, &frame, &id, &sent.form_token).await?;
    let made = query::test(&api.pool, &account.row.id, number(&channel)?, frame.now).await?;
    made.ok_or(Problem::NotFound)?;
    Ok(back(&frame, &account).into_response())
}

/// The account that a form is about, where the form is ours.
async fn changed(api: &Api, frame: &Frame, id: &str, form_token: &str) -> Result<Account, Problem> {
    let reader = frame.reader.as_ref().ok_or(Problem::Unauthorized)?;
    reader.check_form(form_token)?;
    Account::find(api, frame, id).await
}

fn key(frame: &Frame) -> &str {
    frame.reader.as_ref().map_or("", |reader| reader.key_id.as_str())
}

fn back(frame: &Frame, account: &Account) -> Redirect {
    Redirect::to(&frame.view.elsewhere(&account.alerts_path()))
}
