//! `cekbrand account token`: takes an account's token, asks Meta whose it is, seals and stores it.

use std::fs;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cekbrand_graph::management::Identity;
use cekbrand_graph::{Credential, Disposition};
use cekbrand_workers::token::seal::{Column, TokenKeys};
use cekbrand_workers::{tasks, token};
use clap::Parser;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sqlx::PgPool;

use super::{account_id, known};
use crate::config::Config;
use crate::store::{accounts, audit};

/// Takes an account's access token from stdin, a file or a variable, and seals it.
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  cekbrand account token 17841400000000001 < token.txt\n  \
                  cekbrand account token 17841400000000001 --file token.txt --days 60\n\n\
                  Meta is asked whose token it is; where Meta does not answer, the token is stored all the same.")]
pub(super) struct Args {
    /// The account's id, either of the two that it may have.
    #[arg(value_parser = account_id)]
    id: String,
    /// Read the token from this file instead of stdin.
    #[arg(long, conflicts_with = "env")]
    file: Option<PathBuf>,
    /// Read the token from this environment variable instead of stdin.
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// How many days it lasts; without it: until Meta says when it ends.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=36500))]
    days: Option<u32>,
    /// It is the token of the account's page, beside its own: for subscribing webhooks.
    #[arg(long, conflicts_with = "days")]
    page: bool,
    /// Do not ask Meta whose it is.
    #[arg(long)]
    unchecked: bool,
}

/// Runs the subcommand.
pub(super) async fn run(config: &Config, pool: &PgPool, args: Args, now: Timestamp) -> Result<()> {
    let keys = TokenKeys::parse(&config.given("token_key")?.into())?;
    let plain = read_token(args.file.as_deref(), args.env.as_deref())?;
    let given = known(pool, &args.id).await.with_context(|| {
        format!("no token can be taken: watch it first with `cekbrand account add {}`", args.id)
    })?;
    if args.page {
        put_page_token(pool, &keys, &given, &plain, now).await?;
        println!("the token of the page of {given} is sealed and stored");
        return Ok(());
    }
    let lasts = |days| now.checked_add(SignedDuration::from_hours(i64::from(days) * 24));
    let expires_at = args.days.map(lasts).transpose().context("the token would outlive the calendar")?;
    let identity = if args.unchecked { None } else { ask_whose(config, pool, &given, &plain).await? };
    let id = match identity {
        Some(identity) => settle(pool, &given, identity, now).await?,
        None => given,
    };
    let freed = put_token(pool, &keys, &id, &plain, expires_at, now).await?;
    println!("the token of {id} is sealed and stored; {freed} waiting reads may go on");
    Ok(())
}

/// Seals and stores an account's token, and frees the reads that waited for one. Says how many those are.
pub(crate) async fn put_token(
    pool: &PgPool,
    keys: &TokenKeys,
    id: &str,
    plain: &SecretString,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<u64> {
    let sealed = keys.seal(id, Column::Token, plain)?;
    let mut transaction = pool.begin().await.context("the token was not stored")?;
    let stored = token::store::put(&mut transaction, id, &sealed, expires_at, now).await;
    if !stored.context("the token was not stored")? {
        bail!("{id} is not watched: `cekbrand account add {id}` first");
    }
    let freed = tasks::unpark(&mut transaction, id, now).await.context("waiting reads were not freed")?;
    audit::record(&mut *transaction, "account.token", id, json!({}), now).await?;
    transaction.commit().await.context("the token was not stored")?;
    Ok(freed)
}

/// Seals and stores the token of an account's page, beside its own.
pub(crate) async fn put_page_token(
    pool: &PgPool,
    keys: &TokenKeys,
    id: &str,
    plain: &SecretString,
    now: Timestamp,
) -> Result<()> {
    let sealed = keys.seal(id, Column::TokenSecret, plain)?;
    let mut transaction = pool.begin().await.context("the page's token was not stored")?;
    let stored = accounts::put_page_token(&mut *transaction, id, &sealed).await;
    if !stored.context("the page's token was not stored")? {
        bail!("{id} has no token of its own yet: give that first, with `cekbrand account token {id}`");
    }
    audit::record(&mut *transaction, "account.token", id, json!({ "page": true }), now).await?;
    transaction.commit().await.context("the page's token was not stored")
}

/// Asks Meta whose token it is; nothing where Meta does not say.
async fn ask_whose(
    config: &Config,
    pool: &PgPool,
    id: &str,
    plain: &SecretString,
) -> Result<Option<Identity>> {
    let flavour = accounts::flavour(pool, id).await.context("accounts cannot be read")?;
    let credential = Credential { token: plain.clone(), flavour };
    let error = match config.management()?.identity(&credential, id).await {
        Ok(identity) => return Ok(Some(identity)),
        Err(error) => error,
    };
    match error.disposition() {
        Disposition::TokenDead => bail!(
            "Meta does not take this token ({error}): make a new one, check that it is of the login {} (`account add --login`), or store \
             it all the same with --unchecked",
            flavour.as_str()
        ),
        Disposition::Gone => bail!(
            "this token cannot see account {id} ({error}): it is another account's, or the account was left out when it was \
             granted; --unchecked stores it all the same"
        ),
        _ => {
            eprintln!("warning: Meta did not say whose token this is ({error}); it is stored unchecked");
            Ok(None)
        }
    }
}

/// Makes sure that the token is the account's, and that the account goes by the id that webhooks carry.
async fn settle(pool: &PgPool, given: &str, identity: Identity, now: Timestamp) -> Result<String> {
    let Identity { account_id, app_scoped_id, username } = identity;
    let is_scoped = app_scoped_id.as_deref() == Some(given);
    if account_id != given && !is_scoped {
        let name = username.map(|name| format!(" (@{name})")).unwrap_or_default();
        bail!(
            "this is the token of account {account_id}{name}, not of {given}; --unchecked stores it all the same"
        );
    }
    let mut transaction = pool.begin().await.context("the account's ids were not stored")?;
    if is_scoped {
        accounts::rename(&mut transaction, given, &account_id, now)
            .await
            .context("the account was not renamed")?;
        audit::record(&mut *transaction, "account.rename", &account_id, json!({ "from": given }), now)
            .await?;
        println!(
            "{given} is the id that Instagram Login tells; webhooks call the account {account_id}, and so does CekBrand"
        );
    }
    if let Some(scoped) = &app_scoped_id {
        accounts::note_scoped_id(&mut *transaction, &account_id, scoped)
            .await
            .context("the account's ids were not stored")?;
    }
    transaction.commit().await.context("the account's ids were not stored")?;
    Ok(account_id)
}

fn read_token(file: Option<&Path>, variable: Option<&str>) -> Result<SecretString> {
    let text = match (file, variable) {
        (Some(path), _) => {
            fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?
        }
        (None, Some(name)) => {
            std::env::var(name).with_context(|| format!("the variable {name} is not set"))?
        }
        (None, None) => {
            let mut stdin = std::io::stdin();
            if stdin.is_terminal() {
                eprintln!("paste the token, then Ctrl-D:");
            }
            let mut text = String::new();
            stdin.read_to_string(&mut text).context("stdin cannot be read")?;
            text
        }
    };
    let token = SecretString::from(text.trim());
    if token.expose_secret().is_empty() || token.expose_secret().contains(char::is_whitespace) {
        bail!("what was given is no token: it is empty or holds white space");
    }
    Ok(token)
}
