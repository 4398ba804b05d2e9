//! `cekbrand account`: the accounts that are watched, and their tokens.

use std::fs;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cekbrand_schema::{Clock, SystemClock};
use cekbrand_workers::database::Use;
use cekbrand_workers::tasks::{self, NewTask, TaskKey, TaskLane};
use cekbrand_workers::token::seal::{Column, TokenKeys};
use cekbrand_workers::{reads, token};
use clap::{Parser, Subcommand, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sqlx::PgPool;

use crate::config::{Config, roles};
use crate::logging;
use crate::store::accounts::{self, AccountRow, NewAccount, TaskRow};
use crate::store::audit;

/// Adds, lists, shows and removes accounts, and takes their tokens.
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  cekbrand account add 17841400000000001\n  \
                        cekbrand account token 17841400000000001 < token.txt\n  cekbrand account list")]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Watches an account.
    #[command(after_help = "Example:\n  cekbrand account add 17841400000000001 --login instagram")]
    Add {
        /// The Instagram professional account's id: the webhook's entry.id.
        #[arg(value_parser = account_id)]
        id: String,
        /// Which login gives its tokens.
        #[arg(long, value_enum, default_value_t = Login::Facebook)]
        login: Login,
        /// The account's time zone, for its days and hours: an IANA name; without it UTC.
        #[arg(long, value_parser = timezone)]
        timezone: Option<String>,
    },
    /// Lists accounts.
    #[command(after_help = "Example:\n  cekbrand account list")]
    List,
    /// Shows an account, its token's state, and what is to be read for it.
    #[command(after_help = "Example:\n  cekbrand account show 17841400000000001")]
    Show {
        /// The account's id.
        id: String,
    },
    /// Ends watching an account and forgets its token; what was collected stays.
    #[command(after_help = "Example:\n  cekbrand account remove 17841400000000001")]
    Remove {
        /// The account's id.
        id: String,
    },
    /// Takes an account's access token from stdin, a file or a variable, and seals it.
    #[command(after_help = "Example:\n  cekbrand account token 17841400000000001 < token.txt\n  \
                            cekbrand account token 17841400000000001 --file token.txt --days 60")]
    Token {
        /// The account's id.
        id: String,
        /// Read the token from this file instead of stdin.
        #[arg(long, conflicts_with = "env")]
        file: Option<PathBuf>,
        /// Read the token from this environment variable instead of stdin.
        #[arg(long, value_name = "NAME")]
        env: Option<String>,
        /// How many days it lasts; without it: for ever, until Meta refuses it.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=36500))]
        days: Option<u32>,
    },
}

/// Meta's two ways of logging in.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Login {
    /// Facebook Login: tokens for graph.facebook.com.
    Facebook,
    /// Instagram Login: tokens for graph.instagram.com.
    Instagram,
}

impl Login {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Facebook => "facebook",
            Self::Instagram => "instagram",
        }
    }
}

/// Runs the subcommand.
pub(crate) async fn run(args: Args, file: Option<&Path>) -> Result<()> {
    let needs = if matches!(args.action, Action::Token { .. }) { roles::TOKENS } else { roles::DATABASE };
    let config = Config::load(file, needs)?;
    logging::start_quiet()?;
    let pool = config.pool(1, Use::Write).await?;
    let now = SystemClock.now();
    match args.action {
        Action::Add { id, login, timezone } => {
            let app_id = config.text("meta.app_id").unwrap_or_default();
            let (login, timezone) = (login.as_str(), timezone.as_deref());
            add(&pool, NewAccount { id: &id, app_id: &app_id, login, timezone }, now).await?;
            println!("{id} is watched; give its token with `cekbrand account token {id}`");
        }
        Action::List => print_list(&accounts::list(&pool, None).await.context("accounts cannot be read")?),
        Action::Show { id } => show(&pool, &id).await?,
        Action::Remove { id } => remove(&pool, &id, now).await?,
        Action::Token { id, file, env, days } => {
            let keys = TokenKeys::parse(&config.given("token_key")?.into())?;
            let token = read_token(file.as_deref(), env.as_deref())?;
            let lasts = |days| now.checked_add(SignedDuration::from_hours(i64::from(days) * 24));
            let expires_at = days.map(lasts).transpose().context("the token would outlive the calendar")?;
            let freed = put_token(&pool, &keys, &id, &token, expires_at, now).await?;
            println!("the token of {id} is sealed and stored; {freed} waiting reads may go on");
        }
    }
    Ok(())
}

/// Watches an account, and wants its profile read.
pub(crate) async fn add(pool: &PgPool, account: NewAccount<'_>, now: Timestamp) -> Result<()> {
    let id = account.id.to_owned();
    let key = TaskKey::new(reads::kind::USER, &id, &id);
    let profile = NewTask { key, lane: TaskLane::Daily, deadline: None };
    let mut transaction = pool.begin().await.context("the account was not added")?;
    accounts::add(&mut transaction, account, now).await.context("the account was not added")?;
    tasks::enqueue(&mut transaction, &[profile], now).await.context("the account was not added")?;
    let detail = json!({ "app_id": account.app_id, "login": account.login, "timezone": account.timezone });
    audit::record(&mut *transaction, "account.add", &id, detail, now).await?;
    transaction.commit().await.context("the account was not added")
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

async fn remove(pool: &PgPool, id: &str, now: Timestamp) -> Result<()> {
    let mut transaction = pool.begin().await.context("the account was not removed")?;
    if !accounts::remove(&mut transaction, id, now).await.context("the account was not removed")? {
        bail!("{id} is not watched: `cekbrand account list` shows who is");
    }
    audit::record(&mut *transaction, "account.remove", id, json!({}), now).await?;
    transaction.commit().await.context("the account was not removed")?;
    println!("{id} is no longer watched; its token is forgotten");
    Ok(())
}

async fn show(pool: &PgPool, id: &str) -> Result<()> {
    let rows = accounts::list(pool, Some(id)).await.context("the account cannot be read")?;
    let Some(row) = rows.first() else {
        bail!("{id} is not known: `cekbrand account list` shows who is");
    };
    println!("id        {}", row.account_id);
    println!("username  {}", row.username.as_deref().unwrap_or("(not read yet)"));
    println!("login     {}", row.login);
    println!("app       {}", if row.app_id.is_empty() { "(none)" } else { &row.app_id });
    println!("added     {}", row.added_at.to_jiff());
    if let Some(removed_at) = row.removed_at {
        println!("removed   {}", removed_at.to_jiff());
    }
    println!("token     {}", describe_token(row));
    for TaskRow { kind, state, reason, n, due_at } in accounts::tasks(pool, id).await.context("no tasks")? {
        let reason =
            reason.map(|reason| format!(" ({reason}, until {})", due_at.to_jiff())).unwrap_or_default();
        println!("reads     {n} {kind} {state}{reason}");
    }
    Ok(())
}

fn print_list(rows: &[AccountRow]) {
    println!("{:<20} {:<24} {:<10} {:<8} TOKEN", "ID", "USERNAME", "LOGIN", "WATCHED");
    for row in rows {
        let watched = if row.removed_at.is_none() { "yes" } else { "no" };
        let username = row.username.as_deref().unwrap_or("-");
        println!(
            "{:<20} {username:<24} {:<10} {watched:<8} {}",
            row.account_id,
            row.login,
            describe_token(row)
        );
    }
}

fn describe_token(row: &AccountRow) -> String {
    match (row.token_state.as_deref(), &row.dead_reason, row.token_expires_at) {
        (None, ..) => "none".to_owned(),
        (Some(state), Some(reason), _) => format!("{state}: {reason}"),
        (Some(state), None, Some(until)) => format!("{state} until {}", until.to_jiff().strftime("%Y-%m-%d")),
        (Some(state), None, None) => state.to_owned(),
    }
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

fn timezone(text: &str) -> Result<String, String> {
    let known = jiff::tz::TimeZone::get(text).is_ok();
    if known { Ok(text.to_owned()) } else { Err("expected an IANA name such as Asia/Jakarta".to_owned()) }
}

fn account_id(text: &str) -> Result<String, String> {
    let valid = !text.is_empty() && text.len() <= 32 && text.bytes().all(|b| b.is_ascii_digit());
    if valid { Ok(text.to_owned()) } else { Err("expected the account's numeric id".to_owned()) }
}
