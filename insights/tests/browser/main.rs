//! Pages in a real browser: Debian's chromium, driven from Node by playwright-core, checked by axe-core. Both
//! packages are fetched once into `target/`.

mod parts;

use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use cekbrand_devkit::servers::TestServers;
use cekbrand_insights::access::Scope;
use cekbrand_insights::settings::Telling;
use cekbrand_insights::{Insights, Settings, keys};
use cekbrand_schema::{Clock, ManualClock};
use secrecy::ExposeSecret;
use tokio_util::sync::CancellationToken;

/// The moment of `fill.sql`.
const NOW: &str = "2026-11-25T05:00:00Z";

/// One browser for everything: starting it takes longer than any step.
#[tokio::test(flavor = "multi_thread")]
async fn pages_do_in_a_browser_what_they_promise() -> Result<()> {
    let parts = tokio::task::spawn_blocking(parts::obtain).await??;
    let database = TestServers::shared()?.database().await?;
    let pool = database.pool();
    sqlx::raw_sql(include_str!("fill.sql")).execute(&pool).await.context("fill.sql")?;
    let clock = Arc::new(ManualClock::new(NOW.parse()?));
    let telling = Telling { secret: Some("the installation's".into()), allow_private: false, has_mail: true };
    let settings = Settings {
        listen: "127.0.0.1:0".parse()?,
        requests_per_second: 1000,
        telling,
        ..Settings::default()
    };
    let key = keys::create(&mut *pool.acquire().await?, "browser", &Scope::All, None, clock.now()).await?;
    let serve = Insights::bind(settings, pool.clone(), clock).await?;
    let base = format!("http://{}", serve.local_addr());
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(serve.run(shutdown.clone()));

    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/pages.mjs");
    let mut browse = Command::new(parts.node);
    browse
        .arg(script)
        .env("BASE", &base)
        .env("KEY", key.token.expose_secret())
        .env("CHROMIUM", parts.chromium)
        .env("MODULES", &parts.modules)
        .env("PICTURES", parts.pictures);
    let done = tokio::task::spawn_blocking(move || browse.output()).await?.context("node did not start")?;
    shutdown.cancel();
    running.await?;
    let said = String::from_utf8_lossy(&done.stdout);
    println!("{said}");
    ensure!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
    Ok(())
}
