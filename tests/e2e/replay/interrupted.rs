//! A replay that is interrupted, by Ctrl-C or by SIGKILL, and goes on; one of an account, and two at once; one
//! that wants everything read anew.

use std::time::Duration;

use super::{Finished, LONG_AGO};
use crate::bench::eventually;
use crate::command::stderr;

/// Enough for a portion to be committed long before the end.
const SLOWLY: &str = "400";

const EVERYTHING: [&str; 5] = ["replay", "--topic", "comments", "--from", LONG_AGO];

impl Finished {
    /// The last run, once so much of it is committed as the condition asks for.
    async fn half_way(&self, condition: &'static str, log: impl Fn() -> String) -> i64 {
        let sql = format!(
            "SELECT coalesce(max(id) FILTER (WHERE {condition} AND state = 'running'), 0) FROM pipeline.replay_run"
        );
        let half_way = || async {
            let id: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql.clone()))
                .fetch_one(&self.bench.pool())
                .await
                .unwrap();
            if id > 0 { Ok(()) } else { Err(log()) }
        };
        eventually(Duration::from_mins(5), half_way).await;
        self.number("SELECT max(id) FROM pipeline.replay_run").await
    }

    async fn state(&self, run: i64) -> String {
        let sql = "SELECT state FROM pipeline.replay_run WHERE id = $1";
        sqlx::query_scalar(sql).bind(run).fetch_one(&self.bench.pool()).await.unwrap()
    }

    async fn total(&self, run: i64) -> i64 {
        let sql = "SELECT total FROM pipeline.replay_run WHERE id = $1";
        sqlx::query_scalar(sql).bind(run).fetch_one(&self.bench.pool()).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn interrupted_half_way_a_replay_says_how_to_go_on_and_killed_it_goes_on_all_the_same() {
    let finished = Finished::new(31).await;
    let before = finished.rows(&[]).await;
    let calls = finished.bench.graph_calls();

    let directory = finished.bench.command("replay");
    let mut role = directory.start_with(&[&EVERYTHING[..], &["--rate", SLOWLY]].concat());
    let run = finished.half_way("seen > 0", || role.log()).await;
    assert_eq!(role.interrupt(), Some(1), "{}", role.log());
    let said = role.log();
    assert!(said.contains(&format!("go on with `cekbrand replay --resume {run}`")), "{said}");
    assert_eq!(finished.state(run).await, "stopped");
    let resumed = finished.replay(&["--resume", &run.to_string()]);
    let total = finished.total(run).await;
    let left = resumed["records"].as_i64().unwrap();
    assert!(0 < left && left < total, "{left} of {total} were left");
    assert_eq!(resumed["changed"], 0);

    // Among the answers, which come last.
    let mut role = directory.start_with(&[&EVERYTHING[..], &["--rate", SLOWLY]].concat());
    let run = finished.half_way("answers_until > 0", || role.log()).await;
    let again = finished.bench.command("second").run(&["replay", "--resume", &run.to_string()]);
    assert_eq!(again.status.code(), Some(2));
    assert!(stderr(&again).contains("is under way in another process"), "{}", stderr(&again));
    role.kill();
    assert_eq!(finished.state(run).await, "running");
    let resumed = finished.replay(&["--resume", &run.to_string()]);
    assert!(resumed["records"].as_i64().unwrap() < finished.total(run).await, "it began anew: {resumed}");
    finished.settle().await;
    super::assert_same(&finished.rows(&[]).await, &before, "");
    assert_eq!(finished.bench.graph_calls(), calls, "a replay calls nobody");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_alone_two_ranges_at_once_and_everything_wanted_anew() {
    let finished = Finished::new(32).await;
    let before = finished.rows(&["updated_timestamp"]).await;
    let calls = finished.bench.graph_calls();
    let account = "
        SELECT account_id FROM pipeline.event WHERE field = 'comments' AND NOT is_test AND account_id ~ '^1784'
        GROUP BY account_id ORDER BY count(*) DESC LIMIT 1";
    let account: String = sqlx::query_scalar(account).fetch_one(&finished.bench.pool()).await.unwrap();

    let spoil = "UPDATE instagram.media_comment SET text = upper(text) || ' zzz' WHERE raw_event_id IS NOT NULL AND text IS NOT NULL";
    sqlx::query(spoil).execute(&finished.bench.pool()).await.unwrap();
    let spoilt = "SELECT count(*) FROM instagram.media_comment WHERE text LIKE '% zzz'";
    let (all, others) = (finished.number(spoilt).await, spoilt_of_others(&finished, &account).await);
    assert!(0 < others && others < all, "{others} of {all}");
    finished.replay(&["--topic", "comments", "--from", LONG_AGO, "--account", &account, "--enrich", "none"]);
    assert_eq!(finished.number(spoilt).await, others, "of this account, and of no other");

    // Two ranges that meet, at once.
    let middle = "
        SELECT to_char(percentile_disc(0.5) WITHIN GROUP (ORDER BY received_at) AT TIME ZONE 'UTC',
            'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM pipeline.event";
    let middle: String = sqlx::query_scalar(middle).fetch_one(&finished.bench.pool()).await.unwrap();
    let (one, other) = (finished.bench.command("one"), finished.bench.command("other"));
    let events = ["--source", "events", "--json"];
    let mut first = one.start_with(&[&EVERYTHING[..], &events, &["--to", &middle]].concat());
    let mut second =
        other.start_with(&[&["replay", "--topic", "comments", "--from", &middle][..], &events].concat());
    for role in [&mut first, &mut second] {
        eventually(Duration::from_mins(5), || {
            std::future::ready(if role.stdout().contains("\"done\":true") { Ok(()) } else { Err(role.log()) })
        })
        .await;
    }
    assert_eq!(finished.number(spoilt).await, 0);
    finished.settle().await;
    super::assert_same(&finished.rows(&["updated_timestamp"]).await, &before, "instagram.");

    let waiting = "SELECT count(*) FROM pipeline.enrichment_task WHERE state = 'waiting'";
    assert_eq!(finished.number(waiting).await, 0);
    sqlx::query("UPDATE pipeline.enrichment_task SET fresh_until = 'epoch' WHERE state = 'done'")
        .execute(&finished.bench.pool())
        .await
        .unwrap();
    finished.replay(&["--topic", "comments", "--from", LONG_AGO, "--enrich", "fresh", "--dry-run"]);
    assert_eq!(finished.number(waiting).await, 0, "a dry run wants nothing");
    finished.replay(&["--topic", "comments", "--from", LONG_AGO, "--enrich", "fresh"]);
    let lanes: Vec<i16> =
        sqlx::query_scalar("SELECT DISTINCT lane FROM pipeline.enrichment_task WHERE state = 'waiting'")
            .fetch_all(&finished.bench.pool())
            .await
            .unwrap();
    let backfill = cekbrand_workers::tasks::TaskLane::Backfill.number();
    assert_eq!(lanes, [backfill], "what is read anew waits behind everything else");
    assert_eq!(finished.bench.graph_calls(), calls, "nobody is there who reads");
}

async fn spoilt_of_others(finished: &Finished, account: &str) -> i64 {
    let sql = "
        SELECT count(*) FROM instagram.media_comment c
        WHERE c.text LIKE '% zzz' AND NOT EXISTS (
            SELECT 1 FROM pipeline.event e WHERE e.subject_id = c.id AND e.account_id = $1 AND e.received_at = c.text_at)";
    sqlx::query_scalar(sql).bind(account).fetch_one(&finished.bench.pool()).await.unwrap()
}
