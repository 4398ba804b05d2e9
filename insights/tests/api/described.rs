//! The description at `/openapi.json`: it names every path of the contract, and answers are as it says.

use anyhow::{Context, Result};
use reqwest::Method;
use serde_json::Value;

use crate::brand::{self, ACCOUNT};
use crate::server::TestApi;

/// The contract's paths.
const PATHS: [&str; 30] = [
    "/api/instagram/insights/{media_id}",
    "/api/instagram/insights/{media_id}/profile-activity",
    "/api/instagram/insights/{media_id}/navigation",
    "/api/instagram/insights/metrics/{media_type}",
    "/api/instagram/insights/test",
    "/api/accounts",
    "/api/accounts/{account_id}",
    "/api/accounts/{account_id}/engagement",
    "/api/accounts/{account_id}/followers",
    "/api/accounts/{account_id}/reach",
    "/api/accounts/{account_id}/impressions",
    "/api/accounts/{account_id}/sentiment",
    "/api/accounts/{account_id}/hashtags",
    "/api/accounts/{account_id}/best-hours",
    "/api/accounts/{account_id}/top-media",
    "/api/accounts/{account_id}/stories",
    "/api/accounts/{account_id}/audience",
    "/api/accounts/{account_id}/competitors",
    "/api/accounts/{account_id}/formats",
    "/api/accounts/{account_id}/comments",
    "/api/accounts/{account_id}/notes",
    "/api/accounts/{account_id}/labels",
    "/api/accounts/{account_id}/alerts",
    "/api/accounts/{account_id}/alerts/channels",
    "/api/accounts/{account_id}/alerts/deliveries",
    "/api/accounts/{account_id}/alerts/history",
    "/api/media/{media_id}",
    "/api/media/{media_id}/comments",
    "/api/shares",
    "/api/pipeline",
];

async fn described(api: &TestApi) -> Result<Value> {
    Ok(api.request(Method::GET, "/openapi.json").send().await?.json().await?)
}

#[tokio::test]
async fn the_description_is_public_and_names_every_path_of_the_contract() -> Result<()> {
    let api = TestApi::start().await?;
    let described = described(&api).await?;
    assert!(described["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    for path in PATHS {
        let get = &described["paths"][path]["get"];
        assert!(get.is_object(), "{path}");
        for status in ["200", "400", "401", "404", "429"] {
            assert!(get["responses"][status].is_object(), "{path} {status}");
        }
        assert!(get["security"].is_array(), "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn every_reference_leads_somewhere() -> Result<()> {
    let api = TestApi::start().await?;
    let described = described(&api).await?;
    let mut references = Vec::new();
    collect(&described, &mut references);
    assert!(references.len() > 100);
    for reference in references {
        let pointer = reference.strip_prefix('#').context("a local reference")?;
        assert!(described.pointer(pointer).is_some(), "{reference}");
    }
    Ok(())
}

fn collect(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            references.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|value| collect(value, references));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, references)),
        _ => {}
    }
}

/// Every member of an answer is described, and every required one is there.
#[tokio::test]
async fn answers_hold_what_is_described_and_nothing_else() -> Result<()> {
    let api = brand::api().await?;
    let described = described(&api).await?;
    for path in PATHS {
        let asked = path
            .replace("{account_id}", ACCOUNT)
            .replace("{media_id}", if path.contains("navigation") { "nav" } else { "101" })
            .replace("{media_type}", "feed");
        if asked.contains("profile-activity") || asked.contains("/nav/") {
            continue;
        }
        let query = if asked.ends_with("/test") { "?media_id=101" } else { "" };
        let body = api.get(&format!("{asked}{query}")).await?;
        let schema =
            &described["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        anyhow::ensure!(schema.is_object(), "{path} has no schema");
        fits(&described, schema, &body).with_context(|| path.to_owned())?;
    }
    Ok(())
}

/// Gathers what a schema and those that it is made of say of an object.
fn members<'a>(
    all: &'a Value,
    schema: &'a Value,
    known: &mut Vec<(&'a str, &'a Value)>,
    required: &mut Vec<&'a str>,
) {
    let schema = resolve(all, schema);
    if let Some(properties) = schema["properties"].as_object() {
        known.extend(properties.iter().map(|(name, schema)| (name.as_str(), schema)));
    }
    required.extend(schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str));
    for part in schema["allOf"].as_array().into_iter().flatten() {
        members(all, part, known, required);
    }
}

fn resolve<'a>(all: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
        Some(pointer) => all.pointer(pointer).map_or(schema, |found| resolve(all, found)),
        None => schema,
    }
}

fn fits(all: &Value, schema: &Value, value: &Value) -> Result<()> {
    let schema = resolve(all, schema);
    if let Some(choices) = schema["oneOf"].as_array() {
        let fitting = choices.iter().any(|choice| fits(all, choice, value).is_ok());
        anyhow::ensure!(fitting, "{value} is none of {schema}");
        return Ok(());
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !kinds.is_empty() {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let fitting = kinds.contains(&kind) || (kind == "integer" && kinds.contains(&"number"));
        anyhow::ensure!(fitting, "{value} is no {kinds:?}");
    }
    match value {
        Value::Object(object) if schema["additionalProperties"].is_null() => {
            let (mut known, mut required) = (Vec::new(), Vec::new());
            members(all, schema, &mut known, &mut required);
            for name in required {
                anyhow::ensure!(object.contains_key(name), "{name} is lacking in {value:.200}");
            }
            for (name, value) in object {
                let schema = known.iter().find(|(known, _)| known == name);
                let (_, schema) = schema.with_context(|| format!("{name} is not described"))?;
                fits(all, schema, value).with_context(|| name.clone())?;
            }
        }
        Value::Array(values) => {
            for value in values {
                fits(all, &schema["items"], value)?;
            }
        }
        _ => {}
    }
    Ok(())
}
