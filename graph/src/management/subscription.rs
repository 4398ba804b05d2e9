//! Webhook subscriptions, at both levels: of the app, with the receiver's address, and of each account.
//! Forgetting the second is the most common reason why nothing arrives.

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::{Call, Caller, Management};
use crate::api::{Credential, Flavour};
use crate::error::GraphError;

/// The fields that are read, of the app and of accounts of Facebook Login.
const FIELDS: [&str; 4] = ["comments", "live_comments", "mentions", "story_insights"];
/// Those that Instagram Login has.
const INSTAGRAM_FIELDS: [&str; 2] = ["comments", "live_comments"];

/// The webhook fields that an account of this login is to be subscribed to.
pub const fn fields(flavour: Flavour) -> &'static [&'static str] {
    match flavour {
        Flavour::Facebook => &FIELDS,
        Flavour::Instagram => &INSTAGRAM_FIELDS,
    }
}

/// The app's subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppSubscription {
    /// Where deliveries go; `None` where Meta does not say.
    pub callback_url: Option<String>,
    /// Whether deliveries are sent.
    pub is_active: bool,
    /// Subscribed fields.
    pub fields: Vec<String>,
}

impl Management {
    /// The app's subscription to Instagram; `None` where it has none.
    ///
    /// # Errors
    /// Nothing was received, or Meta refused: the app's id or its secret is wrong.
    pub async fn app_subscription(&self) -> Result<Option<AppSubscription>, GraphError> {
        let call = Call::get(Flavour::Facebook, self.app_edge());
        let content = self.ask(Caller::App, &call).await?;
        let all = list(&content).iter();
        Ok(all
            .filter(|each| each.get("object").and_then(Value::as_str) == Some("instagram"))
            .map(read_app)
            .next())
    }

    /// Subscribes the app, over what it had; Meta asks the receiver for its challenge first.
    ///
    /// # Errors
    /// Nothing was received, or Meta refused: the receiver did not answer, or with another verify token.
    pub async fn subscribe_app(
        &self,
        callback_url: &str,
        verify_token: &SecretString,
    ) -> Result<(), GraphError> {
        let fields = fields(Flavour::Facebook).join(",");
        let call = Call::post(Flavour::Facebook, self.app_edge())
            .with("object", "instagram")
            .with("callback_url", callback_url)
            .with("fields", &fields)
            .with("include_values", "true")
            .with("verify_token", verify_token.expose_secret());
        self.ask(Caller::App, &call).await.map(drop)
    }

    /// The fields that an account is subscribed to, for this app.
    ///
    /// # Errors
    /// Nothing was received, or Meta refused.
    pub async fn account_subscription(
        &self,
        credential: &Credential,
        account_id: &str,
    ) -> Result<Vec<String>, GraphError> {
        let call = Call::get(credential.flavour, account_edge(account_id));
        let content = self.ask(Caller::Owner(credential), &call).await?;
        // An answer without an id is about the app that asks.
        let is_ours = |each: &&Value| match (each.get("id").and_then(Value::as_str), self.app_id()) {
            (Some(id), Some(ours)) => id == ours,
            _ => true,
        };
        Ok(list(&content)
            .iter()
            .filter(is_ours)
            .flat_map(|each| names(each.get("subscribed_fields")))
            .collect())
    }

    /// Subscribes an account to every field that is read.
    ///
    /// # Errors
    /// Nothing was received, or Meta refused.
    pub async fn subscribe_account(
        &self,
        credential: &Credential,
        account_id: &str,
    ) -> Result<(), GraphError> {
        let fields = fields(credential.flavour).join(",");
        let call =
            Call::post(credential.flavour, account_edge(account_id)).with("subscribed_fields", &fields);
        self.ask(Caller::Owner(credential), &call).await.map(drop)
    }

    fn app_edge(&self) -> String {
        format!("{}/subscriptions", self.app_id().unwrap_or_default())
    }
}

fn account_edge(account_id: &str) -> String {
    format!("{account_id}/subscribed_apps")
}

fn list(content: &Value) -> &[Value] {
    content.get("data").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn read_app(each: &Value) -> AppSubscription {
    AppSubscription {
        callback_url: each.get("callback_url").and_then(Value::as_str).map(str::to_owned),
        is_active: each.get("active").and_then(Value::as_bool).unwrap_or(true),
        fields: names(each.get("fields")),
    }
}

/// Names, as texts or as objects with a `name`.
fn names(list: Option<&Value>) -> Vec<String> {
    let name = |each: &Value| each.as_str().or_else(|| each.get("name")?.as_str()).map(str::to_owned);
    list.and_then(Value::as_array).into_iter().flatten().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_texts_or_objects() {
        let listed = json!(["comments", {"name": "mentions", "version": "v25.0"}, 7]);
        assert_eq!(names(Some(&listed)), ["comments", "mentions"]);
        assert!(names(None).is_empty());
    }

    #[test]
    fn what_only_facebook_login_has_is_not_asked_of_the_other() {
        assert!(fields(Flavour::Instagram).iter().all(|field| fields(Flavour::Facebook).contains(field)));
        assert!(!fields(Flavour::Instagram).contains(&"story_insights"));
    }
}
