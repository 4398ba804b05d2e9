//! How to reach the Graph API.

use std::time::Duration;

use secrecy::SecretString;

use crate::proof::ProofForm;

/// Hosts, version, time-outs and the app's own credentials.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Host for tokens of Facebook Login, without a trailing slash.
    pub base_url: String,
    /// Host for tokens of Instagram Login.
    pub instagram_base_url: String,
    /// Where people log in with Facebook.
    pub dialog_base_url: String,
    /// Where people log in with Instagram.
    pub instagram_dialog_base_url: String,
    /// Where the code that they bring back from there is redeemed.
    pub instagram_login_base_url: String,
    /// Version in every path, such as `v25.0`.
    pub version: String,
    /// For connecting, and again for a whole call.
    pub timeout: Duration,
    /// A longer answer is refused.
    pub max_body_bytes: usize,
    /// The app's id.
    pub app_id: Option<String>,
    /// The id of the app's Instagram product, where it has one of its own.
    pub instagram_app_id: Option<String>,
    /// The app's secrets; without one calls carry no proof. An app with the Instagram product has two, and
    /// which one proves a call follows the login: the one that Meta accepts is found by trying.
    pub app_secrets: Vec<SecretString>,
    /// Which form of `appsecret_proof` goes along.
    pub proof: ProofForm,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            base_url: "https://graph.facebook.com".to_owned(),
            instagram_base_url: "https://graph.instagram.com".to_owned(),
            dialog_base_url: "https://www.facebook.com".to_owned(),
            instagram_dialog_base_url: "https://www.instagram.com".to_owned(),
            instagram_login_base_url: "https://api.instagram.com".to_owned(),
            version: "v25.0".to_owned(),
            timeout: Duration::from_secs(10),
            max_body_bytes: 8 << 20,
            app_id: None,
            instagram_app_id: None,
            app_secrets: Vec::new(),
            proof: ProofForm::Timed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_apps_secret_does_not_show() {
        let app_secrets = vec![SecretString::from("the-app-secret")];
        let settings = Settings { app_secrets, app_id: Some("the-app-id".to_owned()), ..Settings::default() };
        let shown = format!("{settings:?}");
        assert!(shown.contains("the-app-id") && !shown.contains("the-app-secret"), "{shown}");
    }
}
