//! Meta's login dialogs: the address to send a person to, and what comes of the code that they bring back.

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::token::read_new;
use super::{Call, Caller, Identity, Management, NewToken, permission};
use crate::api::{Credential, Flavour};
use crate::error::GraphError;
use crate::json;

/// Pages that are listed in one answer, and answers at most.
const PAGE_SIZE: &str = "100";
const MOST_ANSWERS: usize = 20;

/// A dialog that a person is sent to.
#[derive(Debug, Clone, Copy)]
pub struct Dialog<'a> {
    /// Which of Meta's logins.
    pub flavour: Flavour,
    /// Where the person comes back to.
    pub redirect_uri: &'a str,
    /// What they must bring back.
    pub state: &'a str,
}

/// A page that a person runs.
#[derive(Debug, Clone)]
pub struct Page {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its token, where the person may have one.
    pub token: Option<SecretString>,
    /// The Instagram account that belongs to it.
    pub account: Option<Identity>,
}

impl Management {
    /// The dialog's address.
    ///
    /// # Errors
    /// The base address that is configured is none.
    pub fn dialog_url(&self, dialog: Dialog<'_>) -> Result<String, GraphError> {
        let Dialog { flavour, redirect_uri, state } = dialog;
        let base = match flavour {
            Flavour::Facebook => {
                format!("{}/{}/dialog/oauth", self.settings.dialog_base_url, self.settings.version)
            }
            Flavour::Instagram => format!("{}/oauth/authorize", self.settings.instagram_dialog_base_url),
        };
        let scope: Vec<&str> = permission::needed(flavour).iter().map(|each| each.name).collect();
        let parameters = [
            ("client_id", self.client_id(flavour)),
            ("redirect_uri", redirect_uri),
            ("state", state),
            ("response_type", "code"),
            ("scope", &scope.join(",")),
        ];
        let url = reqwest::Url::parse_with_params(&base, parameters);
        url.map(String::from).map_err(|_| GraphError::NotAddressable)
    }

    /// A long-lived token for the code that a person brought back; each secret is tried.
    ///
    /// # Errors
    /// Nothing was received, or Meta refused: the code was used, or was sent to another address.
    pub async fn redeem(
        &self,
        flavour: Flavour,
        code: &SecretString,
        redirect_uri: &str,
    ) -> Result<NewToken, GraphError> {
        let mut refused = GraphError::NotAddressable;
        for secret in &self.settings.app_secrets {
            match self.redeem_with(flavour, code, redirect_uri, secret).await {
                Ok(short) => return self.lengthen(flavour, short, secret).await,
                Err(error) => refused = error,
            }
            // Any other refusal is about the code, which is good once.
            if refused.codes().0 != Some(1) {
                break;
            }
        }
        Err(refused)
    }

    async fn redeem_with(
        &self,
        flavour: Flavour,
        code: &SecretString,
        redirect_uri: &str,
        secret: &SecretString,
    ) -> Result<SecretString, GraphError> {
        let call = match flavour {
            Flavour::Facebook => Call::get(Flavour::Facebook, "oauth/access_token"),
            Flavour::Instagram => Call {
                is_versioned: false,
                base: Some(&self.settings.instagram_login_base_url),
                ..Call::post(Flavour::Instagram, "oauth/access_token")
            }
            .with("grant_type", "authorization_code"),
        };
        let call = call
            .with("client_id", self.client_id(flavour))
            .with("client_secret", secret.expose_secret())
            .with("redirect_uri", redirect_uri)
            .with("code", code.expose_secret());
        Ok(read_new(&self.ask(Caller::Nobody, &call).await?)?.token)
    }

    async fn lengthen(
        &self,
        flavour: Flavour,
        short: SecretString,
        secret: &SecretString,
    ) -> Result<NewToken, GraphError> {
        if flavour == Flavour::Facebook {
            return self.renew(&Credential { token: short, flavour }).await;
        }
        let call = Call { is_versioned: false, ..Call::get(flavour, "access_token") }
            .with("grant_type", "ig_exchange_token")
            .with("client_secret", secret.expose_secret())
            .with("access_token", short.expose_secret());
        read_new(&self.ask(Caller::Nobody, &call).await?)
    }

    /// The pages of a person who logged in with Facebook, and the Instagram accounts that belong to them.
    ///
    /// # Errors
    /// Nothing was received, or Meta refused.
    pub async fn pages(&self, credential: &Credential) -> Result<Vec<Page>, GraphError> {
        let mut pages = Vec::new();
        let mut after = String::new();
        for _ in 0..MOST_ANSWERS {
            let call = Call::get(Flavour::Facebook, "me/accounts")
                .with("fields", "id,name,access_token,instagram_business_account{id,username}")
                .with("limit", PAGE_SIZE)
                .with("after", &after);
            let content = self.ask(Caller::Owner(credential), &call).await?;
            let list = content.get("data").and_then(Value::as_array);
            pages.extend(list.into_iter().flatten().filter_map(read_page));
            let cursor = content.pointer("/paging/cursors/after").and_then(Value::as_str);
            let Some(cursor) = cursor.filter(|_| content.pointer("/paging/next").is_some()) else { break };
            if cursor == after {
                break;
            }
            cursor.clone_into(&mut after);
        }
        Ok(pages)
    }

    fn client_id(&self, flavour: Flavour) -> &str {
        let own = self.settings.instagram_app_id.as_deref().filter(|_| flavour == Flavour::Instagram);
        own.or(self.app_id()).unwrap_or_default()
    }
}

fn read_page(page: &Value) -> Option<Page> {
    let id = json::id(page, "id")?;
    let name = json::text(page, "name").unwrap_or_else(|| id.clone());
    let token = page.get("access_token").and_then(Value::as_str).map(SecretString::from);
    Some(Page { name, token, account: page.get("instagram_business_account").and_then(Identity::read), id })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cekbrand_schema::SystemClock;
    use serde_json::json;

    use super::*;
    use crate::settings::Settings;

    #[test]
    fn a_dialog_asks_for_what_is_needed_and_nothing_can_be_slipped_in() {
        // Another test of this process may have been first.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let settings = Settings {
            app_id: Some("42".to_owned()),
            instagram_app_id: Some("43".to_owned()),
            ..Settings::default()
        };
        let management = Management::new(settings, Arc::new(SystemClock)).unwrap();
        let url = |flavour| {
            let dialog = Dialog { flavour, redirect_uri: "https://x.example/?a=1&b", state: "s&client_id=9" };
            management.dialog_url(dialog).unwrap()
        };
        let facebook = url(Flavour::Facebook);
        assert!(
            facebook.starts_with("https://www.facebook.com/v25.0/dialog/oauth?client_id=42&"),
            "{facebook}"
        );
        assert!(facebook.contains("state=s%26client_id%3D9") && facebook.contains("a%3D1%26b"), "{facebook}");
        assert!(facebook.contains("instagram_manage_insights"), "{facebook}");
        let instagram = url(Flavour::Instagram);
        assert!(
            instagram.starts_with("https://www.instagram.com/oauth/authorize?client_id=43&"),
            "{instagram}"
        );
    }

    #[test]
    fn a_page_without_an_instagram_account_is_a_page_all_the_same() {
        let page = read_page(&json!({"id": "7", "name": "Toko", "access_token": "EAAB-page"})).unwrap();
        assert!(page.account.is_none() && !format!("{page:?}").contains("EAAB"));
        let of = json!({"id": "7", "instagram_business_account": {"id": "178414", "username": "toko"}});
        assert_eq!(read_page(&of).unwrap().account.unwrap().account_id, "178414");
    }
}
