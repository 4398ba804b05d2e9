//! What is told, as JSON. Members may come; none goes or changes its meaning.

use serde_json::{Value, json};
use uuid::Uuid;

use super::store::{Digest, Firing, Week};
use super::words::{self, Lang};

/// What a receiver knows a delivery by.
pub fn id(id: Uuid) -> String {
    format!("msg_{}", id.simple())
}

/// A rule that came to hold.
pub fn alert(delivery: Uuid, firing: &Firing, lang: Lang, public_url: &str) -> String {
    let page = match firing.metric.as_str() {
        "negative_comments" | "negative_comments_today" => "metric=sentiment&feel=neg",
        "stories_at_risk" => "metric=stories",
        "followers" => "metric=followers",
        "views" => "metric=views",
        "engagement" => "metric=engagement",
        _ => "metric=reach",
    };
    let asked = format!("lang={}&range={}&to={}&{page}", lang.code(), firing.timeframe, firing.period);
    let told = json!({
        "type": "alert",
        "id": id(delivery),
        "lang": lang.code(),
        "text": words::alert(lang, firing),
        "link": link(public_url, &firing.account_id, &asked),
        "account": account(&firing.account_id, firing.username.as_deref()),
        "rule": {
            "id": firing.rule_id,
            "name": firing.rule_name,
            "metric": firing.metric,
            "measure": firing.measure,
            "direction": firing.direction,
            "threshold": firing.threshold,
            "timeframe": firing.timeframe,
        },
        "value": firing.value,
        "day": firing.period.to_string(),
        "fired_at": firing.fired_at.to_string(),
    });
    told.to_string()
}

/// A week.
pub fn digest(delivery: Uuid, digest: &Digest, week: &Week, public_url: &str) -> String {
    let lang = digest.channel.lang;
    let (from, to) = words::week_of(digest);
    let figures: Vec<Value> = week
        .figures
        .iter()
        .map(|figure| {
            json!({
                "metric": figure.metric,
                "day": figure.day.map(|day| day.to_string()),
                "value": figure.value,
                "growth": figure.growth,
                "absence": figure.absence,
            })
        })
        .collect();
    let told = json!({
        "type": "digest",
        "id": id(delivery),
        "lang": lang.code(),
        "subject": words::digest_subject(digest),
        "text": words::digest(digest, week),
        "link": link(public_url, &digest.account_id, &format!("lang={}&range=7&to={to}", lang.code())),
        "account": account(&digest.account_id, digest.username.as_deref()),
        "from": from.to_string(),
        "to": to.to_string(),
        "figures": figures,
        "stories": { "saved": week.stories_saved, "lost": week.stories_lost },
        "alerts": week.alerts,
    });
    told.to_string()
}

fn account(id: &str, username: Option<&str>) -> Value {
    json!({ "id": id, "username": username })
}

fn link(public_url: &str, account_id: &str, asked: &str) -> String {
    format!("{}/accounts/{account_id}?{asked}", public_url.trim_end_matches('/'))
}
