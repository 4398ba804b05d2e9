//! Who is told of an account, what was told, and what became of it.

use std::net::IpAddr;

use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use cekbrand_schema::{notice, outside};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Api;
use crate::body::{Body, number};
use crate::problem::Problem;
use crate::query::channels::{self, Channel, Delivery, Firing, NewChannel};
use crate::reply::{Envelope, Reply, done, gone};
use crate::scope::{Caller, Watched};
use crate::settings::Telling;

const MOST_CHARACTERS: usize = 2000;
const WEBHOOK: &str = "webhook";
const EMAIL: &str = "email";

/// Who is told of an account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Channels {
    account_id: String,
    channels: Vec<Channel>,
}

/// Who is told of an account; never the secrets that sign.
#[utoipa::path(
    get, path = "/api/accounts/{account_id}/alerts/channels", tag = "accounts",
    params(("account_id" = String, Path, description = "Id of the account")),
    responses((status = 200, description = "The receivers, the oldest first", body = Envelope<Channels>))
)]
pub(crate) async fn list(
    State(api): State<Api>,
    account: Watched,
    reply: Reply,
) -> Result<Response, Problem> {
    let channels = channels::list(&api.pool, &account.id).await?;
    let csv = channels.clone();
    reply.table(&Channels { account_id: account.id, channels }, "channels", &csv)
}

/// A receiver to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChannelToMake {
    /// An https address; or mailto: with one mail address, where the installation has a mail server.
    #[schema(
        min_length = 10,
        max_length = 2000,
        pattern = "^(https?://|mailto:)",
        example = "https://hooks.example.com/cekbrand"
    )]
    pub(crate) address: String,
    /// In which language; Indonesian where nothing is said.
    #[serde(default)]
    pub(crate) lang: ChannelLang,
    /// Whether what fires is told.
    #[serde(default = "yes")]
    pub(crate) alerts: bool,
    /// Whether the weekly digest is.
    #[serde(default = "yes")]
    pub(crate) digest: bool,
}

/// A language in which receivers are told.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChannelLang {
    #[default]
    Id,
    En,
}

impl ChannelLang {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::En => "en",
        }
    }
}

fn yes() -> bool {
    true
}

/// A receiver that was added.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChannelMade {
    channel: Channel,
    /// By which the receiver checks signatures (Standard Webhooks: `webhook-signature` over
    /// `webhook-id.webhook-timestamp.body`). It is shown this once. Null of one who is told by mail.
    #[schema(required = true)]
    secret: Option<String>,
}

/// Adds a receiver of alerts and digests. Each delivery is a signed POST of JSON, or a mail; its `webhook-id`,
/// or `Message-ID`, stays the same when it is sent again, so a receiver takes each id once.
#[utoipa::path(
    post, path = "/api/accounts/{account_id}/alerts/channels", tag = "people", request_body = ChannelToMake,
    params(("account_id" = String, Path, description = "Id of the account")),
    responses((status = 201, description = "The receiver, with its secret", body = Envelope<ChannelMade>))
)]
pub(crate) async fn create(
    State(api): State<Api>,
    caller: Caller,
    account: Watched,
    Body(wanted): Body<ChannelToMake>,
) -> Result<Response, Problem> {
    let (channel, secret) = make(&api, &account.id, &caller.key_id, &wanted).await?;
    let secret = secret.map(|secret| secret.expose_secret().to_owned());
    done(StatusCode::CREATED, &ChannelMade { channel, secret }, api.clock.now())
}

/// Adds a receiver, for programs and for pages; with the secret that signs, where something does.
///
/// # Errors
///
/// [`Problem::InvalidParameter`] or [`Problem::Conflict`] that say what to do.
pub(crate) async fn make(
    api: &Api,
    account: &str,
    key_id: &str,
    wanted: &ChannelToMake,
) -> Result<(Channel, Option<SecretString>), Problem> {
    let telling = &api.telling;
    let (kind, address) = way(&wanted.address, telling)?;
    let installation = telling.secret.as_ref().filter(|_| kind == WEBHOOK);
    if kind == WEBHOOK && installation.is_none() {
        let unset = "Nothing can be signed yet: the operator sets alerts.secret for serve and work.";
        return Err(Problem::Conflict(unset));
    }
    let (lang, alerts, digest) = (wanted.lang.code(), wanted.alerts, wanted.digest);
    let channel = NewChannel { account, kind, address: &address, lang, alerts, digest, key_id };
    let made = channels::create(&api.pool, channel, api.clock.now()).await?;
    let made = made.ok_or(Problem::Conflict("The account has a receiver at this address."))?;
    let secret = installation.map(|installation| notice::secret_of(installation, made.id));
    Ok((made, secret))
}

/// How an address is told, and what is kept of it. People write mail addresses as they are.
fn way(text: &str, telling: &Telling) -> Result<(&'static str, String), Problem> {
    let text = text.trim();
    let mail = text.strip_prefix("mailto:").or_else(|| (!text.contains(['/', ':'])).then_some(text));
    let Some(mail) = mail.filter(|mail| mail.contains('@') || text.starts_with("mailto:")) else {
        return Ok((WEBHOOK, address(text, telling)?.to_owned()));
    };
    if !outside::is_mail_address(mail) {
        return Err(Problem::invalid("address holds one mail address, such as mailto:ops@example.com."));
    }
    if !telling.has_mail {
        return Err(Problem::Conflict(
            "No mail can be sent yet: the operator sets smtp.host for serve and work.",
        ));
    }
    Ok((EMAIL, format!("mailto:{mail}")))
}

/// An address that may be called. Where its name leads to is looked at when it is.
fn address<'a>(text: &'a str, telling: &Telling) -> Result<&'a str, Problem> {
    let text = text.trim();
    let unfit = || Problem::invalid("address is an https address of at most 2000 characters.");
    if text.chars().count() > MOST_CHARACTERS || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(unfit());
    }
    let uri: Uri = text.parse().map_err(|_| unfit())?;
    let scheme = uri.scheme_str().unwrap_or_default();
    let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(unfit)?;
    let has_user = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
    if has_user || !(scheme == "https" || (scheme == "http" && telling.allow_private)) {
        return Err(unfit());
    }
    let ip: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    if !telling.allow_private && ip.is_some_and(|ip| !outside::is_public(ip)) {
        return Err(Problem::invalid("address is on the public internet."));
    }
    Ok(text)
}

/// Takes a receiver away, with what it was told and is to be told.
#[utoipa::path(
    delete, path = "/api/accounts/{account_id}/alerts/channels/{channel_id}", tag = "people",
    params(
        ("account_id" = String, Path, description = "Id of the account"),
        ("channel_id" = i64, Path, description = "Id of the receiver", minimum = 1)
    ),
    responses((status = 204, description = "It is gone"))
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    account: Watched,
    Path((_, channel_id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    gone(channels::delete(&api.pool, &account.id, number(&channel_id)?).await?)
}

/// A test that is on its way.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tested {
    /// The delivery, as it stands in the log.
    delivery_id: String,
}

/// Sends a receiver a test.
#[utoipa::path(
    post, path = "/api/accounts/{account_id}/alerts/channels/{channel_id}/test", tag = "people",
    params(
        ("account_id" = String, Path, description = "Id of the account"),
        ("channel_id" = i64, Path, description = "Id of the receiver", minimum = 1)
    ),
    responses((status = 201, description = "It is on its way", body = Envelope<Tested>))
)]
pub(crate) async fn test(
    State(api): State<Api>,
    account: Watched,
    Path((_, channel_id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let now = api.clock.now();
    let made = channels::test(&api.pool, &account.id, number(&channel_id)?, now).await?;
    let delivery_id = made.ok_or(Problem::UnknownThing)?;
    done(StatusCode::CREATED, &Tested { delivery_id }, now)
}

/// What fired.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct History {
    account_id: String,
    firings: Vec<Firing>,
}

/// The last hundred times that a rule of the account came to hold.
#[utoipa::path(
    get, path = "/api/accounts/{account_id}/alerts/history", tag = "accounts",
    params(("account_id" = String, Path, description = "Id of the account")),
    responses((status = 200, description = "What fired, the newest first", body = Envelope<History>))
)]
pub(crate) async fn history(
    State(api): State<Api>,
    account: Watched,
    reply: Reply,
) -> Result<Response, Problem> {
    let firings = channels::firings(&api.pool, &account.id).await?;
    let csv = firings.clone();
    reply.table(&History { account_id: account.id, firings }, "alert-history", &csv)
}

/// What was told.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Deliveries {
    account_id: String,
    deliveries: Vec<Delivery>,
}

/// The log: the last hundred deliveries of the account, with each try.
#[utoipa::path(
    get, path = "/api/accounts/{account_id}/alerts/deliveries", tag = "accounts",
    params(("account_id" = String, Path, description = "Id of the account")),
    responses((status = 200, description = "The deliveries, the newest first", body = Envelope<Deliveries>))
)]
pub(crate) async fn deliveries(
    State(api): State<Api>,
    account: Watched,
    reply: Reply,
) -> Result<Response, Problem> {
    let deliveries = channels::deliveries(&api.pool, &account.id).await?;
    let csv = deliveries.clone();
    reply.table(&Deliveries { account_id: account.id, deliveries }, "deliveries", &csv)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_of_the_web_and_leads_outside() {
        let outside = Telling::default();
        let inside = Telling { allow_private: true, ..Telling::default() };
        for bad in [
            "",
            "x",
            "/path",
            "http://hooks.example.com/",
            "https://",
            "https://user:pass@hooks.example.com/",
            "ftp://a.example/",
            "https://127.0.0.1/x",
            "https://[::1]/x",
            "https://10.1.1.1:8443/",
            "https://a b.example/",
        ] {
            assert!(address(bad, &outside).is_err(), "{bad}");
        }
        assert!(address(&format!("https://a.example/{}", "x".repeat(2000)), &outside).is_err());
        assert!(address(" https://hooks.example.com/a?b=c ", &outside).is_ok());
        assert!(address("http://127.0.0.1:8099/hook", &inside).is_ok());
    }
}
