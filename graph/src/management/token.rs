//! Tokens: what Meta knows about one, and a longer life for it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::{Call, Caller, Management};
use crate::api::{Credential, Flavour};
use crate::error::{Disposition, GraphError};
use crate::json;

/// What Meta knows about a token.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TokenState {
    /// Why it does not work; `None` while it does.
    pub dead: Option<String>,
    /// What it may do; `None` where Meta does not say.
    pub scopes: Option<Vec<String>>,
    /// The person who granted it; `None` where Meta does not say.
    pub user_id: Option<String>,
    /// When it was given out; `None` where Meta does not say.
    pub issued_at: Option<Timestamp>,
    /// When it ends; `None`: never, or Meta does not say.
    pub expires_at: Option<Timestamp>,
    /// When its access to data ends; `None`: never, or Meta does not say.
    pub data_access_expires_at: Option<Timestamp>,
}

/// A token that Meta gave for another one.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// The token.
    pub token: SecretString,
    /// How long it lasts; `None` where Meta does not say.
    pub lasts: Option<Duration>,
}

impl Management {
    /// Asks what a token is worth (`debug_token`). With Instagram Login, where not every app may ask that, a
    /// call that works says as much.
    ///
    /// # Errors
    /// Nothing was received, or Meta does not let us ask. That the token is dead is an answer, not an error.
    pub async fn inspect(&self, credential: &Credential) -> Result<TokenState, GraphError> {
        let call = Call::get(credential.flavour, "debug_token")
            .with("input_token", credential.token.expose_secret());
        match self.ask(Caller::App, &call).await {
            Ok(content) => TokenState::read(&content)
                .ok_or(GraphError::Garbage { status: 200, reason: "no token is told about" }),
            Err(error) if credential.flavour == Flavour::Instagram && error.codes().0.is_some() => {
                self.try_out(credential).await
            }
            Err(error) => Err(error),
        }
    }

    /// A token for one that works and is at least a day old: 60 days from now.
    ///
    /// # Errors
    /// Nothing was received, or Meta refused.
    pub async fn renew(&self, credential: &Credential) -> Result<NewToken, GraphError> {
        match credential.flavour {
            Flavour::Instagram => {
                let call =
                    Call { is_versioned: false, ..Call::get(Flavour::Instagram, "refresh_access_token") }
                        .with("grant_type", "ig_refresh_token");
                read_new(&self.ask(Caller::Owner(credential), &call).await?)
            }
            Flavour::Facebook => self.exchange(&credential.token).await,
        }
    }

    /// A long-lived token of Facebook Login for one that works; the secret that Meta took last goes first.
    async fn exchange(&self, token: &SecretString) -> Result<NewToken, GraphError> {
        let mut refused = GraphError::NotAddressable;
        let first = self.taken(Caller::App).load(Ordering::Relaxed);
        let mut places: Vec<usize> = (0..self.settings.app_secrets.len()).collect();
        places.sort_by_key(|place| *place != first);
        for secret in places.into_iter().filter_map(|place| self.settings.app_secrets.get(place)) {
            let call = Call::get(Flavour::Facebook, "oauth/access_token")
                .with("grant_type", "fb_exchange_token")
                .with("client_id", self.app_id().unwrap_or_default())
                .with("client_secret", secret.expose_secret())
                .with("fb_exchange_token", token.expose_secret());
            match self.ask(Caller::Nobody, &call).await {
                Ok(content) => return read_new(&content),
                Err(error) => refused = error,
            }
            if refused.codes().0.is_none() || refused.disposition() == Disposition::TokenDead {
                break;
            }
        }
        Err(refused)
    }

    async fn try_out(&self, credential: &Credential) -> Result<TokenState, GraphError> {
        let call = Call::get(credential.flavour, "me").with("fields", "id");
        match self.ask(Caller::Owner(credential), &call).await {
            Ok(_) => Ok(TokenState::default()),
            Err(error) if error.disposition() == Disposition::TokenDead => {
                Ok(TokenState { dead: Some(error.to_string()), ..TokenState::default() })
            }
            Err(error) => Err(error),
        }
    }
}

impl TokenState {
    /// Reads `debug_token`'s answer; `None` where it is another one.
    fn read(content: &Value) -> Option<Self> {
        let data = content.get("data")?.as_object()?;
        let is_valid = data.get("is_valid").and_then(Value::as_bool)?;
        // 0 is Meta's word for never.
        let instant = |name: &str| {
            let second = data.get(name).and_then(Value::as_i64).filter(|second| *second > 0)?;
            Timestamp::from_second(second).ok()
        };
        let scopes = data
            .get("scopes")
            .and_then(Value::as_array)
            .map(|scopes| scopes.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>());
        Some(Self {
            dead: (!is_valid).then(|| why(data.get("error"))),
            scopes: scopes.filter(|_| is_valid),
            user_id: content.get("data").and_then(|data| json::id(data, "user_id")),
            issued_at: instant("issued_at"),
            expires_at: instant("expires_at"),
            data_access_expires_at: instant("data_access_expires_at"),
        })
    }
}

/// Code and subcode, as the refusal of a read would say it.
fn why(error: Option<&Value>) -> String {
    let number = |name: &str| error.and_then(|error| error.get(name)).and_then(Value::as_i64);
    match (number("code"), number("subcode")) {
        (Some(code), Some(subcode)) => format!("code {code}/{subcode}"),
        (Some(code), None) => format!("code {code}"),
        (None, _) => "not valid".to_owned(),
    }
}

pub(super) fn read_new(content: &Value) -> Result<NewToken, GraphError> {
    let token = content.get("access_token").and_then(Value::as_str).filter(|token| !token.is_empty());
    let token = token.ok_or(GraphError::Garbage { status: 200, reason: "no token is in it" })?;
    let lasts = content.get("expires_in").and_then(Value::as_u64).filter(|seconds| *seconds > 0);
    Ok(NewToken { token: SecretString::from(token), lasts: lasts.map(Duration::from_secs) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The answer in Meta's documents.
    #[test]
    fn a_tokens_state_is_read_from_metas_answer() {
        let state = TokenState::read(&json!({"data": {
            "app_id": "1", "type": "USER", "is_valid": true, "issued_at": 1_572_163_200,
            "expires_at": 1_577_347_200, "data_access_expires_at": 1_585_040_349,
            "scopes": ["instagram_basic", "pages_show_list"]}}))
        .unwrap();
        let at = |second| Some(Timestamp::from_second(second).unwrap());
        assert_eq!((state.issued_at, state.expires_at), (at(1_572_163_200), at(1_577_347_200)));
        assert_eq!(state.data_access_expires_at, at(1_585_040_349));
        assert_eq!((state.dead, state.scopes.unwrap().len()), (None, 2));
    }

    #[test]
    fn never_is_told_from_dead() {
        let of = |data: Value| TokenState::read(&json!({ "data": data }));
        let page = of(json!({"is_valid": true, "expires_at": 0})).unwrap();
        assert_eq!((page.expires_at, page.dead, page.scopes), (None, None, None));
        let dead = json!({"is_valid": false, "scopes": [], "error": {"code": 190, "subcode": 460}});
        let dead = of(dead).unwrap();
        assert_eq!((dead.dead.as_deref(), dead.scopes), (Some("code 190/460"), None));
        assert_eq!(of(json!({"scopes": []})), None, "an answer without a verdict is none");
    }

    #[test]
    fn a_new_token_does_not_show() {
        let new = read_new(&json!({"access_token": "EAAB-new", "expires_in": 5_184_000})).unwrap();
        assert_eq!(new.lasts, Some(Duration::from_hours(24 * 60)));
        assert!(!format!("{new:?}").contains("EAAB"));
        assert!(read_new(&json!({"token_type": "bearer"})).is_err());
    }
}
