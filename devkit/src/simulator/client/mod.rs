//! The simulator held to somebody else's expectation: a public Python client, unchanged but for its address,
//! understands what it answers.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use cekbrand_schema::ManualClock;
use cekbrand_schema::metric::retired::{RETIRED, Subject, Successor};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::*;
use crate::world::{Medium, Product};

const REQUIREMENTS: &str = include_str!("requirements.txt");
const ASK: &str = include_str!("ask.py");

/// Installs the client into the target directory, once, and gives the place.
fn client() -> Result<PathBuf> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    fs::create_dir_all(&target)?;
    let home = target.join("python-facebook-api-0.9.2");
    let lock = File::create(target.join("python-facebook-api.lock"))?;
    lock.lock().context("cannot lock the client's place")?;
    if home.is_dir() {
        return Ok(home);
    }
    let partial = tempfile::tempdir_in(&target).context("cannot write to the target directory")?;
    let list = partial.path().join("requirements.txt");
    fs::write(&list, REQUIREMENTS)?;
    let packages = partial.path().join("packages");
    let mut pip = Command::new("python3");
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--disable-pip-version-check",
        "--requirement",
    ]);
    pip.arg(&list).arg("--target").arg(&packages);
    let install = "install Python 3 with pip (script/bootstrap --tests does)";
    let Ok(output) = pip.output() else { bail!("`python3` is not on PATH; {install}") };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("pip cannot fetch the Python client; {install}: {said}");
    }
    // It appears whole or not at all.
    fs::rename(&packages, &home).context("cannot move the client into place")?;
    Ok(home)
}

/// What the client understood.
fn ask(given: &Value) -> Result<Value> {
    let home = client()?;
    let mut python = Command::new("python3")
        .args(["-c", ASK])
        .env("PYTHONPATH", home)
        .env("PYTHONWARNINGS", "ignore")
        .env("NO_PROXY", "127.0.0.1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("`python3` does not start")?;
    python.stdin.take().context("no standard input")?.write_all(given.to_string().as_bytes())?;
    let output = python.wait_with_output()?;
    if !output.status.success() {
        bail!("the client fails: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

struct Test {
    simulator: Simulator,
}

impl Test {
    async fn new() -> Self {
        let clock = ManualClock::new("2026-11-20T08:00:00Z".parse().unwrap());
        let simulator = Simulator::start(11, SimulatorConfig::default(), Arc::new(clock)).await.unwrap();
        Self { simulator }
    }

    /// One with many comments.
    fn account(&self) -> &Account {
        &self.simulator.world().accounts()[2]
    }

    fn rival(&self) -> &Account {
        self.simulator.world().accounts().iter().find(|account| !account.watched).unwrap()
    }

    fn medium(&self, wanted: impl Fn(&Medium) -> bool) -> &Medium {
        let now = self.simulator.now();
        let mut media = self.simulator.world().media_of(self.account(), move |medium| medium.is_there(now));
        media.find(|medium| wanted(medium)).unwrap()
    }

    /// Posts, reels and albums of an account.
    fn posts<'a>(&'a self, account: &'a Account) -> Vec<&'a Medium> {
        let is_post = |medium: &Medium| matches!(medium.product, Product::Feed | Product::Reels);
        self.simulator.world().media_of(account, is_post).collect()
    }

    async fn ask(&self, metrics: &[(&str, &str)]) -> Value {
        let post = self.medium(|medium| medium.product == Product::Feed && medium.past_comments > 60);
        let reply = self.simulator.world().comment_under(post, 6);
        let until = "2026-11-20T07:59:59Z".parse::<Timestamp>().unwrap().as_second();
        let given = json!({
            "base_url": self.simulator.base_url(),
            "token": self.simulator.token(self.account()).unwrap().expose_secret(),
            "account": self.account().id, "rival": self.rival().username, "medium": post.id, "reply": reply.id,
            "story": self.medium(|medium| medium.product == Product::Story).id,
            "since": until - 3 * 86_400 + 1, "until": until, "metrics": metrics,
        });
        tokio::task::spawn_blocking(move || ask(&given)).await.unwrap().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_client_understands_accounts_media_and_comments() {
    let test = Test::new().await;
    let (account, world) = (test.account(), test.simulator.world());
    let told = test.ask(&[]).await;
    let posts = test.posts(account);
    assert_eq!(
        told["user"],
        json!([account.id, account.username, account.followers, account.follows, posts.len()])
    );
    let rival = test.rival();
    let rivals = test.posts(rival);
    let followers = world.followers(rival, test.simulator.now());
    assert_eq!(told["rival"], json!([rival.id, rival.username, followers, null, rivals.len()]));
    let ids: Vec<_> = rivals.iter().map(|medium| medium.id.as_str()).collect();
    assert_eq!(told["rival_media"], json!(ids), "page by page, by cursors alone");
    assert_eq!(told["unknown_rival"], json!({"refused": 110}));

    let media = told["media"].as_array().unwrap();
    let ids: Vec<_> = posts.iter().map(|medium| medium.id.as_str()).collect();
    assert_eq!(media.iter().map(|medium| medium["id"].as_str().unwrap()).collect::<Vec<_>>(), ids);
    for (told, medium) in media.iter().zip(&posts) {
        assert_eq!(
            (&told["type"], &told["comments"]),
            (&json!(medium.media_type), &json!(medium.comments()))
        );
        assert_eq!(told["children"].as_array().unwrap().len(), medium.children.len());
        assert_eq!(told["likes"].is_null(), medium.likes_hidden);
    }

    let post = test.medium(|medium| medium.product == Product::Feed && medium.past_comments > 60);
    let comments = told["comments"].as_array().unwrap();
    let replies: usize = comments.iter().map(|comment| comment["replies"].as_array().unwrap().len()).sum();
    assert_eq!((comments.len() + replies) as u64, post.comments());
    let reply = world.comment_under(post, 6);
    assert_eq!(told["replies"], json!({ reply.id.as_str(): reply.text }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_client_understands_figures() {
    let test = Test::new().await;
    let told = test.ask(&[]).await;
    let (world, now) = (test.simulator.world(), test.simulator.now());
    let post = test.medium(|medium| medium.product == Product::Feed && medium.past_comments > 60);
    let figures = world.figures(post, now);
    for (name, value) in [("reach", figures.reach), ("likes", figures.likes), ("saved", figures.saved)] {
        assert_eq!(told["medium"][name][0][0], json!(value), "{name}");
    }
    let story = test.medium(|medium| medium.product == Product::Story);
    assert_eq!(told["story"]["replies"][0][0], json!(world.figures(story, now).replies));
    let days = ["2026-11-17", "2026-11-18", "2026-11-19"].map(|day| day.parse().unwrap());
    let reach: Vec<Value> = days
        .iter()
        .map(|day: &jiff::civil::Date| {
            let end = format!("{}T08:00:00+0000", day.tomorrow().unwrap());
            json!([world.account_day(test.account(), *day).reach, end])
        })
        .collect();
    assert_eq!(told["series"]["reach"], json!(reach));
    assert_eq!(told["series"]["follower_count"].as_array().unwrap().len(), 3);
    let online = told["online"]["online_followers"].as_array().unwrap();
    assert_eq!(online[0][0].as_object().unwrap().len(), 24);
    assert_eq!(online[2][0], json!({}), "not known yet");
}

/// The client's documents name metrics of 2021. Each is refused today, and the table of retired metrics leads
/// to one that is answered, where the client can ask for it: it knows no `metric_type`.
#[tokio::test(flavor = "multi_thread")]
async fn old_names_of_metrics_lead_to_what_is_answered_today() {
    let test = Test::new().await;
    let of = |subject| match subject {
        Subject::User => "account",
        Subject::Media => "medium",
    };
    let mut metrics = Vec::new();
    for retired in RETIRED {
        metrics.push((of(retired.of), retired.name));
        if let Successor::Metric(name) | Successor::Part { metric: name, .. } = retired.successor {
            let place = if name == "navigation" { "story" } else { of(retired.of) };
            metrics.push((place, name));
        }
    }
    let told = test.ask(&metrics).await;
    for retired in RETIRED {
        assert_eq!(told["metrics"][retired.name], json!({"refused": 100}), "{}", retired.name);
        let next = match retired.successor {
            Successor::Metric(name) | Successor::Part { metric: name, .. } => name,
            Successor::Nothing => continue,
        };
        match retired.of {
            Subject::Media => assert!(told["metrics"][next][next][0][0].is_u64(), "{next}"),
            Subject::User => assert_eq!(told["metrics"][next], json!({"refused": 100}), "{next}"),
        }
    }
}
