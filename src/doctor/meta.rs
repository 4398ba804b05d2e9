//! Meta: the hosts can be reached, the app's secrets are the app's, tokens live and may do what is needed,
//! and webhooks are subscribed.

use cekbrand_graph::management::{Permission, permission};
use cekbrand_graph::{Credential, Flavour, GraphError, Management};
use sqlx::PgPool;

use super::finding::Finding;
use crate::config::Config;
use crate::store::accounts::{self, AccountRow};
use crate::{credential, subscriptions};

/// A proof is good for five minutes: a clock that is off by half of that is soon refused.
const TOLERATED_SECONDS: i64 = 120;

/// Looks at the app and at the accounts of the database.
pub(super) async fn check(config: &Config, pool: Option<&PgPool>, limit: usize, findings: &mut Vec<Finding>) {
    if config.text("meta.app_id").is_none() || config.text("meta.app_secrets").is_none() {
        let mend = "set CEKBRAND__META__APP_ID and CEKBRAND__META__APP_SECRETS";
        findings.push(Finding::wrong("app_secret", "the app's id or its secrets are not set", mend));
        return;
    }
    let management = match config.management() {
        Ok(management) => management,
        Err(error) => return findings.push(Finding::unknown("graph", format!("{error:#}"))),
    };
    let rows = match pool {
        Some(pool) => accounts::list(pool, None).await.unwrap_or_default(),
        None => Vec::new(),
    };
    let rows: Vec<AccountRow> = rows.into_iter().filter(|row| row.removed_at.is_none()).collect();
    if !hosts(&management, &rows, findings).await {
        return;
    }
    let secret = app_secret(config, &management).await;
    let is_app_known = !secret.is_wrong();
    findings.push(secret);
    if is_app_known {
        findings.push(subscription(subscriptions::of_app(config, &management).await));
    }
    let Some(pool) = pool else { return };
    for row in rows.iter().take(limit) {
        account(config, &management, pool, row, is_app_known, findings).await;
    }
    if rows.len() > limit {
        let why = format!("{} more accounts were not looked at: --accounts takes more", rows.len() - limit);
        findings.push(Finding::unknown("token", why));
    }
}

/// Whether every host that is used answers.
async fn hosts(management: &Management, rows: &[AccountRow], findings: &mut Vec<Finding>) -> bool {
    let mut flavours = vec![Flavour::Facebook];
    if rows.iter().any(|row| row.login == "instagram") {
        flavours.push(Flavour::Instagram);
    }
    let mut all = true;
    for flavour in flavours {
        let host = management.host(flavour);
        match management.reach(flavour).await {
            Ok(reached) => {
                findings.push(Finding::fine("graph", "it answers").of(host));
                findings.extend(
                    reached.host_time.map(|host_time| {
                        clock(reached.own_time.duration_since(host_time).as_secs()).of(host)
                    }),
                );
            }
            Err(error) => {
                all = false;
                let what = format!("the Graph API cannot be reached ({error})");
                let mend = "let this machine out by HTTPS to that host, or mend CEKBRAND__GRAPH__BASE_URL and __INSTAGRAM_BASE_URL";
                findings.push(Finding::wrong("graph", what, mend).of(host));
            }
        }
    }
    all
}

fn clock(ahead: i64) -> Finding {
    if ahead.abs() <= TOLERATED_SECONDS {
        return Finding::fine("clock", "this machine's clock is Meta's");
    }
    let side = if ahead > 0 { "ahead of" } else { "behind" };
    Finding::wrong(
        "clock",
        format!(
            "this machine's clock is {} s {side} Meta's, which takes a call's proof for five minutes only",
            ahead.abs()
        ),
        "set this machine's clock by NTP",
    )
}

/// One of the secrets has to be the app's; another may be that of its Instagram product.
async fn app_secret(config: &Config, management: &Management) -> Finding {
    const CHECK: &str = "app_secret";
    let tried = management.try_secrets().await;
    let labels: Vec<String> =
        config.app_secrets().unwrap_or_default().into_iter().map(|each| each.label).collect();
    if let Some(place) = tried.iter().position(Result::is_ok) {
        let label = labels.get(place).map(String::as_str).unwrap_or_default();
        return Finding::fine(CHECK, format!("Meta takes the app's id with the secret {label}"));
    }
    let refused = |error: &GraphError| matches!(error.codes().0, Some(1 | 101 | 190));
    match tried.into_iter().filter_map(Result::err).next_back() {
        Some(error) if refused(&error) => Finding::wrong(
            CHECK,
            format!("Meta takes the app's id with none of the secrets ({}): {error}", labels.join(", ")),
            "copy App ID and App Secret anew from the app's dashboard, Settings > Basic, into CEKBRAND__META__APP_ID and __APP_SECRETS",
        ),
        Some(error) => Finding::unknown(CHECK, format!("Meta does not say: {error}")),
        None => Finding::unknown(CHECK, "there is no secret to try"),
    }
}

fn subscription(standing: subscriptions::Standing) -> Finding {
    const CHECK: &str = "subscription";
    let finding = match standing.problem {
        None => Finding::fine(CHECK, "subscribed"),
        // What is wrong says what to do.
        Some(problem) => match problem.rsplit_once(": ") {
            Some((what, mend)) => Finding::wrong(CHECK, what, mend),
            None => Finding::wrong(CHECK, problem, "run `cekbrand subscribe`"),
        },
    };
    finding.of(standing.subject)
}

async fn account(
    config: &Config,
    management: &Management,
    pool: &PgPool,
    row: &AccountRow,
    is_app_known: bool,
    findings: &mut Vec<Finding>,
) {
    let id = row.account_id.as_str();
    let give = format!("give a new one with `cekbrand account token {id}`");
    if row.token_state.is_none() {
        let what = "the account has no token, so that nothing is read for it";
        return findings.push(Finding::wrong("token", what, give).of(id));
    }
    let credential = match credential::open(config, pool, id).await {
        Ok(credential) => credential,
        Err(error) => {
            let mend = "set CEKBRAND__TOKEN_KEY to the key that sealed it (the first seals, all open), or give the token anew";
            return findings.push(Finding::wrong("token", format!("{error:#}"), mend).of(id));
        }
    };
    if !is_app_known {
        return findings.push(Finding::unknown("token", "it cannot be looked at with these secrets").of(id));
    }
    let Some(scopes) = token(management, row, &credential, findings).await else { return };
    permissions(id, credential.flavour, &scopes, findings);
    let standing = subscriptions::of_account(config, management, pool, id).await;
    findings.push(subscription(standing));
}

/// Whether the token lives; gives what it may do, where it does.
async fn token(
    management: &Management,
    row: &AccountRow,
    credential: &Credential,
    findings: &mut Vec<Finding>,
) -> Option<Vec<String>> {
    let id = row.account_id.as_str();
    let mend = format!("give a new one with `cekbrand account token {id}`");
    let finding = match management.inspect(credential).await {
        Ok(state) => match (&state.dead, row.token_state.as_deref()) {
            (Some(reason), _) => {
                Finding::wrong("token", format!("the token no longer works: {reason}"), mend)
            }
            (None, Some("dead")) => {
                Finding::wrong("token", "the token was refused before, and its reads wait".to_owned(), mend)
            }
            (None, _) => {
                findings.push(Finding::fine("token", "it works").of(id));
                return Some(state.scopes.unwrap_or_default());
            }
        },
        Err(error) => Finding::unknown("token", format!("Meta does not tell about it: {error}")),
    };
    findings.push(finding.of(id));
    None
}

fn permissions(id: &str, flavour: Flavour, scopes: &[String], findings: &mut Vec<Finding>) {
    if scopes.is_empty() {
        let why = "Meta does not say what the token may do";
        return findings.push(Finding::unknown("permission", why).of(id));
    }
    let missing = permission::missing(flavour, scopes);
    if missing.is_empty() {
        return findings.push(Finding::fine("permission", "everything that is needed is granted").of(id));
    }
    for Permission { name, costs, .. } in missing {
        let mend = format!(
            "have the account's owner log in again and grant {name}, then `cekbrand account token {id}`"
        );
        findings.push(Finding::wrong("permission", format!("{name} is missing: {costs}"), mend).of(id));
    }
}
