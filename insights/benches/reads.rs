//! How long reads take at a steady rate, on a thousand accounts with a million comments.
//!
//! `cargo bench -p cekbrand-insights --bench reads`; settings by environment: `RATE` (requests a second,
//! 500), `SECONDS` (20), `ACCOUNTS` (1000), `COMMENTS` (of each account, 1000). A request's time counts from
//! when it was due, so that a server that falls behind shows it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use cekbrand_devkit::dataset::{self, Size};
use cekbrand_devkit::servers::TestServers;
use cekbrand_insights::keys::{self, Scope};
use cekbrand_insights::{Insights, Settings};
use cekbrand_schema::{Clock, SystemClock};
use secrecy::ExposeSecret;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What is asked, in turn; `{a}` and `{m}` are an account and one of its media.
const PATHS: [&str; 15] = [
    "/api/accounts?limit=20&cursor=",
    "/api/accounts/{a}",
    "/api/accounts/{a}/engagement?timeframe=28&compare=previous",
    "/api/accounts/{a}/followers?timeframe=28",
    "/api/accounts/{a}/reach?timeframe=7",
    "/api/accounts/{a}/impressions",
    "/api/accounts/{a}/sentiment?compare=previous",
    "/api/accounts/{a}/hashtags",
    "/api/accounts/{a}/best-hours",
    "/api/accounts/{a}/top-media?sort=reach",
    "/api/accounts/{a}/audience",
    "/api/accounts/{a}/competitors",
    "/api/accounts/{a}/comments?limit=20",
    "/api/accounts/{a}/comments?q=kecewa&sentiment=neg&limit=20",
    "/api/instagram/insights/{m}",
];

#[tokio::main]
async fn main() -> Result<()> {
    let (rate, seconds) = (setting("RATE", 500)?, setting("SECONDS", 20)?);
    let size =
        Size { accounts: setting("ACCOUNTS", 1000)?, comments: setting("COMMENTS", 1000)?, ..Size::LARGE };
    let _already = rustls::crypto::ring::default_provider().install_default();
    let database = TestServers::shared()?.database().await?;
    let began = Instant::now();
    dataset::fill(&database.url(), size, SystemClock.now()).await?;
    println!("{size:?} filled in {:.0} s", began.elapsed().as_secs_f64());

    // As the command connects.
    let options: PgConnectOptions = database.url().parse()?;
    let pool =
        PgPoolOptions::new().max_connections(16).connect_with(options.options([("jit", "off")])).await?;
    let settings =
        Settings { listen: "127.0.0.1:0".parse()?, requests_per_second: 1_000_000, ..Settings::default() };
    let api = Insights::bind(settings, pool.clone(), Arc::new(SystemClock)).await?;
    let base = format!("http://{}", api.local_addr());
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(api.run(shutdown.clone()));
    let key =
        keys::create(&mut *pool.acquire().await?, "bench", &Scope::All, None, SystemClock.now()).await?;
    let asker = Asker {
        // The server ends a connection that brings no request for 5 s; one that is younger is taken.
        client: reqwest::Client::builder().pool_idle_timeout(Duration::from_secs(2)).build()?,
        base,
        key: key.token.expose_secret().to_owned(),
        size,
    };
    asker.steady(rate, 3).await?;
    report(&asker.steady(rate, seconds).await?, rate);
    shutdown.cancel();
    running.await?;
    Ok(())
}

#[derive(Clone)]
struct Asker {
    client: reqwest::Client,
    base: String,
    key: String,
    size: Size,
}

/// How long one request took, of which path.
struct Taken {
    path: &'static str,
    time: Duration,
}

impl Asker {
    /// Sends requests at a steady rate, whether or not answers keep up.
    async fn steady(&self, rate: i32, seconds: i32) -> Result<Vec<Taken>> {
        let mut requests = JoinSet::new();
        let start = Instant::now() + Duration::from_millis(20);
        for number in 0..rate * seconds {
            let due = start + Duration::from_secs(1) * u32::try_from(number)? / u32::try_from(rate)?;
            tokio::time::sleep_until(due.into()).await;
            let asker = self.clone();
            requests.spawn(async move { asker.ask(number, due).await });
        }
        let mut taken = Vec::new();
        while let Some(done) = requests.join_next().await {
            taken.push(done??);
        }
        Ok(taken)
    }

    async fn ask(&self, number: i32, due: Instant) -> Result<Taken> {
        let place = usize::try_from(number)? % PATHS.len();
        let path = PATHS[place];
        // A stride that visits all accounts before it comes back to one.
        let account = 1 + i32::try_from(i64::from(number) * 7919 % i64::from(self.size.accounts))?;
        let asked = path
            .replace("&cursor=", "")
            .replace("{a}", &dataset::account_id(account))
            .replace("{m}", &dataset::media_id(account, 1 + number % self.size.media));
        let request = self.client.get(format!("{}{asked}", self.base)).bearer_auth(&self.key);
        let answer = request.send().await.with_context(|| asked.clone())?;
        let status = answer.status();
        answer.bytes().await?;
        ensure!(status == 200, "{asked}: {status}");
        Ok(Taken { path, time: due.elapsed() })
    }
}

fn report(taken: &[Taken], rate: i32) {
    let mut by_path: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    for one in taken {
        by_path.entry(one.path).or_default().push(one.time);
        by_path.entry("(all)").or_default().push(one.time);
    }
    println!("{rate} requests a second, {} requests; milliseconds", taken.len());
    println!("{:<62} {:>8} {:>8} {:>8} {:>8}", "path", "p50", "p90", "p99", "max");
    for (path, mut times) in by_path {
        times.sort();
        let at =
            |share: usize| times[(times.len() * share / 100).min(times.len() - 1)].as_secs_f64() * 1000.0;
        println!("{path:<62} {:>8.2} {:>8.2} {:>8.2} {:>8.2}", at(50), at(90), at(99), at(100));
    }
}

fn setting(name: &str, usual: i32) -> Result<i32> {
    match std::env::var(name) {
        Ok(text) => text.parse().with_context(|| format!("{name} is a whole number")),
        Err(_) => Ok(usual),
    }
}
