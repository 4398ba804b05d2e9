//! Accounts: whose a token is, and what a user name stands for.

use serde_json::Value;

use super::{Call, Caller, Management};
use crate::api::{Credential, Flavour};
use crate::error::GraphError;
use crate::json;

/// Whose a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The professional account's id, which webhooks carry.
    pub account_id: String,
    /// The id by which the app alone knows it, where the login has one.
    pub app_scoped_id: Option<String>,
    /// Its user name.
    pub username: Option<String>,
}

/// A business account that anybody can look up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Business {
    /// Its id.
    pub id: String,
    /// Its user name, as Meta writes it.
    pub username: String,
}

impl Management {
    /// Asks whose a token is. With Facebook Login a token may be good for several accounts, so that the one
    /// that is expected has to be named.
    ///
    /// # Errors
    /// Nothing was received, or Meta refused: the token is dead, or not for this account.
    pub async fn identity(&self, credential: &Credential, account_id: &str) -> Result<Identity, GraphError> {
        let call = match credential.flavour {
            Flavour::Facebook => Call::get(Flavour::Facebook, account_id).with("fields", "id,username"),
            Flavour::Instagram => Call::get(Flavour::Instagram, "me").with("fields", "id,user_id,username"),
        };
        let node = self.ask(Caller::Owner(credential), &call).await?;
        Identity::read(&node).ok_or(GraphError::Garbage { status: 200, reason: "no id is in it" })
    }

    /// Looks a business account up by its user name; with Facebook Login only.
    ///
    /// # Errors
    /// Nothing was received, or Meta refused: there is none of this name, or it is a private account.
    pub async fn business(
        &self,
        credential: &Credential,
        account_id: &str,
        username: &str,
    ) -> Result<Business, GraphError> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        if username.is_empty() || !username.chars().all(is_name) {
            return Err(GraphError::NotAddressable);
        }
        let fields = format!("business_discovery.username({username}){{id,username}}");
        let call = Call::get(credential.flavour, account_id).with("fields", &fields);
        let node = self.ask(Caller::Owner(credential), &call).await?;
        let found = node.get("business_discovery").and_then(Identity::read);
        let found = found.ok_or(GraphError::Garbage { status: 200, reason: "no account is in it" })?;
        let username = found.username.unwrap_or_else(|| username.to_owned());
        Ok(Business { id: found.account_id, username })
    }
}

impl Identity {
    /// Reads a node: `user_id`, where it is told, is the id that everything else goes by.
    pub(super) fn read(node: &Value) -> Option<Self> {
        let read = |name: &str| json::id(node, name).filter(|id| id.bytes().all(|b| b.is_ascii_digit()));
        let (id, user_id) = (read("id")?, read("user_id"));
        let account_id = user_id.unwrap_or_else(|| id.clone());
        let app_scoped_id = Some(id).filter(|id| *id != account_id);
        let username = json::text(node, "username");
        Some(Self { account_id, app_scoped_id, username })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_webhooks_id_and_the_apps_own_are_told_apart() {
        let of = |node: Value| {
            let Identity { account_id, app_scoped_id, .. } = Identity::read(&node).unwrap();
            (account_id, app_scoped_id)
        };
        let (webhook, own) = ("17841400000000555".to_owned(), "28970000000000555".to_owned());
        assert_eq!(of(json!({"id": own, "user_id": webhook})), (webhook.clone(), Some(own)));
        assert_eq!(of(json!({"id": webhook})), (webhook.clone(), None));
        assert_eq!(of(json!({"id": webhook, "user_id": 17_841_400_000_000_555_i64})), (webhook, None));
        assert_eq!(Identity::read(&json!({"username": "x"})), None);
        assert_eq!(Identity::read(&json!({"id": "me"})), None, "an echo tells nothing");
    }
}
