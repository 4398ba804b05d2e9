//! The running receiver: whether it has the verify token and the app secrets that are configured here. It is
//! asked as Meta asks, with a handshake and with a signed delivery that holds nothing.

use std::time::Duration;

use cekbrand_devkit::meta::Signer;
use reqwest::{Client, StatusCode};

use super::finding::Finding;
use crate::config::Config;
use crate::subscriptions;

const PATIENCE: Duration = Duration::from_secs(5);
const CHALLENGE: &str = "1158201444";
/// A delivery without changes: it is accepted, and nothing comes of it.
const NOTHING: &str = r#"{"object":"instagram","entry":[]}"#;

/// Looks at the receiver by the address that Meta uses, or where it listens.
pub(super) async fn check(config: &Config, findings: &mut Vec<Finding>) {
    let url = subscriptions::callback_url(config)
        .or_else(|| Some(format!("http://{}/webhooks/instagram", config.text("ingest.listen")?)));
    let client = Client::builder().timeout(PATIENCE).build();
    let (Some(url), Ok(client)) = (url, client) else { return };
    if let Some(token) = config.text("meta.verify_token") {
        findings.push(handshake(&client, &url, &token).await);
    }
    if let Some(secret) = config.app_secrets().ok().and_then(|secrets| secrets.into_iter().next()) {
        let signature = Signer::new(secret.secret).sign(NOTHING.as_bytes());
        findings.push(deliver(&client, &url, &signature, &secret.label).await);
    }
}

async fn handshake(client: &Client, url: &str, token: &str) -> Finding {
    const CHECK: &str = "verify_token";
    let query = [("hub.mode", "subscribe"), ("hub.verify_token", token), ("hub.challenge", CHALLENGE)];
    let answer = match client.get(url).query(&query).send().await {
        Ok(answer) => answer,
        Err(error) => return away(CHECK, url, &error.without_url()),
    };
    let status = answer.status();
    if status == StatusCode::OK && answer.text().await.is_ok_and(|body| body == CHALLENGE) {
        return Finding::fine(CHECK, format!("{url} answers Meta's handshake"));
    }
    if status == StatusCode::FORBIDDEN {
        return Finding::wrong(
            CHECK,
            format!("the receiver at {url} has another verify token than this command"),
            "give both the same CEKBRAND__META__VERIFY_TOKEN, restart the receiver, then run `cekbrand subscribe`",
        );
    }
    Finding::wrong(
        CHECK,
        format!("{url} answers the handshake with {status}: it is not the receiver"),
        "mend CEKBRAND__INGEST__PUBLIC_URL, or what stands in front of the receiver",
    )
}

async fn deliver(client: &Client, url: &str, signature: &str, label: &str) -> Finding {
    const CHECK: &str = "receiver_secret";
    let post = client.post(url).header("X-Hub-Signature-256", signature).body(NOTHING);
    match post.send().await {
        Ok(answer) if answer.status() == StatusCode::OK => {
            Finding::fine(CHECK, format!("the receiver takes what is signed with the secret {label}"))
        }
        Ok(answer) if answer.status() == StatusCode::UNAUTHORIZED => Finding::wrong(
            CHECK,
            format!(
                "the receiver at {url} refuses what is signed with the secret {label}: it has other app secrets than this command"
            ),
            "give both the same CEKBRAND__META__APP_SECRETS and restart the receiver",
        ),
        Ok(answer) => {
            let status = answer.status();
            Finding::unknown(CHECK, format!("{url} answers {status}: `curl` its /readyz to see why"))
        }
        Err(error) => away(CHECK, url, &error.without_url()),
    }
}

fn away(check: &'static str, url: &str, error: &reqwest::Error) -> Finding {
    let kind = if error.is_timeout() { "no answer in time" } else { "no connection" };
    Finding::unknown(
        check,
        format!("nobody answers at {url} ({kind}): start `cekbrand ingest`, or look from where Meta can"),
    )
}
