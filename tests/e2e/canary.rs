//! The canary, on real servers: it flies through the receiver, Kafka and the worker, leaves nothing behind
//! but events, and readiness and metrics say when it does not come back.

use std::time::Duration;

use crate::bench::{Bench, eventually};
use crate::command::{Cekbrand, Role, free_port, http, stderr};

/// A worker that sends canaries, and where it tells of itself.
struct Watching {
    role: Role,
    admin: u16,
    _directory: Cekbrand,
}

impl Watching {
    fn new(bench: &Bench, name: &str, settings: &[(&str, &str)]) -> Self {
        let admin = free_port();
        let mut cekbrand = bench
            .command(name)
            .with("CEKBRAND__ADMIN__LISTEN", format!("127.0.0.1:{admin}"))
            .with("CEKBRAND__CANARY__EVERY", "500ms");
        for (variable, value) in settings {
            cekbrand = cekbrand.with(variable, value);
        }
        let role = cekbrand.start_with(&["work", "--only", "land,schedule"]);
        Self { role, admin, _directory: cekbrand }
    }

    /// Waits until `/readyz` answers so and says so.
    async fn says(&self, status: u16, sentence: &str) {
        let url = format!("http://127.0.0.1:{}/readyz", self.admin);
        eventually(Duration::from_mins(5), || async {
            let answer = http().get(&url).send().await.map_err(|error| error.to_string())?;
            let (told, body) = (answer.status().as_u16(), answer.text().await.unwrap_or_default());
            if told == status && body.contains(sentence) {
                Ok(())
            } else {
                Err(format!("{body} {}", self.role.log()))
            }
        })
        .await;
    }

    /// The value of a metric with its labels.
    async fn metric(&self, name: &str) -> f64 {
        metric(self.admin, name).await
    }
}

async fn metric(admin: u16, name: &str) -> f64 {
    let text = http().get(format!("http://127.0.0.1:{admin}/metrics")).send().await.unwrap();
    let text = text.text().await.unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().unwrap())
}

const LANDED: &str = r#"cekbrand_worker_canaries_total{outcome="landed"}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_canary_leaves_events_alone_and_tells_how_long_it_takes_and_when_it_is_missing() {
    let bench = Bench::new().await;
    let admin = free_port();
    let receiver = bench.command("ingest").with("CEKBRAND__ADMIN__LISTEN", format!("127.0.0.1:{admin}"));
    let mut ingest = receiver.start("ingest");
    let watching = Watching::new(&bench, "worker", &[("CEKBRAND__CANARY__WITHIN", "20s")]);
    eventually(Duration::from_mins(5), || async {
        let landed = watching.metric(LANDED).await;
        if landed >= 2.0 { Ok(()) } else { Err(format!("{landed} landed: {}", watching.role.log())) }
    })
    .await;
    watching.says(200, "").await;
    for lane in ["story-insights", "comments", "other"] {
        let of = |part: &str| format!(r#"cekbrand_worker_canary_seconds_{part}{{lane="{lane}"}}"#);
        let (count, sum) = (watching.metric(&of("count")).await, watching.metric(&of("sum")).await);
        assert!(count >= 2.0 && sum > 0.0 && sum / count < 20.0, "{lane}: {sum} s of {count}");
    }
    assert!(metric(admin, r#"cekbrand_ingest_deliveries_total{outcome="test"}"#).await >= 2.0);
    assert!(metric(admin, r#"cekbrand_ingest_deliveries_total{outcome="accepted"}"#).await < 0.5);
    only_events(&bench).await;

    ingest.kill();
    watching.says(503, "canary: nobody answers the canary at http://127.0.0.1:").await;
    assert!(watching.metric(r#"cekbrand_worker_canaries_total{outcome="unanswered"}"#).await >= 1.0);
    let _ingest = receiver.start("ingest");
    watching.says(200, "").await;

    // Another, whose secret the receiver does not know.
    let wrong = [("CEKBRAND__META__APP_SECRETS", "another-secret")];
    let refused = Watching::new(&bench, "refused", &wrong);
    refused.says(503, "refuses the canary's signature").await;
    // What nobody lands is late. The receiver takes it.
    drop(watching);
    let late = Watching::new(&bench, "late", &[("CEKBRAND__CANARY__WITHIN", "1ms")]);
    late.says(503, "did not become a row within 0.001 s by ").await;
}

/// Three for each canary, and no row, no task and no mark because of one.
async fn only_events(bench: &Bench) {
    let events = "
        SELECT count(*), count(*) FILTER (WHERE is_test AND account_id = '0') FROM pipeline.event";
    let (all, tests): (i64, i64) = sqlx::query_as(events).fetch_one(&bench.pool()).await.unwrap();
    assert!(all == tests && tests >= 6, "{all} events, of which {tests} are tests");
    let left = "
        SELECT (SELECT count(*) FROM instagram.media) + (SELECT count(*) FROM instagram.media_comment)
            + (SELECT count(*) FROM instagram.media_insight) + (SELECT count(*) FROM pipeline.dead_letter)
            + (SELECT count(*) FROM pipeline.enrichment_task WHERE target_id LIKE 'canary%' OR account_id = '0')
            + (SELECT count(*) FROM pipeline.dirty_mark WHERE account_id = '0')";
    let left: i64 = sqlx::query_scalar(left).fetch_one(&bench.pool()).await.unwrap();
    assert_eq!(left, 0, "a canary left something behind");
}

#[test]
fn a_canary_without_a_secret_to_sign_it_is_a_mistake_of_the_configuration() {
    let output = Cekbrand::new()
        .with("CEKBRAND__DATABASE__URL", "postgres://nobody@127.0.0.1:9/none")
        .with("CEKBRAND__META__APP_ID", "1")
        .with("CEKBRAND__TOKEN_KEY", crate::command::TOKEN_KEY)
        .with("CEKBRAND__CANARY__EVERY", "1min")
        .run(&["work"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("canary.every is set and meta.app_secrets is not"),
        "{}",
        stderr(&output)
    );
}
