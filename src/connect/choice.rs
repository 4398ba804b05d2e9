//! What a person may choose from, and what is done with the choice.

use std::sync::Arc;

use anyhow::{Context, Result};
use cekbrand_graph::management::{Identity, Page, Permission, permission};
use cekbrand_graph::{Credential, Flavour, GraphError, Management};
use cekbrand_schema::{Clock, SystemClock};
use cekbrand_workers::clock::DatabaseClock;
use cekbrand_workers::token::seal::TokenKeys;
use secrecy::SecretString;
use sqlx::PgPool;

use crate::command::account;
use crate::config::Config;
use crate::store::accounts::{self, NewAccount};
use crate::subscriptions;

/// What connecting needs.
pub(crate) struct Means {
    pub(crate) config: Config,
    pub(crate) pool: PgPool,
    pub(crate) management: Management,
    /// Where Meta sends people back to.
    pub(crate) redirect_uri: String,
    /// What time the database has.
    pub(crate) clock: Arc<DatabaseClock>,
}

/// An account that a person may connect.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    /// The account.
    pub(crate) identity: Identity,
    /// The page that it belongs to, with Facebook Login.
    pub(crate) page: Option<Page>,
}

/// What a person granted, until they have chosen.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) flavour: Flavour,
    token: SecretString,
    pub(super) candidates: Vec<Candidate>,
    /// Pages without an Instagram account: the usual reason why one is missing.
    pub(super) bare_pages: Vec<String>,
    pub(super) missing: Vec<Permission>,
}

/// What became of an account that was chosen.
#[derive(Debug)]
pub(super) struct Connected {
    pub(super) id: String,
    pub(super) username: Option<String>,
    pub(super) problem: Option<String>,
    /// Whether it is watched and has its token, whatever else is amiss.
    pub(super) is_kept: bool,
}

/// Makes a long-lived token of the code, and finds out what it is good for.
pub(super) async fn offer(
    means: &Means,
    flavour: Flavour,
    code: &SecretString,
) -> Result<Choice, GraphError> {
    let management = &means.management;
    let token = management.redeem(flavour, code, &means.redirect_uri).await?.token;
    let credential = Credential { token: token.clone(), flavour };
    let scopes = management.inspect(&credential).await?.scopes;
    let missing = scopes.map(|scopes| permission::missing(flavour, &scopes)).unwrap_or_default();
    let (mut candidates, mut bare_pages) = (Vec::new(), Vec::new());
    match flavour {
        Flavour::Instagram => {
            let identity = management.identity(&credential, "me").await?;
            candidates.push(Candidate { identity, page: None });
        }
        Flavour::Facebook => {
            for page in management.pages(&credential).await? {
                match page.account.clone() {
                    Some(identity) => candidates.push(Candidate { identity, page: Some(page) }),
                    None => bare_pages.push(page.name),
                }
            }
        }
    }
    Ok(Choice { flavour, token, candidates, bare_pages, missing })
}

/// Connects the chosen accounts, one after the other; what fails for one is said of it.
pub(super) async fn connect(means: &Means, choice: Choice, chosen: &[&str]) -> Vec<Connected> {
    let mut connected = Vec::new();
    let is_chosen = |each: &&Candidate| chosen.contains(&each.identity.account_id.as_str());
    for candidate in choice.candidates.iter().filter(is_chosen) {
        let (problem, is_kept) = match connect_one(means, &choice, candidate).await {
            Ok(problem) => (problem, true),
            Err(error) => (Some(format!("{error:#}")), false),
        };
        let Identity { account_id, username, .. } = candidate.identity.clone();
        match &problem {
            None => println!("{account_id} is connected: watched, its token sealed, its webhooks subscribed"),
            Some(problem) => println!("{account_id} is not whole: {problem}"),
        }
        connected.push(Connected { id: account_id, username, problem, is_kept });
    }
    connected
}

/// Watches an account, seals its tokens, subscribes it. Says what is not as it should be.
async fn connect_one(means: &Means, choice: &Choice, candidate: &Candidate) -> Result<Option<String>> {
    let Means { config, pool, management, .. } = means;
    let Candidate { identity, page } = candidate;
    let (id, now) = (identity.account_id.as_str(), SystemClock.now());
    let app_id = config.text("meta.app_id").unwrap_or_default();
    let login = choice.flavour.as_str();
    let page_id = page.as_ref().map(|page| page.id.as_str());
    let account = NewAccount { id, app_id: &app_id, login, timezone: None, region: None, page_id };
    account::add(pool, account, now).await?;
    if let Some(scoped) = &identity.app_scoped_id {
        accounts::note_scoped_id(pool, id, scoped).await.context("the account's ids were not stored")?;
    }
    let keys = TokenKeys::parse(&config.given("token_key")?.into())?;
    account::put_token(pool, &keys, id, &choice.token, None, now).await?;
    if let Some(token) = page.as_ref().and_then(|page| page.token.as_ref()) {
        account::put_page_token(pool, &keys, id, token, now).await?;
    }
    Ok(subscriptions::subscribe_account(config, management, pool, id).await.problem)
}
