//! `cekbrand key`: API keys for programs that read.

use std::path::Path;

use anyhow::{Context, Result, bail};
use cekbrand_insights::keys::{self, GeneratedKey, KeyRow, Scope};
use cekbrand_schema::{Clock, SystemClock};
use cekbrand_workers::database::Use;
use clap::{Parser, Subcommand};
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use serde_json::json;
use sqlx::PgPool;

use crate::config::{Config, roles};
use crate::logging;
use crate::store::audit;

/// Makes, lists and revokes API keys.
#[derive(Debug, Parser)]
#[command(
    after_help = "Example:\n  cekbrand key create --name reports\n  cekbrand key list\n  cekbrand key revoke 0123456789abcdef"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Makes a key and prints it, once: only its hash is kept.
    #[command(
        after_help = "Example:\n  cekbrand key create --name reports --days 90 --account 17841400000000001"
    )]
    Create {
        /// What the key is for.
        #[arg(long)]
        name: String,
        /// Ends after so many days; without it never.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=36500))]
        days: Option<u32>,
        /// Sees this account alone; several may be given. Without it the key sees all, and the pipeline.
        #[arg(long = "account", value_name = "ID")]
        accounts: Vec<String>,
    },
    /// Lists keys, without what would open anything.
    #[command(after_help = "Example:\n  cekbrand key list")]
    List,
    /// Ends a key at once.
    #[command(after_help = "Example:\n  cekbrand key revoke 0123456789abcdef")]
    Revoke {
        /// The key's id: the part between the underscores.
        id: String,
    },
}

/// Runs the subcommand.
pub(crate) async fn run(args: Args, file: Option<&Path>) -> Result<()> {
    let config = Config::load(file, roles::DATABASE)?;
    logging::start_quiet()?;
    let pool = config.pool(1, Use::Write).await?;
    let now = SystemClock.now();
    match args.action {
        Action::Create { name, days, accounts } => {
            let lasts = |days| now.checked_add(SignedDuration::from_hours(i64::from(days) * 24));
            let expires_at = days.map(lasts).transpose();
            let expires_at = expires_at.context("the key would end after the end of the calendar")?;
            let scope = Scope::of(Some(accounts).filter(|accounts| !accounts.is_empty()));
            let key = create(&pool, &name, &scope, expires_at, now).await?;
            println!("{}", key.token.expose_secret());
            eprintln!("this key is shown once; its id is {}", key.id);
        }
        Action::List => {
            let mut connection = pool.acquire().await.context("the keys cannot be read")?;
            print(&keys::list(&mut connection).await.context("the keys cannot be read")?, now);
        }
        Action::Revoke { id } => revoke(&pool, &id, now).await?,
    }
    Ok(())
}

/// Makes a key.
pub(crate) async fn create(
    pool: &PgPool,
    name: &str,
    scope: &Scope,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<GeneratedKey> {
    let mut transaction = pool.begin().await.context("the key was not stored")?;
    let key = keys::create(&mut transaction, name, scope, expires_at, now)
        .await
        .context("the key was not stored")?;
    let detail = json!({ "name": name, "accounts": scope.accounts(), "expires_at": expires_at });
    audit::record(&mut *transaction, "key.create", &key.id, detail, now).await?;
    transaction.commit().await.context("the key was not stored")?;
    Ok(key)
}

async fn revoke(pool: &PgPool, id: &str, now: Timestamp) -> Result<()> {
    let mut transaction = pool.begin().await.context("the key was not revoked")?;
    if !keys::revoke(&mut transaction, id, now).await.context("the key was not revoked")? {
        bail!("no valid key has the id {id:?}: `cekbrand key list` shows them");
    }
    audit::record(&mut *transaction, "key.revoke", id, json!({}), now).await?;
    transaction.commit().await.context("the key was not revoked")?;
    println!("{id} is revoked");
    Ok(())
}

fn print(rows: &[KeyRow], now: Timestamp) {
    let day = |at: Option<Timestamp>| at.map_or("-".to_owned(), |at| at.strftime("%Y-%m-%d").to_string());
    println!(
        "{:<18} {:<24} {:<8} {:<11} {:<11} {:<11} ACCOUNTS",
        "ID", "NAME", "STATE", "CREATED", "EXPIRES", "LAST USED"
    );
    for row in rows {
        let state = match row {
            row if row.revoked_at.is_some() => "revoked",
            row if row.expires_at.is_some_and(|at| at <= now) => "expired",
            _ => "valid",
        };
        let (created, expires) = (day(Some(row.created_at)), day(row.expires_at));
        println!(
            "{:<18} {:<24} {state:<8} {created:<11} {expires:<11} {:<11} {}",
            row.id,
            row.name,
            day(row.last_used_at),
            row.scope.accounts().map_or("all".to_owned(), |accounts| accounts.join(","))
        );
    }
}
