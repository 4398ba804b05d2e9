//! Webhooks are subscribed at both levels, with either login, and what hinders it is said.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::Bench;
use crate::command::{Cekbrand, Role, free_port, http, stderr};

/// A receiver, and the address by which Meta is told of it.
async fn receiver(bench: Bench, verify_token: &str) -> (Bench, Role) {
    let (listen, admin) = (free_port(), free_port());
    let public = format!("http://127.0.0.1:{listen}");
    let cekbrand = Cekbrand::new()
        .with("CEKBRAND__META__APP_SECRETS", "other")
        .with("CEKBRAND__META__VERIFY_TOKEN", verify_token)
        .with(
            "CEKBRAND__KAFKA__BROKERS",
            cekbrand_devkit::servers::TestServers::shared().unwrap().kafka_brokers(),
        )
        .with("CEKBRAND__INGEST__LISTEN", format!("127.0.0.1:{listen}"))
        .with("CEKBRAND__ADMIN__LISTEN", format!("127.0.0.1:{admin}"));
    let mut role = cekbrand.start("ingest");
    // Ready it is not, for want of topics; it answers a handshake all the same.
    let health = format!("http://127.0.0.1:{admin}/healthz");
    let deadline = Instant::now() + Duration::from_secs(30);
    while http().get(&health).send().await.is_err() {
        assert!(role.is_running() && Instant::now() < deadline, "{}", role.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let Bench { cekbrand, database, simulator } = bench;
    let cekbrand = cekbrand.with("CEKBRAND__INGEST__PUBLIC_URL", public);
    (Bench { cekbrand, database, simulator }, role)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_and_every_account_are_subscribed_and_the_check_says_what_is_not() {
    let (bench, _receiver) = receiver(Bench::new().await, "verify-me").await;
    let first = bench.watch(0);
    let second = bench.id(1);
    bench.cekbrand.ok(&["account", "add", &second, "--login", "instagram"]);
    bench.cekbrand.ok_with_input(&["account", "token", &second], &bench.token(1));
    let check = || {
        let output = bench.cekbrand.run(&["subscribe", "--check", "--json"]);
        let standings: Value = serde_json::from_slice(&output.stdout).unwrap();
        let problems = standings.as_array().unwrap().iter().map(|each| {
            (each["subject"].as_str().unwrap().to_owned(), each["problem"].as_str().map(str::to_owned))
        });
        (output.status.code(), problems.collect::<Vec<_>>())
    };
    let (code, problems) = check();
    assert_eq!((code, problems.len()), (Some(1), 3), "{problems:?}");
    assert!(
        problems
            .iter()
            .all(|(_, problem)| problem.as_ref().is_some_and(|p| p.contains("cekbrand subscribe")))
    );
    bench.cekbrand.ok(&["subscribe"]);
    assert_eq!(check().0, Some(0));
    // What one level has says nothing about the other.
    for (subject, named) in [
        (first.as_str(), first.as_str()),
        (second.as_str(), second.as_str()),
        (bench.simulator.app_id(), "app"),
    ] {
        bench.simulator.unsubscribe(subject);
        let (code, problems) = check();
        let wrong: Vec<_> = problems.iter().filter(|(_, problem)| problem.is_some()).collect();
        assert_eq!((code, wrong.len()), (Some(1), 1), "{problems:?}");
        assert_eq!(wrong[0].0, named);
        bench.cekbrand.ok(&["subscribe"]);
    }
    bench.simulator.unsubscribe(&first);
    bench.cekbrand.ok(&["subscribe", &first]);
    assert_eq!(check().0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_hinders_a_subscription_is_said() {
    let (bench, _receiver) = receiver(Bench::new().await, "another").await;
    let id = bench.watch(0);
    let refused = bench.cekbrand.run(&["subscribe"]);
    let said = String::from_utf8_lossy(&refused.stdout).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("403") && said.contains("CEKBRAND__META__VERIFY_TOKEN"), "{said}");
    bench.simulator.kill_token(&bench.simulator.world().watched()[0], 460);
    let dead = bench.cekbrand.run(&["subscribe", &id]);
    let said = String::from_utf8_lossy(&dead.stdout).into_owned();
    assert!(said.contains("190/460") && said.contains("cekbrand account token"), "{said}");
    let Bench { cekbrand, .. } = bench;
    let cekbrand = cekbrand.with("CEKBRAND__META__APP_SECRETS", "not-the-apps");
    let wrong = cekbrand.run(&["subscribe", "--check"]);
    let said = String::from_utf8_lossy(&wrong.stdout).into_owned();
    assert!(
        said.contains("CEKBRAND__META__APP_SECRETS") && !said.contains("not-the-apps"),
        "{said}{}",
        stderr(&wrong)
    );
}
