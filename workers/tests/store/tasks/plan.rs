//! Claiming looks at accounts and not at tasks: thousands that wait for one account cost the others nothing.

use cekbrand_workers::reads;
use serde_json::Value;

use super::Queue;
use crate::source::literals;

const MANY: &str = "
INSERT INTO pipeline.enrichment_task (kind, target_id, account_id, lane, due_at, wanted_at, state, created_at)
SELECT 'media', n::text, CASE WHEN n <= 10000 THEN 'busy' ELSE 'account' || n % 50 END, 1,
    to_timestamp(n), to_timestamp(0), 'waiting', to_timestamp(0)
FROM generate_series(1, 10200) AS n";

/// What a node of a plan looked at of the queue.
#[derive(Debug, Default)]
struct Looked {
    scans: Vec<String>,
    rows: f64,
}

impl Looked {
    fn read(&mut self, plan: &Value) {
        if plan["Relation Name"] == "enrichment_task" && plan["Node Type"] != "ModifyTable" {
            let place = |key: &str| plan[key].as_str().unwrap_or("-").to_owned();
            self.scans.push(format!("{} {}", place("Node Type"), place("Index Name")));
            let number = |key: &str| plan[key].as_f64().unwrap_or(0.0);
            self.rows += (number("Actual Rows") + number("Rows Removed by Filter")) * number("Actual Loops");
        }
        for child in plan["Plans"].as_array().into_iter().flatten() {
            self.read(child);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_tasks_of_one_account_do_not_slow_the_claim() {
    let queue = Queue::new().await;
    let mut conn = queue.conn().await;
    for statement in [MANY, "ANALYZE pipeline.enrichment_task"] {
        sqlx::query(statement).execute(&mut *conn).await.unwrap();
    }
    let source = include_str!("../../../src/tasks/store/claim.rs");
    let claim = literals(source).into_iter().find(|text| text.contains("WITH RECURSIVE account")).unwrap();
    let kinds = format!("ARRAY['{}']", reads::names().join("','"));
    // As the worker binds them: time, app, accounts, tasks, of each account, under way, usage since, its
    // limits, the lease.
    let values = format!(
        "to_timestamp(1e9), 'app', 16, 16, 4, '{{}}', '{{}}', to_timestamp(0), 90, gen_random_uuid(), to_timestamp(2e9), {kinds}, 75"
    );
    let types = "timestamptz, text, bigint, bigint, int, text[], int[], timestamptz, int, uuid, timestamptz, text[], int";
    let run = |text: String| sqlx::AssertSqlSafe(text);
    sqlx::raw_sql(run(format!("PREPARE claim ({types}) AS {claim}"))).execute(&mut *conn).await.unwrap();
    let explain = format!("EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE claim ({values})");
    let plan: Value = sqlx::query_scalar(run(explain)).persistent(false).fetch_one(&mut *conn).await.unwrap();
    let mut looked = Looked::default();
    looked.read(&plan[0]["Plan"]);
    println!("{:.0} rows of the queue looked at; {:?}", looked.rows, looked.scans);
    let by_index = |scan: &&String| !scan.starts_with("Index") || scan.ends_with(" -");
    assert_eq!(looked.scans.iter().find(by_index), None, "every scan goes by an index: {:?}", looked.scans);
    let claims = looked.scans.iter().filter(|scan| scan.ends_with("enrichment_task_claim")).count();
    assert_eq!(claims, 4, "accounts and tasks are found by the index over what is open: {:?}", looked.scans);
    // 51 accounts, a few rows of each to find them, and those that are claimed.
    assert!(looked.rows < 1000.0, "{} rows", looked.rows);
}
