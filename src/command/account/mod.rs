//! `cekbrand account`: the accounts that are watched, their tokens and competitors.

mod competitor;
mod show;
mod token;

use std::path::Path;

use anyhow::{Context, Result, bail};
use cekbrand_schema::{Clock, SystemClock};
use cekbrand_workers::database::Use;
use cekbrand_workers::reads;
use cekbrand_workers::tasks::{self, NewTask, TaskKey, TaskLane};
use clap::{Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use serde_json::json;
use sqlx::PgPool;

pub(crate) use self::competitor::compare;
pub(crate) use self::token::{put_page_token, put_token};
use crate::config::{Config, roles};
use crate::logging;
use crate::store::accounts::{self, NewAccount};
use crate::store::audit;

/// Adds, lists, shows and removes accounts, and takes their tokens and competitors.
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  cekbrand account add 17841400000000001\n  \
                        cekbrand account token 17841400000000001 < token.txt\n  cekbrand account list")]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Add(AddArgs),
    /// Lists accounts.
    #[command(after_help = "Example:\n  cekbrand account list\n  cekbrand account list --json | jq '.[].id'")]
    List {
        /// A JSON array on stdout.
        #[arg(long)]
        json: bool,
    },
    /// Shows an account, its token's state, and for each kind of read when it was done, when it is due, or
    /// why not.
    #[command(after_help = "Example:\n  cekbrand account show 17841400000000001\n  \
                            cekbrand account show 17841400000000001 --json | jq .reads")]
    Show {
        /// The account's id, either of the two that it may have.
        #[arg(value_parser = account_id)]
        id: String,
        /// One JSON object on stdout.
        #[arg(long)]
        json: bool,
    },
    /// Ends watching an account and forgets its token; what was collected stays.
    #[command(after_help = "Example:\n  cekbrand account remove 17841400000000001")]
    Remove {
        /// The account's id.
        #[arg(value_parser = account_id)]
        id: String,
    },
    Token(token::Args),
    Competitor(competitor::Args),
}

/// Watches an account.
#[derive(Debug, Parser)]
#[command(
    after_help = "Example:\n  cekbrand account add 17841400000000001 --login instagram --timezone Asia/Jakarta\n\n\
                  Watching an account again changes what is given and keeps the rest."
)]
struct AddArgs {
    /// The Instagram professional account's id: the webhook's entry.id. The id that Instagram Login tells
    /// will do as well: its token tells the other one.
    #[arg(value_parser = account_id)]
    id: String,
    /// Which login gives its tokens.
    #[arg(long, value_enum, default_value_t = Login::Facebook)]
    login: Login,
    /// The account's time zone, for its days and hours: an IANA name; without it UTC.
    #[arg(long, value_parser = timezone)]
    timezone: Option<String>,
    /// EU or JP: Instagram withholds the replies to stories there.
    #[arg(long)]
    region: Option<String>,
    /// The id of the Facebook page that it belongs to.
    #[arg(long, value_name = "PAGE", value_parser = account_id)]
    page: Option<String>,
}

/// Meta's two ways of logging in.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Login {
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
    let needs = match &args.action {
        Action::Token(_) => roles::TOKENS,
        Action::Competitor(args) if args.asks_meta() => roles::TOKENS,
        _ => roles::DATABASE,
    };
    let config = Config::load(file, needs)?;
    logging::start_quiet()?;
    let pool = config.pool(1, Use::Write).await?;
    let now = SystemClock.now();
    match args.action {
        Action::Add(args) => {
            let app_id = config.text("meta.app_id").unwrap_or_default();
            add(&pool, args.account(&app_id), now).await?;
            println!("{0} is watched; give its token with `cekbrand account token {0}`", args.id);
        }
        Action::List { json } => show::list(&pool, json).await?,
        Action::Show { id, json } => show::show(&pool, &known(&pool, &id).await?, json).await?,
        Action::Remove { id } => remove(&pool, &known(&pool, &id).await?, now).await?,
        Action::Token(args) => token::run(&config, &pool, args, now).await?,
        Action::Competitor(args) => competitor::run(&config, &pool, args, now).await?,
    }
    Ok(())
}

impl AddArgs {
    fn account<'a>(&'a self, app_id: &'a str) -> NewAccount<'a> {
        NewAccount {
            id: &self.id,
            app_id,
            login: self.login.as_str(),
            timezone: self.timezone.as_deref(),
            region: self.region.as_deref(),
            page_id: self.page.as_deref(),
        }
    }
}

/// The id by which everything goes, of either id that an account may have.
pub(crate) async fn known(pool: &PgPool, id: &str) -> Result<String> {
    let found = accounts::find(pool, id).await.context("accounts cannot be read")?;
    found.with_context(|| format!("{id} is not known: `cekbrand account list` shows who is"))
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

fn timezone(text: &str) -> Result<String, String> {
    let known = jiff::tz::TimeZone::get(text).is_ok();
    if known { Ok(text.to_owned()) } else { Err("expected an IANA name such as Asia/Jakarta".to_owned()) }
}

/// Reads an id that Meta gave.
pub(crate) fn account_id(text: &str) -> Result<String, String> {
    let valid = !text.is_empty() && text.len() <= 32 && text.bytes().all(|b| b.is_ascii_digit());
    if valid { Ok(text.to_owned()) } else { Err("expected the account's numeric id".to_owned()) }
}
