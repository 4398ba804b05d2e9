//! Schemathesis reads the description of the API and asks what it may ask, and what it may not: no answer is
//! 5xx, and each is as described. It is fetched once into `target/`.
//!
//! `CEKBRAND_TEST_API_EXAMPLES` says how many requests there are for each operation: 20 without it, about
//! 3,000 in all; with 60 they are more than 5,000.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use cekbrand_devkit::servers::TestServers;
use cekbrand_insights::access::Scope;
use cekbrand_insights::settings::Telling;
use cekbrand_insights::{Insights, Settings, keys};
use cekbrand_schema::{Clock, ManualClock};
use secrecy::ExposeSecret;
use serde_json::Value;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

/// Exactly this, so that every machine tests the same.
const PACKAGE: &str = "schemathesis==4.32.5";
const LACKING: &str = "this test needs Python 3.10 or later with pip (Debian: apt-get install python3-pip; or run \
                       script/bootstrap --tests)";
/// The moment of the browser tests' data, which are asked here too.
const NOW: &str = "2026-11-25T05:00:00Z";
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance";
/// What is right, beside what is wrong; the second round asks only what is right.
const ROUNDS: [&[&str]; 2] = [&["--mode", "all"], &["--mode", "positive", "--phases", "fuzzing"]];
/// Of a hundred answers so many show that what was asked was there.
const LEAST_GOOD: u64 = 30;

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_asked_is_answered_as_described() -> Result<()> {
    let modules = tokio::task::spawn_blocking(obtain).await??;
    let database = TestServers::shared()?.database().await?;
    let pool = database.pool();
    sqlx::raw_sql(include_str!("../browser/fill.sql")).execute(&pool).await.context("fill.sql")?;
    let clock = Arc::new(ManualClock::new(NOW.parse()?));
    let settings = Settings {
        listen: "127.0.0.1:0".parse()?,
        requests_per_second: 1_000_000,
        telling: Telling { secret: Some("the installation's".into()), allow_private: false, has_mail: true },
        ..Settings::default()
    };
    let key = keys::create(&mut *pool.acquire().await?, "fuzzed", &Scope::All, None, clock.now()).await?;
    let serve = Insights::bind(settings, pool.clone(), clock).await?;
    let described = format!("http://{}/openapi.json", serve.local_addr());
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(serve.run(shutdown.clone()));

    let answered = modules.join("answered.json");
    drop(std::fs::remove_file(&answered));
    let examples = std::env::var("CEKBRAND_TEST_API_EXAMPLES").unwrap_or_else(|_| "20".to_owned());
    let known = known(&pool).await?;
    for round in ROUNDS {
        let mut ask = python(&modules);
        ask.args(["-c", "from schemathesis.cli import schemathesis; schemathesis()", "run", &described])
            .args(["--checks", CHECKS, "--max-examples", &examples, "--generation-deterministic"])
            .args(["--continue-on-failure", "--header"])
            .arg(format!("Authorization: Bearer {}", key.token.expose_secret()))
            .args(round)
            .env("SCHEMATHESIS_HOOKS", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzzed/hooks.py"))
            .env("ANSWERED", &answered)
            .envs(known.iter().cloned());
        let done = tokio::task::spawn_blocking(move || ask.output()).await?.context(LACKING)?;
        ensure!(done.status.success(), "{}", said(&done));
    }
    shutdown.cancel();
    running.await?;
    let counts: Value = serde_json::from_slice(&std::fs::read(&answered)?)?;
    println!("answers by status: {counts}");
    let of = |class: char| -> u64 {
        let counts = counts.as_object().into_iter().flatten();
        counts.filter(|(status, _)| status.starts_with(class)).filter_map(|(_, count)| count.as_u64()).sum()
    };
    let all: u64 = ['1', '2', '3', '4', '5'].into_iter().map(of).sum();
    ensure!(of('5') == 0 && all > 1000, "{counts}");
    ensure!(of('2') * 100 >= all * LEAST_GOOD, "{} of {all} answers were good: {counts}", of('2'));
    Ok(())
}

/// What there is to ask about.
async fn known(pool: &PgPool) -> Result<Vec<(&'static str, String)>> {
    let mut known = Vec::new();
    for (name, sql) in [
        ("KNOWN_ACCOUNT_ID", "SELECT string_agg(account_id, ',') FROM pipeline.account"),
        (
            "KNOWN_MEDIA_ID",
            "SELECT string_agg(id, ',') FROM (SELECT id FROM instagram.media ORDER BY id LIMIT 50) AS known",
        ),
        (
            "KNOWN_COMMENT_ID",
            "SELECT string_agg(id, ',') FROM (SELECT id FROM instagram.media_comment ORDER BY id LIMIT 50) AS known",
        ),
    ] {
        known.push((name, sqlx::query_scalar(sql).fetch_one(pool).await?));
    }
    Ok(known)
}

/// Fetches the package where it is not there.
fn obtain() -> Result<PathBuf> {
    let binary = std::env::current_exe()?;
    let target = binary.ancestors().nth(3).context("no target folder")?;
    let modules = target.join(PACKAGE.replace("==", "-"));
    if !modules.join("schemathesis").is_dir() {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]);
        let done = pip.arg(&modules).arg(PACKAGE).output().context(LACKING)?;
        ensure!(done.status.success(), "{LACKING}\n{}", said(&done));
    }
    Ok(modules)
}

/// Python with the package.
fn python(modules: &Path) -> Command {
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", modules).env("NO_COLOR", "1").current_dir(modules);
    python
}

fn said(done: &Output) -> String {
    let [out, error] = [&done.stdout, &done.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    format!("{out}\n{error}")
}
