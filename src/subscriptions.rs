//! How webhooks are subscribed, at both levels, against how they should be: for `subscribe` and `doctor`.

use anyhow::Result;
use cekbrand_graph::management::subscription;
use cekbrand_graph::{Disposition, GraphError, Management};
use serde::Serialize;
use sqlx::PgPool;

use crate::config::Config;
use crate::credential;

/// The receiver's path below its public address.
const PATH: &str = "/webhooks/instagram";

/// How one subscription stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Standing {
    /// `app`, or the account's id.
    pub(crate) subject: String,
    /// What is wrong with it, with what to do; `None` where it is as it should be.
    pub(crate) problem: Option<String>,
}

impl Standing {
    fn new(subject: &str, problem: Option<String>) -> Self {
        Self { subject: subject.to_owned(), problem }
    }
}

/// Where Meta shall send deliveries; `None` where nobody said by what address it sees the receiver.
pub(crate) fn callback_url(config: &Config) -> Option<String> {
    config.text("ingest.public_url").map(|base| format!("{base}{PATH}"))
}

/// How the app's subscription stands.
pub(crate) async fn of_app(config: &Config, management: &Management) -> Standing {
    let problem = match management.app_subscription().await {
        Err(error) => Some(explain_app(&error)),
        Ok(None) => Some("the app has no subscription to Instagram: run `cekbrand subscribe`".to_owned()),
        Ok(Some(held)) => {
            let wanted = subscription::fields(cekbrand_graph::Flavour::Facebook);
            let (callback, there) = (callback_url(config), held.callback_url.as_deref());
            match (lacking(wanted, &held.fields), callback) {
                _ if !held.is_active => {
                    Some("Meta has switched the app's subscription off, as it does after long failure: run `cekbrand subscribe`".to_owned())
                }
                (Some(fields), _) => {
                    Some(format!("the app is not subscribed to {fields}: run `cekbrand subscribe`"))
                }
                (None, Some(ours)) if there.is_some_and(|there| there != ours) => Some(format!(
                    "Meta sends deliveries to {}, not to {ours}: run `cekbrand subscribe`, or mend CEKBRAND__INGEST__PUBLIC_URL",
                    there.unwrap_or_default()
                )),
                _ => None,
            }
        }
    };
    Standing::new("app", problem)
}

/// Subscribes the app, and says how that stands then.
pub(crate) async fn subscribe_app(config: &Config, management: &Management) -> Result<Standing> {
    let Some(callback) = callback_url(config) else {
        let problem = "CEKBRAND__INGEST__PUBLIC_URL is not set: Meta has to be told where to send deliveries";
        return Ok(Standing::new("app", Some(problem.to_owned())));
    };
    let token = config.given("meta.verify_token")?.into();
    Ok(match management.subscribe_app(&callback, &token).await {
        Ok(()) => of_app(config, management).await,
        Err(error) if error.codes().0 == Some(2200) => Standing::new(
            "app",
            Some(format!(
                "Meta asked {callback} for its challenge and did not get it ({error}): the receiver has to run, be reachable by that address \
                 with a valid certificate, and have the same CEKBRAND__META__VERIFY_TOKEN as this command"
            )),
        ),
        Err(error) => Standing::new("app", Some(explain_app(&error))),
    })
}

/// How an account's subscription stands.
pub(crate) async fn of_account(
    config: &Config,
    management: &Management,
    pool: &PgPool,
    id: &str,
) -> Standing {
    let credential = match credential::open_for_webhooks(config, pool, id).await {
        Ok(credential) => credential,
        Err(error) => return Standing::new(id, Some(format!("{error:#}"))),
    };
    let problem = match management.account_subscription(&credential, id).await {
        Ok(held) => lacking(subscription::fields(credential.flavour), &held).map(|fields| {
            format!("the account is not subscribed to {fields}, so that nothing of it arrives: run `cekbrand subscribe {id}`")
        }),
        Err(error) => Some(explain_account(&error, id)),
    };
    Standing::new(id, problem)
}

/// Subscribes an account, and says how that stands then.
pub(crate) async fn subscribe_account(
    config: &Config,
    management: &Management,
    pool: &PgPool,
    id: &str,
) -> Standing {
    let credential = match credential::open_for_webhooks(config, pool, id).await {
        Ok(credential) => credential,
        Err(error) => return Standing::new(id, Some(format!("{error:#}"))),
    };
    match management.subscribe_account(&credential, id).await {
        Ok(()) => of_account(config, management, pool, id).await,
        Err(error) => Standing::new(id, Some(explain_account(&error, id))),
    }
}

/// The wanted fields that are not held, as text; `None` where all are.
fn lacking(wanted: &[&str], held: &[String]) -> Option<String> {
    let lacking: Vec<&str> =
        wanted.iter().copied().filter(|field| !held.iter().any(|has| has == field)).collect();
    if lacking.is_empty() { None } else { Some(lacking.join(", ")) }
}

fn explain_app(error: &GraphError) -> String {
    match error.codes().0 {
        Some(1 | 101 | 190) => format!(
            "Meta does not take the app's id with any of its secrets ({error}): compare CEKBRAND__META__APP_ID and \
             CEKBRAND__META__APP_SECRETS with the app's dashboard, Settings > Basic"
        ),
        Some(_) => format!("Meta refuses to tell about the app's subscription ({error})"),
        None => format!(
            "Meta cannot be asked ({error}): check CEKBRAND__GRAPH__BASE_URL and the way out of this machine"
        ),
    }
}

fn explain_account(error: &GraphError, id: &str) -> String {
    match error.disposition() {
        Disposition::TokenDead => {
            format!(
                "the account's token no longer works ({error}): give a new one with `cekbrand account token {id}`"
            )
        }
        Disposition::Permission | Disposition::Gone => format!(
            "the token may not subscribe the account ({error}): it needs pages_manage_metadata and, with Facebook Login, may have to be \
             the page's own (`cekbrand account token {id} --page`)"
        ),
        _ if error.codes().0.is_some() => format!("Meta refuses ({error})"),
        _ => format!(
            "Meta cannot be asked ({error}): check CEKBRAND__GRAPH__* and the way out of this machine"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lacking_is_named() {
        let held = ["comments".to_owned(), "messages".to_owned()];
        assert_eq!(
            lacking(&["comments", "mentions", "story_insights"], &held).unwrap(),
            "mentions, story_insights"
        );
        assert_eq!(lacking(&["comments"], &held), None);
    }
}
