//! A worker whose Kafka went away: it waits, and leaves the machine to others.

use std::time::Duration;

use cekbrand_devkit::servers::{self, TestServers};
use cekbrand_schema::Topics;

use crate::bench::eventually;
use crate::command::{Cekbrand, TOKEN_KEY, free_port, http};

/// Longer than it takes until the topics' ids are asked for again, several times over.
const WATCHED: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_whose_kafka_went_away_does_not_burn_the_machine() {
    let database = TestServers::shared().unwrap().database().await.unwrap();
    let kafka = servers::private_kafka().unwrap();
    kafka.create_topics(&Topics::with_prefix(""), 2).await.unwrap();
    let admin = format!("127.0.0.1:{}", free_port());
    let worker = Cekbrand::new()
        .with("CEKBRAND__DATABASE__URL", database.url())
        .with("CEKBRAND__KAFKA__BROKERS", kafka.brokers())
        .with("CEKBRAND__META__APP_ID", "1")
        .with("CEKBRAND__META__APP_SECRETS", "hush")
        .with("CEKBRAND__TOKEN_KEY", TOKEN_KEY)
        .with("CEKBRAND__ADMIN__LISTEN", &admin);
    let role = worker.start_with(&["work", "--only", "land"]);
    eventually(Duration::from_mins(3), || async {
        let answer = http().get(format!("http://{admin}/readyz")).send().await.map_err(|e| e.to_string())?;
        if answer.status().is_success() { Ok(()) } else { Err(answer.text().await.unwrap_or_default()) }
    })
    .await;

    drop(kafka);
    eventually(Duration::from_mins(3), || async {
        if role.log().contains("the topic's id is not known for now") { Ok(()) } else { Err(role.log()) }
    })
    .await;
    let before = role.cpu();
    tokio::time::sleep(WATCHED).await;
    let used = role.cpu().checked_sub(before).unwrap();
    assert!(used < WATCHED / 5, "{used:?} of CPU time in {WATCHED:?}");
}
