//! From a request to an answer: who asks, what goes wrong on purpose, and the route to the data.

use axum::http::Method;
use serde_json::{Map, Value, json};

use super::calls::CallKind;
use super::error::GraphError;
use super::fault::{Quirks, Subject};
use super::fields::Field;
use super::reading::Reading;
use super::request::Request;
use super::state::State;
use super::token::Token;
use crate::world::{Account, Thing};

/// Versions that are served; a path without one, or with one that is gone, gets the oldest.
const VERSIONS: [&str; 6] = ["v21.0", "v22.0", "v23.0", "v24.0", "v25.0", "v26.0"];
const MOST_IDS: usize = 50;

/// What was decided about a call.
pub(super) struct Decision {
    pub(super) answer: Result<Value, GraphError>,
    pub(super) account: Option<String>,
    pub(super) kind: CallKind,
    pub(super) quirks: Quirks,
}

/// Decides a call: everything but latency and broken bodies, which the server adds.
pub(super) fn decide(state: &State, request: &Request) -> Decision {
    let mut decision = Decision {
        answer: Ok(Value::Null),
        account: None,
        kind: kind(state, request),
        quirks: Quirks::default(),
    };
    decision.answer = answer(state, request, &mut decision);
    decision
}

fn answer(state: &State, request: &Request, decision: &mut Decision) -> Result<Value, GraphError> {
    if let Some(version) = request.version.as_deref().filter(|version| is_to_come(version)) {
        return Err(GraphError::new(2500, None, format!("Unknown path components: /{version}")));
    }
    if super::oauth::kind(request).is_some()
        && let Some(error) = state.faults.strike_named(decision.kind)
    {
        return Err(error);
    }
    if let Some(answer) = super::oauth::answer(state, request) {
        return answer;
    }
    let missing = || {
        GraphError::new(
            2500,
            None,
            "An active access token must be used to query information about the current user.",
        )
    };
    let token = request.token.as_deref().ok_or_else(missing)?;
    let known = state.tokens().find(token).cloned();
    let known = known.ok_or_else(|| {
        GraphError::new(190, None, "Invalid OAuth access token - Cannot parse access token")
    })?;
    let account = &state.world.accounts()[seen_through(state, request, &known)];
    decision.account = Some(account.id.to_string());

    let targets = request.targets();
    let metrics = request.metrics();
    let subject =
        Subject { account: account.id.as_str(), targets: &targets, metrics: &metrics, kind: decision.kind };
    decision.quirks = state.faults.strike(&subject);

    known.check(state.now())?;
    check_proof(state, request, token)?;
    if !state.usage().count(account.id.as_str(), targets.len().max(1) as u64, state.now()) {
        return Err(GraphError::account_throttled());
    }
    let target = targets.first().map_or("", String::as_str);
    if let Some(error) = decision.quirks.decides.as_ref().and_then(|effect| effect.error(target)) {
        return Err(error);
    }
    if known.is_persons && request.path == ["me", "accounts"] {
        return Ok(super::dialog::pages(state));
    }
    let version = request.version.as_deref().filter(|version| VERSIONS.contains(version));
    let version = version.unwrap_or(VERSIONS[0]);
    let (now, login) = (state.now(), request.login);
    let reading = Reading { state, now, account, login, token, version, quirks: &decision.quirks };
    route(&reading, request, &targets)
}

/// The account that a call is made for: a person's token is good for each that the person owns.
fn seen_through(state: &State, request: &Request, token: &Token) -> usize {
    let owner = |id: &String| match state.world.find(id)? {
        Thing::Account(account) => Some(account.index),
        Thing::Medium(medium) => Some(medium.account),
        Thing::Comment(comment) => Some(state.world.media()[comment.medium].account),
    };
    let asked = request.targets().first().and_then(owner).filter(|_| token.is_persons);
    asked.filter(|place| state.world.accounts()[*place].watched).unwrap_or(token.account)
}

/// Whether a version is none that ever was.
fn is_to_come(version: &str) -> bool {
    let number = |version: &str| version.strip_prefix('v')?.split_once('.')?.0.parse::<u32>().ok();
    !VERSIONS.contains(&version) && number(version) >= number(VERSIONS[0])
}

fn check_proof(state: &State, request: &Request, token: &str) -> Result<(), GraphError> {
    match request.parameter("appsecret_proof") {
        Some(proof) => {
            state.tokens().check_proof(token, proof, request.parameter("appsecret_time"), state.real_now())
        }
        None if state.config.require_proof => {
            Err(GraphError::parameter("API calls from the server require an appsecret_proof argument")
                .with_type("GraphMethodException"))
        }
        None => Ok(()),
    }
}

fn route(reading: &Reading<'_>, request: &Request, targets: &[String]) -> Result<Value, GraphError> {
    let many = request.parameter("ids").is_some();
    if request.path.len() > if many { 1 } else { 2 } {
        return Err(GraphError::new(
            2500,
            None,
            format!("Unknown path components: /{}", request.path[1..].join("/")),
        ));
    }
    if targets.is_empty() {
        return Err(GraphError::parameter("The parameter ids is required"));
    }
    if targets.len() > MOST_IDS {
        return Err(GraphError::parameter(format!(
            "Too many IDs. Maximum: {MOST_IDS}. Provided: {}",
            targets.len()
        )));
    }
    if !many {
        return one(reading, request, &targets[0]);
    }
    // One id that fails fails them all.
    let answers = targets.iter().map(|id| one(reading, request, id).map(|answer| (id.clone(), answer)));
    answers.collect::<Result<Map<_, _>, _>>().map(Value::Object)
}

/// The answer about one id.
fn one(reading: &Reading<'_>, request: &Request, id: &str) -> Result<Value, GraphError> {
    let thing = reading.visible(id)?;
    let fields = request.fields()?;
    let Some(edge) = request.edge() else {
        return if request.method == Method::GET {
            reading.node(&thing, &fields).map(Value::Object)
        } else {
            Err(GraphError::parameter("Unsupported post request"))
        };
    };
    let parameters = request.parameters.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    let asked = Field { name: edge.to_owned(), parameters, fields };
    let list = match (&thing, edge) {
        (Thing::Account(account), "media") => reading.media_list(account, &asked)?,
        (Thing::Account(account), "stories") => {
            reading.story_list(account, crate::world::Product::Story, &asked.fields)?
        }
        (Thing::Account(account), "live_media") => {
            reading.story_list(account, crate::world::Product::Live, &asked.fields)?
        }
        (Thing::Account(account), "tags") => reading.tag_list(account, &asked)?,
        (Thing::Account(account), "insights") => user_insights(reading, account, &asked)?,
        (Thing::Account(account), "subscribed_apps") => {
            super::subscriptions::of_account(reading.state, request, account)?
        }
        (Thing::Medium(medium), "insights") => json!({ "data": reading.media_insights(medium, &asked)? }),
        (Thing::Medium(medium), "comments") => reading.comment_list(medium, &asked)?,
        (Thing::Medium(medium), "children") => reading.children(medium, &asked.fields)?,
        (Thing::Comment(comment), "replies") => reading.reply_list(comment, &asked.fields)?,
        _ => return Err(GraphError::new(2500, None, format!("Unknown path components: /{edge}"))),
    };
    // A node leaves out what is empty; an edge answers with an empty list.
    Ok(if list.is_null() { json!({ "data": [] }) } else { list })
}

/// Insights of an account come with the neighbouring windows as `paging`, which are no pages.
fn user_insights(reading: &Reading<'_>, account: &Account, asked: &Field) -> Result<Value, GraphError> {
    let data = reading.user_insights(account, asked)?;
    let window = |since: i64, until: i64| {
        let (base, version, token) = (&reading.state.base_url, reading.version, reading.token);
        format!("{base}/{version}/{}/insights?access_token={token}&since={since}&until={until}", account.id)
    };
    let super::user_insights::Range { since, until } = reading.range(asked)?;
    let length = until - since + 1;
    let paging = json!({
        "previous": window(since - length, since - 1), "next": window(until + 1, until + length),
    });
    Ok(json!({ "data": data, "paging": paging }))
}

/// What a call reads, for the log and for faults.
fn kind(state: &State, request: &Request) -> CallKind {
    if let Some(kind) = super::oauth::kind(request) {
        return kind;
    }
    let account = |id: &str| id == "me" || matches!(state.world.find(id), Some(Thing::Account(_)));
    let target = request.targets().into_iter().next().unwrap_or_default();
    match request.edge_kind() {
        Some(CallKind::MediaInsights) if account(&target) => CallKind::UserInsights,
        Some(CallKind::MediaInsights) if request.parameter("breakdown").is_some() => CallKind::MediaBreakdown,
        Some(kind) => kind,
        None if account(&target) => {
            let fields = request.parameter("fields").unwrap_or_default();
            let special = [
                ("mentioned_comment", CallKind::MentionedComment),
                ("mentioned_media", CallKind::MentionedMedia),
                ("business_discovery", CallKind::BusinessDiscovery),
            ];
            special.iter().find(|(name, _)| fields.contains(name)).map_or(CallKind::User, |(_, kind)| *kind)
        }
        None => match state.world.find(&target) {
            Some(Thing::Medium(_)) => CallKind::Media,
            Some(Thing::Comment(_)) => CallKind::Comment,
            _ => CallKind::Other,
        },
    }
}
