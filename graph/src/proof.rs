//! `appsecret_proof`: shows Meta that the caller of a token is the app that owns it.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// Which proof a call carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProofForm {
    /// HMAC of the token and the time; Meta accepts it for five minutes.
    #[default]
    Timed,
    /// HMAC of the token alone.
    Plain,
    /// None.
    Off,
}

/// The query parameters that prove a call made at `now`. They are as good as a credential: never log or keep
/// them.
pub fn parameters(
    form: ProofForm,
    secret: Option<&SecretString>,
    token: &SecretString,
    now: Timestamp,
) -> Vec<(&'static str, String)> {
    let Some(secret) = secret else { return Vec::new() };
    let token = token.expose_secret();
    match form {
        ProofForm::Off => Vec::new(),
        ProofForm::Plain => vec![("appsecret_proof", hmac_hex(secret, &[token]))],
        ProofForm::Timed => {
            let time = now.as_second().to_string();
            let proof = hmac_hex(secret, &[token, "|", &time]);
            vec![("appsecret_proof", proof), ("appsecret_time", time)]
        }
    }
}

fn hmac_hex(secret: &SecretString, parts: &[&str]) -> String {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).expect("any key length");
    for part in parts {
        mac.update(part.as_bytes());
    }
    const_hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000;

    fn of(form: ProofForm) -> Vec<(&'static str, String)> {
        let secret = SecretString::from("an-app-secret");
        parameters(form, Some(&secret), &SecretString::from("a-token"), Timestamp::from_second(NOW).unwrap())
    }

    #[test]
    fn the_timed_proof_covers_the_token_and_the_second() {
        // printf 'a-token|1700000000' | openssl dgst -sha256 -hmac an-app-secret
        assert_eq!(
            of(ProofForm::Timed),
            [
                (
                    "appsecret_proof",
                    "141183a447f131169c5f2dcb37eee0a6171db73548af45f27957f4c5580de3d1".to_owned()
                ),
                ("appsecret_time", "1700000000".to_owned())
            ]
        );
    }

    #[test]
    fn the_plain_proof_covers_the_token_alone() {
        // printf 'a-token' | openssl dgst -sha256 -hmac an-app-secret
        assert_eq!(
            of(ProofForm::Plain),
            [(
                "appsecret_proof",
                "b16c821ab4226dd6145c3484fbcd3fad1a53622d1d8d4e8839ff39b0fb1d6407".to_owned()
            )]
        );
    }

    #[test]
    fn without_a_secret_or_when_off_nothing_is_sent() {
        assert!(of(ProofForm::Off).is_empty());
        let token = SecretString::from("a-token");
        assert!(parameters(ProofForm::Timed, None, &token, Timestamp::UNIX_EPOCH).is_empty());
    }
}
