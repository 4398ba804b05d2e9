//! `cekbrand account competitor`: which accounts an account is compared with.

use anyhow::{Context, Result, bail};
use cekbrand_graph::management::Business;
use cekbrand_graph::{Disposition, Flavour};
use clap::{Parser, Subcommand};
use jiff::Timestamp;
use serde_json::json;
use sqlx::PgPool;

use super::{account_id, known};
use crate::config::Config;
use crate::credential;
use crate::store::{accounts, audit, competitors};

/// Adds, lists and removes the accounts that an account is compared with.
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  cekbrand account competitor add 17841400000000001 toko.sebelah\n  \
                        cekbrand account competitor list 17841400000000001")]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Compares an account with another business account, which Meta is asked for by its name.
    #[command(after_help = "Example:\n  cekbrand account competitor add 17841400000000001 toko.sebelah\n\n\
                      Needs the account's token, of Facebook Login: Instagram Login shows nobody else's accounts.")]
    Add {
        /// The account that is watched.
        #[arg(value_parser = account_id)]
        id: String,
        /// The other one's user name.
        username: String,
        /// The other one's id, where it is known: then Meta is not asked.
        #[arg(long = "id", value_name = "ID", value_parser = account_id)]
        competitor_id: Option<String>,
    },
    /// Ends a comparison; what was collected stays.
    #[command(after_help = "Example:\n  cekbrand account competitor remove 17841400000000001 toko.sebelah")]
    Remove {
        /// The account that is watched.
        #[arg(value_parser = account_id)]
        id: String,
        /// The other one's user name or id.
        competitor: String,
    },
    /// Lists the accounts that an account is compared with.
    #[command(after_help = "Example:\n  cekbrand account competitor list 17841400000000001")]
    List {
        /// The account that is watched.
        #[arg(value_parser = account_id)]
        id: String,
        /// A JSON array on stdout.
        #[arg(long)]
        json: bool,
    },
}

impl Args {
    /// Whether Meta has to be asked, for which a token has to be opened.
    pub(super) fn asks_meta(&self) -> bool {
        matches!(self.action, Action::Add { competitor_id: None, .. })
    }
}

/// Runs the subcommand.
pub(super) async fn run(config: &Config, pool: &PgPool, args: Args, now: Timestamp) -> Result<()> {
    match args.action {
        Action::Add { id, username, competitor_id } => {
            let id = known(pool, &id).await?;
            let username = username.trim_start_matches('@').to_owned();
            let business = match competitor_id {
                Some(id) => Business { id, username },
                None => look_up(config, pool, &id, &username).await?,
            };
            compare(pool, &id, &business, now).await?;
            println!("{id} is compared with @{} ({})", business.username, business.id);
            Ok(())
        }
        Action::Remove { id, competitor } => {
            remove(pool, &known(pool, &id).await?, competitor.trim_start_matches('@'), now).await
        }
        Action::List { id, json } => list(pool, &known(pool, &id).await?, json).await,
    }
}

async fn look_up(config: &Config, pool: &PgPool, id: &str, username: &str) -> Result<Business> {
    if accounts::flavour(pool, id).await.context("accounts cannot be read")? == Flavour::Instagram {
        bail!(
            "{id} logs in with Instagram Login, which shows nobody else's accounts: comparing needs Facebook Login"
        );
    }
    let credential = credential::open(config, pool, id).await?;
    match config.management()?.business(&credential, id, username).await {
        Ok(business) => Ok(business),
        Err(error) if error.disposition() == Disposition::TokenDead => {
            bail!(
                "the token of {id} no longer works ({error}): give a new one with `cekbrand account token {id}`"
            )
        }
        Err(error) if error.codes().0.is_some() => bail!(
            "Meta shows no business account @{username} ({error}): private and personal accounts cannot be compared"
        ),
        Err(error) => Err(error).with_context(|| format!("Meta could not be asked for @{username}")),
    }
}

/// Compares an account with another one, from now on.
pub(crate) async fn compare(pool: &PgPool, id: &str, business: &Business, now: Timestamp) -> Result<()> {
    if business.id == id {
        bail!("@{} is the account itself", business.username);
    }
    let mut transaction = pool.begin().await.context("the competitor was not added")?;
    competitors::add(&mut transaction, id, business, now).await.context("the competitor was not added")?;
    let detail = json!({ "competitor_id": business.id, "username": business.username });
    audit::record(&mut *transaction, "account.competitor.add", id, detail, now).await?;
    transaction.commit().await.context("the competitor was not added")
}

async fn remove(pool: &PgPool, id: &str, competitor: &str, now: Timestamp) -> Result<()> {
    let mut transaction = pool.begin().await.context("the competitor was not removed")?;
    let removed = competitors::remove(&mut *transaction, id, competitor).await;
    if !removed.context("the competitor was not removed")? {
        bail!(
            "{id} is not compared with {competitor}: `cekbrand account competitor list {id}` shows with whom"
        );
    }
    let detail = json!({ "competitor": competitor });
    audit::record(&mut *transaction, "account.competitor.remove", id, detail, now).await?;
    transaction.commit().await.context("the competitor was not removed")?;
    println!("{id} is no longer compared with {competitor}");
    Ok(())
}

async fn list(pool: &PgPool, id: &str, json: bool) -> Result<()> {
    let rows = competitors::list(pool, id).await.context("competitors cannot be read")?;
    if json {
        let rows: Vec<_> =
            rows.iter().map(|row| json!({ "id": row.competitor_id, "username": row.username })).collect();
        println!("{}", json!(rows));
        return Ok(());
    }
    println!("{:<20} USERNAME", "ID");
    for row in rows {
        println!("{:<20} {}", row.competitor_id, row.username.as_deref().unwrap_or("-"));
    }
    Ok(())
}
