//! `cekbrand support-bundle`: everything that somebody who helps needs to see, in one file that holds no
//! secret.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use cekbrand_schema::{Clock, SystemClock};
use cekbrand_workers::database::Use;
use cekbrand_workers::token::store::alert;
use clap::Parser;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use sqlx::PgPool;

use crate::command::ledger;
use crate::config::Config;
use crate::store::{accounts, books, diagnosis};
use crate::{credential, doctor, logging, version};

/// Stands where a secret stood.
const BLOT: &str = "[redacted]";
/// How long a role may take to tell its metrics.
const PATIENCE: Duration = Duration::from_secs(3);
/// Where roles listen by default, with their names.
const ROLES: [(&str, &str); 3] =
    [("ingest", "127.0.0.1:9101"), ("work", "127.0.0.1:9102"), ("serve", "127.0.0.1:9103")];
/// Meta is asked about so many accounts at most.
const ACCOUNTS: usize = 5;

/// Packs versions, redacted configuration, what is wrong, lag, books, quotas, alerts, errors and metrics into
/// one JSON file that holds no secret.
#[derive(Debug, Parser)]
#[command(
    after_help = "Example:\n  cekbrand support-bundle bundle.json\n  cekbrand support-bundle bundle.json --metrics http://10.0.0.7:9102\n\n\
                  Account ids and user names are in it; tokens, keys, passwords and what people wrote are not."
)]
pub(crate) struct Args {
    /// The file to write; one that exists is left alone.
    file: PathBuf,
    /// Also take the metrics of roles on these addresses; by default of those on this machine.
    #[arg(long, value_name = "URL")]
    metrics: Vec<String>,
}

/// Runs the subcommand.
pub(crate) async fn run(args: &Args, file: Option<&Path>) -> Result<()> {
    let config = Config::load(file, &[])?;
    logging::start_filtered("error")?;
    let mut bundle = Map::new();
    bundle.insert("made_at".to_owned(), json!(SystemClock.now()));
    bundle.insert(
        "version".to_owned(),
        json!({ "version": version::VERSION, "build": version::BUILD,
        "os": std::env::consts::OS, "arch": std::env::consts::ARCH }),
    );
    bundle.insert("configuration".to_owned(), json!(config.shown()));
    bundle.insert("doctor".to_owned(), json!(doctor::examine(&config, ACCOUNTS).await));
    bundle.insert("metrics".to_owned(), metrics(&config, &args.metrics).await);
    let mut secrets = config.secrets();
    match config.pool(2, Use::Read).await {
        Ok(pool) => {
            bundle.insert("database".to_owned(), database(&config, &pool).await);
            secrets.extend(tokens(&config, &pool).await);
        }
        Err(error) => drop(bundle.insert("database".to_owned(), json!({ "error": format!("{error:#}") }))),
    }
    let text = serde_json::to_string_pretty(&Value::Object(bundle)).context("the bundle is no JSON")?;
    write(&args.file, &redacted(text, secrets))?;
    println!("{} is written; look through it before you give it away", args.file.display());
    Ok(())
}

/// What the database tells; what it does not tell says why.
async fn database(config: &Config, pool: &PgPool) -> Value {
    let log = ledger::log(config).await;
    let rows = books::ledger(pool).await;
    let lag = rows.as_ref().ok().and_then(|rows| log.total_lag(rows));
    let open = async {
        let mut connection = pool.acquire().await?;
        let alerts = alert::open(&mut connection, None).await?;
        Ok(alerts
            .into_iter()
            .map(|each| json!({ "account_id": each.account_id, "kind": each.kind, "detail": each.detail, "raised_at": each.raised_at.to_jiff() }))
            .collect::<Vec<_>>())
    };
    json!({
        "server": told(diagnosis::server(pool).await),
        "lag": lag,
        "ledger": told(rows),
        "parked": told(books::parked(pool).await),
        "accounts": told(accounts::list(pool, None).await.map(|rows| {
            rows.iter().map(|row| json!({ "id": row.account_id, "login": row.login, "token_state": row.token_state,
                "dead_reason": row.dead_reason, "is_watched": row.removed_at.is_none() })).collect::<Vec<_>>()
        })),
        "alerts": told(open.await),
        "quota": told(diagnosis::quota(pool).await),
        "read_errors": told(diagnosis::task_errors(pool).await),
        "dead_letters": told(diagnosis::dead_letters(pool).await),
        "tables": told(diagnosis::sizes(pool).await),
    })
}

fn told<T: serde::Serialize>(answer: Result<T, sqlx::Error>) -> Value {
    match answer {
        Ok(rows) => json!(rows),
        Err(error) => json!({ "error": error.to_string() }),
    }
}

/// The metrics of every role that answers, as Prometheus reads them.
async fn metrics(config: &Config, given: &[String]) -> Value {
    let Ok(client) = reqwest::Client::builder().timeout(PATIENCE).build() else { return Value::Null };
    let mut places: Vec<(String, String)> = given.iter().map(|url| (url.clone(), url.clone())).collect();
    if given.is_empty() {
        places.extend(ROLES.map(|(role, place)| (role.to_owned(), format!("http://{place}"))));
        places.extend(
            config.text("admin.listen").map(|place| ("admin.listen".to_owned(), format!("http://{place}"))),
        );
    }
    let mut all = Map::new();
    for (name, url) in places {
        let answer = client.get(format!("{}/metrics", url.trim_end_matches('/'))).send().await;
        let text = match answer {
            Ok(answer) => answer.text().await.ok(),
            Err(_) => None,
        };
        all.insert(name, json!(text));
    }
    Value::Object(all)
}

/// Every account's token, where the key is at hand, so that it can be looked for.
async fn tokens(config: &Config, pool: &PgPool) -> Vec<String> {
    let mut found = Vec::new();
    for id in accounts::watched(pool).await.unwrap_or_default() {
        for opened in [
            credential::open(config, pool, &id).await,
            credential::open_for_webhooks(config, pool, &id).await,
        ] {
            found.extend(opened.ok().map(|credential| credential.token.expose_secret().to_owned()));
        }
    }
    found
}

/// The text without the secrets, whatever brought one into it.
fn redacted(mut text: String, mut secrets: Vec<String>) -> String {
    // Longer ones first: a short one may be a part of another.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    for secret in secrets.iter().filter(|secret| secret.len() >= 4) {
        text = text.replace(secret.as_str(), BLOT);
    }
    text
}

fn write(path: &Path, text: &str) -> Result<()> {
    let shown = path.display();
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("{shown} cannot be written, or is there already"))?;
    file.write_all(text.as_bytes()).with_context(|| format!("{shown} cannot be written"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_brought_a_secret_in_it_does_not_stay() {
        let secrets = ["hush", "hush-hush", "abc"].map(str::to_owned).to_vec();
        assert_eq!(
            redacted("a hush-hush b hush c abc".to_owned(), secrets),
            "a [redacted] b [redacted] c abc"
        );
    }
}
